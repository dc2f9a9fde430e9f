// Package alma reads the errata of AlmaLinux, https://errata.almalinux.org/8/errata.json. They are an array with one element per erratum:
//
//	[{"updateinfo_id": "ALSA-2021:3253", "type": "security", "severity": "Important", "issued_date": {"$date": 1629790196000},
//	  "references": [{"type": "cve", "id": "CVE-2021-3246"}],
//	  "pkglist": {"name": "almalinux-8-for-x86_64-appstream-rpms__8_0_default", "packages": [
//	    {"name": "libsndfile", "epoch": "0", "version": "1.0.28", "release": "10.el8_4.1", "arch": "x86_64"}]}}]
//
// A [feed.Record] is one erratum. It has an advisory for every CVE in every package, with the erratum as an update. Package osv reads
// the OSV records that AlmaLinux also publishes.
package alma

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "alma"

// Feed returns the feed of AlmaLinux.
func Feed() feed.Feed {
	f := feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: parse,
	}
	for _, release := range []string{"8", "9", "10"} {
		f.Datasets = append(f.Datasets, feed.Dataset{
			Name: release, URLs: []string{"https://errata.almalinux.org/" + release + "/errata.json"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "almalinux", Release: release}},
		})
	}
	return f
}

// parse holds one erratum in memory at a time.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		return j.Array(func() error {
			var e erratum
			bad, err := j.Decode(&e)
			if err != nil {
				return err
			}
			return yield(e.record(bad))
		})
	})
}

type erratum struct {
	ID         string `json:"updateinfo_id"`
	Type       string `json:"type"`
	Title      string `json:"title"`
	Severity   string `json:"severity"`
	Issued     date   `json:"issued_date"`
	Updated    date   `json:"updated_date"`
	References []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Href string `json:"href"`
	} `json:"references"`
	Collections jsonstream.OneOrMore[collection] `json:"pkglist"`
}

type collection struct {
	Name   string `json:"name"`
	Module struct {
		Name   string `json:"name"`
		Stream string `json:"stream"`
	} `json:"module"`
	Packages []struct {
		Name    string `json:"name"`
		Epoch   string `json:"epoch"`
		Version string `json:"version"`
		Release string `json:"release"`
		Arch    string `json:"arch"`
	} `json:"packages"`
}

// A date is text, or milliseconds since 1970 in the form of MongoDB's extended JSON.
type date struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (d *date) UnmarshalJSON(b []byte) error {
	var v struct {
		Date int64 `json:"$date"`
	}
	if json.Unmarshal(b, &v) == nil {
		if v.Date != 0 {
			d.Time = time.UnixMilli(v.Date).UTC()
		}
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		d.Time, err = errata.Time(s)
	}
	return err
}

// release finds the release in the name of a collection.
var release = lazyregexp.New(`(?i)(?:almalinux|rhel)-([0-9]+)`)

// record returns the record of an erratum that was decoded with an error.
func (e *erratum) record(bad error) feed.Record {
	if e.ID == "" {
		return feed.Record{Err: errors.Join(bad, errors.New("erratum without an ID"))}
	}
	out := errata.Erratum{
		Feed: feedName, ID: e.ID, Bugfix: e.Type != "security", Summary: e.Title, Published: e.Issued.Time, Modified: e.Updated.Time,
	}
	var errs recordlimit.Errors
	errs.Add(bad)
	level, err := levels.Parse(e.Severity)
	errs.Add(err)
	if e.Severity != "" {
		out.Severity = matcher.Severity{Source: feedName, Level: level, Word: e.Severity}
	}
	for _, r := range e.References {
		if strings.HasPrefix(r.ID, "CVE-") {
			out.Flaws = append(out.Flaws, errata.Flaw{ID: r.ID})
		} else if r.Href != "" {
			out.URLs = append(out.URLs, r.Href)
		}
	}
	for _, c := range e.Collections {
		m := release.FindStringSubmatch(c.Name)
		if m == nil {
			errs.Add(fmt.Errorf("no release in the name of collection %.80q", c.Name))
			continue
		}
		module := ""
		if c.Module.Name != "" {
			module = c.Module.Name + ":" + c.Module.Stream
		}
		for _, p := range c.Packages {
			evr := errata.EVR(p.Epoch, p.Version, p.Release)
			if p.Name == "" || evr == "" {
				errs.Add(errors.New("package without a name or version"))
				continue
			}
			key := matcher.Key{Type: "rpm", Namespace: "almalinux", Release: m[1], Name: errata.Name(module, evr, p.Name)}
			out.Packages = append(out.Packages, errata.Package{Key: key, Arch: p.Arch, Range: matcher.Range{Fixed: evr}})
		}
	}
	rec := out.Record()
	errs.Add(rec.Err)
	rec.Err = errs.Err()
	return rec
}
