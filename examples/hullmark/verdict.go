package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// verdictFlags say what of the matches counts: what is known of them in this image, what is accepted, and what is shown.
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
	flags.StringVar(&f.policy, "policy", "", "judge by the policies in `FILE`, or preset:NAME; exit with 4 if they stop")
	flags.StringArrayVar(&f.names, "image-name", nil, "the image is called `NAME` in VEX documents and, the first, in policies")
	flags.BoolVar(&f.onlyFixed, "only-fixed", false, "hide what has no fix, and count it")
	flags.StringSliceVar(&f.ignore, "ignore-status", nil, "hide what has one of the `STATUS`es, and count it: will-not-fix,deferred,...")
	flags.StringVar(&f.since, "since", "", "hide what is in `FILE` already, a former result as JSON, and count it")
	flags.BoolVar(&f.showHidden, "show-hidden", false, "list what is hidden in the table, too")
}

// A trial is what the flags say, read.
type trial struct {
	*verdictFlags
	docs   []*vex.Document
	policy *policy.Document
	ignore []matcher.Status
	known  *former
}

// load reads all files that the flags name, and says what is wrong with them before an image is read.
func (f *verdictFlags) load() (*trial, error) {
	t := &trial{verdictFlags: f}
	for _, name := range f.vex {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("--vex: %w", err)
		}
		d, err := vex.Read(file, name)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("--vex: %w", err)
		}
		t.docs = append(t.docs, d)
	}
	var err error
	if f.policy != "" {
		if t.policy, err = loadPolicy(f.policy); err != nil {
			return nil, err
		}
	}
	for _, word := range f.ignore {
		var s matcher.Status
		if s.UnmarshalText([]byte(word)) != nil || s == matcher.NotAffected {
			return nil, fmt.Errorf("--ignore-status %q is none of affected, fixed, will-not-fix, deferred, under-investigation and end-of-life", word)
		}
		t.ignore = append(t.ignore, s)
	}
	if f.since != "" {
		if t.known, err = readFormer(f.since); err != nil {
			return nil, fmt.Errorf("--since: %w", err)
		}
	}
	return t, nil
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

// judged is what became of a result.
type judged struct {
	result  *matcher.Result
	usages  []vex.Usage
	options report.Options
}

// apply joins VEX statements to a result, judges it, and says what is to be hidden.
func (t *trial) apply(ctx context.Context, a *app, name string, found *analyzer.Report, config *v1.ConfigFile, result *matcher.Result) (*judged, error) {
	j := &judged{result: result}
	called, _, _ := strings.Cut(name, " (") // one image of an index
	if len(t.docs) > 0 {
		image := vex.ImageRef{Names: append(slices.Clone(t.names), called), BOMs: t.serials(name, found, result)}
		j.result, j.usages = vex.Apply(found, result, t.docs, image)
		for i := range j.usages {
			a.tellUsage(&j.usages[i])
		}
	}
	if t.policy != nil {
		reference := called
		if len(t.names) > 0 {
			reference = t.names[0]
		}
		v, err := t.policy.Evaluate(ctx, policy.Input{Reference: reference, Config: config, Report: found, Result: j.result, Now: a.now()})
		if err != nil {
			if errors.Is(err, policy.ErrNoMapping) {
				return nil, fmt.Errorf("%w; add a mapping or a default, or say with --image-name what the image is called", err)
			}
			return nil, err
		}
		j.options.Verdict = v
		hidden := v.Hides()
		j.options.Hide = append(j.options.Hide, func(i int, _ *matcher.Match, _ *analyzer.Component) string {
			if d := hidden[i]; d != nil {
				return "policy " + d.Policy + ", " + d.Rule
			}
			return ""
		})
	}
	j.options.Hide = append(j.options.Hide, t.hide)
	return j, nil
}

// hide says why the flags hide a match.
func (t *trial) hide(_ int, m *matcher.Match, c *analyzer.Component) string {
	switch {
	case slices.Contains(t.ignore, m.Status):
		return "status " + m.Status.String() + " (--ignore-status)"
	case t.onlyFixed && m.Fixed == "":
		return "no fix is known (--only-fixed)"
	case t.known != nil && t.known.has(m, c):
		return "not new (--since)"
	}
	return ""
}

// serials returns the serial numbers of the SBOMs that sbom and scan write of an image, to which BOM-Links may lead.
func (t *trial) serials(name string, found *analyzer.Report, result *matcher.Result) []string {
	if !slices.ContainsFunc(t.docs, func(d *vex.Document) bool { return d.Format == vex.CycloneDX }) {
		return nil
	}
	installed, matched, _ := report.Installed(found, result)
	options, err := sbomOptions(name)
	if err != nil {
		return nil
	}
	var list []string
	for _, way := range []struct {
		report *analyzer.Report
		result *matcher.Result
	}{{installed, nil}, {installed, matched}, {found, nil}, {found, result}} {
		var b bytes.Buffer
		var head struct {
			SerialNumber string `json:"serialNumber"`
		}
		if sbom.Encode(&b, way.report, way.result, options) == nil && json.Unmarshal(b.Bytes(), &head) == nil && !slices.Contains(list, head.SerialNumber) {
			list = append(list, head.SerialNumber)
		}
	}
	return list
}

// tellUsage says what became of a VEX document.
func (a *app) tellUsage(u *vex.Usage) {
	a.say("%s", plain(u.String()))
	for _, p := range u.Document.Problems {
		a.say("  %s: %s", plain(u.Document.Name), plain(p))
	}
	for _, l := range u.Unresolved {
		a.say("  %s: %s leads to a BOM that is not given; give it as another --vex", plain(u.Document.Name), plain(l))
	}
}
