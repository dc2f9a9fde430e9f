package catalog

import (
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// Restore returns the report that was divided into parts, which come in the order of refs. Image is that of the report.
func Restore(image analyzer.ImageInfo, refs []PartRef, parts []Part) (*analyzer.Report, error) {
	if len(refs) != len(parts) {
		return nil, fmt.Errorf("catalog: %d parts, want %d: %w", len(parts), len(refs), ErrCorrupt)
	}
	report := &analyzer.Report{Image: image}
	var r restorer
	for i := range parts {
		if parts[i].Hash != refs[i].Hash || parts[i].Kind != refs[i].Kind {
			return nil, fmt.Errorf("catalog: %s %s in the place of another part: %w", parts[i].Kind, parts[i].Hash, ErrCorrupt)
		}
		if err := r.part(report, &refs[i], &parts[i]); err != nil {
			return nil, err
		}
	}
	if err := r.finish(report); err != nil {
		return nil, fmt.Errorf("catalog: %w: %s", ErrCorrupt, err)
	}
	return report, nil
}

// A restorer has the lists of parts, in the order of the parts.
type restorer struct {
	order       orders
	empty       []string
	components  [][]analyzer.Component
	findings    [][]analyzer.FileFinding
	records     [][]analyzer.FileRecord
	diagnostics [][]analyzer.FileDiagnostic
}

func (r *restorer) part(report *analyzer.Report, ref *PartRef, p *Part) error {
	switch p.Kind {
	case Setting:
		var s setting
		if err := p.decode(&s); err != nil {
			return err
		}
		report.Distro, report.Examined, report.Image.Platform, r.empty = s.Distro, s.Examined, s.Platform, s.Empty
	case Chunk:
		var c chunk
		if err := p.decode(&c); err != nil {
			return err
		}
		for i := range c.Components {
			if !c.Layered {
				c.Components[i].Layer = ref.Layer
			}
		}
		r.components = append(r.components, c.Components)
	case Facts:
		var f facts
		if err := p.decode(&f); err != nil {
			return err
		}
		r.facts(report, ref.Layer, &f)
	case Listing:
		var l listing
		if err := p.decode(&l); err != nil {
			return err
		}
		report.Files = l.Files
	case Order:
		return p.decode(&r.order)
	default:
		return fmt.Errorf("catalog: a part of kind %q: %w", p.Kind, ErrCorrupt)
	}
	return nil
}

func (r *restorer) facts(report *analyzer.Report, layer int, f *facts) {
	if f.Layer != nil {
		report.Layers = append(report.Layers, *f.Layer)
	}
	for i := range f.Findings {
		f.Findings[i].Layer = layer
	}
	for i := range f.Records {
		f.Records[i].Layer = layer
	}
	for i := range f.Diagnostics {
		f.Diagnostics[i].Layer = layer
	}
	r.findings, r.records, r.diagnostics = append(r.findings, f.Findings), append(r.records, f.Records), append(r.diagnostics, f.Diagnostics)
}

func (r *restorer) finish(report *analyzer.Report) (err error) {
	if r.order.Components == nil {
		report.Components = slices.Concat(r.components...)
		sortComponents(report.Components)
	} else if report.Components, err = arranged(r.components, r.order.Components); err != nil {
		return err
	}
	if report.Findings, err = arranged(r.findings, r.order.Findings); err != nil {
		return err
	}
	if report.Records, err = arranged(r.records, r.order.Records); err != nil {
		return err
	}
	if report.Diagnostics, err = arranged(r.diagnostics, r.order.Diagnostics); err != nil {
		return err
	}
	for _, name := range r.empty {
		switch name {
		case "components":
			report.Components = []analyzer.Component{}
		case "layers":
			report.Layers = []analyzer.Layer{}
		case "findings":
			report.Findings = []analyzer.FileFinding{}
		case "records":
			report.Records = []analyzer.FileRecord{}
		case "diagnostics":
			report.Diagnostics = []analyzer.FileDiagnostic{}
		}
	}
	return nil
}

// arranged joins lists in an order that runs wrote, or one after the other.
func arranged[T any](lists [][]T, order []int) ([]T, error) {
	if order == nil {
		return slices.Concat(lists...), nil
	}
	var out []T
	for i := 0; i+1 < len(order); i += 2 {
		n, count := order[i], order[i+1]
		if n < 0 || n >= len(lists) || count < 0 || count > len(lists[n]) {
			return nil, fmt.Errorf("an order of other lists")
		}
		out = append(out, lists[n][:count]...)
		lists[n] = lists[n][count:]
	}
	for _, l := range lists {
		if len(l) > 0 {
			return nil, fmt.Errorf("an order of other lists")
		}
	}
	return out, nil
}
