package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// An installed is a package of the image.
type installed struct {
	*analyzer.Component
	Number   int
	Findings int    // shown
	Worst    string // of them
	worst    matcher.Level
}

// packagesOf returns the packages of the image by name, without findings.
func packagesOf(v *report.Assessment) []installed {
	var list []installed
	for i := range v.Report.Components {
		list = append(list, installed{Component: &v.Report.Components[i]})
	}
	slices.SortStableFunc(list, func(a, b installed) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.FullName()), strings.ToLower(b.FullName())), strings.Compare(a.Version, b.Version))
	})
	for i := range list {
		list[i].Number = i
	}
	return list
}

// FullName is the name with the namespace that belongs to it.
func (p installed) FullName() string {
	if p.System || p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// A layer is a layer of the image.
type layer struct {
	Number      int
	Digest      string
	Instruction string
	Packages    int
	Findings    int  // shown
	Base        bool // of the image that it was built on
}

// layersOf returns the layers of the image, bottom first, without findings.
func layersOf(v *report.Assessment) []layer {
	list := make([]layer, len(v.Report.Layers))
	for i := range v.Report.Layers {
		l := &v.Report.Layers[i]
		list[i] = layer{Number: i, Digest: l.DiffID, Instruction: l.Instruction(), Base: v.Base != nil && i < v.Base.Layers}
	}
	for i := range v.Report.Components {
		if n := v.Report.Components[i].Layer; n >= 0 && n < len(list) {
			list[n].Packages++
		}
	}
	return list
}

// countFindings counts a finding at its packages and their layers.
func countFindings(r *row, packages []installed, layers []layer) {
	seen := make(map[int]bool)
	for _, n := range r.Numbers {
		p := &packages[n]
		p.Findings++
		p.worst = max(p.worst, r.Severity.Level)
		p.Worst = p.worst.String()
		if l := p.Layer; l >= 0 && l < len(layers) && !seen[l] {
			seen[l] = true
			layers[l].Findings++
		}
	}
}
