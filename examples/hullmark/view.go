package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// A view is what every form of the results is made from: the report, what was matched, and both brought together.
type view struct {
	ref        string
	report     *analyzer.Report
	result     *matcher.Result
	database   db.Info
	starter    bool // whether it is the database that the command carries
	declared   int  // packages that were left out, since only lock files and manifests name them
	components map[string]*analyzer.Component
	ecosystems []ecosystem // of the packages that were to be matched, sorted
	findings   []finding   // sorted as a person reads them
	skipped    map[matcher.SkipReason]int
}

// An ecosystem is a distribution's release or a language's packages: what advisories are there for, or are not.
type ecosystem struct {
	key      matcher.Key // without a name
	coverage []matcher.Coverage
	packages int
	sampled  bool // the starter database knows some advisories, which is not to be covered
}

// A finding is one vulnerability in one source package: the matches of all packages that were built from it are one.
type finding struct {
	*matcher.Match // the first of them
	ecosystem      matcher.Key
	name           string // of the source package, else of the package
	version        string // installed
	components     []*analyzer.Component
}

// newView prepares results to be written.
func newView(ref string, report *analyzer.Report, result *matcher.Result, source database, declared bool) *view {
	v := &view{ref: ref, report: report, result: result, database: source.Info()}
	_, v.starter = source.(starter)
	if !declared {
		v.report, v.result, v.declared = withoutDeclared(report, result)
	}
	v.components = make(map[string]*analyzer.Component, len(v.report.Components))
	for i := range v.report.Components {
		v.components[v.report.Components[i].ID] = &v.report.Components[i]
	}
	v.countEcosystems()
	v.collectFindings()
	return v
}

// ecosystemOf returns the ecosystem of a component, as coverage is stated for it.
func (v *view) ecosystemOf(c *analyzer.Component) matcher.Key {
	if !c.System {
		return matcher.Key{Type: c.Type}.Ecosystem()
	}
	key := matcher.Key{Type: c.Type, Namespace: c.Namespace}
	if d := v.report.Distro; d != nil {
		key.Release = matcher.Release(d.ID, d.VersionID, d.Codename)
	}
	return key.Ecosystem()
}

func (v *view) countEcosystems() {
	skipped := make(map[string]bool)
	v.skipped = make(map[matcher.SkipReason]int)
	for _, s := range v.result.Skipped {
		skipped[s.Component] = true
		v.skipped[s.Reason]++
	}
	at := make(map[matcher.Key]*ecosystem)
	get := func(key matcher.Key) *ecosystem {
		if at[key] == nil {
			at[key] = &ecosystem{key: key}
		}
		return at[key]
	}
	for i := range v.report.Components {
		if c := &v.report.Components[i]; !skipped[c.ID] {
			get(v.ecosystemOf(c)).packages++
		}
	}
	for _, c := range v.result.Coverage {
		e := get(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release})
		if c.Feed != "" {
			e.coverage = append(e.coverage, c)
		}
	}
	for _, e := range at {
		e.sampled = v.starter && sampled(e.key.Type) && slices.ContainsFunc(v.database.Coverage, func(c db.CoverageInfo) bool {
			return c.Type == e.key.Type
		})
		v.ecosystems = append(v.ecosystems, *e)
	}
	slices.SortFunc(v.ecosystems, func(a, b ecosystem) int { return matcher.CompareKeys(a.key, b.key) })
}

// covered reports whether there are advisories for the ecosystem.
func (e *ecosystem) covered() bool { return len(e.coverage) > 0 }

func (e *ecosystem) name() string { return ecosystemName(e.key) }

// ecosystemName is how a person calls an ecosystem: "deb debian 12", "pypi".
func ecosystemName(k matcher.Key) string {
	released := matcher.Key{Type: k.Type, Release: "1"}
	if k == (matcher.Key{Type: k.Type}) && released.Ecosystem() == released {
		return k.Type + " of an unknown distribution"
	}
	return strings.Join(slices.DeleteFunc([]string{k.Type, k.Namespace, k.Release}, func(s string) bool { return s == "" }), " ")
}

// collectFindings brings the matches of packages together that were built from one source package.
func (v *view) collectFindings() {
	type same struct {
		ecosystem                              matcher.Key
		id, name, version, fixed, word, unsure string
		status                                 matcher.Status
		severity                               matcher.Level
	}
	at := make(map[same]int)
	for i := range v.result.Matches {
		m := &v.result.Matches[i]
		c := v.components[m.Component]
		f := finding{Match: m, ecosystem: v.ecosystemOf(c), name: c.Name, version: c.Version}
		if !c.System && c.Namespace != "" {
			f.name = c.Namespace + "/" + c.Name
		}
		if c.Origin != nil {
			f.name, f.version = cmp.Or(c.Origin.Name, c.Name), cmp.Or(c.Origin.Version, c.Version)
		}
		key := same{f.ecosystem, m.ID, f.name, f.version, m.Fixed, m.Reason, m.Uncertain, m.Status, m.Severity.Level}
		k, ok := at[key]
		if !ok {
			k = len(v.findings)
			at[key] = k
			v.findings = append(v.findings, f)
		}
		v.findings[k].components = append(v.findings[k].components, c)
	}
	worst := make(map[origin]matcher.Level)
	for i := range v.findings {
		f := &v.findings[i]
		worst[f.origin()] = max(worst[f.origin()], f.Severity.Level)
	}
	slices.SortStableFunc(v.findings, func(a, b finding) int {
		return cmp.Or(
			matcher.CompareKeys(a.ecosystem, b.ecosystem),
			cmp.Compare(worst[b.origin()], worst[a.origin()]),
			strings.Compare(a.name, b.name), strings.Compare(a.version, b.version),
			cmp.Compare(b.Severity.Level, a.Severity.Level), strings.Compare(a.ID, b.ID))
	})
}

// An origin is a source package of some version, or a package where there is no such thing.
type origin struct {
	ecosystem     matcher.Key
	name, version string
}

func (f *finding) origin() origin { return origin{f.ecosystem, f.name, f.version} }

// vulnerabilities counts different identifiers.
func (v *view) vulnerabilities() int {
	ids := make(map[string]bool)
	for i := range v.findings {
		ids[v.findings[i].ID] = true
	}
	return len(ids)
}

// unrated counts the different identifiers whose severity nobody says.
func (v *view) unrated() int {
	rated := make(map[string]bool)
	for i := range v.findings {
		f := &v.findings[i]
		rated[f.ID] = rated[f.ID] || f.Severity.Level != matcher.Unknown
	}
	n := 0
	for _, known := range rated {
		if !known {
			n++
		}
	}
	return n
}

// uncovered counts the packages that could not be judged, for want of advisories.
func (v *view) uncovered() int {
	n := 0
	for i := range v.ecosystems {
		if e := &v.ecosystems[i]; !e.covered() {
			n += e.packages
		}
	}
	return n
}

// matched counts the packages that were to be matched.
func (v *view) matched() int {
	n := 0
	for i := range v.ecosystems {
		n += v.ecosystems[i].packages
	}
	return n
}
