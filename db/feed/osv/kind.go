package osv

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// maliciousCode is the weakness of packages that do harm: "Embedded Malicious Code".
const maliciousCode = "CWE-506"

// kind returns the kind of a record. Records of malware have an identifier with the prefix MAL, or are GitHub's about malicious code.
func (r *record) kind() matcher.Kind {
	malware := func(id string) bool { return strings.HasPrefix(id, "MAL-") }
	if malware(string(r.ID)) || slices.ContainsFunc(r.Aliases, malware) ||
		strings.HasPrefix(string(r.ID), "GHSA-") && slices.Contains(r.Database.Weaknesses, maliciousCode) {
		return matcher.Malware
	}
	return matcher.Vulnerability
}

// informational returns the kind that RustSec gives to a block of a record, https://github.com/rustsec/advisory-db: a new word is a notice.
func (s *specific) informational() matcher.Kind {
	switch s.Informational {
	case "":
		return matcher.Vulnerability
	case "unmaintained":
		return matcher.Unmaintained
	case "unsound":
		return matcher.Unsound
	}
	return matcher.Notice
}

// cwes returns the weaknesses of a record that have a number.
func (r *record) cwes() []string {
	var list []string
	for _, s := range r.Database.Weaknesses {
		if strings.HasPrefix(s, "CWE-") && len(s) <= 20 {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
