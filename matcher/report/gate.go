package report

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
)

// A Gate says which findings disallow an image, beside a policy. The zero Gate disallows none.
//
// It counts the findings of analyzers in files as it counts vulnerabilities, except those for information. Hidden findings do not count.
//
// If a Gate or a policy is given, an image also fails if part of it could not be checked for want of advisories. AllowUncovered
// lets such an image pass. Nothing lets an image pass whose package databases could not be read completely: those of dpkg, rpm,
// apk, opkg and chisel. A damaged file of a language's packages is a diagnostic only. An image also fails if an analyzer of the scan
// could not work, such as one for malware without its signatures, unless an [Exclusion] leaves that analyzer out.
type Gate struct {
	FailOn         matcher.Level // this severity and higher; Unknown disables it
	AllowUncovered bool
}

// A Failure is one reason for which an image does not pass.
type Failure struct {
	Code  FailureCode
	Text  string // for a person: "2 vulnerabilities are high or worse"
	Count int    // vulnerabilities, findings, decisions, packages or files, by Code
}

// A FailureCode is a reason for a failure.
type FailureCode string

const (
	FailedPolicy    FailureCode = "policy"         // a policy says stop; counts decisions
	FailedSeverity  FailureCode = "severity"       // Gate.FailOn; counts vulnerabilities
	FailedFindings  FailureCode = "findings"       // Gate.FailOn; counts findings in files
	FailedUncovered FailureCode = "uncovered"      // no advisories for part of the image; counts packages
	FailedEmpty     FailureCode = "nothing-judged" // no package could be checked
	FailedUnread    FailureCode = "unread"         // a package database could not be read completely; counts files
	FailedNotRun    FailureCode = "not-run"        // an analyzer looked at no file, or not at all files; counts analyzers
)

func (g Gate) disallows(f *Finding) bool { return g.counts(f.Match) }

// counts reports whether FailOn disallows a match that is shown.
func (g Gate) counts(m *matcher.Match) bool {
	return g.FailOn != matcher.Unknown && m.Severity.Level >= g.FailOn
}

// setVerdict decides which findings are disallowed, and whether the image passes.
func (a *Assessment) setVerdict() {
	judged := a.Gate.FailOn != matcher.Unknown || a.Verdict != nil
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Disallowed = !judged || f.Action == Stop || a.Gate.disallows(f)
	}
	for i := range a.FileFindings {
		f := &a.FileFindings[i]
		f.Disallowed = !judged && !f.Informs() || f.Action == Stop || a.Gate.countsFile(f)
	}
	if judged {
		a.Failures = a.failures()
	}
}

func (a *Assessment) failures() []Failure {
	var list []Failure
	if a.Verdict != nil && a.Verdict.Action == Stop {
		list = append(list, a.Verdict.failure())
	}
	if a.Gate.FailOn != matcher.Unknown {
		ids := make(map[string]bool)
		for i := range a.Findings {
			if f := &a.Findings[i]; a.Gate.disallows(f) {
				ids[f.ID] = true
			}
		}
		if n := len(ids); n > 0 {
			verb := "are"
			if n == 1 {
				verb = "is"
			}
			list = append(list, Failure{FailedSeverity, fmt.Sprintf("%s %s %s or worse", english.Count(n, "vulnerability"), verb, a.Gate.FailOn), n})
		}
		if f, fails := a.fileFailure(); fails {
			list = append(list, f)
		}
	}
	if unread := a.unread(); len(unread) > 0 {
		list = append(list, Failure{FailedUnread, "package data could not be read: " + unreadText(unread), len(unread)})
	}
	if lacks := a.notRun(); len(lacks) > 0 {
		text := strings.Join(lacks[:min(3, len(lacks))], "; ")
		if n := len(lacks) - 3; n > 0 {
			text += fmt.Sprintf(" (and %s)", english.Count(n, "other analyzer"))
		}
		list = append(list, Failure{FailedNotRun, text, len(lacks)})
	}
	if a.Gate.AllowUncovered {
		return list
	}
	if seen, but := a.seen(); seen == 0 {
		return append(list, Failure{Code: FailedEmpty, Text: "no package could be checked" + but})
	}
	var names []string
	for i := range a.Ecosystems {
		if e := &a.Ecosystems[i]; !e.Covered {
			names = append(names, fmt.Sprintf("%s (%s)", e.Name(), e.count()))
		}
	}
	if len(names) > 0 {
		list = append(list, Failure{FailedUncovered, "no advisories for " + strings.Join(names, ", "), a.Uncovered})
	}
	return list
}

// failure describes the first decision to stop, and counts the others.
func (v *Verdict) failure() Failure {
	f := Failure{Code: FailedPolicy, Text: fmt.Sprintf("policy %s of %s stops", strings.Join(v.Policies, ", "), v.Document)}
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if d.Action != Stop {
			continue
		}
		if f.Count++; f.Count == 1 {
			text := d.Message
			if text == "" {
				text = strings.TrimPrefix(d.Policy+"/"+d.Rule, "/")
			}
			f.Text += ": " + text
		}
	}
	if f.Count > 1 {
		f.Text += fmt.Sprintf(" (and %s)", english.Count(f.Count-1, "other decision"))
	}
	return f
}
