package apk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
)

// maxValue is the length in bytes of the longest value that is kept. Longer values are reported. Real dependency
// lists reach some 100 KiB.
const maxValue = 1 << 20

// A record holds a package while its lines are read. Values are parts of the text.
type record struct {
	line   int // line of the first field, or 0
	fields [256][]byte
	dir    []byte // value of the last F:
	inDir  bool   // an F: has been read
	inFile bool   // an R: has been read since
	paths  []byte // concatenated paths of the files
	ends   []int  // end of each path
	meter  *membudget.Meter
}

// parseInstalled reads the records of an installed database. Unlike apk it accepts a last record without an empty line after
// it, as in some copies, and CR LF as line end. A database that takes too much memory has no packages, because a part of it
// would look like all.
func parseInstalled(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var (
		pkgs  []analyzer.Package
		bad   diagnostic.List
		words = membudget.NewInterner(m)
		all   = len(text)
		r     = record{meter: m}
	)
	finish := func() (err error) {
		if r.line > 0 {
			if p, ok := r.build(words, &bad); ok {
				if pkgs, err = m.Grow(pkgs, all-len(text), all); err == nil {
					pkgs = append(pkgs, p)
				}
			}
		}
		r.reset()
		return m.Err()
	}
	tooLarge := func(line int) (*analyzer.Result, error) {
		return &analyzer.Result{Diagnostics: bad.Diagnostics()}, fmt.Errorf("apk: line %d: %w", line, m.Err())
	}
	line := 1
	for ; len(text) > 0; line++ {
		size := bytes.IndexByte(text, '\n') + 1
		if size == 0 {
			size = len(text)
		}
		row := bytes.TrimRight(text[:size], "\r\n")
		text = text[size:]
		switch {
		case len(row) == 0:
			if finish() != nil {
				return tooLarge(line)
			}
		case len(row) < 2 || row[1] != ':':
			bad.Line(line, "not a field: %.40q", row)
		default:
			r.field(line, row[0], row[2:], &bad)
		}
	}
	if finish() != nil {
		return tooLarge(line)
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// field reads one line. F and R name directories and their files. M, a and Z describe the last directory or file.
func (r *record) field(line int, key byte, value []byte, bad *diagnostic.List) {
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
			bad.Line(line, "file without a directory")
			return
		}
		r.inFile = true
		if r.meter.List(1, 2*(len(r.dir)+1+len(value))) != nil { // files copies the paths
			return
		}
		if len(r.dir) > 0 {
			r.paths = append(append(r.paths, r.dir...), '/')
		}
		r.paths = append(r.paths, value...)
		r.ends = append(r.ends, len(r.paths))
	case 'M', 'a', 'Z':
		if !r.inDir || key == 'Z' && !r.inFile {
			bad.Line(line, "attribute without a file")
		}
	case 'P', 'V', 'A', 'L', 'o', 'm', 'D', 'p':
		if r.fields[key] != nil {
			bad.Line(line, "duplicate %c", key)
			return
		}
		r.fields[key] = value
	}
}

func (r *record) reset() {
	clear(r.fields[:])
	r.meter.Free(int64(len(r.paths)))
	*r = record{fields: r.fields, paths: r.paths[:0], ends: r.ends[:0], meter: r.meter}
}

// build returns the package of the record, or false if the record has no name or version, or if the meter has no room.
func (r *record) build(words *membudget.Interner, bad *diagnostic.List) (analyzer.Package, bool) {
	f := &r.fields
	switch {
	case len(f['P']) == 0:
		bad.Line(r.line, "no P, the name")
		return analyzer.Package{}, false
	case len(f['V']) == 0:
		bad.Line(r.line, "%.80s: no V, the version", f['P'])
		return analyzer.Package{}, false
	}
	if r.meter.Bytes(int64(len(f['P'])+len(f['L']))) != nil {
		return analyzer.Package{}, false
	}
	p := analyzer.Package{
		Type:     "apk",
		Name:     string(f['P']),
		Version:  words.Intern(f['V']),
		Arch:     words.Intern(f['A']),
		System:   true,
		Vendor:   words.Intern(f['m']),
		Licenses: licenses(string(f['L'])),
		Files:    r.files(),
		Depends:  names(f['D'], r.meter),
		Provides: names(f['p'], r.meter),
	}
	// The source package has the same version.
	if origin := words.Intern(f['o']); origin != "" && origin != p.Name {
		p.SourcePackage = &analyzer.SourcePackage{Name: origin, Version: p.Version}
	}
	return p, true
}

// files returns the paths as parts of one string.
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

// names reads a list of dependencies or provides, "musl>=1.2 so:libz.so.1=1.2.11 !conflict cmd:apk@edge". It omits conflicts,
// versions and repositories. It returns nil if m has no room.
func names(value []byte, m *membudget.Meter) []string {
	if len(value) == 0 {
		return nil
	}
	n := bytes.Count(value, []byte{' '}) + 1
	if m.List(n, len(value)) != nil {
		return nil
	}
	list := make([]string, 0, n)
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

// licenses returns the licences of field L. Current packages have an SPDX expression, and older packages a list of names
// separated by blanks. licenses splits a list if all its names are known, and returns other text unchanged.
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
