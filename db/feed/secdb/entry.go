package secdb

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// A flaw is one vulnerability in one package.
type flaw struct {
	id      string
	aliases []string
	fixes   []string // versions; "0" where it was never affected
}

// entry yields the records of a package, which was decoded with err.
func (d *document) entry(e *entry, err error) error {
	name := e.Pkg.Name
	if name == "" {
		err = errors.Join(err, errors.New("a package without a name"))
		e.Pkg.Secfixes = nil
	}
	if err != nil && !d.yield(feed.Record{}, &feed.RecordError{ID: name, Err: err}) {
		return errStopped
	}
	flaws, bad := flawsOf(e.Pkg.Secfixes)
	for _, b := range bad {
		if !d.yield(feed.Record{}, feed.Errorf(name+": "+b, "no identifiers")) {
			return errStopped
		}
	}
	for _, f := range flaws {
		a := matcher.Advisory{ID: f.id, Aliases: f.aliases, Key: d.key(d.release, name), Feed: d.id}
		err := f.fill(&a, "apk")
		if err != nil {
			err = &feed.RecordError{ID: name + ": " + f.id, Err: err}
		}
		if !d.yield(feed.Record{ID: f.id, Advisories: []matcher.Advisory{a}}, err) {
			return errStopped
		}
	}
	return nil
}

// fill says in which versions a is affected. The error names those that are none; they are kept.
func (f *flaw) fill(a *matcher.Advisory, typ string) error {
	scheme, _ := version.For(typ)
	var errs []error
	for _, fix := range f.fixes {
		if fix == "0" {
			continue
		}
		if _, err := scheme.Parse(fix); err != nil {
			errs = append(errs, err)
		}
		a.Ranges = append(a.Ranges, matcher.Range{Fixed: fix})
	}
	a.Status = matcher.Fixed
	if len(a.Ranges) == 0 {
		a.Status = matcher.NotAffected
	}
	return errors.Join(errs...)
}

// cve finds a CVE identifier at the beginning of a word: some packages number the patches of one, "CVE-2017-17434-1".
var cve = regexp.MustCompile(`^CVE[-_][0-9]{4}-[0-9]{4,}`)

// flawsOf returns what is said in secfixes, sorted by ID, and the versions that name nothing.
func flawsOf(secfixes map[string][]string) (flaws []*flaw, bad []string) {
	byID := make(map[string]*flaw)
	beside := make(map[string]map[string]bool) // of an alias, the flaws that it stands beside
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
			bad = append(bad, fix)
		}
	}
	for o, ids := range beside {
		for id := range ids {
			if len(ids) == 1 && byID[o] == nil {
				byID[id].aliases = append(byID[id].aliases, o)
			}
		}
	}
	for _, f := range byID {
		slices.Sort(f.fixes)
		slices.Sort(f.aliases)
		flaws = append(flaws, f)
	}
	slices.SortFunc(flaws, func(a, b *flaw) int { return cmp.Compare(a.id, b.id) })
	slices.Sort(bad)
	return flaws, bad
}

// identifiers reads one item: the vulnerabilities that it names, and what they are called besides. If no word is a CVE, the
// first that is an identifier of anybody names the vulnerability.
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
