package npm

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/hullmark/hullmark/analyzer"
)

// maxName is the length in bytes of the longest name; the registry has allowed 214 since its first rules.
const maxName = 512

// newPackage returns a package named in full, "name" or "@scope/name"; false where that is no name.
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

// splitName returns where the slash between scope and name is, -1 where there is no scope, and whether it is a name.
func splitName(name string) (slash int, ok bool) {
	slash = strings.IndexByte(name, '/')
	if slash < 0 {
		return slash, len(name) <= maxName && isName(name)
	}
	return slash, slash > 1 && name[0] == '@' && len(name) <= maxName && isName(name[1:slash]) && isName(name[slash+1:])
}

// newDeclared is newPackage for what a lock file declares, with its source. Formats that lock a repository by its commit
// alone give nothing to compare with any version; such a package is an error that names the repository.
func newDeclared(name, version, source string) (analyzer.Package, error) {
	p, ok := newPackage(strings.Clone(name), strings.Clone(version)) // which may be parts of long lines
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

// isName reports whether s can be an element of a name. Names of old times have capitals and punctuation that the
// registry no longer takes; what a path or an URL could not hold was never one.
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

// aliased returns the name that a dependency is for: that of its target where the specifier is an alias,
// "npm:name@range", else its own.
func aliased(name, specifier string) string {
	if target, ok := strings.CutPrefix(specifier, "npm:"); ok {
		if target, _, _ = splitSpec(target); target != "" && !isRange(target) {
			return target
		}
	}
	return name
}

// isRange reports whether what follows "npm:" is a range of versions of the same name, as yarn writes it, not a name.
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
