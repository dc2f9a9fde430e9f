// Package suse reads what SUSE publishes about SUSE Linux Enterprise and openSUSE,
// https://ftp.suse.com/pub/projects/security/: OVAL definitions for each product, and CVRF documents for each update.
//
// In OVAL, a [feed.Record] is one definition, which is about one vulnerability in many products (class "vulnerability") or
// stands for one update (class "patch"). It has an advisory for every release and package:
//
//	SUSE                          Status       Reason
//	is less than 4.12.14-197      Fixed        the products, if all are of use only to those with a contract of their own: LTSS, SAP
//	is affected, without a bound  Affected     the same
//	is not affected               NotAffected  ""
//
// In CVRF a record is one update, which has an advisory for every vulnerability in every release and package; the reason
// is the update.
//
// Products are named for people to read, and mapped to the releases that images name; a module or an extension belongs to the
// server that it extends.
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
	"github.com/hullmark/hullmark/matcher"
)

// Name is the name of the feed.
const Name = "suse"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: Parse,
		Datasets: []feed.Dataset{
			source("sles", []string{"suse.linux.enterprise.server.12", "suse.linux.enterprise.server.15"}, "sles", "sled", "sle_hpc"),
			source("micro", []string{"suse.linux.enterprise.micro.5", "suse.linux.micro.6.0", "suse.linux.micro.6.1"}, "sle-micro", "sl-micro"),
			source("leap", []string{"opensuse.leap.15.5", "opensuse.leap.15.6"}, "opensuse-leap"),
			source("tumbleweed", []string{"opensuse.tumbleweed"}, "opensuse-tumbleweed"),
		},
	}
}

// source returns a source of OVAL definitions.
func source(name string, documents []string, namespaces ...string) feed.Dataset {
	s := feed.Dataset{Name: name}
	for _, d := range documents {
		s.URLs = append(s.URLs, "https://ftp.suse.com/pub/projects/security/oval/"+d+".xml.bz2")
	}
	for _, n := range namespaces {
		s.Covers = append(s.Covers, matcher.Key{Type: "rpm", Namespace: n})
	}
	return s
}

// Parse yields the records of a document, OVAL or CVRF by its content, in its order. What it holds of OVAL in memory until the
// document's end is about a third of the document's size.
//
// The error of a record is a [feed.RecordError]; it comes with what was understood. Any other error, of r or of XML syntax, is
// the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		br := bufio.NewReaderSize(r, 4096)
		head, err := br.Peek(4096)
		if err != nil && len(head) == 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			yield(feed.Record{}, fmt.Errorf("suse: %w", err))
			return
		}
		if strings.Contains(string(head), "<cvrfdoc") {
			d, err := cvrf.Read(br)
			if err != nil {
				yield(feed.Record{}, fmt.Errorf("suse: %w", err))
				return
			}
			yield(update(d))
			return
		}
		for d, err := range oval.Parse(br) {
			if err != nil {
				yield(feed.Record{}, fmt.Errorf("suse: %w", err))
				return
			}
			if !yield(definition(d)) {
				return
			}
		}
	}
}

// update turns a CVRF document into a record.
func update(d *cvrf.Document) (feed.Record, error) {
	if d.ID == "" {
		return feed.Record{}, feed.Errorf(d.Title, "an update without ID")
	}
	rec := feed.Record{ID: d.ID}
	var errs []error
	published, err := errata.Time(d.Initial)
	errs = append(errs, err)
	rec.Modified, err = errata.Time(d.Current)
	errs = append(errs, err)
	relations := make(map[string]cvrf.Relationship, len(d.Relationships))
	for _, r := range d.Relationships {
		relations[r.ID] = r
	}
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		if v.CVE == "" {
			errs = append(errs, errors.New("a vulnerability without CVE"))
			continue
		}
		e := errata.Erratum{
			Feed: Name, ID: d.ID, Summary: d.Title, URLs: d.URLs, Published: published, Modified: rec.Modified,
		}
		s, err := v.Severities(Name)
		errs = append(errs, err)
		e.Flaws = []errata.Flaw{{ID: v.CVE, Severities: s}}
		for _, id := range v.Statuses["Fixed"] {
			r, ok := relations[id]
			name, evr, arch := errata.NEVRA(r.Package)
			if !ok || evr == "" {
				errs = append(errs, fmt.Errorf("%.80q: no package of a product", id))
				continue
			}
			key := ecosystem(r.Product)
			key.Name = errata.Name("", evr, name)
			e.Packages = append(e.Packages, errata.Package{Key: key, Arch: arch, Range: matcher.Range{Fixed: evr}})
		}
		rec.Advisories = append(rec.Advisories, e.Record().Advisories...)
	}
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: d.ID, Err: err}
	}
	return rec, nil
}
