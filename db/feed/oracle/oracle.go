// Package oracle reads the OVAL definitions of Oracle Linux, https://linux.oracle.com/security/oval/.
//
// A [feed.Record] is one definition, which stands for an erratum (ELSA-2021-9362). It has an advisory for every CVE in every
// package, whose Reason is the erratum, and the severity in the CVE's own vectors and the erratum's word.
//
// Oracle builds some packages in flavours with fixes and versions of their own: those of Ksplice, which are patched while
// they run (2:1.1.1g-15.ksplice1.el8_3), and those that were validated for FIPS 140. Now and then it builds an update anew for
// one architecture only. Both are kept apart by internal/rpmname.
//
// The Unbreakable Enterprise Kernel has a line of versions for each of its releases, all in the package kernel-uek of one
// release of Oracle Linux: 4.14 and 5.4 in 7. A fix in one line says nothing about another, so that its range begins with
// the line.
package oracle

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "oracle"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".xml" },
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "ol"}},
		}},
	}
}

// Parse yields the definitions of a document, in its order. What it holds in memory until the document's end is about a third
// of the document's size.
//
// The error of a definition is a [feed.RecordError] with the erratum; it comes with what was understood. Any other error, of
// r or of XML syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		for d, err := range oval.Parse(r) {
			if err != nil {
				yield(feed.Record{}, fmt.Errorf("oracle: %w", err))
				return
			}
			if !yield(record(d)) {
				return
			}
		}
	}
}

var (
	erratum = regexp.MustCompile(`^EL[SBE]A-[0-9]{4}-[0-9]+(-[0-9]+)?`)
	product = regexp.MustCompile(`^Oracle Linux ([0-9]+) is installed$`)
	arch    = regexp.MustCompile(`^Oracle Linux arch is (\S+)$`)
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
		Ignore: func(c *oval.Criterion) bool { return strings.HasSuffix(c.Comment, " is ksplice-based") }, // as its version says
	}
}

// record turns a definition into a record. The error joins what was not understood.
func record(d *oval.Definition) (feed.Record, error) {
	id := erratum.FindString(d.Title)
	for _, r := range d.References {
		if id == "" && erratum.MatchString(r.ID) {
			id = r.ID
		}
	}
	if id == "" {
		return feed.Record{ID: d.ID}, feed.Errorf(d.ID, "%.80q: no erratum", d.Title)
	}
	e, err := d.Erratum(Name, id)
	errs := []error{err}
	e.Bugfix = !strings.HasPrefix(id, "ELSA-")
	packages, err := d.Packages(rules())
	errs = append(errs, err)
	for _, p := range packages {
		if strings.HasPrefix(p.Name, "kernel-uek") {
			p.Range.Introduced = line(p.Range.Fixed)
		}
		e.Packages = append(e.Packages, p.Package)
	}
	if len(packages) == 0 {
		errs = append(errs, errors.New("no packages"))
	}
	rec := e.Record()
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: id, Err: err}
	}
	return rec, nil
}

// line returns the version that a kernel's line begins with: "0:5.4" of "0:5.4.17-2136.300.7.el8uek".
func line(evr string) string {
	version, _, _ := strings.Cut(evr, "-")
	major, rest, _ := strings.Cut(version, ".")
	minor, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	return major + "." + minor
}
