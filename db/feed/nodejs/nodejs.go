// Package nodejs reads the vulnerability database of the Node.js Security Working Group, https://github.com/nodejs/security-wg. It has JSON
// files about npm packages, until 2019, and about Node.js itself, below core and deps:
//
//	{"id": 10, "title": "Directory Traversal", "module_name": "geddy", "cves": ["CVE-2015-5688"], "publish_date": "2015-07-27",
//	 "vulnerable_versions": "<13.0.8", "patched_versions": ">=13.0.8", "cvss_vector": "CVSS:3.0/...", "cvss_score": 5.3}
//	{"cve": ["CVE-2017-1000381"], "vulnerable": "8.x || 7.x", "patched": "^8.1.4 || ^7.10.1", "severity": "high"}
//	{"cve": ["CVE-2023-45853"], "description": "MiniZip ...", "reason": "vulnerable_code_not_present"}
//
// A [feed.Record] is one file, with an advisory for each CVE. Without a CVE, the ID is "NSWG-10", with npm's number, or
// "NSWG-core-1a2b3c4d", made of the text. A file with a reason is about a library in Node.js that does not affect it. Versions are ranges
// in npm's syntax. Versions that are both vulnerable and patched are patched. Node.js itself has the PURL type generic and the name node.
//
// The GitHub advisories, which osv.dev exports, include all of these. So Update fetches this feed only by name.
package nodejs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "nodejs"

// Feed returns the feed of the Node.js Security Working Group.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			return strings.Contains("/"+name, "/vuln/") && path.Ext(name) == ".json" && path.Base(name) != "index.json"
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:     []string{"https://codeload.github.com/nodejs/security-wg/tar.gz/refs/heads/main"},
			Covers:   []matcher.Key{{Type: "npm"}, {Type: "generic"}},
			Optional: true,
		}},
	}
}

// An advisory has the used fields of files of both kinds.
type advisory struct {
	ID         int                          `json:"id"`
	Module     string                       `json:"module_name"`
	CVEs       jsonstream.OneOrMore[string] `json:"cves"`
	CVE        jsonstream.OneOrMore[string] `json:"cve"`
	Title      string                       `json:"title"`
	Overview   string                       `json:"overview"`
	Published  string                       `json:"publish_date"`
	Updated    string                       `json:"updated_at"`
	Affected   string                       `json:"vulnerable_versions"`
	Fixed      *string                      `json:"patched_versions"`
	Vulnerable string                       `json:"vulnerable"`
	Patched    *string                      `json:"patched"`
	Ref        string                       `json:"ref"`
	References jsonstream.OneOrMore[string] `json:"references"`
	Vector     string                       `json:"cvss_vector"`
	Score      float64                      `json:"cvss_score"`
	Severity   string                       `json:"severity"`

	Description string `json:"description"`
	Reason      string `json:"reason"`
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		c, err := j.Peek()
		switch {
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case c != '{':
			return errors.New("not an object")
		}
		var a advisory
		bad, err := j.Decode(&a)
		if err == nil {
			err = j.End()
		}
		if err != nil {
			return err
		}
		return yield(a.record(bad))
	})
}

// record returns the record of an advisory that was decoded with an error.
func (a *advisory) record(bad error) feed.Record {
	ids := append(a.CVEs, a.CVE...)
	if len(ids) == 0 && a.ID != 0 {
		ids = []string{fmt.Sprintf("NSWG-%d", a.ID)}
	}
	if len(ids) == 0 && a.Description+a.Overview != "" {
		sum := sha256.Sum256([]byte(a.Ref + "\n" + a.Description + "\n" + a.Overview))
		ids = []string{"NSWG-core-" + hex.EncodeToString(sum[:4])}
	}
	if len(ids) == 0 || ids[0] == "" {
		return feed.Record{Err: errors.Join(bad, errors.New("neither an id nor a CVE"))}
	}
	rec := feed.Record{ID: ids[0]}
	adv := matcher.Advisory{Key: a.key(), Summary: cmp.Or(a.Title, a.Description), Feed: feedName}
	if adv.Summary == "" {
		adv.Summary, _, _ = strings.Cut(strings.TrimSpace(a.Overview), "\n")
	}
	for _, u := range append([]string{a.Ref}, a.References...) {
		if strings.HasPrefix(u, "http") {
			adv.URLs = append(adv.URLs, u)
		}
	}
	var errs recordlimit.Errors
	errs.Add(bad)
	for text, to := range map[string]*time.Time{a.Published: &adv.Published, a.Updated: &adv.Modified} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, text[:min(len(text), 10)])
		if err != nil {
			errs.Add(fmt.Errorf("%.40q does not begin with a date", text))
		}
		*to = t
	}
	rec.Modified = adv.Modified
	if rec.Modified.IsZero() {
		rec.Modified = adv.Published
	}
	if a.Vector != "" || a.Severity != "" || a.Score > 0 && a.Score <= 10 {
		s := matcher.Severity{Source: feedName, Vector: a.Vector, Word: a.Severity, Score: a.Score}
		s.Level, _ = levels.Parse(a.Severity)
		adv.Severities = []matcher.Severity{s.Rate()}
	}
	var err error
	if a.Affected+a.Vulnerable == "" && a.Reason != "" {
		adv.Status, adv.Reason = matcher.NotAffected, a.Reason
	} else if adv.Ranges, err = a.ranges(); err != nil {
		errs.Add(err)
		rec.Err = errs.Err()
		return rec
	}
	for _, id := range ids {
		if adv.ID = id; id != "" {
			rec.Advisories = append(rec.Advisories, adv)
		}
	}
	rec.Err = errs.Err()
	return rec
}

func (a *advisory) key() matcher.Key {
	if a.Module == "" {
		return matcher.PackageKey("generic", "", "node")
	}
	if scope, name, ok := strings.Cut(a.Module, "/"); ok && name != "" {
		return matcher.PackageKey("npm", scope, name)
	}
	return matcher.PackageKey("npm", "", a.Module)
}

// ranges returns the versions that are vulnerable and not patched. If there is no fix, the patched versions are below the first vulnerable
// one: "<0.0.0".
func (a *advisory) ranges() ([]matcher.Range, error) {
	text, patched := a.Affected, a.Fixed
	if text == "" {
		text, patched = a.Vulnerable, a.Patched
	}
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("no vulnerable versions")
	}
	bad, err := versions(text)
	if err != nil {
		return nil, err
	}
	well, err := set().Outside(bad)
	if err != nil {
		return nil, err
	}
	if patched != nil && strings.TrimSpace(*patched) != "" {
		fixed, err := versions(*patched)
		if err != nil {
			return nil, fmt.Errorf("patched: %w", err)
		}
		well = append(well, fixed...)
	}
	left, err := set().Outside(well)
	if err == nil && len(left) == 0 {
		err = errors.New("all vulnerable versions are patched")
	}
	return set().Ranges(left), err
}
