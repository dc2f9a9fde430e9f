package matcher

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// An Explanation is one reason why a vulnerability was matched, or was not.
type Explanation struct {
	Outcome   Outcome
	Component string     // analyzer.Component.ID; "" if the explanation is not about a component
	Skip      SkipReason // if Outcome is OutcomeSkipped

	Key     Key    // under which the component was looked up; without a Name if Outcome is OutcomeNoData
	Version string // that was compared; a source package's may differ from the component's own

	Advisory    *Advisory    // nil without an advisory
	Comparisons []Comparison // in the order of the advisory's ranges and versions, as far as needed
	Doubt       string       // the reason, if Outcome is OutcomeUncertain or OutcomeSkipped, else ""
	Evidence    string       // why the advisory is about the component, if more than its name tells; of OutcomeSkipped, Skipped.Evidence; of OutcomeNotPresent, which functions
	Fixed       string       // lowest fix above Version; "" if unknown
}

// An Outcome is the code of an Explanation's result.
type Outcome string

const (
	OutcomeAffected     Outcome = "affected"      // the advisory holds for the component
	OutcomeUncertain    Outcome = "uncertain"     // it may hold
	OutcomeFixed        Outcome = "fixed"         // Version is at or above the fix of a range
	OutcomeOutOfRange   Outcome = "out-of-range"  // Version is in no range, and is not one of Versions
	OutcomeNotAffected  Outcome = "not-affected"  // the publisher states that the package is not affected
	OutcomeSkipped      Outcome = "skipped"       // the component was not matched; Comparisons have the result without the skip
	OutcomeNotPresent   Outcome = "not-present"   // the program lacks all functions that the advisories name
	OutcomeOtherSystem  Outcome = "other-system"  // the advisory is about other operating systems than the image's
	OutcomeOtherRelease Outcome = "other-release" // the package is installed; the advisory is about another release of the distribution
	OutcomeNotInstalled Outcome = "not-installed" // no component is the package that the advisory is about
	OutcomeNoAdvisory   Outcome = "no-advisory"   // no advisory with that identifier is about a package of the report
	OutcomeNoData       Outcome = "no-data"       // the Source has no advisories for an ecosystem of the report
)

// A Comparison is one step of an explanation: a version compared with a bound.
type Comparison struct {
	Range     int    // index in Advisory.Ranges, or -1 for one of Advisory.Versions
	Bound     string // code of the bound: "introduced", "fixed", "last-affected" or "listed"
	Value     string // version of the bound
	Order     int    // order of the version relative to Value: -1 before, 0 equal, 1 after
	Error     string // the reason if the comparison is impossible or uncertain; Order has no meaning then
	Satisfied bool   // by this bound the version is affected
}

// String returns the comparison without the version: "< 1.3 (fixed)".
func (c Comparison) String() string {
	sign := [...]string{"<", "=", ">"}[c.Order+1]
	if c.Error != "" {
		sign = "?"
	}
	return sign + " " + c.Value + " (" + english(c.Bound) + ")"
}

// A Finder is a Source that finds all advisories of an identifier. With it, Explain distinguishes packages that are not
// installed from unknown identifiers.
type Finder interface {
	// Find yields the advisories whose ID is one of ids, or that have one among their aliases or updates, each once, in any order. The sequence
	// ends with the first error.
	Find(ctx context.Context, ids ...string) iter.Seq2[Advisory, error]
}

