package db

import (
	"github.com/hullmark/hullmark/matcher"
)

// A block is a decoded block. Advisories are made from it on demand. It does not change while anybody uses it, but its
// memory may serve for another one after that, see DB.scratch.
type block struct {
	scratch bool // its memory is to be used again

	texts
	ranges []span

	notes         []blockNote
	aliases, urls lists // of notes

	verdicts                           []blockVerdict
	severitiesOf, rangesOf, versionsOf lists

	packages []blockPackage
	entries  []blockEntry
	rows     []blockRow

	packageStarts, entryStarts []uint32 // used while parsing
}

type (
	blockNote struct {
		id, feed, summary   uint32
		published, modified int64
	}
	blockVerdict struct {
		status matcher.Status
		reason uint32
	}
	blockPackage struct {
		typ, namespace, name uint32
		from, to             uint32 // entries
	}
	blockEntry struct {
		note     uint32
		from, to uint32 // rows
	}
	blockRow struct{ release, verdict uint32 }
)

// parse decodes a raw block into b, whose memory it uses. It checks every reference, so that nothing made from the block
// can fail.
func (b *block) parse(raw []byte) error {
	s := &scanner{b: raw}
	b.parseStrings(s)
	b.parseSeverities(s)
	b.parseRanges(s)
	b.parseNotes(s)
	b.parseVerdicts(s)
	b.parseRows(s)
	b.checkItems(s)
	return s.end()
}

// checkItems bounds what advisories made of b can take: many may have one list in common, and each gets its own.
func (b *block) checkItems(s *scanner) {
	if s.err != nil {
		return
	}
	total := 0
	for _, e := range b.entries {
		total += int(e.to-e.from) * (len(b.aliases.at(e.note)) + len(b.urls.at(e.note)))
		for _, r := range b.rows[e.from:e.to] {
			total += len(b.severitiesOf.at(r.verdict)) + len(b.rangesOf.at(r.verdict)) + len(b.versionsOf.at(r.verdict))
		}
	}
	if total > maxItems {
		s.fail(errValue)
	}
}

func (b *block) parseRanges(s *scanner) {
	n := b.strings()
	b.ranges = resize(b.ranges, s.count(4))
	for i := range b.ranges {
		b.ranges[i].introduced = s.below(n)
	}
	for i := range b.ranges {
		b.ranges[i].fixed = s.below(n)
	}
	for i := range b.ranges {
		b.ranges[i].last = s.below(n)
	}
	for i := range b.ranges {
		b.ranges[i].repo = s.below(n)
	}
}

func (b *block) parseNotes(s *scanner) {
	n := b.strings()
	b.notes = resize(b.notes, s.count(7))
	id := int64(0)
	for i := range b.notes {
		if id += s.int(); id < 0 || id >= int64(n) {
			s.fail(errReference)
			return
		}
		b.notes[i].id = uint32(id)
	}
	for i := range b.notes {
		b.notes[i].feed = s.below(n)
	}
	for i := range b.notes {
		b.notes[i].summary = s.below(n)
	}
	for i := range b.notes {
		b.notes[i].published = s.seconds()
	}
	for i := range b.notes {
		b.notes[i].modified = s.seconds()
	}
	b.aliases = s.ascending(b.aliases, len(b.notes), n)
	b.urls = s.lists(b.urls, len(b.notes), func(int) uint32 { return s.below(n) })
}

func (b *block) parseVerdicts(s *scanner) {
	n := b.strings()
	b.verdicts = resize(b.verdicts, s.count(5))
	for i := range b.verdicts {
		b.verdicts[i].status = matcher.Status(s.below(int(matcher.EndOfLife) + 1))
	}
	for i := range b.verdicts {
		b.verdicts[i].reason = s.below(n)
	}
	back := backReader{n: len(b.ranges)}
	b.severitiesOf = s.lists(b.severitiesOf, len(b.verdicts), func(int) uint32 { return s.below(len(b.severities)) })
	b.rangesOf = s.lists(b.rangesOf, len(b.verdicts), func(int) uint32 { return back.read(s) })
	b.versionsOf = s.ascending(b.versionsOf, len(b.verdicts), n)
	back.end(s)
}

