package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// gateFlags are the flags that say with which results the command fails.
type gateFlags struct {
	failOn         string
	allowUncovered bool
	goOn           bool
}

func (f *gateFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 4 on `SEVERITY` or worse: negligible, low, medium, high, critical")
	flags.BoolVar(&f.allowUncovered, "allow-uncovered", false, "with --fail-on or --policy, let pass what there are no advisories for")
	flags.BoolVar(&f.goOn, "continue", false, "say what is disallowed, and exit with 0 nevertheless")
}

// A gate is what the command fails on.
type gate struct {
	failOn         matcher.Level // Unknown: on no severity
	allowUncovered bool
	goOn           bool
}

func (f *gateFlags) parse() (gate, error) {
	g := gate{allowUncovered: f.allowUncovered, goOn: f.goOn}
	if f.failOn == "" {
		return g, nil
	}
	for l := matcher.Negligible; l <= matcher.Critical; l++ {
		if l.String() == strings.ToLower(f.failOn) {
			g.failOn = l
			return g, nil
		}
	}
	return g, fmt.Errorf("--fail-on %q is none of negligible, low, medium, high and critical", f.failOn)
}

// fails reports whether a finding is disallowed; without anything that disallows, every finding counts as that.
func (g gate) fails(f *report.Finding) bool {
	if g.failOn == matcher.Unknown && f.Action == report.Undecided {
		return true
	}
	return f.Action == report.Stop || g.failOn != matcher.Unknown && f.Severity.Level >= g.failOn
}

// judge returns a verdict on what is disallowed, nil if that is nothing, or if the command is to go on.
func (a *app) judge(g gate, v *results) error {
	err := a.disallowed(g, v)
	if err != nil && g.goOn {
		a.say("%v; going on, as --continue says", err)
		return nil
	}
	return err
}

func (a *app) disallowed(g gate, v *results) error {
	if g.failOn == matcher.Unknown && v.Verdict == nil {
		return nil
	}
	var said []string
	if v.Verdict != nil && v.Verdict.Action == report.Stop {
		said = append(said, stopped(v.Verdict))
	}
	if g.failOn != matcher.Unknown {
		if n := unrated(v.Findings); n > 0 {
			a.say("%s of unknown severity: --fail-on lets them pass", countOf(n, "vulnerability"))
		}
		if n := severe(v.Findings, g.failOn); n > 0 {
			verb := "are"
			if n == 1 {
				verb = "is"
			}
			said = append(said, fmt.Sprintf("%s %s %s or worse, which --fail-on disallows", countOf(n, "vulnerability"), verb, g.failOn))
		}
	}
	if len(said) > 0 {
		return &verdict{exitDisallowed, strings.Join(said, "; ")}
	}
	if g.allowUncovered {
		return nil
	}
	return uncovered(v.Assessment)
}

// severe counts the different identifiers of a severity or a worse one.
func severe(list []report.Finding, level matcher.Level) int {
	bad := make(map[string]bool)
	for i := range list {
		if f := &list[i]; f.Severity.Level >= level {
			bad[f.ID] = true
		}
	}
	return len(bad)
}

// stopped says what a policy stops on: the first thing, and how many more there are.
func stopped(v *report.Verdict) string {
	text := fmt.Sprintf("policy %s of %s stops", strings.Join(v.Policies, ", "), v.Document)
	n := 0
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if d.Action != report.Stop {
			continue
		}
		if n == 0 {
			why := d.Message
			if why == "" {
				why = strings.TrimPrefix(d.Policy+"/"+d.Rule, "/")
			}
			text += ": " + why
		}
		n++
	}
	if n > 1 {
		text += fmt.Sprintf(" (and %s)", countOf(n-1, "other decision"))
	}
	return plain(text)
}

// uncovered returns a verdict on what cannot be judged, nil if that is nothing.
func uncovered(v *report.Assessment) error {
	if v.Matched() == 0 {
		return &verdict{exitUncovered, "no packages were found that could be judged; --allow-uncovered lets that pass"}
	}
	var parts []string
	for i := range v.Ecosystems {
		if e := &v.Ecosystems[i]; !e.Covered() {
			parts = append(parts, fmt.Sprintf("%s (%s)", plain(e.Name()), countOf(e.Packages, "package")))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return &verdict{exitUncovered, fmt.Sprintf("there are no advisories to judge %s; --db names a database that has them, --allow-uncovered lets that pass", strings.Join(parts, ", "))}
}

// unrated counts the different identifiers whose severity nobody says.
func unrated(list []report.Finding) int {
	rated := make(map[string]bool)
	for i := range list {
		f := &list[i]
		rated[f.ID] = rated[f.ID] || f.Severity.Level != matcher.Unknown
	}
	n := 0
	for _, known := range rated {
		if !known {
			n++
		}
	}
	return n
}