// Explain returns the reasons why components of a report match a vulnerability, or why they don't. The identifier may be a CVE,
// a distribution's identifier, an alias, or the identifier of an update that fixes it. Explain returns errors as [Matcher.Match] does.
//
// The list is never empty. It has one Explanation for each component and advisory with the same key, in the order of the
// report. Without such a pair, it has the reasons. Ecosystems without advisories come last: the absence of a match means nothing
// there.
func (m Matcher) Explain(ctx context.Context, report *analyzer.Report, id string) ([]Explanation, error) {
	if err := m.check(report); err != nil {
		return nil, err
	}
	groups, err := groupsOf(ctx, m.Source, report)
	if err != nil {
		return nil, err
	}
	products, err := productsOf(ctx, m.Source, report)
	if err != nil {
		return nil, err
	}
	wanted := newRegister(len(report.Components), groups, report, products)
	skipped := newRegister(0, groups, report, products)
	byID := make(map[string]*analyzer.Component, len(report.Components))
	for i := range report.Components {
		byID[report.Components[i].ID] = &report.Components[i]
	}
	skips, err := m.skips(ctx, report, byID, products)
	if err != nil {
		return nil, err
	}
	reasons := make(map[string]Skipped)
	for i := range report.Components {
		c := &report.Components[i]
		if skips[i].Reason != "" {
			reasons[c.ID] = skips[i]
			skipped.add(c, report.Distro)
			continue
		}
		wanted.add(c, report.Distro)
	}
	rows, err := coverage(ctx, m.Source, wanted)
	if err != nil {
		return nil, err
	}
	out, err := met(ctx, m.Source, wanted, id)
	if err != nil {
		return nil, err
	}
	left, err := met(ctx, m.Source, skipped, id)
	if err != nil {
		return nil, err
	}
	for _, x := range left {
		skip := reasons[x.Component]
		x.Outcome, x.Skip, x.Evidence = OutcomeSkipped, skip.Reason, skip.Evidence
		out = append(out, x)
	}
	if len(out) == 0 {
		if out, err = notMet(ctx, m.Source, wanted, id); err != nil {
			return nil, err
		}
	}
	for _, r := range rows {
		if r.Feed == "" {
			out = append(out, Explanation{Outcome: OutcomeNoData, Key: Key{Type: r.Type, Namespace: r.Namespace, Release: r.Release}})
		}
	}
	return out, nil
}

// notMet explains why no component of a register has an advisory of id.
func notMet(ctx context.Context, source Source, r *register, id string) ([]Explanation, error) {
	var out []Explanation
	if f, ok := source.(Finder); ok {
		installed := make(map[Key]bool, len(r.keys)) // ecosystems with packages, in any release
		for _, k := range r.keys {
			k.Release = ""
			installed[k] = true
		}
		for a, err := range f.Find(ctx, id) {
			if err != nil {
				return nil, fmt.Errorf("matcher: %w", err)
			}
			x := Explanation{Outcome: OutcomeNotInstalled, Key: a.Key, Advisory: &a}
			unreleased := a.Key
			unreleased.Release = ""
			if installed[unreleased] {
				x.Outcome = OutcomeOtherRelease
			}
			out = append(out, x)
		}
		indirectsort.Sort(out, func(a, b *Explanation) int {
			return cmp.Or(cmp.Compare(absence(a.Outcome), absence(b.Outcome)), CompareKeys(a.Key, b.Key), compareAdvisories(a.Advisory, b.Advisory))
		})
	}
	if len(out) == 0 {
		out = append(out, Explanation{Outcome: OutcomeNoAdvisory})
	}
	return out, nil
}

// absence orders outcomes without a component: another release comes before a missing package.
func absence(o Outcome) int {
	if o == OutcomeOtherRelease {
		return 0
	}
	return 1
}

func compareAdvisories(a, b *Advisory) int {
	return cmp.Or(strings.Compare(a.Feed, b.Feed), strings.Compare(a.ID, b.ID))
}

// met looks up the components of a register and explains their advisories of an identifier.
func met(ctx context.Context, source Source, r *register, id string) ([]Explanation, error) {
	if len(r.keys) == 0 {
		return nil, nil
	}
	byKey := make(map[Key][]*Advisory)
	for a, err := range source.Advisories(ctx, r.keys) {
		if err == nil {
			err = ctx.Err()
		}
		if _, ok := r.newest[a.Key]; err == nil && !ok {
			err = unrequested(&a)
		}
		if err != nil {
			return nil, fmt.Errorf("matcher: %w", err)
		}
		byKey[a.Key] = append(byKey[a.Key], &a)
	}
	var out []Explanation
	for i := range r.subjects {
		names := r.namesOf(i)
		about := aboutID(names, byKey, id)
		from := len(out)
		for _, n := range names {
			for _, a := range byKey[n.key] {
				if about[a] {
					out = append(out, n.explain(a, r.subjects[i].component.ID))
				}
			}
		}
		if products := r.several[i]; products != nil {
			products.explain(out[from:])
		}
		settleAbsent(r.subjects[i].component, out[from:])
		indirectsort.Sort(out[from:], func(a, b *Explanation) int { return compareAdvisories(a.Advisory, b.Advisory) })
	}
	return out, nil
}

