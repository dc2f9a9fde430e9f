// Package diff compares two reports: it lists the packages that were added or removed, or that changed version or licence.
// A report may come from a scan or from a document, see sbom.Decode.
//
// Two entries are the same package if they agree in type, in the name's normal form for the ecosystem and, for packages of a
// distribution, in architecture. The builder and the place don't matter. If a package has several versions, those on one side
// only are paired: first those found in the same file, then the lowest with the lowest. A version found in several places
// counts once, since many documents don't record places.
package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/version"
)

// A Diff lists the differences of a second report from a first. Lists are sorted by type, name and version.
type Diff struct {
	Distro   *DistroChange   `json:"distribution,omitempty"` // nil if both are the same
	Added    []Item          `json:"added"`
	Removed  []Item          `json:"removed"`
	Changed  []VersionChange `json:"changed"`
	Licenses []LicenseChange `json:"licenses"`
	Same     int             `json:"same"` // packages of the same version
}

// A DistroChange is a change of the distribution or its release: "debian 12". A side without a distribution is "".
type DistroChange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// An Item is a package of one of the reports.
type Item struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"` // if it is part of the name
	Name      string `json:"name"`
	Arch      string `json:"arch,omitempty"`
	Version   string `json:"version,omitempty"`
	PURL      string `json:"purl,omitempty"`
	Path      string `json:"path,omitempty"` // path of the first file with it
}

// fullName returns the name with its namespace: "@scope/name".
func (p *Item) fullName() string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// A VersionChange is a package whose version changed.
type VersionChange struct {
	From Item `json:"from"`
	To   Item `json:"to"`

	// Direction is "upgrade" or "downgrade", "" if the versions cannot be compared.
	Direction string `json:"direction,omitempty"`
}

// A LicenseChange is a package, in its version of the second report, whose licences changed. All licences of a side hold;
// an empty side does not state any.
type LicenseChange struct {
	Item
	From []string `json:"from"`
	To   []string `json:"to"`
}

// Compare returns the differences of b from a.
func Compare(a, b *analyzer.Report) *Diff {
	d := &Diff{Added: []Item{}, Removed: []Item{}, Changed: []VersionChange{}, Licenses: []LicenseChange{}}
	if from, to := distroOf(a), distroOf(b); from != to {
		d.Distro = &DistroChange{from, to}
	}
	before, after := group(a), group(b)
	for k, olds := range before {
		d.compare(olds, after[k])
	}
	for k, news := range after {
		if _, ok := before[k]; !ok {
			d.compare(nil, news)
		}
	}
	slices.SortFunc(d.Added, comparePackages)
	slices.SortFunc(d.Removed, comparePackages)
	slices.SortFunc(d.Changed, func(x, y VersionChange) int {
		return cmp.Or(comparePackages(x.From, y.From), comparePackages(x.To, y.To))
	})
	slices.SortFunc(d.Licenses, func(x, y LicenseChange) int { return comparePackages(x.Item, y.Item) })
	return d
}

func comparePackages(a, b Item) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.fullName(), b.fullName()), strings.Compare(a.Arch, b.Arch),
		compareVersions(a.Type, a.Version, b.Version), strings.Compare(a.Path, b.Path))
}

