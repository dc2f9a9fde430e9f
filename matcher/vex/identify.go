package vex

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/purl"
)

// An applier finds things in the image.
type applier struct {
	report     *analyzer.Report
	packages   []*purl.Target
	at         map[string]int // index in packages, by analyzer.Component.ID
	byID       map[string]*analyzer.Component
	byKey      map[matcher.Key][]int // indexes in packages, by their own names and those of their source packages
	roots      map[file]*analyzer.Component
	names      map[string]bool // names of the image, digests included
	references []imageref.Reference
	boms       map[string]*Document // by serial number without its version
	own        map[string]bool      // serial numbers of the image's own BOMs
	resolved   map[string]hits      // by package URL
	unresolved map[string]bool
	steps      int
}

func newApplier(found *analyzer.Report, docs []*Document, names []string) *applier {
	a := &applier{
		report: found, at: make(map[string]int), byID: make(map[string]*analyzer.Component),
		byKey: make(map[matcher.Key][]int), roots: rootsOf(found.Components),
		names: make(map[string]bool), boms: make(map[string]*Document), own: make(map[string]bool),
		resolved: make(map[string]hits), unresolved: make(map[string]bool),
	}
	for i := range found.Components {
		c := &found.Components[i]
		t := purl.NewTarget(c, found.Distro)
		a.packages = append(a.packages, t)
		a.at[c.ID], a.byID[c.ID] = i, c
		own, source := t.Keys()
		a.byKey[own] = append(a.byKey[own], i)
		if source != own {
			a.byKey[source] = append(a.byKey[source], i)
		}
	}
	for _, d := range []string{found.Image.Digest, found.Image.ID} {
		if d != "" {
			a.names[d] = true
		}
	}
	for _, n := range names {
		if strings.HasPrefix(strings.ToLower(n), "urn:uuid:") {
			a.own[serial(n)] = true
			continue
		}
		a.names[n] = true
		r := imageref.Parse(n)
		if r.Repository != "" {
			a.references = append(a.references, r)
		}
		if r.Digest != "" {
			a.names[r.Digest] = true
		}
	}
	for _, d := range docs {
		if d.bom != nil && d.bom.serial != "" && len(d.bom.byRef) > 0 {
			a.boms[serial(d.bom.serial)] = d
		}
	}
	return a
}

// wholeImage is the image as a target of ranges: it has no version, so that only a range of all versions matches it.
var wholeImage = purl.NewTarget(&analyzer.Component{Package: analyzer.Package{Type: "generic"}}, nil)

func serial(s string) string { return strings.TrimPrefix(strings.ToLower(s), "urn:uuid:") }

// A productMatch is the name by which a statement met a match, and its rank; the zero productMatch is no match.
type productMatch struct {
	rank int
	name string
}

// Ranks of meetings.
const (
	byWhole   = 1 // the image or its distribution
	byGlob    = 2 // a package, by a pattern
	byName    = 3 // a package
	byVersion = 4 // a package of a version or range
	byPlace   = 5 // one package at one place
	inPart    = 5 // added for a subcomponent of something
)

// hits are the things that an identity names.
type hits struct {
	whole    string // the name that is the image's or its distribution's, or ""
	packages map[int]productMatch
}

func (h *hits) any() bool { return h.whole != "" || len(h.packages) > 0 }

// products finds a product of a document in the image.
func (a *applier) products(d *Document, p *product) hits {
	in := a.identify(d, &p.identity)
	if len(p.Subcomponents) == 0 || !in.any() {
		return in
	}
	parts := hits{packages: make(map[int]productMatch)}
	outer := slices.Sorted(maps.Keys(in.packages))
	for k := range p.Subcomponents {
		sub := a.identify(d, &p.Subcomponents[k])
		for _, i := range slices.Sorted(maps.Keys(sub.packages)) {
			m := sub.packages[i]
			if _, same := in.packages[i]; in.whole == "" && !same && !a.isWithin(i, outer) {
				continue
			}
			if m.rank += inPart; m.rank > parts.packages[i].rank {
				parts.packages[i] = m
			}
		}
	}
	return parts
}

// isWithin reports whether a package lies in another of a list.
func (a *applier) isWithin(i int, in []int) bool {
	for _, j := range in {
		if a.steps++; a.steps > maxSteps {
			return false
		}
		if a.isPartOf(a.packages[i].Component, a.packages[j].Component) {
			return true
		}
	}
	return false
}

// identify finds an identity in the image.
func (a *applier) identify(d *Document, id *identity) hits {
	h := hits{packages: make(map[int]productMatch)}
	if a.addOwnRefs(&h, d, id.Refs); len(h.packages) > 0 {
		return h
	}
	for _, text := range id.PURLs {
		h.merge(a.purl(text))
	}
	for _, cpe := range id.CPEs {
		if len(id.PURLs) == 0 && a.isDistro(cpe) {
			h.whole = cmp.Or(h.whole, cpe)
		}
	}
	for _, hash := range id.Hashes {
		a.addHash(&h, hash)
	}
	for _, ref := range id.Refs {
		switch {
		case a.names[ref]:
			h.whole = cmp.Or(h.whole, ref)
		case strings.HasPrefix(ref, "urn:cdx:"):
			h.merge(a.link(ref))
		}
	}
	if len(id.Ranges) > 0 {
		a.limitToRanges(&h, id.Ranges)
	}
	return h
}

