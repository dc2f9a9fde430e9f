// Package packageorigin judges whether a distribution built a package, and answers for the files in it.
package packageorigin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Origin is the evidence for the builder of a package of a distribution's package manager.
type Origin uint8

const (
	ThirdParty Origin = iota
	Unknown           // its vendor or maintainer is not one that the distribution is known for
	Distribution
)

// Of judges a System package of a distribution by its namespace, its vendor and its version, and returns what speaks for the distribution.
func Of(p *analyzer.Component, d *analyzer.Distro) (by Origin, mark string) {
	if d == nil || p.Namespace != d.ID {
		return ThirdParty, ""
	}
	for _, row := range lineageOf(p.Type, d) {
		if mark := markOf(&row, p); mark != "" {
			return Distribution, mark
		}
		if by == ThirdParty && hasForm(p, &row) {
			by, mark = Unknown, "a version in the form of "+row.ID
		}
	}
	return by, mark
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

// markOf returns the mark by which a distribution built a package, or "": the key that signed an RPM package or, if none did, the
// vendor, or the domain of a maintainer of dpkg packages, "Matthias Klose <doko@debian.org>".
//
// A vendor does not count beside the signature of an unknown key. Rebuilds of a distribution's packages keep the vendor's name.
func markOf(d *distro.Distro, p *analyzer.Component) string {
	switch p.Type {
	case "rpm":
		key := fmt.Sprintf("%016x", p.Signer)
		switch {
		case p.Signer != 0 && slices.Contains(d.Keys, key):
			return "a signature with the key " + key + " of " + d.Name
		case slices.Contains(d.Vendors, p.Vendor) && (p.Signer == 0 || len(d.Keys) == 0):
			return "the vendor " + p.Vendor
		}
	case "deb":
		_, address, _ := strings.Cut(p.Vendor, "<")
		address, _, _ = strings.Cut(address, ">")
		_, host, _ := strings.Cut(strings.ToLower(address), "@")
		for _, domain := range d.Maintainers {
			if host == domain || strings.HasSuffix(host, "."+domain) {
				return "a maintainer at " + domain
			}
		}
	}
	return ""
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

// Distributed reports whether packages of distributions put files at a path. The Filesystem Hierarchy Standard leaves /usr/local,
// /opt, /srv and home directories to others. An SBOM may name no path, which says nothing.
func Distributed(path string) bool {
	if strings.HasPrefix(path, "usr/local/") {
		return false
	}
	switch top, _, _ := strings.Cut(path, "/"); top {
	case "", "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var":
		return true
	}
	return false
}
