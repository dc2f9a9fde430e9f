package maven

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// coordinates identify a library by group ID, artifact ID and version.
type coordinates struct {
	group, artifact, version string
}

func (c coordinates) String() string { return c.group + ":" + c.artifact + ":" + c.version }

func (c coordinates) pkg() analyzer.Package {
	return analyzer.Package{Type: typeMaven, Namespace: c.group, Name: c.artifact, Version: c.version}
}

// complete reports whether all three coordinates are valid.
func (c coordinates) complete() bool {
	return isCoordinate(c.group) && isCoordinate(c.artifact) && isCoordinate(c.version)
}

// maxCoordinate is the length of the longest valid coordinate, in bytes.
const maxCoordinate = 256

// isCoordinate reports whether s can be a coordinate. Maven allows almost anything except blanks and "/". A property reference
// is not a coordinate.
func isCoordinate(s string) bool {
	return s != "" && len(s) <= maxCoordinate && !strings.Contains(s, "${") && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == '/' || r == 0x7F || r == '\uFFFD'
	})
}

// isArtifact reports whether s looks like an artifact ID: letters and digits, with ". - _" in between.
func isArtifact(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case (c == '.' || c == '-' || c == '_') && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxCoordinate
}

// isGroup reports whether s looks like a reversed domain name, "org.apache.commons".
func isGroup(s string) bool {
	elements := 0
	for element := range strings.SplitSeq(s, ".") {
		if !isArtifact(element) || element[0] >= '0' && element[0] <= '9' {
			return false
		}
		elements++
	}
	return elements >= 2 && s == strings.ToLower(s)
}

// isVersion reports whether s looks like a version: it begins with a digit, or with r, R or v and a digit ("r938", "v1").
func isVersion(s string) bool {
	if !isCoordinate(s) {
		return false
	}
	return isDigit(s[0]) || len(s) > 1 && (s[0] == 'r' || s[0] == 'v' || s[0] == 'R') && isDigit(s[1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
