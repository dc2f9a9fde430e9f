// Package photon reads VMware's data about Photon OS: lists of vulnerabilities as JSON, which are the primary source, and OVAL definitions.
//
// A list, cve_data_photon4.0.json, has an element for each vulnerability and package:
//
//	[{"cve_id": "CVE-2023-38545", "pkg": "curl", "cve_score": 9.8, "res_ver": "7.88.1-4.ph4", "status": "Fixed"},
//	 {"cve_id": "CVE-2023-44487", "pkg": "httpd", "cve_score": 7.5, "res_ver": "NA", "status": "Not Affected"}]
//
// A [feed.Record] is one element:
//
//	Photon                       Status               Reason
//	Fixed                        Fixed, with a range  ""
//	Fixed, with res_ver NA       Affected             "Fixed in NA": the fixed version is unknown
//	Not Affected                 NotAffected          ""
//
// Package names are those of source packages, and sometimes of binary packages. A list is about one release, which the versions end with:
// ".ph4". Elements without a version belong to the release of the others.
//
// A record of OVAL is one definition, which stands for an advisory of VMware (PHSA-3.0-0036).
package photon

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/sniff"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "photon"

// Feed returns the feed of Photon OS.
func Feed() feed.Feed {
	return feed.Feed{
		Name:     feedName,
		Wants:    func(name string) bool { return path.Ext(name) == ".json" || path.Ext(name) == ".xml" },
		Parse:    parse,
		Datasets: datasets("1.0", "2.0", "3.0", "4.0", "5.0"),
		Discover: discover,
	}
}

const base = "https://packages.broadcom.com/photon/photon_cve_metadata/"

func datasets(releases ...string) []feed.Dataset {
	var list []feed.Dataset
	for _, release := range releases {
		k := key(release, "")
		list = append(list, feed.Dataset{Name: release, URLs: []string{base + "cve_data_photon" + release + ".json"}, Covers: []matcher.Key{k.Ecosystem()}})
	}
	return list
}

var releaseName = lazyregexp.New(`^[0-9]+\.[0-9]+$`)

// discover reads the list of releases: {"branches": ["1.0", "4.0", "5.0"]}.
func discover(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	const location = base + "photon_versions.json"
	b, err := f.Read(ctx, location)
	if err != nil {
		return nil, err
	}
	var versions struct {
		Branches []string `json:"branches"`
	}
	if err := json.Unmarshal(b, &versions); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	for _, release := range versions.Branches {
		if !releaseName.MatchString(release) {
			return nil, fmt.Errorf("%s: %.40q is not a release", location, release)
		}
	}
	slices.Sort(versions.Branches)
	return datasets(slices.Compact(versions.Branches)...), nil
}

// parse yields the elements of a list in its order, except that elements without a version come after the first element with one.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReader(r)
		first, err := sniff.First(br)
		switch {
		case err != nil:
			return err
		case first == '<':
			return oval.Parse(br, func(d *oval.Definition) error { return yield(definition(d)) })
		}
		l := list{yield: yield}
		return l.read(jsonstream.NewStream(br, jsonstream.MaxValue))
	})
}

// An element is one element of a list.
type element struct {
	ID      string  `json:"cve_id"`
	Package string  `json:"pkg"`
	Score   float64 `json:"cve_score"`
	Fixed   string  `json:"res_ver"`
	Status  string  `json:"status"`
}

// maxHeld bounds the memory for elements that are held until the release is known, in bytes and approximately.
const maxHeld = 64 << 20

type list struct {
	yield   func(feed.Record) error
	release string
	held    []element // elements without a version, before the release is known
	size    int       // of held
}

func (l *list) read(r *jsonstream.Reader) error {
	err := r.Array(func() error {
		var e element
		bad, err := r.Decode(&e)
		if err != nil {
			return err
		}
		if bad != nil {
			return l.yield(feed.Record{ID: e.ID, Err: fmt.Errorf("%s: %w", e.Package, bad)})
		}
		release := releaseOf(e.Fixed)
		if release != "" && l.release == "" {
			l.release = release
			if err := l.flush(); err != nil {
				return err
			}
		}
		if release == "" {
			release = l.release
		}
		if release == "" {
			l.held = append(l.held, e)
			if l.size += 128 + len(e.ID) + len(e.Package) + len(e.Fixed) + len(e.Status); l.size > maxHeld {
				return fmt.Errorf("elements of more than %d bytes before one with a version: %w", maxHeld, feed.ErrTooLarge)
			}
			return nil
		}
		return l.yield(e.record(release))
	})
	if err != nil {
		return err
	}
	return l.flush()
}

// flush yields the held elements, when the release is known or at the end of the list.
func (l *list) flush() error {
	for _, e := range l.held {
		rec := e.record(l.release)
		if l.release == "" {
			rec = feed.Record{ID: e.ID, Err: fmt.Errorf("%s: no version in the list names the release", e.Package)}
		}
		if err := l.yield(rec); err != nil {
			return err
		}
	}
	l.held = nil
	return nil
}

var distTag = lazyregexp.New(`\.ph([0-9]+)$`)

// releaseOf returns the release that a version ends with, or "".
func releaseOf(version string) string {
	m := distTag.FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	return m[1] + ".0"
}

func (e *element) record(release string) feed.Record {
	rec := feed.Record{ID: e.ID}
	if e.ID == "" || e.Package == "" {
		rec.Err = fmt.Errorf("%s: no cve_id or pkg", e.Package)
		return rec
	}
	a := matcher.Advisory{ID: e.ID, Feed: feedName, Key: key(release, e.Package)}
	switch {
	case e.Score < 0 || e.Score > 10:
		rec.Err = fmt.Errorf("%s: score %v is not between 0 and 10", e.Package, e.Score)
	case e.Score > 0:
		a.Severities = []matcher.Severity{{Source: feedName, Score: e.Score}}
	}
	known := e.Fixed != "" && e.Fixed != "NA"
	switch {
	case e.Status == "Not Affected":
		a.Status = matcher.NotAffected
	case e.Status == "Fixed" && known:
		a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: e.Fixed}}
	case e.Status == "Fixed":
		a.Reason = "Fixed in " + e.Fixed
	default:
		rec.Err = fmt.Errorf("%s: unknown status %.40q", e.Package, e.Status)
		a.Reason = e.Status
		if known {
			a.Ranges = []matcher.Range{{Fixed: e.Fixed}}
		}
	}
	rec.Advisories = []matcher.Advisory{a}
	return rec
}

func key(release, name string) matcher.Key {
	return matcher.Key{Type: "rpm", Namespace: "photon", Release: distro.ReleaseOf("photon", release, ""), Name: name}
}
