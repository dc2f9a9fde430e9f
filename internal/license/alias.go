package license

import "strings"

// alias returns the identifier of a licence with a common name.
func alias(name string) (string, bool) {
	s := strings.ToLower(name)
	s = strings.ReplaceAll(s, "licence", "license")
	s = strings.TrimSuffix(strings.TrimPrefix(s, "the "), " license")
	s = strings.ReplaceAll(s, ",", "")
	s = strings.ReplaceAll(s, " version ", " ")
	s = strings.ReplaceAll(s, " v. ", " ")
	if i := strings.LastIndex(s, " v"); i >= 0 && i+2 < len(s) && isDigit(s[i+2]) {
		s = s[:i+1] + s[i+2:]
	}
	if id, ok := named(s); ok {
		return id, true
	}
	return gnu(s)
}

// named returns the identifier of an unambiguous name without "the", "license" and "version".
func named(s string) (string, bool) {
	switch s {
	case "2-clause bsd", "bsd 2 clause", "bsd 2-clause", "bsd-2", "freebsd", "simplified bsd":
		return "BSD-2-Clause", true
	case "3-clause bsd", "bsd 3 clause", "bsd 3-clause", "bsd-3", "modified bsd", "new bsd", "revised bsd":
		return "BSD-3-Clause", true
	case "4-clause bsd", "bsd 4-clause", "bsd-4":
		return "BSD-4-Clause", true
	case "apache 2", "apache 2.0", "apache license 2", "apache license 2.0", "apache software license 2.0", "apache-2",
		"apache2", "apache2.0", "apachev2", "asl 2.0", "asl-2.0":
		return "Apache-2.0", true
	case "artistic": // in Debian the licence of Perl
		return "Artistic-1.0-Perl", true
	case "artistic 2.0", "artistic-2":
		return "Artistic-2.0", true
	case "boost software license 1.0", "boost software license 1.0 (bsl-1.0)", "boost-1.0", "bsl-1":
		return "BSL-1.0", true
	case "cc0", "cc0 1.0 universal", "cc0 1.0 universal (cc0 1.0) public domain dedication":
		return "CC0-1.0", true
	case "eclipse public license 1.0", "eclipse public license 1.0 (epl-1.0)", "epl 1.0":
		return "EPL-1.0", true
	case "eclipse public license 2.0", "eclipse public license 2.0 (epl-2.0)", "epl 2.0":
		return "EPL-2.0", true
	case "expat", "expat (mit/x11)", "mit/expat":
		return "MIT", true
	case "isc license (iscl)", "iscl":
		return "ISC", true
	case "mit no attribution license (mit-0)":
		return "MIT-0", true
	case "mozilla public license 1.0 (mpl)", "mpl-1", "mpl 1.0":
		return "MPL-1.0", true
	case "mozilla public license 1.1", "mozilla public license 1.1 (mpl 1.1)", "mpl 1.1":
		return "MPL-1.1", true
	case "mozilla public license 2.0", "mozilla public license 2.0 (mpl 2.0)", "mpl 2.0", "mpl-2", "mpl2":
		return "MPL-2.0", true
	case "psf", "psfl", "python software foundation":
		return "PSF-2.0", true
	case "unlicense (unlicense)":
		return "Unlicense", true
	case "zlib/libpng", "zlib/libpng license":
		return "Zlib", true
	case "zope public license 2.1", "zpl 2.1":
		return "ZPL-2.1", true
	}
	return find(licenses, s)
}

// gnu returns the identifier of a GNU licence. The name has a version and may allow later versions: "GPL-2+", "LGPLv2.1",
// "GNU General Public License v3 or later (GPLv3+)", "GFDL-NIV-1.3+". A name without a version is ambiguous.
func gnu(s string) (string, bool) {
	if i := strings.LastIndexByte(s, '('); i > 0 && strings.HasSuffix(s, ")") {
		s = strings.TrimSpace(s[:i]) // the short name in a classifier
	}
	s = strings.TrimPrefix(s, "gnu ")
	family, rest := "", ""
	for _, f := range [...]struct{ word, id string }{
		{"affero general public license", "AGPL"},
		{"free documentation license", "GFDL"},
		{"general public license", "GPL"},
		{"lesser general public license", "LGPL"},
		{"library general public license", "LGPL"},
		{"library or lesser general public license", "LGPL"},
		{"agpl", "AGPL"},
		{"gfdl", "GFDL"},
		{"gpl", "GPL"},
		{"lgpl", "LGPL"},
	} {
		var ok bool
		if rest, ok = strings.CutPrefix(s, f.word); ok {
			family = f.id
			break
		}
	}
	if family == "" {
		return "", false
	}
	rest = strings.TrimLeft(rest, " -")
	invariants := ""
	if r, ok := strings.CutPrefix(rest, "niv-"); ok && family == "GFDL" { // "no invariant sections", DEP-5
		rest, invariants = r, "-no-invariants"
	}
	rest = strings.TrimPrefix(rest, "v")
	n := 0
	for n < len(rest) && (isDigit(rest[n]) || rest[n] == '.') {
		n++
	}
	version, suffix := rest[:n], "-only"
	switch strings.TrimLeft(rest[n:], " -") {
	case "", "only":
	case "+", "or later", "or-later", "or any later", "or newer", "or greater":
		suffix = "-or-later"
	default:
		return "", false
	}
	if !strings.Contains(version, ".") {
		version += ".0"
	}
	return find(licenses, family+"-"+version+invariants+suffix)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
