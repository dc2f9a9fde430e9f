package anchore_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// converted evaluates what a bundle is converted to.
func converted(t *testing.T, b *anchore.Bundle, in report.PolicyInput) (*report.Verdict, []string, string) {
	t.Helper()
	text, differences := b.Convert()
	d, err := policy.Load(strings.NewReader(text), "p.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	v, err := d.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v, differences, text
}

// decisions lists the decisions of rules, sorted: the rule, the subject and the action. Matches that no rule decides are left out.
func decisions(v *report.Verdict, in *report.PolicyInput) string {
	var list []string
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if rule, _, _ := strings.Cut(d.Rule, " ("); rule != "otherwise" {
			list = append(list, fmt.Sprintf("%s: %v %s", rule, d.Action, subject(d, in)))
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "\n")
}

// TestConvert requires that a bundle and what it is converted to decide the same, rule by rule.
func TestConvert(t *testing.T) {
	same := 0
	for _, c := range triggerCases {
		switch {
		case strings.Contains(c.rule, "in_feed") || strings.Contains(c.rule, "_found_in_feed") || strings.Contains(c.rule, "not_in_feeds"): // no registry
			continue
		case strings.Contains(c.rule, "exploitability") || strings.Contains(c.rule, "impact"): // no such scores
			continue
		case strings.Contains(c.rule, "partial_match licenses=GPLv2"): // as rpm writes it
			continue
		}
		in := input()
		b := read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{})
		want := decisions(evaluate(t, b, in), &in)
		v, _, text := converted(t, b, in)
		if got := decisions(v, &in); got != want {
			t.Errorf("%s:\n got %s\nwant %s\n%s", c.rule, got, want, text)
			continue
		}
		same++
	}
	t.Logf("%d cases decide the same in both forms", same)
	if same < 60 {
		t.Errorf("%d cases decide the same", same)
	}
}

// TestConvertUnexamined requires that what a bundle could not see stops in the other form, too, or is an error.
func TestConvertUnexamined(t *testing.T) {
	for _, c := range triggerCases {
		if strings.Contains(c.rule, "partial_match licenses=GPLv2") { // as rpm writes it
			continue
		}
		in := input()
		in.Report.Files, in.Report.Records, in.Report.Examined, in.Report.Findings, in.Report.Layers, in.Config = nil, nil, nil, nil, nil, nil
		in.Report.Image.BaseName, in.Base = "", nil
		b := read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{})
		if v := evaluate(t, b, in); v.Action != report.Stop {
			continue
		}
		text, differences := b.Convert()
		d, err := policy.Load(strings.NewReader(text), "p.yaml")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		v, err := d.Evaluate(t.Context(), in)
		if err == nil && v.Action != report.Stop && !slices.ContainsFunc(differences, func(s string) bool { return strings.Contains(s, "left out") }) && !strings.HasPrefix(c.rule, "npms.blacklisted") && !strings.HasPrefix(c.rule, "ruby_gems.blacklist") {
			t.Errorf("%s: %v\n%s", c.rule, v.Action, text)
		}
	}
}

// TestConvertBundle shows the document of a whole bundle, and what differs.
func TestConvertBundle(t *testing.T) {
	b := read(t, file(t, "testdata/bundle.json"), anchore.Options{})
	in := input()
	in.Reference = "docker.io/library/debian:jessie"
	v, differences, text := converted(t, b, in)
	if want := evaluate(t, b, in); v.Action != want.Action || decisions(v, &in) != decisions(want, &in) {
		t.Errorf("got %v\n%s\nwant %v\n%s", v.Action, decisions(v, &in), want.Action, decisions(want, &in))
	}
	golden.Check(t, "testdata/bundle.yaml", []byte(text+"# differs:\n# "+strings.Join(differences, "\n# ")+"\n"))
	all := read(t, file(t, "testdata/all.json"), anchore.Options{})
	if _, differences, _ = converted(t, all, in); len(differences) == 0 {
		t.Error("nothing differs")
	}
	slices.SortFunc(differences, cmp.Compare)
}

// FuzzConvert requires that every bundle that is read is converted to a document that is read.
func FuzzConvert(f *testing.F) {
	f.Add(file(f, "testdata/bundle.json"))
	f.Add(file(f, "testdata/all.json"))
	f.Fuzz(func(t *testing.T, text string) {
		b, err := anchore.Read(strings.NewReader(text), "b.json", anchore.Options{Lenient: true})
		if err != nil || len(b.Policies) == 0 {
			return
		}
		doc, differences := b.Convert()
		if _, err := policy.Load(strings.NewReader(doc), "p.yaml"); err != nil && len(differences) == 0 {
			t.Errorf("%v\n%s", err, doc)
		}
	})
}
