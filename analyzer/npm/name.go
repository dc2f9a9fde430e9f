package npm

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/hullmark/hullmark/analyzer"
)

// maxName is the length in bytes of the longest valid name. The registry has allowed 214 since its first rules.
const maxName = 512

// newPackage returns the package with a full name, "name" or "@scope/name", or false if the name is invalid.
func newPackage(name, version string) (analyzer.Package, bool) {
	slash, ok := splitName(name)
	if !ok {
		return analyzer.Package{}, false
	}
	p := analyzer.Package{Type: typeNPM, Name: name[slash+1:], Version: version}
	if slash > 0 {
		p.Namespace = name[:slash]
	}
	return p, true
}

// splitName returns the index of the slash between scope and name, or -1 without a scope, and whether the name is valid.
func splitName(name string) (slash int, ok bool) {
	slash = strings.IndexByte(name, '/')
	if slash < 0 {
		return slash, len(name) <= maxName && isName(name)
	}
	return slash, slash > 1 && name[0] == '@' && len(name) <= maxName && isName(name[1:slash]) && isName(name[slash+1:])
}

// newDeclared returns a package that a lock file declares, with its source. A package without a version, which some formats
// lock by the commit alone, can't be compared with advisories. newDeclared returns an error that names its repository.
func newDeclared(name, version, source string) (analyzer.Package, error) {
	p, ok := newPackage(strings.Clone(name), strings.Clone(version)) // they may be parts of long lines
	if !ok {
		return p, fmt.Errorf("not a package name: %.100q", name)
	}
	p.Declared = true
	setSource(&p, source)
	if version == "" {
		from := ""
		for _, u := range p.Qualifiers {
			from = ", from " + u
		}
		return analyzer.Package{}, fmt.Errorf("%s: no version%s: %w", name, from, analyzer.ErrUnsupported)
	}
	return p, nil
}

// isName reports whether s can be an element of a name. Old names have capitals and punctuation that the registry no longer
// accepts, but a name never had characters that paths and URLs don't allow.
func isName(s string) bool {
	return s != "" && s[0] != '.' && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`/\@:?#%"<>|`, r)
	})
}

// splitSpec splits "name@rest" and "@scope/name@rest".
func splitSpec(spec string) (name, rest string, ok bool) {
	at := strings.IndexByte(strings.TrimPrefix(spec, "@"), '@')
	if at < 0 {
		return spec, "", false
	}
	at += len(spec) - len(strings.TrimPrefix(spec, "@"))
	return spec[:at], spec[at+1:], true
}

// aliased returns the target of a dependency: the name in an alias, "npm:name@range", or else its own name.
func aliased(name, specifier string) string {
	if target, ok := strings.CutPrefix(specifier, "npm:"); ok {
		if target, _, _ = splitSpec(target); target != "" && !isRange(target) {
			return target
		}
	}
	return name
}

// isRange reports whether the text after "npm:" is a range, as yarn writes it, rather than a name.
func isRange(s string) bool {
	return s[0] != '@' && (strings.ContainsAny(s, " <>=~^*|") || isVersion(s))
}

// isVersion reports whether s looks like a version: digits, then a dot.
func isVersion(s string) bool {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n > 0 && n < len(s) && s[n] == '.'
}
