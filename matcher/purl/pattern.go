package purl

import (
	"fmt"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/gemplatform"
	"github.com/hullmark/hullmark/internal/glob"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/version"
)

// A Pattern is a package URL that may match several packages; the package's documentation says how.
type Pattern struct {
	key        matcher.Key // its names may have wildcards
	version    string
	subpath    string
	qualifiers map[string]string
	source     bool // names a source package only
}

// Parse reads a package URL.
func Parse(text string) (*Pattern, error) {
	u, err := packageurl.FromString(text)
	if err != nil {
		return nil, fmt.Errorf("purl: %q: %w", text, err)
	}
	p := &Pattern{key: keyOf(u.Type, u.Namespace, u.Name), version: u.Version, subpath: u.Subpath, qualifiers: u.Qualifiers.Map()}
	if arch := p.qualifiers["arch"]; arch == "source" || arch == "src" {
		p.source = true
		delete(p.qualifiers, "arch")
	}
	switch u.Type {
	case "rpm":
		if epoch, rest, ok := strings.Cut(p.version, ":"); ok {
			p.qualifiers["epoch"], p.version = epoch, rest
		}
		if p.qualifiers["epoch"] == "0" { // the same as no epoch
			delete(p.qualifiers, "epoch")
		}
	case "maven":
		if p.qualifiers["type"] == "jar" {
			delete(p.qualifiers, "type")
		}
	}
	return p, nil
}

// Key returns the names of the pattern in their normal form, which every target that it matches has among its
// [Target.Keys]. It reports false if they have wildcards.
func (p *Pattern) Key() (matcher.Key, bool) {
	return p.key, !glob.Is(p.key.Namespace) && !glob.Is(p.key.Name)
}

// Match reports whether the pattern matches a target, and whether it gives a version to match.
func (p *Pattern) Match(t *Target) (ok, versioned bool) {
	if p.key.Type != t.key.Type || p.subpath != "" {
		return false, false
	}
	if !p.source {
		if ok, versioned = p.matchNames(t, t.key, t.version, false); ok || versioned || t.source == t.key {
			return ok, versioned
		}
	}
	installed := t.version
	if t.SourcePackage != nil && t.SourcePackage.Version != "" {
		installed = t.SourcePackage.Version
	}
	return p.matchNames(t, t.source, installed, true)
}

// matchNames reports whether the pattern matches names of a target, and whether it gives a version to match.
func (p *Pattern) matchNames(t *Target, names matcher.Key, installed string, source bool) (ok, versioned bool) {
	if !glob.Match(p.key.Namespace, names.Namespace) || !glob.Match(p.key.Name, names.Name) {
		return false, false
	}
	for k, v := range p.qualifiers {
		if !p.qualifies(t, k, v, source) {
			return false, false
		}
	}
	switch {
	case p.version == "" || p.version == "*":
		return true, false
	case glob.Is(p.version):
		return glob.Match(p.version, installed), true
	}
	return sameVersion(p.key.Type, p.version, installed), true
}

// qualifies reports whether a target has a qualifier.
func (p *Pattern) qualifies(t *Target, name, value string, source bool) bool {
	have := t.qualifiers[name]
	switch {
	case have == value:
		return true
	case name == "epoch" && source:
		return true // the source's version has it
	case name == "distro" && t.Qualifiers["distro"] != "": // its own, unlike that of the image
		id, version, ok := distro.Cut(have)
		return ok && isRelease(value, &analyzer.Distro{ID: id, VersionID: version})
	case name == "distro" && t.distro != nil:
		return value == t.distro.Codename && value != "" || strings.HasPrefix(have, value+".") || isRelease(value, t.distro)
	}
	return false
}

// isRelease reports whether a text names a distribution and its release in a spelling of another tool: "redhat-9" of RHEL
// 9.4, "ubuntu-mantic".
func isRelease(text string, d *analyzer.Distro) bool {
	id, version, ok := distro.Cut(text)
	switch {
	case !ok || version == "" || id != distro.ID(d.ID):
		return false
	case '0' <= version[0] && version[0] <= '9':
		return d.VersionID == version || strings.HasPrefix(d.VersionID, version+".")
	}
	return distro.ReleaseOf(id, version, "") == distro.ReleaseOf(id, d.VersionID, d.Codename)
}

// keyOf returns names in the form in which they are compared. Distributions have names in package URLs that differ from
// their ID in os-release.
func keyOf(purlType, namespace, name string) matcher.Key {
	k := matcher.PackageKey(purlType, namespace, name)
	switch purlType {
	case "deb", "rpm", "apk", "alpm":
		if glob.Is(k.Namespace) {
			k.Namespace = strings.ToLower(k.Namespace)
		} else {
			k.Namespace = distro.ID(k.Namespace)
		}
	}
	return k
}

func sameVersion(purlType, a, b string) bool {
	if a == b {
		return true
	}
	if purlType == "rpm" { // the version of a source package has the epoch in front
		if epoch, rest, ok := strings.Cut(b, ":"); ok && epoch != "" && !strings.Contains(a, ":") {
			b = rest
		}
	}
	if purlType == "gem" {
		a, b = gemplatform.Cut(a), gemplatform.Cut(b)
	}
	c, err := version.Compare(purlType, a, b)
	return err == nil && c == 0
}
