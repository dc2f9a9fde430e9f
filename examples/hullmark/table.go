package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
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
func writeTable(w io.Writer, v *view, s style, now time.Time) error {
	t := &table{w: w, v: v, style: s, now: now}
	t.subject()
	for i := range v.ecosystems {
		t.findings(&v.ecosystems[i])
	}
	t.summary()
	t.coverage()
	return nil
}

// A table is a table in the making. Errors of w are kept by the buffer below it.
type table struct {
	w io.Writer
	v *view
	style
	now time.Time
}

func (t *table) printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *table) subject() {
	r := t.v.report
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
	t.printf("%s  %s\n", t.bold(plain(t.v.ref)), plain(strings.Join(parts, ", ")))
}

// findings writes what was found in one ecosystem.
func (t *table) findings(e *ecosystem) {
	var list []*finding
	layers := make(map[int]bool)
	for i := range t.v.findings {
		if f := &t.v.findings[i]; f.ecosystem == e.key {
			list = append(list, f)
			for _, c := range f.components {
				layers[c.Layer] = true
			}
		}
	}
	if len(list) == 0 {
		return
	}
	g := grid{columns: []column{
		{title: "SEVERITY", color: t.level},
		{title: "VULNERABILITY"},
		{title: "PACKAGE", shrink: 3, min: 8},
		{title: "INSTALLED", shrink: 4, min: 9},
		{title: "FIXED", shrink: 5, min: 9},
		{title: "STATUS", shrink: 1, min: 14},
		{title: "LAYER", right: true},
		{title: "PATH", shrink: 2, min: 16, tail: true},
	}}
	for _, f := range list {
		fixed := f.Fixed
		if fixed == "" {
			fixed = "-"
		}
		g.add(f.Severity.Level.String(), f.ID, f.label(), f.version, fixed, f.word(), f.layer(len(layers) > 1), f.path())
	}
	t.printf("\n%s\n", t.bold(plain(e.name())))
	g.write(t.w, t.width, t.style)
}

// label names the source package of a finding, and the packages built from it where they have other names.
func (f *finding) label() string {
	var names []string
	for _, c := range f.components {
		if c.Name != f.name && c.System && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return f.name
	}
	return f.name + ": " + strings.Join(names, ", ")
}

// word is what the publisher says of a finding, in its own words where it has some.
func (f *finding) word() string {
	word := f.Status.String()
	if f.Reason != "" {
		word = f.Reason
	}
	if f.Uncertain != "" {
		word = "uncertain (" + f.Uncertain + "): " + word
	}
	return word
}

// layer names the layer that brought a finding, where that tells findings apart.
func (f *finding) layer(several bool) string {
	if !several || f.components[0].Layer < 0 {
		return ""
	}
	return fmt.Sprint(f.components[0].Layer)
}

// path says where a package lies that no package manager of the distribution installed.
func (f *finding) path() string {
	c := f.components[0]
	if c.System {
		return ""
	}
	p := c.Path
	if c.Inside != "" {
		p += "!" + c.Inside
	}
	if n := len(f.components) - 1; n > 0 {
		p += fmt.Sprintf(" (and %d more)", n)
	}
	return p
}

// summary counts findings by severity and by status, and packages by what became of them.
func (t *table) summary() {
	v := t.v
	t.printf("\n")
	judged := v.matched() - v.uncovered()
	if len(v.findings) == 0 {
		t.printf("%s known in the %s that could be judged\n", t.bold("no vulnerabilities"), countOf(judged, "package"))
	} else {
		levels := make(map[string]int)
		statuses := make(map[string]int)
		for i := range v.findings {
			levels[v.findings[i].Severity.Level.String()]++
			statuses[v.findings[i].Status.String()]++
		}
		t.printf("%s, counted once a source package: %s\n", t.bold(countOf(v.vulnerabilities(), "vulnerability")), countOf(len(v.findings), "finding"))
		var parts []string
		for l := matcher.Critical; ; l-- {
			if n := levels[l.String()]; n > 0 {
				parts = append(parts, number(n)+" "+t.level(l.String()))
			}
			if l == matcher.Unknown {
				break
			}
		}
		t.printf("  by severity: %s\n", strings.Join(parts, ", "))
		parts = nil
		for s := matcher.Affected; s <= matcher.EndOfLife; s++ {
			if n := statuses[s.String()]; n > 0 {
				parts = append(parts, number(n)+" "+s.String())
			}
		}
		t.printf("  by status:   %s\n", strings.Join(parts, ", "))
	}
	t.printf("%s of %s judged", number(judged), countOf(len(v.report.Components), "package"))
	var not []string
	if n := v.uncovered(); n > 0 {
		not = append(not, number(n)+" without data")
	}
	for _, reason := range []matcher.SkipReason{matcher.OwnedByDistro, matcher.OnlyDeclared, matcher.NoVersion} {
		if n := v.skipped[reason]; n > 0 {
			not = append(not, number(n)+" "+string(reason))
		}
	}
	if len(not) > 0 {
		t.printf("; not judged: %s", strings.Join(not, ", "))
	}
	t.printf("\n")
	if v.declared > 0 {
		t.printf("%s that only lock files or manifests name left out; --declared takes them too\n", countOf(v.declared, "package"))
	}
	if n := len(v.report.Diagnostics); n > 0 {
		t.printf("%s on standard error: something could not be read, so that packages may be missing\n", countOf(n, "diagnostic"))
	}
}

// coverage says which advisories there were, and last what there were none for.
func (t *table) coverage() {
	v := t.v
	g := grid{columns: []column{
		{title: "ADVISORIES FOR"}, {title: "PACKAGES", right: true}, {title: "FEED"}, {title: "DATE"}, {title: "AGE"},
		{title: "", color: t.alarm},
	}}
	for i := range v.ecosystems {
		e := &v.ecosystems[i]
		if !e.covered() {
			g.add(e.name(), number(e.packages), "", "", "", "WITHOUT DATA")
		}
		for _, c := range e.coverage {
			age, note := "", ""
			if !c.Date.IsZero() {
				age = daysOld(c.Date, t.now)
			}
			if c.EndOfLife {
				note = "END OF LIFE: new vulnerabilities are not recorded"
			}
			g.add(e.name(), number(e.packages), c.Feed, day(c.Date), age, note)
		}
	}
	if len(g.rows) > 0 {
		t.printf("\n")
		g.write(t.w, t.width, t.style)
	}
	if len(v.report.Components) == 0 {
		t.printf("\n%s\n", t.alarm("NO PACKAGES were found: that is no sign that nothing is wrong"))
	}
	first := true
	for i := range v.ecosystems {
		e := &v.ecosystems[i]
		if e.covered() {
			continue
		}
		if first {
			t.printf("\n")
			first = false
		}
		text := fmt.Sprintf("NOT JUDGED: no advisories known for %s: %s", plain(e.name()), countOf(e.packages, "package"))
		if n := t.sampled(e); n > 0 {
			text = fmt.Sprintf("NOT FULLY JUDGED: only some advisories known for %s: %s", plain(e.name()), countOf(e.packages, "package"))
		}
		t.printf("%s\n", t.alarm(text))
	}
}

// sampled counts the findings in an ecosystem of which not everything is known.
func (t *table) sampled(e *ecosystem) int {
	n := 0
	for i := range t.v.findings {
		if t.v.findings[i].ecosystem == e.key {
			n++
		}
	}
	return n
}
