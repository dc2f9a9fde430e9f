// Package merge joins several reports about the same product into one: the records of a build and the scan of the image
// that it made, documents of several tools, an application and its base image.
//
// Packages of two reports are the same if they agree in type, name, version and, for packages of a distribution, architecture,
// and lie in the same place or one of them has no place. The merged package keeps the ID from the first report that has it, so
// that references to it still work, and takes the fields that the first report lacks from the others. A package is installed
// if any report says so. The first list of licences that is not empty counts.
//
// Equal findings and records are one. The merged report has the examinations of all reports. An analyzer that ran for one
// report only has two.
package merge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A merger builds the merged report.
type merger struct {
	out   *analyzer.Report
	taken map[string]int // index of a component by its ID
	first map[key]int    // index of the first component of a key, wherever it lies
	at    map[place]int  // index of the component in a place, which is empty if unknown
	found map[analyzer.FileFinding]bool
	again map[string]int // how often another component had an ID

	recorded map[string]bool // records and examinations as text
}

// A key identifies a package.
type key struct {
	matcher.Key
	version, arch string
}

// A place is where a component lies.
type place struct {
	key
	path, inside string
}

// Reports merges reports; earlier ones take precedence. It fails if two have different distributions or releases,
// since the packages of one would be matched with the advisories of the other. It does not change its arguments.
//
// Reports of one image keep their layers and references to layers. Reports of several images lose them, and a Diagnostic
// records the loss.
func Reports(reports ...*analyzer.Report) (*analyzer.Report, error) {
	m := merger{out: &analyzer.Report{}, taken: make(map[string]int), first: make(map[key]int), at: make(map[place]int), found: make(map[analyzer.FileFinding]bool), again: make(map[string]int), recorded: make(map[string]bool)}
	if err := m.head(reports); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	layered := m.out.Layers != nil
	for _, r := range reports {
		m.add(r, layered && len(r.Layers) > 0)
	}
	sbomreport.Sort(m.out)
	slices.SortStableFunc(m.out.Examined, func(a, b analyzer.Examination) int { return strings.Compare(a.Analyzer, b.Analyzer) })
	return m.out, nil
}

