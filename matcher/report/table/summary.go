package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// summary counts findings by severity and status, and packages by what became of them.
func (t *table) summary() {
	a := t.a
	t.printf("\n")
	defer t.inFiles()
	if a.Result == nil {
		t.printf("packages were not matched\n")
		return
	}
	checked := a.Matched - a.Uncovered
	if len(a.Findings) == 0 {
		found := "found"
		if len(a.Hidden) > 0 {
			found = "besides the hidden ones"
		}
		t.printf("%s %s in the %s that could be checked\n", t.Bold("no vulnerabilities"), found, english.Count(checked, "package"))
	} else {
		t.counts()
	}
	t.printf("%s of %s checked", english.Number(checked), english.Count(len(a.Report.Components), "package"))
	var not []string
	if n := a.Uncovered; n > 0 {
		not = append(not, english.Number(n)+" without advisories")
	}
	for _, reason := range []matcher.SkipReason{matcher.OwnedByDistro, matcher.OnlyDeclared, matcher.OnlyCached, matcher.OnlyTestData, matcher.NoVersion} {
		if n := a.Skipped[reason]; n > 0 {
			not = append(not, english.Number(n)+" "+reason.Text())
		}
	}
	if len(not) > 0 {
		t.printf("; not checked: %s", strings.Join(not, ", "))
	}
	t.printf("\n")
	if a.Omitted > 0 {
		t.printf("%s left out that only lock files or manifests name\n", english.Count(a.Omitted, "package"))
	}
	if n := len(a.LeftOut) - a.Omitted; n > 0 {
		t.printf("%s left out in caches of package managers or test data\n", english.Count(n, "package"))
	}
	if n := len(a.Report.Diagnostics); n > 0 {
		t.printf("%s: some files could not be read, so packages may be missing\n", t.Alarm(english.Count(n, "diagnostic")))
	}
}

// counts counts findings: a vulnerability once for each source package that it is in.
func (t *table) counts() {
	levels := make(map[matcher.Level]int)
	statuses := make(map[matcher.Status]int)
	subjects := make(map[report.Subject]bool)
	fixable, uncertain := 0, 0
	for i := range t.a.Findings {
		f := &t.a.Findings[i]
		levels[f.Severity.Level]++
		statuses[f.Status]++
		subjects[f.Subject] = true
		if f.Fixed != "" {
			fixable++
		}
		if f.Uncertain != "" {
			uncertain++
		}
	}
	t.printf("%s: %s in %s\n", t.Bold(english.Count(len(t.a.Findings), "finding")),
		english.Count(t.a.Vulnerabilities, "vulnerability"), english.Count(len(subjects), "package"))
	var parts []string
	for l := matcher.Critical; ; l-- {
		if n := levels[l]; n > 0 {
			parts = append(parts, english.Number(n)+" "+t.level(l.String()))
		}
		if l == matcher.Unknown {
			break
		}
	}
	t.printf("  by severity  %s\n", strings.Join(parts, ", "))
	parts = nil
	for s := matcher.Affected; s <= matcher.EndOfLife; s++ {
		if n := statuses[s]; n > 0 {
			parts = append(parts, english.Number(n)+" "+counted(s))
		}
	}
	t.printf("  by status    %s\n", strings.Join(parts, ", "))
	t.printf("  fixable      %s", english.Number(fixable))
	if uncertain > 0 {
		t.printf(", %s uncertain", english.Number(uncertain))
	}
	t.printf("\n")
}

// counted returns a status to be read after the number of findings that have it: "3 with a fix".
func counted(s matcher.Status) string {
	switch s {
	case matcher.Fixed:
		return "with a fix"
	case matcher.WillNotFix:
		return "that will not be fixed"
	case matcher.Deferred:
		return "with a deferred fix"
	}
	return s.Text()
}

// coverage lists the advisories that were available, and what limits the answer.
func (t *table) coverage() {
	a := t.a
	g := terminal.Grid{Columns: []terminal.Column{
		{Title: "ADVISORIES FOR"}, {Title: "PACKAGES", Right: true}, {Title: "FEED"}, {Title: "DATE"}, {Title: "AGE"},
		{Title: "", Color: t.Alarm},
	}}
	for i := range a.Ecosystems {
		e := &a.Ecosystems[i]
		if len(e.Coverage) == 0 {
			note := "NO ADVISORIES"
			if e.Packages == 0 {
				note = "NOT READ"
			}
			g.Add(e.Name(), english.Number(e.Packages), "", "", "", note)
		}
		for _, c := range e.Coverage {
			age, note := "", ""
			if !c.Date.IsZero() && !a.Time.IsZero() {
				age = english.Count(max(0, int(a.Time.Sub(c.Date).Hours()/24)), "day") + " old"
			}
			if c.Missing {
				note = "NOT FETCHED"
			} else if c.Sampled {
				note = "SAMPLES ONLY"
			}
			g.Add(e.Name(), english.Number(e.Packages), c.Feed, day(c.Date), age, note)
		}
	}
	if !g.Empty() {
		t.printf("\n")
		g.Write(t.w, t.Style)
	}
	notes := a.Notes
	if len(notes) > 0 {
		t.printf("\n")
	}
	for _, n := range notes {
		text := terminal.Escape(n.Text)
		if n.Code != report.NoteBase {
			text = t.Alarm(text)
		}
		t.printf("%s\n", text)
	}
	for i := range a.Ecosystems {
		if e := &a.Ecosystems[i]; !e.Covered {
			if names := t.names(e); names != "" {
				t.printf("  %s: %s\n", terminal.Escape(e.Name()), names)
			}
		}
	}
}

// names lists the packages of an ecosystem, if there are at most three.
func (t *table) names(e *report.Ecosystem) string {
	const most = 3
	if e.Packages > most {
		return ""
	}
	var names []string
	for i := range t.a.Report.Components {
		if c := &t.a.Report.Components[i]; matcher.EcosystemOf(c, t.a.Report.Distro) == e.Key && !slices.Contains(names, c.Name) {
			names = append(names, terminal.Escape(c.Name))
		}
	}
	if len(names) > most {
		return "" // some of them were not to be matched
	}
	return fmt.Sprint(strings.Join(names, ", "))
}
