package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

// statusWord is what is said of a finding: by a VEX statement, where there is one, and by the publisher.
func statusWord(f *report.Finding) string {
	if a := f.Analysis; a != nil {
		return "VEX: " + a.Status.String() + "; " + f.Word()
	}
	return f.Word()
}

// action colours what a policy wants.
func (s style) action(text string) string {
	switch text {
	case "stop":
		return s.sgr("31", text)
	case "warn":
		return s.sgr("33", text)
	case "go":
		return s.sgr("32", text)
	}
	return text
}

// maxLines is how many lines of a kind the table has of a policy's decisions and entries. All are in the JSON form.
const maxLines = 10

// verdict writes what a policy decided, what allowed it, and what has expired.
func (t *table) verdict() {
	v := t.v.Verdict
	if v == nil {
		return
	}
	t.printf("\n%s %s by policy %s of %s (%s)\n", t.bold("verdict:"), t.action(v.Action.String()), plain(strings.Join(v.Policies, ", ")), plain(v.Document), v.Mapping)
	if e := v.Denied; e != nil {
		t.printf("  the image is denied: %s (line %d)\n", plain(e.Reason), e.Line)
	}
	if e := v.Passed; e != nil {
		t.printf("  the image passes whatever is decided: %s (line %d)\n", plain(e.Reason), e.Line)
	}
	t.printf("  %s: %d stop, %d warn, %d go, of these %d allowed by lists and %d hidden\n", countOf(len(v.Decisions), "decision"), v.Count(report.Stop), v.Count(report.Warn), v.Count(report.Go), allowed(v), v.Hidden)
	var said []string
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Target != report.TargetMatch && d.Action > report.Go {
			said = append(said, fmt.Sprintf("%s: %s", t.action(d.Action.String()), plain(t.about(d)+cmp.Or(d.Message, d.Rule))))
		}
	}
	t.lines(said)
	said = nil
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Allowed != nil {
			said = append(said, plain(fmt.Sprintf("allowed%s: %s, %s (%s, line %d)", until(d.Allowed), t.about(d)+d.Allowed.What, d.Allowed.Reason, d.Allowed.List, d.Allowed.Line)))
		}
	}
	t.lines(said)
	said = nil
	for i := range v.Expired {
		e := &v.Expired[i]
		said = append(said, t.alarm("expired")+plain(fmt.Sprintf(" on %s: %s, %s (%s, line %d)", e.Expires.UTC().Format(time.DateOnly), e.What, e.Reason, e.List, e.Line)))
	}
	t.lines(said)
	if n := len(v.Unused); n > 0 {
		t.printf("  %s of lists that allow nothing in this image\n", entriesOf(n))
	}
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

// about names what a decision is about, where its message may not.
func (t *table) about(d *report.Decision) string {
	if c := t.v.Component(d.Component); c != nil && d.Target == report.TargetPackage {
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

func until(e *report.Entry) string {
	if e.Expires.IsZero() {
		return ""
	}
	return " until " + e.Expires.UTC().Format(time.DateOnly)
}

// hidden counts what is not shown, by reason, and with --show-hidden lists it.
func (t *table) hidden() {
	n := t.v.HiddenFindings()
	if n == 0 {
		return
	}
	more := ""
	if !t.v.showHidden {
		more = "; --show-hidden lists them"
	}
	t.printf("\n%s%s\n", t.bold(countOf(n, "finding")+" hidden"), more)
	for i := range t.v.Hidden {
		h := &t.v.Hidden[i]
		t.printf("  %s: %s\n", number(len(h.Findings)), plain(h.Why))
		if !t.v.showHidden {
			continue
		}
		g := grid{indent: "    ", columns: []column{
			{title: "SEVERITY", color: t.level}, {title: "VULNERABILITY"}, {title: "IN", shrink: 2, min: 12}, {title: "SAID", shrink: 1, min: 14},
		}}
		for j := range h.Findings {
			f := &h.Findings[j]
			g.add(f.Severity.Level.String(), f.ID, f.Subject.Name+" "+f.Subject.Version, hiddenWord(f))
		}
		g.write(t.w, t.width, t.style)
	}
}

// hiddenWord is what is said of a finding that is hidden: for a VEX statement its words and where it stands.
func hiddenWord(f *report.Finding) string {
	a := f.Analysis
	if a == nil || !f.Suppressed() {
		return f.Word()
	}
	var parts []string
	for _, s := range []string{a.Justification, a.Detail, a.Document + " " + a.Place} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}
