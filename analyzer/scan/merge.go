package scan

import (
	"cmp"
	"context"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// merge makes one report of the results for all layers, bottom first. It reads files whose content is still needed. A nil place stands
// for one that the caller has.
func (r *run) merge(ctx context.Context, layers []*layerData, read contents, place func(context.Context) (func(), error)) (*analyzer.Report, error) {
	if place == nil {
		place = func(context.Context) (func(), error) { return func() {}, nil }
	}
	release, err := place(ctx)
	if err != nil {
		return nil, err
	}
	m, err := r.replay(ctx, layers)
	if err == nil {
		m.needMore()
		m.needDigests()
	}
	release()
	if err != nil {
		return nil, err
	}
	problems, err := r.answerNeeds(ctx, layers, m.needs, read)
	if err != nil {
		return nil, err
	}
	m.problems = append(m.problems, problems...)
	if release, err = place(ctx); err != nil {
		return nil, err
	}
	defer release()
	return m.report(ctx)
}

// report makes the report of the merged layers.
func (m *replay) report(ctx context.Context) (*analyzer.Report, error) {
	r, report := m.run, &analyzer.Report{Diagnostics: m.problems}
	var files []*file
	m.tree.root.each(func(f *file) {
		m.keepWanted(f)
		f.attributePackages()
		files = append(files, f)
	})
	if r.config != nil {
		files = append(files, r.config)
	}
	report.Diagnostics = append(report.Diagnostics, r.join(ctx, files)...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var fragments []fragment
	components := 0
	for _, f := range files {
		for k := range f.results {
			components += len(f.results[k].result().Packages)
		}
	}
	report.Components = slices.Grow(report.Components, components)
	for _, f := range files {
		for k := range f.results {
			a := &f.results[k]
			info := &r.analyzers[a.analyzer].info
			name := info.Name
			result := a.result()
			for n := range result.Packages {
				report.Components = append(report.Components, analyzer.Component{
					Package: clonePackage(&result.Packages[n]), Analyzer: name, Path: f.path, Layer: a.layerOf(n),
				})
			}
			for n := range result.Fragments {
				fragments = append(fragments, fragment{cmp.Or(info.Completes, name), dirOf(f.path), &result.Fragments[n]})
			}
			addFindings(report, result, name, f.path, f.layer, false)
			if result.Distro != nil {
				report.Distro = addDistro(report.Distro, result.Distro)
			}
			for _, d := range a.diagnostics() {
				report.Diagnostics = append(report.Diagnostics, analyzer.FileDiagnostic{Diagnostic: d, Layer: f.layer, Path: f.path, Analyzer: name})
			}
		}
	}
	for i := range r.analyzers {
		a := &r.analyzers[i]
		if message := a.missing.message(a.info.Unavailable); message != "" {
			report.Diagnostics = append(report.Diagnostics, diagnosticOf(a.info.Name, -1, analyzer.Unavailable, "", message))
		}
	}
	m.addHidden(report, files)
	complete(report.Components, fragments)
	nameComponents(report)
	report.Diagnostics = oneUnreadNote(report.Diagnostics, setComponentOwners(report, m.tree))
	r.markNested(report)
	if d := r.noDatabase(report); d != nil {
		report.Diagnostics = append(report.Diagnostics, *d)
	}
	err := m.tree.linkLimitError()
	if err != nil {
		return nil, err
	}
	report.Examined = r.examined(absentLayers(report.Diagnostics))
	if report.Files, err = m.files(report); err != nil {
		return nil, err
	}
	sortReport(report)
	return report, nil
}

// replay applies the layers to a tree: once, and once more with the aliases that the result has.
func (r *run) replay(ctx context.Context, layers []*layerData) (*replay, error) {
	linked := hardLinked(layers)
	m := &replay{run: r, ctx: ctx, layers: layers, linked: linked}
	if err := m.play(); err != nil {
		return nil, err
	}
	aliases, problems := r.findAliases(m.tree)
	if aliases != nil {
		m = &replay{run: r, ctx: ctx, layers: layers, linked: linked, aliases: aliases}
		if err := m.play(); err != nil {
			return nil, err
		}
	}
	m.problems = append(m.problems, problems...)
	return m, nil
}

// hardLinked returns the base names of all files that hard links of the layers name, or nil.
func hardLinked(layers []*layerData) (names map[string]bool) {
	for _, d := range layers {
		j := d.Journal.reader()
		for g := (group{}); j.next(&g); {
			if !g.mixed {
				continue
			}
			for range g.count {
				if kind, _, target := g.entry(); kind == kindHardlink {
					if names == nil {
						names = make(map[string]bool)
					}
					names[baseOf(target)] = true
				}
			}
		}
	}
	return names
}
