package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A Finding is one vulnerability in one source package: the matches of all packages that were built from it, and of which
// the same is said, are one.
type Finding struct {
	*matcher.Match // the first of them

	Matches    []int // indices in View.Result
	Components []*analyzer.Component
	Subject    Subject
	Action     Action // the worst that a policy decided for them; Undecided without one
	Decisions  []*Decision
	Why        string // why it is hidden; "" where it is shown
}

// A Subject is a source package of some version, or a package where there is no such thing.
type Subject struct {
	Ecosystem matcher.Key // without a name
	Name      string      // with its namespace, for languages
	Version   string      // installed
}

// subjectOf returns what a match of a component is about.
func (v *Assessment) subjectOf(c *analyzer.Component) Subject {
	s := Subject{Ecosystem: v.EcosystemOf(c), Name: c.Name, Version: c.Version}
	if !c.System && c.Namespace != "" {
		s.Name = c.Namespace + "/" + c.Name
	}
	if c.SourcePackage != nil {
		s.Name, s.Version = cmp.Or(c.SourcePackage.Name, c.Name), cmp.Or(c.SourcePackage.Version, c.Version)
	}
	return s
}

// collect brings the matches of packages together that were built from one source package, and parts what is hidden.
func (v *Assessment) collect() {
	type same struct {
		subject                      Subject
		id, fixed, word, unsure, why string
		status                       matcher.Status
		severity                     matcher.Level
		action                       Action
		analysis                     *matcher.Analysis
	}
	decisions := v.Verdict.byMatch()
	at := make(map[same]int)
	var all []Finding
	for i := range v.Result.Matches {
		m := &v.Result.Matches[i]
		c := v.components[m.Component]
		if c == nil {
			continue // of another report
		}
		f := Finding{Match: m, Subject: v.subjectOf(c), Why: v.why[i]}
		for _, d := range decisions[i] {
			f.Action = max(f.Action, d.Action)
		}
		key := same{f.Subject, m.ID, m.Fixed, m.Reason, m.Uncertain, f.Why, m.Status, m.Severity.Level, f.Action, m.Analysis}
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
	sortFindings(all)
	hidden := make(map[string]int)
	for _, f := range all {
		if f.Why == "" {
			v.Findings = append(v.Findings, f)
			continue
		}
		k, ok := hidden[f.Why]
		if !ok {
			k = len(v.Hidden)
			hidden[f.Why] = k
			v.Hidden = append(v.Hidden, Hidden{Why: f.Why})
		}
		v.Hidden[k].Findings = append(v.Hidden[k].Findings, f)
	}
	slices.SortStableFunc(v.Hidden, func(a, b Hidden) int { return strings.Compare(a.Why, b.Why) })
}

func sortFindings(list []Finding) {
	worst := make(map[Subject]matcher.Level)
	for i := range list {
		f := &list[i]
		if f.Why == "" {
			worst[f.Subject] = max(worst[f.Subject], f.Severity.Level)
		}
	}
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(
			matcher.CompareKeys(a.Subject.Ecosystem, b.Subject.Ecosystem),
			cmp.Compare(worst[b.Subject], worst[a.Subject]),
			strings.Compare(a.Subject.Name, b.Subject.Name), strings.Compare(a.Subject.Version, b.Subject.Version),
			cmp.Compare(b.Severity.Level, a.Severity.Level), strings.Compare(a.ID, b.ID))
	})
}

// Word returns what the publisher says of a finding, in its own words where it has some.
func (f *Finding) Word() string {
	word := f.Status.String()
	switch {
	case f.Reason != "":
		word = f.Reason
	case f.Fixed != "":
		word = "fix available"
	}
	if f.Uncertain != "" {
		word = "uncertain: " + f.Uncertain + "; " + word
	}
	return word
}

// Summary returns the first text on the vulnerability that an advisory has, "" where none has any.
func (f *Finding) Summary() string {
	for i := range f.Advisories {
		if s := f.Advisories[i].Summary; s != "" {
			return s
		}
	}
	return ""
}

// URLs returns the addresses that advisories name, each once, in their order.
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

// Place returns where the component of a finding was found: "opt/app.war!WEB-INF/lib/x.jar".
func Place(c *analyzer.Component) string {
	if c.ArchivePath != "" {
		return c.Path + "!" + c.ArchivePath
	}
	return c.Path
}

// Vulnerabilities counts different identifiers.
func Vulnerabilities(list []Finding) int {
	ids := make(map[string]bool)
	for i := range list {
		ids[list[i].ID] = true
	}
	return len(ids)
}

// HiddenFindings counts what is not shown, for whatever reason.
func (v *Assessment) HiddenFindings() int {
	n := 0
	for i := range v.Hidden {
		n += len(v.Hidden[i].Findings)
	}
	return n
}

// CountOf returns a number of things as a person says it: "1 package", "2 vulnerabilities".
func CountOf(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y") && !strings.HasSuffix(what, "ay"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}
