// Package license turns what packages declare as their licence into SPDX expressions where it is one in other words, and
// finds licences by the phrases with which texts name them.
//
// The grammar is that of the SPDX specification, annex "SPDX license expressions". Beyond it, [Normalize] takes the short
// names of Debian's machine-readable copyright files (DEP-5), the trove classifiers of Python, and common spellings. A
// name that is ambiguous ("BSD", "GPL", "Apache Software License") stays as it was declared: to choose for the author
// would be to invent a fact.
package license

import "strings"

const (
	maxLength = 4096 // of a declaration, in bytes; longer ones are texts, not names
	maxDepth  = 32   // of parentheses
)

// Normalize returns the SPDX expression that a declaration amounts to, and true; or the declaration with white space
// collapsed, and false. Identifiers come out as the list writes them, deprecated GNU ones as their successors, operators
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

// resolve finds the identifier of one licence.
func resolve(name string) (string, bool) {
	if id, ok := find(licenses, name); ok {
		return current(id), true
	}
	if base, ok := strings.CutSuffix(name, "+"); ok {
		if id, ok := find(licenses, base); ok && current(id) == id && !strings.HasSuffix(id, "-only") && !strings.HasSuffix(id, "-or-later") {
			return id + "+", true
		}
	}
	if isReference(name) {
		return name, true
	}
	return alias(name)
}

// isReference reports whether s is a reference to a licence that is not on the list: "LicenseRef-x", with or without
// the document that defines it.
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

// current returns what the list put in place of a deprecated identifier of the GNU family, where a suffix says what "+"
// or its absence meant.
func current(id string) string {
	family, rest, _ := strings.Cut(id, "-")
	switch family {
	case "AGPL", "GFDL", "GPL", "LGPL":
	default:
		return id
	}
	version, later := strings.CutSuffix(rest, "+")
	if strings.Trim(version, "0123456789.") != "" {
		return id // not the bare form: it says "only", "or-later" or "with" already
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

// find looks a name up, in any case, in a list of words in order of their lower-case form, and returns the word. One
// byte stands before the first word, after the last, and between any two.
func find(list, name string) (string, bool) {
	for lo, hi := 1, len(list); lo < hi; {
		mid := (lo + hi) / 2
		for mid > lo && list[mid-1] > ' ' {
			mid--
		}
		end := mid
		for list[end] > ' ' {
			end++
		}
		switch c := compareFold(list[mid:end], name); {
		case c == 0:
			return list[mid:end], true
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
