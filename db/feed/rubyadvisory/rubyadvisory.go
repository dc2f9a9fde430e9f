// Package rubyadvisory reads ruby-advisory-db, https://github.com/rubysec/ruby-advisory-db: advisories of gems, and of Ruby
// itself, one YAML file each.
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
// An advisory names the versions that are well, as requirements of RubyGems: within one, a comma means that all of its parts
// hold; any of several suffices. What is left over is affected; without patched_versions that is everything but what
// is unaffected. "~> 4.2.9" is at least 4.2.9 and less than any prerelease of 4.3.
//
// A [feed.Record] is one file. Its advisory has the CVE as its ID, else the GHSA, else the OSVDB number; identifiers are
// written without their prefixes. Files below rubies are about an engine ("ruby", "jruby"), which is no gem: their
// packages have the PURL type generic.
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
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/matcher"
)

// Name is the name of the feed.
const Name = "ruby-advisory-db"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			in := "/" + path.Dir(name) + "/"
			return (strings.Contains(in, "/gems/") || strings.Contains(in, "/rubies/")) && path.Ext(name) == ".yml"
		},
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://codeload.github.com/rubysec/ruby-advisory-db/tar.gz/refs/heads/master"},
			Covers: []matcher.Key{{Type: "gem"}, {Type: "generic"}},
		}},
	}
}

// An advisory is what is read of a file.
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

// Parse yields the advisory of one file. An advisory that is not understood is a [feed.RecordError]; any other error is
// one of r or of syntax.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		var a advisory
		if err := yamldoc.Decode(r, &a); err != nil {
			yield(feed.Record{}, fmt.Errorf("rubyadvisory: %w", err))
			return
		}
		yield(a.record())
	}
}

func (a *advisory) record() (feed.Record, error) {
	ids := a.ids()
	if len(ids) == 0 {
		return feed.Record{}, feed.Errorf(a.Gem+a.Engine, "no cve, ghsa or osvdb")
	}
	rec := feed.Record{ID: ids[0]}
	adv := matcher.Advisory{ID: ids[0], Aliases: ids[1:], Summary: strings.TrimSpace(a.Title), Feed: Name}
	if a.URL != "" {
		adv.URLs = []string{a.URL}
	}
	var errs []error
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
		return rec, feed.Errorf(rec.ID, "neither a gem nor an engine")
	}
	if a.Date != "" {
		var err error
		if adv.Published, err = time.Parse(time.DateOnly, a.Date[:min(len(a.Date), 10)]); err != nil {
			errs = append(errs, fmt.Errorf("date %.40q", a.Date))
		}
		rec.Modified = adv.Published // no other date is given
	}
	for _, score := range []float64{a.V4, a.V3, a.V2} {
		if score < 0 || score > 10 {
			errs = append(errs, fmt.Errorf("CVSS score %v", score))
		} else if score > 0 {
			adv.Severities = append(adv.Severities, matcher.Severity{Source: Name, Score: score, Level: level(score, score == a.V2 && a.V3+a.V4 == 0)})
		}
	}
	ranges, err := affected(append(a.Patched, a.Unaffected...))
	if err != nil {
		return rec, &feed.RecordError{ID: rec.ID, Err: errors.Join(append(errs, err)...)}
	}
	adv.Ranges = ranges
	if len(ranges) > 0 {
		rec.Advisories = []matcher.Advisory{adv}
	} else {
		errs = append(errs, errors.New("no version is left that is affected"))
	}
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: rec.ID, Err: err}
	}
	return rec, nil
}

// ids returns what the vulnerability is called, the CVE first.
func (a *advisory) ids() []string {
	var ids []string
	for prefix, id := range orderedIDs(a) {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, prefix+strings.TrimPrefix(id, prefix))
		}
	}
	return ids
}

func orderedIDs(a *advisory) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		_ = yield("CVE-", a.CVE) && yield("GHSA-", a.GHSA) && yield("OSVDB-", a.OSVDB)
	}
}

// level returns what a score stands for, https://www.first.org/cvss/specification-document; version 2 has no "critical".
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
