package db

import (
	"iter"

	"github.com/hullmark/hullmark/matcher"
)

// A block is a decoded block. It creates advisories on demand. It does not change while it is in use. After that, its memory may serve another
// block, see DB.scratch.
//
// Its tables have the stored form, column by column, because a lookup decodes a block but uses only a few rows.
type block struct {
	scratch bool // its memory will be reused

	texts
	ranges   blockRanges
	notes    blockNotes
	verdicts blockVerdicts
	packages blockPackages
	entries  blockEntries
	rows     blockRows
}

type (
	blockRanges struct{ introduced, fixed, last, repo []uint32 }
	blockNotes  struct {
		id, feed, summary   []uint32
		published, modified []int64
		aliases, urls       lists
		kind                []uint32
		weaknesses          lists
	}
	blockVerdicts struct {
		status, reason               []uint32
		severities, ranges, versions lists
		updates, parts               lists
	}
	blockPackages struct {
		typ, namespace, name []uint32
		entries              []uint32 // where the entries of each package begin, and where the last ones end
	}
	blockEntries struct{ note, rows []uint32 } // rows as entries above
	blockRows    struct{ release, verdict []uint32 }
)

// parse decodes a raw block into the memory of b. It checks every reference, so creating advisories cannot fail.
func (b *block) parse(raw []byte) error {
	s := b.scanner(raw)
	b.parseStrings(s)
	b.parseSeverities(s)
	b.parseRanges(s)
	b.parseNotes(s)
	b.parseVerdicts(s)
	b.parseRows(s)
	b.checkItems(s)
	return s.end()
}

// checkItems bounds the memory of the block's advisories. Many may share a list in the block, and each gets its own copy.
func (b *block) checkItems(s *scanner) {
	if s.err != nil {
		return
	}
	total := 0
	for e, note := range b.entries.note {
		from, to := b.entries.rows[e], b.entries.rows[e+1]
		total += int(to-from) * (b.notes.aliases.len(note) + b.notes.urls.len(note) + b.notes.weaknesses.len(note))
		for _, v := range b.rows.verdict[from:to] {
			total += b.verdicts.severities.len(v) + b.verdicts.ranges.len(v) + b.verdicts.versions.len(v)
			total += b.verdicts.updates.len(v) + b.verdicts.parts.len(v)
		}
	}
	if total > maxItems {
		s.fail(errValue)
	}
}

func (b *block) parseRanges(s *scanner) {
	n, strings := s.count(4), b.strings()
	b.ranges = blockRanges{introduced: s.column(n, strings), fixed: s.column(n, strings), last: s.column(n, strings), repo: s.column(n, strings)}
}

func (b *block) parseNotes(s *scanner) {
	n, strings := s.count(9), b.strings()
	b.notes.id = s.numbers(n)
	id := int64(0)
	for i := range b.notes.id {
		if id += s.int(); id < 0 || id >= int64(strings) {
			s.fail(errReference)
			id = 0
		}
		b.notes.id[i] = uint32(id)
	}
	b.notes.feed = s.column(n, strings)
	b.notes.summary = s.column(n, strings)
	for _, times := range [...]*[]int64{&b.notes.published, &b.notes.modified} {
		*times = resize(*times, n)
		for i := range *times {
			(*times)[i] = s.seconds()
		}
	}
	b.notes.aliases = s.ascending(n, strings)
	b.notes.urls = s.lists(n, strings)
	b.notes.kind = s.column(n, int(matcher.Notice)+1)
	b.notes.weaknesses = s.ascending(n, strings)
}

func (b *block) parseVerdicts(s *scanner) {
	n, strings := s.count(7), b.strings()
	v := &b.verdicts
	v.status = s.column(n, int(matcher.EndOfLife)+1)
	v.reason = s.column(n, strings)
	v.severities = s.lists(n, len(b.severities.source))
	v.ranges.starts = s.starts(n)
	v.ranges.refs = s.backReferences(int(v.ranges.starts[n]), len(b.ranges.introduced))
	v.versions = s.ascending(n, strings)
	v.updates = s.ascending(n, strings)
	v.parts = s.lists(n, strings)
}

func (b *block) parseRows(s *scanner) {
	n, strings := s.count(4), b.strings()
	p := &b.packages
	*p = blockPackages{typ: s.column(n, strings), namespace: s.column(n, strings), name: s.column(n, strings), entries: s.starts(n)}
	n = int(p.entries[n])
	b.entries = blockEntries{note: s.backReferences(n, len(b.notes.id)), rows: s.starts(n)}
	n = int(b.entries.rows[n])
	b.rows = blockRows{release: s.column(n, strings), verdict: s.backReferences(n, len(b.verdicts.status))}
}

func (b *block) name(p int) name {
	return name{b.str(b.packages.typ[p]), b.str(b.packages.namespace[p]), b.str(b.packages.name[p])}
}

// lookup returns the package, or -1.
func (b *block) lookup(want name) int {
	lo, hi := 0, len(b.packages.name)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		c := b.name(mid).compare(want)
		switch {
		case c == 0:
			return mid
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return -1
}

// A found row is a result of a lookup.
type found struct {
	key           matcher.Key
	b             *block
	note, verdict uint32
}

// of yields the rows of a package, each with its release but without a key.
func (b *block) of(p int) iter.Seq2[string, found] {
	return func(yield func(string, found) bool) {
		for e := b.packages.entries[p]; e < b.packages.entries[p+1]; e++ {
			for r := b.entries.rows[e]; r < b.entries.rows[e+1]; r++ {
				if !yield(b.str(b.rows.release[r]), found{b: b, note: b.entries.note[e], verdict: b.rows.verdict[r]}) {
					return
				}
			}
		}
	}
}

// all yields every row of the block.
func (b *block) all(yield func(found) bool) {
	for p := range b.packages.name {
		n := b.name(p)
		for release, f := range b.of(p) {
			f.key = matcher.Key{Type: n.typ, Namespace: n.namespace, Release: release, Name: n.name}
			if !yield(f) {
				return
			}
		}
	}
}

// advisory returns the advisory of a row. The copier copies its strings; if text is nil, they share memory with the block.
func (f *found) advisory(text *copier) matcher.Advisory {
	b, n, v := f.b, &f.b.notes, &f.b.verdicts
	str := func(i uint32) string { return text.copy(b.str(i)) }
	return matcher.Advisory{
		Key:      f.key,
		ID:       str(n.id[f.note]),
		Aliases:  gather(n.aliases.at(f.note), str),
		Versions: gather(v.versions.at(f.verdict), str),
		Ranges: gather(v.ranges.at(f.verdict), func(i uint32) matcher.Range {
			r := &b.ranges
			return matcher.Range{
				Introduced: str(r.introduced[i]), Fixed: str(r.fixed[i]), LastAffected: str(r.last[i]), Repo: str(r.repo[i]),
			}
		}),
		Kind:       matcher.Kind(n.kind[f.note]),
		Status:     matcher.Status(v.status[f.verdict]),
		Reason:     str(v.reason[f.verdict]),
		Updates:    gather(v.updates.at(f.verdict), str),
		Weaknesses: gather(n.weaknesses.at(f.note), str),
		Parts:      partsOf(gather(v.parts.at(f.verdict), str)),
		Severities: gather(v.severities.at(f.verdict), func(i uint32) matcher.Severity {
			return b.severity(i, str)
		}),
		Summary:   str(n.summary[f.note]),
		URLs:      gather(n.urls.at(f.note), str),
		Feed:      str(n.feed[f.note]),
		Published: unixTime(n.published[f.note]),
		Modified:  unixTime(n.modified[f.note]),
	}
}
