package jsonlines

import (
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// A line is one line of the form.
type line struct {
	Change   string      `json:"change,omitempty"`
	Input    *input      `json:"input,omitempty"`
	Coverage *coverage   `json:"coverage,omitempty"`
	Threat   *enrichment `json:"threat,omitempty"`
	Was      *advisory   `json:"was,omitempty"`
	Advisory *advisory   `json:"advisory,omitempty"`
}

// An input has the fields of a db.FeedInfo.
type input struct {
	Feed        string    `json:"feed"`
	URL         string    `json:"url,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	Date        time.Time `json:"date,omitzero"`
	Records     int       `json:"records,omitempty"`
	Withdrawn   int       `json:"withdrawn,omitempty"`
	Bad         int       `json:"bad,omitempty"`
}

type coverage struct {
	Type      string    `json:"type"`
	Namespace string    `json:"namespace,omitempty"`
	Release   string    `json:"release,omitempty"`
	Feed      string    `json:"feed"`
	Date      time.Time `json:"date,omitzero"`
	EndOfLife bool      `json:"endOfLife,omitempty"`
}

type advisory struct {
	ID         string         `json:"id"`
	Aliases    []string       `json:"aliases,omitempty"`
	Package    key            `json:"package"`
	Ranges     []versionRange `json:"ranges,omitempty"`
	Versions   []string       `json:"versions,omitempty"`
	Kind       matcher.Kind   `json:"kind,omitempty"`
	Status     matcher.Status `json:"status"`
	Reason     string         `json:"reason,omitempty"`
	Updates    []string       `json:"updates,omitempty"`
	Severities []severity     `json:"severities,omitempty"`
	Weaknesses []string       `json:"weaknesses,omitempty"`
	Parts      []part         `json:"parts,omitempty"`
	Summary    string         `json:"summary,omitempty"`
	URLs       []string       `json:"urls,omitempty"`
	Feed       string         `json:"feed"`
	Published  time.Time      `json:"published,omitzero"`
	Modified   time.Time      `json:"modified,omitzero"`
}

type key struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
	Name      string `json:"name"`
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

type severity struct {
	Source string        `json:"source"`
	Level  matcher.Level `json:"level,omitempty"`
	Score  float64       `json:"score,omitempty"`
	Vector string        `json:"vector,omitempty"`
	Word   string        `json:"word,omitempty"`
}

type enrichment struct {
	CVE        string     `json:"cve"`
	Feed       string     `json:"feed,omitempty"`      // none if it joins those of all feeds
	Exploited  string     `json:"exploited,omitempty"` // a day
	Ransomware bool       `json:"ransomware,omitempty"`
	EPSS       float64    `json:"epss,omitempty"`
	Percentile float64    `json:"percentile,omitempty"`
	Exploits   []string   `json:"exploits,omitempty"`
	Severities []severity `json:"severities,omitempty"`
	Weaknesses []string   `json:"weaknesses,omitempty"`
	Aliases    []string   `json:"aliases,omitempty"`
	Title      string     `json:"title,omitempty"`
}

func newAdvisory(a *matcher.Advisory) *advisory {
	if a == nil {
		return nil
	}
	x := &advisory{
		ID: a.ID, Aliases: a.Aliases, Package: key(a.Key), Versions: a.Versions, Kind: a.Kind, Status: a.Status, Reason: a.Reason,
		Updates: a.Updates, Weaknesses: a.Weaknesses,
		Severities: newSeverities(a.Severities), Summary: a.Summary, URLs: a.URLs, Feed: a.Feed,
		Published: a.Published, Modified: a.Modified,
	}
	for _, p := range a.Parts {
		x.Parts = append(x.Parts, part(p))
	}
	for _, r := range a.Ranges {
		x.Ranges = append(x.Ranges, versionRange(r))
	}
	return x
}

func newSeverities(list []matcher.Severity) (out []severity) {
	for _, s := range list {
		out = append(out, severity{Source: s.Source, Level: s.Level, Score: s.Score, Vector: s.Vector, Word: s.Word})
	}
	return out
}

func newEnrichment(e *db.FeedEnrichment) *enrichment {
	x := &enrichment{
		CVE: e.CVE, Feed: e.Feed, Ransomware: e.Ransomware, EPSS: e.EPSS, Percentile: e.Percentile,
		Exploits: e.Exploits, Severities: newSeverities(e.Severities), Weaknesses: e.Weaknesses, Aliases: e.Aliases, Title: e.Title,
	}
	if !e.Exploited.IsZero() {
		x.Exploited = e.Exploited.Format(time.DateOnly)
	}
	return x
}
