package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/report"
)

// style returns how results look where they go: on a terminal as wide as that, and in colours unless NO_COLOR is set.
func (a *app) style(o *output) style {
	if o.file != nil {
		return style{}
	}
	width, ok := terminal(a.stdout)
	return style{width: width, colors: ok && os.Getenv("NO_COLOR") == ""}
}

// writeTable writes results for a person: findings by ecosystem, the worst first, then what was counted, and what could
// not be judged last, where it is seen.
func writeTable(w io.Writer, v *results, s style, now time.Time) error {
	t := &table{w: w, v: v, style: s, now: now}
	t.subject()
	for i := range v.Ecosystems {
		t.findings(&v.Ecosystems[i])
	}
	t.files()
	t.summary()
	t.verdict()
	t.hidden()
	t.coverage()
	return nil
}

// A table is a table in the making. Errors of w are kept by the buffer below it.
type table struct {
	w io.Writer
	v *results
	style
	now time.Time
}

func (t *table) printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *table) subject() {
	r := t.v.Report
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
		parts = append(parts, countOf(len(r.Layers), "layer"))
	}
	parts = append(parts, countOf(len(r.Components), "package"))
	t.printf("%s  %s\n", t.bold(plain(t.v.Name)), plain(strings.Join(parts, ", ")))
}

// findings writes what was found in one ecosystem, package by package, the one with the worst first.
func (t *table) findings(e *report.Ecosystem) {
	g := grid{indent: "  ", columns: []column{
		{title: "SEVERITY", color: t.level},
		{title: "VULNERABILITY"},
		{title: "FIXED IN", shrink: 2, min: 8},
		{title: "THREAT", color: t.threat},
		{title: "POLICY", color: t.action},
		{title: "STATUS", shrink: 1, min: 14},
	}}
	last := ""
	for i := range t.v.Findings {
		f := &t.v.Findings[i]
		if f.Subject.Ecosystem != e.Key {
			continue
		}
		if head := t.heading(f); head != last {
			g.add(head)
			last = head
		}
		fixed := f.Fixed
		if fixed == "" {
			fixed = "-"
		}
		g.add(f.Severity.Level.String(), f.ID, fixed, threatWord(&f.Enrichment), f.Action.String(), statusWord(f))
	}
	if last == "" {
		return
	}
	t.printf("\n%s\n", t.bold(plain(e.Name())))
	g.write(t.w, t.width, t.style)
}

// files writes what analyzers found that is no package, such as malware and secrets. Jars without coordinates, which are
// reported too, are in the JSON form only: nothing is wrong with them.
func (t *table) files() {
	g := grid{indent: "  ", columns: []column{
		{title: "SEVERITY", color: t.level},
		{title: "RULE"},
		{title: "FILE", shrink: 2, min: 12},
		{title: "FINDING", shrink: 1, min: 14},
	}}
	for _, f := range t.v.Report.Findings {
		if f.Severity == "" {
			continue
		}
		at := f.Path
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", at, f.Line)
		}
		g.add(plain(f.Severity), plain(f.Rule), plain(at), plain(f.Title))
	}
	if len(g.rows) == 0 {
		return
	}
	t.printf("\n%s\n", t.bold("found in files"))
	g.write(t.w, t.width, t.style)
}

// heading names a package that something was found in: a source package and what was built from it, and where it lies if
// no package manager of the distribution put it there.
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
	if len(layers) == 1 && c.Layer >= 0 && len(t.v.Report.Layers) > 1 {
		head += fmt.Sprintf(", layer %d", c.Layer)
	}
	if c.System {
		return head
	}
	if c.Path != "" {
		head += ", " + c.Path
	}
	if c.ArchivePath != "" {
		head += "!" + c.ArchivePath
	}
	if n := len(f.Components) - 1; n > 0 {
		head += fmt.Sprintf(" and %d more", n)
	}
	return head
}

// threatWord says in few words whether a vulnerability is used against anybody, or how likely that is: "exploited", "EPSS 94%".
func threatWord(t *matcher.Enrichment) string {
	var parts []string
	switch {
	case t.Ransomware:
		parts = append(parts, "ransomware")
	case !t.Exploited.IsZero():
		parts = append(parts, "exploited")
	case len(t.Exploits) > 0:
		parts = append(parts, "exploit known")
	}
	switch {
	case t.EPSS >= 0.01:
		parts = append(parts, fmt.Sprintf("EPSS %.0f%%", 100*t.EPSS))
	case t.EPSS > 0:
		parts = append(parts, "EPSS <1%")
	}
	return strings.Join(parts, ", ")
}

// threat colours what is known to be used against somebody.
func (s style) threat(text string) string {
	if strings.HasPrefix(text, "ransomware") || strings.HasPrefix(text, "exploited") {
		return s.alarm(text)
	}
	return text
}

