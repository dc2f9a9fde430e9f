package db

import (
	"slices"
	"unsafe"

	"github.com/hullmark/hullmark/matcher"
)

// A block is a decoded block. Advisories are made from it on demand. It does not change while anybody uses it, but its
// memory may serve for another one after that, see DB.scratch.
type block struct {
	scratch bool // its memory is to be used again

	shared     []uint8  // of each string, the bytes that it has in common with the one before; used while parsing
	bytes      []byte   // of text
	text       string   // all strings, expanded, one after the other
	starts     []uint32 // where each begins, and where the last ends
	severities []severity
	ranges     []span

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

// lists are lists of references, one after the other.
type lists struct{ starts, refs []uint32 }

func (l *lists) at(i uint32) []uint32 { return l.refs[l.starts[i]:l.starts[i+1]] }

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

// resize returns n elements, whatever they hold, in the memory of list where that suffices.
func resize[T any](list []T, n int) []T { return slices.Grow(list[:0], n)[:n] }

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

func (b *block) str(i uint32) string { return b.text[b.starts[i]:b.starts[i+1]] }
func (b *block) strings() int        { return len(b.starts) - 1 }

func (b *block) parseStrings(s *scanner) {
	n := s.count(2) // strings but the first, which is empty
	total := s.uint()
	b.starts = resize(b.starts, n+2)
	b.shared = resize(b.shared, n)
	for i := range b.shared {
		b.shared[i] = uint8(s.below(256))
	}
	lengths := *s // read along with the rests
	sum := uint64(0)
	for range n {
		sum += min(s.uint(), maxBlock)
	}
	// What is claimed is bounded by what is here, and by the most that its strings can share.
	if total > maxExpanded || sum > uint64(s.left()) || total > sum+uint64(n)*255 {
		s.fail(errValue)
	}
	if s.err != nil {
		return
	}
	text := slices.Grow(b.bytes[:0], int(total))
	b.starts[0] = 0
	prev := 0 // where the string before begins
	for i := range n {
		p, rest := int(b.shared[i]), s.bytes(lengths.uint())
		if p > len(text)-prev || uint64(len(text)+p+len(rest)) > total {
			s.fail(errReference)
			clear(b.starts)
			return
		}
		b.starts[i+1] = uint32(len(text))
		prev, text = len(text), append(append(text, text[prev:prev+p]...), rest...)
	}
	if uint64(len(text)) != total {
		s.fail(errValue)
	}
	b.starts[n+1] = uint32(len(text))
	b.bytes = text
	b.text = unsafe.String(unsafe.SliceData(text), len(text)) // nobody writes to it as long as the block is in use
}

func (b *block) parseSeverities(s *scanner) {
	n := b.strings()
	b.severities = resize(b.severities, s.count(5))
	for i := range b.severities {
		b.severities[i].source = s.below(n)
	}
	for i := range b.severities {
		b.severities[i].vector = s.below(n)
	}
	for i := range b.severities {
		b.severities[i].word = s.below(n)
	}
	for i := range b.severities {
		b.severities[i].level = uint8(s.below(int(matcher.Critical) + 1))
	}
	for i := range b.severities {
		b.severities[i].score = s.float()
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

// starts reads n counts of things that follow, each at least one byte long, and returns where each count's things begin
// and where the last end, in the memory of starts.
func (s *scanner) starts(starts []uint32, n int) []uint32 {
	starts = resize(starts, n+1)
	starts[0] = 0
	total := uint64(0)
	for i := range n {
		total += min(s.uint(), maxBlock)
		starts[i+1] = uint32(min(total, maxBlock))
	}
	if total > uint64(s.left()) {
		s.fail(errTruncated)
	}
	if s.err != nil {
		clear(starts)
	}
	return starts
}

// lists reads n lists, whose references ref reads, given their places in their lists, into the memory of l.
func (s *scanner) lists(l lists, n int, ref func(int) uint32) lists {
	l.starts = s.starts(l.starts, n)
	l.refs = resize(l.refs, int(l.starts[n]))
	for i := range n {
		for j := range l.refs[l.starts[i]:l.starts[i+1]] {
			l.refs[int(l.starts[i])+j] = ref(j)
		}
	}
	return l
}

// ascending reads n lists of ascending references to a table of the given size.
func (s *scanner) ascending(l lists, n, size int) lists {
	prev := uint32(0)
	return s.lists(l, n, func(i int) uint32 {
		if i == 0 {
			prev = 0
		}
		prev += s.below(size - int(prev))
		return prev
	})
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
			s := &b.severities[i]
			return matcher.Severity{
				Source: str(s.source), Level: matcher.Level(s.level), Score: s.score, Vector: str(s.vector), Word: str(s.word),
			}
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

// gather returns what refs refer to.
func gather[T any](refs []uint32, at func(uint32) T) []T {
	if len(refs) == 0 {
		return nil
	}
	out := make([]T, len(refs))
	for i, r := range refs {
		out[i] = at(r)
	}
	return out
}

// A copier copies short strings into large pieces of memory, so that a few strings of a block do not keep all of it.
type copier struct{ piece []byte }

func (c *copier) copy(s string) string {
	if c == nil || s == "" {
		return s
	}
	if len(s) > cap(c.piece)-len(c.piece) {
		c.piece = make([]byte, 0, max(8<<10, len(s)))
	}
	at := len(c.piece)
	c.piece = append(c.piece, s...)
	return unsafe.String(&c.piece[at], len(s)) // nobody writes there again
}
