package table

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/idlink"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Options choose the look of text and its rows. The zero value is without colours, with tabs between the columns, and lists all findings
// by package.
type Options struct {
	Width      int  // in characters; 0 is a file or a pipe: tabs separate columns, and nothing is padded or cut
	Color      bool // with ANSI escape sequences
	Links      bool // with links, OSC 8; without them, a column has the addresses
	ShowHidden bool // list hidden findings, not only their number
	ShowInfo   bool // list findings in files of level info or none, not only their number

	GroupBy Group
	Top     int // list only so many upgrades and findings, the first ones; 0 is all
}

// A Group says which findings stand together.
type Group string

const (
	ByPackage Group = "package" // also ""
	ByLayer   Group = "layer"   // that brought the package
	ByFile    Group = "file"    // in which the package was found
	Ungrouped Group = "none"    // in one list
)

// ErrOption reports options that have no meaning.
var ErrOption = errors.New("invalid option")

// Check returns [ErrOption] if the options have no meaning.
func (o Options) Check() error {
	switch o.GroupBy {
	case "", ByPackage, ByLayer, ByFile, Ungrouped:
		if o.Top >= 0 {
			return nil
		}
	}
	return ErrOption
}

func (o Options) style() style {
	return style{terminal.Style{Width: o.Width, Color: o.Color, Links: o.Links, Tabs: o.Width == 0}}
}

// Write writes an Assessment: upgrades that fix findings, then the findings, counts, the policy's verdict, hidden findings, and last
// the advisories that were available, where a reader sees it.
func Write(w io.Writer, a *report.Assessment, o Options) error {
	if err := o.Check(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	b := bufio.NewWriter(w)
	t := &table{w: b, a: a, o: o, style: o.style()}
	t.subject()
	t.base()
	t.upgrades()
	t.findings()
	t.files()
	t.summary()
	t.examined()
	t.remedies()
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
	w *bufio.Writer
	a *report.Assessment
	o Options
	style
}

func (t *table) printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *table) subject() {
	r := t.a.Report
	parts := []string{"unknown distribution"}
	if d := r.Distro; d != nil {
		parts[0] = cmp.Or(d.Name, strings.TrimSpace(d.ID+" "+d.VersionID), parts[0]) // a distribution may be no more than repositories
	}
	if r.Image.Platform != "" {
		parts = append(parts, r.Image.Platform)
	}
	if len(r.Layers) > 0 {
		parts = append(parts, english.Count(len(r.Layers), "layer"))
	}
	parts = append(parts, english.Count(len(r.Components), "package"))
	t.printf("%s  %s\n", t.Bold(terminal.Escape(t.a.Name)), terminal.Escape(strings.Join(parts, ", ")))
}

// upgrades writes the updates that fix findings, the most important first.
func (t *table) upgrades() {
	list := t.a.Upgrades()
	if len(list) == 0 {
		return
	}
	g := terminal.Grid{Indent: "  ", Columns: []terminal.Column{
		{Title: "UPGRADE", Shrink: 2, Min: 12}, {Title: "INSTALLED", Shrink: 1, Min: 10}, {Title: "UPDATE TO", Shrink: 3, Min: 10},
		{Title: "FIXES", Right: true}, {Title: "WORST", Color: t.level}, {Title: "STAY OPEN", Right: true, Drop: 1},
	}}
	fixes := 0
	for i, u := range list {
		if fixes += u.Fixes; t.o.Top > 0 && i >= t.o.Top {
			continue
		}
		open := ""
		if u.Open > 0 {
			open = english.Number(u.Open)
		}
		g.Add(u.Subject.Name, u.Subject.Version, u.To, english.Number(u.Fixes), u.Worst.String(), open)
	}
	t.printf("\n%s\n", t.Bold(fmt.Sprintf("%s would fix %s of %s", english.Count(len(list), "upgrade"), english.Number(fixes), english.Count(len(t.a.Findings), "finding"))))
	g.Write(t.w, t.Style)
	t.more(len(list))
}

// remedies writes a command for each package manager, and counts the findings that no command closes. A command is one line at any width,
// so that it can be copied.
func (t *table) remedies() {
	r := t.a.Remediate(matcher.Unknown)
	for i := range r.Remedies {
		x := &r.Remedies[i]
		if x.Command != "" {
			t.printf("\n%s closes %s:\n  %s\n", x.Type, english.Count(x.Closes, "finding"), terminal.Escape(x.Command))
		}
		var unsure []string
		for k := range x.Upgrades {
			if u := &x.Upgrades[k]; u.Unsure != "" {
				unsure = append(unsure, terminal.Escape("may not be available: "+u.Subject.Name+" "+u.To+", since "+u.Unsure))
			}
		}
		t.lines(unsure)
	}
	if r.Base > 0 {
		t.printf("\nOnly another base image can close %s, which no version of a package does.\n", english.Count(r.Base, "finding"))
	}
}

