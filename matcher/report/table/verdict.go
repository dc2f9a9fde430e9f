package table

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report"
)

// maxLines bounds the lines of each kind about a policy. The JSON form has all of them.
const maxLines = 10

// verdict writes a policy's decisions, the entries that allowed something, and those that have expired.
func (t *table) verdict() {
	v := t.a.Verdict
	if v == nil {
		return
	}
	t.printf("\n%s %s by policy %s of %s (%s)\n", t.Bold("verdict:"), t.action(v.Action.String()), terminal.Escape(strings.Join(v.Policies, ", ")), terminal.Escape(v.Document), v.Mapping)
	if e := v.Denied; e != nil {
		t.printf("  the image is denied: %s (line %d)\n", terminal.Escape(e.Reason), e.Line)
	}
	if e := v.Passed; e != nil {
		t.printf("  the image passes whatever the decisions are: %s (line %d)\n", terminal.Escape(e.Reason), e.Line)
	}
	t.printf("  %s: %d stop, %d warn, %d go, of these %d allowed by lists and %d hidden\n", english.Count(len(v.Decisions), "decision"), v.Count(report.Stop), v.Count(report.Warn), v.Count(report.Go), allowed(v), v.Hidden())
	var lines []string
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Target != report.TargetMatch && d.Action > report.Go {
			lines = append(lines, fmt.Sprintf("%s: %s", t.action(d.Action.String()), terminal.Escape(t.packagePrefix(d)+cmp.Or(d.Message, d.Rule))))
		}
	}
	t.lines(lines)
	lines = nil
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Allowed != nil {
			lines = append(lines, terminal.Escape(fmt.Sprintf("allowed%s: %s, %s (%s, line %d)", expiryText(d.Allowed), t.packagePrefix(d)+d.Allowed.What, d.Allowed.Reason, d.Allowed.List, d.Allowed.Line)))
		}
	}
	t.lines(lines)
	lines = nil
	for i := range v.Expired {
		e := &v.Expired[i]
		lines = append(lines, t.Alarm("expired")+terminal.Escape(fmt.Sprintf(" on %s: %s, %s (%s, line %d)", e.Expires.UTC().Format(time.DateOnly), e.What, e.Reason, e.List, e.Line)))
	}
	t.lines(lines)
	lines = nil
	for i := range v.Unused {
		e := &v.Unused[i]
		line := fmt.Sprintf("matches nothing: %s (%s, line %d)", e.What, e.List, e.Line)
		if e.Hint != "" {
			line += "; it may mean " + e.Hint
		}
		lines = append(lines, terminal.Escape(line))
	}
	t.lines(lines)
}

func (t *table) lines(list []string) {
	for i, line := range list {
		if i == maxLines {
			t.printf("  and %d more\n", len(list)-i)
			return
		}
		t.printf("  %s\n", line)
	}
}

// packagePrefix names the package of a decision, which its message may not do.
func (t *table) packagePrefix(d *report.Decision) string {
	if c := t.a.Component(d.Component); c != nil && d.Target == report.TargetPackage {
		return c.Name + " " + c.Version + ": "
	}
	return ""
}

func allowed(v *report.Verdict) int {
	n := 0
	for i := range v.Decisions {
		if v.Decisions[i].Allowed != nil {
			n++
		}
	}
	return n
}

func expiryText(e *report.Entry) string {
	if e.Expires.IsZero() {
		return ""
	}
	return " until " + e.Expires.UTC().Format(time.DateOnly)
}

// hidden counts hidden findings by reason, and lists them if Options say so.
func (t *table) hidden() {
	n := t.a.HiddenCount
	if n == 0 {
		return
	}
	t.printf("\n%s\n", t.Bold(english.Count(n, "finding")+" hidden"))
	for i := range t.a.Hidden {
		h := &t.a.Hidden[i]
		t.printf("  %s: %s\n", english.Number(h.Count()), terminal.Escape(h.Reason.Text))
		if !t.o.ShowHidden {
			continue
		}
		g := terminal.Grid{Indent: "    ", Columns: []terminal.Column{
			{Title: "SEVERITY", Color: t.level}, {Title: "VULNERABILITY"}, {Title: "IN", Shrink: 2, Min: 12}, {Title: "STATUS", Shrink: 1, Min: 14},
		}}
		for j := range h.Findings {
			f := &h.Findings[j]
			g.Add(f.Severity.Level.String(), f.ID, f.Subject.Name+" "+f.Subject.Version, justificationOf(f))
		}
		if !g.Empty() {
			g.Write(t.w, t.Style)
		}
		t.hiddenFiles(h.Files)
	}
}

// justificationOf returns the words of the VEX statement that suppresses a finding and their place, or else its status.
func justificationOf(f *report.Finding) string {
	a := f.Analysis
	if a == nil || !f.Suppressed() {
		return f.Word()
	}
	var parts []string
	for _, s := range []string{a.Justification, a.Detail, strings.TrimSpace(a.Document + " " + a.Place)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}
