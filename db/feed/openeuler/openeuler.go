// Package openeuler reads the security advisories of openEuler, CVRF documents, which lie below security/data/cvrf in its
// repositories.
//
// A [feed.Record] is one document. It has an advisory for every vulnerability in every package of every release, whose reason is
// the document's ID. Service packs are releases of their own to openEuler, but os-release(5) of an image does not tell
// them apart ("20.03"): then versions before the fix of any of them are affected.
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

// Name is the name of the feed.
const Name = "openeuler"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: Parse,
	}
}

// Parse yields the record of a document.
//
// The error of a record is a [feed.RecordError] with the document's ID; it comes with what was understood. Any other error, of r
// or of XML syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		d, err := cvrf.Read(r)
		if err != nil {
			yield(feed.Record{}, fmt.Errorf("openeuler: %w", err))
			return
		}
		yield(record(d))
	}
}

// id is the ID of os-release(5), spelled as openEuler does.
const id = "openEuler"

var release = regexp.MustCompile(`^openEuler-([0-9]+\.[0-9]+)`)

// A build is a package of a release.
type build struct{ release, product, name, evr, arch string }

func record(d *cvrf.Document) (feed.Record, error) {
	if d.ID == "" {
		return feed.Record{}, feed.Errorf(d.Title, "a document without ID")
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
		s, err := v.Severities(Name)
		errs = append(errs, err)
		if v.CVE == "" {
			errs = append(errs, errors.New("a vulnerability without CVE"))
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
			errs = append(errs, fmt.Errorf("%s: fixed in no package that is understood", v.CVE))
		}
		var keys []matcher.Key
		for k := range ranges {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, matcher.CompareKeys)
		for _, k := range keys {
			rec.Advisories = append(rec.Advisories, matcher.Advisory{
				ID: v.CVE, Key: k, Ranges: ranges[k], Status: matcher.Fixed, Reason: d.ID, Severities: s, Summary: d.Title, URLs: d.URLs,
				Feed: Name, Published: published, Modified: rec.Modified,
			})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: d.ID, Err: err}
	}
	return rec, nil
}

// buildsOf returns the packages of a document. What product a package is of its CPE says.
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
			errs = append(errs, fmt.Errorf("%.80q: no package of a release", p.Name))
			continue
		}
		b.release = m[1]
		builds = append(builds, b)
	}
	return builds, errors.Join(errs...)
}
