package matcher

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/glob"
)

// typeCPE is the Type of keys of products by CPE name: Namespace is the vendor, Name the product.
const typeCPE = "cpe"

// cpeKey returns the key of advisories about a product, and the product's version, given a CPE name as a formatted string
// ("cpe:2.3:a:openssl:openssl:1.0.2k:*:...") or a URI ("cpe:/a:openssl:openssl:1.0.2k"). An update, such as OpenSSH's "p1", is
// part of the version: "8.2-p1". The version is "" if the name is about any. cpeKey reports false for a text that is not the
// name of an application. Source: NIST IR 7695, CPE Naming 2.3.
func cpeKey(name string) (key Key, version string, ok bool) {
	parts := cpeParts(name)
	if len(parts) < 3 || parts[0] != "a" || anyValue(parts[1]) || anyValue(parts[2]) {
		return Key{}, "", false
	}
	return Key{Type: typeCPE, Namespace: strings.ToLower(parts[1]), Name: strings.ToLower(parts[2])}, cpeVersion(parts), true
}

// cpeParts returns the attributes of a CPE name, or nil for another text.
func cpeParts(name string) []string {
	if rest, ok := strings.CutPrefix(name, "cpe:2.3:"); ok {
		return splitEscaped(rest)
	}
	rest, ok := strings.CutPrefix(name, "cpe:/")
	if !ok {
		return nil
	}
	parts := strings.Split(rest, ":")
	for i, p := range parts {
		if parts[i], ok = unescapeURI(p); !ok {
			return nil
		}
	}
	return parts
}

// cpeVersion returns the version and the update among the attributes of a CPE name.
func cpeVersion(parts []string) string {
	version := ""
	if len(parts) > 3 && !anyValue(parts[3]) {
		version = parts[3]
		if len(parts) > 4 && !anyValue(parts[4]) {
			version += "-" + parts[4]
		}
	}
	return version
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

// products returns the lookups of a component as a product, if its analyzer or document states its CPE names, separated by
// blanks. The part and the vendor may have wildcards (NIST IR 7696), as in the documents of Yocto: "cpe:2.3:*:*:zlib:1.3". A
// wildcard for the vendor stands for all vendors with advisories about a product of the name, as the Source knows them.
// An operating system has a vendor, as the kernel of linux: many documents name the distribution so, beside its packages.
func (g groups) products(c *analyzer.Component) []lookup {
	var list []lookup
	seen := make(map[Key]bool)
	for _, p := range cpeProducts(c) {
		vendors := []string{p.vendor}
		if p.anyVendor() {
			vendors = g.vendors(p)
		}
		for _, vendor := range vendors {
			key := Key{Type: typeCPE, Namespace: vendor, Name: p.name}
			if !seen[key] {
				seen[key] = true
				list = append(list, lookup{key: key, version: p.version, doubt: productDoubt})
			}
		}
	}
	return list
}

// A product is the product in a CPE name of a component.
type product struct{ vendor, name, version string }

func (p *product) anyVendor() bool { return anyValue(p.vendor) || glob.Is(p.vendor) }

// key returns the key of the products of any vendor with the name.
func (p *product) key() Key { return Key{Type: typeCPE, Name: p.name} }

// cpeProducts returns the products of a component.
func cpeProducts(c *analyzer.Component) []product {
	if c.Qualifiers["cpe"] == "" {
		return nil
	}
	var list []product
	for name := range strings.FieldsSeq(c.Qualifiers["cpe"]) {
		parts := cpeParts(name)
		if len(parts) < 3 || anyValue(parts[2]) {
			continue
		}
		p := product{
			strings.ReplaceAll(strings.ToLower(parts[1]), "?", "*"), strings.ToLower(parts[2]), cmp.Or(cpeVersion(parts), c.Version),
		}
		if parts[0] == "a" || parts[0] == "*" || parts[0] == "o" && !p.anyVendor() {
			list = append(list, p)
		}
	}
	return list
}

// vendors returns the vendors that a wildcard stands for. Without a Source that knows them, they are those under which NVD
// files most free software.
func (g groups) vendors(p product) []string {
	list := []string{p.name, p.name + "_project", "gnu", "apache", "freedesktop", "haxx", "isc", "linux", "openbsd", "redhat"}
	if keys, ok := g[p.key()]; ok {
		list = list[:0]
		for _, k := range keys {
			list = append(list, k.Namespace)
		}
	}
	if anyValue(p.vendor) {
		return list
	}
	return slices.DeleteFunc(list, func(vendor string) bool { return !glob.Match(p.vendor, vendor) })
}
