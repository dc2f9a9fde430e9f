package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

// scanFlags are the flags of the scan command.
type scanFlags struct {
	imageFlags
	database       string
	format         string
	failOn         string
	allowUncovered bool
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan IMAGE",
		Short: "Match the packages of an image against a database of advisories",
		Long: `Scan finds the packages of an image and matches them against a database of advisories.

Without --db it uses a small starter database that is part of the program, and says how old it is and what it
does not know. Every distribution and ecosystem of the image without advisories is reported as such.

Exit codes:
  0  nothing is disallowed
  1  the image could not be scanned
  3  --fail-on was given, but there are no advisories for a part of the image, and no --allow-uncovered
  4  --fail-on disallows something`,
		Example: `  hullmark scan demo:
  hullmark scan --db advisories.db --fail-on high debian:12
  hullmark scan --format json -o result.json oci:layout`,
		Args: one("IMAGE"),
		RunE: func(c *cobra.Command, args []string) error { return a.scan(c.Context(), args[0], &f) },
	}
	f.register(c)
	flags := c.Flags()
	flags.StringVar(&f.database, "db", "", "match against the database in `FILE` (default the starter database)")
	flags.StringVar(&f.format, "format", "table", "write results as `FORMAT`: table, json or cyclonedx")
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 4 on `SEVERITY` or worse: negligible, low, medium, high, critical")
	flags.BoolVar(&f.allowUncovered, "allow-uncovered", false, "with --fail-on, let pass what there are no advisories for")
	return c
}

func (a *app) scan(ctx context.Context, ref string, f *scanFlags) error {
	write, ok := formats()[f.format]
	if !ok {
		return fmt.Errorf("--format %q is none of table, json and cyclonedx", f.format)
	}
	failOn, err := parseFailOn(f.failOn)
	if err != nil {
		return err
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	source, err := a.openDatabase(f.database)
	if err != nil {
		return err
	}
	defer source.Close()
	report, err := a.read(ctx, ref, &f.imageFlags)
	if err != nil {
		return err
	}
	result, err := matcher.Matcher{Source: source, Declared: f.declared}.Match(ctx, report)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	v := newView(ref, report, result, source, f.declared)
	a.diagnose(report.Diagnostics)
	if err := write(a, out, v); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	if n := v.unrated(); failOn != matcher.Unknown && n > 0 {
		a.say("%s of unknown severity: --fail-on lets them pass", countOf(n, "vulnerability"))
	}
	return v.judge(failOn, f.allowUncovered)
}

// formats returns how results are written, by the names that --format takes.
func formats() map[string]func(*app, *output, *view) error {
	return map[string]func(*app, *output, *view) error{
		"table": func(a *app, o *output, v *view) error { return writeTable(o, v, a.style(o), a.now()) },
		"json":  func(_ *app, o *output, v *view) error { return writeJSON(o, v) },
		"cyclonedx": func(_ *app, o *output, v *view) error {
			return sbom.Encode(o, v.report, v.result, sbomOptions(v.ref))
		},
	}
}

// parseFailOn reads --fail-on; unknown is not given.
func parseFailOn(word string) (matcher.Level, error) {
	if word == "" {
		return matcher.Unknown, nil
	}
	for l := matcher.Negligible; l <= matcher.Critical; l++ {
		if l.String() == strings.ToLower(word) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("--fail-on %q is none of negligible, low, medium, high and critical", word)
}

// judge returns a verdict on what --fail-on disallows, nil if that is nothing.
func (v *view) judge(failOn matcher.Level, allowUncovered bool) error {
	if failOn == matcher.Unknown {
		return nil
	}
	bad := make(map[string]bool)
	for i := range v.result.Matches {
		if m := &v.result.Matches[i]; m.Severity.Level >= failOn {
			bad[m.ID] = true
		}
	}
	if len(bad) > 0 {
		verb := "are"
		if len(bad) == 1 {
			verb = "is"
		}
		return &verdict{exitDisallowed, fmt.Sprintf("%s %s %s or worse, which --fail-on disallows", countOf(len(bad), "vulnerability"), verb, failOn)}
	}
	if allowUncovered {
		return nil
	}
	if v.matched() == 0 {
		return &verdict{exitUncovered, "no packages were found that could be judged; --allow-uncovered lets that pass"}
	}
	var parts []string
	for i := range v.ecosystems {
		if e := &v.ecosystems[i]; !e.covered() {
			parts = append(parts, fmt.Sprintf("%s (%s)", plain(e.name()), countOf(e.packages, "package")))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return &verdict{exitUncovered, fmt.Sprintf("there are no advisories to judge %s; --db names a database that has them, --allow-uncovered lets that pass", strings.Join(parts, ", "))}
}

// withoutDeclared returns a report and result without the packages that only lock files and manifests name, and how many
// those are.
func withoutDeclared(report *analyzer.Report, result *matcher.Result) (*analyzer.Report, *matcher.Result, int) {
	declared := make(map[string]bool)
	kept := *report
	kept.Components = nil
	for i := range report.Components {
		if c := &report.Components[i]; c.Declared {
			declared[c.ID] = true
		} else {
			kept.Components = append(kept.Components, *c)
		}
	}
	if len(declared) == 0 || result == nil {
		return &kept, result, len(declared)
	}
	rest := *result
	rest.Skipped = slices.DeleteFunc(slices.Clone(result.Skipped), func(s matcher.Skipped) bool { return declared[s.Component] })
	return &kept, &rest, len(declared)
}
