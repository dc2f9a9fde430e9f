package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// merge makes one report of what the layers, bottom first, consist of.
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

// files returns what the analyzers of this run said of one layer, sorted by path.
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

// missedLinks reports files that an analyzer asks for by their full path, but which are symbolic links to, or lie behind
// a linked directory in, a place that nobody looked at.
func (r *run) missedLinks(t *tree, layers []*layerData) []analyzer.FileDiagnostic {
	var list []analyzer.FileDiagnostic
	for i := range r.analyzers {
		info := &r.analyzers[i].info
		for _, p := range info.Patterns {
			if strings.Contains(p, "*") {
				continue
			}
			to, ok := t.resolve(p)
			if !ok {
				list = append(list, diagnosticOf(info.Name, -1, analyzer.Refused, p, "a loop of symbolic links"))
				continue
			}
			if to == p {
				continue
			}
			var x pattern.Index
			for _, q := range info.Patterns {
				if x.Add(i, q) != nil {
					break
				}
			}
			if len(x.Find(to, nil)) > 0 {
				continue // it was looked at there
			}
			n := t.find(to)
			if n != nil && n.file != nil && slices.ContainsFunc(n.file.results, func(a answer) bool { return a.analyzer == i }) {
				continue // it was written through the link, and looked at under this name
			}
			for k := len(layers) - 1; k >= 0; k-- {
				if has(layers[k].Delta.Names, hashPath(to)) {
					list = append(list, diagnosticOf(info.Name, k, analyzer.Unsupported, p, fmt.Sprintf("a symbolic link leads to %s, which was not read", to)))
					break
				}
			}
		}
	}
	return list
}

// addDistro joins two statements about the distribution.
func addDistro(a, b *analyzer.Distro) *analyzer.Distro {
	if a == nil {
		d := *b
		return &d
	}
	first, second := *a, *b
	if second.Rank < first.Rank {
		first, second = second, first
	}
	if second.ID != "" && first.ID != "" && second.ID != first.ID {
		return &first
	}
	first.ID = cmp.Or(first.ID, second.ID)
	first.VersionID = cmp.Or(first.VersionID, second.VersionID)
	first.Codename = cmp.Or(first.Codename, second.Codename)
	first.Name = cmp.Or(first.Name, second.Name)
	first.CPE = cmp.Or(first.CPE, second.CPE)
	if len(first.Like) == 0 {
		first.Like = second.Like
	}
	return &first
}

// sortReport puts the report in canonical order, and makes one of what is equal.
func sortReport(report *analyzer.Report) {
	slices.SortFunc(report.Components, func(a, b analyzer.Component) int {
		return cmp.Or(
			strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
			strings.Compare(a.Version, b.Version), strings.Compare(a.Arch, b.Arch),
			strings.Compare(a.Path, b.Path), strings.Compare(a.ArchivePath, b.ArchivePath), strings.Compare(a.ID, b.ID), strings.Compare(a.Analyzer, b.Analyzer))
	})
	slices.SortFunc(report.Findings, func(a, b analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Analyzer, b.Analyzer), strings.Compare(a.Title, b.Title), strings.Compare(a.Detail, b.Detail))
	})
	slices.SortFunc(report.Diagnostics, func(a, b analyzer.FileDiagnostic) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Path, b.Path), strings.Compare(a.Analyzer, b.Analyzer),
			cmp.Compare(uint(a.Line-1), uint(b.Line-1)), // those without a line last
			strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Message, b.Message))
	})
	report.Diagnostics = slices.Compact(report.Diagnostics)
}
