package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/hullmark/hullmark/internal/suggest"
	"github.com/hullmark/hullmark/matcher/report"
)

// A RuleExplanation says why a rule holds or does not.
type RuleExplanation struct {
	Policy   string        `json:"policy"`
	Rule     string        `json:"rule"`
	Line     int           `json:"line"`
	On       report.Target `json:"on"`
	When     string        `json:"when"`
	Action   report.Action `json:"action"`
	Tried    int           `json:"tried"`    // things that the rule was tried on
	Held     int           `json:"held"`     // things for which it holds
	Examples []RuleExample `json:"examples"` // some for which it holds, and some for which it does not
}

// A RuleExample is a thing that a rule was tried on.
type RuleExample struct {
	Subject string `json:"subject"` // for a person: "CVE-2019-1547 in pkg:deb/debian/libssl1.0.0@1.0.1t-1"
	Place   string `json:"place,omitempty"`
	Holds   bool   `json:"holds"`
	By      string `json:"by,omitempty"`    // the earlier rule that decides instead; "" if this one does
	Error   string `json:"error,omitempty"` // why the expression could not be evaluated; else ""

	// Parts are the conditions that the expression joins by "&&", and their values. The expression itself stops at the first false one.
	Parts    []report.Evidence `json:"parts,omitempty"`
	Evidence []report.Evidence `json:"evidence,omitempty"` // values that the expression saw
}

// maxExamples bounds the examples of a rule of either kind.
const maxExamples = 5

// Explain says why rules hold for an image or not. The rule is "policy/rule", the name of a rule in any policy, or "" for all rules of the
// policies that the mapping chooses.
func (d *Document) Explain(ctx context.Context, in report.PolicyInput, rule string) ([]RuleExplanation, error) {
	if in.Now.IsZero() {
		return nil, errors.New("policy: the time is not given")
	}
	ref := referenceOf(&in)
	m := d.mappingOf(ref)
	if m == nil {
		return nil, fmt.Errorf("policy: %s: %q: %w", d.Name, in.Reference, ErrNoMapping)
	}
	j := newJudge(ctx, d, &in, ref, m)
	var list []RuleExplanation
	var names []string
	for _, p := range m.policies {
		for i := range p.rules {
			r := &p.rules[i]
			if strings.Contains(rule, "/") {
				names = append(names, p.name+"/"+r.name)
			} else {
				names = append(names, r.name)
			}
			if rule != "" && rule != r.name && rule != p.name+"/"+r.name {
				continue
			}
			x, err := j.explain(p, r)
			if err != nil {
				return nil, fmt.Errorf("policy: %w", err)
			}
			list = append(list, *x)
		}
	}
	if len(list) == 0 && rule != "" {
		hint := ""
		if w := suggest.Word(rule, names); w != "" {
			hint = "; did you mean " + w + "?"
		}
		return nil, fmt.Errorf("policy: %s: no rule %q in the policies of %s%s", d.Name, rule, m.name, hint)
	}
	return list, nil
}

// explain tries a rule on all things of its kind.
func (j *judge) explain(p *policy, r *rule) (*RuleExplanation, error) {
	x := &RuleExplanation{Policy: p.name, Rule: r.name, Line: r.line, On: r.on, When: r.when.text, Action: r.action}
	var parts []probe
	x.Examples = []RuleExample{}
	counts := make(map[bool]int)
	for s, err := range j.subjects(p, r.on) {
		if err == nil {
			err = j.ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		holds, err := j.holds(r.when)
		if j.ctx.Err() != nil {
			return nil, j.ctx.Err()
		}
		x.Tried++
		if holds {
			x.Held++
		}
		if counts[holds]++; counts[holds] > maxExamples {
			continue
		}
		e := RuleExample{Subject: s.name(), Place: s.decision.Place, Holds: holds, Evidence: j.evidence(r.when)}
		if err != nil {
			e.Error = err.Error()
		}
		if parts == nil {
			parts = r.when.conjuncts()
		}
		for _, part := range parts {
			text := "cannot be evaluated"
			if v, err := j.eval(part.expression); err == nil {
				text = textOf(v)
			}
			e.Parts = append(e.Parts, report.Evidence{Name: part.name, Value: text})
		}
		if holds && !p.all {
			e.By = j.earlier(p, r)
		}
		x.Examples = append(x.Examples, e)
	}
	slices.SortStableFunc(x.Examples, func(a, b RuleExample) int {
		switch {
		case a.Holds == b.Holds:
			return 0
		case a.Holds:
			return -1
		}
		return 1
	})
	return x, nil
}

// earlier returns the name of the rule before another that holds for the same thing, "" if none does.
func (j *judge) earlier(p *policy, r *rule) string {
	for i := range p.rules {
		other := &p.rules[i]
		if other == r {
			return ""
		}
		if other.on == r.on {
			if holds, err := j.holds(other.when); err == nil && holds {
				return other.name
			}
		}
	}
	return ""
}

// conjuncts returns the conditions that an expression joins by "&&", or nil if it is one condition.
func (e *expression) conjuncts() []probe {
	tree := e.ast.NativeRep()
	var texts []string
	var split func(x ast.Expr)
	split = func(x ast.Expr) {
		if x.Kind() == ast.CallKind && x.AsCall().FunctionName() == operators.LogicalAnd {
			for _, a := range x.AsCall().Args() {
				split(a)
			}
			return
		}
		if text, err := unparse(tree, x); err == nil {
			texts = append(texts, text)
		}
	}
	split(tree.Expr())
	if len(texts) < 2 {
		return nil
	}
	var list []probe
	for _, text := range texts {
		checked, errs := compile(e.env, text, e.on)
		if len(errs) > 0 {
			continue
		}
		if p, err := newExpression(e.env, checked, e.on, text); err == nil {
			list = append(list, probe{strings.ReplaceAll(text, packageName, "package"), p})
		}
	}
	return list
}

// String describes the rule and its examples, in lines.
func (x *RuleExplanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s (line %d), on %s, %s when %s\n", x.Policy, x.Rule, x.Line, x.On, x.Action, strings.Join(strings.Fields(x.When), " "))
	fmt.Fprintf(&b, "  holds for %d of %d\n", x.Held, x.Tried)
	for i := range x.Examples {
		e := &x.Examples[i]
		word := "does not hold"
		switch {
		case e.Error != "":
			word = "cannot be evaluated: " + e.Error
		case e.By != "":
			word = "holds, but rule " + e.By + " decides before it"
		case e.Holds:
			word = "holds"
		}
		fmt.Fprintf(&b, "  %s: %s\n", e.Subject, word)
		for _, p := range e.Parts {
			fmt.Fprintf(&b, "    %s: %s\n", p.Value, p.Name)
		}
		for _, v := range e.Evidence {
			fmt.Fprintf(&b, "    %s = %s\n", v.Name, v.Value)
		}
	}
	return b.String()
}
