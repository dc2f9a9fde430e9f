package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type severityView struct {
	Level  matcher.Level `json:"level"`
	Source string        `json:"source,omitempty"`
	Score  float64       `json:"score,omitempty"`
	Vector string        `json:"vector,omitempty"`
	Word   string        `json:"word,omitempty"`
}

func viewSeverity(s matcher.Severity) severityView {
	return severityView{s.Level, s.Source, s.Score, s.Vector, s.Word}
}

type vulnerabilityView struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Status     matcher.Status `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Severity   severityView   `json:"severity"`
	Severities []severityView `json:"severities,omitempty"`
	Fixed      string         `json:"fixed,omitempty"`
	Uncertain  string         `json:"uncertain,omitempty"`
	Exploited  *time.Time     `json:"exploited,omitempty"`
	EPSS       float64        `json:"epss,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Feeds      []string       `json:"feeds,omitempty"`
	Package    packageView    `json:"package"`
	Suppressed string         `json:"suppressed,omitempty"`
}

func viewMatch(m *matcher.Match, p packageView) vulnerabilityView {
	v := vulnerabilityView{ID: m.ID, Aliases: m.Aliases, Status: m.Status, Reason: m.Reason, Severity: viewSeverity(m.Severity), Fixed: m.Fixed, Uncertain: m.Uncertain,
		Exploited: timeOf(m.Enrichment.Exploited), EPSS: m.Enrichment.EPSS, Package: p}
	add := func(list []matcher.Severity) {
		for _, s := range list {
			if x := viewSeverity(s.Rate()); !slices.Contains(v.Severities, x) {
				v.Severities = append(v.Severities, x)
			}
		}
	}
	for i := range m.Advisories {
		a := &m.Advisories[i]
		add(a.Severities)
		if v.Summary == "" {
			v.Summary = a.Summary
		}
		for _, u := range a.URLs {
			if !slices.Contains(v.URLs, u) {
				v.URLs = append(v.URLs, u)
			}
		}
		if !slices.Contains(v.Feeds, a.Feed) {
			v.Feeds = append(v.Feeds, a.Feed)
		}
	}
	add(m.Enrichment.Severities)
	if m.Suppressed() {
		v.Suppressed = m.Analysis.Justification
		if v.Suppressed == "" {
			v.Suppressed = m.Analysis.Status.String()
		}
	}
	return v
}

type vulnerabilitiesView struct {
	Database string              `json:"database"`
	Total    int                 `json:"total"`
	Items    []vulnerabilityView `json:"items"`
	Coverage []coverageView      `json:"coverage"`
	Next     string              `json:"next,omitempty"`
}

// least returns the severity that the query names.
func (c *call) least() (least matcher.Level, err error) {
	if text := c.query.Get("severity"); text != "" && least.UnmarshalText([]byte(text)) != nil {
		err = malformed("the severity is unknown")
	}
	return least, err
}

// findingsQuery returns the query for findings.
func (c *call) findingsQuery() (*answer.Query, error) {
	least, err := c.least()
	if err != nil {
		return nil, err
	}
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	q := &answer.Query{Least: least, Status: c.query.Get("status"), WithFix: c.query.Get("vendor_only") == "true", Package: c.query.Get("package"),
		BySeverity: c.query.Get("order") == "severity", After: after, Limit: c.limit()}
	if kind := c.query.Get("type"); kind == "os" || kind == "non-os" {
		system := kind == "os"
		q.System = &system
	}
	if c.query.Has("layer") {
		layer := c.int("layer", 0)
		q.Layer = &layer
	}
	return q, nil
}

// listVulnerabilities selects a page of the image's findings, which are kept, and assesses their packages only.
func (c *call) listVulnerabilities() (*reply, error) {
	q, err := c.findingsQuery()
	if err != nil {
		return nil, err
	}
	r, _, release, err := c.matched()
	if err != nil {
		return nil, err
	}
	defer release()
	findings, err := c.s.Answers.Findings(c.ctx(), r)
	if err != nil {
		return nil, err
	}
	rows, total := findings.Page(q)
	pg := paged(rows, q.Limit, func(r **answer.Row) string { return q.Key(*r) })
	v := vulnerabilitiesView{Database: r.Source.Describe().Hash, Total: total, Items: []vulnerabilityView{}, Coverage: []coverageView{}, Next: pg.Next}
	for _, x := range findings.Coverage {
		v.Coverage = append(v.Coverage, viewCoverage(x, 0))
	}
	rep := ok(&v)
	rep.database = v.Database
	if len(pg.Items) == 0 {
		return rep, nil
	}
	r.Only = make(map[string]bool)
	for _, x := range pg.Items {
		r.Only[x.Component()] = true
	}
	a, err := c.s.Answers.Assess(c.ctx(), r)
	if err != nil {
		return nil, err
	}
	type finding struct{ id, component string }
	matches := make(map[finding]*matcher.Match)
	for i := range a.Result.Matches {
		m := &a.Result.Matches[i]
		matches[finding{m.ID, m.Component}] = m
	}
	for _, x := range pg.Items {
		m := matches[finding{x.ID, x.Component()}]
		if m == nil {
			return nil, &problem{Status: http.StatusServiceUnavailable, Code: "busy", Detail: "the image was analyzed again meanwhile", retry: time.Second}
		}
		v.Items = append(v.Items, viewMatch(m, viewPackage(a.Component(m.Component))))
	}
	return rep, nil
}

