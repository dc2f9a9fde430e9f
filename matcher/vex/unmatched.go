package vex

import (
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/purl"
)

// maxHints bounds the statements of a document for which similar packages are looked for.
const maxHints = 100

// unmatched returns the reason why a statement has no match, and the package or match that it may mean. Named reports whether the
// statement names something in the image.
func (a *applier) unmatched(s *statement, matches []matcher.Match, byID map[string][]int, named, hint bool) string {
	id, product := "", ""
	if len(s.Vulnerabilities) > 0 {
		id = s.Vulnerabilities[0]
	}
	if len(s.Products) > 0 {
		product = nameOf(&s.Products[0])
	}
	text := fmt.Sprintf("%s: %s was not found in %s", s.Place, id, product)
	if !named {
		text = fmt.Sprintf("%s: %s: nothing in the image is %s", s.Place, id, product)
	}
	if !hint {
		return text
	}
	if !named {
		for i := range s.Products {
			for _, p := range slices.Concat(s.Products[i].PURLs, subcomponents(&s.Products[i])) {
				pattern, err := purl.Parse(p)
				if err != nil {
					continue
				}
				if near := pattern.Nearest(a.packages); near != "" {
					return text + "; it may mean " + near
				}
			}
		}
		return text
	}
	for _, id := range s.Vulnerabilities {
		if at := byID[fold(id)]; len(at) > 0 {
			return text + "; it was found in " + a.byID[matches[at[0]].Component].Label()
		}
	}
	return text
}

// subcomponents returns the package URLs of a product's parts.
func subcomponents(p *product) []string {
	var list []string
	for i := range p.Subcomponents {
		list = append(list, p.Subcomponents[i].PURLs...)
	}
	return list
}

// nameOf returns the first name of a product, or of its first part.
func nameOf(p *product) string {
	ids := append(p.Subcomponents[:len(p.Subcomponents):len(p.Subcomponents)], p.identity)
	for i := range ids {
		for _, list := range [][]string{ids[i].PURLs, ids[i].Refs, ids[i].CPEs, ids[i].Hashes} {
			if len(list) > 0 {
				return list[0]
			}
		}
	}
	return "its product"
}
