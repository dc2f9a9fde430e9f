package sbom

import (
	"github.com/CycloneDX/cyclonedx-go"
)

// compositions tells which parts are complete. A scan reads what package managers record; it cannot know that
// there is nothing else, nor that every vulnerability is known: neither is ever "complete".
func (b *builder) compositions(g *graph, vulnerabilities []cyclonedx.Vulnerability) []cyclonedx.Composition {
	contents := cyclonedx.CompositionAggregateUnknown
	if len(b.report.Diagnostics) > 0 {
		contents = cyclonedx.CompositionAggregateIncomplete
	}
	list := []cyclonedx.Composition{{Aggregate: contents, Assemblies: &[]cyclonedx.BOMReference{cyclonedx.BOMReference(b.image)}}}
	if len(g.known) > 0 {
		list = append(list, cyclonedx.Composition{Aggregate: cyclonedx.CompositionAggregateComplete, Dependencies: links(g.known)})
	}
	if len(g.unknown) > 0 {
		list = append(list, cyclonedx.Composition{Aggregate: cyclonedx.CompositionAggregateUnknown, Dependencies: links(g.unknown)})
	}
	if b.result == nil {
		return list
	}
	known := cyclonedx.CompositionAggregateUnknown
	for i := range b.result.Coverage {
		if c := &b.result.Coverage[i]; c.Feed == "" || c.EndOfLife {
			known = cyclonedx.CompositionAggregateIncomplete
		}
	}
	refs := make([]string, len(vulnerabilities))
	for i := range vulnerabilities {
		refs[i] = vulnerabilities[i].BOMRef
	}
	return append(list, cyclonedx.Composition{Aggregate: known, Vulnerabilities: links(refs)})
}

func links(refs []string) *[]cyclonedx.BOMReference {
	list := make([]cyclonedx.BOMReference, len(refs))
	for i, r := range refs {
		list[i] = cyclonedx.BOMReference(r)
	}
	return &list
}
