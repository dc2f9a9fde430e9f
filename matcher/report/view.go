package report

import (
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// Options say what a View is of, and what it leaves out.
type Options struct {
	Name     string    // what was scanned, as the user calls it: "debian:12"
	Tool     Tool      // the program that scans
	Time     time.Time // when it was scanned, for formats that ask; the zero time leaves it out where that can be
	Declared bool      // with packages that only lock files and manifests name

	// Sampled says of which ecosystems the source of advisories knows only some. They count as not covered, though what is
	// known of them is shown. Nil is none.
	Sampled func(ecosystem matcher.Key) bool

	// Hide says what is not to be shown, besides what statements of VEX documents suppress. The first reason counts.
	Hide []Hide

	Verdict *Verdict // what a policy decided; nil where there is none

	// Fails says which findings disallow the image, for formats that tell. Nil is those that Verdict stops on, and without a
	// verdict all that are shown.
	Fails func(*Finding) bool
}

// A Tool is the program that makes a report.
type Tool struct {
	Name    string
	Version string
	URL     string
}

// A Hide says why a match, the one of that index in the result, is not shown: a few words for a person that fit many matches,
// "no fix is known"; "" where it is shown.
type Hide func(i int, m *matcher.Match, c *analyzer.Component) string

// A View is a scan's results, in the order in which a person reads them.
type View struct {
	Options
	Report *analyzer.Report // without packages that are only declared, unless Options has them
	Result *matcher.Result  // all matches, hidden ones too

	LeftOut    int                        // packages that are only declared, and left out
	Ecosystems []Ecosystem                // of the packages that were to be matched, sorted
	Findings   []Finding                  // what is shown: by ecosystem, the package with the worst first
	Hidden     []Hidden                   // what is not shown, by reason
	Skipped    map[matcher.SkipReason]int // packages that were not matched

	components map[string]*analyzer.Component
	why        []string // of each match, why it is hidden
}

// An Ecosystem is a distribution's release or a language's packages, and what advisories there are for it.
type Ecosystem struct {
	Key      matcher.Key        // without a name
	Coverage []matcher.Coverage // a row for each feed that knows it; none where it is not covered
	Packages int                // of the image that were to be matched
	Sampled  bool               // some advisories are known, which is not to be covered
}

// Hidden is what was hidden for one reason.
type Hidden struct {
	Why      string
	Findings []Finding // in the order of View.Findings
}

// New brings a report and what was matched in it together. The result must be of the report.
func New(report *analyzer.Report, result *matcher.Result, o Options) *View {
	v := &View{Options: o, Report: report, Result: result}
	if o.Declared {
		v.Report, v.Result, _ = Once(report, result)
	} else {
		v.Report, v.Result, v.LeftOut = Installed(report, result)
	}
	v.components = make(map[string]*analyzer.Component, len(v.Report.Components))
	for i := range v.Report.Components {
		v.components[v.Report.Components[i].ID] = &v.Report.Components[i]
	}
	v.countEcosystems()
	v.hide()
	v.collect()
	return v
}

// Failing reports whether a finding disallows the image.
func (v *View) Failing(f *Finding) bool {
	switch {
	case f.Why != "":
		return false
	case v.Fails != nil:
		return v.Fails(f)
	case v.Verdict != nil:
		return f.Action == Stop
	}
	return true
}

// Component returns the component of an identifier, nil where there is none.
func (v *View) Component(id string) *analyzer.Component { return v.components[id] }

// Why returns why the match of an index in View.Result is hidden, "" where it is shown.
func (v *View) Why(match int) string { return v.why[match] }

// Shown returns a result with what is shown only.
func (v *View) Shown() *matcher.Result {
	r := *v.Result
	r.Matches = make([]matcher.Match, 0, len(v.Result.Matches))
	for i := range v.Result.Matches {
		if v.why[i] == "" {
			r.Matches = append(r.Matches, v.Result.Matches[i])
		}
	}
	return &r
}

func (v *View) hide() {
	v.why = make([]string, len(v.Result.Matches))
	for i := range v.Result.Matches {
		m := &v.Result.Matches[i]
		if m.Suppressed() {
			v.why[i] = m.Analysis.Status.String() + ", says a VEX statement"
			continue
		}
		for _, h := range v.Hide {
			if v.why[i] = h(i, m, v.components[m.Component]); v.why[i] != "" {
				break
			}
		}
	}
}

// Installed returns a report and its result, which may be nil, without the packages that only lock files and manifests name,
// and how many those are. Where there are none it returns what it was given.
func Installed(report *analyzer.Report, result *matcher.Result) (*analyzer.Report, *matcher.Result, int) {
	return without(report, result, func(c *analyzer.Component) bool { return c.Declared })
}

// Once returns a report and its result, which may be nil, without what lock files and manifests say of packages that are
// installed, of the same version, and how often they do: nothing is to be shown twice for being locked too. Where they say
// nothing of such it returns what it was given.
func Once(report *analyzer.Report, result *matcher.Result) (*analyzer.Report, *matcher.Result, int) {
	installed := make(map[string]bool)
	for i := range report.Components {
		if c := &report.Components[i]; !c.Declared {
			installed[plainPURL(c)] = true
		}
	}
	return without(report, result, func(c *analyzer.Component) bool { return c.Declared && installed[plainPURL(c)] })
}

// plainPURL returns the package URL without qualifiers.
func plainPURL(c *analyzer.Component) string {
	plain, _, _ := strings.Cut(c.PURL, "?")
	return plain
}

// without leaves components and what is said of them out.
func without(report *analyzer.Report, result *matcher.Result, drop func(*analyzer.Component) bool) (*analyzer.Report, *matcher.Result, int) {
	dropped := make(map[string]bool)
	kept := *report
	kept.Components = nil
	for i := range report.Components {
		if c := &report.Components[i]; drop(c) {
			dropped[c.ID] = true
		} else {
			kept.Components = append(kept.Components, *c)
		}
	}
	if len(dropped) == 0 {
		return report, result, 0
	}
	if result == nil {
		return &kept, nil, len(dropped)
	}
	rest := *result
	rest.Skipped = slices.DeleteFunc(slices.Clone(result.Skipped), func(s matcher.Skipped) bool { return dropped[s.Component] })
	rest.Matches = slices.DeleteFunc(slices.Clone(result.Matches), func(m matcher.Match) bool { return dropped[m.Component] })
	return &kept, &rest, len(dropped)
}
