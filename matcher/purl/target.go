package purl

import (
	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A Target is a component as patterns are compared with it.
type Target struct {
	*analyzer.Component
	key        matcher.Key // its names
	source     matcher.Key // those of the source package that it was built from, or key
	version    string      // version in its PURL
	qualifiers map[string]string
	distro     *analyzer.Distro
}

// NewTarget prepares a component of a report with a distribution, which may be nil.
func NewTarget(c *analyzer.Component, distro *analyzer.Distro) *Target {
	t := &Target{Component: c, key: keyOf(c.Type, c.Namespace, c.Name), version: c.Version, distro: distro}
	t.source = t.key
	if c.SourcePackage != nil && c.SourcePackage.Name != "" {
		t.source.Name = c.SourcePackage.Name
	}
	if u, err := packageurl.FromString(c.PURL); err == nil {
		t.version, t.qualifiers = u.Version, u.Qualifiers.Map()
	}
	if t.qualifiers["epoch"] == "0" {
		delete(t.qualifiers, "epoch")
	}
	return t
}

// Keys returns the normal forms of the component's own names and of those of the source package that it was built from,
// which may be the same.
func (t *Target) Keys() (own, source matcher.Key) { return t.key, t.source }
