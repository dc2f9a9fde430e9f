package report

import (
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// An Ecosystem is a distribution's release or a language's packages, and the advisories that the source has for it.
type Ecosystem struct {
	Key       matcher.Key        // without a name
	Coverage  []matcher.Coverage // a row for each feed that covers it
	Packages  int                // of the image that were to be matched
	Supported time.Time          // last day of the release's free support; zero if unknown
	EndOfLife bool               // support has ended: new vulnerabilities are not recorded
}

// Covered reports whether a feed has all advisories for the ecosystem, not only a sample.
func (e *Ecosystem) Covered() bool {
	return slices.ContainsFunc(e.Coverage, func(c matcher.Coverage) bool { return !c.Sampled })
}

// Sampled reports whether the source has only some advisories for the ecosystem.
func (e *Ecosystem) Sampled() bool { return len(e.Coverage) > 0 && !e.Covered() }

// Name returns the ecosystem's name for a person: "deb debian 12", "pypi".
func (e *Ecosystem) Name() string {
	k := e.Key
	released := matcher.Key{Type: k.Type, Release: "1"}
	if k == (matcher.Key{Type: k.Type}) && released.Ecosystem() == released {
		return k.Type + " of an unknown distribution"
	}
	return strings.Join(slices.DeleteFunc([]string{k.Type, k.Namespace, k.Release}, func(s string) bool { return s == "" }), " ")
}

// EcosystemOf returns the ecosystem of a component.
func (a *Assessment) EcosystemOf(c *analyzer.Component) matcher.Key {
	return matcher.EcosystemOf(c, a.Report.Distro)
}

// Matched counts the components that were to be matched, covered or not.
func (a *Assessment) Matched() int {
	n := 0
	for i := range a.Ecosystems {
		n += a.Ecosystems[i].Packages
	}
	return n
}

// Uncovered counts the components that could not be checked for want of advisories.
func (a *Assessment) Uncovered() int {
	n := 0
	for i := range a.Ecosystems {
		if e := &a.Ecosystems[i]; !e.Covered() {
			n += e.Packages
		}
	}
	return n
}

func (a *Assessment) countEcosystems() {
	skipped := make(map[string]bool)
	for _, s := range a.Result.Skipped {
		skipped[s.Component] = true
		a.Skipped[s.Reason]++
	}
	at := make(map[matcher.Key]*Ecosystem)
	get := func(key matcher.Key) *Ecosystem {
		if at[key] == nil {
			at[key] = &Ecosystem{Key: key}
			at[key].Supported, _ = distro.SupportEnds(key.Namespace, key.Release)
		}
		return at[key]
	}
	for i := range a.Report.Components {
		if c := &a.Report.Components[i]; !skipped[c.ID] {
			get(a.EcosystemOf(c)).Packages++
		}
	}
	for _, c := range a.Result.Coverage {
		e := get(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release})
		e.EndOfLife = e.EndOfLife || c.EndOfLife
		if c.Feed != "" {
			e.Coverage = append(e.Coverage, c)
		}
	}
	for _, e := range at {
		a.Ecosystems = append(a.Ecosystems, *e)
	}
	slices.SortFunc(a.Ecosystems, func(x, y Ecosystem) int { return matcher.CompareKeys(x.Key, y.Key) })
}
