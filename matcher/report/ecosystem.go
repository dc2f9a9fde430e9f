package report

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// EcosystemOf returns the ecosystem of a component, as coverage is stated for it.
func (v *View) EcosystemOf(c *analyzer.Component) matcher.Key {
	return matcher.EcosystemOf(c, v.Report.Distro)
}

func (v *View) countEcosystems() {
	skipped := make(map[string]bool)
	v.Skipped = make(map[matcher.SkipReason]int)
	for _, s := range v.Result.Skipped {
		skipped[s.Component] = true
		v.Skipped[s.Reason]++
	}
	at := make(map[matcher.Key]*Ecosystem)
	get := func(key matcher.Key) *Ecosystem {
		if at[key] == nil {
			at[key] = &Ecosystem{Key: key}
		}
		return at[key]
	}
	for i := range v.Report.Components {
		if c := &v.Report.Components[i]; !skipped[c.ID] {
			get(v.EcosystemOf(c)).Packages++
		}
	}
	for _, c := range v.Result.Coverage {
		e := get(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release})
		if c.Feed != "" {
			e.Coverage = append(e.Coverage, c)
		}
	}
	for _, e := range at {
		e.Sampled = v.Sampled != nil && v.Sampled(e.Key)
		v.Ecosystems = append(v.Ecosystems, *e)
	}
	slices.SortFunc(v.Ecosystems, func(a, b Ecosystem) int { return matcher.CompareKeys(a.Key, b.Key) })
}

// Covered reports whether there are advisories for the ecosystem.
func (e *Ecosystem) Covered() bool { return len(e.Coverage) > 0 }

// Name returns how a person calls the ecosystem: "deb debian 12", "pypi".
func (e *Ecosystem) Name() string { return EcosystemName(e.Key) }

// EcosystemName returns how a person calls the ecosystem of a key: "deb debian 12", "pypi".
func EcosystemName(k matcher.Key) string {
	released := matcher.Key{Type: k.Type, Release: "1"}
	if k == (matcher.Key{Type: k.Type}) && released.Ecosystem() == released {
		return k.Type + " of an unknown distribution"
	}
	return strings.Join(slices.DeleteFunc([]string{k.Type, k.Namespace, k.Release}, func(s string) bool { return s == "" }), " ")
}

// Uncovered counts the packages that could not be judged, for want of advisories.
func (v *View) Uncovered() int {
	n := 0
	for i := range v.Ecosystems {
		if e := &v.Ecosystems[i]; !e.Covered() {
			n += e.Packages
		}
	}
	return n
}

// Matched counts the packages that were to be matched, covered or not.
func (v *View) Matched() int {
	n := 0
	for i := range v.Ecosystems {
		n += v.Ecosystems[i].Packages
	}
	return n
}
