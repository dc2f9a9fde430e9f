package db

import (
	"crypto/sha256"
	"math"
	"sort"

	"github.com/hullmark/hullmark/matcher"
)

// A root is the root of the index. It describes the inputs of the database and the pages of the index.
type root struct {
	feeds       []FeedInfo
	coverage    []CoverageInfo
	pages       []pageEntry
	enrichments []enrichmentPageEntry
}

// CoverageInfo is a coverage with its number of advisories.
type CoverageInfo struct {
	matcher.Coverage
	Advisories int
}

// A piece is a part of the file that is one zstd frame.
type piece struct {
	offset      int64
	stored, raw int // lengths
	hash        [sha256.Size]byte
}

// A run is a sequence of blocks.
type run struct {
	start, bytes int64 // offset of the first block, and the stored length of all
	blocks       int
}

// A pageEntry describes one page and its run of blocks.
type pageEntry struct {
	piece
	run
	first              name // package
	advisories, ranges int
}

// An enrichmentPageEntry describes one page of enrichments of a feed and its run of blocks.
type enrichmentPageEntry struct {
	piece
	run
	feed  string
	first cve
	rows  int
}

const flagEndOfLife = 1

func (r *root) append(b []byte) []byte {
	b = appendUint(b, uint64(len(r.feeds)))
	for _, f := range r.feeds {
		b = appendString(b, f.Name)
		b = appendString(b, f.URL)
		b = appendString(b, f.Fingerprint)
		b = appendSeconds(b, f.Date.Unix())
		b = appendUint(b, uint64(f.Records))
		b = appendUint(b, uint64(f.Withdrawn))
		b = appendUint(b, uint64(f.Bad))
	}
	b = appendUint(b, uint64(len(r.coverage)))
	for _, c := range r.coverage {
		b = appendString(b, c.Type)
		b = appendString(b, c.Namespace)
		b = appendString(b, c.Release)
		b = appendString(b, c.Feed)
		b = appendSeconds(b, c.Date.Unix())
		b = append(b, flag(c.EndOfLife, flagEndOfLife))
		b = appendUint(b, uint64(c.Advisories))
	}
	b = appendUint(b, uint64(len(r.pages)))
	b = appendPieces(b, r.pages, func(e *pageEntry) *piece { return &e.piece })
	b = appendRuns(b, r.pages, func(e *pageEntry) *run { return &e.run })
	b = column(b, r.pages, func(b []byte, e pageEntry) []byte { return appendUint(b, uint64(e.advisories)) })
	b = column(b, r.pages, func(b []byte, e pageEntry) []byte { return appendUint(b, uint64(e.ranges)) })
	b = appendFirsts(b, r.pages, func(e *pageEntry) *name { return &e.first })
	b = appendUint(b, uint64(len(r.enrichments)))
	b = appendPieces(b, r.enrichments, func(e *enrichmentPageEntry) *piece { return &e.piece })
	b = appendRuns(b, r.enrichments, func(e *enrichmentPageEntry) *run { return &e.run })
	b = column(b, r.enrichments, func(b []byte, e enrichmentPageEntry) []byte { return appendUint(b, uint64(e.rows)) })
	b = column(b, r.enrichments, func(b []byte, e enrichmentPageEntry) []byte { return appendString(b, e.feed) })
	return appendCVEs(b, r.enrichments, func(e *enrichmentPageEntry) cve { return e.first })
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// appendPieces appends the columns of pieces, without their offsets, which follow from the lengths.
func appendPieces[E any](b []byte, all []E, of func(*E) *piece) []byte {
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).stored))
	}
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).raw))
	}
	for i := range all {
		b = append(b, of(&all[i]).hash[:]...)
	}
	return b
}

func appendRuns[E any](b []byte, all []E, of func(*E) *run) []byte {
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).bytes))
	}
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).blocks))
	}
	return b
}

func appendFirsts[E any](b []byte, all []E, of func(*E) *name) []byte {
	var prev [3]string
	for i := range all {
		n := of(&all[i])
		this := [3]string{n.typ, n.namespace, n.name}
		for i, s := range this {
			n := commonPrefix(prev[i], s, len(s))
			b = appendUint(b, uint64(n))
			b = appendString(b, s[n:])
		}
		prev = this
	}
	return b
}

func appendCVEs[E any](b []byte, all []E, of func(*E) cve) []byte {
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).year()))
	}
	for i := range all {
		b = appendUint(b, uint64(of(&all[i]).number()))
	}
	return b
}