func (b *block) parseRows(s *scanner) {
	n := b.strings()
	b.packages = resize(b.packages, s.count(4))
	for i := range b.packages {
		b.packages[i].typ = s.below(n)
	}
	for i := range b.packages {
		b.packages[i].namespace = s.below(n)
	}
	for i := range b.packages {
		b.packages[i].name = s.below(n)
	}
	b.packageStarts = s.starts(b.packageStarts, len(b.packages))
	entries := b.packageStarts
	for i := range b.packages {
		b.packages[i].from, b.packages[i].to = entries[i], entries[i+1]
	}
	b.entries = resize(b.entries, int(entries[len(b.packages)]))
	back := backReader{n: len(b.notes)}
	for i := range b.entries {
		b.entries[i].note = back.read(s)
	}
	back.end(s)
	b.entryStarts = s.starts(b.entryStarts, len(b.entries))
	rows := b.entryStarts
	for i := range b.entries {
		b.entries[i].from, b.entries[i].to = rows[i], rows[i+1]
	}
	b.rows = resize(b.rows, int(rows[len(b.entries)]))
	for i := range b.rows {
		b.rows[i].release = s.below(n)
	}
	back = backReader{n: len(b.verdicts)}
	for i := range b.rows {
		b.rows[i].verdict = back.read(s)
	}
	back.end(s)
}

// A backReader reads back references to a table of n rows.
type backReader struct{ n, next int }

func (r *backReader) read(s *scanner) uint32 {
	back := s.uint()
	if back == 0 {
		r.next++
		back = 1
	}
	if r.next > r.n || back > uint64(r.next) {
		s.fail(errReference)
		return 0
	}
	return uint32(r.next - int(back))
}

// end checks that every row was named.
func (r *backReader) end(s *scanner) {
	if r.next != r.n {
		s.fail(errReference)
	}
}

func (b *block) name(p *blockPackage) name {
	return name{b.str(p.typ), b.str(p.namespace), b.str(p.name)}
}

// lookup returns the package, or nil.
func (b *block) lookup(want name) *blockPackage {
	lo, hi := 0, len(b.packages)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		p := &b.packages[mid]
		c := b.name(p).compare(want)
		switch {
		case c == 0:
			return p
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// advisory makes the advisory of a row. Its strings are copied by text, or are those of the block if text is nil.
func (f *found) advisory(text *copier) matcher.Advisory {
	b := f.b
	n, v := &b.notes[f.e.note], &b.verdicts[f.r.verdict]
	str := func(i uint32) string { return text.copy(b.str(i)) }
	return matcher.Advisory{
		Key:      f.key,
		ID:       str(n.id),
		Aliases:  gather(b.aliases.at(f.e.note), str),
		Versions: gather(b.versionsOf.at(f.r.verdict), str),
		Ranges: gather(b.rangesOf.at(f.r.verdict), func(i uint32) matcher.Range {
			r := &b.ranges[i]
			return matcher.Range{
				Introduced: str(r.introduced), Fixed: str(r.fixed), LastAffected: str(r.last), Repo: str(r.repo),
			}
		}),
		Status: v.status,
		Reason: str(v.reason),
		Severities: gather(b.severitiesOf.at(f.r.verdict), func(i uint32) matcher.Severity {
			return b.severity(i, str)
		}),
		Summary:   str(n.summary),
		URLs:      gather(b.urls.at(f.e.note), str),
		Feed:      str(n.feed),
		Published: unixTime(n.published),
		Modified:  unixTime(n.modified),
	}
}

// all yields every row of the block.
func (b *block) all(yield func(found) bool) {
	for i := range b.packages {
		p := &b.packages[i]
		for j := range b.entries[p.from:p.to] {
			e := &b.entries[int(p.from)+j]
			for _, r := range b.rows[e.from:e.to] {
				key := matcher.Key{Type: b.str(p.typ), Namespace: b.str(p.namespace), Release: b.str(r.release), Name: b.str(p.name)}
				if !yield(found{key, b, e, r}) {
					return
				}
			}
		}
	}
}
