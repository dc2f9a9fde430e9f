package dpkg

import (
	"bytes"
	"strings"

	"github.com/hullmark/hullmark/internal/problem"
)

// parseList reads the .list of a package. A line is an absolute path; the first is "/.". Directories have lines, too. In lists
// of opkg a tab and the file's mode may follow the path.
func parseList(text []byte) []string {
	files := make([]string, 0, bytes.Count(text, []byte{'\n'})+1)
	for row := range strings.SplitSeq(string(text), "\n") {
		row = strings.TrimSuffix(row, "\r")
		if i := strings.IndexByte(row, '\t'); i >= 0 {
			row = row[:i]
		}
		if row = strings.TrimLeft(row, "/"); row != "" && row != "." {
			files = append(files, row)
		}
	}
	return files
}

// parseMD5Sums reads the .md5sums of a package. A line has 32 hexadecimal digits, two blanks, and a relative path. Unlike .list
// it has only regular files that are not configuration files.
func parseMD5Sums(text []byte, bad *problem.List) []string {
	paths := make([]byte, 0, len(text)) // concatenated, so that the result does not keep the digests in memory
	ends := make([]int, 0, bytes.Count(text, []byte{'\n'})+1)
	for line := 1; len(text) > 0; line++ {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte{'\n'})
		if row = bytes.TrimSuffix(row, []byte{'\r'}); len(row) == 0 {
			continue
		}
		if len(row) < 35 || !isHex(row[:32]) || row[32] != ' ' {
			bad.Line(line, "not a digest and a path: %.60q", row)
			continue
		}
		file := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimLeft(row[33:], " *"), []byte("./")), "/")
		if len(file) > 0 {
			paths = append(paths, file...)
			ends = append(ends, len(paths))
		}
	}
	all, from := string(paths), 0
	files := make([]string, len(ends))
	for i, end := range ends {
		files[i], from = all[from:end], end
	}
	return files
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
// .list, which images without a full database lack.
func parseConffiles(value []byte) []string {
	if len(value) == 0 {
		return nil
	}
	files := make([]string, 0, bytes.Count(value, []byte{'\n'})+1)
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
