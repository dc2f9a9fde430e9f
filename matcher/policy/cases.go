package policy

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Cases are examples of the decisions of a policy document, written beside it:
//
//	policy: policy.yaml              # or preset:NAME
//	now: 2026-06-15                  # the time of all cases
//	cases:
//	  - name: root is refused
//	    rule: production/root        # one rule, tried on values; fields that are not given are empty
//	    given: {image: {user: root}}
//	    holds: true
//	  - name: the release of May
//	    report: may.json             # a file that hullmark scan --format json wrote
//	    image: registry.example/app  # optional: its name, which mappings go by
//	    action: stop
//	    rules: [production/severe]   # optional: the rules that stop or warn, no others
type Cases struct {
	Policy string // name of the document
	list   []testCase
}

type testCase struct {
	name, rule, report, image string
	line                      int
	holds                     bool
	action                    report.Action
	rules                     []string // nil without an expectation
	now                       time.Time
	given                     *yaml.Node
}

// A CaseResult is the outcome of one case.
type CaseResult struct {
	Name string
	Line int
	Fail string // the difference from the expectation; "" if the case passes
}

// LoadCases reads cases. Its errors are those of [Load].
func LoadCases(r io.Reader, name string) (*Cases, error) {
	l, text, err := newLoader(r, name)
	if err != nil {
		return nil, err
	}
	c := new(Cases)
	if len(l.errs) == 0 {
		if root := l.root(text); root != nil {
			l.cases(c, root)
		}
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (l *loader) cases(c *Cases, root *yaml.Node) {
	t, ok := l.table(root, "the document", "policy", "now", "cases")
	if !ok {
		return
	}
	c.Policy = t.text("policy", true)
	now := l.instant(t, "now", true)
	if t.need("cases") != nil && len(t.list("cases")) == 0 {
		l.failAt(t.line("cases"), "there are no cases")
	}
	for i, n := range t.list("cases") {
		t, ok := l.table(n, fmt.Sprintf("case %d", i+1), "name", "rule", "given", "holds", "report", "image", "action", "rules", "now")
		if !ok {
			continue
		}
		x := testCase{name: t.text("name", true), rule: t.text("rule", false), report: t.text("report", false), image: t.text("image", false), line: n.Line, now: now, given: t.values["given"]}
		if t.values["now"] != nil {
			x.now = l.instant(t, "now", true)
		}
		if (x.rule == "") == (x.report == "") {
			l.fail(n, "%s has either a rule with the values given, or a report", t.what)
			continue
		}
		if x.rule != "" {
			l.ruleCase(&x, t)
		} else {
			l.reportCase(&x, t)
		}
		c.list = append(c.list, x)
	}
}

// ruleCase reads the expectation of one rule.
func (l *loader) ruleCase(x *testCase, t table) {
	for _, key := range []string{"action", "rules", "image"} {
		if t.values[key] != nil {
			l.failAt(t.line(key), "%s is about one rule, and has no %q", t.what, key)
		}
	}
	switch word := t.text("holds", true); word {
	case "true", "false":
		x.holds = word == "true"
	case "":
	default:
		l.failAt(t.line("holds"), "holds %q of %s is neither true nor false", word, t.what)
	}
}

// reportCase reads the expectation of a report.
func (l *loader) reportCase(x *testCase, t table) {
	if x.given != nil {
		l.failAt(t.line("given"), "%s has a report, and nothing else is given", t.what)
	}
	x.action = l.action(t, "action")
	if t.values["rules"] != nil {
		x.rules = []string{}
	}
	for _, n := range t.list("rules") {
		x.rules = append(x.rules, n.Value)
	}
}

// instant reads a day or an instant.
func (l *loader) instant(t table, key string, need bool) time.Time {
	text := t.text(key, need)
	at, ok := parseInstant(text)
	if !ok && text != "" {
		l.failAt(t.line(key), "%s %q of %s is neither a day (2026-12-31) nor an instant (RFC 3339)", key, text, t.what)
	}
	return at
}

// parseInstant reads "2026-12-31" or an instant of RFC 3339.
func parseInstant(text string) (at time.Time, ok bool) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Run judges all cases by a document. Read returns the report in a file that a case names.
func (c *Cases) Run(ctx context.Context, d *Document, read func(name string) (report.PolicyInput, error)) ([]CaseResult, error) {
	var results []CaseResult
	for i := range c.list {
		x := &c.list[i]
		fail, err := "", error(nil)
		if x.rule != "" {
			fail, err = x.tryRule(ctx, d)
		} else {
			fail, err = x.tryReport(ctx, d, read)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			fail = strings.TrimPrefix(err.Error(), "policy: ")
		}
		results = append(results, CaseResult{x.name, x.line, fail})
	}
	return results, nil
}

func (x *testCase) tryReport(ctx context.Context, d *Document, read func(name string) (report.PolicyInput, error)) (string, error) {
	in, err := read(x.report)
	if err != nil {
		return "", err
	}
	in.Now = x.now
	if x.image != "" {
		in.Reference = x.image
	}
	v, err := d.Evaluate(ctx, in)
	if err != nil {
		return "", err
	}
	if v.Action != x.action {
		return fmt.Sprintf("the verdict is %s, not %s", v.Action, x.action), nil
	}
	if x.rules == nil {
		return "", nil
	}
	var rules []string
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Action > report.Go {
			rules = append(rules, strings.TrimPrefix(d.Policy+"/"+d.Rule, "/"))
		}
	}
	slices.Sort(rules)
	rules = slices.Compact(rules)
	want := slices.Sorted(slices.Values(x.rules))
	if !slices.Equal(rules, want) {
		return fmt.Sprintf("decided by %s, not by %s", strings.Join(rules, ", "), strings.Join(want, ", ")), nil
	}
	return "", nil
}

// tryRule tries one rule on the values given.
func (x *testCase) tryRule(ctx context.Context, d *Document) (string, error) {
	policyName, ruleName, _ := strings.Cut(x.rule, "/")
	p := d.policies[policyName]
	if p == nil {
		return "", fmt.Errorf("there is no policy %q%s", policyName, didYouMean(policyName, d.Policies))
	}
	i := slices.IndexFunc(p.rules, func(r rule) bool { return r.name == ruleName })
	if i < 0 {
		var names []string
		for i := range p.rules {
			names = append(names, p.rules[i].name)
		}
		return "", fmt.Errorf("policy %q has no rule %q%s", policyName, ruleName, didYouMean(ruleName, names))
	}
	in := report.PolicyInput{Now: x.now, Report: new(analyzer.Report), Result: new(matcher.Result)}
	j := newJudge(ctx, d, &in, imageref.Reference{}, &mapping{})
	v := j.values
	v.pkg, v.match, v.finding, v.record, v.file = new(packageValue), &matchValue{Package: new(packageValue)}, new(findingValue), new(recordValue), new(fileValue)
	if err := v.setFromYAML(x.given); err != nil {
		return "", err
	}
	r := &p.rules[i]
	holds, err := j.holds(r.when)
	if err != nil {
		return "", err
	}
	if holds == x.holds {
		return "", nil
	}
	var saw []string
	for _, e := range j.evidence(r.when) {
		saw = append(saw, e.Name+" = "+e.Value)
	}
	return fmt.Sprintf("rule %s holds: %v, not %v; it saw %s", x.rule, holds, x.holds, strings.Join(saw, ", ")), nil
}
