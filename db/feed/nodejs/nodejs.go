// Package nodejs reads the vulnerability database of the Node.js Security Working Group, https://github.com/nodejs/security-wg:
// JSON files about packages of npm (until 2019), and about Node.js itself (below core and deps).
//
//	{"id": 10, "title": "Directory Traversal", "module_name": "geddy", "cves": ["CVE-2015-5688"], "publish_date": "2015-07-27",
//	 "vulnerable_versions": "<13.0.8", "patched_versions": ">=13.0.8", "cvss_vector": "CVSS:3.0/...", "cvss_score": 5.3}
//	{"cve": ["CVE-2017-1000381"], "vulnerable": "8.x || 7.x", "patched": "^8.1.4 || ^7.10.1", "severity": "high"}
//	{"cve": ["CVE-2023-45853"], "description": "MiniZip ...", "reason": "vulnerable_code_not_present"}
//
// A [feed.Record] is one file. Its advisory has the CVE as ID, else "NSWG-10" of npm's number or
// "NSWG-core-1a2b3c4d" of the text; several CVEs have an advisory each. One with a reason is about a library in Node.js by
// which that is not affected. Versions are ranges as npm writes them, see [Range]; what is both vulnerable and patched is patched. Node.js
// itself has the PURL type generic and the name node.
//
// GitHub's advisories, which osv.dev exports, have taken these over, so that Update gets this feed only if it is named.
package nodejs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// Name is the name of the feed.
const Name = "nodejs"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			return strings.Contains("/"+name, "/vuln/") && path.Ext(name) == ".json" && path.Base(name) != "index.json"
		},
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:     []string{"https://codeload.github.com/nodejs/security-wg/tar.gz/refs/heads/main"},
			Covers:   []matcher.Key{{Type: "npm"}, {Type: "generic"}},
			Optional: true,
		}},
	}
}

// An advisory is what is read of a file of either shape.
type advisory struct {
	ID         int                     `json:"id"`
	Module     string                  `json:"module_name"`
	CVEs       jsonstream.List[string] `json:"cves"`
	CVE        jsonstream.List[string] `json:"cve"`
	Title      string                  `json:"title"`
	Overview   string                  `json:"overview"`
	Published  string                  `json:"publish_date"`
	Updated    string                  `json:"updated_at"`
	Affected   string                  `json:"vulnerable_versions"`
	Fixed      *string                 `json:"patched_versions"`
	Vulnerable string                  `json:"vulnerable"`
	Patched    *string                 `json:"patched"`
	Ref        string                  `json:"ref"`
	References jsonstream.List[string] `json:"references"`
	Vector     string                  `json:"cvss_vector"`
	Score      float64                 `json:"cvss_score"`
	Severity   string                  `json:"severity"`

	Description string `json:"description"`
	Reason      string `json:"reason"`
}

// Parse yields the advisory of one file. One that is not understood is a [feed.RecordError]; any other error is one of r or
// of syntax.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		js := jsonstream.New(r)
		raw, err := js.Raw()
		if err == nil {
			err = js.End()
		}
		var a advisory
		if err == nil && raw[0] != '{' {
			err = errors.New("not an object")
		}
		if err != nil {
			yield(feed.Record{}, fmt.Errorf("nodejs: %w", err))
			return
		}
		err = json.Unmarshal(raw, &a)
		rec, e := a.record()
		if err = errors.Join(err, e); err != nil {
			err = &feed.RecordError{ID: rec.ID, Err: err}
		}
		yield(rec, err)
	}
}

func (a *advisory) record() (feed.Record, error) {
	ids := append(a.CVEs, a.CVE...)
	if len(ids) == 0 && a.ID != 0 {
		ids = []string{fmt.Sprintf("NSWG-%d", a.ID)}
	}
	if len(ids) == 0 && a.Description+a.Overview != "" {
		sum := sha256.Sum256([]byte(a.Ref + "\n" + a.Description + "\n" + a.Overview))
		ids = []string{"NSWG-core-" + hex.EncodeToString(sum[:4])}
	}
	if len(ids) == 0 || ids[0] == "" {
		return feed.Record{}, errors.New("neither id nor CVE")
	}
	rec := feed.Record{ID: ids[0]}
	adv := matcher.Advisory{Key: a.key(), Summary: cmp.Or(a.Title, a.Description), Feed: Name}
	if adv.Summary == "" {
		adv.Summary, _, _ = strings.Cut(strings.TrimSpace(a.Overview), "\n")
	}
	for _, u := range append([]string{a.Ref}, a.References...) {
		if strings.HasPrefix(u, "http") {
			adv.URLs = append(adv.URLs, u)
		}
	}
	var errs []error
	for text, to := range map[string]*time.Time{a.Published: &adv.Published, a.Updated: &adv.Modified} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, text[:min(len(text), 10)])
		if err != nil {
			errs = append(errs, fmt.Errorf("date %.40q", text))
		}
		*to = t
	}
	rec.Modified = adv.Modified
	if rec.Modified.IsZero() {
		rec.Modified = adv.Published
	}
	if a.Vector != "" || a.Severity != "" || a.Score > 0 && a.Score <= 10 {
		s := matcher.Severity{Source: Name, Vector: a.Vector, Word: a.Severity, Score: a.Score}
		s.Level, _ = levels.Parse(a.Severity)
		adv.Severities = []matcher.Severity{s.Rate()}
	}
	var err error
	if a.Affected+a.Vulnerable == "" && a.Reason != "" {
		adv.Status, adv.Reason = matcher.NotAffected, a.Reason
	} else if adv.Ranges, err = a.ranges(); err != nil {
		return rec, errors.Join(append(errs, err)...)
	}
	for _, id := range ids {
		if adv.ID = id; id != "" {
			rec.Advisories = append(rec.Advisories, adv)
		}
	}
	return rec, errors.Join(errs...)
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

// ranges returns what is vulnerable and not patched. Patched versions below the first vulnerable one say that there is no
// fix: "<0.0.0".
func (a *advisory) ranges() ([]matcher.Range, error) {
	text, patched := a.Affected, a.Fixed
	if text == "" {
		text, patched = a.Vulnerable, a.Patched
	}
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("no vulnerable versions")
	}
	bad, err := Range(text)
	if err != nil {
		return nil, err
	}
	well, err := set().Outside(bad)
	if err != nil {
		return nil, err
	}
	if patched != nil && strings.TrimSpace(*patched) != "" {
		fixed, err := Range(*patched)
		if err != nil {
			return nil, fmt.Errorf("patched: %w", err)
		}
		well = append(well, fixed...)
	}
	left, err := set().Outside(well)
	if err == nil && len(left) == 0 {
		err = errors.New("no version is left that is vulnerable")
	}
	return set().Ranges(left), err
}
