package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// verdictFlags decide which findings count, which are shown, and which make the command fail.
type verdictFlags struct {
	vex            []string
	writeVEX       string
	policy         string
	bundle         anchore.Options // used if the policy is a bundle of Anchore
	names          []string
	onlyFixed      bool
	headers        bool
	ignore         []string
	since          string
	failOn         string
	allowUncovered bool
	proceed        bool
	onDisallowed   string
}

func (f *verdictFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.vex, "vex", nil, "apply the statements in `FILE`: OpenVEX, CSAF, CycloneDX or SPDX 3; repeatable")
	flags.StringVar(&f.writeVEX, "write-vex", "", "write the decisions of VEX documents and policies to `FILE`, as CycloneDX if its name has .cdx., else as OpenVEX")
	flags.StringVar(&f.policy, "policy", "", "evaluate the policies in `FILE`, or preset:NAME; exit with 4 if they stop")
	bundleFlags(c, &f.bundle)
	flags.StringArrayVar(&f.names, "image-name", nil, "`NAME` of the image in VEX documents; policies use the first one; repeatable")
	flags.BoolVar(&f.onlyFixed, "only-fixed", false, "hide findings without a fix, and count them")
	flags.BoolVar(&f.headers, "kernel-headers", false, "show findings of packages that have only headers of the kernel")
	flags.StringSliceVar(&f.ignore, "ignore-status", nil, "hide findings with a `STATUS`, and count them: will-not-fix,deferred,...")
	flags.StringVar(&f.since, "since", "", "hide findings of an earlier JSON report in `FILE`, and count them")
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 4 on a vulnerability or finding of `SEVERITY` or worse: negligible, low, medium, high, critical")
	flags.BoolVar(&f.allowUncovered, "allow-uncovered", false, "with --fail-on or --policy, allow packages without advisories")
	flags.BoolVar(&f.proceed, "continue", false, "report a disallowed image, but exit with 0")
	flags.StringVar(&f.onDisallowed, "on-disallowed", "", "run `COMMAND` in a shell if the image does not pass, with the JSON report on its standard input")
}

// apply adds the documents that the flags name, the view and the gate to a pipeline.
func (f *verdictFlags) apply(p *assess.Pipeline) error {
	p.Names = f.names
	if len(p.Names) == 0 {
		ref, _, _ := strings.Cut(p.Name, " (") // without the platform of an image of an index
		p.Names = []string{ref}
	}
	p.Gate.AllowUncovered = f.allowUncovered
	if f.failOn != "" {
		if err := p.Gate.FailOn.UnmarshalText([]byte(strings.ToLower(f.failOn))); err != nil || p.Gate.FailOn == matcher.Unknown {
			return fmt.Errorf("unknown severity --fail-on %q; use negligible, low, medium, high or critical", f.failOn)
		}
	}
	if err := f.readVEX(p); err != nil {
		return err
	}
	if f.policy != "" {
		d, err := loadPolicy(f.policy, f.bundle)
		if err != nil {
			return err
		}
		p.Policy = d
	}
	p.View.OnlyFixed, p.View.NoHeaders = f.onlyFixed, !f.headers
	for _, word := range f.ignore {
		var s matcher.Status
		if s.UnmarshalText([]byte(word)) != nil || s == matcher.NotAffected {
			return fmt.Errorf("unknown status --ignore-status %q; use affected, fixed, will-not-fix, deferred, under-investigation or end-of-life", word)
		}
		p.View.IgnoreStatus = append(p.View.IgnoreStatus, s)
	}
	if f.since == "" {
		return nil
	}
	var err error
	if p.View.Since, err = readFile("--since", f.since, json.Read); err != nil {
		return fmt.Errorf("%w; it takes a report of --format json", err)
	}
	return nil
}

