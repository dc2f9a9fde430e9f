package matcher

import (
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// typeCPE is the Type of keys of products by CPE name: Namespace is the vendor, Name the product.
const typeCPE = "cpe"

// cpeKey returns the key of advisories about a product, and the product's version, given a CPE name as a formatted string
// ("cpe:2.3:a:openssl:openssl:1.0.2k:*:...") or a URI ("cpe:/a:openssl:openssl:1.0.2k"). An update, such as OpenSSH's "p1", is
// part of the version: "8.2-p1". The version is "" if the name is about any. cpeKey reports false for a text that is not the
// name of an application. Source: NIST IR 7695, CPE Naming 2.3.
func cpeKey(name string) (key Key, version string, ok bool) {
	var parts []string
	switch {
	case strings.HasPrefix(name, "cpe:2.3:"):
		parts = splitEscaped(name[len("cpe:2.3:"):])
	case strings.HasPrefix(name, "cpe:/"):
		parts = strings.Split(name[len("cpe:/"):], ":")
		for i, p := range parts {
			if parts[i], ok = unescapeURI(p); !ok {
				return Key{}, "", false
			}
		}
	}
	if len(parts) < 3 || parts[0] != "a" || anyValue(parts[1]) || anyValue(parts[2]) {
		return Key{}, "", false
	}
	if len(parts) > 3 && !anyValue(parts[3]) {
		version = parts[3]
		if len(parts) > 4 && !anyValue(parts[4]) {
			version += "-" + parts[4]
		}
	}
	return Key{Type: typeCPE, Namespace: strings.ToLower(parts[1]), Name: strings.ToLower(parts[2])}, version, true
}

// anyValue reports whether an attribute stands for any value, or for no value.
func anyValue(s string) bool { return s == "" || s == "*" || s == "-" }

// splitEscaped splits at colons without a backslash before them, and removes the backslashes.
func splitEscaped(s string) []string {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ':':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(parts, b.String())
}

func unescapeURI(s string) (string, bool) {
	out, err := url.PathUnescape(s)
	return out, err == nil
}

// productDoubt is the reason why a match by CPE name is uncertain.
const productDoubt = "by its CPE name only, which names a product and not a package"

// product returns the lookup of a component as a product, if its analyzer or document states its CPE name.
func product(c *analyzer.Component) (lookup, bool) {
	key, version, ok := cpeKey(c.Qualifiers["cpe"])
	if !ok {
		return lookup{}, false
	}
	if version == "" {
		version = c.Version
	}
	return lookup{key: key, version: version, doubt: productDoubt}, true
}
