package db

import (
	"crypto/sha256"
	"math"
	"slices"
	"sort"

	"github.com/hullmark/hullmark/matcher"
)

// An index says what the blocks hold and where they are.
type index struct {
	feeds    []FeedInfo
	coverage []CoverageInfo
	blocks   []indexEntry
	filter   filter // of all packages
	threats  []threatEntry
}

// A piece is a part of the file that is one zstd frame.
type piece struct {
	offset      int64
	stored, raw int // lengths
	hash        [sha256.Size]byte
}

// An indexEntry describes one block.
type indexEntry struct {
	first              name // package
	continues          bool // that package begins in the block before
	advisories, ranges int
	piece
}

// A threatEntry describes one block of threats.
type threatEntry struct {
	feed  string
	first cve
	rows  int
	piece
}

// CoverageInfo is a row of coverage and the number of its advisories.
type CoverageInfo struct {
	matcher.Coverage
	Advisories int
}

const flagEndOfLife = 1
const flagContinues = 1

func (ix *index) append(b []byte) []byte {
	b = appendUint(b, uint64(len(ix.feeds)))
	for _, f := range ix.feeds {
		b = appendString(b, f.Name)
		b = appendString(b, f.URL)
		b = appendString(b, f.Fingerprint)
		b = appendSeconds(b, f.Date.Unix())
		b = appendUint(b, uint64(f.Records))
		b = appendUint(b, uint64(f.Withdrawn))
		b = appendUint(b, uint64(f.Bad))
	}
	b = appendUint(b, uint64(len(ix.coverage)))
	for _, c := range ix.coverage {
		b = appendString(b, c.Type)
		b = appendString(b, c.Namespace)
		b = appendString(b, c.Release)
		b = appendString(b, c.Feed)
		b = appendSeconds(b, c.Date.Unix())
		b = append(b, flag(c.EndOfLife, flagEndOfLife))
		b = appendUint(b, uint64(c.Advisories))
	}
	b = appendUint(b, uint64(len(ix.blocks)))
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.stored)) })
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.raw)) })
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.advisories)) })
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.ranges)) })
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return append(b, flag(e.continues, flagContinues)) })
	var prev [3]string
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte {
		this := [3]string{e.first.typ, e.first.namespace, e.first.name}
		for i, s := range this {
			n := commonPrefix(prev[i], s, len(s))
			b = appendUint(b, uint64(n))
			b = appendString(b, s[n:])
		}
		prev = this
		return b
	})
	b = column(b, ix.blocks, func(b []byte, e indexEntry) []byte { return append(b, e.hash[:]...) })
	b = ix.appendThreats(b)
	if len(ix.filter) == 0 {
		return b
	}
	b = appendUint(b, uint64(len(ix.filter)))
	return append(b, ix.filter...)
}

