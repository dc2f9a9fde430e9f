// Package license converts declared licences to SPDX expressions, and detects licences by phrases in texts.
//
// The grammar is that of the SPDX specification, annex "SPDX license expressions". In addition [Normalize] accepts the short
// names of Debian's machine-readable copyright files (DEP-5), Python's trove classifiers, and common spellings. It does not
// change an ambiguous name ("BSD", "GPL", "Apache Software License"), since any choice would be a guess.
package license

import "strings"

const (
	maxLength = 4096 // longest declaration in bytes; longer ones are texts rather than names
	maxDepth  = 32   // deepest nesting of parentheses
)

// Normalize returns the SPDX expression for a declared licence and true, or the declaration with collapsed white space and
// false. Identifiers have the spelling of the SPDX list, deprecated GNU identifiers become their successors, and operators are
// in upper case: "GPL-2+ or Artistic" becomes "GPL-2.0-or-later OR Artistic-1.0-Perl".
func Normalize(declared string) (string, bool) {
	if len(declared) > maxLength {
		return strings.Join(strings.Fields(declared[:maxLength]), " "), false
	}
	words := strings.Fields(declared)
	plain := strings.Join(words, " ")
	if id, ok := resolve(plain); ok {
		return id, true
	}
	p := parser{tokens: tokenize(words)}
	if e, ok := p.list(); ok && len(p.tokens) == 0 {
		return e.text, true
	}
	return plain, false
}

// resolve returns the identifier of a single licence.
func resolve(name string) (string, bool) {
	if id, ok := find(licenses, name); ok {
		return currentID(id), true
	}
	if base, ok := strings.CutSuffix(name, "+"); ok {
		if id, ok := find(licenses, base); ok && currentID(id) == id && !strings.HasSuffix(id, "-only") && !strings.HasSuffix(id, "-or-later") {
			return id + "+", true
		}
	}
	if isReference(name) {
		return name, true
	}
	return alias(name)
}

// isReference reports whether s refers to a licence that is not in the list: "LicenseRef-x", with or without its document.
func isReference(s string) bool {
	if doc, ok := strings.CutPrefix(s, "DocumentRef-"); ok {
		id, rest, found := strings.Cut(doc, ":")
		if !found || !isIDString(id) {
			return false
		}
		s = rest
	}
	id, ok := strings.CutPrefix(s, "LicenseRef-")
	return ok && isIDString(id)
}

func isIDString(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return s != ""
}

// currentID returns the successor of a deprecated GNU identifier, which has the suffix "-or-later" for "+" and "-only" otherwise.
// It returns other identifiers unchanged.
func currentID(id string) string {
	family, rest, _ := strings.Cut(id, "-")
	switch family {
	case "AGPL", "GFDL", "GPL", "LGPL":
	default:
		return id
	}
	version, later := strings.CutSuffix(rest, "+")
	if strings.Trim(version, "0123456789.") != "" {
		return id // not deprecated: it contains "only", "or-later" or "with"
	}
	suffix := "-only"
	if later {
		suffix = "-or-later"
	}
	if now, ok := find(licenses, family+"-"+version+suffix); ok {
		return now
	}
	return id
}

// Listed reports whether the schemas of CycloneDX list an identifier of a licence or an exception. Case matters.
func Listed(id string) bool {
	for _, list := range []string{licenses, exceptions} {
		if found, listed := search(list, id); found == id && found != "" {
			return listed
		}
	}
	return false
}

// find returns the identifier in list that equals name without regard to case.
func find(list, name string) (string, bool) {
	id, _ := search(list, name)
	return id, id != ""
}

// search returns the identifier in list that equals name without regard to case, and whether it has no star. The identifiers are sorted by
// their lower-case form. One byte of white space precedes the first, follows the last, and separates them.
func search(list, name string) (id string, listed bool) {
	for lo, hi := 1, len(list); lo < hi; {
		mid := (lo + hi) / 2
		for mid > lo && list[mid-1] > ' ' {
			mid--
		}
		end := mid
		for list[end] > ' ' {
			end++
		}
		id, newer := strings.CutSuffix(list[mid:end], "*")
		switch c := compareFold(id, name); {
		case c == 0:
			return id, !newer
		case c < 0:
			lo = end + 1
		default:
			hi = mid
		}
	}
	return "", false
}

func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if d := int(lower(a[i])) - int(lower(b[i])); d != 0 {
			return d
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
