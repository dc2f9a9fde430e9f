package vex

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Documents implements [report.VEX] with the statements of all documents.
type Documents []*Document

// maxSteps bounds the comparisons of packages with wildcards, and with products that may contain them.
const maxSteps = 5_000_000

// Apply implements [report.VEX]. The rows are in the order of the documents.
func (docs Documents) Apply(found *analyzer.Report, result *matcher.Result, names []string) (*matcher.Result, []report.VEXDocument) {
	out := *result
	out.Matches = slices.Clone(result.Matches)
	p := application{
		applier: newApplier(found, docs, names), docs: docs, matches: out.Matches,
		byVulnerability: make(map[string][]int), byPlace: make(map[place]int),
		usages: make([]report.VEXDocument, len(docs)), words: make(map[int][]word),
	}
	p.indexMatches()
	for k := range docs {
		p.read(k)
	}
	for m, list := range p.words {
		p.decide(m, list)
	}
	return &out, p.usages
}

// An application is the state of one call of Apply.
type application struct {
	*applier
	docs            Documents
	matches         []matcher.Match
	byVulnerability map[string][]int // matches of an identifier
	byPlace         map[place]int    // the match of an identifier in a component
	usages          []report.VEXDocument
	words           map[int][]word // words of each match
}

func (p *application) indexMatches() {
	for i := range p.matches {
		m := &p.matches[i]
		c, ok := p.at[m.Component]
		if !ok {
			continue
		}
		for id := range identifiers(m) {
			p.byVulnerability[id] = append(p.byVulnerability[id], i)
			p.byPlace[place{id, c}] = i
		}
	}
}

// read collects the words of a document, and describes its use.
func (p *application) read(document int) {
	d, u := p.docs[document], &p.usages[document]
	u.Name, u.Format, u.ID, u.Author = d.Name, d.Format, d.ID, d.Author
	u.Statements, u.Problems = len(d.statements), d.Problems
	for i := range d.statements {
		s := &d.statements[i]
		if d.expired(s) {
			if len(u.Problems) <= maxProblems {
				u.Problems = append(u.Problems[:len(u.Problems):len(u.Problems)], s.Place+": "+d.whyExpired(s)+"; ignored")
			}
			continue
		}
		best, named := p.matchesOf(d, s)
		if named {
			u.Named++
		}
		if len(best) == 0 {
			u.Unmatched = append(u.Unmatched, p.unmatched(s, p.matches, p.byVulnerability, named, len(u.Unmatched) < maxHints))
		}
		for m, hit := range best {
			p.words[m] = append(p.words[m], word{s, document, i, hit})
		}
	}
	u.Truncated = p.steps > maxSteps
	u.Unresolved = slices.Sorted(maps.Keys(p.unresolved))
	clear(p.unresolved)
}

// whyExpired returns why a statement that has an expiry does not hold.
func (d *Document) whyExpired(s *statement) string {
	if d.at.IsZero() {
		return "it has an expiry, and the time is unknown"
	}
	return "expired on " + s.Expires.Format(time.RFC3339)
}

// matchesOf returns the matches of a statement, each with the name of the highest rank, and whether the statement names anything in the image.
func (p *application) matchesOf(d *Document, s *statement) (best map[int]productMatch, named bool) {
	best = make(map[int]productMatch)
	for j := range s.Products {
		names := p.products(d, &s.Products[j])
		named = named || names.any()
		for _, id := range s.Vulnerabilities {
			p.addBest(best, fold(id), &names)
		}
	}
	return best, named
}

// addBest adds the matches of an identifier in a product.
func (p *application) addBest(best map[int]productMatch, id string, names *hits) {
	for c, hit := range names.packages {
		if m, ok := p.byPlace[place{id, c}]; ok && hit.rank > best[m].rank {
			best[m] = hit
		}
	}
	if names.whole == "" {
		return
	}
	for _, m := range p.byVulnerability[id] {
		if best[m].rank == 0 {
			best[m] = productMatch{byWhole, names.whole}
		}
	}
}

// decide sets the analysis of a match by the words about it, and counts them for their documents.
func (p *application) decide(match int, list []word) {
	slices.SortFunc(list, compareWords)
	m := &p.matches[match]
	first := list[0].analysis(p.docs)
	for _, w := range list[1:] {
		first.Overruled = append(first.Overruled, w.analysis(p.docs))
	}
	if m.Analysis != nil {
		first.Overruled = append(first.Overruled, *m.Analysis)
	}
	m.Analysis = &first
	u := &p.usages[list[0].document]
	u.Decided++
	if m.Suppressed() {
		u.Suppressed++
	}
	seen := map[int]bool{list[0].document: true}
	for _, w := range list[1:] {
		switch u := &p.usages[w.document]; {
		case seen[w.document]:
		case w.Status == list[0].Status:
			u.Agreed++
		default:
			u.Overruled++
		}
		seen[w.document] = true
	}
}

// A place is an identifier and the index of a component.
type place struct {
	id        string
	component int
}

// identifiers returns the identifiers of a match, each once.
func identifiers(m *matcher.Match) map[string]bool {
	ids := make(map[string]bool)
	for _, id := range m.Identifiers() {
		ids[fold(id)] = true
	}
	return ids
}

func fold(id string) string { return strings.ToUpper(id) }

// A word is a statement about a match.
type word struct {
	*statement
	document, index int
	productMatch
}

// compareWords puts the deciding word first.
func compareWords(a, b word) int {
	return cmp.Or(
		b.Time.Compare(a.Time),
		cmp.Compare(b.rank, a.rank),
		cmp.Compare(alarm(b.Status), alarm(a.Status)),
		cmp.Compare(b.document, a.document), // the later document, or the later statement
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
		Status: w.Status, Justification: w.Justification, Detail: w.Detail, Author: cmp.Or(w.Author, d.Author), Time: w.Time, Expires: w.Expires,
		Document: d.Name, Place: w.Place, Product: w.name,
	}
}