// summary counts findings by severity and by status, and packages by what became of them.
func (t *table) summary() {
	v := t.v
	t.printf("\n")
	judged := v.Matched() - v.Uncovered()
	if len(v.Findings) == 0 {
		t.printf("%s known in the %s that could be judged\n", t.bold("no vulnerabilities"), countOf(judged, "package"))
	} else {
		t.counts()
	}
	t.printf("%s of %s judged", number(judged), countOf(len(v.Report.Components), "package"))
	var not []string
	if n := v.Uncovered(); n > 0 {
		not = append(not, number(n)+" without data")
	}
	for _, reason := range []matcher.SkipReason{matcher.OwnedByDistro, matcher.OnlyDeclared, matcher.NoVersion} {
		if n := v.Skipped[reason]; n > 0 {
			not = append(not, number(n)+" "+string(reason))
		}
	}
	if len(not) > 0 {
		t.printf("; not judged: %s", strings.Join(not, ", "))
	}
	t.printf("\n")
	if v.LeftOut > 0 {
		t.printf("%s that only lock files or manifests name left out; --declared takes them too\n", countOf(v.LeftOut, "package"))
	}
	if n := len(v.Report.Diagnostics); n > 0 {
		t.printf("%s on standard error: something could not be read, so that packages may be missing\n", countOf(n, "diagnostic"))
	}
}

// counts counts findings: a vulnerability once for each source package that it is in.
func (t *table) counts() {
	levels := make(map[string]int)
	statuses := make(map[string]int)
	sources := make(map[report.Subject]bool)
	fixable, uncertain := 0, 0
	for i := range t.v.Findings {
		f := &t.v.Findings[i]
		levels[f.Severity.Level.String()]++
		statuses[f.Status.String()]++
		sources[f.Subject] = true
		if f.Fixed != "" {
			fixable++
		}
		if f.Uncertain != "" {
			uncertain++
		}
	}
	t.printf("%s: %s in %s\n", t.bold(countOf(len(t.v.Findings), "finding")),
		countOf(report.Vulnerabilities(t.v.Findings), "vulnerability"), countOf(len(sources), "package"))
	var parts []string
	for l := matcher.Critical; ; l-- {
		if n := levels[l.String()]; n > 0 {
			parts = append(parts, number(n)+" "+t.level(l.String()))
		}
		if l == matcher.Unknown {
			break
		}
	}
	t.printf("  by severity  %s\n", strings.Join(parts, ", "))
	parts = nil
	for s := matcher.Affected; s <= matcher.EndOfLife; s++ {
		if n := statuses[s.String()]; n > 0 {
			parts = append(parts, number(n)+" "+s.String())
		}
	}
	t.printf("  by status    %s\n", strings.Join(parts, ", "))
	t.printf("  to be fixed  %s in a later version", number(fixable))
	if uncertain > 0 {
		t.printf(", %s uncertain", number(uncertain))
	}
	t.printf("\n")
}

// coverage says which advisories there were, and last what there were none for.
func (t *table) coverage() {
	v := t.v
	g := grid{columns: []column{
		{title: "ADVISORIES FOR"}, {title: "PACKAGES", right: true}, {title: "FEED"}, {title: "DATE"}, {title: "AGE"},
		{title: "", color: t.alarm},
	}}
	for i := range v.Ecosystems {
		e := &v.Ecosystems[i]
		if !e.Covered() {
			note := "WITHOUT DATA"
			if e.Sampled {
				note = "SAMPLES ONLY"
			}
			g.add(e.Name(), number(e.Packages), "", "", "", note)
		}
		for _, c := range e.Coverage {
			age, note := "", ""
			if !c.Date.IsZero() {
				age = daysOld(c.Date, t.now)
			}
			if last, _ := distro.SupportEnds(c.Namespace, c.Release); distro.Ended(c.Namespace, c.Release, t.now) {
				note = "END OF LIFE since " + day(last) + ": new vulnerabilities are not recorded"
			} else if c.EndOfLife {
				note = "END OF LIFE: new vulnerabilities are not recorded"
			}
			g.add(e.Name(), number(e.Packages), c.Feed, day(c.Date), age, note)
		}
	}
	if len(g.rows) > 0 {
		t.printf("\n")
		g.write(t.w, t.width, t.style)
	}
	if v.Matched() == 0 {
		t.printf("\n%s\n", t.alarm("NOT JUDGED: no packages were found that could be; that does not mean that nothing is wrong"))
	}
	first := true
	for i := range v.Ecosystems {
		e := &v.Ecosystems[i]
		if e.Covered() {
			continue
		}
		if first {
			t.printf("\n")
			first = false
		}
		text := "NOT JUDGED: no advisories are known for "
		if e.Sampled {
			text = "NOT JUDGED: only samples of advisories are known for "
		}
		text += fmt.Sprintf("%s: %s%s", plain(e.Name()), countOf(e.Packages, "package"), t.names(e))
		t.printf("%s\n", t.alarm(text))
	}
}

// names lists the packages of an ecosystem, if they are few.
func (t *table) names(e *report.Ecosystem) string {
	const few = 3
	if e.Packages > few {
		return ""
	}
	var names []string
	for i := range t.v.Report.Components {
		if c := &t.v.Report.Components[i]; t.v.EcosystemOf(c) == e.Key && !slices.Contains(names, c.Name) {
			names = append(names, plain(c.Name))
		}
	}
	if len(names) > few {
		return "" // others that were not to be judged anyway
	}
	return " (" + strings.Join(names, ", ") + ")"
}