// parseRoot parses a root at offset end, directly after the last page.
func parseRoot(b []byte, end int64) (*root, error) {
	s := &scanner{b: b}
	r := &root{}
	r.feeds = make([]FeedInfo, s.count(7))
	for i := range r.feeds {
		r.feeds[i] = FeedInfo{
			Name: s.string(), URL: s.string(), Fingerprint: s.string(), Date: unixTime(s.seconds()),
			Records: s.size(), Withdrawn: s.size(), Bad: s.size(),
		}
	}
	r.coverage = make([]CoverageInfo, s.count(7))
	for i := range r.coverage {
		r.coverage[i] = CoverageInfo{
			Coverage: matcher.Coverage{
				Type: s.string(), Namespace: s.string(), Release: s.string(), Feed: s.string(),
				Date: unixTime(s.seconds()), EndOfLife: s.below(2) == flagEndOfLife,
			},
			Advisories: s.size(),
		}
	}
	r.pages = make([]pageEntry, s.count(12+sha256.Size))
	readPieces(s, r.pages, func(e *pageEntry) *piece { return &e.piece })
	readRuns(s, r.pages, func(e *pageEntry) *run { return &e.run })
	for i := range r.pages {
		r.pages[i].advisories = s.size()
	}
	for i := range r.pages {
		r.pages[i].ranges = s.size()
	}
	readFirsts(s, r.pages, func(e *pageEntry) (*name, bool) { return &e.first, false })
	r.enrichments = make([]enrichmentPageEntry, s.count(8+sha256.Size))
	readPieces(s, r.enrichments, func(e *enrichmentPageEntry) *piece { return &e.piece })
	readRuns(s, r.enrichments, func(e *enrichmentPageEntry) *run { return &e.run })
	for i := range r.enrichments {
		r.enrichments[i].rows = s.size()
	}
	for i := range r.enrichments {
		r.enrichments[i].feed = s.string()
	}
	readCVEs(s, r.enrichments, func(e *enrichmentPageEntry) *cve { return &e.first })
	for i := range r.enrichments {
		if i > 0 && r.enrichments[i].compare(r.enrichments[i-1].feed, r.enrichments[i-1].first) <= 0 {
			s.fail(errValue)
		}
	}
	r.place(s, end)
	return r, s.end()
}

// place computes offsets. Blocks of advisories, blocks of enrichments, pages of advisories and pages of enrichments follow one another without gaps.
func (r *root) place(s *scanner, end int64) {
	offset := blockAt
	put := func(e *run) {
		e.start = offset
		offset += e.bytes
	}
	for i := range r.pages {
		put(&r.pages[i].run)
	}
	for i := range r.enrichments {
		put(&r.enrichments[i].run)
	}
	for i := range r.pages {
		r.pages[i].offset = offset
		offset += int64(r.pages[i].stored)
	}
	for i := range r.enrichments {
		r.enrichments[i].offset = offset
		offset += int64(r.enrichments[i].stored)
	}
	if offset != end {
		s.fail(errValue)
	}
}

func readPieces[E any](s *scanner, all []E, of func(*E) *piece) {
	for i := range all {
		of(&all[i]).stored = int(s.below(maxBlock))
	}
	for i := range all {
		of(&all[i]).raw = int(s.below(maxBlock))
	}
	for i := range all {
		copy(of(&all[i]).hash[:], s.bytes(sha256.Size))
	}
}

func readRuns[E any](s *scanner, all []E, of func(*E) *run) {
	for i := range all {
		of(&all[i]).bytes = int64(s.below(math.MaxInt32))
	}
	for i := range all {
		of(&all[i]).blocks = s.size()
	}
}

// readFirsts reads packages, which must be sorted. A package may equal the one before only if same is true.
func readFirsts[E any](s *scanner, all []E, of func(*E) (first *name, same bool)) {
	var prev name
	total := 0
	for i := range all {
		first, same := of(&all[i])
		*first = name{s.shared(prev.typ), s.shared(prev.namespace), s.shared(prev.name)}
		if total += len(first.typ) + len(first.namespace) + len(first.name); total > maxIndex {
			s.fail(errValue)
		}
		if s.err != nil {
			return
		}
		if c := first.compare(prev); c < 0 || c == 0 && !same || i == 0 && same {
			s.fail(errValue)
		}
		prev = *first
	}
}

func readCVEs[E any](s *scanner, all []E, of func(*E) *cve) {
	for i := range all {
		*of(&all[i]) = makeCVE(s.below(maxYear+1), 0)
	}
	for i := range all {
		*of(&all[i]) += cve(s.below(maxNumber + 1))
	}
}

// shared reads a string with a common prefix with prev.
func (s *scanner) shared(prev string) string {
	n := s.below(len(prev) + 1)
	rest := s.bytes(s.uint())
	if len(rest) == 0 && int(n) == len(prev) {
		return prev
	}
	if int(n)+len(rest) > maxString {
		s.fail(errValue)
		return ""
	}
	return prev[:n] + string(rest)
}

// size reads a number of elements that do not follow.
func (s *scanner) size() int { return int(s.below(math.MaxInt32)) }

// page returns the page that may describe a package, or -1. All blocks of one package belong to one page.
func (r *root) page(want name) int {
	return sort.Search(len(r.pages), func(i int) bool { return r.pages[i].first.compare(want) > 0 }) - 1
}
