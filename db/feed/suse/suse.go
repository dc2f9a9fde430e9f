// Package suse reads SUSE's data about SUSE Linux Enterprise and openSUSE, https://ftp.suse.com/pub/projects/security/: OVAL definitions for
// each product, and CVRF documents for each update.
//
// A [feed.Record] of OVAL is one definition, which is about one vulnerability in many products (class "vulnerability") or about one update
// (class "patch"). It has an advisory for every release and package:
//
//	SUSE                          Status       Reason
//	is less than 4.12.14-197      Fixed        the products, if all of them require a separate contract: LTSS, SAP
//	is affected, without a bound  Affected     the same
//	is not affected               NotAffected  ""
//
// A record of CVRF is one update. It has an advisory for every vulnerability in every release and package, with the update among its Updates.
//
// SUSE gives products human-readable names, which the feed maps to the releases in images. A module or an extension belongs to the server
// that it extends.
package suse

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/cvrf"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/suseproduct"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "suse"

// Feed returns the feed of SUSE Linux Enterprise and openSUSE.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: parse,
		Datasets: datasets([]string{
			"suse.linux.enterprise.12-affected.xml.gz", "suse.linux.enterprise.15-affected.xml.gz", "suse.linux.enterprise.16-affected.xml.gz",
			"suse.linux.enterprise.micro.5-affected.xml.gz", "suse.linux.micro.6-affected.xml.gz",
			"opensuse.leap.15.6-affected.xml.gz", "opensuse.leap.16.0-affected.xml.gz", "opensuse.tumbleweed-affected.xml.gz",
		}),
		Discover: discover,
	}
}

// parse recognizes OVAL and CVRF by content. Of OVAL it holds about a third of the document's size in memory.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReaderSize(r, 4096)
		head, err := br.Peek(4096)
		switch {
		case err == io.EOF && len(head) == 0:
			return io.ErrUnexpectedEOF
		case err != nil && len(head) == 0:
			return err
		case strings.Contains(string(head), "<cvrfdoc"):
			d, err := cvrf.Read(br)
			if err != nil {
				return err
			}
			return yield(update(d))
		}
		return oval.Parse(br, func(d *oval.Definition) error { return yield(definition(d)) })
	})
}

// update returns the record of a CVRF document.
func update(d *cvrf.Document) feed.Record {
	if d.ID == "" {
		return feed.Record{Err: fmt.Errorf("%.80q: update without an ID", d.Title)}
	}
	rec := feed.Record{ID: d.ID}
	var errs recordlimit.Errors
	published, err := errata.Time(d.Initial)
	errs.Add(err)
	rec.Modified, err = errata.Time(d.Current)
	errs.Add(err)
	relations := make(map[string]cvrf.Relationship, len(d.Relationships))
	for _, r := range d.Relationships {
		relations[r.ID] = r
	}
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		if v.CVE == "" {
			errs.Add(errors.New("vulnerability without a CVE"))
			continue
		}
		e := errata.Erratum{
			Feed: feedName, ID: d.ID, Summary: d.Title, URLs: d.URLs, Published: published, Modified: rec.Modified,
		}
		s, err := v.Severities(feedName)
		errs.Add(err)
		e.Flaws = []errata.Flaw{{ID: v.CVE, Severities: s}}
		for _, id := range v.Statuses["Fixed"] {
			r, ok := relations[id]
			name, evr, arch := errata.NEVRA(r.Package)
			if !ok || evr == "" {
				errs.Add(fmt.Errorf("%.80q is not a package of a product", id))
				continue
			}
			key := suseproduct.Ecosystem(r.Product)
			key.Name = errata.Name("", evr, name)
			e.Packages = append(e.Packages, errata.Package{Key: key, Arch: arch, Range: matcher.Range{Fixed: evr}})
		}
		fixes := e.Record()
		if err := errors.Join(fixes.Err, recordlimit.Advisories(len(rec.Advisories), 1, len(fixes.Advisories))); err != nil {
			errs.Add(fmt.Errorf("%.40s: %w", v.CVE, err))
			continue
		}
		rec.Advisories = append(rec.Advisories, fixes.Advisories...)
	}
	rec.Err = errs.Err()
	return rec
}