// judge returns a verdict if the image does not pass, unless --continue is given.
func (a *app) judge(ctx context.Context, f *verdictFlags, x *report.Assessment) error {
	rated := make(map[string]bool)
	for i := range x.Findings {
		if f := &x.Findings[i]; f.Severity.Level != matcher.Unknown {
			rated[f.ID] = true
		}
	}
	if n := x.Vulnerabilities - len(rated); n > 0 && x.Gate.FailOn != matcher.Unknown {
		a.say("%s of unknown severity: --fail-on lets them pass", english.Count(n, "vulnerability"))
	}
	unrated := 0
	for i := range x.FileFindings {
		if f := &x.FileFindings[i]; f.Level == matcher.Unknown && !f.Informs() {
			unrated++
		}
	}
	if unrated > 0 && x.Gate.FailOn != matcher.Unknown {
		a.say("%s in files of unknown severity: --fail-on lets them pass", english.Count(unrated, "finding"))
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
		case report.FailedSeverity, report.FailedFindings:
			code = exitDisallowed
			text += ", which --fail-on disallows"
		case report.FailedUncovered, report.FailedEmpty:
			text += "; name a database with --db, or pass --allow-uncovered"
		case report.FailedUnread:
			text += "; --allow-uncovered does not allow that"
		case report.FailedNotRun:
			text += "; --skip ANALYZER leaves one out"
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	if f.onDisallowed != "" {
		if err := a.onDisallowed(ctx, f.onDisallowed, x); err != nil {
			a.say("%s", oneLine(err.Error())) // the image stays disallowed
		}
	}
	if f.proceed {
		a.say("%s; continuing, because of --continue", text)
		return nil
	}
	return &verdict{code, text}
}

// readVEX adds the VEX documents to a pipeline.
func (f *verdictFlags) readVEX(p *assess.Pipeline) error {
	var docs vex.Documents
	for _, name := range f.vex {
		d, err := readFile("--vex", name, func(r io.Reader) (*vex.Document, error) { return vex.Read(r, name) })
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	if len(docs) == 0 {
		return nil
	}
	options, err := sbomOptions("")
	if err != nil {
		return err
	}
	p.VEX, p.SBOMs = docs, sbom.SerialNumbers(options)
	return nil
}

// readFile reads the file that a flag names.
func readFile[T any](flag, name string, read func(io.Reader) (T, error)) (result T, err error) {
	file, err := os.Open(name)
	if err != nil {
		return result, fmt.Errorf("%s: %w", flag, err)
	}
	defer file.Close()
	if result, err = read(file); err != nil {
		return result, fmt.Errorf("%s: %w", flag, err)
	}
	return result, nil
}

// tellVEX reports the effect of a VEX document.
func (a *app) tellVEX(d *report.VEXDocument) {
	a.say("%s", terminal.Escape(d.String()))
	for _, p := range d.Problems {
		a.say("  %s: %s", terminal.Escape(d.Name), terminal.Escape(p))
	}
	const shown = 5
	for _, s := range d.Unmatched[:min(shown, len(d.Unmatched))] {
		a.say("  %s: %s", terminal.Escape(d.Name), terminal.Escape(s))
	}
	if more := len(d.Unmatched) - shown; more > 0 {
		a.say("  %s: %s more without a match; the JSON report lists them", terminal.Escape(d.Name), english.Count(more, "statement"))
	}
	for _, l := range d.Unresolved {
		a.say("  %s: BOM-Link %s leads to a BOM that is not given; add it with --vex", terminal.Escape(d.Name), terminal.Escape(l))
	}
}

// maxPolicy is more than packages policy and anchore read, so that they report a file that is too large.
const maxPolicy = 17 << 20

// loadPolicy reads the document or Anchore's bundle in a file, or a preset.
func loadPolicy(name string, o anchore.Options) (report.Policy, error) {
	if preset, ok := strings.CutPrefix(name, "preset:"); ok {
		text, err := policy.Preset(preset)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		return policy.Load(strings.NewReader(text), name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w; preset:NAME takes one of %s", err, strings.Join(policy.Presets(), ", "))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPolicy))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case anchore.Recognizes(text):
		return anchore.Read(bytes.NewReader(text), name, o)
	}
	return policy.Load(bytes.NewReader(text), name)
}

// bundleFlags adds the flags about bundles of Anchore.
func bundleFlags(c *cobra.Command, o *anchore.Options) {
	c.Flags().BoolVar(&o.Lenient, "anchore-lenient", false, "stop the image for a rule of Anchore's bundle that is not valid, instead of refusing the bundle")
	c.Flags().BoolVar(&o.Compat, "anchore-compat", false, "repeat the defects of Anchore Engine with its bundles")
}

// loadDocument reads a document of package policy, or a preset.
func loadDocument(name string) (*policy.Document, error) {
	p, err := loadPolicy(name, anchore.Options{})
	if err != nil {
		return nil, err
	}
	return documentOf(p, name)
}

func documentOf(p report.Policy, name string) (*policy.Document, error) {
	d, ok := p.(*policy.Document)
	if !ok {
		return nil, fmt.Errorf("%s is a bundle of Anchore; hullmark policy convert writes it as a policy", name)
	}
	return d, nil
}
