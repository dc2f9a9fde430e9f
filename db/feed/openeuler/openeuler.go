// Package openeuler reads the security advisories of openEuler: the CVRF documents below security/data/cvrf in its repositories.
//
// A [feed.Record] is one document. It has an advisory for every vulnerability in every package of every release, with the document's ID as
// the reason. openEuler treats service packs as releases, but os-release(5) of an image does not distinguish them: "20.03". So versions
// before the fix of any service pack are affected.
package openeuler

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/cvrf"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "openeuler"

// Feed returns the feed of openEuler.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://repo.openeuler.org/security/data/cvrf/"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: id}},
			Fetch:  fetch,
		}},
	}
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		d, err := cvrf.Read(r)
		if err != nil {
			return err
		}
		return yield(record(d))
	})
}

// id is the ID in os-release(5), in openEuler's spelling.
const id = "openEuler"

var release = lazyregexp.New(`^openEuler-([0-9]+\.[0-9]+)`)

func record(d *cvrf.Document) feed.Record {
	if d.ID == "" {
		return feed.Record{Err: fmt.Errorf("%.80q: document without an ID", d.Title)}
	}
	rec := feed.Record{ID: d.ID}
	var errs recordlimit.Errors
	published, err := errata.Time(d.Initial)
	errs.Add(err)
	rec.Modified, err = errata.Time(d.Current)
	errs.Add(err)
	builds, err := buildsOf(d)
	errs.Add(err)
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		s, err := v.Severities(feedName)
		errs.Add(err)
		if v.CVE == "" {
			errs.Add(errors.New("vulnerability without a CVE"))
			continue
		}
		ranges, seen := make(map[matcher.Key][]matcher.Range), make(map[string]bool)
		for _, product := range v.Statuses["Fixed"] {
			if seen[product] {
				continue
			}
			seen[product] = true
			list, err := errata.Split(builds[product])
			errs.Add(err)
			for _, k := range list {
				for _, r := range k.Ranges {
					switch have := ranges[k.Key]; {
					case slices.Contains(have, r):
					case len(have) == errata.MaxRanges:
						errs.Add(fmt.Errorf("%.80s: more than %d ranges: %w", k.Key.Name, errata.MaxRanges, feed.ErrTooLarge))
					default:
						ranges[k.Key] = append(have, r)
					}
				}
			}
		}
		if len(ranges) == 0 {
			errs.Add(fmt.Errorf("%s: no fixed package", v.CVE))
		}
		if err := recordlimit.Advisories(len(rec.Advisories), 1, len(ranges)); err != nil {
			errs.Add(fmt.Errorf("%.40s: %w", v.CVE, err))
			continue
		}
		var keys []matcher.Key
		for k := range ranges {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, matcher.CompareKeys)
		for _, k := range keys {
			rec.Advisories = append(rec.Advisories, matcher.Advisory{
				ID: v.CVE, Key: k, Ranges: ranges[k], Status: matcher.Fixed, Updates: []string{d.ID}, Severities: s, Summary: d.Title, URLs: d.URLs,
				Feed: feedName, Published: published, Modified: rec.Modified,
			})
		}
	}
	rec.Err = errs.Err()
	return rec
}

// buildsOf returns the packages of a document by product. The CPE of a package tells its product.
func buildsOf(d *cvrf.Document) (map[string][]errata.Package, error) {
	builds := make(map[string][]errata.Package)
	products := make(map[string]string) // CPE to product
	for _, p := range d.Products {
		if p.Branch == "Product Name" {
			products[p.CPE] = p.ID
		}
	}
	var errs recordlimit.Errors
	for _, p := range d.Products {
		if p.Branch != "Package Arch" {
			continue
		}
		product := products[p.CPE]
		name, evr, arch := errata.NEVRA(p.Name)
		m := release.FindStringSubmatch(product)
		if m == nil || evr == "" {
			errs.Add(fmt.Errorf("%.80q is not a package of a release", p.Name))
			continue
		}
		key := matcher.Key{Type: "rpm", Namespace: id, Release: distro.ReleaseOf(id, m[1], ""), Name: name}
		builds[product] = append(builds[product], errata.Package{Key: key, Arch: arch, Range: matcher.Range{Fixed: evr}})
	}
	return builds, errs.Err()
}
