package pip

import (
	"bytes"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseRecord returns the paths in RECORD. A line is CSV: a path relative to site, the directory that holds the dist-info, a
// digest and a size. It stops if m has no room.
func parseRecord(text []byte, site string, bad *diagnostic.List, m *membudget.Meter) []string {
	n := bytes.Count(text, []byte{'\n'}) + 1
	if m.List(n, 0) != nil {
		return nil
	}
	files := make([]string, 0, n)
	for line := 1; len(text) > 0; line++ {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		row = bytes.TrimSuffix(row, []byte{'\r'})
		if len(row) == 0 {
			continue
		}
		cell, ok := firstCell(row)
		if !ok {
			bad.Line(line, "not a path, a digest and a size: %.60q", row)
			continue
		}
		if m.Bytes(int64(len(site)+len(cell))) != nil {
			return nil
		}
		if name := resolve(site, cell); name != "" {
			files = append(files, name)
		}
	}
	return files
}

// firstCell returns the first cell of a CSV row, and whether the row has three. A path with a comma, a quote or a blank at its
// ends is quoted, and its quotes are doubled.
func firstCell(row []byte) ([]byte, bool) {
	if row[0] != '"' {
		name, rest, ok := bytes.Cut(row, []byte{','})
		return name, ok && bytes.Count(rest, []byte{','}) == 1
	}
	for i := 1; i < len(row); i++ {
		if row[i] != '"' {
			continue
		}
		if i+1 < len(row) && row[i+1] == '"' {
			i++
			continue
		}
		rest, ok := bytes.CutPrefix(row[i+1:], []byte{','})
		return bytes.ReplaceAll(row[1:i], []byte(`""`), []byte(`"`)), ok && bytes.Count(rest, []byte{','}) == 1
	}
	return nil, false
}

// parseInstalledFiles reads installed-files.txt, which setuptools wrote for pip. A line is a path relative to the egg-info. It
// stops if m has no room.
func parseInstalledFiles(text []byte, dir string, m *membudget.Meter) []string {
	n := bytes.Count(text, []byte{'\n'}) + 1
	if m.List(n, 0) != nil {
		return nil
	}
	files := make([]string, 0, n)
	for row := range bytes.SplitSeq(text, []byte{'\n'}) {
		if row = bytes.TrimSpace(row); len(row) == 0 {
			continue
		}
		if m.Bytes(int64(len(dir)+len(row))) != nil {
			return nil
		}
		if name := resolve(dir, row); name != "" {
			files = append(files, name)
		}
	}
	return files
}

// resolve makes a listed path relative to the root. The result is never outside of the root.
func resolve[T string | []byte](dir string, name T) string {
	listed := ""
	if len(name) > 0 && name[0] == '/' {
		listed = string(name)
	} else {
		listed = "/" + dir + "/" + string(name)
	}
	return strings.TrimPrefix(path.Clean(listed), "/")
}

// parseRequires reads requires.txt of setuptools: requirements, then requirements of extras below "[extra]", and conditional
// ones below "[:python_version < '3']". It ignores extras.
func parseRequires(text []byte, m *membudget.Meter) []string {
	var names []string
	wanted := true
	for row := range strings.SplitSeq(string(text), "\n") {
		row = strings.TrimSpace(row)
		if row == "" || row[0] == '#' {
			continue
		}
		if row[0] == '[' {
			wanted = strings.HasPrefix(row, "[:")
			continue
		}
		if name, ok := requirementName(row); ok && wanted && m.List(2, len(name)) == nil { // the list grows
			names = append(names, name)
		}
	}
	return names
}
