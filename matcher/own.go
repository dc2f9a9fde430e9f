package matcher

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A builder is the evidence for who built a package of a distribution's package manager.
type builder uint8

const (
	thirdParty builder = iota
	unknown            // its vendor or maintainer is not one that the distribution is known for
	distribution
)

// skips returns the reason not to match each component of a report, "" if there is none.
//
// A component inside a package that the distribution built is not matched by itself. Anyone can write a package's fields into an
// image, so a package with an unknown builder counts only if the source has advisories for its source package, and its version
// has the distribution's form. No package owns files of directories that distributions leave to others.
func (m Matcher) skips(ctx context.Context, report *analyzer.Report, byID map[string]*analyzer.Component) ([]SkipReason, error) {
	reasons := make([]SkipReason, len(report.Components))
	builders := make(map[string]builder) // by ID of owners
	var claims []int                     // components with an owner of an unknown builder
	for i := range report.Components {
		c := &report.Components[i]
		if reason := m.unwanted(c); reason != "" {
			reasons[i] = reason
			continue
		}
		by := thirdParty
		if owner := byID[c.Owner]; owner != nil && distributed(c.Path) {
			known, ok := builders[c.Owner]
			if !ok {
				known = builderOf(owner, report.Distro)
				builders[c.Owner] = known
			}
			by = known
		}
		switch {
		case by == distribution:
			reasons[i] = OwnedByDistro
		case c.Version == "":
			reasons[i] = NoVersion
		}
		if by == unknown {
			claims = append(claims, i)
		}
	}
	if len(claims) == 0 {
		return reasons, nil
	}
	known := make(map[Key]bool) // whether the source has advisories
	var keys []Key
	var list []lookup
	for _, i := range claims {
		list = lookups(list, byID[report.Components[i].Owner], report.Distro)
		for _, l := range list {
			if _, ok := known[l.key]; !ok {
				known[l.key] = false
				keys = append(keys, l.key)
			}
		}
	}
	if err := m.know(ctx, keys, known); err != nil {
		return nil, err
	}
	for _, i := range claims {
		list = lookups(list, byID[report.Components[i].Owner], report.Distro)
		for _, l := range list {
			if known[l.key] {
				reasons[i] = OwnedByDistro
			}
		}
	}
	return reasons, nil
}

// unwanted returns the reason not to match a component at its place, "" if there is none.
func (m Matcher) unwanted(c *analyzer.Component) SkipReason {
	switch place := c.Place(); {
	case place == analyzer.LockFile && !m.Declared:
		return OnlyDeclared
	case place == analyzer.Cached && !slices.Contains(m.Include, place):
		return OnlyCached
	case place == analyzer.TestData && !slices.Contains(m.Include, place):
		return OnlyTestData
	}
	return ""
}

// know sets the keys for which the source has advisories.
func (m Matcher) know(ctx context.Context, keys []Key, known map[Key]bool) error {
	for a, err := range m.Source.Advisories(ctx, keys) {
		if err == nil {
			err = ctx.Err()
		}
		if _, ok := known[a.Key]; err == nil && !ok {
			err = unrequested(&a)
		}
		if err != nil {
			return fmt.Errorf("matcher: %w", err)
		}
		known[a.Key] = true
	}
	return nil
}

// builderOf judges a System package by its namespace, its vendor and its version.
func builderOf(p *analyzer.Component, d *analyzer.Distro) builder {
	if d == nil || p.Namespace != d.ID {
		return thirdParty
	}
	by := thirdParty
	for _, row := range lineageOf(p.Type, d) {
		if vouches(&row, p.Type, p.Vendor) {
			return distribution
		}
		if hasForm(p, &row) {
			by = unknown
		}
	}
	return by
}

// lineageOf returns the rows of a distribution and of those whose packages it ships unchanged.
func lineageOf(purlType string, d *analyzer.Distro) []distro.Distro {
	ids := []string{d.ID}
	if base, _, ok := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name); ok {
		ids = append(ids, base)
	}
	if purlType == "deb" {
		ids = append(ids, "debian") // every distribution of the type takes packages from it
	}
	var rows []distro.Distro
	for _, id := range ids {
		if row, ok := distro.Lookup(id); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// vouches reports whether a distribution is known for a vendor of RPM packages, or a maintainer of dpkg packages:
// "Matthias Klose <doko@debian.org>".
func vouches(d *distro.Distro, purlType, vendor string) bool {
	switch purlType {
	case "rpm":
		return slices.Contains(d.Vendors, vendor)
	case "deb":
		_, address, _ := strings.Cut(vendor, "<")
		address, _, _ = strings.Cut(address, ">")
		_, host, _ := strings.Cut(strings.ToLower(address), "@")
		for _, domain := range d.Maintainers {
			if host == domain || strings.HasSuffix(host, "."+domain) {
				return true
			}
		}
	}
	return false
}

// hasForm reports whether the version of a package has the form that builds of a distribution have.
func hasForm(p *analyzer.Component, d *distro.Distro) bool {
	i := strings.LastIndexByte(p.Version, '-')
	if i < 0 || i+1 == len(p.Version) {
		return false
	}
	revision := p.Version[i+1:]
	switch p.Type {
	case "rpm":
		for _, mark := range d.Marks {
			if strings.Contains(revision, mark) {
				return true
			}
		}
		return rpmname.InModule(revision)
	case "apk":
		return len(revision) > 1 && revision[0] == 'r' && strings.Trim(revision[1:], "0123456789") == ""
	}
	return '0' <= revision[0] && revision[0] <= '9'
}

// distributed reports whether packages of distributions put files at a path. The Filesystem Hierarchy Standard leaves /usr/local,
// /opt, /srv and home directories to others. An SBOM may name no path, which says nothing.
func distributed(path string) bool {
	if strings.HasPrefix(path, "usr/local/") {
		return false
	}
	switch top, _, _ := strings.Cut(path, "/"); top {
	case "", "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var":
		return true
	}
	return false
}
