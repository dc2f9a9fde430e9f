package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// gateFlags decide which results make the command fail.
type gateFlags struct {
	failOn         string
	allowUncovered bool
	proceed        bool
}

func (f *gateFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 4 on `SEVERITY` or worse: negligible, low, medium, high, critical")
	flags.BoolVar(&f.allowUncovered, "allow-uncovered", false, "with --fail-on or --policy, let packages without advisories pass")
	flags.BoolVar(&f.proceed, "continue", false, "report what is disallowed, but exit with 0")
}

func (f *gateFlags) gate() (report.Gate, error) {
	g := report.Gate{AllowUncovered: f.allowUncovered}
	if f.failOn == "" {
		return g, nil
	}
	if err := g.FailOn.UnmarshalText([]byte(strings.ToLower(f.failOn))); err != nil || g.FailOn == matcher.Unknown {
		return g, fmt.Errorf("--fail-on %q is none of negligible, low, medium, high and critical", f.failOn)
	}
	return g, nil
}

// judge returns an exit code for an image that does not pass, unless --continue is given.
func (a *app) judge(f *gateFlags, x *report.Assessment) error {
	if n := unrated(x); n > 0 && x.Gate.FailOn != matcher.Unknown {
		a.say("%s of unknown severity: --fail-on lets them pass", plural.Count(n, "vulnerability"))
	}
	if x.Passes() {
		return nil
	}
	code := exitUncovered
	var parts []string
	for _, failure := range x.Failures {
		text := terminal.Escape(failure.Text)
		switch failure.Code {
		case report.FailedPolicy:
			code = exitDisallowed
		case report.FailedSeverity:
			code = exitDisallowed
			text += ", which --fail-on disallows"
		case report.FailedUncovered, report.FailedEmpty:
			text += "; name a database with --db, or pass --allow-uncovered"
		}
		parts = append(parts, text)
	}
	if f.proceed {
		a.say("%s; continuing, because of --continue", strings.Join(parts, "; "))
		return nil
	}
	return &verdict{code, strings.Join(parts, "; ")}
}

// unrated counts vulnerabilities that no source rates.
func unrated(x *report.Assessment) int {
	rated := make(map[string]bool)
	for i := range x.Findings {
		f := &x.Findings[i]
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
