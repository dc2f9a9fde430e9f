package updateinfo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
	"github.com/hullmark/hullmark/matcher"
)

// An update has the used fields of one element of the document.
type update struct {
	id, typ, title, release, severity string
	issued, updated                   string
	cves, urls                        []string
	packages                          []build
}

// A build is a package of a collection.
type build struct {
	collection, module string
	name, arch, evr    string
}

// read reads the update whose start x has returned.
func read(x *xmlstream.Reader, start *xml.StartElement) (*update, error) {
	u := &update{typ: xmlstream.Attr(start, "type")}
	text := func(to *string) (err error) {
		*to, err = x.Text()
		return err
	}
	_, err := x.Element(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "id":
			return text(&u.id)
		case "title":
			return text(&u.title)
		case "release":
			return text(&u.release)
		case "severity":
			return text(&u.severity)
		case "issued":
			u.issued = xmlstream.Attr(e, "date")
		case "updated":
			u.updated = xmlstream.Attr(e, "date")
		case "references":
			_, err := x.Element(func(e *xml.StartElement) error {
				u.reference(e)
				return nil
			})
			return err
		case "pkglist":
			_, err := x.Element(func(e *xml.StartElement) error {
				if e.Name.Local != "collection" {
					return nil
				}
				return u.collection(x)
			})
			return err
		}
		return nil
	})
	return u, err
}

func (u *update) reference(e *xml.StartElement) {
	if id := xmlstream.Attr(e, "id"); strings.HasPrefix(id, "CVE-") {
		u.cves = append(u.cves, id)
	} else if href := xmlstream.Attr(e, "href"); href != "" {
		u.urls = append(u.urls, href)
	}
}

func (u *update) collection(x *xmlstream.Reader) error {
	var b build
	from := len(u.packages)
	_, err := x.Element(func(e *xml.StartElement) (err error) {
		switch e.Name.Local {
		case "name":
			b.collection, err = x.Text()
		case "module":
			b.module = xmlstream.Attr(e, "name") + ":" + xmlstream.Attr(e, "stream")
		case "package":
			p := build{name: xmlstream.Attr(e, "name"), arch: xmlstream.Attr(e, "arch")}
			p.evr = errata.EVR(xmlstream.Attr(e, "epoch"), xmlstream.Attr(e, "version"), xmlstream.Attr(e, "release"))
			u.packages = append(u.packages, p)
		}
		return err
	})
	for i := from; i < len(u.packages); i++ { // the name and the module may follow the packages
		u.packages[i].collection, u.packages[i].module = b.collection, b.module
	}
	return err
}

func (p publisher) record(u *update) feed.Record {
	e := errata.Erratum{
		Feed: p.name, ID: u.id, Bugfix: u.typ != "security", Summary: u.title, URLs: u.urls,
	}
	var errs recordlimit.Errors
	if u.id == "" {
		return feed.Record{Err: fmt.Errorf("%.80q: update without an ID", u.title)}
	}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{u.issued, &e.Published}, {u.updated, &e.Modified}} {
		var err error
		*t.to, err = errata.Time(t.text)
		errs.Add(err)
	}
	level, err := levels.Parse(u.severity)
	errs.Add(err)
	if u.severity != "" {
		e.Severity = matcher.Severity{Source: p.name, Level: level, Word: u.severity}
	}
	for _, id := range u.cves {
		e.Flaws = append(e.Flaws, errata.Flaw{ID: id})
	}
	for _, b := range u.packages {
		release := p.release(u, b.collection)
		switch {
		case b.name == "" || b.evr == "":
			errs.Add(errors.New("package without a name or version"))
		case release == "":
			errs.Add(fmt.Errorf("no release in the name of collection %.80q", b.collection))
		default:
			key := matcher.Key{Type: "rpm", Namespace: p.id, Release: release}
			key.Name = errata.Name(b.module, b.evr, b.name)
			e.Packages = append(e.Packages, errata.Package{Key: key, Arch: b.arch, Range: matcher.Range{Introduced: lineOf(u.id, b.evr), Fixed: b.evr}})
		}
	}
	rec := e.Record()
	errs.Add(rec.Err)
	rec.Err = errs.Err()
	return rec
}
