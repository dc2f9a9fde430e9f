package scan

import (
	"context"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// merge makes one report of the results for all layers, bottom first.
func (r *run) merge(ctx context.Context, layers []*layerData) (*analyzer.Report, error) {
	report := new(analyzer.Report)
	t := newTree()
	for i, d := range layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, p := range slices.Concat(d.Problems, t.apply(&d.Delta, r.files(i, d))) {
			p.Layer = i
			report.Diagnostics = append(report.Diagnostics, p)
		}
	}
	report.Diagnostics = append(report.Diagnostics, r.join(ctx, t)...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var fragments []fragment
	var files []*file
	components := 0
	t.root.each(func(f *file) {
		files = append(files, f)
		for k := range f.results {
			components += len(f.results[k].result().Packages)
		}
	})
	report.Components = slices.Grow(report.Components, components)
	for _, f := range files {
		for k := range f.results {
			a := &f.results[k]
			name := r.analyzers[a.analyzer].info.Name
			result := a.result()
			for n := range result.Packages {
				report.Components = append(report.Components, analyzer.Component{
					Package: clonePackage(&result.Packages[n]), Analyzer: name, Path: f.path, Layer: a.layerOf(n),
				})
			}
			for n := range result.Fragments {
				fragments = append(fragments, fragment{name, dirOf(f.path), &result.Fragments[n]})
			}
			for _, found := range result.Findings {
				report.Findings = append(report.Findings, analyzer.FileFinding{Finding: found, Analyzer: name, Path: f.path, Layer: f.layer})
			}
			if result.Distro != nil {
				report.Distro = addDistro(report.Distro, result.Distro)
			}
			for _, d := range a.diagnostics() {
				report.Diagnostics = append(report.Diagnostics, analyzer.FileDiagnostic{Diagnostic: d, Layer: f.layer, Path: f.path, Analyzer: name})
			}
		}
	}
	report.Diagnostics = append(report.Diagnostics, r.missedLinks(t, layers)...)
	for i := range r.analyzers {
		a := &r.analyzers[i]
		if message := a.missing.message(a.info.Unavailable); message != "" {
			report.Diagnostics = append(report.Diagnostics, diagnosticOf(a.info.Name, -1, analyzer.Unavailable, "", message))
		}
	}
	complete(report.Components, fragments)
	nameComponents(report)
	own(report.Components, t)
	sortReport(report)
	return report, nil
}

// files returns the files of a layer that have answers of this run's analyzers, sorted by path.
func (r *run) files(layer int, d *layerData) []*file {
	most := 0
	for i := range r.analyzers {
		most += len(d.Results[r.analyzers[i].key])
	}
	byPath := make(map[string]*file, most)
	list := make([]*file, 0, most)
	for i := range r.analyzers {
		results := d.Results[r.analyzers[i].key]
		for k := range results {
			f := byPath[results[k].Path]
			if f == nil {
				f = &file{path: results[k].Path, layer: layer}
				byPath[f.path] = f
				list = append(list, f)
			}
			f.results = append(f.results, answer{analyzer: i, fileResult: &results[k]})
		}
	}
	slices.SortFunc(list, func(a, b *file) int { return strings.Compare(a.path, b.path) })
	return list
}
