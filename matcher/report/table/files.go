package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// files writes the findings of analyzers, such as malware and secrets. Those that are no fault of the image, such as jars without
// coordinates, it only counts unless the options ask for them.
func (t *table) files() {
	g := terminal.Grid{Indent: "  ", Columns: []terminal.Column{
		{Title: "SEVERITY", Color: t.level},
		{Title: "RULE", Shrink: 4, Min: 14},
		{Title: "FILE", Shrink: 2, Min: 14},
		{Title: "LAYER", Right: true, Drop: 2},
		{Title: "OF PACKAGE", Shrink: 3, Min: 8, Drop: 3},
		{Title: "POLICY", Color: t.action},
		{Title: "FINDING", Shrink: 1, Min: 30},
		{Title: "FILE IS"},
	}}
	counts := make(map[string]int)
	listed := 0
	for i := range t.a.FileFindings {
		f := &t.a.FileFindings[i]
		if !t.o.ShowInfo && f.Informs() && f.Action <= report.Go {
			counts[f.Rule]++
			continue
		}
		if listed++; t.o.Top == 0 || listed <= t.o.Top {
			g.Add(f.Severity, f.Rule, f.Place(), layerOf(f), packageOf(f), f.Action.String(), f.Title, stateOf(f))
		}
	}
	if len(t.a.FileFindings) == 0 {
		return
	}
	t.printf("\n%s\n", t.Bold("found in files"))
	if !g.Empty() {
		g.Write(t.w, t.Style)
	}
	t.more(listed)
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		t.printf("  %s for information: %s\n", english.Count(counts[rule], "finding"), terminal.Escape(rule))
	}
}

// layerOf returns the number of a finding's layer, "" without one.
func layerOf(f *report.FileFinding) string {
	if f.Layer < 0 {
		return ""
	}
	return fmt.Sprint(f.Layer)
}

// stateOf is FileFinding.State in short.
func stateOf(f *report.FileFinding) string {
	if f.Hidden {
		return "deleted or replaced"
	}
	return ""
}

// packageOf names the package that a finding's file belongs to.
func packageOf(f *report.FileFinding) string {
	if f.Package == nil {
		return ""
	}
	return f.Package.Name
}

// inFiles counts the findings in files by severity, and records by kind.
func (t *table) inFiles() {
	levels := make(map[matcher.Level]int)
	info := 0
	for i := range t.a.FileFindings {
		if f := &t.a.FileFindings[i]; f.Informs() {
			info++
		} else {
			levels[f.Level]++
		}
	}
	var parts []string
	for l := matcher.Critical; ; l-- {
		if n := levels[l]; n > 0 {
			parts = append(parts, english.Number(n)+" "+t.level(l.String()))
		}
		if l == matcher.Unknown {
			break
		}
	}
	if info > 0 {
		parts = append(parts, english.Number(info)+" for information")
	}
	if n := len(t.a.FileFindings); n > 0 {
		t.printf("%s: %s\n", t.Bold(english.Count(n, "finding")+" in files"), strings.Join(parts, ", "))
	}
	parts = nil
	for _, c := range t.a.RecordCounts() {
		parts = append(parts, english.Number(c.N)+" "+terminal.Escape(c.Kind))
	}
	if n := len(t.a.Report.Records); n > 0 {
		t.printf("%s: %s\n", english.Count(n, "record"), strings.Join(parts, ", "))
	}
}

// examined writes one line about the searches, those that did not run too.
func (t *table) examined() { t.printf("%s\n", terminal.Escape(t.a.Examined())) }

// hiddenFiles lists findings in files that are hidden.
func (t *table) hiddenFiles(list []report.FileFinding) {
	g := terminal.Grid{Indent: "    ", Columns: []terminal.Column{
		{Title: "SEVERITY", Color: t.level}, {Title: "RULE"}, {Title: "FILE", Shrink: 2, Min: 12}, {Title: "FINDING", Shrink: 1, Min: 14},
	}}
	for i := range list {
		f := &list[i]
		g.Add(f.Severity, f.Rule, f.Place(), f.Title)
	}
	if !g.Empty() {
		g.Write(t.w, t.Style)
	}
}
