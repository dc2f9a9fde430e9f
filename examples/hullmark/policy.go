package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
	reportjson "github.com/hullmark/hullmark/matcher/report/json"
)

func (a *app) policyCommand() *cobra.Command {
	return group("policy", command("policy/preset", func(_ context.Context, args []string) error {
		if len(args) == 0 {
			return a.print("%s", strings.Join(policy.Presets(), "\n"))
		}
		text, err := policy.Preset(args[0])
		if err != nil {
			return err
		}
		return a.print("%s", strings.TrimSuffix(text, "\n"))
	}), a.policyCheckCommand(), a.policySpecCommand(), timed(a.policyExplainCommand()), command("policy/test", a.policyTest), command("policy/convert", a.policyConvert))
}

func (a *app) policyCheckCommand() *cobra.Command {
	var o anchore.Options
	c := command("policy/check", func(_ context.Context, args []string) error {
		p, err := loadPolicy(args[0], o)
		if err != nil {
			return err
		}
		names, rules, entries := []string(nil), 0, 0
		switch d := p.(type) {
		case *policy.Document:
			names, rules, entries = d.Policies, d.Rules, d.Entries
			for _, n := range d.Notes {
				a.say("%s", oneLine(n.Error()))
			}
		case *anchore.Bundle:
			names, rules, entries = d.Policies, d.Rules, d.Entries
			for _, note := range d.Notes {
				a.say("%s", oneLine(note))
			}
		}
		return a.print("%s: %s (%s), %s, %s of lists", terminal.Escape(args[0]), english.Count(len(names), "policy"),
			terminal.Escape(strings.Join(names, ", ")), english.Count(rules, "rule"), english.Count(entries, "entry"))
	})
	bundleFlags(c, &o)
	return c
}

func (a *app) policySpecCommand() *cobra.Command {
	schema := false
	c := command("policy/spec", func(context.Context, []string) error {
		if schema {
			return a.print("%s", strings.TrimSpace(string(policy.Schema())))
		}
		text, err := json.MarshalIndent(struct {
			*policy.Language
			Gates []anchore.Gate `json:"gates"` // of bundles
		}{policy.Spec(), anchore.Gates()}, "", "  ")
		if err != nil {
			return err
		}
		return a.print("%s", text)
	})
	c.Flags().BoolVar(&schema, "schema", false, "print a JSON Schema of policy documents for editors")
	return c
}

func (a *app) policyExplainCommand() *cobra.Command {
	var f matchFlags
	var image imageFlags
	format := "text"
	c := command("policy/explain", func(ctx context.Context, args []string) error {
		return a.policyExplain(ctx, args[0], append(args[1:], "")[0], format, &f, &image)
	})
	image.register(a, c)
	f.databaseFlags.register(c)
	f.databaseFlags.registerFetch(c)
	f.databaseFlags.registerAdvisories(c)
	c.Flags().StringVarP(&format, "format", "f", "text", "write the answer as `FORMAT`: text or json")
	c.Flags().StringVar(&f.policy, "policy", "", "evaluate the policies in `FILE`, or preset:NAME")
	c.Flags().StringArrayVar(&f.vex, "vex", nil, "apply the statements in `FILE`; repeatable")
	c.Flags().StringArrayVar(&f.names, "image-name", nil, "`NAME` of the image, by which mappings choose policies; repeatable")
	return c
}

// An explainer explains a policy with the input that it would be evaluated with.
type explainer struct {
	document *policy.Document
	rule     string
	list     []policy.RuleExplanation
}

func (e *explainer) Evaluate(ctx context.Context, in report.PolicyInput) (v *report.Verdict, err error) {
	if e.list, err = e.document.Explain(ctx, in, e.rule); err != nil {
		return nil, err
	}
	return new(report.Verdict), nil
}

func (a *app) policyExplain(ctx context.Context, ref, rule, format string, f *matchFlags, image *imageFlags) (err error) {
	if format != "text" && format != "json" {
		return fmt.Errorf("unknown --format %q; use text or json", format)
	}
	if f.policy == "" {
		return errors.New("--policy is missing: name the document to explain")
	}
	if a.registry, err = image.registryFlags.options(a, ref); err != nil {
		return err
	}
	p := assess.Pipeline{Name: ref, Now: a.now()}
	image.placeFlags.apply(&p)
	if err := f.verdictFlags.apply(&p); err != nil {
		return err
	}
	document, err := documentOf(p.Policy, f.policy)
	if err != nil {
		return err
	}
	data, err := a.advisories(ctx, f.databaseFlags, ref)
	if err != nil {
		return err
	}
	defer data.Close()
	data.quiet, data.places = image.quiet, image.placeFlags
	found, config, err := a.readImage(ctx, ref, image)
	if err != nil {
		return err
	}
	if p.Source, err = data.open(ctx, found); err != nil {
		return err
	}
	e := &explainer{document: document, rule: rule}
	p.Policy = e
	if _, err := p.Report(ctx, found, config); err != nil {
		return fmt.Errorf("%s: %w", ref, data.advise(err))
	}
	if format == "json" {
		text, err := json.MarshalIndent(e.list, "", "  ")
		if err != nil {
			return err
		}
		return a.print("%s", text)
	}
	var texts []string
	for i := range e.list {
		texts = append(texts, e.list[i].String())
	}
	for line := range strings.Lines(strings.Join(texts, "")) {
		if err := a.print("%s", terminal.Escape(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

// policyTest runs the cases in a file. Names of files in it are relative to it.
func (a *app) policyTest(ctx context.Context, args []string) error {
	cases, err := readFile("test", args[0], func(r io.Reader) (*policy.Cases, error) { return policy.LoadCases(r, args[0]) })
	if err != nil {
		return err
	}
	beside := func(name string) string {
		if filepath.IsAbs(name) || strings.HasPrefix(name, "preset:") {
			return name
		}
		return filepath.Join(filepath.Dir(args[0]), name)
	}
	d, err := loadDocument(beside(cases.Policy))
	if err != nil {
		return err
	}
	results, err := cases.Run(ctx, d, func(name string) (report.PolicyInput, error) {
		x, err := readFile("report", beside(name), reportjson.Read)
		if err != nil {
			return report.PolicyInput{}, err
		}
		return report.PolicyInput{Reference: x.Name, Report: x.Report, Result: x.Result, Base: x.Base, Database: x.Database}, nil
	})
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		if r.Fail != "" {
			failed++
			a.say("%s:%d: %s: %s", terminal.Escape(args[0]), r.Line, oneLine(r.Name), oneLine(r.Fail))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s of %d failed", english.Count(failed, "case"), len(results))
	}
	return a.print("%s: %s passed", terminal.Escape(args[0]), english.Count(len(results), "case"))
}

// policyConvert writes a bundle of Anchore as a policy document, and reports what differs.
func (a *app) policyConvert(_ context.Context, args []string) error {
	p, err := loadPolicy(args[0], anchore.Options{})
	if err != nil {
		return err
	}
	b, ok := p.(*anchore.Bundle)
	if !ok {
		return fmt.Errorf("%s is no bundle of Anchore", args[0])
	}
	text, differences := b.Convert()
	for _, d := range differences {
		a.say("%s", oneLine(d))
	}
	return a.print("%s", strings.TrimSuffix(text, "\n"))
}
