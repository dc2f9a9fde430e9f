package json

import "github.com/hullmark/hullmark/matcher"

type match struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Component  string         `json:"component"`
	Kind       matcher.Kind   `json:"kind,omitempty"`
	Status     matcher.Status `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Fixed      string         `json:"fixed,omitempty"`
	Severity   severity       `json:"severity"`
	Threat     *enrichment    `json:"threat,omitempty"`
	Uncertain  string         `json:"uncertain,omitempty"`
	Evidence   string         `json:"evidence,omitempty"`
	Headers    bool           `json:"headers,omitempty"`
	Analysis   *analysis      `json:"analysis,omitempty"`
	Advisories []advisory     `json:"advisories"`
}

type severity struct {
	Level  matcher.Level `json:"level"`
	Source string        `json:"source,omitempty"`
	Score  float64       `json:"score,omitempty"`
	Vector string        `json:"vector,omitempty"`
	Word   string        `json:"word,omitempty"`
}

type advisory struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Feed       string         `json:"feed"`
	Type       string         `json:"type"`
	Namespace  string         `json:"namespace,omitempty"`
	Release    string         `json:"release,omitempty"`
	Package    string         `json:"package"`
	Kind       matcher.Kind   `json:"kind,omitempty"`
	Status     matcher.Status `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Updates    []string       `json:"updates,omitempty"`
	Ranges     []versionRange `json:"ranges,omitempty"`
	Versions   []string       `json:"versions,omitempty"`
	Severities []severity     `json:"severities,omitempty"`
	Weaknesses []string       `json:"weaknesses,omitempty"`
	Parts      []part         `json:"parts,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Published  string         `json:"published,omitempty"`
	Modified   string         `json:"modified,omitempty"`
}

type part struct {
	Path    string   `json:"path,omitempty"`
	Symbols []string `json:"symbols,omitempty"`
	Systems []string `json:"systems,omitempty"`
}

type versionRange struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"lastAffected,omitempty"`
	Repo         string `json:"repo,omitempty"`
}

type enrichment struct {
	Exploited  string     `json:"exploited,omitempty"`
	Ransomware bool       `json:"ransomware,omitempty"`
	EPSS       float64    `json:"epss,omitempty"`
	Percentile float64    `json:"percentile,omitempty"`
	Exploits   []string   `json:"exploits,omitempty"`
	Severities []severity `json:"severities,omitempty"`
	Weaknesses []string   `json:"weaknesses,omitempty"`
	Aliases    []string   `json:"aliases,omitempty"`
}

type analysis struct {
	Status        matcher.Status `json:"status"`
	Justification string         `json:"justification,omitempty"`
	Detail        string         `json:"detail,omitempty"`
	Author        string         `json:"author,omitempty"`
	Time          string         `json:"time,omitempty"`
	Expires       string         `json:"expires,omitempty"`
	Document      string         `json:"document"`
	Place         string         `json:"place"`
	Product       string         `json:"product"`
	Evidence      string         `json:"evidence,omitempty"`
	Overruled     []analysis     `json:"overruled,omitempty"`
}

func newMatch(m *matcher.Match) match {
	j := match{
		ID: m.ID, Aliases: m.Aliases, Component: m.Component, Kind: m.Kind, Status: m.Status, Reason: m.Reason, Fixed: m.Fixed,
		Severity: newSeverity(m.Severity), Threat: newEnrichment(&m.Enrichment), Uncertain: m.Uncertain,
		Evidence: m.Evidence, Headers: m.Headers, Analysis: newAnalysis(m.Analysis), Advisories: []advisory{},
	}
	for i := range m.Advisories {
		j.Advisories = append(j.Advisories, newAdvisory(&m.Advisories[i]))
	}
	return j
}

func (j *match) match(p *parser) matcher.Match {
	m := matcher.Match{
		ID: j.ID, Aliases: j.Aliases, Component: j.Component, Kind: j.Kind, Status: j.Status, Reason: j.Reason, Fixed: j.Fixed,
		Severity: j.Severity.severity(), Uncertain: j.Uncertain, Evidence: j.Evidence, Headers: j.Headers, Analysis: j.Analysis.analysis(p),
	}
	if j.Threat != nil {
		m.Enrichment = j.Threat.enrichment(p)
	}
	for i := range j.Advisories {
		m.Advisories = append(m.Advisories, j.Advisories[i].advisory(p))
	}
	return m
}

