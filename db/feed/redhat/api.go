package redhat

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

// An answer is the answer of the Security Data API about a vulnerability,
// https://docs.redhat.com/en/documentation/red_hat_security_data_api. A list with one element is an object.
type answer struct {
	Name     string
	Severity string
	Public   string
	Bugzilla struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	CVSS struct {
		Score  text   `json:"cvss_base_score"`
		Vector string `json:"cvss_scoring_vector"`
	}
	CVSS3 struct {
		Score  text   `json:"cvss3_base_score"`
		Vector string `json:"cvss3_scoring_vector"`
	}
	Affected jsonstream.OneOrMore[struct {
		Product  string `json:"product_name"`
		Advisory string `json:"advisory"`
		CPE      string `json:"cpe"`
		Package  string `json:"package"`
	}]
	States jsonstream.OneOrMore[struct {
		Product string `json:"product_name"`
		State   string `json:"fix_state"`
		CPE     string `json:"cpe"`
		Package string `json:"package_name"`
	}]
}

// A text is a string or a number.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text(strings.Trim(string(b), `"`))
	return nil
}

// field returns the destination of a member of the answer, or nil if it is not used.
func (a *answer) field(key string) any {
	switch key {
	case "name":
		return &a.Name
	case "threat_severity":
		return &a.Severity
	case "public_date":
		return &a.Public
	case "bugzilla":
		return &a.Bugzilla
	case "cvss":
		return &a.CVSS
	case "cvss3":
		return &a.CVSS3
	case "affected_release":
		return &a.Affected
	case "package_state":
		return &a.States
	}
	return nil
}

func (a *answer) record() feed.Record {
	rec := feed.Record{ID: a.Name}
	var errs recordlimit.Errors
	base := matcher.Advisory{ID: a.Name, Feed: feedName, Summary: summaryOf(a.Bugzilla.Description, a.Name)}
	if a.Bugzilla.URL != "" {
		base.URLs = []string{a.Bugzilla.URL}
	}
	var err error
	base.Published, err = errata.Time(a.Public)
	errs.Add(err)
	base.Severities, err = a.severities()
	errs.Add(err)
	byKey := make(map[matcher.Key]*statement)
	at := func(cpe, name, module string, state func(s *statement, tier rhel.Tier)) {
		p, ok := rhel.ProductOf(cpe)
		if !ok {
			errs.Add(fmt.Errorf("%.80q is not a platform of Red Hat", cpe))
			return
		}
		var first *statement
		for _, at := range placesOf(p) {
			key := matcher.Key{Type: "rpm", Namespace: "rhel", Release: at.release, Name: errata.Name(module, "", name)}
			s := byKey[key]
			if s == nil {
				s = newStatement(key)
				s.severity = base.Severities
				byKey[key] = s
			}
			if first != nil {
				s.of = first
			}
			first = s
			state(s, at.tier)
		}
	}
	for _, r := range a.Affected {
		c, ok, err := componentOf("", r.Package)
		if err != nil || !ok || c.evr == "" {
			continue // an image, or a product without packages
		}
		f, err := newFix(c.evr)
		if err != nil {
			errs.Add(fmt.Errorf("%.80q: %w", r.Package, err))
			continue
		}
		at(r.CPE, c.name, c.module, func(s *statement, tier rhel.Tier) {
			if err := s.fix(tier, f, r.Advisory); err != nil {
				errs.Add(fmt.Errorf("%.80q: %w", r.Package, err))
			}
		})
	}
	for _, r := range a.States {
		module, name := "", r.Package
		if m, n, ok := strings.Cut(name, "/"); ok {
			module, name = m, n
		}
		if name == "" || name != r.Package && !strings.Contains(module, ":") {
			continue // an image, or nothing
		}
		at(r.CPE, name, module, func(s *statement, tier rhel.Tier) {
			status, reason := unfixed(r.State)
			s.state(tier, status, reason)
		})
	}
	for _, s := range byKey {
		if s.empty() {
			continue
		}
		slices.Sort(s.errata)
		adv := base
		s.fill(&adv)
		rec.Advisories = append(rec.Advisories, adv)
	}
	slices.SortFunc(rec.Advisories, func(a, b matcher.Advisory) int { return matcher.CompareKeys(a.Key, b.Key) })
	rec.Err = errs.Err()
	return rec
}

func (a *answer) severities() ([]matcher.Severity, error) {
	level, err := levels.Parse(a.Severity)
	var out []matcher.Severity
	for _, c := range [...][2]string{{a.CVSS.Vector, string(a.CVSS.Score)}, {a.CVSS3.Vector, string(a.CVSS3.Score)}} {
		s := matcher.Severity{Source: feedName, Level: level, Word: a.Severity, Vector: c[0]}
		if s.Vector == "" {
			if s.Score, _ = strconv.ParseFloat(c[1], 64); !(s.Score > 0 && s.Score <= 10) {
				continue
			}
		}
		out = append(out, s)
	}
	if len(out) == 0 && a.Severity != "" {
		out = []matcher.Severity{{Source: feedName, Level: level, Word: a.Severity}}
	}
	return out, err
}

// summaryOf returns the title of a bug without a leading identifier.
func summaryOf(title, id string) string {
	title = strings.Join(strings.Fields(title), " ")
	return cmp.Or(strings.TrimSpace(strings.TrimPrefix(title, id)), title)
}
