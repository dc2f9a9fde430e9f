package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/report"
)

// jsonSchema is the version of the JSON form. Fields may be added to a version; one that goes, or comes to mean something
// else, makes a new version. JSON.md describes every field.
const jsonSchema = 1

type jsonDocument struct {
	Schema      int              `json:"schema"`
	Image       jsonImage        `json:"image"`
	Distro      *jsonDistro      `json:"distro"`
	Database    jsonDatabase     `json:"database"`
	Summary     jsonSummary      `json:"summary"`
	Coverage    []jsonCoverage   `json:"coverage"`
	Matches     []jsonMatch      `json:"matches"`
	Skipped     []jsonSkipped    `json:"skipped"`
	Suppressed  []jsonSuppressed `json:"suppressed"`
	Hidden      jsonHidden       `json:"hidden"`
	VEX         []jsonVEX        `json:"vex"`
	Verdict     *jsonVerdict     `json:"verdict"`
	Layers      []jsonLayer      `json:"layers"`
	Components  []jsonComponent  `json:"components"`
	Findings    []jsonFinding    `json:"findings"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
}

type jsonImage struct {
	Reference string `json:"reference"`
	ID        string `json:"id,omitempty"`
	Digest    string `json:"digest,omitempty"`
	Platform  string `json:"platform,omitempty"`
}

type jsonDistro struct {
	ID        string   `json:"id"`
	VersionID string   `json:"versionID,omitempty"`
	Codename  string   `json:"codename,omitempty"`
	Name      string   `json:"name,omitempty"`
	Like      []string `json:"like,omitempty"`
	CPE       string   `json:"cpe,omitempty"`
}

type jsonDatabase struct {
	Hash    string `json:"hash"`
	Starter bool   `json:"starter"`
}

type jsonSummary struct {
	Components      int            `json:"components"`
	Judged          int            `json:"judged"`
	Uncovered       int            `json:"uncovered"`
	Vulnerabilities int            `json:"vulnerabilities"`
	Findings        int            `json:"findings"`
	Severities      map[string]int `json:"severities"`
	Statuses        map[string]int `json:"statuses"`
}

type jsonCoverage struct {
	Type       string `json:"type"`
	Namespace  string `json:"namespace,omitempty"`
	Release    string `json:"release,omitempty"`
	Components int    `json:"components"`
	Covered    bool   `json:"covered"`
	Feed       string `json:"feed,omitempty"`
	Date       string `json:"date,omitempty"`
	EndOfLife  bool   `json:"endOfLife,omitempty"`
	Supported  string `json:"supported,omitempty"`
}

type jsonMatch struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Component  string         `json:"component"`
	Status     string         `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Fixed      string         `json:"fixed,omitempty"`
	Severity   jsonSeverity   `json:"severity"`
	Threat     *jsonThreat    `json:"threat,omitempty"`
	Uncertain  string         `json:"uncertain,omitempty"`
	Analysis   *jsonAnalysis  `json:"analysis,omitempty"`
	Advisories []jsonAdvisory `json:"advisories"`
}

type jsonSeverity struct {
	Level  string  `json:"level"`
	Source string  `json:"source,omitempty"`
	Score  float64 `json:"score,omitempty"`
	Vector string  `json:"vector,omitempty"`
	Word   string  `json:"word,omitempty"`
}

type jsonAdvisory struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Feed       string         `json:"feed"`
	Type       string         `json:"type"`
	Namespace  string         `json:"namespace,omitempty"`
	Release    string         `json:"release,omitempty"`
	Package    string         `json:"package"`
	Status     string         `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Ranges     []jsonRange    `json:"ranges,omitempty"`
	Versions   []string       `json:"versions,omitempty"`
	Severities []jsonSeverity `json:"severities,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Published  string         `json:"published,omitempty"`
	Modified   string         `json:"modified,omitempty"`
}

