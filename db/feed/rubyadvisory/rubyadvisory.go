// Package rubyadvisory reads ruby-advisory-db, https://github.com/rubysec/ruby-advisory-db: advisories for gems and for Ruby itself, one YAML
// file each.
//
//	gem: RedCloth
//	cve: 2012-6684
//	ghsa: r23g-3qw4-gfh2
//	url: https://...
//	title: ...
//	date: 2012-02-29
//	cvss_v2: 4.3
//	unaffected_versions: ["< 4.2"]
//	patched_versions: [">= 4.3.0", "~> 4.2.9, >= 4.2.9.1"]
//
// An advisory lists the versions that are not affected, as requirements of RubyGems. All parts of a requirement, which commas separate, must
// hold, and one requirement suffices. All other versions are affected. "~> 4.2.9" means at least 4.2.9 and less than any prerelease of 4.3.
//
// A [feed.Record] is one file. Its advisory has the CVE as the ID, or else the GHSA, or else the OSVDB number. The file has identifiers
// without their prefixes. Files below rubies are about an engine ("ruby", "jruby"), which is not a gem: their packages have the PURL type
// generic.
package rubyadvisory

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "ruby-advisory-db"

// Feed returns the feed of ruby-advisory-db.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			in := "/" + path.Dir(name) + "/"
			return (strings.Contains(in, "/gems/") || strings.Contains(in, "/rubies/")) && path.Ext(name) == ".yml"
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://codeload.github.com/rubysec/ruby-advisory-db/tar.gz/refs/heads/master"},
			Covers: []matcher.Key{{Type: "gem"}, {Type: "generic"}},
		}},
	}
}

// An advisory has the used fields of a file.
type advisory struct {
	Gem, Engine, Library string
	CVE, GHSA            string
	OSVDB                string
	URL, Title, Date     string
	Description          string
	V2                   float64  `yaml:"cvss_v2"`
	V3                   float64  `yaml:"cvss_v3"`
	V4                   float64  `yaml:"cvss_v4"`
	Patched              []string `yaml:"patched_versions"`
	Unaffected           []string `yaml:"unaffected_versions"`
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		var a advisory
		if err := yamldoc.Decode(r, &a); err != nil {
			return err
		}
		return yield(a.record())
	})
}

func (a *advisory) record() feed.Record {
	ids := a.ids()
	if len(ids) == 0 {
		return feed.Record{Err: fmt.Errorf("%s: no cve, ghsa or osvdb", a.Gem+a.Engine)}
	}
	rec := feed.Record{ID: ids[0]}
	adv := matcher.Advisory{ID: ids[0], Aliases: ids[1:], Summary: strings.TrimSpace(a.Title), Feed: feedName}
	if a.URL != "" {
		adv.URLs = []string{a.URL}
	}
	var errs recordlimit.Errors
	switch {
	case a.Gem != "":
		adv.Key = matcher.PackageKey("gem", "", a.Gem)
	case a.Engine != "" || a.Library != "":
		name := a.Engine
		if name == "" {
			name = a.Library
		}
		adv.Key = matcher.PackageKey("generic", "", name)
	default:
		rec.Err = errors.New("neither a gem nor an engine")
		return rec
	}
	if a.Date != "" {
		var err error
		if adv.Published, err = time.Parse(time.DateOnly, a.Date[:min(len(a.Date), 10)]); err != nil {
			errs.Add(fmt.Errorf("%.40q does not begin with a date", a.Date))
		}
		rec.Modified = adv.Published // the only date
	}
	for _, score := range []float64{a.V4, a.V3, a.V2} {
		if score < 0 || score > 10 {
			errs.Add(fmt.Errorf("CVSS score %v is not between 0 and 10", score))
		} else if score > 0 {
			adv.Severities = append(adv.Severities, matcher.Severity{Source: feedName, Score: score, Level: level(score, score == a.V2 && a.V3+a.V4 == 0)})
		}
	}
	ranges, err := affected(append(a.Patched, a.Unaffected...))
	if err != nil {
		errs.Add(err)
		rec.Err = errs.Err()
		return rec
	}
	adv.Ranges = ranges
	if len(ranges) > 0 {
		rec.Advisories = []matcher.Advisory{adv}
	} else {
		errs.Add(errors.New("no version is affected"))
	}
	rec.Err = errs.Err()
	return rec
}

// ids returns the identifiers of the vulnerability, the CVE first.
func (a *advisory) ids() []string {
	var ids []string
	for _, x := range [...]struct{ prefix, id string }{{"CVE-", a.CVE}, {"GHSA-", a.GHSA}, {"OSVDB-", a.OSVDB}} {
		if id := strings.TrimSpace(x.id); id != "" {
			ids = append(ids, x.prefix+strings.TrimPrefix(id, x.prefix))
		}
	}
	return ids
}

// level returns the level of a score, https://www.first.org/cvss/specification-document. Version 2 has no "critical".
func level(score float64, v2 bool) matcher.Level {
	switch {
	case score >= 9 && !v2:
		return matcher.Critical
	case score >= 7:
		return matcher.High
	case score >= 4:
		return matcher.Medium
	}
	return matcher.Low
}
