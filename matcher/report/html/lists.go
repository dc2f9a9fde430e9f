package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/version"
)

// An update is a package with a version that fixes findings.
type update struct {
	report.Subject
	Ecosystem string
	To        string // highest of the fixed versions
	Fixed     int    // findings that it fixes
	Findings  int
	Worst     string // of the findings that it fixes
	worst     matcher.Level
}

// updatesOf returns the updates that fix findings, first those that fix the worst. Hidden findings don't count.
func updatesOf(rows []row) []update {
	at := make(map[report.Subject]*update)
	var order []report.Subject
	for i := range rows {
		r := &rows[i]
		if r.Why != "" {
			continue
		}
		u := at[r.Subject]
		if u == nil {
			u = &update{Subject: r.Subject, Ecosystem: r.Ecosystem}
			at[r.Subject] = u
			order = append(order, r.Subject)
		}
		u.Findings++
		if r.Fixed == "" {
			continue
		}
		u.Fixed++
		u.worst = max(u.worst, r.Severity.Level)
		if c, err := version.Compare(r.Subject.Ecosystem.Type, r.Fixed, u.To); u.To == "" || err == nil && c > 0 {
			u.To = r.Fixed
		}
	}
	var list []update
	for _, n := range order {
		if u := at[n]; u.Fixed > 0 {
			u.Worst = u.worst.String()
			list = append(list, *u)
		}
	}
	slices.SortStableFunc(list, func(a, b update) int {
		return cmp.Or(cmp.Compare(b.worst, a.worst), cmp.Compare(b.Fixed, a.Fixed), strings.Compare(a.Name, b.Name))
	})
	return list
}

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
	Findings    int // shown
}

// layersOf returns the layers of the image, bottom first, without findings.
func layersOf(v *report.Assessment) []layer {
	list := make([]layer, len(v.Report.Layers))
	for i := range v.Report.Layers {
		l := &v.Report.Layers[i]
		list[i] = layer{Number: i, Digest: l.DiffID, Instruction: l.Instruction()}
	}
	for i := range v.Report.Components {
		if n := v.Report.Components[i].Layer; n >= 0 && n < len(list) {
			list[n].Packages++
		}
	}
	return list
}

// tally counts a finding at its packages and their layers.
func tally(r *row, packages []installed, layers []layer) {
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
