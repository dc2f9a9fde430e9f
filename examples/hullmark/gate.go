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
}

func (f *gateFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 4 on `SEVERITY` or worse: negligible, low, medium, high, critical")
	flags.BoolVar(&f.allowUncovered, "allow-uncovered", false, "with --fail-on, let pass what there are no advisories for")
}

// A gate is what the command fails on.
type gate struct {
	failOn         matcher.Level // Unknown: on no severity
	allowUncovered bool
}

func (f *gateFlags) parse() (gate, error) {
	g := gate{allowUncovered: f.allowUncovered}
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

// judge returns a verdict on what is disallowed, nil if that is nothing.
func (a *app) judge(g gate, v *results) error {
	if g.failOn == matcher.Unknown {
		return nil
	}
	if n := unrated(v.Findings); n > 0 {
		a.say("%s of unknown severity: --fail-on lets them pass", countOf(n, "vulnerability"))
	}
	bad := make(map[string]bool)
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Severity.Level >= g.failOn {
			bad[f.ID] = true
		}
	}
	if len(bad) > 0 {
		verb := "are"
		if len(bad) == 1 {
			verb = "is"
		}
		return &verdict{exitDisallowed, fmt.Sprintf("%s %s %s or worse, which --fail-on disallows", countOf(len(bad), "vulnerability"), verb, g.failOn)}
	}
	if g.allowUncovered {
		return nil
	}
	return uncovered(v.View)
}

// uncovered returns a verdict on what cannot be judged, nil if that is nothing.
func uncovered(v *report.View) error {
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
