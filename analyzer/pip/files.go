package pip

import (
	"bytes"
	"path"
	"strings"

	"github.com/hullmark/hullmark/internal/problem"
)

// parseRecord returns the paths in RECORD. A line is CSV: a path relative to site, the directory that holds the dist-info, a
// digest and a size.
func parseRecord(text []byte, site string, bad *problem.List) []string {
	files := make([]string, 0, bytes.Count(text, []byte{'\n'})+1)
	all := string(text)
	for line := 1; all != ""; line++ {
		var row string
		row, all, _ = strings.Cut(all, "\n")
		row = strings.TrimSuffix(row, "\r")
		if row == "" {
			continue
		}
		name, ok := firstCell(row)
		if !ok {
			bad.Line(line, "not a path, a digest and a size: %.60q", row)
			continue
		}
		if name = resolve(site, name); name != "" {
			files = append(files, name)
		}
	}
	return files
}

// firstCell returns the first cell of a CSV row, and whether the row has three. A path with a comma, a quote or a blank at its
// ends is quoted, and its quotes are doubled.
func firstCell(row string) (string, bool) {
	if row[0] != '"' {
		name, rest, ok := strings.Cut(row, ",")
		return name, ok && strings.Count(rest, ",") == 1
	}
	for i := 1; i < len(row); i++ {
		if row[i] != '"' {
			continue
		}
		if i+1 < len(row) && row[i+1] == '"' {
			i++
			continue
		}
		rest, ok := strings.CutPrefix(row[i+1:], ",")
		return strings.ReplaceAll(row[1:i], `""`, `"`), ok && strings.Count(rest, ",") == 1
	}
	return "", false
}

// parseInstalledFiles reads installed-files.txt, which setuptools wrote for pip. A line is a path relative to the egg-info.
func parseInstalledFiles(text []byte, dir string) []string {
	files := make([]string, 0, bytes.Count(text, []byte{'\n'})+1)
	for row := range strings.SplitSeq(string(text), "\n") {
		if row = strings.TrimSpace(row); row != "" {
			if name := resolve(dir, row); name != "" {
				files = append(files, name)
			}
		}
	}
	return files
}

// resolve makes a listed path relative to the root. The result is never outside of the root.
func resolve(dir, name string) string {
	if !strings.HasPrefix(name, "/") {
		name = "/" + dir + "/" + name
	}
	return strings.TrimPrefix(path.Clean(name), "/")
}

// parseRequires reads requires.txt of setuptools: requirements, then requirements of extras below "[extra]", and conditional
// ones below "[:python_version < '3']". It ignores extras.
func parseRequires(text []byte) []string {
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
		if name, ok := requirementName(row); ok && wanted {
			names = append(names, name)
		}
	}
	return names
}
