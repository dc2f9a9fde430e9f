package report

import (
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// An Ecosystem is a distribution's release or a language's packages, and the advisories that the source has for it.
type Ecosystem struct {
	Key       matcher.Key        // without a name
	Coverage  []matcher.Coverage // a row for each feed that covers it
	Packages  int                // number of packages in the image to match; 0 if the scan did not read them
	Covered   bool               // a feed has all its advisories, and none is missing
	Sampled   bool               // feeds have only some of its advisories
	Missing   []string           // feeds whose advisories the source could not get
	Supported time.Time          // last day of the release's free support; zero if unknown
	EndOfLife bool               // support has ended: new vulnerabilities are not recorded

	stated int // of Packages, those that only a hints file or a note in a program states
}

// Name returns the ecosystem's name for a person: "deb debian 12", "pypi".
func (e *Ecosystem) Name() string {
	k := e.Key
	released := matcher.Key{Type: k.Type, Release: "1"}
	if k == (matcher.Key{Type: k.Type}) && released.Ecosystem() == released {
		return k.Type + " of an unknown distribution"
	}
	return strings.Join(slices.DeleteFunc([]string{k.Type, k.Namespace, k.Release}, func(s string) bool { return s == "" }), " ")
}

// count tells how many packages there are, for a person.
func (e *Ecosystem) count() string {
	if e.Packages == 0 {
		return "not read"
	}
	return english.Count(e.Packages, "package")
}

func (a *Assessment) countEcosystems() {
	skipped, nested := make(map[string]bool), make(map[string]bool)
	for i := range a.Nested {
		nested[a.Nested[i].ID] = true
	}
	for _, s := range a.Result.Skipped {
		skipped[s.Component] = true
		if !nested[s.Component] {
			a.Skipped[s.Reason]++
		}
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
		c := &a.Report.Components[i]
		if skipped[c.ID] {
			continue
		}
		e := get(matcher.EcosystemOf(c, a.Report.Distro))
		e.Packages++
		if c.Stated {
			e.stated++
		}
		if d := a.Report.Distro; d != nil && c.System && c.Namespace == d.ID && c.Qualifiers["distro"] == "" {
			e.Supported, _ = distro.SystemSupportEnds(d.ID, d.VersionID, d.Codename, d.Name)
		}
	}
	for _, c := range a.Result.Coverage {
		get(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}).addCoverage(c)
	}
	for _, e := range at {
		if e.stated == e.Packages && a.notRead(e.Key) { // a statement does not stand for the packages that are there
			e.Packages, e.stated, e.Coverage, e.Missing, e.Covered = 0, 0, nil, nil, false
		}
		e.Covered = e.Covered && len(e.Missing) == 0
		e.Sampled = len(e.Coverage) > len(e.Missing) && !e.Covered
		a.Matched += e.Packages
		if !e.Covered {
			a.Uncovered += e.Packages
		}
		a.Ecosystems = append(a.Ecosystems, *e)
	}
	indirectsort.Sort(a.Ecosystems, func(x, y *Ecosystem) int { return matcher.CompareKeys(x.Key, y.Key) })
}

// addCoverage adds a row about the ecosystem.
func (e *Ecosystem) addCoverage(c matcher.Coverage) {
	e.EndOfLife = e.EndOfLife || c.EndOfLife
	if c.Feed == "" {
		return
	}
	e.Coverage = append(e.Coverage, c)
	e.Covered = e.Covered || !c.Sampled && !c.Missing
	if c.Missing {
		e.Missing = append(e.Missing, c.Feed)
	}
}

// notRead reports whether the scan saw an ecosystem's packages that no analyzer reads. A diagnostic without a type is about the image's distribution.
func (a *Assessment) notRead(key matcher.Key) bool {
	own := false
	if d := a.Report.Distro; d != nil {
		c := analyzer.Component{Package: analyzer.Package{Type: key.Type, Namespace: d.ID, System: true}}
		own = matcher.EcosystemOf(&c, d) == key
	}
	return slices.ContainsFunc(a.Report.Diagnostics, func(d analyzer.FileDiagnostic) bool {
		return d.Code == analyzer.NotRead && (d.Type == key.Type || d.Type == "" && own)
	})
}

// seen returns the number of packages to match that are more than statements of the image, and what to add to a text if there are only such.
func (a *Assessment) seen() (n int, but string) {
	n = a.Matched
	for i := range a.Ecosystems {
		n -= a.Ecosystems[i].stated
	}
	if n < a.Matched {
		but = ", except packages that only the image states"
	}
	return n, but
}
