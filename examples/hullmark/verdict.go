package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// verdictFlags decide which matches count and which are shown.
type verdictFlags struct {
	vex       []string
	policy    string
	names     []string
	onlyFixed bool
	ignore    []string
	since     string

	showHidden bool
}

func (f *verdictFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.vex, "vex", nil, "apply the statements in `FILE`: OpenVEX, CSAF or CycloneDX; repeatable")
	flags.StringVar(&f.policy, "policy", "", "evaluate the policies in `FILE`, or preset:NAME; exit with 4 if they stop")
	flags.StringArrayVar(&f.names, "image-name", nil, "`NAME` of the image in VEX documents; policies use the first one; repeatable")
	flags.BoolVar(&f.onlyFixed, "only-fixed", false, "hide findings without a fix, and count them")
	flags.StringSliceVar(&f.ignore, "ignore-status", nil, "hide findings with a `STATUS`, and count them: will-not-fix,deferred,...")
	flags.StringVar(&f.since, "since", "", "hide findings of an earlier result in `FILE`, written as JSON, and count them")
	flags.BoolVar(&f.showHidden, "show-hidden", false, "list hidden findings in the table, too")
}

// apply reads the files that the flags name into a pipeline.
func (f *verdictFlags) apply(p *assess.Pipeline) error {
	var docs vex.Documents
	for _, name := range f.vex {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("--vex: %w", err)
		}
		d, err := vex.Read(file, name)
		file.Close()
		if err != nil {
			return fmt.Errorf("--vex: %w", err)
		}
		docs = append(docs, d)
	}
	if len(docs) > 0 {
		p.VEX = docs
		options, err := sbomOptions("")
		if err != nil {
			return err
		}
		p.SBOMs = sbom.SerialNumbers(options)
	}
	if f.policy != "" {
		d, err := loadPolicy(f.policy)
		if err != nil {
			return err
		}
		p.Policy = d
	}
	p.Names = f.names
	p.View.OnlyFixed = f.onlyFixed
	for _, word := range f.ignore {
		var s matcher.Status
		if s.UnmarshalText([]byte(word)) != nil || s == matcher.NotAffected {
			return fmt.Errorf("--ignore-status %q is none of affected, fixed, will-not-fix, deferred, under-investigation and end-of-life", word)
		}
		p.View.IgnoreStatus = append(p.View.IgnoreStatus, s)
	}
	if f.since == "" {
		return nil
	}
	file, err := os.Open(f.since)
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	defer file.Close()
	if p.View.Since, err = json.Read(file); err != nil {
		return fmt.Errorf("--since: %s: %w; it takes what --format json writes", f.since, err)
	}
	return nil
}

// loadPolicy reads the document in a file, or a preset.
func loadPolicy(name string) (*policy.Document, error) {
	text, preset := "", ""
	if p, ok := strings.CutPrefix(name, "preset:"); ok {
		t, err := policy.Preset(p)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		text, preset = t, p
	}
	if preset != "" {
		return policy.Load(strings.NewReader(text), name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w; preset:NAME takes one of %s", err, strings.Join(policy.Presets(), ", "))
	}
	defer file.Close()
	d, err := policy.Load(file, name)
	if err != nil {
		return nil, &policyError{err}
	}
	return d, nil
}

// A policyError is what is wrong with a policy document, a line for each thing.
type policyError struct{ error }

func (e *policyError) Unwrap() error { return e.error }

// tellVEX reports the effect of a VEX document.
func (a *app) tellVEX(d *report.VEXDocument) {
	a.say("%s", terminal.Escape(d.String()))
	for _, p := range d.Problems {
		a.say("  %s: %s", terminal.Escape(d.Name), terminal.Escape(p))
	}
	for _, l := range d.Unresolved {
		a.say("  %s: BOM-Link %s leads to no given BOM; give that as another --vex", terminal.Escape(d.Name), terminal.Escape(l))
	}
}
