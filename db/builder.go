package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

// A Builder collects advisories and enrichments and writes them as a database. Its zero value is ready to use. The order in which it gets data
// does not change the file.
//
// Memory grows with the distinct facts of advisories: an advisory that differs from another only in its release takes 24 bytes.
type Builder struct {
	// Facts omits summaries and URLs.
	Facts bool

	t           tables
	rows        []row
	feeds       []FeedInfo
	coverage    []matcher.Coverage
	enrichments []enrichmentRow
	old         *DB             // has parts; nil without any
	reading     context.Context // of Keep, for WriteTo, which reads old
	parts       []Part
}

// FeedInfo describes one input of a database.
type FeedInfo struct {
	Name        string    // name of the feed, as in Advisory.Feed: "debian"
	URL         string    // address of the data; "" for local files
	Fingerprint string    // distinguishes this state of the data from others: an ETag or a hash; "" if unknown
	Date        time.Time // date of the data, as its publisher states it, in seconds
	Records     int       // number of records, in the publisher's own unit
	Withdrawn   int       // number of withdrawn records
	Bad         int       // number of records that the feed could not understand completely
}

// Bounds on one advisory. Real ones are much smaller, and blocks must stay small.
const (
	maxString   = 64 << 10
	maxAdvisory = 512 << 10
)

// AddFeed adds the description of an input of a feed. A feed may have several.
func (b *Builder) AddFeed(f FeedInfo) {
	for _, n := range []*int{&f.Records, &f.Withdrawn, &f.Bad} {
		*n = max(0, min(*n, math.MaxInt32)) // the largest number that a file may have
	}
	b.feeds = append(b.feeds, f)
}

// AddCoverage states that a feed covers an ecosystem: a Type and, for distributions, a Namespace and a Release. The ecosystems of added
// advisories are covered without it, with the date of their feed. If there are several dates for an ecosystem and a feed, the oldest counts, because
// some of the data is no newer.
func (b *Builder) AddCoverage(c matcher.Coverage) { b.coverage = append(b.coverage, c) }

// Add adds one advisory. The database keeps Aliases, Versions, Updates and Weaknesses sorted and without duplicates, and times in seconds.
//
// Several advisories with the same feed, ID and Key become one. Among those with the same Reason and Updates, only the last modified counts.
// Among the rest, only those with the most alarming Status count. The result has all of their aliases, versions, ranges, severities, URLs and
// other lists, and their different reasons, separated by "; ".
func (b *Builder) Add(a matcher.Advisory) error {
	if err := check(&a); err != nil {
		return fmt.Errorf("db: advisory %.80q: %w", a.ID, err)
	}
	sortLists(&a)
	if b.Facts {
		a.Summary, a.URLs = "", nil
	}
	b.rows = append(b.rows, b.tables().row(&a))
	return nil
}

// sortLists sorts the lists whose order has no meaning.
func sortLists(a *matcher.Advisory) {
	a.Aliases, a.Versions = sorted(a.Aliases), sorted(a.Versions)
	a.Updates, a.Weaknesses = sorted(a.Updates), sorted(a.Weaknesses)
}

// emptyString is the number of the empty string in the tables of a builder.
const emptyString = 0

func (b *Builder) tables() *tables {
	if len(b.t.strings.items) == 0 {
		b.t.string("")
	}
	return &b.t
}

// check rejects advisories that the format cannot represent, or that are too large.
func check(a *matcher.Advisory) error {
	switch {
	case a.ID == "" || a.Feed == "" || a.Key.Type == "" || a.Key.Name == "":
		return errors.New("no ID, feed, type or name")
	case a.Status > matcher.EndOfLife:
		return fmt.Errorf("unknown %v", a.Status)
	case a.Kind > matcher.Notice:
		return fmt.Errorf("unknown %v", a.Kind)
	}
	size := 0
	for _, list := range [][]string{
		{a.ID, a.Feed, a.Key.Type, a.Key.Namespace, a.Key.Release, a.Key.Name, a.Reason, a.Summary},
		a.Aliases, a.Versions, a.URLs, a.Updates, a.Weaknesses, appendParts(nil, a.Parts),
	} {
		for _, s := range list {
			size += len(s) + 8
			if len(s) > maxString {
				return fmt.Errorf("a string of %d bytes: %w", len(s), limit.ErrExceeded)
			}
		}
	}
	for _, r := range a.Ranges {
		size += len(r.Introduced) + len(r.Fixed) + len(r.LastAffected) + len(r.Repo) + 8
	}
	for _, s := range a.Severities {
		if err := checkSeverity(&s); err != nil {
			return err
		}
		size += len(s.Source) + len(s.Vector) + len(s.Word) + 8
	}
	if size > maxAdvisory {
		return fmt.Errorf("%d bytes: %w", size, limit.ErrExceeded)
	}
	return nil
}

func checkSeverity(s *matcher.Severity) error {
	if s.Level > matcher.Critical {
		return fmt.Errorf("unknown %v", s.Level)
	}
	if math.IsNaN(s.Score) || math.IsInf(s.Score, 0) {
		return fmt.Errorf("score %v", s.Score)
	}
	return nil
}

// sorted returns a sorted copy of ss without duplicates.
func sorted(ss []string) []string {
	if len(ss) == 0 {
		return nil
	}
	ss = slices.Clone(ss)
	slices.Sort(ss)
	return slices.Compact(ss)
}

// A name is a key without its release. Packages are sorted by name.
type name struct{ typ, namespace, name string }

func (n name) compare(m name) int {
	if c := strings.Compare(n.typ, m.typ); c != 0 {
		return c
	}
	if c := strings.Compare(n.namespace, m.namespace); c != 0 {
		return c
	}
	return strings.Compare(n.name, m.name)
}
