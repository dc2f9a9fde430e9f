package main

import (
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// What db export, db diff and db query write of advisories and threats. What is unknown is left out.

type lineAdvisory struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Package    linePackage    `json:"package"`
	Ranges     []lineRange    `json:"ranges,omitempty"`
	Versions   []string       `json:"versions,omitempty"`
	Status     string         `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Severities []lineSeverity `json:"severities,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Feed       string         `json:"feed"`
	Published  *time.Time     `json:"published,omitempty"`
	Modified   *time.Time     `json:"modified,omitempty"`
}

type linePackage struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
	Name      string `json:"name"`
}

type lineRange struct {
	Introduced   string `json:"introduced,omitempty"`
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"lastAffected,omitempty"`
	Repo         string `json:"repo,omitempty"`
}

type lineSeverity struct {
	Source string  `json:"source"`
	Level  string  `json:"level,omitempty"`
	Score  float64 `json:"score,omitempty"`
	Vector string  `json:"vector,omitempty"`
	Word   string  `json:"word,omitempty"`
}

type lineThreat struct {
	CVE        string         `json:"cve"`
	Feed       string         `json:"feed"`
	Exploited  string         `json:"exploited,omitempty"` // a day
	Ransomware bool           `json:"ransomware,omitempty"`
	EPSS       float64        `json:"epss,omitempty"`
	Percentile float64        `json:"percentile,omitempty"`
	Exploits   []string       `json:"exploits,omitempty"`
	Severities []lineSeverity `json:"severities,omitempty"`
	Weaknesses []string       `json:"weaknesses,omitempty"`
}

// A line is one line: one of its fields is there, or, of a change, both of the last.
type line struct {
	Change   string        `json:"change,omitempty"` // "added", "changed", "withdrawn"
	Threat   *lineThreat   `json:"threat,omitempty"`
	Was      *lineAdvisory `json:"was,omitempty"`
	Advisory *lineAdvisory `json:"advisory,omitempty"`
}

func newLineAdvisory(a *matcher.Advisory) *lineAdvisory {
	if a == nil {
		return nil
	}
	x := &lineAdvisory{
		ID: a.ID, Aliases: a.Aliases, Package: linePackage(a.Key), Versions: a.Versions, Status: a.Status.String(), Reason: a.Reason,
		Severities: newLineSeverities(a.Severities), Summary: a.Summary, URLs: a.URLs, Feed: a.Feed,
		Published: knownTime(a.Published), Modified: knownTime(a.Modified),
	}
	for _, r := range a.Ranges {
		x.Ranges = append(x.Ranges, lineRange(r))
	}
	return x
}

func newLineSeverities(list []matcher.Severity) (out []lineSeverity) {
	for _, s := range list {
		x := lineSeverity{Source: s.Source, Score: s.Score, Vector: s.Vector, Word: s.Word}
		if s.Level != matcher.Unknown {
			x.Level = s.Level.String()
		}
		out = append(out, x)
	}
	return out
}

func newLineThreat(t *db.FeedEnrichment) *lineThreat {
	x := &lineThreat{
		CVE: t.CVE, Feed: t.Feed, Ransomware: t.Ransomware, EPSS: t.EPSS, Percentile: t.Percentile,
		Exploits: t.Exploits, Severities: newLineSeverities(t.Severities), Weaknesses: t.Weaknesses,
	}
	if !t.Exploited.IsZero() {
		x.Exploited = t.Exploited.Format(time.DateOnly)
	}
	return x
}

func knownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
