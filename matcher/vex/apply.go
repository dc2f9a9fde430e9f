package vex

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A Usage says what became of a document.
type Usage struct {
	Document   *Document
	Named      int      // statements that name something in the image, whatever the vulnerability
	Decided    int      // matches whose Analysis is of the document
	Suppressed int      // of these, the ones that it says do not matter
	Agreed     int      // matches of which another document decides the same
	Overruled  int      // matches of which another document decides something else
	Unresolved []string // BOM-Links to BOMs that are none of the documents, sorted
	Cut        bool     // its wildcards name so much that not all of them were followed
}

// maxSteps bounds how many packages are compared with wildcards, and with products that they may lie in.
const maxSteps = 5_000_000

// String says it in a line for a person: "app.vex.json: OpenVEX, 3 statements: suppresses 2 matches".
func (u *Usage) String() string {
	d := u.Document
	head := fmt.Sprintf("%s: %s, %s: ", d.Name, d.Format, plural(len(d.Statements), "statement"))
	switch {
	case len(d.Statements) == 0 && d.bom != nil && len(d.bom.byRef) > 0:
		return head + "only says what other documents link to"
	case u.Named == 0:
		return head + "names nothing in the image"
	case u.Decided+u.Agreed+u.Overruled == 0:
		return head + fmt.Sprintf("%s something in the image, but nothing that was found in it", plural(u.Named, "of them name", "of them names"))
	}
	var parts []string
	if u.Decided > 0 {
		parts = append(parts, fmt.Sprintf("decides %s, suppresses %d of them", plural(u.Decided, "match"), u.Suppressed))
	}
	if u.Agreed > 0 {
		parts = append(parts, "agrees with another document on "+plural(u.Agreed, "match"))
	}
	if u.Overruled > 0 {
		parts = append(parts, "is overruled on "+plural(u.Overruled, "match"))
	}
	if u.Cut {
		parts = append(parts, "not all of its wildcards were followed")
	}
	return head + strings.Join(parts, "; ")
}

// Apply joins what documents say to the matches of a result of the report. It returns a result of its own; the one it is given
// stays as it is. The usages are in the order of the documents.
func Apply(report *analyzer.Report, result *matcher.Result, docs []*Document, image Image) (*matcher.Result, []Usage) {
	a := newApplier(report, docs, image)
	out := *result
	out.Matches = slices.Clone(result.Matches)
	byID := make(map[string][]int) // matches of an identifier
	at := make(map[place]int)      // the match of an identifier in a component
	for i := range out.Matches {
		m := &out.Matches[i]
		c, ok := a.at[m.Component]
		if !ok {
			continue
		}
		for id := range identifiers(m) {
			byID[id] = append(byID[id], i)
			at[place{id, c}] = i
		}
	}
	usages := make([]Usage, len(docs))
	words := make(map[int][]word) // of each match
	for k, d := range docs {
		u := &usages[k]
		u.Document = d
		for i := range d.Statements {
			s := &d.Statements[i]
			named := false
			best := make(map[int]meeting) // of each match
			for j := range s.Products {
				names := a.products(d, &s.Products[j])
				named = named || names.any()
				for _, id := range s.Vulnerabilities {
					id = fold(id)
					for c, hit := range names.packages {
						if m, ok := at[place{id, c}]; ok && hit.rank > best[m].rank {
							best[m] = hit
						}
					}
					if names.whole == "" {
						continue
					}
					for _, m := range byID[id] {
						if best[m].rank == 0 {
							best[m] = meeting{byWhole, names.whole}
						}
					}
				}
			}
			if named {
				u.Named++
			}
			for m, hit := range best {
				words[m] = append(words[m], word{s, k, i, hit})
			}
		}
		u.Cut = a.steps > maxSteps
		u.Unresolved = slices.Sorted(maps.Keys(a.unresolved))
		clear(a.unresolved)
	}
	for m, list := range words {
		slices.SortFunc(list, compareWords)
		first := list[0].analysis(docs)
		for _, w := range list[1:] {
			first.Overruled = append(first.Overruled, w.analysis(docs))
		}
		out.Matches[m].Analysis = &first
		usages[list[0].document].Decided++
		if out.Matches[m].Suppressed() {
			usages[list[0].document].Suppressed++
		}
		seen := map[int]bool{list[0].document: true}
		for _, w := range list[1:] {
			switch u := &usages[w.document]; {
			case seen[w.document]:
			case w.Status == list[0].Status:
				u.Agreed++
			default:
				u.Overruled++
			}
			seen[w.document] = true
		}
	}
	return &out, usages
}

// A place is an identifier and the index of a component.
type place struct {
	id        string
	component int
}

