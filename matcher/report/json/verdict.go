package json

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type verdict struct {
	Action    report.Action `json:"action"`
	Document  string        `json:"document"`
	Mapping   string        `json:"mapping"`
	Policies  []string      `json:"policies"`
	Hidden    int           `json:"hidden"`
	Denied    *entry        `json:"denied,omitempty"`
	Passed    *entry        `json:"passed,omitempty"`
	Expired   []entry       `json:"expired"`
	Unused    []entry       `json:"unused"`
	Next      string        `json:"next,omitempty"`
	Decisions []decision    `json:"decisions"`
}

type decision struct {
	Target    report.Target `json:"kind"`
	Action    report.Action `json:"action"`
	Ruled     report.Action `json:"ruled"`
	Policy    string        `json:"policy,omitempty"`
	Rule      string        `json:"rule"`
	Line      int           `json:"line"`
	Message   string        `json:"message,omitempty"`
	Hide      bool          `json:"hide,omitempty"`
	ID        string        `json:"id,omitempty"`
	Component string        `json:"component,omitempty"`
	Path      string        `json:"path,omitempty"`
	Index     *int          `json:"index,omitempty"`
	Allowed   *entry        `json:"allowed,omitempty"`
	Expired   *entry        `json:"expired,omitempty"`
	Trigger   string        `json:"trigger,omitempty"`
	Place     string        `json:"place,omitempty"`
	Evidence  []evidence    `json:"evidence,omitempty"`
}