// more counts what Options.Top leaves out.
func (t *table) more(n int) {
	if t.o.Top > 0 && n > t.o.Top {
		t.printf("  and %s more\n", english.Number(n-t.o.Top))
	}
}

// findings writes the findings, by ecosystem and package, or in the order and groups that the options ask for.
func (t *table) findings() {
	list := t.a.Findings
	if t.o.Top > 0 {
		list = list[:min(t.o.Top, len(list))]
	}
	type section struct {
		title string
		heads []string
		rows  map[string][]*report.Finding
	}
	var sections []*section
	at := make(map[string]*section)
	for i := range list {
		f := &list[i]
		title, head := "findings", ""
		switch t.o.GroupBy {
		case ByLayer:
			head = t.layer(f)
		case ByFile:
			head = f.Components[0].Location()
		case Ungrouped:
		default:
			title, head = (&report.Ecosystem{Key: f.Subject.Ecosystem}).Name(), t.heading(f)
		}
		s := at[title]
		if s == nil {
			s = &section{title: title, rows: make(map[string][]*report.Finding)}
			at[title], sections = s, append(sections, s)
		}
		if s.rows[head] == nil {
			s.heads = append(s.heads, head)
		}
		s.rows[head] = append(s.rows[head], f)
	}
	for _, s := range sections {
		g := terminal.Grid{Indent: "  ", Columns: t.columns()}
		for _, head := range s.heads {
			if head != "" {
				g.Add(head)
			}
			for _, f := range s.rows[head] {
				g.Add(t.row(f)...)
			}
		}
		t.printf("\n%s\n", t.Bold(terminal.Escape(s.title)))
		g.Write(t.w, t.Style)
	}
	t.more(len(t.a.Findings))
}

// columns are those of the findings.
func (t *table) columns() []terminal.Column {
	return []terminal.Column{
		{Title: "SEVERITY", Color: t.level},
		{Title: "VULNERABILITY", Link: func(id string) string { _, address := idlink.Of(id); return address }},
		{Title: "PACKAGE", Shrink: 4, Min: 12},
		{Title: "FIXED IN", Shrink: 3, Min: 8},
		{Title: "THREAT", Color: t.threat},
		{Title: "POLICY", Color: t.action},
		{Title: "STATUS", Shrink: 2, Min: 14, Drop: 1},
		{Title: "TITLE", Shrink: 1, Min: 12, Drop: 2},
		{Title: "LINK", Drop: 3},
	}
}

// row has a cell for each of the columns.
func (t *table) row(f *report.Finding) []string {
	name, fixed, link := "", f.Fixed, ""
	switch t.o.GroupBy {
	case ByLayer, ByFile, Ungrouped:
		name = f.Subject.Name + " " + f.Subject.Version
	}
	if fixed == "" {
		fixed = "-"
	}
	if !t.Links {
		_, link = idlink.Of(f.ID)
	}
	return []string{severityOf(f.Severity), f.ID, name, fixed, threatOf(&f.Enrichment), f.Action.String(), statusOf(f), cut(f.Summary()), link}
}

// maxTitle is the most characters of a title, also in files.
const maxTitle = 120

// cut shortens a title to its first line and to maxTitle characters.
func cut(title string) string {
	title, _, _ = strings.Cut(strings.TrimSpace(title), "\n")
	return terminal.Cut(strings.Join(strings.Fields(title), " "), maxTitle)
}

// severityOf describes a severity: "high 7.5 nvd".
func severityOf(s matcher.Severity) string {
	text := s.Level.String()
	if s.Score > 0 {
		text += fmt.Sprintf(" %.1f", s.Score)
	}
	return strings.TrimSpace(text + " " + s.Source)
}

// layer names the layer that brought the packages of a finding, and its instruction.
func (t *table) layer(f *report.Finding) string {
	i := f.Components[0].Layer
	if i < 0 || i >= len(t.a.Report.Layers) {
		return "no layer"
	}
	return strings.TrimSpace(fmt.Sprintf("layer %d %s", i, terminal.Cut(t.a.Report.Layers[i].Instruction(), maxTitle)))
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

// statusOf returns the status that a VEX statement gives a finding, if there is one, and the publisher's. It is empty if the column of
// fixes says it all.
func statusOf(f *report.Finding) string {
	if f.Analysis == nil && f.Word() == "fix available" {
		return ""
	}
	if a := f.Analysis; a != nil && a.Evidence != "" {
		return strings.ReplaceAll(a.Status.String(), "-", " ") + "; " + f.Word()
	} else if a != nil {
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
