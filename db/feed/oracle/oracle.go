// Package oracle reads the OVAL definitions of Oracle Linux, https://linux.oracle.com/security/oval/.
//
// A [feed.Record] is one definition, which stands for an erratum (ELSA-2021-9362). It has an advisory for every CVE in every package, with the
// erratum as an update. The severity has the CVE's vectors and the erratum's word.
//
// Oracle builds some packages in flavours that have their own fixes and versions: Ksplice packages, which are patched while they run
// (2:1.1.1g-15.ksplice1.el8_3), and packages that were validated for FIPS 140. Sometimes Oracle rebuilds an update for only one
// architecture. internal/rpmname keeps both apart.
//
// The Unbreakable Enterprise Kernel has a line of versions for each of its releases. One release of Oracle Linux has several lines in the
// package kernel-uek: 4.14 and 5.4 in 7. A fix in one line says nothing about another, so the range of a fix begins with its line.
package oracle

import (
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "oracle"

// Feed returns the feed of Oracle Linux.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "ol"}},
		}},
	}
}

// parse holds about a third of the document's size in memory.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		return oval.Parse(r, func(d *oval.Definition) error { return yield(record(d)) })
	})
}

var (
	erratum = lazyregexp.New(`^EL[SBE]A-[0-9]{4}-[0-9]+(-[0-9]+)?`)
	product = lazyregexp.New(`^Oracle Linux ([0-9]+) is installed$`)
	arch    = lazyregexp.New(`^Oracle Linux arch is (\S+)$`)
)

func rules() *oval.Rules {
	return &oval.Rules{
		Product: func(c *oval.Criterion) (matcher.Key, bool) {
			m := product.FindStringSubmatch(c.Comment)
			if m == nil {
				return matcher.Key{}, false
			}
			return matcher.Key{Type: "rpm", Namespace: "ol", Release: distro.ReleaseOf("ol", m[1], "")}, true
		},
		Arch: func(comment string) (string, bool) {
			m := arch.FindStringSubmatch(comment)
			if m == nil {
				return "", false
			}
			return m[1], true
		},
		Ignore: func(c *oval.Criterion) bool { return strings.HasSuffix(c.Comment, " is ksplice-based") }, // its version tells
	}
}

func record(d *oval.Definition) feed.Record {
	id := erratum.FindString(d.Title)
	for _, r := range d.References {
		if id == "" && erratum.MatchString(r.ID) {
			id = r.ID
		}
	}
	if id == "" {
		return feed.Record{ID: d.ID, Err: fmt.Errorf("no erratum in the title %.80q", d.Title)}
	}
	var errs recordlimit.Errors
	e, packages := d.PatchErratum(feedName, id, rules(), &errs)
	e.Bugfix = !strings.HasPrefix(id, "ELSA-")
	for _, p := range packages {
		if strings.HasPrefix(p.Name, "kernel-uek") {
			p.Range.Introduced = line(p.Range.Fixed)
		}
		e.Packages = append(e.Packages, p.Package)
	}
	rec := e.Record()
	errs.Add(rec.Err)
	rec.Err = errs.Err()
	return rec
}

// line returns the first version of a kernel's line: "0:5.4" for "0:5.4.17-2136.300.7.el8uek".
func line(evr string) string {
	version, _, _ := strings.Cut(evr, "-")
	major, rest, _ := strings.Cut(version, ".")
	minor, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	return major + "." + minor
}