type evidence struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type entry struct {
	List    string `json:"list"`
	Line    int    `json:"line"`
	What    string `json:"what"`
	Reason  string `json:"reason"`
	By      string `json:"by,omitempty"`
	Expires string `json:"expires,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

type vexDocument struct {
	Document   string   `json:"document"`
	Format     string   `json:"format"`
	ID         string   `json:"id,omitempty"`
	Author     string   `json:"author,omitempty"`
	Statements int      `json:"statements"`
	Named      int      `json:"named"`
	Decided    int      `json:"decided"`
	Suppressed int      `json:"suppressed"`
	Agreed     int      `json:"agreed"`
	Overruled  int      `json:"overruled"`
	Problems   []string `json:"problems,omitempty"`
	Unmatched  []string `json:"unmatched,omitempty"`
	Unresolved []string `json:"unresolved,omitempty"`
	Truncated  bool     `json:"truncated,omitempty"`
}

func newVEXDocument(d *report.VEXDocument) vexDocument {
	return vexDocument{
		Document: d.Name, Format: d.Format, ID: d.ID, Author: d.Author, Statements: d.Statements,
		Named: d.Named, Decided: d.Decided, Suppressed: d.Suppressed, Agreed: d.Agreed, Overruled: d.Overruled,
		Problems: d.Problems, Unmatched: d.Unmatched, Unresolved: d.Unresolved, Truncated: d.Truncated,
	}
}

func (j *vexDocument) vexDocument() report.VEXDocument {
	return report.VEXDocument{
		Name: j.Document, Format: j.Format, ID: j.ID, Author: j.Author, Statements: j.Statements,
		Named: j.Named, Decided: j.Decided, Suppressed: j.Suppressed, Agreed: j.Agreed, Overruled: j.Overruled,
		Problems: j.Problems, Unmatched: j.Unmatched, Unresolved: j.Unresolved, Truncated: j.Truncated,
	}
}

func newVerdict(a *report.Assessment) *verdict {
	v := a.Verdict
	if v == nil {
		return nil
	}
	j := &verdict{
		Action: v.Action, Document: v.Document, Mapping: v.Mapping, Policies: append([]string{}, v.Policies...), Hidden: v.Hidden(),
		Denied: newEntry(v.Denied), Passed: newEntry(v.Passed), Expired: []entry{}, Unused: []entry{}, Next: instant(v.Next), Decisions: []decision{},
	}
	for i := range v.Expired {
		j.Expired = append(j.Expired, *newEntry(&v.Expired[i]))
	}
	for i := range v.Unused {
		j.Unused = append(j.Unused, *newEntry(&v.Unused[i]))
	}
	for i := range v.Decisions {
		d := &v.Decisions[i]
		x := decision{
			Target: d.Target, Action: d.Action, Ruled: d.Ruled, Policy: d.Policy, Rule: d.Rule, Line: d.Line, Message: d.Message,
			Hide: d.Hide, Component: d.Component, Allowed: newEntry(d.Allowed), Expired: newEntry(d.Expired), Trigger: d.Trigger, Place: d.Place,
		}
		for _, e := range d.Evidence {
			x.Evidence = append(x.Evidence, evidence(e))
		}
		switch d.Target {
		case report.TargetMatch:
			x.ID = a.Result.Matches[d.Match].ID
		case report.TargetFinding:
			f := &a.Report.Findings[d.Finding]
			x.ID, x.Path, x.Index = f.Rule, f.Path, &d.Finding
		case report.TargetRecord:
			r := &a.Report.Records[d.Record]
			x.ID, x.Path, x.Index = r.Kind, r.Path, &d.Record
		case report.TargetFile:
			x.Path = d.Path
		}
		j.Decisions = append(j.Decisions, x)
	}
	return j
}

// verdict returns the verdict about a report and its result, to which decisions refer by identifier and component, or by index. Documents
// of earlier releases refer to findings by rule and path.
func (j *verdict) verdict(p *parser, found *analyzer.Report, result *matcher.Result) *report.Verdict {
	if j == nil {
		return nil
	}
	v := &report.Verdict{
		Action: j.Action, Document: j.Document, Mapping: j.Mapping, Policies: j.Policies,
		Denied: j.Denied.entry(p), Passed: j.Passed.entry(p), Next: p.time(j.Next),
	}
	for i := range j.Expired {
		v.Expired = append(v.Expired, *j.Expired[i].entry(p))
	}
	for i := range j.Unused {
		v.Unused = append(v.Unused, *j.Unused[i].entry(p))
	}
	matches := make(map[[2]string]int, len(result.Matches))
	for i := range result.Matches {
		matches[[2]string{result.Matches[i].ID, result.Matches[i].Component}] = i
	}
	findings := make(map[[2]string][]int)
	for i := range found.Findings {
		place := [2]string{found.Findings[i].Rule, found.Findings[i].Path}
		findings[place] = append(findings[place], i)
	}
	taken := make(map[[3]string]int) // decisions that one policy has for findings of one place, which come in their order
	for i := range j.Decisions {
		x := &j.Decisions[i]
		d := report.Decision{
			Policy: x.Policy, Rule: x.Rule, Line: x.Line, Target: x.Target, Action: x.Action, Ruled: x.Ruled, Message: x.Message, Hide: x.Hide,
			Allowed: x.Allowed.entry(p), Expired: x.Expired.entry(p), Match: -1, Finding: -1, Component: x.Component, Trigger: x.Trigger, Place: x.Place,
		}
		for _, e := range x.Evidence {
			d.Evidence = append(d.Evidence, report.Evidence(e))
		}
		switch x.Target {
		case report.TargetMatch:
			at, ok := matches[[2]string{x.ID, x.Component}]
			if !ok {
				p.fail("verdict.decisions[%d]: no match of %s in component %q", i, x.ID, x.Component)
				return nil
			}
			d.Match = at
		case report.TargetRecord:
			if x.Index == nil || *x.Index < 0 || *x.Index >= len(found.Records) {
				p.fail("verdict.decisions[%d]: no such record", i)
				return nil
			}
			d.Record = *x.Index
		case report.TargetFile:
			d.Path = x.Path
		case report.TargetFinding:
			if x.Index != nil && *x.Index >= 0 && *x.Index < len(found.Findings) {
				d.Finding = *x.Index
				break
			}
			list := findings[[2]string{x.ID, x.Path}]
			if len(list) == 0 {
				p.fail("verdict.decisions[%d]: no finding %s in %q", i, x.ID, x.Path)
				return nil
			}
			n := &[3]string{x.Policy, x.ID, x.Path}
			d.Finding = list[min(taken[*n], len(list)-1)]
			taken[*n]++
		}
		v.Decisions = append(v.Decisions, d)
	}
	return v
}

func newEntry(e *report.Entry) *entry {
	if e == nil {
		return nil
	}
	return &entry{e.List, e.Line, e.What, e.Reason, e.By, instant(e.Expires), e.Hint}
}

func (j *entry) entry(p *parser) *report.Entry {
	if j == nil {
		return nil
	}
	return &report.Entry{List: j.List, Line: j.Line, What: j.What, Reason: j.Reason, By: j.By, Expires: p.time(j.Expires), Hint: j.Hint}
}
