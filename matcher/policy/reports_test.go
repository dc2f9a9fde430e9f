package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestReports recreates what users of other gates reported, each with the right answer and why it is right.
func TestReports(t *testing.T) {
	entry := func(entry string) string {
		return "version: 2\npolicies: [{name: p, otherwise: stop}]\ndefault: {policies: [p], allow: [l]}\nallow: [{name: l, entries: [" + entry + "]}]\n"
	}
	one := func(id, fixed string) func(*report.PolicyInput) {
		return func(in *report.PolicyInput) {
			in.Result.Matches = []matcher.Match{{ID: id, Component: "lodash", Fixed: fixed, Severity: matcher.Severity{Level: matcher.Critical}}}
		}
	}
	named := func(name string) func(*report.PolicyInput) {
		return func(in *report.PolicyInput) { in.Reference, in.Result.Matches = name, nil }
	}
	const latest = "version: 2\npolicies: [{name: p, otherwise: go, rules: [{name: r, on: image, when: 'false', action: go}]}]\ndefault: {policies: [p]}\nimages: {deny: [{tag: latest, reason: floats}]}\n"
	rules := func(on, when string) string {
		return strings.Replace(rule(on, when, "stop"), "version: 1", "version: 2", 1)
	}
	for _, c := range []struct {
		report, name, text string
		change             func(*report.PolicyInput)
		want               string // the action, or an error of Load or Evaluate
	}{
		{"goharbor/harbor#18078", "a list that has expired allows nothing", entry("{vulnerability: CVE-1, reason: r, expires: '2026-06-15T11:59:59Z'}"), one("CVE-1", ""), "stop"},
		{"goharbor/harbor#18078", "until the last moment it does", entry("{vulnerability: CVE-1, reason: r, expires: '2026-06-15T12:00:00Z'}"), one("CVE-1", ""), "go"},
		{"goharbor/harbor#19143", "each entry has an expiry and a reason of its own", entry("{vulnerability: CVE-1}"), nil, `has no "reason"`},
		{"anchore/anchore-engine#1297", "an entry for one version of a package", entry("{vulnerability: CVE-1, package: 'pkg:npm/lodash@4.17.20', reason: r, expires: never}"), one("CVE-1", ""), "go"},
		{"anchore/anchore-engine#1297", "and not for others", entry("{vulnerability: CVE-1, package: 'pkg:npm/lodash@4.17.19', reason: r, expires: never}"), one("CVE-1", ""), "stop"},
		{"anchore/anchore-engine#1395", "a fix of an unknown day counts as old, so that the rule holds", rules("match", `match.fixed != "" && age(match.fixed_at) > 30`), one("CVE-1", "2"), "stop"},
		{"open-policy-agent/conftest#181", "a name that is misspelled is an error, not an empty policy", "version: 2\npolicies: [{name: production, otherwise: go}]\ndefault: {policies: [prodution]}\n", nil, `there is no policy "prodution"; did you mean production?`},
		{"open-policy-agent/conftest#298", "a rule without a name is an error, not left out", "version: 2\npolicies: [{name: p, otherwise: go, rules: [{on: image, when: 'true', action: stop}]}]\ndefault: {policies: [p]}\n", nil, `rule 1 of policy "p" has no "name"`},
		{"conforma/cli#393", "files that were not listed are an error, not none", rules("image", `files.exists(f, f.setuid)`), func(in *report.PolicyInput) { in.Report.Files = nil }, "the scan did not list files"},
		{"conforma/cli#393", "for rules on files, too", rules("file", `file.setuid`), func(in *report.PolicyInput) { in.Report.Files = nil }, "which the scan did not list"},
		{"conforma/cli#393", "accounts that no analyzer looked for are an error", rules("image", `accounts.exists(a, a.uid == 0)`), func(in *report.PolicyInput) { in.Report.Records = nil }, "no analyzer looked for accounts"},
		{"conforma/cli#393", "an image without accounts is none", rules("image", `accounts.exists(a, a.uid == 0)`), func(in *report.PolicyInput) {
			in.Report.Records, in.Report.Examined = nil, []analyzer.Examination{{Analyzer: "accounts", Finds: []string{"accounts"}}}
		}, "go"},
		{"conforma/cli#393", "findings that no analyzer looked for are an error", rules("image", `findings.exists(f, f.severity >= HIGH)`), func(in *report.PolicyInput) { in.Report.Findings, in.Report.Examined = nil, nil }, "no analyzer looked for findings"},
		{"conforma/cli#393", "records, too", rules("image", `records.size() > 0`), func(in *report.PolicyInput) {
			in.Report.Records, in.Report.Examined = nil, []analyzer.Examination{{Analyzer: "dpkg", Finds: []string{"packages"}}, {Analyzer: "secrets", Finds: []string{"secrets"}, NotRun: "it crashed"}}
		}, "no analyzer looked for records"},
		{"conforma/cli#393", "an image without findings is none", rules("image", `findings.exists(f, f.severity >= HIGH)`), func(in *report.PolicyInput) {
			in.Report.Findings, in.Report.Examined = nil, []analyzer.Examination{{Analyzer: "secrets", Finds: []string{"secrets"}}}
		}, "go"},
		{"cel-expr/cel-go#869", "a comparison with null, which is always false, is an error", rules("match", `match.published == null`), nil, "no value is null"},
		{"cel-expr/cel-go#869", "so is one that is always true", rules("match", `null != match.fixed`), nil, "no value is null"},
		{"kyverno/kyverno#1286", "no tag is the tag latest", latest, named("registry.example/team/app"), "stop"},
		{"kyverno/kyverno#1286", "with a port and no tag, too", latest, named("registry.example:5000/team/app"), "stop"},
		{"kyverno/kyverno#1286", "a digest is no tag", latest, named("registry.example/team/app@sha256:22"), "go"},
		{"kyverno/kyverno#1286", "another tag", latest, named("registry.example/team/app:1"), "go"},
		{"kyverno/kyverno#2850", "a pattern of a registry fits no longer name of it", "version: 2\npolicies: [{name: p, otherwise: go, rules: [{name: r, on: image, when: 'image.registry != \"registry.example\"', action: stop}]}]\ndefault: {policies: [p]}\n", named("registry.example.evil/app:1"), "stop"},
		{"pyupio/safety#534", "an unknown severity is no low one", rules("match", `match.severity == UNKNOWN || match.severity >= HIGH`), func(in *report.PolicyInput) {
			in.Result.Matches = []matcher.Match{{ID: "CVE-1", Component: "lodash"}}
		}, "stop"},
		{"dazinator/DotNet.Glob#34", "**/ fits files at the root", rules("file", `glob(file.path, "**/sh")`), nil, "stop"},
		{"dazinator/DotNet.Glob#65", "a directory's pattern fits no longer name", rules("file", `glob(file.path, "us/**")`), nil, "go"},
	} {
		d, err := policy.Load(strings.NewReader(c.text), "p.yaml")
		got := ""
		if err == nil {
			in := input()
			if c.change != nil {
				c.change(&in)
			}
			var v *report.Verdict
			if v, err = d.Evaluate(t.Context(), in); err == nil {
				got = v.Action.String()
			}
		}
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s: %s, want %s", c.report, c.name, got, c.want)
		}
	}
	// goharbor/harbor#19983: a refusal names what stops the image, each with its identifier, place and values.
	v := evaluate(t, rules("match", `match.severity >= HIGH`), input())
	for _, d := range v.Decisions {
		if d.Action == report.Stop && (d.Match < 0 || d.Place == "" || len(d.Evidence) != 1) {
			t.Errorf("%+v", d)
		}
	}
	// goharbor/harbor#11532: an operator sees before it happens when an exception ends.
	v = evaluate(t, entry("{vulnerability: CVE-*, reason: r, expires: 2026-07-01}"), input())
	if v.Action != report.Go || v.Next.Format(time.DateOnly) != "2026-07-02" {
		t.Errorf("%v, next %v", v.Action, v.Next)
	}
	// open-policy-agent/conftest#181: a policy that judges nothing is noted.
	if notes := fmt.Sprint(load(t, "version: 2\npolicies: [{name: p, otherwise: go}]\ndefault: {policies: [p]}\n").Notes); !strings.Contains(notes, "has no rules, and lets everything go") {
		t.Error(notes)
	}
}