type jsonRange struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"lastAffected,omitempty"`
	Repo         string `json:"repo,omitempty"`
}

type jsonSkipped struct {
	Component string `json:"component"`
	Reason    string `json:"reason"`
}

type jsonHidden struct {
	Declared int              `json:"declared"`
	Findings []jsonHiddenKind `json:"findings"`
}

type jsonHiddenKind struct {
	Why             string `json:"why"`
	Findings        int    `json:"findings"`
	Vulnerabilities int    `json:"vulnerabilities"`
}

type jsonLayer struct {
	DiffID    string `json:"diffID"`
	CreatedBy string `json:"createdBy,omitempty"`
	Entries   int64  `json:"entries"`
	Bytes     int64  `json:"bytes"`
}

type jsonComponent struct {
	ID        string            `json:"id"`
	PURL      string            `json:"purl"`
	Type      string            `json:"type"`
	Namespace string            `json:"namespace,omitempty"`
	Name      string            `json:"name"`
	Version   string            `json:"version,omitempty"`
	Arch      string            `json:"arch,omitempty"`
	System    bool              `json:"system,omitempty"`
	Vendor    string            `json:"vendor,omitempty"`
	Origin    *jsonOrigin       `json:"origin,omitempty"`
	Licenses  []string          `json:"licenses,omitempty"`
	Depends   []string          `json:"depends,omitempty"`
	Hashes    map[string]string `json:"hashes,omitempty"`
	Declared  bool              `json:"declared,omitempty"`
	Dev       bool              `json:"dev,omitempty"`
	Analyzer  string            `json:"analyzer"`
	Path      string            `json:"path"`
	Inside    string            `json:"inside,omitempty"`
	Layer     int               `json:"layer"`
	Owner     string            `json:"owner,omitempty"`
}

type jsonOrigin struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type jsonFinding struct {
	Rule     string `json:"rule"`
	Title    string `json:"title"`
	Detail   string `json:"detail,omitempty"`
	Severity string `json:"severity,omitempty"`
	Line     int    `json:"line,omitempty"`
	Analyzer string `json:"analyzer"`
	Path     string `json:"path"`
	Layer    int    `json:"layer"`
}

type jsonDiagnostic struct {
	Kind     string `json:"kind"`
	Layer    int    `json:"layer"`
	Path     string `json:"path,omitempty"`
	Analyzer string `json:"analyzer,omitempty"`
	Message  string `json:"message"`
}

// writeJSON writes all that is known, for programs. It depends on the image and the database only, not on the time.
func writeJSON(w io.Writer, v *results) error {
	r := v.Report
	d := jsonDocument{
		Schema:      jsonSchema,
		Image:       jsonImage{Reference: v.Name, ID: r.Image.ID, Digest: r.Image.Digest, Platform: r.Image.Platform},
		Database:    jsonDatabase{v.database.Hash, v.starter},
		Summary:     summaryJSON(v),
		Coverage:    coverageJSON(v),
		Matches:     []jsonMatch{},
		Skipped:     []jsonSkipped{},
		Suppressed:  []jsonSuppressed{},
		Hidden:      hiddenJSON(v),
		VEX:         vexJSON(v.usages),
		Verdict:     verdictJSON(v),
		Layers:      []jsonLayer{},
		Components:  []jsonComponent{},
		Findings:    []jsonFinding{},
		Diagnostics: []jsonDiagnostic{},
	}
	if r.Distro != nil {
		d.Distro = &jsonDistro{r.Distro.ID, r.Distro.VersionID, r.Distro.Codename, r.Distro.Name, r.Distro.Like, r.Distro.CPE}
	}
	for i := range v.Result.Matches {
		m := matchJSON(&v.Result.Matches[i])
		if why := v.Why(i); why != "" {
			d.Suppressed = append(d.Suppressed, jsonSuppressed{why, m})
		} else {
			d.Matches = append(d.Matches, m)
		}
	}
	for _, s := range v.Result.Skipped {
		d.Skipped = append(d.Skipped, jsonSkipped{s.Component, string(s.Reason)})
	}
	for _, l := range r.Layers {
		d.Layers = append(d.Layers, jsonLayer{l.DiffID, l.CreatedBy, l.Entries, l.Bytes})
	}
	for i := range r.Components {
		d.Components = append(d.Components, componentJSON(&r.Components[i]))
	}
	for _, f := range r.Findings {
		d.Findings = append(d.Findings, jsonFinding{f.Rule, f.Title, f.Detail, f.Severity, f.Line, f.Analyzer, f.Path, f.Layer})
	}
	for _, x := range r.Diagnostics {
		d.Diagnostics = append(d.Diagnostics, jsonDiagnostic{string(x.Kind), x.Layer, x.Path, x.Analyzer, x.Message})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func summaryJSON(v *results) jsonSummary {
	s := jsonSummary{
		Components:      len(v.Report.Components),
		Judged:          v.Matched() - v.Uncovered(),
		Uncovered:       v.Uncovered(),
		Vulnerabilities: report.Vulnerabilities(v.Findings),
		Findings:        len(v.Findings),
		Severities:      make(map[string]int),
		Statuses:        make(map[string]int),
	}
	for i := range v.Findings {
		s.Severities[v.Findings[i].Severity.Level.String()]++
		s.Statuses[v.Findings[i].Status.String()]++
	}
	return s
}

func coverageJSON(v *results) []jsonCoverage {
	rows := []jsonCoverage{}
	for _, e := range v.Ecosystems {
		row := jsonCoverage{Type: e.Key.Type, Namespace: e.Key.Namespace, Release: e.Key.Release, Components: e.Packages}
		if last, known := distro.SupportEnds(e.Key.Namespace, e.Key.Release); known {
			row.Supported = day(last)
		}
		if !e.Covered() {
			rows = append(rows, row)
		}
		for _, c := range e.Coverage {
			row.Covered, row.Feed, row.Date, row.EndOfLife = true, c.Feed, instant(c.Date), c.EndOfLife
			rows = append(rows, row)
		}
	}
	return rows
}

func matchJSON(m *matcher.Match) jsonMatch {
	j := jsonMatch{
		ID: m.ID, Aliases: m.Aliases, Component: m.Component, Status: m.Status.String(), Reason: m.Reason, Fixed: m.Fixed,
		Severity: severityJSON(m.Severity), Threat: threatJSON(&m.Enrichment), Uncertain: m.Uncertain, Analysis: analysisJSON(m.Analysis), Advisories: []jsonAdvisory{},
	}
	for i := range m.Advisories {
		j.Advisories = append(j.Advisories, advisoryJSON(&m.Advisories[i]))
	}
	return j
}

func advisoryJSON(a *matcher.Advisory) jsonAdvisory {
	x := jsonAdvisory{
		ID: a.ID, Aliases: a.Aliases, Feed: a.Feed,
		Type: a.Key.Type, Namespace: a.Key.Namespace, Release: a.Key.Release, Package: a.Key.Name,
		Status: a.Status.String(), Reason: a.Reason, Versions: a.Versions, Summary: a.Summary, URLs: a.URLs,
		Published: instant(a.Published), Modified: instant(a.Modified),
	}
	for _, r := range a.Ranges {
		x.Ranges = append(x.Ranges, jsonRange{r.Introduced, r.Fixed, r.LastAffected, r.Repo})
	}
	for _, s := range a.Severities {
		x.Severities = append(x.Severities, severityJSON(s))
	}
	return x
}

func severityJSON(s matcher.Severity) jsonSeverity {
	return jsonSeverity{Level: s.Level.String(), Source: s.Source, Score: s.Score, Vector: s.Vector, Word: s.Word}
}

func componentJSON(c *analyzer.Component) jsonComponent {
	j := jsonComponent{
		ID: c.ID, PURL: c.PURL, Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: c.Version, Arch: c.Arch,
		System: c.System, Vendor: c.Vendor, Licenses: c.Licenses, Depends: c.Depends, Hashes: c.Hashes,
		Declared: c.Declared, Dev: c.Dev, Analyzer: c.Analyzer, Path: c.Path, Inside: c.ArchivePath, Layer: c.Layer, Owner: c.Owner,
	}
	if c.SourcePackage != nil {
		j.Origin = &jsonOrigin{c.SourcePackage.Name, c.SourcePackage.Version}
	}
	return j
}

// instant is a time as RFC 3339 writes it, in UTC; "" where it is unknown.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