// identifiers returns all that a match goes by, each once.
func identifiers(m *matcher.Match) map[string]bool {
	ids := map[string]bool{fold(m.ID): true}
	for _, id := range m.Aliases {
		ids[fold(id)] = true
	}
	for i := range m.Advisories {
		ids[fold(m.Advisories[i].ID)] = true
	}
	return ids
}

func fold(id string) string { return strings.ToUpper(id) }

// A word is what one statement says of one match.
type word struct {
	*Statement
	document, index int
	meeting
}

// compareWords orders the word that holds first.
func compareWords(a, b word) int {
	return cmp.Or(
		b.Time.Compare(a.Time),
		cmp.Compare(b.rank, a.rank),
		cmp.Compare(alarm(b.Status), alarm(a.Status)),
		cmp.Compare(b.document, a.document), // given later, or written later
		cmp.Compare(b.index, a.index),
	)
}

func alarm(s matcher.Status) int {
	switch s {
	case matcher.Affected:
		return 3
	case matcher.UnderInvestigation:
		return 2
	case matcher.Fixed:
		return 1
	}
	return 0
}

func (w *word) analysis(docs []*Document) matcher.Analysis {
	d := docs[w.document]
	return matcher.Analysis{
		Status: w.Status, Justification: w.Justification, Detail: w.Detail, Author: d.Author, Time: w.Time,
		Document: d.Name, Place: w.Place, Product: w.name,
	}
}

// An applier knows what is in the image.
type applier struct {
	report     *analyzer.Report
	subjects   []subject
	at         map[string]int // index in subjects, by analyzer.Component.ID
	byID       map[string]*analyzer.Component
	byName     map[matcher.Key][]int
	bySource   map[matcher.Key][]int
	names      map[string]bool // what the image is called, digests too
	references []reference
	boms       map[string]*Document // by serial number without its version
	own        map[string]bool      // serial numbers of the image's own BOMs
	resolved   map[string]hits      // what a package URL names
	unresolved map[string]bool
	steps      int
}

func newApplier(report *analyzer.Report, docs []*Document, image Image) *applier {
	a := &applier{
		report: report, at: make(map[string]int), byID: make(map[string]*analyzer.Component),
		byName: make(map[matcher.Key][]int), bySource: make(map[matcher.Key][]int),
		names: make(map[string]bool), boms: make(map[string]*Document), own: make(map[string]bool),
		resolved: make(map[string]hits), unresolved: make(map[string]bool),
	}
	for i := range report.Components {
		c := &report.Components[i]
		s := newSubject(c, report.Distro)
		a.subjects = append(a.subjects, s)
		a.at[c.ID], a.byID[c.ID] = i, c
		a.byName[s.key] = append(a.byName[s.key], i)
		if source := s.key; c.Origin != nil && c.Origin.Name != "" {
			source.Name = c.Origin.Name
			a.bySource[source] = append(a.bySource[source], i)
		} else {
			a.bySource[s.key] = append(a.bySource[s.key], i)
		}
	}
	for _, d := range []string{report.Image.Digest, report.Image.ID} {
		if d != "" {
			a.names[d] = true
		}
	}
	for _, n := range image.Names {
		a.names[n] = true
		r := parseReference(n)
		a.references = append(a.references, r)
		if r.digest != "" {
			a.names[r.digest] = true
		}
	}
	for _, b := range image.BOMs {
		a.own[serial(b)] = true
	}
	for _, d := range docs {
		if d.bom != nil && d.bom.serial != "" && len(d.bom.byRef) > 0 {
			a.boms[serial(d.bom.serial)] = d
		}
	}
	return a
}

func serial(s string) string { return strings.TrimPrefix(strings.ToLower(s), "urn:uuid:") }