type rangeView struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"lastAffected,omitempty"`
}

type statementView struct {
	ID        string         `json:"id"`
	Feed      string         `json:"feed"`
	Type      string         `json:"type"`
	Namespace string         `json:"namespace,omitempty"`
	Release   string         `json:"release,omitempty"`
	Package   string         `json:"package"`
	Status    matcher.Status `json:"status"`
	Reason    string         `json:"reason,omitempty"`
	Ranges    []rangeView    `json:"ranges,omitempty"`
	Versions  []string       `json:"versions,omitempty"`

	number int
}

// A subjectView is a vulnerability apart from any image.
type subjectView struct {
	Database   string          `json:"database"`
	ID         string          `json:"id"`
	Aliases    []string        `json:"aliases,omitempty"`
	Summary    string          `json:"summary,omitempty"`
	Severities []severityView  `json:"severities,omitempty"`
	URLs       []string        `json:"urls,omitempty"`
	Published  *time.Time      `json:"published,omitempty"`
	Items      []statementView `json:"items"`
	Next       string          `json:"next,omitempty"`
}

func (c *call) getVulnerability() (*reply, error) {
	set, release, err := c.source()
	if err != nil {
		return nil, err
	}
	defer release()
	id := c.r.PathValue("vulnerability")
	v := subjectView{Database: set.Describe().Hash, ID: id}
	var statements []statementView
	add := func(list *[]string, values ...string) {
		for _, x := range values {
			if x != id && !slices.Contains(*list, x) {
				*list = append(*list, x)
			}
		}
	}
	for a, err := range set.Find(c.ctx(), id) {
		if err != nil {
			return nil, err
		}
		add(&v.Aliases, a.ID)
		add(&v.Aliases, a.Aliases...)
		add(&v.URLs, a.URLs...)
		if v.Summary == "" {
			v.Summary = a.Summary
		}
		if v.Published == nil {
			v.Published = timeOf(a.Published)
		}
		for _, s := range a.Severities {
			if x := viewSeverity(s.Rate()); !slices.Contains(v.Severities, x) {
				v.Severities = append(v.Severities, x)
			}
		}
		s := statementView{ID: a.ID, Feed: a.Feed, Type: a.Key.Type, Namespace: a.Key.Namespace, Release: a.Key.Release, Package: a.Key.Name, Status: a.Status, Reason: a.Reason,
			Versions: a.Versions, number: len(statements)}
		for _, r := range a.Ranges {
			s.Ranges = append(s.Ranges, rangeView{r.Introduced, r.Fixed, r.LastAffected})
		}
		statements = append(statements, s)
	}
	if len(statements) == 0 {
		return nil, store.ErrNotFound
	}
	p, err := sorted(c, statements, func(s *statementView) string {
		return join(s.Type, s.Namespace, s.Release, s.Package, s.Feed, s.ID, fmt.Sprintf("%08d", s.number))
	})
	if err != nil {
		return nil, err
	}
	v.Items, v.Next = p.Items, p.Next
	rep := ok(v)
	rep.database = v.Database
	return rep, nil
}

type baseView struct {
	Name        string            `json:"name,omitempty"`
	Digest      string            `json:"digest,omitempty"`
	Layers      int               `json:"layers"`
	Origin      report.BaseOrigin `json:"origin"`
	Findings    int               `json:"findings"`
	Application int               `json:"application"`
}

type upgradeView struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	To       string        `json:"to"`
	Fixes    int           `json:"fixes"`
	Open     int           `json:"open,omitempty"`
	Worst    matcher.Level `json:"worst"`
	Packages []string      `json:"packages,omitempty"`
	Unsure   string        `json:"unsure,omitempty"`
}

type remedyView struct {
	Type     string        `json:"type"`
	Command  string        `json:"command,omitempty"`
	Closes   int           `json:"closes"`
	Upgrades []upgradeView `json:"upgrades"`
}

type remediesView struct {
	Database string       `json:"database"`
	Base     *baseView    `json:"base,omitempty"`
	Items    []remedyView `json:"items"`
	OpenBase int          `json:"openBase"`
	Open     int          `json:"open"`
}

func (c *call) getRemedies() (*reply, error) {
	least, err := c.least()
	if err != nil {
		return nil, err
	}
	r, marks, release, err := c.matched()
	if err != nil {
		return nil, err
	}
	defer release()
	body, err := c.s.Answers.Derive(c.ctx(), r, "remedies "+least.String(), marks, func(a *report.Assessment) ([]byte, error) { return encoded(viewRemedies(a, least)) })
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: body, kind: "application/json", database: r.Source.Describe().Hash}, nil
}

func viewRemedies(a *report.Assessment, least matcher.Level) *remediesView {
	r := a.Remediate(least)
	v := &remediesView{Database: a.Database.Hash, Items: []remedyView{}, OpenBase: r.Base, Open: r.Open}
	if b := a.Base; b != nil {
		v.Base = &baseView{b.Name, b.Digest, b.Layers, b.Origin, b.Findings, b.Application}
	}
	for i := range r.Remedies {
		x := remedyView{r.Remedies[i].Type, r.Remedies[i].Command, r.Remedies[i].Closes, []upgradeView{}}
		for _, u := range r.Remedies[i].Upgrades {
			x.Upgrades = append(x.Upgrades, upgradeView{u.Subject.Name, u.Subject.Version, u.To, u.Fixes, u.Open, u.Worst, u.Packages, u.Unsure})
		}
		v.Items = append(v.Items, x)
	}
	return v
}

type affectedView struct {
	Database string      `json:"database,omitempty"`
	Items    []imageView `json:"items"`
	Next     string      `json:"next,omitempty"`
}

func (c *call) listAffected() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	id, purl := c.query.Get("id"), c.query.Get("purl")
	var v affectedView
	var found *index.Found
	switch {
	case (id == "") == (purl == ""):
		return nil, malformed("exactly one of id and purl must be given")
	case id != "":
		found, v.Database, err = c.affectedBy(id, after)
	default:
		found, err = c.containing(purl, after)
	}
	if err != nil {
		return nil, err
	}
	list, err := c.owned(found, c.limit()+1)
	if err != nil {
		return nil, err
	}
	p := paged(viewImages(list), c.limit(), func(v *imageView) string { return v.Digest })
	v.Items, v.Next = p.Items, p.Next
	rep := ok(v)
	rep.database = v.Database
	return rep, nil
}

// affectedBy returns the images of all tenants that a vulnerability affects, after a digest.
func (c *call) affectedBy(id, after string) (*index.Found, string, error) {
	set, release, err := c.source()
	if err != nil {
		return nil, "", err
	}
	defer release()
	hash := set.Describe().Hash
	var list []matcher.Advisory
	for a, err := range set.Find(c.ctx(), id) {
		if err != nil {
			return nil, "", err
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		return new(index.Found), hash, nil
	}
	found, err := c.s.Index.Affected(c.ctx(), after, matcher.Matcher{Source: set}, list...)
	return found, hash, err
}

// containing returns the images of all tenants that have a package, after a digest.
func (c *call) containing(purl, after string) (*index.Found, error) {
	p, err := index.ParsePattern(purl)
	if errors.Is(err, index.ErrPattern) {
		return nil, malformed("the package URL is malformed, or has a wildcard in its name")
	}
	if err != nil {
		return nil, err
	}
	var releases []matcher.Coverage
	if set, release, err := c.s.Advisories.Current(); err == nil {
		for _, x := range set.Info().Coverage {
			releases = append(releases, x.Coverage)
		}
		release()
	}
	return c.s.Index.Containing(c.ctx(), after, p, releases)
}

// owned returns up to n images of the tenant among those that were found.
func (c *call) owned(found *index.Found, n int) (list []store.Image, err error) {
	for k := 2 * n; len(list) < n; k = min(2*k, 2000) { // more each time, as the tenant may have few of them
		digests, ok, err := found.Next(c.ctx(), k)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if len(digests) == 0 {
			continue // none of these counts any more
		}
		some, err := c.s.Store.Owned(c.ctx(), c.tenant(), digests)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list[:min(n, len(list))], nil
}
