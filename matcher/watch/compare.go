package watch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
)

// A Found is a package version of an [Index].
type Found struct {
	Number  int
	Subject matcher.Subject
}

// An Index finds package versions. Package db/catalog implements it.
type Index interface {
	// Subjects yields the package versions that have one of keys among [matcher.Subject.Keys], each once.
	Subjects(ctx context.Context, keys []matcher.Key) iter.Seq2[Found, error]
}

// A Change is the difference of one advisory between two sources.
type Change struct {
	Old *matcher.Advisory // nil if only the new source has it
	New *matcher.Advisory // nil if only the old source has it
}

// An Update is all that changed between two sources. Method Since of a db.DB returns one.
type Update struct {
	Old, New matcher.Source
	Changes  iter.Seq2[Change, error] // changes of advisories

	// CVEs are the identifiers whose enrichment changed in exploitation or severity, the fields of a State. To find their packages, Old and
	// New must be a [matcher.Finder].
	CVEs []string

	// Ecosystems are those whose coverage changed: that have advisories, or all of them, in one source only.
	Ecosystems []matcher.Key
}

// Compare returns the events of an update for the package versions of an index, sorted by vulnerability and package. The Source of m does not
// count, its other fields do.
func Compare(ctx context.Context, m matcher.Matcher, u Update, index Index) ([]Event, error) {
	if u.Old == nil || u.New == nil || index == nil {
		return nil, errors.New("watch: two sources and an index are needed")
	}
	keys, seeds, err := u.touched(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, nil
	}
	list := make([]matcher.Key, 0, len(keys))
	for k := range keys {
		list = append(list, k)
	}
	slices.SortFunc(list, matcher.CompareKeys)
	c := comparison{m: m, u: &u, seeds: seeds, events: make(map[cause]*Event)}
	for f, err := range index.Subjects(ctx, list) {
		if err != nil {
			return nil, fmt.Errorf("watch: %w", err)
		}
		part := &c.partly
		if c.matchedWithAll(&f.Subject) {
			part = &c.whole
		}
		*part = append(*part, f)
		if len(*part) >= batch {
			if err := c.match(ctx, part, part == &c.partly); err != nil {
				return nil, err
			}
		}
	}
	for _, part := range []*[]Found{&c.partly, &c.whole} {
		if err := c.match(ctx, part, part == &c.partly); err != nil {
			return nil, err
		}
	}
	return c.sorted(), nil
}

// batch is how many package versions are matched at once.
const batch = 4096

// touched returns the keys that the changes may be about, and the identifiers of the vulnerabilities.
func (u *Update) touched(ctx context.Context) (keys map[matcher.Key]bool, seeds map[string]bool, err error) {
	keys, seeds = make(map[matcher.Key]bool), make(map[string]bool)
	add := func(a *matcher.Advisory) {
		if a == nil {
			return
		}
		for _, k := range a.Key.Forms() {
			keys[k] = true
		}
		seeds[a.ID] = true
		for _, id := range a.Aliases {
			seeds[id] = true
		}
	}
	if u.Changes != nil {
		for c, err := range u.Changes {
			if err != nil {
				return nil, nil, fmt.Errorf("watch: %w", err)
			}
			add(c.Old)
			add(c.New)
		}
	}
	for _, s := range []matcher.Source{u.Old, u.New} {
		if len(u.CVEs) == 0 {
			break
		}
		f, ok := s.(matcher.Finder)
		if !ok {
			return nil, nil, errors.New("watch: the packages of a CVE need a source that finds advisories")
		}
		for a, err := range f.Find(ctx, u.CVEs...) {
			if err != nil {
				return nil, nil, fmt.Errorf("watch: %w", err)
			}
			add(&a)
		}
	}
	for _, k := range u.Ecosystems {
		for _, form := range k.Ecosystem().Forms() {
			keys[form] = true
		}
	}
	return keys, seeds, nil
}

// A cause is what events with several package versions have in common.
type cause struct {
	kind               Kind
	vulnerability, was string
	key                matcher.Key
	old, new           State
}

type comparison struct {
	m             matcher.Matcher
	u             *Update
	seeds         map[string]bool
	partly, whole []Found
	events        map[cause]*Event
}

