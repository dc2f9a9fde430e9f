package json

import (
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type document struct {
	Schema      int           `json:"schema"`
	Image       image         `json:"image"`
	Distro      *distro       `json:"distro"`
	Database    database      `json:"database"`
	Summary     summary       `json:"summary"`
	Coverage    []coverage    `json:"coverage"`
	Notes       []note        `json:"notes"`
	Matches     []match       `json:"matches"`
	Skipped     []skipped     `json:"skipped"`
	Suppressed  []suppressed  `json:"suppressed"`
	Hidden      hidden        `json:"hidden"`
	Base        *base         `json:"base"`
	Excluded    []excluded    `json:"excluded"`
	Ignored     []ignored     `json:"ignored"`
	VEX         []vexDocument `json:"vex"`
	Verdict     *verdict      `json:"verdict"`
	Gate        gate          `json:"gate"`
	Passes      bool          `json:"passes"`
	Failures    []failure     `json:"failures"`
	Layers      []layer       `json:"layers"`
	Components  []component   `json:"components"`
	Findings    []finding     `json:"findings"`
	Records     []record      `json:"records"`
	Examined    []examination `json:"examined"`
	Diagnostics []diagnostic  `json:"diagnostics"`
}

type image struct {
	Reference string `json:"reference"`
	ID        string `json:"id,omitempty"`
	Digest    string `json:"digest,omitempty"`
	Platform  string `json:"platform,omitempty"`
}

type distro struct {
	ID        string   `json:"id"`
	VersionID string   `json:"versionID,omitempty"`
	Codename  string   `json:"codename,omitempty"`
	Name      string   `json:"name,omitempty"`
	Like      []string `json:"like,omitempty"`
	CPE       string   `json:"cpe,omitempty"`

	Repositories []string `json:"repositories,omitempty"`
}

type database struct {
	Hash    string `json:"hash"`
	Starter bool   `json:"starter"`
}

type summary struct {
	Components      int            `json:"components"`
	Judged          int            `json:"judged"`
	Uncovered       int            `json:"uncovered"`
	Vulnerabilities int            `json:"vulnerabilities"`
	Findings        int            `json:"findings"`
	Severities      map[string]int `json:"severities"`
	Statuses        map[string]int `json:"statuses"`
	FileFindings    int            `json:"fileFindings"`
	FileSeverities  map[string]int `json:"fileSeverities"`
}

type coverage struct {
	Type       string `json:"type"`
	Namespace  string `json:"namespace,omitempty"`
	Release    string `json:"release,omitempty"`
	Components int    `json:"components"`
	Covered    bool   `json:"covered"`
	Feed       string `json:"feed,omitempty"`
	Date       string `json:"date,omitempty"`
	Sampled    bool   `json:"sampled,omitempty"`
	Missing    bool   `json:"missing,omitempty"`
	EndOfLife  bool   `json:"endOfLife,omitempty"`
	Supported  string `json:"supported,omitempty"`
}

type note struct {
	Code      report.NoteCode `json:"code"`
	Type      string          `json:"type,omitempty"`
	Namespace string          `json:"namespace,omitempty"`
	Release   string          `json:"release,omitempty"`
	Text      string          `json:"text"`
}

type skipped struct {
	Component string             `json:"component"`
	Reason    matcher.SkipReason `json:"reason"`
	Evidence  string             `json:"evidence,omitempty"`
}

type suppressed struct {
	Code  report.ReasonCode `json:"code"`
	Why   string            `json:"why"`
	Match match             `json:"match"`
}

type hidden struct {
	Declared int              `json:"declared"`
	Findings []hiddenFindings `json:"findings"`
}

type hiddenFindings struct {
	Code            report.ReasonCode `json:"code"`
	Why             string            `json:"why"`
	Findings        int               `json:"findings"`
	Vulnerabilities int               `json:"vulnerabilities"`
	FileFindings    int               `json:"fileFindings"`
}

type base struct {
	Name        string            `json:"name,omitempty"`
	Digest      string            `json:"digest,omitempty"`
	Layers      int               `json:"layers"`
	Origin      report.BaseOrigin `json:"origin"`
	Findings    int               `json:"findings"`
	Application int               `json:"application"`
	Newer       *newerBase        `json:"newer"`
}

type newerBase struct {
	Name    string `json:"name"`
	Fixes   int    `json:"fixes"`
	Remains int    `json:"remains"`
	Brings  int    `json:"brings"`

	Uncovered int `json:"uncovered"`
}

type excluded struct {
	Path        string `json:"path,omitempty"`
	Analyzer    string `json:"analyzer,omitempty"`
	Origin      string `json:"origin"`
	Components  int    `json:"components"`
	Findings    int    `json:"findings"`
	Records     int    `json:"records"`
	Diagnostics int    `json:"diagnostics"`
	Files       int    `json:"files,omitempty"`
}

type ignored struct {
	ID       string `json:"id"`
	Package  string `json:"package,omitempty"`
	Type     string `json:"type,omitempty"`
	Version  string `json:"version,omitempty"`
	Path     string `json:"path,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Expires  string `json:"expires,omitempty"`
	Origin   string `json:"origin"`
	Matches  int    `json:"matches"`
	Findings int    `json:"findings"`
	Expired  bool   `json:"expired,omitempty"`
}

type layer struct {
	DiffID    string `json:"diffID"`
	CreatedBy string `json:"createdBy,omitempty"`
	Entries   int64  `json:"entries"`
	Bytes     int64  `json:"bytes"`
	Lazy      bool   `json:"lazy,omitempty"`
}

type diagnostic struct {
	Kind     analyzer.DiagnosticCode `json:"kind"`
	Layer    int                     `json:"layer"`
	Path     string                  `json:"path,omitempty"`
	Line     int                     `json:"line,omitempty"`
	Analyzer string                  `json:"analyzer,omitempty"`
	Message  string                  `json:"message"`
}

type gate struct {
	FailOn         *matcher.Level `json:"failOn"`
	AllowUncovered bool           `json:"allowUncovered"`
}

type failure struct {
	Code  report.FailureCode `json:"code"`
	Text  string             `json:"text"`
	Count int                `json:"count"`
}

// newDocument returns the serial form of an Assessment.
func newDocument(a *report.Assessment) *document {
	r := a.Report
	d := &document{
		Schema:   version,
		Image:    image{a.Name, r.Image.ID, r.Image.Digest, r.Image.Platform},
		Database: database{a.Database.Hash, a.Database.Starter},
		Summary:  newSummary(a),
		Coverage: newCoverage(a), Notes: []note{},
		Matches: []match{}, Skipped: []skipped{}, Suppressed: []suppressed{},
		Hidden:   newHidden(a),
		Excluded: []excluded{}, Ignored: []ignored{},
		VEX:     []vexDocument{},
		Verdict: newVerdict(a),
		Gate:    gate{AllowUncovered: a.Gate.AllowUncovered},
		Passes:  a.Passes(), Failures: []failure{},
		Layers: []layer{}, Components: []component{}, Findings: newFindings(a), Records: newRecords(r), Examined: newExaminations(r), Diagnostics: []diagnostic{},
	}
	if r.Distro != nil {
		d.Distro = &distro{r.Distro.ID, r.Distro.VersionID, r.Distro.Codename, r.Distro.Name, r.Distro.Like, r.Distro.CPE, r.Distro.Repositories}
	}
	if a.Gate.FailOn != matcher.Unknown {
		d.Gate.FailOn = &a.Gate.FailOn
	}
	for _, n := range a.Notes {
		d.Notes = append(d.Notes, note{n.Code, n.Ecosystem.Type, n.Ecosystem.Namespace, n.Ecosystem.Release, n.Text})
	}
	for _, f := range a.Failures {
		d.Failures = append(d.Failures, failure(f))
	}
	if a.Result != nil {
		for i := range a.Result.Matches {
			m := newMatch(&a.Result.Matches[i])
			if why := a.Reasons[i]; why != nil {
				d.Suppressed = append(d.Suppressed, suppressed{why.Code, why.Text, m})
			} else {
				d.Matches = append(d.Matches, m)
			}
		}
		for _, s := range a.Result.Skipped {
			d.Skipped = append(d.Skipped, skipped(s))
		}
	}
	if b := a.Base; b != nil {
		d.Base = &base{b.Name, b.Digest, b.Layers, b.Origin, b.Findings, b.Application, (*newerBase)(b.Newer)}
	}
	for _, e := range a.Excluded {
		d.Excluded = append(d.Excluded, excluded{e.Path, e.Analyzer, e.Origin, e.Components, e.Findings, e.Records, e.Diagnostics, e.Files})
	}
	for _, g := range a.Ignored {
		d.Ignored = append(d.Ignored, ignored{g.ID, g.Package, g.Type, g.Version, g.Path, g.Reason, instant(g.Expires), g.Origin, g.Matches, g.Findings, g.Expired})
	}
	for i := range a.VEX {
		d.VEX = append(d.VEX, newVEXDocument(&a.VEX[i]))
	}
	for _, l := range r.Layers {
		d.Layers = append(d.Layers, layer(l))
	}
	for i := range r.Components {
		d.Components = append(d.Components, newComponent(&r.Components[i]))
	}
	for i := range a.LeftOut {
		c := newComponent(&a.LeftOut[i])
		c.Omitted = true
		d.Components = append(d.Components, c)
	}
	for i := range a.Nested {
		c := newComponent(&a.Nested[i])
		c.Omitted = true
		d.Components = append(d.Components, c)
	}
	for _, x := range r.Diagnostics {
		d.Diagnostics = append(d.Diagnostics, diagnostic{x.Code, x.Layer, x.Path, x.Line, x.Analyzer, x.Message})
	}
	return d
}

func newSummary(a *report.Assessment) summary {
	s := summary{
		Components:      len(a.Report.Components),
		Judged:          a.Matched - a.Uncovered,
		Uncovered:       a.Uncovered,
		Vulnerabilities: a.Vulnerabilities,
		Findings:        len(a.Findings),
		Severities:      make(map[string]int),
		Statuses:        make(map[string]int),
		FileFindings:    len(a.FileFindings),
		FileSeverities:  make(map[string]int),
	}
	for i := range a.Findings {
		s.Severities[a.Findings[i].Severity.Level.String()]++
		s.Statuses[a.Findings[i].Status.String()]++
	}
	for i := range a.FileFindings {
		s.FileSeverities[word(&a.FileFindings[i])]++
	}
	return s
}

// newCoverage returns a row for each feed of each ecosystem, and one for an ecosystem without any.
func newCoverage(a *report.Assessment) []coverage {
	rows := []coverage{}
	for i := range a.Ecosystems {
		e := &a.Ecosystems[i]
		row := coverage{
			Type: e.Key.Type, Namespace: e.Key.Namespace, Release: e.Key.Release, Components: e.Packages,
			Covered: e.Covered, EndOfLife: e.EndOfLife,
		}
		if !e.Supported.IsZero() {
			row.Supported = e.Supported.Format(time.DateOnly)
		}
		if len(e.Coverage) == 0 {
			rows = append(rows, row)
		}
		for _, c := range e.Coverage {
			row.Feed, row.Date, row.Sampled, row.Missing, row.EndOfLife = c.Feed, instant(c.Date), c.Sampled, c.Missing, c.EndOfLife
			rows = append(rows, row)
		}
	}
	return rows
}

func newHidden(a *report.Assessment) hidden {
	h := hidden{Declared: a.Omitted, Findings: []hiddenFindings{}}
	for i := range a.Hidden {
		x := &a.Hidden[i]
		h.Findings = append(h.Findings, hiddenFindings{x.Reason.Code, x.Reason.Text, len(x.Findings), x.Vulnerabilities, len(x.Files)})
	}
	return h
}
