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
	"regexp"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/cvrf"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
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

var release = regexp.MustCompile(`^openEuler-([0-9]+\.[0-9]+)`)

// A build is a package of a release.
type build struct{ release, product, name, evr, arch string }

func record(d *cvrf.Document) feed.Record {
	if d.ID == "" {
		return feed.Record{Err: fmt.Errorf("%.80q: document without an ID", d.Title)}
	}
	rec := feed.Record{ID: d.ID}
	var errs []error
	published, err := errata.Time(d.Initial)
	errs = append(errs, err)
	rec.Modified, err = errata.Time(d.Current)
	errs = append(errs, err)
	builds, err := buildsOf(d)
	errs = append(errs, err)
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		s, err := v.Severities(feedName)
		errs = append(errs, err)
		if v.CVE == "" {
			errs = append(errs, errors.New("vulnerability without a CVE"))
			continue
		}
		ranges := make(map[matcher.Key][]matcher.Range)
		for _, product := range v.Statuses["Fixed"] {
			e := errata.Erratum{}
			for _, b := range builds {
				if b.product != product {
					continue
				}
				key := matcher.Key{Type: "rpm", Namespace: id, Release: distro.ReleaseOf(id, b.release, ""), Name: b.name}
				e.Packages = append(e.Packages, errata.Package{Key: key, Arch: b.arch, Range: matcher.Range{Fixed: b.evr}})
			}
			for _, k := range errata.Split(e.Packages) {
				for _, r := range k.Ranges {
					if !slices.Contains(ranges[k.Key], r) {
						ranges[k.Key] = append(ranges[k.Key], r)
					}
				}
			}
		}
		if len(ranges) == 0 {
			errs = append(errs, fmt.Errorf("%s: no fixed package", v.CVE))
		}
		var keys []matcher.Key
		for k := range ranges {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, matcher.CompareKeys)
		for _, k := range keys {
			rec.Advisories = append(rec.Advisories, matcher.Advisory{
				ID: v.CVE, Key: k, Ranges: ranges[k], Status: matcher.Fixed, Reason: d.ID, Severities: s, Summary: d.Title, URLs: d.URLs,
				Feed: feedName, Published: published, Modified: rec.Modified,
			})
		}
	}
	rec.Err = errors.Join(errs...)
	return rec
}

// buildsOf returns the packages of a document. The CPE of a package tells its product.
func buildsOf(d *cvrf.Document) (builds []build, err error) {
	products := make(map[string]string) // CPE to product
	for _, p := range d.Products {
		if p.Branch == "Product Name" {
			products[p.CPE] = p.ID
		}
	}
	var errs []error
	for _, p := range d.Products {
		if p.Branch != "Package Arch" {
			continue
		}
		b := build{product: products[p.CPE]}
		b.name, b.evr, b.arch = errata.NEVRA(p.Name)
		m := release.FindStringSubmatch(b.product)
		if m == nil || b.evr == "" {
			errs = append(errs, fmt.Errorf("%.80q is not a package of a release", p.Name))
			continue
		}
		b.release = m[1]
		builds = append(builds, b)
	}
	return builds, errors.Join(errs...)
}
