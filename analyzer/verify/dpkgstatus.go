package verify

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseConffiles reads the configuration files of the packages in a status file, one fragment for each package that has any. The form
// is deb822(5). Fields other than those below and damaged lines are left to the analyzer of packages.
func parseConffiles(text []byte, bad *diagnostic.List, m *membudget.Meter) ([]analyzer.Package, error) {
	var (
		list  []analyzer.Package
		p     analyzer.Package
		state []byte
		files []analyzer.RecordedFile
		field string
		err   error
	)
	finish := func() {
		if p.Name != "" && len(files) > 0 && hasFiles(state) {
			slices.SortStableFunc(files, func(a, b analyzer.RecordedFile) int { return cmp.Compare(a.Path, b.Path) })
			p.Type, p.Recorded = typeDeb, analyzer.RecordedOf(slices.Values(files))
			if err = m.Bytes(int64(len(p.Recorded))); err == nil && p.Recorded != "" {
				list, err = m.Append(list, p)
			}
		}
		m.Free(2 * recordSize * int64(len(files)))
		p, state, files, field = analyzer.Package{}, nil, files[:0], ""
	}
	for line := 1; len(text) > 0 && err == nil; line++ {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		trimmed := bytes.TrimSpace(row)
		switch {
		case len(trimmed) == 0:
			finish()
		case row[0] == ' ' || row[0] == '\t':
			if field == "conffiles" {
				f, ok := conffile(string(trimmed))
				if !ok {
					bad.Line(line, "not a configuration file and its digest: %.80q", trimmed)
				} else if err = m.Bytes(2*recordSize + int64(len(trimmed))); err == nil {
					files = append(files, f)
				}
			}
		default:
			name, value, _ := bytes.Cut(row, []byte{':'})
			field = strings.ToLower(string(name[:min(len(name), 16)]))
			value = bytes.TrimSpace(value)
			switch field {
			case "package":
				p.Name = string(value)
			case "version":
				p.Version = string(value)
			case "architecture":
				p.Arch = string(value)
			case "status":
				state = value
			}
		}
	}
	if err == nil {
		finish()
	}
	return list, err
}

// recordSize is the memory of a RecordedFile in bytes, without its texts. A list that grows takes twice as much.
const recordSize = 240

// hasFiles reports whether a package with the Status may have files. Removed packages have only configuration files left,
// which dpkg does not verify.
func hasFiles(status []byte) bool {
	word := string(status[bytes.LastIndexAny(status, " \t")+1:])
	return word != "not-installed" && word != "config-files" && word != ""
}

// conffile reads a line of Conffiles: a path, a digest, and flags. dpkg writes "newconffile" for a file that it has not installed yet.
// A file that is obsolete belongs to the package only if its .list has it.
func conffile(row string) (analyzer.RecordedFile, bool) {
	optional := false
	for _, flag := range [...]string{" obsolete", " remove-on-upgrade"} {
		if rest, ok := strings.CutSuffix(row, flag); ok {
			row, optional = strings.TrimSpace(rest), true
		}
	}
	i := strings.LastIndexByte(row, ' ') // the last: paths may contain blanks
	if i <= 0 || row[0] != '/' {
		return analyzer.RecordedFile{}, false
	}
	f := analyzer.RecordedFile{Path: relative(strings.TrimSpace(row[:i]))}
	if digest, err := hex.DecodeString(row[i+1:]); err == nil && len(digest) == md5Len/2 {
		f = regular(f.Path, digest)
	} else if row[i+1:] != "newconffile" {
		return analyzer.RecordedFile{}, false
	}
	f.Config, f.Optional = true, optional
	return f, f.Path != ""
}
