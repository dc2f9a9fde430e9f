// Package errata turns the update notices of RPM distributions into records. A notice fixes any number of vulnerabilities in any number
// of packages.
package errata

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// An Erratum is one notice.
type Erratum struct {
	Feed, ID  string
	Bugfix    bool             // published as a bug fix or an enhancement: without Flaws it has no advisories
	Flaws     []Flaw           // the vulnerabilities that it fixes
	Severity  matcher.Severity // of the erratum; zero if it is unknown
	Packages  []Package
	Summary   string
	URLs      []string
	Published time.Time
	Modified  time.Time
	Status    matcher.Status // of packages without a fix
}

// A Flaw is a vulnerability that an erratum fixes.
type Flaw struct {
	ID         string // "CVE-2021-3520"
	Severities []matcher.Severity
}

// A Package is a build of a package in which an erratum fixes its flaws.
type Package struct {
	Key  matcher.Key
	Arch string // of the build, if the erratum has several
	matcher.Range
}

// Record returns the record of the erratum, with an advisory for every flaw in every package. The erratum is an update of each advisory,
// because flaws that are fixed at the same time must not become aliases of one another. If the erratum names no flaws, its own ID stands
// for one, unless it is a bug fix. If it names too many, Record returns an empty record and an error.
//
// If the erratum has several builds of a package, each contains the fix, so the lowest version counts. If they differ by architecture,
// the advisories have names of their own, see internal/rpmname.
func (e *Erratum) Record() feed.Record {
	rec := feed.Record{ID: e.ID, Modified: e.Modified}
	flaws, updates := e.Flaws, []string{e.ID}
	if len(flaws) == 0 {
		if e.Bugfix {
			return rec
		}
		flaws = []Flaw{{ID: e.ID}}
	}
	packages, err := Split(e.Packages)
	if err == nil {
		err = recordlimit.Advisories(0, len(flaws), len(packages))
	}
	if err != nil {
		rec.Err = err
		return rec
	}
	for _, f := range flaws {
		for _, p := range packages {
			a := matcher.Advisory{
				ID: f.ID, Key: p.Key, Ranges: p.Ranges, Status: e.Status, Updates: updates, Severities: f.Severities,
				Summary: e.Summary, URLs: e.URLs, Feed: e.Feed, Published: e.Published, Modified: e.Modified,
			}
			if fixed(p.Ranges) {
				a.Status = matcher.Fixed
			}
			if e.Severity != (matcher.Severity{}) && len(f.Severities) == 0 {
				a.Severities = []matcher.Severity{e.Severity}
			}
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	return rec
}

func fixed(ranges []matcher.Range) bool {
	return len(ranges) > 0 && !slices.ContainsFunc(ranges, func(r matcher.Range) bool { return r.Fixed == "" })
}

// A Keyed has the affected ranges of one key.
type Keyed struct {
	Key    matcher.Key
	Ranges []matcher.Range
}

// MaxRanges bounds the ranges of one package in one notice. Real packages have a handful: one for each line of versions.
const MaxRanges = 1000

// Split joins the packages with the same key, and sorts by key. It fails if a package has more than MaxRanges ranges.
func Split(packages []Package) ([]Keyed, error) {
	byKey := make(map[matcher.Key]map[string][]matcher.Range)
	for _, p := range packages {
		byArch := byKey[p.Key]
		if byArch == nil {
			byArch = make(map[string][]matcher.Range)
			byKey[p.Key] = byArch
		}
		if p.Arch == "src" || p.Arch == "nosrc" {
			p.Arch = "noarch" // the source package of all architectures
		}
		if byArch[p.Arch] = insert(byArch[p.Arch], p.Range); len(byArch[p.Arch]) > MaxRanges {
			return nil, fmt.Errorf("%.80s: more than %d ranges: %w", p.Key.Name, MaxRanges, limit.ErrExceeded)
		}
	}
	var out []Keyed
	for key, byArch := range byKey {
		for arch, ranges := range byArch {
			if arch == "noarch" || arch == "" {
				continue
			}
			if same(byArch) {
				byArch = map[string][]matcher.Range{"": ranges}
				break
			}
		}
		for arch, ranges := range byArch {
			k := key
			if arch != "noarch" && arch != "" {
				k.Name = rpmname.Flavour(arch, key.Name)
			}
			out = append(out, Keyed{k, ranges})
		}
	}
	slices.SortFunc(out, func(a, b Keyed) int { return matcher.CompareKeys(a.Key, b.Key) })
	return out, nil
}

// same reports whether all architectures have the same ranges.
func same(byArch map[string][]matcher.Range) bool {
	var first []matcher.Range
	for _, ranges := range byArch {
		if first == nil {
			first = ranges
		}
		if !slices.Equal(first, ranges) {
			return false
		}
	}
	return true
}

// insert adds a range to sorted ranges. Ranges that have the same beginning and end with a fix become one with the lowest fix.
func insert(ranges []matcher.Range, r matcher.Range) []matcher.Range {
	for i := range ranges {
		if o := &ranges[i]; o.Introduced == r.Introduced && o.Fixed != "" && r.Fixed != "" {
			if less(r.Fixed, o.Fixed) {
				o.Fixed = r.Fixed
			}
			return ranges
		}
	}
	i, found := slices.BinarySearchFunc(ranges, r, compareRanges)
	if found {
		return ranges
	}
	return slices.Insert(ranges, i, r)
}

func compareRanges(a, b matcher.Range) int {
	return cmp.Or(strings.Compare(a.Introduced, b.Introduced), strings.Compare(a.Fixed, b.Fixed),
		strings.Compare(a.LastAffected, b.LastAffected), strings.Compare(a.Repo, b.Repo))
}

func less(a, b string) bool {
	scheme, _ := version.For("rpm")
	v, err := scheme.Parse(a)
	if err != nil {
		return false
	}
	w, err := scheme.Parse(b)
	return err != nil || cmp.Or(v.Compare(w), strings.Compare(a, b)) < 0
}