func (h *hits) add(i int, m productMatch) {
	if m.rank > h.packages[i].rank {
		h.packages[i] = m
	}
}

func (h *hits) merge(other hits) {
	h.whole = cmp.Or(h.whole, other.whole)
	for i, m := range other.packages {
		h.add(i, m)
	}
}

// addOwnRefs adds the components of the image's own BOM that references name, and no others of the same package URL.
func (a *applier) addOwnRefs(h *hits, d *Document, refs []string) {
	if d.Format == formatSPDX || d.bom != nil && a.own[serial(d.bom.serial)] { // the references are those of the image's own BOM
		for _, ref := range refs {
			if i, ok := a.at[ref]; ok {
				h.add(i, productMatch{byPlace, ref})
			}
		}
		if len(h.packages) > 0 {
			return
		}
	}
	for _, ref := range refs {
		if strings.HasPrefix(ref, "urn:cdx:") && a.own[linkedSerial(ref)] {
			for i, m := range a.link(ref).packages {
				h.add(i, m)
			}
		}
	}
}

// addHash adds the image or the packages with a hash, "sha256:0123".
func (a *applier) addHash(h *hits, hash string) {
	if a.names[hash] {
		h.whole = cmp.Or(h.whole, hash)
	}
	algorithm, hex, _ := strings.Cut(hash, ":")
	if hex == "" {
		return
	}
	for i := range a.packages {
		if strings.EqualFold(a.packages[i].Hashes[algorithm], hex) {
			h.add(i, productMatch{byVersion, hash})
		}
	}
}

// limitToRanges removes packages whose versions lie in none of the ranges.
func (a *applier) limitToRanges(h *hits, ranges []string) {
	inRange := func(t *purl.Target) bool {
		return slices.ContainsFunc(ranges, func(r string) bool { ok, err := t.InRange(r); return ok && err == nil })
	}
	for i, m := range h.packages {
		if !inRange(a.packages[i]) {
			delete(h.packages, i)
			continue
		}
		m.rank = max(m.rank, byVersion)
		h.packages[i] = m
	}
	if h.whole != "" && !inRange(wholeImage) {
		h.whole = ""
	}
}

// purl finds a package URL in the image.
func (a *applier) purl(text string) hits {
	if h, ok := a.resolved[text]; ok {
		return h
	}
	h := hits{packages: make(map[int]productMatch)}
	if a.names[text] {
		h.whole = text
	}
	if u, err := packageurl.FromString(text); err == nil && (u.Type == "oci" || u.Type == "docker") {
		if a.isImage(&u) {
			h.whole = text
		}
	} else if p, err := purl.Parse(text); err == nil {
		a.matchPackages(&h, p, text)
	}
	a.resolved[text] = h
	return h
}

func (a *applier) matchPackages(h *hits, p *purl.Pattern, text string) {
	try := func(i int, rank int) {
		if ok, versioned := p.Match(a.packages[i]); ok {
			if versioned && rank == byName {
				rank = byVersion
			}
			h.packages[i] = productMatch{rank, text}
		}
	}
	key, exact := p.Key()
	if !exact {
		for i := range a.packages {
			if a.steps++; a.steps > maxSteps {
				return
			}
			try(i, byGlob)
		}
		return
	}
	for _, i := range a.byKey[key] {
		try(i, byName)
	}
}

// linkedSerial returns the serial number in a BOM-Link.
func linkedSerial(ref string) string {
	target, _, _ := strings.Cut(strings.TrimPrefix(ref, "urn:cdx:"), "#")
	id, _, _ := strings.Cut(target, "/")
	return serial(id)
}

// link finds the target of a BOM-Link in the image, https://cyclonedx.org/capabilities/bomlink/.
func (a *applier) link(ref string) hits {
	_, fragment, _ := strings.Cut(ref, "#")
	id := linkedSerial(ref)
	h := hits{packages: make(map[int]productMatch)}
	plain, err := url.PathUnescape(fragment)
	if err != nil {
		plain = fragment
	}
	switch d := a.boms[id]; {
	case a.own[id]:
		if fragment == "" {
			h.whole = ref
		}
		if i, ok := a.at[plain]; ok {
			h.packages[i] = productMatch{byPlace, ref}
		}
	case d != nil:
		c := d.bom.byRef[fragment]
		if c == nil {
			c = d.bom.byRef[plain]
		}
		if c == nil {
			a.unresolved[ref] = true
			return h
		}
		named := c.identity()
		linked := a.identify(d, &named)
		h.whole = linked.whole
		for i, m := range linked.packages {
			h.packages[i] = productMatch{m.rank, ref}
		}
	case a.names["urn:uuid:"+id]:
		if fragment == "" {
			h.whole = ref
			return h
		}
		named := identity{}
		named.name(plain)
		return a.identify(&Document{}, &named)
	default:
		a.unresolved[ref] = true
	}
	return h
}