// A meeting is by what a statement met a match, and how closely; the zero meeting is none.
type meeting struct {
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

// hits are what an identity names.
type hits struct {
	whole    string // the name by which it is the image or its distribution; ""
	packages map[int]meeting
}

func (h *hits) any() bool { return h.whole != "" || len(h.packages) > 0 }

// products returns what a product of a document names in the image.
func (a *applier) products(d *Document, p *Product) hits {
	in := a.identify(d, &p.Identity)
	if len(p.Subcomponents) == 0 || !in.any() {
		return in
	}
	parts := hits{packages: make(map[int]meeting)}
	outer := slices.Sorted(maps.Keys(in.packages))
	for k := range p.Subcomponents {
		sub := a.identify(d, &p.Subcomponents[k])
		for _, i := range slices.Sorted(maps.Keys(sub.packages)) {
			m := sub.packages[i]
			if _, same := in.packages[i]; in.whole == "" && !same && !a.within(i, outer) {
				continue
			}
			if m.rank += inPart; m.rank > parts.packages[i].rank {
				parts.packages[i] = m
			}
		}
	}
	return parts
}

// within reports whether a package lies in one of others.
func (a *applier) within(i int, in []int) bool {
	for _, j := range in {
		if a.steps++; a.steps > maxSteps {
			return false
		}
		if a.lies(a.subjects[i].Component, a.subjects[j].Component) {
			return true
		}
	}
	return false
}

// identify returns what an identity names in the image.
func (a *applier) identify(d *Document, id *Identity) hits {
	h := hits{packages: make(map[int]meeting)}
	add := func(i int, m meeting) {
		if m.rank > h.packages[i].rank {
			h.packages[i] = m
		}
	}
	if d.bom != nil && a.own[serial(d.bom.serial)] { // the image's own BOM: its references are places
		for _, ref := range id.Refs {
			if i, ok := a.at[ref]; ok {
				add(i, meeting{byPlace, ref})
			}
		}
		if len(h.packages) > 0 {
			return h
		}
	}
	for _, text := range id.PURLs {
		named := a.purl(text)
		h.whole = cmp.Or(h.whole, named.whole)
		for i, m := range named.packages {
			add(i, m)
		}
	}
	for _, cpe := range id.CPEs {
		if len(id.PURLs) == 0 && a.isDistro(cpe) {
			h.whole = cmp.Or(h.whole, cpe)
		}
	}
	for _, hash := range id.Hashes {
		if a.names[hash] {
			h.whole = cmp.Or(h.whole, hash)
		}
		algorithm, hex, _ := strings.Cut(hash, ":")
		for i := range a.subjects {
			if hex != "" && strings.EqualFold(a.subjects[i].Hashes[algorithm], hex) {
				add(i, meeting{byVersion, hash})
			}
		}
	}
	for _, ref := range id.Refs {
		switch {
		case a.names[ref]:
			h.whole = cmp.Or(h.whole, ref)
		case strings.HasPrefix(ref, "urn:cdx:"):
			linked := a.link(ref)
			h.whole = cmp.Or(h.whole, linked.whole)
			for i, m := range linked.packages {
				add(i, m)
			}
		}
	}
	if len(id.Ranges) > 0 {
		for i, m := range h.packages {
			s := &a.subjects[i]
			if !slices.ContainsFunc(id.Ranges, func(r string) bool { ok, err := within(s.Type, r, s.version); return ok && err == nil }) {
				delete(h.packages, i)
				continue
			}
			m.rank = max(m.rank, byVersion)
			h.packages[i] = m
		}
		if h.whole != "" && !slices.ContainsFunc(id.Ranges, func(r string) bool { ok, err := within("generic", r, ""); return ok && err == nil }) {
			h.whole = "" // an image has no version that a range could hold
		}
	}
	return h
}

// purl returns what a package URL names.
func (a *applier) purl(text string) hits {
	if h, ok := a.resolved[text]; ok {
		return h
	}
	h := hits{packages: make(map[int]meeting)}
	if a.names[text] {
		h.whole = text
	}
	if p, ok := parsePattern(text); ok {
		if p.isImage() {
			if a.isImage(&p) {
				h.whole = text
			}
		} else {
			a.meet(&h, &p, text)
		}
	}
	a.resolved[text] = h
	return h
}

func (a *applier) meet(h *hits, p *pattern, text string) {
	try := func(i int, rank int) {
		if ok, versioned := p.meets(&a.subjects[i]); ok {
			if versioned && rank == byName {
				rank = byVersion
			}
			h.packages[i] = meeting{rank, text}
		}
	}
	if wild(p.Name) || wild(p.Namespace) {
		for i := range a.subjects {
			if a.steps++; a.steps > maxSteps {
				return
			}
			try(i, byGlob)
		}
		return
	}
	index := a.byName
	if p.source {
		index = a.bySource
	}
	for _, i := range index[normal(p.Type, p.Namespace, p.Name)] {
		try(i, byName)
	}
}

// link returns what a BOM-Link names, https://cyclonedx.org/capabilities/bomlink/.
func (a *applier) link(ref string) hits {
	target, fragment, _ := strings.Cut(strings.TrimPrefix(ref, "urn:cdx:"), "#")
	id, _, _ := strings.Cut(target, "/")
	id = serial(id)
	h := hits{packages: make(map[int]meeting)}
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
			h.packages[i] = meeting{byPlace, ref}
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
			h.packages[i] = meeting{m.rank, ref}
		}
	case a.names["urn:uuid:"+id]:
		if fragment == "" {
			h.whole = ref
			return h
		}
		named := Identity{}
		named.name(plain)
		return a.identify(&Document{}, &named)
	default:
		a.unresolved[ref] = true
	}
	return h
}
