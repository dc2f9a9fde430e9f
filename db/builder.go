package db

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// A Builder collects advisories and enrichments and writes them as a database. Its zero value is ready to use. What it writes depends on
// what it was given only, not on the order.
//
// Memory grows with what distinct advisories say, not with how often it is said: an advisory that differs from another
// in its release only costs 24 bytes.
type Builder struct {
	// Facts leaves prose out: summaries and URLs.
	Facts bool

	t           tables
	rows        []row
	feeds       []FeedInfo
	coverage    []matcher.Coverage
	enrichments []enrichmentRow
}

// FeedInfo describes one input of a database.
type FeedInfo struct {
	Name        string    // the feed's name, as in Advisory.Feed: "debian"
	URL         string    // where the data came from, "" for local files
	Fingerprint string    // what tells this state of the data from another: an ETag or a hash, "" where unknown
	Date        time.Time // of the data, as its publisher dates it; seconds
	Records     int       // records read, in the publisher's own unit
	Withdrawn   int       // records that their publisher took back
	Bad         int       // records that were not understood, or in part only
}

// ErrTooLarge is the error of an advisory that says more than one should.
var ErrTooLarge = errors.New("too large")

// Bounds on one advisory: generous for real ones, and such that blocks stay small.
const (
	maxString   = 64 << 10
	maxAdvisory = 512 << 10
)

// AddFeed notes where advisories come from. A feed that has several inputs is added several times.
func (b *Builder) AddFeed(f FeedInfo) { b.feeds = append(b.feeds, f) }

// AddCoverage notes that a feed covers an ecosystem, named by Type and, for distributions, Namespace and Release. An
// ecosystem of which advisories are added is covered without it, with the date of its feed. If several dates are known
// for an ecosystem and a feed, the oldest counts, since some of the data is no newer.
func (b *Builder) AddCoverage(c matcher.Coverage) { b.coverage = append(b.coverage, c) }

// Add adds one advisory. Aliases and Versions are kept in order of their bytes, each once; times in seconds.
//
// If several advisories have the same feed, ID and Key, they become one: of those that give the same Reason the last
// modified stands for all, of those left the ones stay whose Status is most alarming, and from these everything is taken:
// all aliases, versions, ranges, severities and URLs, and the different reasons, separated by "; ".
func (b *Builder) Add(a matcher.Advisory) error {
	if err := check(&a); err != nil {
		return fmt.Errorf("db: advisory %.80q: %w", a.ID, err)
	}
	a.Aliases = sorted(a.Aliases)
	a.Versions = sorted(a.Versions)
	if b.Facts {
		a.Summary, a.URLs = "", nil
	}
	b.rows = append(b.rows, b.tables().row(&a))
	return nil
}

// emptyString is the number of the empty string in a builder's tables.
const emptyString = 0

func (b *Builder) tables() *tables {
	if len(b.t.strings.items) == 0 {
		b.t.string("")
	}
	return &b.t
}

// check refuses what a file could not hold, or no reader should be given.
func check(a *matcher.Advisory) error {
	switch {
	case a.ID == "" || a.Feed == "" || a.Key.Type == "" || a.Key.Name == "":
		return errors.New("no ID, feed, type or name")
	case a.Status > matcher.EndOfLife:
		return fmt.Errorf("unknown %v", a.Status)
	}
	size := 0
	for _, list := range [][]string{
		{a.ID, a.Feed, a.Key.Type, a.Key.Namespace, a.Key.Release, a.Key.Name, a.Reason, a.Summary},
		a.Aliases, a.Versions, a.URLs,
	} {
		for _, s := range list {
			size += len(s) + 8
			if len(s) > maxString {
				return fmt.Errorf("%w: a string of %d bytes", ErrTooLarge, len(s))
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
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
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

// sorted returns ss in order and without repetitions, without changing it.
func sorted(ss []string) []string {
	if len(ss) == 0 {
		return nil
	}
	ss = slices.Clone(ss)
	slices.Sort(ss)
	return slices.Compact(ss)
}

// A name is what packages are sorted by: a key without its release.
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