func newAdvisory(a *matcher.Advisory) advisory {
	j := advisory{
		ID: a.ID, Aliases: a.Aliases, Feed: a.Feed,
		Type: a.Key.Type, Namespace: a.Key.Namespace, Release: a.Key.Release, Package: a.Key.Name,
		Kind: a.Kind, Status: a.Status, Reason: a.Reason, Updates: a.Updates, Weaknesses: a.Weaknesses, Versions: a.Versions, Summary: a.Summary, URLs: a.URLs,
		Published: instant(a.Published), Modified: instant(a.Modified),
	}
	for _, r := range a.Ranges {
		j.Ranges = append(j.Ranges, versionRange(r))
	}
	for _, p := range a.Parts {
		j.Parts = append(j.Parts, part(p))
	}
	for _, s := range a.Severities {
		j.Severities = append(j.Severities, newSeverity(s))
	}
	return j
}

func (j *advisory) advisory(p *parser) matcher.Advisory {
	a := matcher.Advisory{
		ID: j.ID, Aliases: j.Aliases, Feed: j.Feed,
		Key:  matcher.Key{Type: j.Type, Namespace: j.Namespace, Release: j.Release, Name: j.Package},
		Kind: j.Kind, Status: j.Status, Reason: j.Reason, Updates: j.Updates, Weaknesses: j.Weaknesses, Versions: j.Versions, Summary: j.Summary, URLs: j.URLs,
		Published: p.time(j.Published), Modified: p.time(j.Modified),
	}
	for _, r := range j.Ranges {
		a.Ranges = append(a.Ranges, matcher.Range(r))
	}
	for _, p := range j.Parts {
		a.Parts = append(a.Parts, matcher.Part(p))
	}
	for _, s := range j.Severities {
		a.Severities = append(a.Severities, s.severity())
	}
	return a
}

func newSeverity(s matcher.Severity) severity {
	return severity{Level: s.Level, Source: s.Source, Score: s.Score, Vector: s.Vector, Word: s.Word}
}

func (j severity) severity() matcher.Severity {
	return matcher.Severity{Level: j.Level, Source: j.Source, Score: j.Score, Vector: j.Vector, Word: j.Word}
}

// newEnrichment returns nil if nothing is known.
func newEnrichment(e *matcher.Enrichment) *enrichment {
	j := &enrichment{
		Exploited: instant(e.Exploited), Ransomware: e.Ransomware, EPSS: e.EPSS, Percentile: e.Percentile,
		Exploits: e.Exploits, Weaknesses: e.Weaknesses, Aliases: e.Aliases,
	}
	for _, s := range e.Severities {
		j.Severities = append(j.Severities, newSeverity(s.Rate()))
	}
	if j.Exploited == "" && !j.Ransomware && j.EPSS == 0 && j.Percentile == 0 && len(j.Exploits)+len(j.Severities)+len(j.Weaknesses)+len(j.Aliases) == 0 {
		return nil
	}
	return j
}

func (j *enrichment) enrichment(p *parser) matcher.Enrichment {
	e := matcher.Enrichment{
		Exploited: p.time(j.Exploited), Ransomware: j.Ransomware, EPSS: j.EPSS, Percentile: j.Percentile,
		Exploits: j.Exploits, Weaknesses: j.Weaknesses, Aliases: j.Aliases,
	}
	for _, s := range j.Severities {
		e.Severities = append(e.Severities, s.severity())
	}
	return e
}

func newAnalysis(a *matcher.Analysis) *analysis {
	if a == nil {
		return nil
	}
	j := &analysis{
		Status: a.Status, Justification: a.Justification, Detail: a.Detail, Author: a.Author, Time: instant(a.Time), Expires: instant(a.Expires),
		Document: a.Document, Place: a.Place, Product: a.Product, Evidence: a.Evidence,
	}
	for i := range a.Overruled {
		j.Overruled = append(j.Overruled, *newAnalysis(&a.Overruled[i]))
	}
	return j
}

func (j *analysis) analysis(p *parser) *matcher.Analysis {
	if j == nil {
		return nil
	}
	a := &matcher.Analysis{
		Status: j.Status, Justification: j.Justification, Detail: j.Detail, Author: j.Author, Time: p.time(j.Time), Expires: p.time(j.Expires),
		Document: j.Document, Place: j.Place, Product: j.Product, Evidence: j.Evidence,
	}
	for i := range j.Overruled {
		a.Overruled = append(a.Overruled, *j.Overruled[i].analysis(p))
	}
	return a
}
