// Package html writes a report as one HTML file that needs nothing else: to be opened from a disk, kept as a build's artifact or
// sent by mail. Findings can be sorted, filtered and opened; on a narrow screen each is a card. Without scripts everything is
// still there to read.
//
// What comes from an image is escaped by html/template, and a content security policy forbids the page to load anything.
package html

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

//go:embed page.tmpl style.css script.js
var files embed.FS

// A page is the data of the template.
type page struct {
	*report.Assessment
	Style  template.CSS
	Script template.JS
	Rows   []row
	Levels []level
	Policy bool
}

type level struct {
	Name  string
	Count int
}

// A row is a finding in the form of the page.
type row struct {
	*report.Finding
	Level, Why, Search string
	Rank               int
	Ecosystem          string
	Exploited          string
	Failing            bool
}

// Write writes a report.
func Write(w io.Writer, v *report.Assessment) error {
	text := func(name string) string {
		b, _ := files.ReadFile(name) // embedded
		return string(b)
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"date":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"day":   func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"place": func(c *analyzer.Component) string { return c.Location() },
		"count": plural.Count,
		"web":   func(u string) bool { return strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") },
		"words": func(s matcher.Status) string { return strings.ReplaceAll(s.String(), "-", " ") },
		"kind":  func(k report.Target) string { return string(k) },
	}).Parse(text("page.tmpl"))
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	p := page{Assessment: v, Style: template.CSS(text("style.css")), Script: template.JS(text("script.js")), Policy: v.Verdict != nil}
	counts := make(map[matcher.Level]int)
	for i := range v.Findings {
		counts[v.Findings[i].Severity.Level]++
		p.Rows = append(p.Rows, rowOf(v, &v.Findings[i]))
	}
	slices.SortStableFunc(p.Rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Action, a.Action), matcher.CompareRisk(a.Match, b.Match))
	})
	for i := range v.Hidden {
		for j := range v.Hidden[i].Findings {
			p.Rows = append(p.Rows, rowOf(v, &v.Hidden[i].Findings[j]))
		}
	}
	for l := matcher.Critical; ; l-- {
		p.Levels = append(p.Levels, level{l.String(), counts[l]})
		if l == matcher.Unknown {
			break
		}
	}
	if err := t.Execute(printable{w}, p); err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return nil
}

func rowOf(v *report.Assessment, f *report.Finding) row {
	r := row{Finding: f, Level: f.Severity.Level.String(), Rank: int(f.Severity.Level), Ecosystem: (&report.Ecosystem{Key: f.Subject.Ecosystem}).Name(), Failing: f.Disallowed}
	if f.Hidden != nil {
		r.Why = f.Hidden.Text
	}
	switch t := &f.Enrichment; {
	case t.Ransomware:
		r.Exploited = "ransomware"
	case !t.Exploited.IsZero():
		r.Exploited = "exploited"
	case len(t.Exploits) > 0:
		r.Exploited = "exploit known"
	}
	words := append([]string{f.ID, f.Subject.Name, f.Subject.Version, f.Word(), r.Level, r.Ecosystem, r.Exploited, f.Action.String(), r.Why}, f.Aliases...)
	for _, c := range f.Components {
		words = append(words, c.Name, c.Path)
	}
	r.Search = strings.ToLower(strings.Join(words, " "))
	return r
}

// Percent is a probability in percent.
func (r row) Percent() string {
	switch e := r.Enrichment.EPSS; {
	case e == 0:
		return ""
	case e < 0.01:
		return "<1%"
	default:
		return fmt.Sprintf("%.0f%%", 100*e)
	}
}

// Message is a policy's message about the finding.
func (r row) Message() string {
	for _, d := range r.Decisions {
		if d.Action == r.Action {
			return cmp.Or(d.Message, d.Rule)
		}
	}
	return ""
}

// Allowed is the entry of a list that lets the finding pass, or nil.
func (r row) Allowed() *report.Entry {
	for _, d := range r.Decisions {
		if d.Allowed != nil {
			return d.Allowed
		}
	}
	return nil
}

// printable replaces the control characters that HTML does not allow, and shows hidden characters as escapes. The template writes
// each value at once.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	forbidden := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }
	if bytes.IndexFunc(b, func(r rune) bool { return forbidden(r) || terminal.Hidden(r) }) < 0 {
		return p.w.Write(b)
	}
	var clean bytes.Buffer
	for _, r := range string(b) {
		switch {
		case forbidden(r):
			clean.WriteRune('\uFFFD')
		case terminal.Hidden(r):
			clean.WriteString(terminal.Rune(r))
		default:
			clean.WriteRune(r)
		}
	}
	if _, err := p.w.Write(clean.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}
