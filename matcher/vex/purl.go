package vex

import (
	"fmt"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// A Pattern is a package URL that may name several packages; the package's documentation says how.
type Pattern struct {
	packageurl.PackageURL
	qualifiers map[string]string
	source     bool // of a source package
}

// ParsePattern reads a package URL. Its error says what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	u, err := packageurl.FromString(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("vex: %q: %w", text, err)
	}
	p := Pattern{PackageURL: u, qualifiers: u.Qualifiers.Map()}
	if arch := p.qualifiers["arch"]; arch == "source" || arch == "src" {
		p.source = true
		delete(p.qualifiers, "arch")
	}
	switch p.Type {
	case "rpm":
		if epoch, rest, ok := strings.Cut(p.Version, ":"); ok {
			p.qualifiers["epoch"], p.Version = epoch, rest
		}
		if p.qualifiers["epoch"] == "0" { // what has none
			delete(p.qualifiers, "epoch")
		}
	case "maven":
		if p.qualifiers["type"] == "jar" {
			delete(p.qualifiers, "type")
		}
	}
	return p, nil
}

// Key returns the normal form of the names that the pattern has, under which packages that it names are found by
// [Package.Keys]. It reports false where they have wildcards.
func (p *Pattern) Key() (matcher.Key, bool) {
	return normal(p.Type, p.Namespace, p.Name), !wild(p.Namespace) && !wild(p.Name)
}

// isImage reports whether it names an image.
func (p *Pattern) isImage() bool { return p.Type == "oci" || p.Type == "docker" }

// wild reports whether a text has a wildcard.
func wild(s string) bool { return strings.Contains(s, "*") }

// glob reports whether a text is what a pattern says, in which "*" is any text. Time is linear in the product of their
// lengths at worst.
func glob(pattern, text string) bool {
	head, rest, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for {
		part, more, ok := strings.Cut(rest, "*")
		if !ok {
			return strings.HasSuffix(text, part)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], more
	}
}

// A Package is a component as patterns are compared with it.
type Package struct {
	*analyzer.Component
	key        matcher.Key // its names in the normal form of its type
	version    string      // as its PURL has it
	qualifiers map[string]string
	distro     *analyzer.Distro
}

// NewPackage prepares a component, of a report with a distribution, which may be nil.
func NewPackage(c *analyzer.Component, distro *analyzer.Distro) Package {
	s := Package{Component: c, key: normal(c.Type, c.Namespace, c.Name), version: c.Version, distro: distro}
	if u, err := packageurl.FromString(c.PURL); err == nil {
		s.version, s.qualifiers = u.Version, u.Qualifiers.Map()
	}
	if s.qualifiers["epoch"] == "0" {
		delete(s.qualifiers, "epoch")
	}
	return s
}

// normal returns the names of a package in the form in which they are compared. Distributions have names in package URLs that
// differ from their ID in os-release.
func normal(purlType, namespace, name string) matcher.Key {
	k := matcher.PackageKey(purlType, namespace, name)
	switch purlType {
	case "deb", "rpm", "apk", "alpm":
		switch k.Namespace = strings.ToLower(k.Namespace); k.Namespace {
		case "redhat":
			k.Namespace = "rhel"
		case "oracle", "oraclelinux":
			k.Namespace = "ol"
		case "amazon", "amazonlinux":
			k.Namespace = "amzn"
		case "suse":
			k.Namespace = "sles"
		}
	}
	return k
}

// Keys returns the normal forms of the package's own names and of those of the source package that it was built from, which
// may be the same.
func (s *Package) Keys() (own, source matcher.Key) {
	source = s.key
	if s.SourcePackage != nil && s.SourcePackage.Name != "" {
		source.Name = s.SourcePackage.Name
	}
	return s.key, source
}

// Names reports whether the pattern names a package.
func (p *Pattern) Names(s *Package) bool {
	ok, _ := p.meets(s)
	return ok
}

// meets reports whether a pattern names a package, and whether by a version.
func (p *Pattern) meets(s *Package) (ok, versioned bool) {
	if p.Type != s.Type || p.Subpath != "" {
		return false, false
	}
	want, have, installed := normal(p.Type, p.Namespace, p.Name), s.key, s.version
	if p.source {
		if s.SourcePackage != nil && s.SourcePackage.Name != "" {
			have.Name = s.SourcePackage.Name
		}
		if s.SourcePackage != nil && s.SourcePackage.Version != "" {
			installed = s.SourcePackage.Version
		}
	}
	if !glob(want.Namespace, have.Namespace) || !glob(want.Name, have.Name) {
		return false, false
	}
	for k, v := range p.qualifiers {
		if !p.qualifies(s, k, v) {
			return false, false
		}
	}
	switch {
	case p.Version == "" || p.Version == "*":
		return true, false
	case wild(p.Version):
		return glob(p.Version, installed), true
	}
	return sameVersion(p.Type, p.Version, installed), true
}

// qualifies reports whether a component has a qualifier. Of a distribution it may be the release as well as a point of it.
func (p *Pattern) qualifies(s *Package, name, value string) bool {
	have := s.qualifiers[name]
	switch {
	case have == value:
		return true
	case name == "epoch" && p.source:
		return true // that of the source's version is compared with it
	case name == "distro" && s.distro != nil:
		return value == s.distro.Codename && value != "" || strings.HasPrefix(have, value+".")
	}
	return false
}

func sameVersion(purlType, a, b string) bool {
	if a == b {
		return true
	}
	if purlType == "rpm" { // the epoch of a source package is in its version
		if epoch, rest, ok := strings.Cut(b, ":"); ok && epoch != "" && !strings.Contains(a, ":") {
			b = rest
		}
	}
	c, err := version.Compare(purlType, a, b)
	return err == nil && c == 0
}
