package suse

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/suseproduct"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

var (
	cveID     = lazyregexp.New(`CVE-[0-9]{4}-[0-9]{4,}`)
	installed = lazyregexp.New(`^((?:(?:open)?SUSE|Open Enterprise Server) .*) is installed$`)
	pattern   = lazyregexp.New(`^\^?([0-9]+(?:\.[0-9]+)?)\$?$`)
)

func product(c *oval.Criterion) (matcher.Key, bool) {
	if m := installed.FindStringSubmatch(c.Comment); m != nil {
		return suseproduct.Ecosystem(m[1]), true
	}
	if t := c.Test; t != nil && strings.HasPrefix(t.Name, "openSUSE-release") { // a form from before 2012
		if m := pattern.FindStringSubmatch(t.State.Version); m != nil {
			return suseproduct.Ecosystem("openSUSE " + m[1]), true
		}
	}
	return matcher.Key{}, false
}

// definition returns the record of an OVAL definition.
func definition(d *oval.Definition) feed.Record {
	title := strings.TrimSpace(d.Title)
	var errs recordlimit.Errors
	e, packages := d.PatchErratum(feedName, title, &oval.Rules{Product: product}, &errs)
	for i := range e.Flaws { // "Mitre CVE-2021-29154" in references
		e.Flaws[i].ID = cmp.Or(cveID.FindString(e.Flaws[i].ID), e.Flaws[i].ID)
	}
	updates := []string{title}
	if id := cveID.FindString(title); id != "" {
		updates = updatesOf(d)
		e.Flaws = slices.DeleteFunc(e.Flaws, func(f errata.Flaw) bool { return f.ID != id })
		if len(e.Flaws) == 0 {
			e.Flaws = []errata.Flaw{{ID: id}}
		}
		e.Flaws = e.Flaws[:1]
		e.ID = id
	}
	rec := feed.Record{ID: e.ID, Modified: e.Modified}
	if len(e.Flaws) == 0 {
		errs.Add(errors.New("no CVE"))
	}
	list, err := statements(packages)
	errs.Add(err)
	if err := recordlimit.Advisories(0, len(e.Flaws), len(list)); err != nil {
		errs.Add(err)
		list = nil
	}
	for _, f := range e.Flaws {
		for _, s := range list {
			a := matcher.Advisory{
				ID: f.ID, Key: s.key, Status: s.status, Ranges: s.ranges, Reason: s.reason, Severities: f.Severities,
				Summary: e.Summary, URLs: e.URLs, Feed: feedName, Published: e.Published, Modified: e.Modified,
			}
			if len(s.ranges) > 0 {
				a.Updates = updates
			}
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	rec.Err = errs.Err()
	return rec
}

// A statement joins the statements of all products of a release about a package.
type statement struct {
	key      matcher.Key
	status   matcher.Status
	ranges   []matcher.Range
	reason   string
	products []string // the restricted products
	public   bool     // some product is not restricted
	all      bool     // all versions are affected in some product
}

// maxProducts bounds the number of different ranges and of restricted products of a package. A release has about ten products.
const maxProducts = errata.MaxRanges

// statements joins the packages with the same key. A statement has the ranges of all products, because a machine may have any of them. A
// package that is affected in one product and not affected in another is affected. The error reports packages with more than maxProducts ranges
// or restricted products; their statements have the first ones.
func statements(packages []oval.Package) ([]*statement, error) {
	var errs recordlimit.Errors
	byKey := make(map[matcher.Key]*statement)
	for _, p := range packages {
		s := byKey[p.Key]
		if s == nil {
			s = &statement{key: p.Key, status: matcher.NotAffected}
			byKey[p.Key] = s
		}
		name := strings.TrimSuffix(p.Product, " is installed")
		switch {
		case p.NotAffected:
			continue
		case p.Range == (matcher.Range{}):
			s.all = true
		case !slices.Contains(s.ranges, p.Range):
			s.ranges = append(s.ranges, p.Range)
		}
		if !suseproduct.Restricted(name) {
			s.public = true
		} else if !slices.Contains(s.products, name) {
			s.products = append(s.products, name)
		}
		if max(len(s.ranges), len(s.products)) > maxProducts {
			errs.Add(fmt.Errorf("%.80s: more than %d ranges or products: %w", p.Name, maxProducts, feed.ErrTooLarge))
			s.ranges, s.products = s.ranges[:min(len(s.ranges), maxProducts)], s.products[:min(len(s.products), maxProducts)]
		}
	}
	var out []*statement
	for _, s := range byKey {
		switch unfixed := func(r matcher.Range) bool { return r.Fixed == "" }; {
		case s.all:
			s.status, s.ranges = matcher.Affected, nil
		case slices.ContainsFunc(s.ranges, unfixed):
			s.status = matcher.Affected
		case len(s.ranges) > 0:
			s.status = matcher.Fixed
		}
		if !s.public {
			slices.Sort(s.products)
			s.reason = strings.Join(s.products, ", ")
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *statement) int { return matcher.CompareKeys(a.key, b.key) })
	return out, errs.Err()
}

// updatesOf returns the updates among the references of a definition.
func updatesOf(d *oval.Definition) []string {
	var ids []string
	for _, r := range d.References {
		ids = append(ids, r.ID)
	}
	return updateid.Among(ids)
}
