package secdb

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// A flaw is one vulnerability in one package.
type flaw struct {
	id      string
	aliases []string
	fixes   []string // versions; "0" if the package was never affected
}

// entry yields the records of a package that was decoded with an error.
func (d *document) entry(e *entry, bad error) error {
	name := e.Pkg.Name
	if name == "" {
		bad = errors.Join(bad, errors.New("package without a name"))
		e.Pkg.Secfixes = nil
	}
	if bad != nil {
		if name != "" {
			bad = fmt.Errorf("%s: %w", name, bad)
		}
		if err := d.yield(feed.Record{Err: bad}); err != nil {
			return err
		}
	}
	flaws, unnamed := flawsOf(e.Pkg.Secfixes)
	for _, version := range unnamed {
		if err := d.yield(feed.Record{Err: fmt.Errorf("%s: %s: no identifiers", name, version)}); err != nil {
			return err
		}
	}
	for _, f := range flaws {
		a := matcher.Advisory{ID: f.id, Aliases: f.aliases, Key: d.key(d.release, name), Feed: d.id}
		rec := feed.Record{ID: f.id}
		if err := f.fill(&a, "apk"); err != nil {
			rec.Err = fmt.Errorf("%s: %w", name, err)
		}
		rec.Advisories = []matcher.Advisory{a}
		if err := d.yield(rec); err != nil {
			return err
		}
	}
	return nil
}

// fill sets the ranges and the status of an advisory. The error reports fixes that are not versions, which the ranges still contain.
func (f *flaw) fill(a *matcher.Advisory, typ string) error {
	scheme, _ := version.For(typ)
	var errs recordlimit.Errors
	for _, fix := range f.fixes {
		if fix == "0" {
			continue
		}
		if _, err := scheme.Parse(fix); err != nil {
			errs.Add(err)
		}
		a.Ranges = append(a.Ranges, matcher.Range{Fixed: fix})
	}
	if len(a.Ranges) > 1 && errs.Err() == nil && typ == "apk" {
		a.Ranges = affectedRanges(a.Ranges, scheme)
	}
	a.Status = matcher.Fixed
	if len(a.Ranges) == 0 {
		a.Status = matcher.NotAffected
	}
	return errs.Err()
}

// affectedRanges returns the affected versions of a package with several fixes. The first fix of an upstream version holds for its later revisions,
// unless one of them fixes the vulnerability again, because the first fix was incomplete. A later fix of another upstream version means that
// the versions in between are affected: the upgrade lost the first fix.
func affectedRanges(fixes []matcher.Range, scheme version.Scheme) (ranges []matcher.Range) {
	slices.SortStableFunc(fixes, func(a, b matcher.Range) int {
		v, _ := scheme.Parse(a.Fixed)
		w, _ := scheme.Parse(b.Fixed)
		return v.Compare(w)
	})
	begin := ""
	for i, r := range fixes {
		if i+1 < len(fixes) && upstream(fixes[i+1].Fixed) == upstream(r.Fixed) {
			continue
		}
		ranges = append(ranges, matcher.Range{Introduced: begin, Fixed: r.Fixed})
		begin = upstream(r.Fixed) + "_cvs" // after all revisions, and before all other later versions
	}
	return ranges
}

var revision = lazyregexp.New(`-r[0-9]+$`)

// upstream returns a version without its revision.
func upstream(v string) string { return v[:len(v)-len(revision.FindString(v))] }

// cve matches a CVE identifier at the beginning of a word. Some packages number the patches for a CVE: "CVE-2017-17434-1".
var cve = lazyregexp.New(`^CVE[-_][0-9]{4}-[0-9]{4,}`)

// flawsOf returns the vulnerabilities in secfixes, sorted by ID, and the versions that name none.
func flawsOf(secfixes map[string][]string) (flaws []*flaw, unnamed []string) {
	byID := make(map[string]*flaw)
	beside := make(map[string]map[string]bool) // IDs of the flaws that share an item with an alias
	for fix, items := range secfixes {
		named := false
		for _, item := range items {
			ids, others := identifiers(item)
			for _, id := range ids {
				named = true
				f := byID[id]
				if f == nil {
					f = &flaw{id: id}
					byID[id] = f
				}
				if !slices.Contains(f.fixes, fix) {
					f.fixes = append(f.fixes, fix)
				}
				for _, o := range others {
					if beside[o] == nil {
						beside[o] = make(map[string]bool)
					}
					beside[o][id] = true
				}
			}
		}
		if !named {
			unnamed = append(unnamed, fix)
		}
	}
	addAliases(byID, beside)
	for _, f := range byID {
		slices.Sort(f.fixes)
		slices.Sort(f.aliases)
		flaws = append(flaws, f)
	}
	slices.SortFunc(flaws, func(a, b *flaw) int { return cmp.Compare(a.id, b.id) })
	slices.Sort(unnamed)
	return flaws, unnamed
}

// addAliases adds identifiers that share items with one flaw only to the aliases of that flaw.
func addAliases(byID map[string]*flaw, beside map[string]map[string]bool) {
	for o, ids := range beside {
		for id := range ids {
			if len(ids) == 1 && byID[o] == nil {
				byID[id].aliases = append(byID[id].aliases, o)
			}
		}
	}
}

// identifiers returns the vulnerabilities that an item names, and their other identifiers. If no word is a CVE, the first word that looks
// like an identifier names the vulnerability.
func identifiers(item string) (ids, others []string) {
	for _, word := range strings.Fields(item) {
		word = strings.Trim(word, "(),;")
		switch id := cve.FindString(word); {
		case id != "":
			id = strings.Replace(id, "CVE_", "CVE-", 1)
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		case strings.ContainsAny(word, "0123456789") && strings.Contains(word, "-"):
			others = append(others, word)
		}
	}
	if len(ids) == 0 && len(others) > 0 {
		ids, others = others[:1], others[1:]
	}
	if len(ids) == 0 {
		if s := strings.TrimSpace(item); s != "" {
			return []string{s}, nil
		}
		return nil, nil
	}
	return ids, others
}
