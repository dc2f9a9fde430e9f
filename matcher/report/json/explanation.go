package json

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type explanations struct {
	Schema       int           `json:"schema"`
	Image        image         `json:"image"`
	ID           string        `json:"id"`
	Affected     bool          `json:"affected"`
	Threat       *enrichment   `json:"threat,omitempty"`
	Explanations []explanation `json:"explanations"`
	NoData       []ecosystem   `json:"noData"`
}

type ecosystem struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
}

type explanation struct {
	Outcome     matcher.Outcome    `json:"outcome"`
	Skipped     matcher.SkipReason `json:"skipped,omitempty"`
	Doubt       string             `json:"doubt,omitempty"`
	Evidence    string             `json:"evidence,omitempty"`
	Package     string             `json:"package,omitempty"`
	Version     string             `json:"version,omitempty"`
	Fixed       string             `json:"fixed,omitempty"`
	Components  []explained        `json:"components,omitempty"`
	Advisory    *advisory          `json:"advisory,omitempty"`
	Releases    []string           `json:"releases,omitempty"`
	FeedDate    string             `json:"feedDate,omitempty"`
	Comparisons []comparison       `json:"comparisons,omitempty"`
}

type explained struct {
	component
	DiffID      string `json:"diffID,omitempty"`
	CreatedBy   string `json:"createdBy,omitempty"`
	Instruction string `json:"instruction,omitempty"`
}

type comparison struct {
	Range int    `json:"range"`
	Bound string `json:"bound"`
	Value string `json:"value"`
	Order string `json:"order,omitempty"`
	Error string `json:"error,omitempty"`
	Holds bool   `json:"holds"`
}

func newExplanations(x *report.Explanations) *explanations {
	r := x.Report
	d := &explanations{
		Schema:       explainVersion,
		Image:        image{x.Name, r.Image.ID, r.Image.Digest, r.Image.Platform},
		ID:           x.ID,
		Affected:     x.Affected,
		Threat:       newEnrichment(&x.Enrichment),
		Explanations: []explanation{},
		NoData:       []ecosystem{},
	}
	for i := range x.Groups {
		d.Explanations = append(d.Explanations, newExplanation(r, &x.Groups[i]))
	}
	for _, k := range x.NoData {
		d.NoData = append(d.NoData, ecosystem{k.Type, k.Namespace, k.Release})
	}
	return d
}

func newExplanation(r *analyzer.Report, g *report.ExplanationGroup) explanation {
	j := explanation{
		Outcome: g.Outcome, Skipped: g.Skip, Doubt: g.Doubt, Evidence: g.Evidence, Package: g.Key.Name, Version: g.Version, Fixed: g.Fixed,
		Releases: g.Releases, FeedDate: instant(g.FeedDate),
	}
	for _, c := range g.Components {
		b := explained{component: newComponent(c)}
		if c.Layer >= 0 && c.Layer < len(r.Layers) {
			l := &r.Layers[c.Layer]
			b.DiffID, b.CreatedBy, b.Instruction = l.DiffID, l.CreatedBy, l.Instruction()
		}
		j.Components = append(j.Components, b)
	}
	if g.Advisory != nil {
		a := newAdvisory(g.Advisory)
		j.Advisory = &a
	}
	for _, c := range g.Comparisons {
		s := comparison{Range: c.Range, Bound: c.Bound, Value: c.Value, Error: c.Error, Holds: c.Satisfied}
		if c.Error == "" {
			s.Order = [...]string{"<", "=", ">"}[c.Order+1]
		}
		j.Comparisons = append(j.Comparisons, s)
	}
	return j
}

// explanations returns the Explanations whose serial form j is. Its report has only the components that are explained and their layers.
func (j *explanations) explanations(p *parser) *report.Explanations {
	x := &report.Explanations{
		Name: j.Image.Reference, ID: j.ID, Affected: j.Affected,
		Report: &analyzer.Report{Image: analyzer.ImageInfo{ID: j.Image.ID, Digest: j.Image.Digest, Platform: j.Image.Platform}},
	}
	if j.Threat != nil {
		x.Enrichment = j.Threat.enrichment(p)
	}
	for _, e := range j.NoData {
		x.NoData = append(x.NoData, matcher.Key{Type: e.Type, Namespace: e.Namespace, Release: e.Release})
	}
	for i := range j.Explanations {
		x.Groups = append(x.Groups, j.Explanations[i].group(p, i, x.Report))
	}
	return x
}

func (j *explanation) group(p *parser, at int, r *analyzer.Report) report.ExplanationGroup {
	g := report.ExplanationGroup{
		Explanation: matcher.Explanation{Outcome: j.Outcome, Skip: p.skipReason(j.Skipped), Doubt: j.Doubt, Evidence: j.Evidence, Version: j.Version, Fixed: j.Fixed},
		Releases:    j.Releases, FeedDate: p.time(j.FeedDate),
	}
	g.Key.Name = j.Package
	if j.Advisory != nil {
		a := j.Advisory.advisory(p)
		g.Advisory = &a
		g.Key = matcher.Key{Type: a.Key.Type, Namespace: a.Key.Namespace, Release: a.Key.Release, Name: j.Package}
	}
	for i := range j.Components {
		b := &j.Components[i]
		c := b.component.component()
		if c.Layer >= maxLayers {
			p.fail("explanations[%d].components[%d]: layer %d", at, i, c.Layer)
			return g
		}
		for len(r.Layers) <= c.Layer {
			r.Layers = append(r.Layers, analyzer.Layer{})
		}
		if c.Layer >= 0 {
			r.Layers[c.Layer].DiffID, r.Layers[c.Layer].CreatedBy = b.DiffID, redact.CreatedBy(b.CreatedBy)
		}
		g.Components = append(g.Components, &c)
		r.Components = append(r.Components, c)
		g.Component = g.Components[0].ID
	}
	for i, c := range j.Comparisons {
		s := matcher.Comparison{Range: c.Range, Bound: c.Bound, Value: c.Value, Error: c.Error, Satisfied: c.Holds}
		switch c.Order {
		case "<":
			s.Order = -1
		case ">":
			s.Order = 1
		case "", "=":
		default:
			p.fail("explanations[%d].comparisons[%d]: order %q", at, i, c.Order)
		}
		g.Comparisons = append(g.Comparisons, s)
	}
	return g
}