// head merges distribution, image and layers.
func (m *merger) head(reports []*analyzer.Report) error {
	images, layers := 0, 0
	for i, r := range reports {
		if d := r.Distro; d != nil {
			if m.out.Distro == nil {
				c := *d
				m.out.Distro = &c
			} else if !sameDistro(m.out.Distro, d) {
				return fmt.Errorf("report %d is of %s, earlier ones of %s: different distributions", i+1, describe(d), describe(m.out.Distro))
			} else {
				complete(m.out.Distro, d)
			}
		}
		image := &m.out.Image
		switch {
		case r.Image == (analyzer.ImageInfo{}):
		case images > 0 && (differ(image.ID, r.Image.ID) || differ(image.Digest, r.Image.Digest)):
			images++
		default:
			images = max(images, 1)
			image.ID, image.Digest = cmp.Or(image.ID, r.Image.ID), cmp.Or(image.Digest, r.Image.Digest)
			image.Platform = cmp.Or(image.Platform, r.Image.Platform)
		}
		if len(r.Layers) > 0 {
			switch {
			case layers == 0:
				m.out.Layers = slices.Clone(r.Layers)
				layers = 1
			case !slices.EqualFunc(m.out.Layers, r.Layers, func(a, b analyzer.Layer) bool { return a.DiffID == b.DiffID }):
				layers++
			}
		}
	}
	if images > 1 || layers > 1 {
		m.out.Image, m.out.Layers = analyzer.ImageInfo{}, nil
		m.out.Diagnostics = append(m.out.Diagnostics, analyzer.FileDiagnostic{
			Diagnostic: analyzer.Diagnostic{
				Code:    analyzer.Unsupported,
				Message: "the reports are of several images, so the layers of packages are left out",
			},
			Layer: -1, Analyzer: "merge",
		})
	}
	return nil
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

func sameDistro(a, b *analyzer.Distro) bool {
	release := func(d *analyzer.Distro) string { return distro.ReleaseOf(d.ID, d.VersionID, d.Codename) }
	return a.ID == b.ID && !differ(release(a), release(b))
}

func describe(d *analyzer.Distro) string {
	return strings.TrimSpace(d.ID + " " + cmp.Or(d.VersionID, d.Codename))
}

func complete(a, b *analyzer.Distro) {
	a.VersionID, a.Codename = cmp.Or(a.VersionID, b.VersionID), cmp.Or(a.Codename, b.Codename)
	a.Name, a.CPE = cmp.Or(a.Name, b.Name), cmp.Or(a.CPE, b.CPE)
	if len(a.Like) == 0 {
		a.Like = slices.Clone(b.Like)
	}
	a.Repositories = slices.Concat(a.Repositories, b.Repositories)
	slices.Sort(a.Repositories)
	a.Repositories = slices.Clip(slices.Compact(a.Repositories))
}

// add adds a report, with its layers or without.
func (m *merger) add(r *analyzer.Report, layered bool) {
	layer := func(n int) int {
		if !layered {
			return -1
		}
		return n
	}
	renamed := make(map[string]string, len(r.Components))
	for i := range r.Components {
		c := &r.Components[i]
		renamed[c.ID] = m.component(c, layer(c.Layer))
	}
	for i := range r.Components {
		c := &r.Components[i]
		if k := &m.out.Components[m.taken[renamed[c.ID]]]; c.Owner != "" && k.Owner == "" && renamed[c.Owner] != k.ID {
			k.Owner = renamed[c.Owner]
		}
	}
	for _, f := range r.Findings {
		f.Layer, f.Owner = layer(f.Layer), renamed[f.Owner]
		if !m.found[f] {
			m.found[f] = true
			m.out.Findings = append(m.out.Findings, f)
		}
	}
	for _, f := range r.Records {
		f.Layer = layer(f.Layer)
		if text := fmt.Sprintf("%#v", f); !m.recorded[text] { // maps are printed in order
			m.recorded[text] = true
			m.out.Records = append(m.out.Records, f)
		}
	}
	for _, x := range r.Examined {
		if text := fmt.Sprintf("%#v", x); !m.recorded[text] {
			m.recorded[text] = true
			m.out.Examined = append(m.out.Examined, x)
		}
	}
	for _, d := range r.Diagnostics {
		d.Layer = layer(d.Layer)
		m.out.Diagnostics = append(m.out.Diagnostics, d)
	}
}

// component adds a component, and returns its ID in the merged report.
func (m *merger) component(c *analyzer.Component, layer int) string {
	k := key{Key: matcher.PackageKey(c.Type, c.Namespace, c.Name), version: c.Version}
	if c.System {
		k.arch, k.Namespace = c.Arch, ""
	}
	here, nowhere := place{k, c.Path, c.ArchivePath}, place{key: k}
	i, ok := m.at[here]
	if !ok && c.Path == "" {
		i, ok = m.first[k]
	}
	if !ok {
		if i, ok = m.at[nowhere]; ok { // this report knows the place
			delete(m.at, nowhere)
			m.at[here] = i
		}
	}
	if ok {
		m.fill(&m.out.Components[i], c, layer)
		return m.out.Components[i].ID
	}
	n := *c
	n.Layer, n.Owner = layer, ""
	n.Licenses, n.Depends, n.Provides, n.Files = slices.Clone(c.Licenses), slices.Clone(c.Depends), slices.Clone(c.Provides), slices.Clone(c.Files)
	n.Hashes, n.Qualifiers = maps.Clone(c.Hashes), maps.Clone(c.Qualifiers)
	for {
		if _, taken := m.taken[n.ID]; !taken {
			break
		}
		m.again[c.ID]++
		n.ID = fmt.Sprintf("%s-%d", c.ID, m.again[c.ID]+1)
	}
	m.taken[n.ID] = len(m.out.Components)
	m.at[here] = len(m.out.Components)
	if _, ok := m.first[k]; !ok {
		m.first[k] = len(m.out.Components)
	}
	m.out.Components = append(m.out.Components, n)
	return n.ID
}

// fill copies the fields that old lacks from c.
func (m *merger) fill(old, c *analyzer.Component, layer int) {
	if old.Path == "" {
		old.Path, old.ArchivePath, old.Layer, old.Analyzer = c.Path, c.ArchivePath, layer, cmp.Or(old.Analyzer, c.Analyzer)
	}
	if old.Layer < 0 {
		old.Layer = layer
	}
	old.Vendor, old.Signer, old.PURL = cmp.Or(old.Vendor, c.Vendor), cmp.Or(old.Signer, c.Signer), cmp.Or(old.PURL, c.PURL)
	old.System = old.System || c.System
	old.Declared, old.Stated, old.Dev = old.Declared && c.Declared, old.Stated && c.Stated, old.Dev && c.Dev
	if old.SourcePackage == nil {
		old.SourcePackage = c.SourcePackage
	}
	if old.Functions == nil || c.Functions == nil || *old.Functions != *c.Functions {
		old.Functions = nil // of several programs, or of one that a report does not know
	}
	if len(old.Licenses) == 0 {
		old.Licenses = slices.Clone(c.Licenses)
	}
	if len(old.Files) == 0 {
		old.Files = slices.Clone(c.Files)
	}
	old.Depends, old.Provides = union(old.Depends, c.Depends), union(old.Provides, c.Provides)
	old.Hashes, old.Qualifiers = fillMap(old.Hashes, c.Hashes), fillMap(old.Qualifiers, c.Qualifiers)
}

func union(a, b []string) []string {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	known := make(map[string]bool, len(a)+len(b))
	for _, s := range a {
		known[s] = true
	}
	for _, s := range b {
		if !known[s] {
			known[s] = true
			a = append(a, s)
		}
	}
	return a
}

func fillMap(a, b map[string]string) map[string]string {
	for k, v := range b {
		if _, ok := a[k]; !ok {
			if a == nil {
				a = make(map[string]string, len(b))
			}
			a[k] = v
		}
	}
	return a
}
