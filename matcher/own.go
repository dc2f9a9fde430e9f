package matcher

import (
	"context"
	"fmt"
	"maps"
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
func (m Matcher) skips(ctx context.Context, report *analyzer.Report) ([]SkipReason, error) {
	byID := make(map[string]*analyzer.Component, len(report.Components))
	for i := range report.Components {
		byID[report.Components[i].ID] = &report.Components[i]
	}
	reasons := make([]SkipReason, len(report.Components))
	builders := make(map[*analyzer.Component]builder)
	claims := make(map[int]*analyzer.Component) // owners with an unknown builder, by index of the component
	for i := range report.Components {
		c := &report.Components[i]
		by := thirdParty
		if owner := byID[c.Owner]; owner != nil && c.Owner != "" && distributed(c.Path) {
			known, ok := builders[owner]
			if !ok {
				known = builderOf(owner, report.Distro)
				builders[owner] = known
			}
			if by = known; by == unknown {
				claims[i] = owner
			}
		}
		switch {
		case c.Declared && !m.Declared:
			reasons[i] = OnlyDeclared
			delete(claims, i)
		case by == distribution:
			reasons[i] = OwnedByDistro
		case c.Version == "":
			reasons[i] = NoVersion
		}
	}
	known, err := m.knows(ctx, claims, report.Distro)
	if err != nil {
		return nil, err
	}
	for i, owner := range claims {
		if known[owner] {
			reasons[i] = OwnedByDistro
		}
	}
	return reasons, nil
}

// knows returns the owners for whose packages or source packages the source has advisories.
func (m Matcher) knows(ctx context.Context, claims map[int]*analyzer.Component, d *analyzer.Distro) (map[*analyzer.Component]bool, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	owners := make(map[Key][]*analyzer.Component)
	seen := make(map[*analyzer.Component]bool)
	var list []lookup
	for _, owner := range claims {
		if seen[owner] {
			continue
		}
		seen[owner] = true
		list = lookups(list, owner, d)
		for _, l := range list {
			owners[l.key] = append(owners[l.key], owner)
		}
	}
	keys := slices.SortedFunc(maps.Keys(owners), CompareKeys)
	known := make(map[*analyzer.Component]bool)
	for a, err := range m.Source.Advisories(ctx, keys) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && owners[a.Key] == nil {
			err = unrequested(&a)
		}
		if err != nil {
			return nil, fmt.Errorf("matcher: %w", err)
		}
		for _, owner := range owners[a.Key] {
			known[owner] = true
		}
	}
	return known, nil
}

// builderOf judges a System package by its namespace, its vendor and its version.
func builderOf(p *analyzer.Component, d *analyzer.Distro) builder {
	if d == nil || p.Namespace != d.ID {
		return thirdParty
	}
	lineage := lineageOf(p.Type, d)
	switch {
	case slices.ContainsFunc(lineage, func(row distro.Distro) bool { return vouches(row, p.Type, p.Vendor) }):
		return distribution
	case hasForm(p, lineage):
		return unknown
	}
	return thirdParty
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
func vouches(d distro.Distro, purlType, vendor string) bool {
	switch purlType {
	case "rpm":
		return slices.Contains(d.Vendors, vendor)
	case "deb":
		_, address, _ := strings.Cut(vendor, "<")
		address, _, _ = strings.Cut(address, ">")
		_, host, _ := strings.Cut(strings.ToLower(address), "@")
		return slices.ContainsFunc(d.Maintainers, func(domain string) bool {
			return host == domain || strings.HasSuffix(host, "."+domain)
		})
	}
	return false
}

// hasForm reports whether the version of a package has the form that builds of the distribution have.
func hasForm(p *analyzer.Component, lineage []distro.Distro) bool {
	_, revision, ok := cutLast(p.Version, "-")
	switch {
	case !ok || revision == "":
		return false
	case p.Type == "rpm":
		return rpmname.InModule(revision) || slices.ContainsFunc(lineage, func(d distro.Distro) bool {
			return slices.ContainsFunc(d.Marks, func(mark string) bool { return strings.Contains(revision, mark) })
		})
	case p.Type == "apk":
		return len(revision) > 1 && revision[0] == 'r' && strings.Trim(revision[1:], "0123456789") == ""
	}
	return '0' <= revision[0] && revision[0] <= '9'
}

// cutLast cuts s around the last sep.
func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
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
