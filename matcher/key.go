package matcher

import (
	"cmp"
	"iter"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// keysOf returns the keys under which advisories may speak of a component, each with the version that is to be compared.
func keysOf(c *analyzer.Component, distro *analyzer.Distro) iter.Seq2[Key, string] {
	return func(yield func(Key, string) bool) {
		if !c.System {
			yield(PackageKey(c.Type, c.Namespace, c.Name), c.Version)
			return
		}
		key := Key{Type: c.Type, Namespace: c.Namespace, Name: c.Name}
		if distro != nil {
			key.Release = Release(distro.ID, distro.VersionID, distro.Codename)
		}
		source, sourceVersion := key, c.Version
		if c.Origin != nil {
			source.Name = cmp.Or(c.Origin.Name, c.Name)
			sourceVersion = cmp.Or(c.Origin.Version, c.Version)
		}
		if !yield(source, sourceVersion) {
			return
		}
		// Feeds of dpkg distributions name source packages only, where a binary package of the same name may be built from
		// another source. Feeds of the others name either.
		if c.Type != "deb" && source != key {
			yield(key, c.Version)
		}
	}
}

// PackageKey returns the key of a package of a language ecosystem, its names in the normal form of the type: feeds and
// matcher use it, so that both sides meet. Of PyPI that is the form of PEP 503; of composer, golang, nuget, hex, pub, github
// and bitnami lower case; of all others names stay as they are. Source: the package-url specification's types.
func PackageKey(purlType, namespace, name string) Key {
	switch purlType {
	case "pypi":
		name = normalPyPI(name)
	case "composer", "golang", "nuget", "hex", "pub", "github", "bitnami":
		namespace, name = strings.ToLower(namespace), strings.ToLower(name)
	}
	return Key{Type: purlType, Namespace: namespace, Name: name}
}

// Ecosystem returns what coverage is stated for: the key without its Name and, for languages, whose packages are one
// ecosystem of their Type, without anything else. Distributions have an ecosystem for each Namespace and Release.
func (k Key) Ecosystem() Key {
	switch k.Type {
	case "deb", "rpm", "apk", "alpm":
		return Key{Type: k.Type, Namespace: k.Namespace, Release: k.Release}
	}
	return Key{Type: k.Type}
}

// normalPyPI returns the normal form of a project's name, https://peps.python.org/pep-0503/#normalized-names: lower case,
// and one hyphen for every run of "-", "_" and ".".
func normalPyPI(name string) string {
	b := make([]byte, 0, len(name))
	run := false
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			run = true
		default:
			if run {
				b = append(b, '-')
				run = false
			}
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
		}
	}
	if run {
		b = append(b, '-')
	}
	return string(b)
}

// CompareKeys orders keys by type, namespace, name and release.
func CompareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Release, b.Release))
}
