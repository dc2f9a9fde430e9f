package scan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// addFindings adds the findings and records of a file to a report.
func addFindings(report *analyzer.Report, result *analyzer.Result, name, path string, layer int, hidden bool) {
	for _, f := range result.Findings {
		report.Findings = append(report.Findings, analyzer.FileFinding{Finding: f, Analyzer: name, Path: path, Layer: layer, Hidden: hidden})
	}
	for _, r := range result.Records {
		r.Fields = maps.Clone(r.Fields)
		report.Records = append(report.Records, analyzer.FileRecord{Record: r, Analyzer: name, Path: path, Layer: layer, Hidden: hidden})
	}
}

// addHidden adds what analyzers with Info.Hidden found in files that upper layers delete or replace. The path is that in the layer.
func (m *replay) addHidden(report *analyzer.Report, visible []*file) {
	if !slices.ContainsFunc(m.analyzers, func(a bound) bool { return a.info.Hidden }) {
		return
	}
	seen := make(map[*analyzer.Result]bool) // equal layers share their results
	for i := range m.analyzers {
		if !m.analyzers[i].info.Hidden {
			continue
		}
		for _, f := range visible {
			for k := range f.results {
				if f.results[k].analyzer == i {
					seen[&f.results[k].Result] = true
				}
			}
		}
		for layer, d := range m.layers {
			wanted := make(map[int][]*analyzer.Result) // by the number of the entry
			results := d.Results[m.analyzers[i].key]
			for k := range results {
				r := &results[k].Result
				if results[k].Name != "" || seen[r] || len(r.Findings)+len(r.Records) == 0 {
					continue
				}
				seen[r] = true
				wanted[results[k].Entry] = append(wanted[results[k].Entry], r)
			}
			if len(wanted) == 0 {
				continue
			}
			d.Journal.each(func(number int, path string) {
				for _, r := range wanted[number] {
					addFindings(report, r, m.analyzers[i].info.Name, path, layer, true)
				}
			})
		}
	}
	dropRepeated(report)
}

// dropRepeated removes hidden findings and records that the report has for the same file already: those of a visible version, or of a lower
// layer. Their lines may differ, so that it counts equal ones of each version.
func dropRepeated(report *analyzer.Report) {
	type key struct{ analyzer, path, kind, text, detail string }
	type version struct {
		key
		layer int
	}
	seen, counted := make(map[key]int), make(map[version]int)
	repeated := func(k key, layer int) bool {
		v := version{k, layer}
		counted[v]++
		again := counted[v] <= seen[k]
		seen[k] = max(seen[k], counted[v])
		return again
	}
	finding := func(f *analyzer.FileFinding) key { return key{f.Analyzer, f.Path, f.Rule, f.Title, f.Detail} }
	record := func(r *analyzer.FileRecord) key { return key{r.Analyzer, r.Path, r.Kind, r.Key, "record"} }
	for i := range report.Findings {
		if f := &report.Findings[i]; !f.Hidden {
			repeated(finding(f), f.Layer)
		}
	}
	for i := range report.Records {
		if r := &report.Records[i]; !r.Hidden {
			repeated(record(r), r.Layer)
		}
	}
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool { return f.Hidden && repeated(finding(&f), f.Layer) })
	report.Records = slices.DeleteFunc(report.Records, func(r analyzer.FileRecord) bool { return r.Hidden && repeated(record(&r), r.Layer) })
}

// each calls fn with the number and the path of every entry.
func (j *journal) each(fn func(number int, path string)) {
	r := j.reader()
	for g := (group{}); r.next(&g); {
		dir := string(g.dir)
		if g.self {
			fn(g.first-1, dir)
		}
		for i := range g.count {
			_, name, _ := g.entry()
			fn(g.first+i, join(dir, name))
		}
	}
}

// examined returns an examination of each analyzer. Analyzers that look for more than packages say that they could not see an absent layer. For
// packages, the diagnostic of the layer says so once, instead of forty analyzers.
func (r *run) examined(absent string) []analyzer.Examination {
	list := make([]analyzer.Examination, 0, len(r.analyzers))
	for i := range r.analyzers {
		a := &r.analyzers[i]
		e := analyzer.Examination{Analyzer: a.info.Name, Version: a.info.Version, Finds: slices.Clone(a.info.Finds), Data: a.info.Data}
		if len(e.Finds) == 0 {
			e.Finds = []string{"packages"}
		}
		e.NotRun = a.missing.message(a.info.Unavailable)
		if absent != "" && (len(a.info.Patterns) > 0 || a.info.List) && !slices.Contains(e.Finds, "packages") {
			e.NotRun = strings.TrimPrefix(e.NotRun+"; "+absent, "; ")
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b analyzer.Examination) int { return strings.Compare(a.Analyzer, b.Analyzer) })
	return list
}

// absentLayers names the layers that are not stored with the image, or returns "". The diagnostics are in the order of the layers.
func absentLayers(list []analyzer.FileDiagnostic) string {
	first, n := 0, 0
	for i := range list {
		if d := &list[i]; d.Code == analyzer.MissingLayer && d.Analyzer == "" {
			if n++; n == 1 {
				first = d.Layer
			}
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("layer %d is not stored with the image", first)
	}
	return fmt.Sprintf("%d layers are not stored with the image, the first is layer %d", n, first)
}
