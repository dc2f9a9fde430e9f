package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A View hides matches and findings in files that a reader does not want to see. The zero View hides none.
type View struct {
	OnlyFixed    bool             // hide matches without a fixed version
	NoHeaders    bool             // hide matches of packages that have only headers of the kernel
	IgnoreStatus []matcher.Status // hide matches with one of these
	Since        *Assessment      // hide matches, and findings in files, that this earlier Assessment shows
	Ignore       []Ignore         // hide the matches, and findings in files, that one of these is about

	// Severity hides matches and findings in files of a lower severity, and those without one. It hides none that Gate.FailOn
	// disallows, nor those that the policy warns of or stops on.
	Severity matcher.Level

	Order Order // of findings
}

// A Reason says why a match or a finding in a file is hidden.
type Reason struct {
	Code ReasonCode
	Text string // for a person; equal for many matches: "policy production, no-dsa"
}

// A ReasonCode says what hides a match.
type ReasonCode string

const (
	ReasonVEX     ReasonCode = "vex"     // a statement of a VEX document
	ReasonPolicy  ReasonCode = "policy"  // a rule of the policy
	ReasonStatus  ReasonCode = "status"  // View.IgnoreStatus
	ReasonNoFix   ReasonCode = "no-fix"  // View.OnlyFixed
	ReasonNotNew  ReasonCode = "not-new" // View.Since
	ReasonHeaders ReasonCode = "headers" // View.NoHeaders

	ReasonIgnored  ReasonCode = "ignored"  // View.Ignore
	ReasonSeverity ReasonCode = "severity" // View.Severity
	ReasonEvidence ReasonCode = "evidence" // evidence of the matcher: matcher.Analysis.Evidence
)

// HiddenFindings are the findings that are hidden for one reason.
type HiddenFindings struct {
	Reason          Reason
	Findings        []Finding // in the order of Assessment.Findings
	Vulnerabilities int       // identifiers among Findings
	Files           []FileFinding
}

// Count counts the findings, those in files too.
func (h *HiddenFindings) Count() int { return len(h.Findings) + len(h.Files) }

// hide finds the reason of each match. The index has, for each match, its index in the result that New was given.
func (a *Assessment) hide(o *Options, index []int) {
	a.Reasons = make([]*Reason, len(a.Result.Matches))
	shared := make(map[Reason]*Reason)
	share := func(r Reason) *Reason {
		if shared[r] == nil {
			shared[r] = &r
		}
		return shared[r]
	}
	byPolicy := a.Verdict.hides()
	judged := a.Verdict.byMatch()
	ignores := a.ignoresByID()
	var known earlier
	if o.View.Since != nil {
		known = newEarlier(o.View.Since)
	}
	for i := range a.Result.Matches {
		m := &a.Result.Matches[i]
		c := a.components[m.Component]
		r, given := o.Hidden[index[i]]
		d := byPolicy[i]
		ignored := a.ignore(ignores, m, c)
		switch {
		case given:
		case m.Suppressed() && m.Analysis.Evidence != "":
			r = Reason{ReasonEvidence, "vulnerable code not present"}
		case m.Suppressed():
			r = Reason{ReasonVEX, strings.ReplaceAll(m.Analysis.Status.String(), "-", " ") + " by a VEX statement"}
		case d != nil:
			r = Reason{ReasonPolicy, "policy " + d.Policy + ", " + d.Rule}
		case ignored != nil:
			ignored.Matches++
			r = ignored.reason()
		case o.View.NoHeaders && m.Headers:
			r = Reason{ReasonHeaders, "only headers of the kernel"}
		case slices.Contains(o.View.IgnoreStatus, m.Status):
			r = Reason{ReasonStatus, "status " + m.Status.Text()}
		case o.View.OnlyFixed && m.Fixed == "":
			r = Reason{ReasonNoFix, "no fix available"}
		case known != nil && c != nil && known.has(m, c):
			r = Reason{ReasonNotNew, "not new"}
		case m.Severity.Level < o.View.Severity && !o.Gate.counts(m) && !demands(judged[i]):
			r = Reason{ReasonSeverity, "severity " + m.Severity.Level.String()}
		}
		if r.Code != "" {
			a.Reasons[i] = share(r)
		}
	}
}

// ignoresByID returns the indexes of the ignores that hold, by identifier in lower case.
func (a *Assessment) ignoresByID() map[string][]int {
	byID := make(map[string][]int)
	for i := range a.Ignored {
		if g := &a.Ignored[i]; !g.Expired {
			id := strings.ToLower(g.ID)
			byID[id] = append(byID[id], i)
		}
	}
	return byID
}

// ignore returns the first Ignore that holds for a match, or nil.
func (a *Assessment) ignore(byID map[string][]int, m *matcher.Match, c *analyzer.Component) *IgnoreUse {
	if len(byID) == 0 || c == nil {
		return nil
	}
	first := len(a.Ignored)
	for k := range 2 + len(m.Aliases) {
		id := m.ID
		switch {
		case k > len(m.Aliases):
			id = "" // the entry names a package only
		case k > 0:
			id = m.Aliases[k-1]
		}
		for _, i := range byID[strings.ToLower(id)] {
			if i < first && a.Ignored[i].covers(c) {
				first = i
			}
		}
	}
	if first == len(a.Ignored) {
		return nil
	}
	return &a.Ignored[first]
}

// demands reports whether a policy warns or stops.
func demands(list []*Decision) bool {
	return slices.ContainsFunc(list, func(d *Decision) bool { return d.Action > Go })
}

// earlier holds the findings of an earlier Assessment. A vulnerability is not new if the same source package had it, in any version and
// any place: an update that does not fix it does not make it new.
type earlier map[earlierKey]bool

type earlierKey struct{ id, purlType, namespace, name string }

func newEarlier(a *Assessment) earlier {
	e := make(earlier)
	if a.Result == nil {
		return e
	}
	for i := range a.Result.Matches {
		m := &a.Result.Matches[i]
		c := a.components[m.Component]
		if c == nil || a.Reasons[i] != nil {
			continue
		}
		for _, id := range append([]string{m.ID}, m.Aliases...) {
			e[earlierKeyOf(id, c)] = true
		}
	}
	return e
}

func earlierKeyOf(id string, c *analyzer.Component) earlierKey {
	k := earlierKey{id, c.Type, c.Namespace, c.Name}
	if c.SourcePackage != nil {
		k.name = cmp.Or(c.SourcePackage.Name, c.Name)
	}
	return k
}

func (e earlier) has(m *matcher.Match, c *analyzer.Component) bool {
	if e[earlierKeyOf(m.ID, c)] {
		return true
	}
	return slices.ContainsFunc(m.Aliases, func(id string) bool { return e[earlierKeyOf(id, c)] })
}