// aboutID returns the advisories of a component about an identifier, also through aliases of other advisories.
func aboutID(names []named, byKey map[Key][]*Advisory, id string) map[*Advisory]bool {
	var all []verdict
	for _, n := range names {
		for _, a := range byKey[n.key] {
			all = append(all, verdict{Advisory: a})
		}
	}
	about := make(map[*Advisory]bool)
	for _, g := range new(grouper).group(all) {
		if slices.Contains(g.ids, id) {
			for _, v := range g.verdicts {
				about[v.Advisory] = true
			}
		}
	}
	for _, v := range all { // no group has an erratum's own identifier
		if v.ID == id || slices.Contains(v.Aliases, id) || slices.Contains(v.Updates, id) {
			about[v.Advisory] = true
		}
	}
	return about
}

// A named is a name with its key.
type named struct {
	key Key
	*name
}

// explain applies an advisory to the version that is installed under a name.
func (n named) explain(a *Advisory, component string) Explanation {
	x := Explanation{Component: component, Key: n.key, Version: n.version, Advisory: a}
	v, holds := n.judge(a)
	x.Fixed, x.Doubt, x.Evidence = v.fixed, v.uncertain, v.evidence
	if a.Status != NotAffected && n.uncertain == nil {
		x.Comparisons = n.comparisons(a)
	}
	switch {
	case a.Status == NotAffected:
		x.Outcome = OutcomeNotAffected
	case n.system != "" && a.isForOtherSystem(n.system):
		x.Outcome = OutcomeOtherSystem
	case holds && v.uncertain != "":
		x.Outcome = OutcomeUncertain
	case holds:
		x.Outcome = OutcomeAffected
	case slices.ContainsFunc(x.Comparisons, func(c Comparison) bool { return c.Bound == "fixed" && c.Error == "" && c.Order >= 0 }):
		x.Outcome = OutcomeFixed
	default:
		x.Outcome = OutcomeOutOfRange
	}
	return x
}

// comparisons returns the steps of judge's decision.
func (n *name) comparisons(a *Advisory) []Comparison {
	var out []Comparison
	step := func(r int, bound, value string, holds func(order int) bool) bool {
		order, doubt := n.against(value)
		c := Comparison{Range: r, Bound: bound, Value: value, Order: order, Error: doubt, Satisfied: doubt == "" && holds(order)}
		out = append(out, c)
		return c.Satisfied
	}
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Repo != "" {
			continue
		}
		if n.composer && n.byBranch(r) {
			c := Comparison{Range: i, Bound: "introduced", Value: r.Introduced, Error: "a branch is in no range of versions"}
			switch {
			case r.Fixed != "":
				c.Bound, c.Value = "fixed", r.Fixed
			case r.LastAffected != "":
				c.Bound, c.Value = "last-affected", r.LastAffected
			}
			out = append(out, c)
			continue
		}
		if r.Introduced != "" && r.Introduced != "0" &&
			!step(i, "introduced", r.Introduced, func(order int) bool { return order >= 0 }) {
			continue
		}
		switch {
		case r.Fixed != "":
			step(i, "fixed", r.Fixed, func(order int) bool { return order < 0 })
		case r.LastAffected != "":
			step(i, "last-affected", r.LastAffected, func(order int) bool { return order <= 0 || n.last(r.LastAffected) })
		}
	}
	for _, listed := range a.Versions {
		if w, err := n.scheme.Parse(listed); err == nil && n.is(w) {
			out = append(out, Comparison{Range: -1, Bound: "listed", Value: listed, Satisfied: true})
		}
	}
	return out
}