// matchedWithAll reports whether a package version is matched with all of its advisories: a change of one may concern the others, because it decides
// whether the distribution answers for the package, or the group of an archive.
func (c *comparison) matchedWithAll(s *matcher.Subject) bool {
	k := &s.Component
	return len(c.u.Ecosystems) > 0 || s.Owner != nil || k.Qualifiers["cpe"] != "" || k.Type == "maven" && k.Namespace == ""
}

// match matches package versions with both sources, and empties the list.
func (c *comparison) match(ctx context.Context, part *[]Found, related bool) error {
	if len(*part) == 0 {
		return nil
	}
	subjects := make([]matcher.Subject, len(*part))
	for i := range *part {
		subjects[i] = (*part)[i].Subject
	}
	var results [2][][]matcher.Match
	for i, s := range []matcher.Source{c.u.Old, c.u.New} {
		m := c.m
		if m.Source = s; related {
			m.Source = relatedTo(s, c.seeds)
		}
		var err error
		if results[i], err = m.MatchSubjects(ctx, subjects); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	for i := range *part {
		c.compare((*part)[i].Number, results[0][i], results[1][i])
	}
	*part = (*part)[:0]
	return nil
}

// compare adds the events of a package version.
func (c *comparison) compare(number int, old, new []matcher.Match) {
	paired := pairs(old, new)
	taken := make([]bool, len(new))
	for i := range old {
		n := paired[i]
		o := &old[i]
		if n < 0 {
			c.add(number, cause{Disappeared, o.ID, "", keyOf(o), stateOf(o), State{}})
			continue
		}
		taken[n] = true
		m := &new[n]
		was, is := stateOf(o), stateOf(m)
		if o.ID != m.ID {
			c.add(number, cause{Renamed, m.ID, o.ID, keyOf(m), was, is})
		}
		for _, kind := range kinds(was, is) {
			c.add(number, cause{kind, m.ID, "", keyOf(m), was, is})
		}
	}
	for i := range new {
		if !taken[i] {
			c.add(number, cause{Appeared, new[i].ID, "", keyOf(&new[i]), State{}, stateOf(&new[i])})
		}
	}
}

// keyOf returns the package that a match is about, by its first advisory.
func keyOf(m *matcher.Match) matcher.Key {
	if len(m.Advisories) == 0 {
		return matcher.Key{}
	}
	return m.Advisories[0].Key
}

// pairs returns for each old match the index of the new match about the same vulnerability, or -1: with the same ID, else the first that shares
// an identifier.
func pairs(old, new []matcher.Match) []int {
	paired := make([]int, len(old))
	byID := make(map[string]int, len(new))
	for i := range new {
		byID[new[i].ID] = i
	}
	taken := make([]bool, len(new))
	for i := range old {
		n, ok := byID[old[i].ID]
		if !ok {
			n = -1
		} else {
			taken[n] = true
		}
		paired[i] = n
	}
	byAlias := make(map[string]int)
	for i := range new {
		if !taken[i] {
			for _, id := range append([]string{new[i].ID}, new[i].Aliases...) {
				if _, ok := byAlias[id]; !ok {
					byAlias[id] = i
				}
			}
		}
	}
	for i := range old {
		if paired[i] >= 0 {
			continue
		}
		for _, id := range append([]string{old[i].ID}, old[i].Aliases...) {
			if n, ok := byAlias[id]; ok && !taken[n] {
				paired[i], taken[n] = n, true
				break
			}
		}
	}
	return paired
}

func (c *comparison) add(number int, k cause) {
	e := c.events[k]
	if e == nil {
		e = &Event{Kind: k.kind, Vulnerability: k.vulnerability, Was: k.was, Package: k.key, Old: k.old, New: k.new}
		c.events[k] = e
	}
	e.Subjects = append(e.Subjects, number)
}

func (c *comparison) sorted() []Event {
	list := make([]Event, 0, len(c.events))
	old, new := describe(c.u.Old), describe(c.u.New)
	for _, e := range c.events {
		slices.Sort(e.Subjects)
		e.identify(old, new)
		list = append(list, *e)
	}
	indirectsort.Sort(list, compareEvents)
	return list
}

func describe(s matcher.Source) matcher.SourceInfo {
	if d, ok := s.(matcher.Describer); ok {
		return d.Describe()
	}
	return matcher.SourceInfo{}
}
