// Package gentoo reads the security advisories of Gentoo Linux (GLSA), https://wiki.gentoo.org/wiki/GLSA, which are XML files:
//
//	<glsa id="201709-09">
//	  <title>Subversion: Arbitrary code execution</title>
//	  <announced>2017-09-17</announced><revised count="1">2017-09-17</revised>
//	  <affected><package name="dev-vcs/subversion" auto="yes" arch="*">
//	    <unaffected range="ge">1.9.7</unaffected><unaffected range="rgt">1.8.18</unaffected>
//	    <vulnerable range="lt">1.9.7</vulnerable></package></affected>
//	  <impact type="normal"/>
//	  <references><uri link="https://nvd.nist.gov/vuln/detail/CVE-2017-9800">CVE-2017-9800</uri></references>
//	</glsa>
//
// A [feed.Record] is one file. It has an advisory for each CVE in each package, with the file's ID as an update, because vulnerabilities that
// are fixed at the same time must not become aliases. A file without a CVE has an advisory with its own ID. A key has the PURL type
// "ebuild", with the package's category as the Namespace.
//
// The affected versions are the vulnerable ones that are not unaffected. The comparisons are those of the Package Manager Specification;
// one with an r is about revisions of one version: "rge 1.8.18" is 1.8.18 and its revisions.
//
// A comparison may be about one slot, which neither PURLs nor ranges have. Packages whose slots are lines of versions, such as dev-lang/python,
// name them by the beginning of the version, so that "lt 3.9.1" of slot 3.9 begins at 3.9. Other slots have no lower bound: the range may be too wide
// rather than too narrow. An unaffected version of one slot restricts only comparisons of the same slot, or of none.
package gentoo

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/xmlstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "gentoo"

var fileName = lazyregexp.New(`^glsa-[0-9]{6}-[0-9]{2,}\.xml$`)

// Feed returns the feed of Gentoo Linux. Update fetches a snapshot of the repository of all advisories.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return fileName.MatchString(path.Base(name)) },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz"},
			Covers: []matcher.Key{{Type: "ebuild"}},
		}},
	}
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		x := xmlstream.New(r)
		var g glsa
		err := x.Document("glsa", func(root *xml.StartElement) error {
			g.id = xmlstream.Attr(root, "id")
			return g.read(x)
		})
		if err != nil {
			return err
		}
		return yield(g.record())
	})
}

// A glsa has the used fields of a file.
type glsa struct {
	id, title, announced, revised, impact string

	cves     []string
	urls     []string
	packages []ebuild
}

// An ebuild is a package, and the statements about its versions.
type ebuild struct {
	name                   string
	vulnerable, unaffected []comparison
}

// A comparison is a set of versions of a slot, or of all slots.
type comparison struct{ op, version, slot string }

var cve = lazyregexp.New(`CVE-[0-9]{4}-[0-9]{4,}`)

func (g *glsa) read(x *xmlstream.Reader) error {
	text := func(to *string) (err error) {
		*to, err = x.Text()
		return err
	}
	_, err := x.Element(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "title":
			return text(&g.title)
		case "announced":
			return text(&g.announced)
		case "revised":
			return text(&g.revised)
		case "impact":
			g.impact = xmlstream.Attr(e, "type")
		case "affected":
			_, err := x.Element(func(e *xml.StartElement) error {
				if e.Name.Local != "package" {
					return nil
				}
				p, err := readPackage(x, e)
				g.packages = append(g.packages, p)
				return err
			})
			return err
		case "references":
			_, err := x.Element(func(e *xml.StartElement) error {
				link := xmlstream.Attr(e, "link")
				name, err := x.Text()
				if id := cve.FindString(name); id != "" {
					g.cves = append(g.cves, id)
				} else if id := cve.FindString(link); id != "" && strings.HasSuffix(link, id) {
					g.cves = append(g.cves, id)
				} else if strings.HasPrefix(link, "http") {
					g.urls = append(g.urls, link)
				}
				return err
			})
			return err
		}
		return nil
	})
	return err
}

func readPackage(x *xmlstream.Reader, start *xml.StartElement) (ebuild, error) {
	p := ebuild{name: xmlstream.Attr(start, "name")}
	_, err := x.Element(func(e *xml.StartElement) error {
		c := comparison{op: xmlstream.Attr(e, "range"), slot: xmlstream.Attr(e, "slot")}
		var err error
		c.version, err = x.Text()
		if v, slot, ok := strings.Cut(c.version, ":"); ok { // "6.9.3:6"
			c.version, c.slot = v, cmp.Or(c.slot, slot)
		}
		if c.slot == "*" {
			c.slot = ""
		}
		switch e.Name.Local {
		case "vulnerable":
			p.vulnerable = append(p.vulnerable, c)
		case "unaffected":
			p.unaffected = append(p.unaffected, c)
		}
		return err
	})
	return p, err
}

// impacts are the levels of the words for the impact of a file.
var impacts = map[string]matcher.Level{"minimal": matcher.Low, "low": matcher.Low, "medium": matcher.Medium, "normal": matcher.Medium, "high": matcher.High}

func (g *glsa) record() feed.Record {
	if g.id == "" {
		return feed.Record{Err: errors.New("file without an id")}
	}
	id := "GLSA-" + g.id
	rec := feed.Record{ID: id}
	var errs recordlimit.Errors
	base := matcher.Advisory{Feed: feedName, Updates: []string{id}, Summary: g.title, URLs: g.urls}
	var err error
	base.Published, err = errata.Time(g.announced)
	errs.Add(err)
	revised, _, _ := strings.Cut(g.revised, ":") // "2006-12-20: 02" of old files
	base.Modified, err = errata.Time(revised)
	errs.Add(err)
	rec.Modified = base.Modified
	if g.impact != "" {
		level, ok := impacts[g.impact]
		if !ok {
			errs.Add(fmt.Errorf("unknown impact %.40q", g.impact))
		}
		base.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: g.impact}}
	}
	slices.Sort(g.cves)
	ids := slices.Compact(g.cves)
	if len(ids) == 0 {
		ids = []string{id}
	}
	if err := recordlimit.Advisories(0, len(ids), len(g.packages)); err != nil {
		rec.Err = err
		return rec
	}
	for _, p := range g.packages {
		category, name, ok := strings.Cut(p.name, "/")
		if !ok || category == "" || name == "" {
			errs.Add(fmt.Errorf("%.80q is not the name of a package", p.name))
			continue
		}
		a := base
		a.Key = matcher.PackageKey("ebuild", category, name)
		a.Ranges, err = p.ranges()
		if err != nil {
			errs.Add(fmt.Errorf("%.80s: %w", p.name, err))
		}
		switch {
		case len(a.Ranges) > 0:
		case len(p.vulnerable) == 0 && err == nil:
			a.Status, a.Updates = matcher.NotAffected, nil // a file that was corrected
		default:
			continue // no version is both vulnerable and not unaffected
		}
		fixed := len(a.Ranges) > 0 && !slices.ContainsFunc(a.Ranges, func(r matcher.Range) bool { return r.Fixed == "" })
		if fix := p.fix(); fixed {
			a.Status = matcher.Fixed
		} else if fix != "" && len(a.Ranges) > 0 {
			a.Reason = "unaffected since " + fix
		}
		for _, a.ID = range ids {
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	rec.Err = errs.Err()
	return rec
}