func (ix *index) appendThreats(b []byte) []byte {
	b = appendUint(b, uint64(len(ix.threats)))
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte { return appendUint(b, uint64(e.stored)) })
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte { return appendUint(b, uint64(e.raw)) })
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte { return appendUint(b, uint64(e.rows)) })
	feed := ""
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte {
		n := commonPrefix(feed, e.feed, len(feed))
		feed = e.feed
		return appendString(appendUint(b, uint64(n)), feed[n:])
	})
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte { return appendUint(b, uint64(e.first.year())) })
	b = column(b, ix.threats, func(b []byte, e threatEntry) []byte { return appendUint(b, uint64(e.first.number())) })
	return column(b, ix.threats, func(b []byte, e threatEntry) []byte { return append(b, e.hash[:]...) })
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// parseIndex reads an index, with or without a filter, whose blocks end at offset end.
func parseIndex(b []byte, end int64, filtered bool) (*index, error) {
	s := &scanner{b: b}
	ix := &index{}
	ix.feeds = make([]FeedInfo, s.count(7))
	for i := range ix.feeds {
		ix.feeds[i] = FeedInfo{
			Name: s.string(), URL: s.string(), Fingerprint: s.string(), Date: unixTime(s.seconds()),
			Records: s.size(), Withdrawn: s.size(), Bad: s.size(),
		}
	}
	ix.coverage = make([]CoverageInfo, s.count(7))
	for i := range ix.coverage {
		ix.coverage[i] = CoverageInfo{
			Coverage: matcher.Coverage{
				Type: s.string(), Namespace: s.string(), Release: s.string(), Feed: s.string(),
				Date: unixTime(s.seconds()), EndOfLife: s.below(2) == flagEndOfLife,
			},
			Advisories: s.size(),
		}
	}
	ix.blocks = make([]indexEntry, s.count(11+sha256.Size))
	offset := blockAt
	for i := range ix.blocks {
		e := &ix.blocks[i]
		e.offset, e.stored = offset, int(s.below(maxBlock))
		offset += int64(e.stored)
	}
	for i := range ix.blocks {
		ix.blocks[i].raw = int(s.below(maxBlock))
	}
	for i := range ix.blocks {
		ix.blocks[i].advisories = s.size()
	}
	for i := range ix.blocks {
		ix.blocks[i].ranges = s.size()
	}
	for i := range ix.blocks {
		ix.blocks[i].continues = s.below(2) == flagContinues
	}
	s.firstKeys(ix.blocks)
	for i := range ix.blocks {
		copy(ix.blocks[i].hash[:], s.bytes(sha256.Size))
	}
	ix.threats = s.threats(offset, end)
	if filtered {
		ix.filter = slices.Clone(s.bytes(s.uint()))
	}
	return ix, s.end()
}

// firstKeys reads the first packages of blocks, which must be in order.
func (s *scanner) firstKeys(blocks []indexEntry) {
	var prev name
	total := 0
	for i := range blocks {
		e := &blocks[i]
		e.first = name{s.shared(prev.typ), s.shared(prev.namespace), s.shared(prev.name)}
		if total += len(e.first.typ) + len(e.first.namespace) + len(e.first.name); total > maxIndex {
			s.fail(errValue)
		}
		if s.err != nil {
			return
		}
		c := e.first.compare(prev)
		if c < 0 || c == 0 && !e.continues || i == 0 && e.continues {
			s.fail(errValue)
		}
		prev = e.first
	}
}

// threats reads the entries of blocks of threats, which lie from one offset to the other and must be in order.
func (s *scanner) threats(offset, end int64) []threatEntry {
	list := make([]threatEntry, s.count(7+sha256.Size))
	for i := range list {
		e := &list[i]
		e.offset, e.stored = offset, int(s.below(maxBlock))
		offset += int64(e.stored)
	}
	if s.err == nil && offset != end {
		s.fail(errValue)
	}
	for i := range list {
		list[i].raw = int(s.below(maxBlock))
	}
	for i := range list {
		list[i].rows = s.size()
	}
	feed := ""
	for i := range list {
		feed = s.shared(feed)
		list[i].feed = feed
	}
	for i := range list {
		list[i].first = makeCVE(s.below(maxYear+1), 0)
	}
	for i := range list {
		list[i].first += cve(s.below(maxNumber + 1))
		if i > 0 && list[i].compare(list[i-1].feed, list[i-1].first) <= 0 {
			s.fail(errValue)
		}
	}
	for i := range list {
		copy(list[i].hash[:], s.bytes(sha256.Size))
	}
	return list
}

// shared reads a string that begins like prev.
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

// size reads a number of things that are not here.
func (s *scanner) size() int { return int(s.below(math.MaxInt32)) }

// find returns the run of blocks, from first to before end, that may hold a package.
func (ix *index) find(want name) (first, end int) {
	end = sort.Search(len(ix.blocks), func(i int) bool { return ix.blocks[i].first.compare(want) > 0 })
	if end == 0 {
		return 0, 0
	}
	first = end - 1
	for ix.blocks[first].continues && ix.blocks[first].first == want {
		first-- // the first block of all continues nothing
	}
	return first, end
}
