package main

import (
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
)

type jsonSuppressed struct {
	Why   string    `json:"why"`
	Match jsonMatch `json:"match"`
}

type jsonAnalysis struct {
	Status        string         `json:"status"`
	Justification string         `json:"justification,omitempty"`
	Detail        string         `json:"detail,omitempty"`
	Author        string         `json:"author,omitempty"`
	Time          string         `json:"time,omitempty"`
	Document      string         `json:"document"`
	Place         string         `json:"place"`
	Product       string         `json:"product"`
	Overruled     []jsonAnalysis `json:"overruled,omitempty"`
}

type jsonVEX struct {
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
	Unresolved []string `json:"unresolved,omitempty"`
}

type jsonVerdict struct {
	Action    string         `json:"action"`
	Document  string         `json:"document"`
	Mapping   string         `json:"mapping"`
	Policies  []string       `json:"policies"`
	Hidden    int            `json:"hidden"`
	Denied    *jsonEntry     `json:"denied,omitempty"`
	Passed    *jsonEntry     `json:"passed,omitempty"`
	Expired   []jsonEntry    `json:"expired"`
	Unused    []jsonEntry    `json:"unused"`
	Decisions []jsonDecision `json:"decisions"`
}

type jsonDecision struct {
	Kind      string     `json:"kind"`
	Action    string     `json:"action"`
	Ruled     string     `json:"ruled"`
	Policy    string     `json:"policy,omitempty"`
	Rule      string     `json:"rule"`
	Line      int        `json:"line"`
	Message   string     `json:"message,omitempty"`
	Hide      bool       `json:"hide,omitempty"`
	ID        string     `json:"id,omitempty"`
	Component string     `json:"component,omitempty"`
	Path      string     `json:"path,omitempty"`
	Allowed   *jsonEntry `json:"allowed,omitempty"`
	Expired   *jsonEntry `json:"expired,omitempty"`
}

type jsonEntry struct {
	List    string `json:"list"`
	Line    int    `json:"line"`
	What    string `json:"what"`
	Reason  string `json:"reason"`
	By      string `json:"by,omitempty"`
	Expires string `json:"expires,omitempty"`
}

func analysisJSON(a *matcher.Analysis) *jsonAnalysis {
	if a == nil {
		return nil
	}
	j := &jsonAnalysis{
		Status: a.Status.String(), Justification: a.Justification, Detail: a.Detail, Author: a.Author, Time: instant(a.Time),
		Document: a.Document, Place: a.Place, Product: a.Product,
	}
	for i := range a.Overruled {
		j.Overruled = append(j.Overruled, *analysisJSON(&a.Overruled[i]))
	}
	return j
}

func hiddenJSON(v *results) jsonHidden {
	h := jsonHidden{Declared: v.Omitted, Findings: []jsonHiddenKind{}}
	for i := range v.Hidden {
		x := &v.Hidden[i]
		h.Findings = append(h.Findings, jsonHiddenKind{x.Why, len(x.Findings), report.Vulnerabilities(x.Findings)})
	}
	return h
}

func vexJSON(list []vex.Usage) []jsonVEX {
	out := []jsonVEX{}
	for i := range list {
		u := &list[i]
		d := u.Document
		out = append(out, jsonVEX{
			Document: d.Name, Format: string(d.Format), ID: d.ID, Author: d.Author, Statements: len(d.Statements),
			Named: u.Named, Decided: u.Decided, Suppressed: u.Suppressed, Agreed: u.Agreed, Overruled: u.Overruled,
			Problems: d.Problems, Unresolved: u.Unresolved,
		})
	}
	return out
}

func verdictJSON(r *results) *jsonVerdict {
	v := r.Verdict
	if v == nil {
		return nil
	}
	j := &jsonVerdict{
		Action: v.Action.String(), Document: v.Document, Mapping: v.Mapping, Policies: v.Policies, Hidden: v.Hidden,
		Denied: entryJSON(v.Denied), Passed: entryJSON(v.Passed), Expired: []jsonEntry{}, Unused: []jsonEntry{}, Decisions: []jsonDecision{},
	}
	for i := range v.Expired {
		j.Expired = append(j.Expired, *entryJSON(&v.Expired[i]))
	}
	for i := range v.Unused {
		j.Unused = append(j.Unused, *entryJSON(&v.Unused[i]))
	}
	for i := range v.Decisions {
		d := &v.Decisions[i]
		x := jsonDecision{
			Kind: string(d.Target), Action: d.Action.String(), Ruled: d.Ruled.String(), Policy: d.Policy, Rule: d.Rule, Line: d.Line,
			Message: d.Message, Hide: d.Hide, Component: d.Component, Allowed: entryJSON(d.Allowed), Expired: entryJSON(d.Expired),
		}
		switch d.Target {
		case report.TargetMatch:
			x.ID = r.Result.Matches[d.Match].ID
		case report.TargetFinding:
			x.ID, x.Path = r.Report.Findings[d.Finding].Rule, r.Report.Findings[d.Finding].Path
		}
		j.Decisions = append(j.Decisions, x)
	}
	return j
}

func entryJSON(e *report.Entry) *jsonEntry {
	if e == nil {
		return nil
	}
	return &jsonEntry{e.List, e.Line, e.What, e.Reason, e.By, instant(e.Expires)}
}
