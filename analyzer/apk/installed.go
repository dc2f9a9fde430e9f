package apk

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/problem"
)

// maxValue is the length in bytes above which the value of a field is reported instead of kept. Real dependency lists
// reach some 100 KiB.
const maxValue = 1 << 20

// A record is a package while its lines are read; values are parts of the text.
type record struct {
	line   int // of its first field, 0 before that
	fields [256][]byte
	dir    []byte // of the last F:
	inDir  bool   // there was an F:
	inFile bool   // there was an R: since
	paths  []byte // of the files, one after the other
	ends   []int  // where each ends
}

// parseInstalled reads the records of an installed database. The last one counts without an empty line after it, which
// apk wants and copies lose; CR LF is taken for a line end.
func parseInstalled(text []byte) ([]analyzer.Package, error) {
	var (
		pkgs  []analyzer.Package
		bad   = problem.In("apk")
		words = interner{}
		r     record
	)
	finish := func() {
		if r.line > 0 {
			if p, ok := r.build(words, bad); ok {
				pkgs = append(pkgs, p)
			}
		}
		r.reset()
	}
	for line := 1; len(text) > 0; line++ {
		size := bytes.IndexByte(text, '\n') + 1
		if size == 0 {
			size = len(text)
		}
		row := bytes.TrimRight(text[:size], "\r\n")
		text = text[size:]
		switch {
		case len(row) == 0:
			finish()
		case len(row) < 2 || row[1] != ':':
			bad.Line(line, "not a field: %.40q", row)
		default:
			r.field(line, row[0], row[2:], bad)
		}
	}
	finish()
	return pkgs, bad.Err()
}

// field takes one line. F and R name directories and the files in them; M, a and Z describe the last of them.
func (r *record) field(line int, key byte, value []byte, bad *problem.List) {
	if r.line == 0 {
		r.line = line
	}
	if len(value) > maxValue {
		bad.Line(line, "%c is longer than %d bytes", key, maxValue)
		return
	}
	switch key {
	case 'F':
		r.dir, r.inDir, r.inFile = bytes.Trim(value, "/"), true, false
	case 'R':
		if !r.inDir {
			bad.Line(line, "a file before any directory")
			return
		}
		r.inFile = true
		if len(r.dir) > 0 {
			r.paths = append(append(r.paths, r.dir...), '/')
		}
		r.paths = append(r.paths, value...)
		r.ends = append(r.ends, len(r.paths))
	case 'M', 'a', 'Z':
		if !r.inDir || key == 'Z' && !r.inFile {
			bad.Line(line, "an attribute of no file")
		}
	case 'P', 'V', 'A', 'L', 'o', 'm', 'D', 'p':
		if r.fields[key] != nil {
			bad.Line(line, "%c for the second time", key)
			return
		}
		r.fields[key] = value
	}
}

func (r *record) reset() {
	clear(r.fields[:])
	*r = record{fields: r.fields, paths: r.paths[:0], ends: r.ends[:0]}
}

// build makes the package of a record that has a name and a version.
func (r *record) build(words interner, bad *problem.List) (analyzer.Package, bool) {
	f := &r.fields
	switch {
	case len(f['P']) == 0:
		bad.Line(r.line, "no P, the name")
		return analyzer.Package{}, false
	case len(f['V']) == 0:
		bad.Line(r.line, "%.80s: no V, the version", f['P'])
		return analyzer.Package{}, false
	}
	p := analyzer.Package{
		Type:     "apk",
		Name:     words.intern(f['P']),
		Version:  words.intern(f['V']),
		Arch:     words.intern(f['A']),
		System:   true,
		Vendor:   words.intern(f['m']),
		Licenses: licenses(string(f['L'])),
		Files:    r.files(),
		Depends:  names(f['D']),
		Provides: names(f['p']),
	}
	// A package has the version of what it was built from.
	if origin := words.intern(f['o']); origin != "" && origin != p.Name {
		p.SourcePackage = &analyzer.SourcePackage{Name: origin, Version: p.Version}
	}
	return p, true
}

// files cuts the paths from one copy of them.
func (r *record) files() []string {
	if len(r.ends) == 0 {
		return nil
	}
	all := string(r.paths)
	files := make([]string, len(r.ends))
	start := 0
	for i, end := range r.ends {
		files[i], start = all[start:end], end
	}
	return files
}

// names reads a list of dependencies or provides, "musl>=1.2 so:libz.so.1=1.2.11 !conflict cmd:apk@edge", without what
// must not be there.
func names(value []byte) []string {
	if len(value) == 0 {
		return nil
	}
	list := make([]string, 0, bytes.Count(value, []byte{' '})+1)
	for word := range strings.FieldsSeq(string(value)) {
		if word[0] == '!' {
			continue
		}
		if i := strings.IndexAny(word, "<>=~@"); i >= 0 {
			word = word[:i]
		}
		if word != "" {
			list = append(list, word)
		}
	}
	return slices.Clip(list)
}

// licenses returns what L says: an SPDX expression in packages of today, a list of names with blanks between them in
// older ones. A list counts where each of its names is known; else it stays as it is.
func licenses(declared string) []string {
	if declared == "" {
		return nil
	}
	e, ok := license.Normalize(declared)
	if ok {
		return []string{e}
	}
	var list []string
	for word := range strings.FieldsSeq(e) {
		id, ok := license.Normalize(word)
		if !ok {
			return []string{e}
		}
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// An interner makes one string of equal words.
type interner map[string]string

func (in interner) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := in[string(b)]; ok {
		return s
	}
	s := string(b)
	in[s] = s
	return s
}
