package main

import (
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// What db export, db diff and db query write of advisories and threats. What is unknown is left out.

type advisoryJSON struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Package    packageJSON    `json:"package"`
	Ranges     []rangeJSON    `json:"ranges,omitempty"`
	Versions   []string       `json:"versions,omitempty"`
	Status     string         `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Severities []severityJSON `json:"severities,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Feed       string         `json:"feed"`
	Published  *time.Time     `json:"published,omitempty"`
	Modified   *time.Time     `json:"modified,omitempty"`
}

type packageJSON struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
	Name      string `json:"name"`
}

type rangeJSON struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"lastAffected,omitempty"`
	Repo         string `json:"repo,omitempty"`
}

type severityJSON struct {
	Source string  `json:"source"`
	Level  string  `json:"level,omitempty"`
	Score  float64 `json:"score,omitempty"`
	Vector string  `json:"vector,omitempty"`
	Word   string  `json:"word,omitempty"`
}

type threatJSON struct {
	CVE        string         `json:"cve"`
	Feed       string         `json:"feed"`
	Exploited  string         `json:"exploited,omitempty"` // a day
	Ransomware bool           `json:"ransomware,omitempty"`
	EPSS       float64        `json:"epss,omitempty"`
	Percentile float64        `json:"percentile,omitempty"`
	Exploits   []string       `json:"exploits,omitempty"`
	Severities []severityJSON `json:"severities,omitempty"`
	Weaknesses []string       `json:"weaknesses,omitempty"`
}

// A lineJSON is one line: one of its fields is there, or, of a change, both of the last.
type lineJSON struct {
	Change   string        `json:"change,omitempty"` // "added", "changed", "withdrawn"
	Threat   *threatJSON   `json:"threat,omitempty"`
	Was      *advisoryJSON `json:"was,omitempty"`
	Advisory *advisoryJSON `json:"advisory,omitempty"`
}

func newAdvisoryJSON(a *matcher.Advisory) *advisoryJSON {
	if a == nil {
		return nil
	}
	x := &advisoryJSON{
		ID: a.ID, Aliases: a.Aliases, Package: packageJSON(a.Key), Versions: a.Versions, Status: a.Status.String(), Reason: a.Reason,
		Severities: newSeveritiesJSON(a.Severities), Summary: a.Summary, URLs: a.URLs, Feed: a.Feed,
		Published: known(a.Published), Modified: known(a.Modified),
	}
	for _, r := range a.Ranges {
		x.Ranges = append(x.Ranges, rangeJSON(r))
	}
	return x
}

func newSeveritiesJSON(list []matcher.Severity) (out []severityJSON) {
	for _, s := range list {
		x := severityJSON{Source: s.Source, Score: s.Score, Vector: s.Vector, Word: s.Word}
		if s.Level != matcher.Unknown {
			x.Level = s.Level.String()
		}
		out = append(out, x)
	}
	return out
}

func newThreatJSON(t *db.FeedThreat) *threatJSON {
	x := &threatJSON{
		CVE: t.CVE, Feed: t.Feed, Ransomware: t.Ransomware, EPSS: t.EPSS, Percentile: t.Percentile,
		Exploits: t.Exploits, Severities: newSeveritiesJSON(t.Severities), Weaknesses: t.Weaknesses,
	}
	if !t.Exploited.IsZero() {
		x.Exploited = t.Exploited.Format(time.DateOnly)
	}
	return x
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
