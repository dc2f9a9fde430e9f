package report

import (
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// An Assessment is the answer about one image, in the order in which a person reads it.
type Assessment struct {
	Name     string // the image as the caller refers to it: "debian:12"
	Tool     Tool
	Time     time.Time // when the image was assessed; zero if the caller doesn't say
	Database matcher.SourceInfo

	Report  *analyzer.Report     // without the components in LeftOut and Nested
	Result  *matcher.Result      // every match, hidden ones too; nil if nothing was matched
	LeftOut []analyzer.Component // declared and cached components and test data, by the Options
	Omitted int                  // declared components in LeftOut
	Nested  []analyzer.Component // programs of packages that the distribution answers for; Result.Skipped says why

	Ecosystems []Ecosystem                // ecosystems of the components to match, sorted
	Matched    int                        // components that were to be matched, covered or not
	Uncovered  int                        // number of these that could not be checked for want of advisories
	Skipped    map[matcher.SkipReason]int // components that were not matched

	Findings        []Finding        // shown: by ecosystem, the package with the most severe one first
	FileFindings    []FileFinding    // shown findings of analyzers, the most severe first, those for information last
	Hidden          []HiddenFindings // not shown, by reason
	Vulnerabilities int              // identifiers among Findings
	HiddenCount     int              // findings in Hidden, those in files too
	Reasons         []*Reason        // for each match of Result, why it is hidden; nil if it is shown
	Notes           []Note           // limits of the answer, which every format shows

	Excluded []Excluded    // by each Exclusion, in the order given
	Ignored  []IgnoreUse   // by each Ignore of the View, in the order given
	Base     *Base         // the image that it was built on; nil if that is unknown
	VEX      []VEXDocument // the documents that were applied, in the order given
	Verdict  *Verdict      // verdict of the policy; nil without one
	Gate     Gate
	Failures []Failure // why the image does not pass; none if it does

	components map[string]*analyzer.Component
}

// Options select the content of an Assessment beside a report and a result.
type Options struct {
	Name     string
	Tool     Tool
	Time     time.Time
	Database matcher.SourceInfo
	Declared bool             // keep components that only lock files and manifests name, unless they are installed too
	Include  []analyzer.Place // also keep components at these places, [analyzer.Cached] and [analyzer.TestData]

	Excluded []Excluded // by Exclude, which was called before matching

	Base      *Base       // by FindBase or BaseGivenAs; its findings are counted
	NewerBase *Assessment // assessment of an image to build on instead of Base

	VEX     []VEXDocument
	Verdict *Verdict // hides the matches that the policy hides
	View    View
	Gate    Gate

	// Hidden hides further matches, by their index in the result. It takes precedence over View.
	Hidden map[int]Reason

	// HiddenFiles hides further findings in files, by their index in the report. It takes precedence over View.
	HiddenFiles map[int]Reason
}

// A Tool is the program that makes an Assessment.
type Tool struct {
	Vendor  string
	Name    string
	Version string
	URL     string
}

// New joins a report and the result of matching it, which may be nil. It fails nowhere: a match of a component that the report
// does not contain is not a finding.
func New(report *analyzer.Report, result *matcher.Result, o Options) *Assessment {
	a := &Assessment{
		Name: o.Name, Tool: o.Tool, Time: o.Time, Database: o.Database, VEX: o.VEX, Verdict: o.Verdict, Gate: o.Gate,
		Base: o.Base, Excluded: o.Excluded, Ignored: ignores(o.View.Ignore, o.Time),
		Skipped: make(map[matcher.SkipReason]int),
	}
	kept := leaveOut(report, result, &o)
	a.Report, a.Result, a.LeftOut, a.Omitted, a.Nested = kept.report, kept.result, kept.leftOut, kept.declared, kept.nested
	a.components = make(map[string]*analyzer.Component, len(a.Report.Components))
	for i := range a.Report.Components {
		a.components[a.Report.Components[i].ID] = &a.Report.Components[i]
	}
	groups := make(map[Reason]int)
	if a.Result == nil {
		a.collectFiles(&o, groups)
		a.countHidden()
		a.Notes = slices.Concat(a.exclusionNotes(), a.expiredNotes(), a.notRunNotes(), a.statedNotes())
		a.setVerdict()
		return a
	}
	a.Verdict = o.Verdict.renumber(kept.index, len(result.Matches))
	a.countEcosystems()
	a.hide(&o, kept.index)
	a.collect(o.View.Order, groups)
	a.collectFiles(&o, groups)
	a.countHidden()
	a.countBase(o.NewerBase)
	a.note()
	a.setVerdict()
	return a
}

// Component returns the component with an identifier, or nil.
func (a *Assessment) Component(id string) *analyzer.Component { return a.components[id] }

// Passes reports whether nothing disallows the image.
func (a *Assessment) Passes() bool { return len(a.Failures) == 0 }