// compareVersions orders versions, by their bytes if the ecosystem has no order for them.
func compareVersions(purlType, a, b string) int {
	if c, err := version.Compare(purlType, a, b); err == nil && c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func distroOf(r *analyzer.Report) string {
	if r.Distro == nil {
		return ""
	}
	return strings.TrimSpace(r.Distro.ID + " " + distro.ReleaseOf(r.Distro.ID, r.Distro.VersionID, r.Distro.Codename))
}

// A key identifies a package.
type key struct {
	matcher.Key
	arch string
}

// An entry is one version of a package.
type entry struct {
	Item
	paths    map[string]bool
	licenses map[string]bool
}

// group returns the versions of each package.
func group(r *analyzer.Report) map[key]map[string]*entry {
	groups := make(map[key]map[string]*entry)
	for i := range r.Components {
		c := &r.Components[i]
		if c.Nested {
			continue
		}
		k := key{Key: matcher.PackageKey(c.Type, c.Namespace, c.Name)}
		p := Item{Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: c.Version, PURL: c.PURL, Path: c.Path}
		if c.System {
			k = key{matcher.Key{Type: c.Type, Name: c.Name}, c.Arch}
			p.Namespace, p.Arch = "", c.Arch
		}
		if groups[k] == nil {
			groups[k] = make(map[string]*entry)
		}
		x := groups[k][c.Version]
		if x == nil {
			x = &entry{Item: p, paths: make(map[string]bool), licenses: make(map[string]bool)}
			groups[k][c.Version] = x
		}
		if c.Path != "" {
			x.paths[c.Path] = true
		}
		if cmp.Or(strings.Compare(c.Path, x.Path), strings.Compare(c.PURL, x.PURL), strings.Compare(c.Name, x.Name)) < 0 {
			x.Name, x.PURL, x.Path = c.Name, c.PURL, c.Path
		}
		for _, declared := range c.Licenses {
			text, _ := license.Normalize(declared)
			for _, l := range license.Conjuncts(text) {
				x.licenses[l] = true
			}
		}
	}
	return groups
}

// compare compares the versions of one package.
func (d *Diff) compare(olds, news map[string]*entry) {
	var gone, come []*entry
	for version, o := range olds {
		if n := news[version]; n != nil {
			d.Same++
			d.compareLicenses(o, n)
		} else {
			gone = append(gone, o)
		}
	}
	for version, n := range news {
		if olds[version] == nil {
			come = append(come, n)
		}
	}
	byVersion := func(a, b *entry) int { return comparePackages(a.Item, b.Item) }
	slices.SortFunc(gone, byVersion)
	slices.SortFunc(come, byVersion)
	if len(gone) > 0 && len(come) > 0 {
		gone, come = d.pair(gone, come)
	}
	n := min(len(gone), len(come))
	for i := range n {
		d.change(gone[i], come[i])
	}
	for _, o := range gone[n:] {
		d.Removed = append(d.Removed, o.Item)
	}
	for _, c := range come[n:] {
		d.Added = append(d.Added, c.Item)
	}
}

// pair records changes of versions found in the same file, and returns the others.
func (d *Diff) pair(gone, come []*entry) (stillGone, stillCome []*entry) {
	at := make(map[string][]*entry) // added entries by file, sorted
	for _, n := range come {
		for p := range n.paths {
			at[p] = append(at[p], n)
		}
	}
	used := make(map[*entry]bool)
	for _, o := range gone {
		var best *entry
		for _, p := range sorted(o.paths) {
			for len(at[p]) > 0 && used[at[p][0]] {
				at[p] = at[p][1:]
			}
			if best == nil && len(at[p]) > 0 {
				best = at[p][0]
			}
		}
		if best == nil {
			stillGone = append(stillGone, o)
			continue
		}
		used[best] = true
		d.change(o, best)
	}
	for _, n := range come {
		if !used[n] {
			stillCome = append(stillCome, n)
		}
	}
	return stillGone, stillCome
}

func (d *Diff) change(o, n *entry) {
	c := VersionChange{From: o.Item, To: n.Item}
	if x, err := version.Compare(o.Type, o.Version, n.Version); err == nil {
		switch {
		case x < 0:
			c.Direction = "upgrade"
		case x > 0:
			c.Direction = "downgrade"
		}
	}
	d.Changed = append(d.Changed, c)
	d.compareLicenses(o, n)
}

func (d *Diff) compareLicenses(o, n *entry) {
	from, to := sorted(o.licenses), sorted(n.licenses)
	if !slices.Equal(from, to) {
		d.Licenses = append(d.Licenses, LicenseChange{n.Item, from, to})
	}
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}
