package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// An explanation shows for each rule what it was tried on, which of its conditions were false, and the values that it saw.
func TestExplain(t *testing.T) {
	const text = `version: 2
policies:
  - name: p
    mode: first
    otherwise: go
    rules:
      - {name: noise, on: match, when: match.status == "deferred", action: go}
      - {name: severe, on: match, when: 'match.severity >= LOW && match.fixed != "" && !match.headers', action: stop}
      - {name: key, on: image, when: 'image.labels["absent"] == "x"', action: stop}
default: {policies: [p]}
`
	list, err := load(t, text).Explain(t.Context(), input(), "")
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, want := range []struct {
		rule int
		text string
	}{
		{0, "p/noise (line 7), on match, go when match.status == \"deferred\"\n  holds for 1 of 4\n  CVE-2019-1547 in pkg:deb/debian/libssl1.0.0@1.0.1t-1?arch=arm64"},
		{1, "CVE-2021-23337 in pkg:npm/lodash@4.17.20: holds\n    true: match.severity >= LOW\n    true: match.fixed != version(\"\")\n    true: !match.headers\n    match.severity = high\n    match.fixed = 4.17.21\n    match.headers = false\n"},
		{1, "CVE-2000-0001 in pkg:npm/lodash@4.17.20: does not hold\n    true: match.severity >= LOW\n    false: match.fixed"},
		{2, `cannot be evaluated: "image.labels[\"absent\"] == \"x\"": no such key: absent`},
	} {
		if got := list[want.rule].String(); !strings.Contains(got, want.text) {
			t.Errorf("lacks %s\n%s", want.text, got)
		}
	}
	one, err := load(t, strings.Replace(text, "match.status == \"deferred\"", "'true'", 1)).Explain(t.Context(), input(), "p/severe")
	if err != nil || len(one) != 1 || !strings.Contains(one[0].String(), "holds, but rule noise decides before it") {
		t.Errorf("%v, %v", one, err)
	}
	if _, err := load(t, text).Explain(t.Context(), input(), "sever"); err == nil || !strings.Contains(err.Error(), "did you mean severe?") {
		t.Errorf("%v", err)
	}
}

// Cases try single rules on values, and whole documents on reports.
func TestCases(t *testing.T) {
	const document = `version: 2
policies:
  - name: p
    otherwise: go
    rules:
      - {name: root, on: image, when: 'image.user in ["", "root"]', action: stop}
      - {name: old, on: match, when: 'match.severity >= HIGH && age(match.published) > 30 && package.version < match.fixed', action: stop}
      - {name: admins, on: image, when: 'accounts.filter(a, a.uid == 0).size() > 1', action: warn}
default: {policies: [p]}
`
	const cases = `policy: p.yaml
now: 2026-06-15
cases:
  - {name: root, rule: p/root, given: {image: {user: root}}, holds: true}
  - {name: nobody, rule: p/root, given: {image: {user: nobody}}, holds: false}
  - {name: wrong, rule: p/root, given: {image: {user: nobody}}, holds: true}
  - {name: old, rule: p/old, given: {match: {severity: high, published: 2026-05-01, fixed: "1.10"}, package: {type: npm, version: 1.9.0}}, holds: true}
  - {name: new, rule: p/old, now: 2026-05-02, given: {match: {severity: high, published: 2026-05-01, fixed: "1.10"}, package: {type: npm, version: 1.9.0}}, holds: false}
  - {name: admins, rule: p/admins, given: {accounts: [{name: root, uid: 0}, {name: toor, uid: 0}]}, holds: true}
  - {name: field, rule: p/root, given: {image: {usr: nobody}}, holds: true}
  - {name: no rule, rule: p/rot, given: {}, holds: true}
  - {name: report, report: r.json, action: stop, rules: [p/root, p/admins, p/old]}
  - {name: other rules, report: r.json, action: stop, rules: [p/root]}
  - {name: other verdict, report: r.json, action: warn}
`
	c, err := policy.LoadCases(strings.NewReader(cases), "cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	results, err := c.Run(t.Context(), load(t, document), func(name string) (report.PolicyInput, error) {
		if name != "r.json" {
			return report.PolicyInput{}, fmt.Errorf("no %s", name)
		}
		return input(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"wrong": "rule p/root holds: false, not true; it saw image.user = nobody", "field": `line 10: image has no "usr"; it has reference`,
		"no rule": `policy "p" has no rule "rot"; did you mean root?`, "other rules": "decided by p/admins, p/old, p/root, not by p/root", "other verdict": "the verdict is stop, not warn",
	}
	if len(results) != 11 {
		t.Errorf("%d results", len(results))
	}
	for _, r := range results {
		if !strings.Contains(r.Fail, want[r.Name]) || (r.Fail != "") != (want[r.Name] != "") {
			t.Errorf("%s (line %d): %q, want %q", r.Name, r.Line, r.Fail, want[r.Name])
		}
	}
	for text, want := range map[string]string{
		"policy: p\nnow: soon\ncases: [{name: a, rule: x/y, holds: true}]\n":                   "c.yaml:2: now \"soon\"",
		"policy: p\nnow: 2026-01-01\ncases: []\n":                                              "there are no cases",
		"policy: p\nnow: 2026-01-01\ncases: [{name: a}]\n":                                     "either a rule with the values given, or a report",
		"policy: p\nnow: 2026-01-01\ncases: [{name: a, report: r, action: stop, given: {}}]\n": "nothing else is given",
		"policy: p\nnow: 2026-01-01\ncases: [{name: a, rule: x/y, holds: maybe}]\n":            "neither true nor false",
		"": "empty",
	} {
		if _, err := policy.LoadCases(strings.NewReader(text), "c.yaml"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzCases asks that no cases panic, when they are read or when they run.
func FuzzCases(f *testing.F) {
	f.Add("policy: p\nnow: 2026-01-01\ncases: [{name: a, rule: production/exploited, holds: true, given: {match: {exploited: true, scores: [{score: 1.5}]}, files: [{mode: 0o755}]}}]\n")
	d := load(f, good)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := policy.LoadCases(strings.NewReader(text), "c.yaml")
		if err != nil {
			return
		}
		if _, err := c.Run(t.Context(), d, func(string) (report.PolicyInput, error) { return input(), nil }); err != nil {
			t.Error(err)
		}
	})
}
