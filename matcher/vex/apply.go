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
	a := newApplier(found, docs, names)
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
	usages := make([]report.VEXDocument, len(docs))
	words := make(map[int][]word) // of each match
	for k, d := range docs {
		u := &usages[k]
		u.Name, u.Format, u.ID, u.Author = d.Name, d.Format, d.ID, d.Author
		u.Statements, u.Problems = len(d.statements), d.Problems
		for i := range d.statements {
			s := &d.statements[i]
			if d.expired(s) {
				why := "it has an expiry, and the time is unknown"
				if !d.at.IsZero() {
					why = "expired on " + s.Expires.Format(time.RFC3339)
				}
				if len(u.Problems) <= maxProblems {
					u.Problems = append(u.Problems[:len(u.Problems):len(u.Problems)], s.Place+": "+why+"; ignored")
				}
				continue
			}
			named := false
			best := make(map[int]productMatch) // of each match
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
							best[m] = productMatch{byWhole, names.whole}
						}
					}
				}
			}
			if named {
				u.Named++
			}
			if len(best) == 0 {
				u.Unmatched = append(u.Unmatched, a.unmatched(s, out.Matches, byID, named, len(u.Unmatched) < maxHints))
			}
			for m, hit := range best {
				words[m] = append(words[m], word{s, k, i, hit})
			}
		}
		u.Truncated = a.steps > maxSteps
		u.Unresolved = slices.Sorted(maps.Keys(a.unresolved))
		clear(a.unresolved)
	}
	for m, list := range words {
		slices.SortFunc(list, compareWords)
		first := list[0].analysis(docs)
		for _, w := range list[1:] {
			first.Overruled = append(first.Overruled, w.analysis(docs))
		}
		if own := out.Matches[m].Analysis; own != nil {
			first.Overruled = append(first.Overruled, *own)
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
