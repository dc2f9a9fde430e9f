package osv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/instant"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/matcher"
)

// A record has the used fields of an OSV record.
type record struct {
	ID        identifier  `json:"id" yaml:"id"`
	Modified  string      `json:"modified" yaml:"modified"`
	Published string      `json:"published" yaml:"published"`
	Withdrawn string      `json:"withdrawn" yaml:"withdrawn"`
	Aliases   []string    `json:"aliases" yaml:"aliases"`
	Related   []string    `json:"related" yaml:"related"`
	Upstream  []string    `json:"upstream" yaml:"upstream"`
	Summary   string      `json:"summary" yaml:"summary"`
	Details   string      `json:"details" yaml:"details"`
	Severity  []severity  `json:"severity" yaml:"severity"`
	Affected  []affected  `json:"affected" yaml:"affected"`
	Refs      []reference `json:"references" yaml:"references"`
	Database  specific    `json:"database_specific" yaml:"database_specific"`
}

// An identifier is a string. A decoder of YAML turns numbers into strings, too, and identifier refuses them as JSON does.
type identifier string

// UnmarshalYAML implements yaml.Unmarshaler.
func (id *identifier) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: id %.40q is not a string", n.Line, n.Value)}}
	}
	*id = identifier(n.Value)
	return nil
}

type severity struct {
	Type  string `json:"type" yaml:"type"`
	Score string `json:"score" yaml:"score"`
}

type reference struct {
	URL string `json:"url" yaml:"url"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem" yaml:"ecosystem"`
		Name      string `json:"name" yaml:"name"`
	} `json:"package" yaml:"package"`
	Severity  []severity   `json:"severity" yaml:"severity"`
	Ranges    []eventRange `json:"ranges" yaml:"ranges"`
	Versions  []string     `json:"versions" yaml:"versions"`
	Ecosystem specific     `json:"ecosystem_specific" yaml:"ecosystem_specific"`
	Database  specific     `json:"database_specific" yaml:"database_specific"`
}

type eventRange struct {
	Type   string  `json:"type" yaml:"type"`
	Repo   string  `json:"repo" yaml:"repo"`
	Events []event `json:"events" yaml:"events"`
}

type event struct {
	Introduced   string `json:"introduced" yaml:"introduced"`
	Fixed        string `json:"fixed" yaml:"fixed"`
	LastAffected string `json:"last_affected" yaml:"last_affected"`
	Limit        string `json:"limit" yaml:"limit"`
}

// convert returns the record of an OSV record that was decoded with an error.
func (r *record) convert(bad error) feed.Record {
	if r.ID == "" {
		return feed.Record{Err: errors.Join(errNoRecord, bad)}
	}
	rec := feed.Record{ID: string(r.ID)}
	var errs recordlimit.Errors
	errs.Add(bad)
	var published time.Time
	for _, t := range []struct {
		name, text string
		to         *time.Time
	}{{"modified", r.Modified, &rec.Modified}, {"published", r.Published, &published}} {
		var err error
		if *t.to, err = parseTime(t.text); err != nil {
			errs.Add(fmt.Errorf("%s: %w", t.name, err))
		}
	}
	if r.Withdrawn != "" {
		rec.Withdrawn, rec.Err = true, errs.Err()
		return rec
	}
	severities, err := r.severities(r.Severity, r.Database.Severity)
	errs.Add(err)
	base := matcher.Advisory{
		ID: string(r.ID), Aliases: r.Aliases, Kind: r.kind(), Weaknesses: r.cwes(), Severities: severities, Summary: r.summary(), URLs: r.urls(), Feed: feedName,
		Published: published, Modified: rec.Modified,
	}
	at := make(map[matcher.Key]int) // index in rec.Advisories
	for i := range r.Affected {
		a, err := r.affected(&r.Affected[i], base)
		if err != nil {
			errs.Add(fmt.Errorf("affected[%d]: %w", i, err))
		}
		if a.Key == (matcher.Key{}) {
			continue
		}
		if j, ok := at[a.Key]; ok {
			join(&rec.Advisories[j], &a)
			continue
		}
		at[a.Key] = len(rec.Advisories)
		rec.Advisories = append(rec.Advisories, a)
	}
	errs.Add(r.name(&rec))
	rec.Err = errs.Err()
	return rec
}

// affected returns the advisory of one block. It adds to a, which has the fields that all advisories of the record share. The Key is zero if
// the package is unknown.
func (r *record) affected(b *affected, a matcher.Advisory) (matcher.Advisory, error) {
	var err error
	key, isRepository := b.repository()
	if b.Package.Ecosystem+b.Package.Name == "" && isRepository {
		a.Key = key
	} else if a.Key, err = keyOf(b.Package.Ecosystem, b.Package.Name); err != nil {
		return matcher.Advisory{}, err
	}
	a.Versions, a.Parts = b.Versions, b.Ecosystem.Parts
	if kind := b.Database.informational(); kind != matcher.Vulnerability {
		a.Kind = kind
	}
	var errs recordlimit.Errors
	for i := range b.Ranges {
		ranges, err := b.Ranges[i].split(a.Key.Type)
		if err != nil {
			errs.Add(fmt.Errorf("ranges[%d]: %w", i, err))
		}
		a.Ranges = append(a.Ranges, ranges...)
	}
	errs.Add(lastKnown(b.Database.LastKnown, &a))
	own, err := r.severities(b.Severity, firstOf(b.Ecosystem.Severity, b.Database.Severity))
	errs.Add(err)
	if len(own) > 0 {
		a.Severities = own
	}
	if len(a.Ranges)+len(a.Versions) == 0 { // against the schema; the advisory would affect all versions
		errs.Add(errors.New("neither ranges nor versions"))
		a.Key = matcher.Key{}
	}
	return a, errs.Err()
}

// join adds to a the ranges, versions and severities of b, which is about the same package.
func join(a, b *matcher.Advisory) {
	a.Ranges = appendNew(a.Ranges, b.Ranges)
	a.Versions = appendNew(slices.Clip(a.Versions), b.Versions)
	a.Severities = appendNew(slices.Clip(a.Severities), b.Severities)
	if len(a.Parts) == 0 || len(b.Parts) == 0 {
		a.Parts = nil // the whole package
	} else {
		a.Parts = append(slices.Clip(a.Parts), b.Parts...)
	}
	a.Kind = min(a.Kind, b.Kind)
}

// appendNew appends the elements of b that a lacks. It takes linear time, because lists of versions are long.
func appendNew[T comparable](a, b []T) []T {
	seen := make(map[T]bool, len(a))
	for _, v := range a {
		seen[v] = true
	}
	for _, v := range b {
		if !seen[v] {
			seen[v] = true
			a = append(a, v)
		}
	}
	return a
}

func (r *record) urls() []string {
	var urls []string
	for _, ref := range r.Refs {
		if ref.URL != "" {
			urls = append(urls, ref.URL)
		}
	}
	return urls
}

// maxSummary bounds the bytes of a summary that comes from details.
const maxSummary = 300

// summary returns the record's summary, or the first lines of its details.
func (r *record) summary() string {
	if s := strings.TrimSpace(r.Summary); s != "" {
		return s
	}
	s, _, _ := strings.Cut(strings.TrimSpace(r.Details), "\n\n")
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxSummary {
		return s
	}
	s = s[:maxSummary]
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	return strings.ToValidUTF8(s, "") + " ..."
}

func parseTime(s string) (time.Time, error) {
	return instant.Parse(s, time.RFC3339, "2006-01-02T15:04:05", time.DateOnly)
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}
