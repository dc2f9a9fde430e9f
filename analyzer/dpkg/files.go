package dpkg

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseList reads the .list of a package. A line is an absolute path; the first is "/.". Directories have lines, too. In lists
// of opkg a tab and the file's mode may follow the path. A list that takes too much memory is an error, because files that are
// missing in a part of it would not look like the package's.
func parseList(text []byte, m *membudget.Meter) ([]string, error) {
	n := bytes.Count(text, []byte{'\n'}) + 1
	if err := m.List(n, len(text)); err != nil {
		return nil, fmt.Errorf("dpkg: list of files: %w", err)
	}
	files := make([]string, 0, n)
	for row := range strings.SplitSeq(string(text), "\n") {
		row = strings.TrimSuffix(row, "\r")
		if i := strings.IndexByte(row, '\t'); i >= 0 {
			row = row[:i]
		}
		if row = strings.TrimLeft(row, "/"); row != "" && row != "." {
			files = append(files, row)
		}
	}
	return files, nil
}

// parseMD5Sums reads the .md5sums of a package. A line has 32 hexadecimal digits, two blanks, and a relative path. Unlike .list
// it has only regular files that are not configuration files. As for parseList, a list that takes too much memory is an error.
func parseMD5Sums(text []byte, bad *diagnostic.List, m *membudget.Meter) ([]string, error) {
	const head = 34 // bytes before the path
	n := bytes.Count(text, []byte{'\n'}) + 1
	if err := m.List(n, len(text)); err != nil {
		return nil, fmt.Errorf("dpkg: list of files: %w", err)
	}
	files := make([]string, 0, n)
	var paths strings.Builder // so that the result does not keep the digests in memory
	paths.Grow(max(len(text)-n*head, 0))
	for line := 1; len(text) > 0; line++ {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		if row = bytes.TrimSuffix(row, []byte{'\r'}); len(row) == 0 {
			continue
		}
		if len(row) <= head || !isHex(row[:32]) || row[32] != ' ' {
			bad.Line(line, "not a digest and a path: %.60q", row)
			continue
		}
		file := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimLeft(row[33:], " *"), []byte("./")), "/")
		if len(file) > 0 {
			start := paths.Len()
			paths.Write(file)
			files = append(files, paths.String()[start:])
		}
	}
	return files, nil
}

func isHex[T string | []byte](s T) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// parseConffiles reads the Conffiles field. A line has an absolute path, a digest, and an optional flag. The same paths are in
// .list, which images without a full database lack. It returns nil if m has no room.
func parseConffiles(value []byte, m *membudget.Meter) []string {
	if len(value) == 0 {
		return nil
	}
	n := bytes.Count(value, []byte{'\n'}) + 1
	if m.List(n, len(value)) != nil {
		return nil
	}
	files := make([]string, 0, n)
	for row := range strings.SplitSeq(string(value), "\n") {
		row = strings.TrimSpace(row)
		if i := strings.LastIndex(row, " obsolete"); i > 0 {
			row = row[:i]
		}
		if i := strings.LastIndexByte(row, ' '); i > 0 { // the last: paths may contain blanks
			row = row[:i]
		}
		if row = strings.TrimLeft(strings.TrimPrefix(row, "remove-on-upgrade "), "/"); row != "" {
			files = append(files, row)
		}
	}
	return files
}
