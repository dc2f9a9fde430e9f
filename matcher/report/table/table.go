package table

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Options say how text looks. The zero value is without colours, and lines may be of any length.
type Options struct {
	Width      int  // in characters; 0 is unlimited
	Color      bool // with ANSI escape sequences
	ShowHidden bool // list hidden findings, not only their number
}

// Write writes an Assessment: findings by ecosystem, the most severe first, then counts, the policy's verdict, hidden findings, and
// last the advisories that were available, where a reader sees it.
func Write(w io.Writer, a *report.Assessment, o Options) error {
	b := bufio.NewWriter(w)
	t := &table{w: b, a: a, showHidden: o.ShowHidden, style: style{terminal.Style{Width: o.Width, Color: o.Color}}}
	t.subject()
	for i := range a.Ecosystems {
		t.findings(&a.Ecosystems[i])
	}
	t.files()
	t.summary()
	t.verdict()
	t.hidden()
	t.coverage()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// A table is a table in the making. Its buffer keeps errors.
type table struct {
	w          *bufio.Writer
	a          *report.Assessment
	showHidden bool
	style
}

func (t *table) printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *table) subject() {
	r := t.a.Report
	parts := []string{"unknown distribution"}
	if d := r.Distro; d != nil {
		parts[0] = strings.TrimSpace(d.ID + " " + d.VersionID)
		if d.Name != "" {
			parts[0] = d.Name
		}
	}
	if r.Image.Platform != "" {
		parts = append(parts, r.Image.Platform)
	}
	if len(r.Layers) > 0 {
		parts = append(parts, plural.Count(len(r.Layers), "layer"))
	}
	parts = append(parts, plural.Count(len(r.Components), "package"))
	t.printf("%s  %s\n", t.Bold(terminal.Escape(t.a.Name)), terminal.Escape(strings.Join(parts, ", ")))
}

// findings writes the findings of one ecosystem, package by package.
func (t *table) findings(e *report.Ecosystem) {
	g := terminal.Grid{Indent: "  ", Columns: []terminal.Column{
		{Title: "SEVERITY", Color: t.level},
		{Title: "VULNERABILITY"},
		{Title: "FIXED IN", Shrink: 2, Min: 8},
		{Title: "THREAT", Color: t.threat},
		{Title: "POLICY", Color: t.action},
		{Title: "STATUS", Shrink: 1, Min: 14},
	}}
	last := ""
	for i := range t.a.Findings {
		f := &t.a.Findings[i]
		if f.Subject.Ecosystem != e.Key {
			continue
		}
		if head := t.heading(f); head != last {
			g.Add(head)
			last = head
		}
		fixed := f.Fixed
		if fixed == "" {
			fixed = "-"
		}
		g.Add(f.Severity.Level.String(), f.ID, fixed, threatOf(&f.Enrichment), f.Action.String(), statusOf(f))
	}
	if last == "" {
		return
	}
	t.printf("\n%s\n", t.Bold(terminal.Escape(e.Name())))
	g.Write(t.w, t.Style)
}

// files writes the findings of analyzers, such as malware and secrets. Those without a severity, such as jars without coordinates,
// are left to the JSON form: they are not a fault of the image.
func (t *table) files() {
	g := terminal.Grid{Indent: "  ", Columns: []terminal.Column{
		{Title: "SEVERITY", Color: t.level},
		{Title: "RULE"},
		{Title: "FILE", Shrink: 2, Min: 12},
		{Title: "FINDING", Shrink: 1, Min: 14},
	}}
	for _, f := range t.a.Report.Findings {
		if f.Severity == "" {
			continue
		}
		at := f.Path
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", at, f.Line)
		}
		g.Add(f.Severity, f.Rule, at, f.Title)
	}
	if g.Empty() {
		return
	}
	t.printf("\n%s\n", t.Bold("found in files"))
	g.Write(t.w, t.Style)
}

// heading names the package of a finding: the source package and the packages built from it, with the place of those that no
// package manager of the distribution installed.
func (t *table) heading(f *report.Finding) string {
	var names []string
	layers := make(map[int]bool)
	for _, c := range f.Components {
		layers[c.Layer] = true
		if c.System && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	head := f.Subject.Name + " " + f.Subject.Version
	if len(names) > 1 || len(names) == 1 && names[0] != f.Subject.Name {
		head += " (" + strings.Join(names, ", ") + ")"
	}
	c := f.Components[0]
	if len(layers) == 1 && c.Layer >= 0 && len(t.a.Report.Layers) > 1 {
		head += fmt.Sprintf(", layer %d", c.Layer)
	}
	if c.System {
		return head
	}
	if c.Path != "" {
		head += ", " + c.Location()
	}
	if n := len(f.Components) - 1; n > 0 {
		head += fmt.Sprintf(" and %d more", n)
	}
	return head
}

// threatOf describes exploitation in few words: "exploited", "EPSS 94%".
func threatOf(e *matcher.Enrichment) string {
	var parts []string
	switch {
	case e.Ransomware:
		parts = append(parts, "ransomware")
	case !e.Exploited.IsZero():
		parts = append(parts, "exploited")
	case len(e.Exploits) > 0:
		parts = append(parts, "exploit known")
	}
	switch {
	case e.EPSS >= 0.01:
		parts = append(parts, fmt.Sprintf("EPSS %.0f%%", 100*e.EPSS))
	case e.EPSS > 0:
		parts = append(parts, "EPSS <1%")
	}
	return strings.Join(parts, ", ")
}

// statusOf returns the status that a VEX statement gives a finding, if there is one, and the publisher's.
func statusOf(f *report.Finding) string {
	if a := f.Analysis; a != nil {
		return "VEX: " + strings.ReplaceAll(a.Status.String(), "-", " ") + "; " + f.Word()
	}
	return f.Word()
}

// day returns a date, "unknown" for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}
