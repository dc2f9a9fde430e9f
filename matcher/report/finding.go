package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
)

// A Finding is one vulnerability in one source package: the matches of all packages that were built from it, if they agree.
type Finding struct {
	*matcher.Match // the first of them

	Matches    []int // indices in Assessment.Result.Matches
	Components []*analyzer.Component
	Subject    Subject
	Action     Action // the most severe that a policy decided; Undecided without one
	Disallowed bool   // it makes the image fail; without a Gate and a policy every finding does
	Decisions  []*Decision
	Hidden     *Reason // nil if the finding is shown
}

// A Subject is a source package in one version, or a package that is not built from another.
type Subject struct {
	Ecosystem matcher.Key // without a name
	Name      string      // with its namespace, for languages
	Version   string      // installed
}

// subjectOf returns the subject of a component's matches.
func (a *Assessment) subjectOf(c *analyzer.Component) Subject {
	s := Subject{Ecosystem: matcher.EcosystemOf(c, a.Report.Distro), Name: c.Name, Version: c.Version}
	if !c.System && c.Namespace != "" {
		s.Name = c.Namespace + "/" + c.Name
	}
	if c.SourcePackage != nil {
		s.Name, s.Version = cmp.Or(c.SourcePackage.Name, c.Name), cmp.Or(c.SourcePackage.Version, c.Version)
	}
	return s
}

// collect groups matches into findings, and separates the hidden ones.
func (a *Assessment) collect(by Order, groups map[Reason]int) {
	type group struct {
		subject                 Subject
		id, fixed, word, unsure string
		evidence, updates       string
		kind                    matcher.Kind
		hidden                  *Reason
		status                  matcher.Status
		severity                matcher.Level
		action                  Action
		analysis                *matcher.Analysis
	}
	decisions := a.Verdict.byMatch()
	at := make(map[group]int)
	var all []Finding
	for i := range a.Result.Matches {
		m := &a.Result.Matches[i]
		c := a.components[m.Component]
		if c == nil {
			continue // a finding of another report
		}
		f := Finding{Match: m, Subject: a.subjectOf(c), Hidden: a.Reasons[i]}
		for _, d := range decisions[i] {
			f.Action = max(f.Action, d.Action)
		}
		key := group{f.Subject, m.ID, m.Fixed, m.Reason, m.Uncertain, m.Evidence, strings.Join(m.Updates(), " "), m.Kind, f.Hidden, m.Status, m.Severity.Level, f.Action, m.Analysis}
		k, ok := at[key]
		if !ok {
			k = len(all)
			at[key] = k
			all = append(all, f)
		}
		all[k].Matches = append(all[k].Matches, i)
		all[k].Components = append(all[k].Components, c)
		all[k].Decisions = append(all[k].Decisions, decisions[i]...)
	}
	by.sort(all)
	for _, f := range all {
		if f.Hidden == nil {
			a.Findings = append(a.Findings, f)
			continue
		}
		h := a.hiddenFor(*f.Hidden, groups)
		h.Findings = append(h.Findings, f)
	}
	a.Vulnerabilities = vulnerabilities(a.Findings)
}

// hiddenFor returns the findings that are hidden for a reason. The groups have their indexes.
func (a *Assessment) hiddenFor(r Reason, groups map[Reason]int) *HiddenFindings {
	k, ok := groups[r]
	if !ok {
		k = len(a.Hidden)
		groups[r] = k
		a.Hidden = append(a.Hidden, HiddenFindings{Reason: r})
	}
	return &a.Hidden[k]
}

// countHidden counts and sorts the hidden findings.
func (a *Assessment) countHidden() {
	for i := range a.Hidden {
		h := &a.Hidden[i]
		h.Vulnerabilities = vulnerabilities(h.Findings)
		a.HiddenCount += h.Count()
	}
	indirectsort.Sort(a.Hidden, func(x, y *HiddenFindings) int {
		return cmp.Or(strings.Compare(x.Reason.Text, y.Reason.Text), strings.Compare(string(x.Reason.Code), string(y.Reason.Code)))
	})
}

// Word returns the publisher's own description of the finding, or else a description of its status.
func (f *Finding) Word() string {
	word := f.Status.Text()
	switch {
	case f.Reason != "":
		word = f.Reason
	case f.Fixed != "":
		word = "fix available"
	}
	if updates := f.Updates(); len(updates) > 0 {
		word += " (" + listUpToThree(updates) + ")"
	}
	if f.Kind != matcher.Vulnerability {
		word = f.Kind.String() + "; " + word
	}
	if f.Uncertain != "" {
		word = "uncertain: " + f.Uncertain + "; " + word
	}
	if f.Evidence != "" {
		word += "; " + f.Evidence
	}
	return word
}

// listUpToThree writes up to three identifiers: "DSA-1, DSA-2, DSA-3 and 2 more".
func listUpToThree(ids []string) string {
	const shown = 3
	if more := len(ids) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:shown], ", "), more)
	}
	return strings.Join(ids, ", ")
}

// Summary returns the first summary among the advisories, or "".
func (f *Finding) Summary() string {
	for i := range f.Advisories {
		if s := f.Advisories[i].Summary; s != "" {
			return s
		}
	}
	return ""
}

// URLs returns the addresses that the advisories name, each once, in their order.
func (f *Finding) URLs() []string {
	var list []string
	for i := range f.Advisories {
		for _, u := range f.Advisories[i].URLs {
			if !slices.Contains(list, u) {
				list = append(list, u)
			}
		}
	}
	return list
}

// vulnerabilities counts the identifiers among findings.
func vulnerabilities(list []Finding) int {
	ids := make(map[string]bool)
	for i := range list {
		ids[list[i].ID] = true
	}
	return len(ids)
}
