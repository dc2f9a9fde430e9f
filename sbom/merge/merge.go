// Package merge makes one report of several about the same product: of what a build recorded and what a scan of the image
// found, of documents of several tools, of an application and its base image.
//
// A package of two reports is one where its type, name, version and, for packages of a distribution, architecture are the same, and it
// lies in the same place or one of them does not say where. It keeps the ID that it has in the first report that names it, so
// that what refers to it still does; what the first does not say is taken from the others. A package is installed where one report says so, and of a
// list of licences the first that is not empty counts.
package merge

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inventory"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// ErrDistro says that reports are of different distributions. A report is of one, and packages of the other would be
// matched with its advisories.
var ErrDistro = errors.New("different distributions")

// A merger makes one report.
type merger struct {
	out   *analyzer.Report
	taken map[string]int // index of a component by its ID
	first map[key]int    // index of the first component of those that are the same but for where they lie
	at    map[place]int  // index of the one in a place, which is empty where it does not say
	found map[analyzer.FileFinding]bool
	again map[string]int // how often an ID stood for another component
}

// A key is what makes a package the same.
type key struct {
	matcher.Key
	version, arch string
}

// A place is where a component lies.
type place struct {
	key
	path, inside string
}

// Reports merges reports, in their order: earlier ones count more. It fails with [ErrDistro] where two are of different
// distributions or releases. Reports that it is given stay as they are.
//
// Layers and what refers to them are kept where the reports are of one image; of several images they are left out, with a
// Diagnostic that says so.
func Reports(reports ...*analyzer.Report) (*analyzer.Report, error) {
	m := merger{out: &analyzer.Report{}, taken: make(map[string]int), first: make(map[key]int), at: make(map[place]int), found: make(map[analyzer.FileFinding]bool), again: make(map[string]int)}
	if err := m.head(reports); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	layered := m.out.Layers != nil
	for _, r := range reports {
		m.add(r, layered && len(r.Layers) > 0)
	}
	inventory.Sort(m.out)
	return m.out, nil
}

// head merges what there is one of.
func (m *merger) head(reports []*analyzer.Report) error {
	images, layers := 0, 0
	for i, r := range reports {
		if d := r.Distro; d != nil {
			if m.out.Distro == nil {
				c := *d
				m.out.Distro = &c
			} else if !sameDistro(m.out.Distro, d) {
				return fmt.Errorf("report %d is of %s, earlier ones of %s: %w", i+1, describe(d), describe(m.out.Distro), ErrDistro)
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
				Message: "the reports are of several images: which layer of which of them a package came with is left out",
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
		f.Layer = layer(f.Layer)
		if !m.found[f] {
			m.found[f] = true
			m.out.Findings = append(m.out.Findings, f)
		}
	}
	for _, d := range r.Diagnostics {
		d.Layer = layer(d.Layer)
		m.out.Diagnostics = append(m.out.Diagnostics, d)
	}
}

// component adds a component, and returns the ID that it has now.
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
		if i, ok = m.at[nowhere]; ok { // now it is known where
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

// fill takes from c what old does not say.
func (m *merger) fill(old, c *analyzer.Component, layer int) {
	if old.Path == "" {
		old.Path, old.ArchivePath, old.Layer, old.Analyzer = c.Path, c.ArchivePath, layer, cmp.Or(old.Analyzer, c.Analyzer)
	}
	if old.Layer < 0 {
		old.Layer = layer
	}
	old.Vendor, old.PURL = cmp.Or(old.Vendor, c.Vendor), cmp.Or(old.PURL, c.PURL)
	old.System = old.System || c.System
	old.Declared, old.Dev = old.Declared && c.Declared, old.Dev && c.Dev
	if old.SourcePackage == nil {
		old.SourcePackage = c.SourcePackage
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
