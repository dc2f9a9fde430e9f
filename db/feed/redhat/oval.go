package redhat

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

var (
	erratum   = lazyregexp.New(`^RH[SBE]A-[0-9]{4}:[0-9]+`)
	flaw      = lazyregexp.New(`^CVE-[0-9]{4}-[0-9]{4,}`)
	installed = lazyregexp.New(`^Red Hat Enterprise Linux ([0-9]+)(?: \S+)? is installed$`)
	kernel    = lazyregexp.New(` is (?:currently running|set to boot up on next boot)$`)
)

// definition returns the record of a definition of class patch or vulnerability.
func definition(d *oval.Definition) feed.Record {
	rules := &oval.Rules{
		Product: func(c *oval.Criterion) (matcher.Key, bool) {
			m := installed.FindStringSubmatch(c.Comment)
			if m == nil {
				return matcher.Key{}, false
			}
			return matcher.Key{Type: "rpm", Namespace: "rhel", Release: layered(d, m[1])}, true
		},
		Ignore: func(c *oval.Criterion) bool {
			return kernel.MatchString(c.Comment) || c.Comment == "Red Hat Enterprise Linux must be installed" ||
				strings.HasPrefix(c.Comment, "Red Hat CoreOS ")
		},
	}
	title, unaffected := strings.CutPrefix(d.Title, "Unaffected components for: ")
	id := cmp.Or(erratum.FindString(title), flaw.FindString(title))
	if id == "" {
		return feed.Record{ID: d.ID, Err: fmt.Errorf("neither an advisory nor a CVE in the title %.80q", d.Title)}
	}
	var errs recordlimit.Errors
	e, packages := d.PatchErratum(feedName, id, rules, &errs)
	for _, p := range packages {
		e.Packages = append(e.Packages, p.Package)
	}
	e.Bugfix = strings.HasPrefix(id, "RHBA") || strings.HasPrefix(id, "RHEA")
	rec := e.Record()
	errs.Add(rec.Err)
	if flaw.MatchString(id) {
		rec = unpatched(d, e, packages, unaffected)
	}
	rec.Err = errs.Err()
	return rec
}

// layered returns the release of a definition's packages on a major version of RHEL: that of RHEL, or of a product that is installed on it.
func layered(d *oval.Definition, major string) string {
	other := ""
	for _, cpe := range d.CPEs {
		p, ok := rhel.ProductOf(cpe)
		if !ok {
			continue
		}
		if p.Release == major {
			return major
		}
		if strings.HasPrefix(p.Release, major+"/") {
			other = p.Release
		}
	}
	return cmp.Or(other, major)
}

// unpatched returns the record of a definition that lists packages without a fix, or packages that are not affected.
func unpatched(d *oval.Definition, e *errata.Erratum, packages []oval.Package, unaffected bool) feed.Record {
	rec := feed.Record{ID: e.ID, Modified: e.Modified}
	severities := []matcher.Severity{e.Severity}
	if e.Severity == (matcher.Severity{}) {
		severities = nil
	}
	seen := make(map[matcher.Key]bool)
	for _, p := range packages {
		if seen[p.Key] {
			continue
		}
		seen[p.Key] = true
		a := matcher.Advisory{
			ID: e.ID, Key: p.Key, Severities: severities, Summary: e.Summary, URLs: e.URLs, Feed: feedName, Published: e.Published, Modified: e.Modified,
		}
		for _, c := range []string{p.Name, p.Key.Name} {
			if state, ok := d.Resolutions[c]; ok {
				a.Status, a.Reason = unfixed(state)
			}
		}
		if unaffected {
			a.Status, a.Reason = matcher.NotAffected, ""
		} else if p.Range != (matcher.Range{}) {
			a.Ranges = []matcher.Range{p.Range}
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	return rec
}
