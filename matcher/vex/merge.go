package vex

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Merge returns a document with the statements of several, in the order of their times. A statement keeps the time and the author
// of its document, which have no other place then. Statements that are the same are kept once. Problems has the problems of all
// documents: those statements are left out.
func Merge(author string, now time.Time, docs ...*Document) *Document {
	out := NewDocument(author, now)
	seen := make(written)
	for _, d := range docs {
		for _, p := range d.Problems {
			out.problem(d.Name, "%s", p)
		}
		for i := range d.statements {
			s := d.statements[i]
			s.Place = strings.TrimPrefix(d.Name+": "+s.Place, ": ")
			if s.Author = cmp.Or(s.Author, d.Author); s.Author == author {
				s.Author = ""
			}
			s.Author = strings.Join(strings.Fields(s.Author), " ")
			if s.open == nil {
				n := len(s.Products)
				if s.Products = d.linked(s.Products); len(s.Products) < n {
					out.problem(s.Place, "names elements of its SPDX document, which no other document can name")
				}
				if len(s.Products) == 0 {
					continue
				}
			}
			if !seen.first([]any{s.Vulnerabilities, s.Products, s.Status, s.Justification, s.Detail, s.Author, stamp(s.Time), stamp(s.Expires)}) {
				continue
			}
			if len(out.statements) >= maxStatements {
				out.problem(s.Place, "there are more than %d statements", maxStatements)
				break
			}
			out.statements = append(out.statements, s)
		}
	}
	slices.SortStableFunc(out.statements, func(a, b statement) int { return a.Time.Compare(b.Time) })
	if out.more > 0 {
		out.Problems = append(out.Problems, fmt.Sprintf("and %d more", out.more))
	}
	return out
}

// linked returns products whose references within the document are BOM-Links: those hold elsewhere, too.
func (d *Document) linked(products []product) []product {
	if d.Format == formatSPDX { // elsewhere its references name nothing
		var named []product
		for _, p := range products {
			if p.Refs = nil; len(p.PURLs)+len(p.Hashes) > 0 { // CPEs name distributions only
				p.Subcomponents = slices.Clone(p.Subcomponents)
				for i := range p.Subcomponents {
					p.Subcomponents[i].Refs = nil
				}
				named = append(named, p)
			}
		}
		return named
	}
	if d.bom == nil {
		return products
	}
	link := func(id identity) identity {
		var refs []string
		for _, r := range id.Refs {
			switch {
			case d.bom.byRef[r] == nil:
				refs = append(refs, r)
			case d.ID != "":
				refs = append(refs, d.ID+"#"+url.PathEscape(r))
			}
		}
		id.Refs = refs
		return id
	}
	out := slices.Clone(products)
	for i := range out {
		out[i].identity = link(out[i].identity)
		out[i].Subcomponents = slices.Clone(out[i].Subcomponents)
		for j := range out[i].Subcomponents {
			out[i].Subcomponents[j] = link(out[i].Subcomponents[j])
		}
	}
	return out
}

// Check returns notes for a person: problems, statements that have expired, and statements of the same time about the
// same thing that contradict each other.
func (d *Document) Check(now time.Time) []string {
	list := slices.Clone(d.Problems)
	type subject struct{ id, product, at string }
	said := make(map[subject]*statement)
	for i := range d.statements {
		s := &d.statements[i]
		if !s.Expires.IsZero() && now.After(s.Expires) {
			list = append(list, fmt.Sprintf("%s: expired on %s", s.Place, s.Expires.Format(time.RFC3339)))
			continue
		}
		for j := range s.Products {
			key := subject{fold(s.Vulnerabilities[0]), fmt.Sprintf("%q", s.Products[j]), stamp(s.Time)}
			other := said[key]
			if other != nil && other.Status != s.Status {
				list = append(list, fmt.Sprintf("%s and %s contradict each other about %s: %s and %s, at the same time", other.Place, s.Place, s.Vulnerabilities[0], other.Status, s.Status))
				break
			}
			said[key] = s
		}
	}
	return list
}
