package db

import (
	"slices"
	"unsafe"

	"github.com/hullmark/hullmark/matcher"
)

// texts are the strings and severities of a decoded block.
type texts struct {
	shared     []uint8  // of each string, the bytes that it has in common with the one before; used while parsing
	bytes      []byte   // of text
	text       string   // all strings, expanded, one after the other
	starts     []uint32 // where each begins, and where the last ends
	severities []severity
}

func (b *texts) str(i uint32) string { return b.text[b.starts[i]:b.starts[i+1]] }
func (b *texts) strings() int        { return len(b.starts) - 1 }

func (b *texts) parseStrings(s *scanner) {
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

func (b *texts) parseSeverities(s *scanner) {
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

// severity returns a severity whose strings str makes.
func (b *texts) severity(i uint32, str func(uint32) string) matcher.Severity {
	s := &b.severities[i]
	return matcher.Severity{
		Source: str(s.source), Level: matcher.Level(s.level), Score: s.score, Vector: str(s.vector), Word: str(s.word),
	}
}

// lists are lists of references, one after the other.
type lists struct{ starts, refs []uint32 }

func (l *lists) at(i uint32) []uint32 { return l.refs[l.starts[i]:l.starts[i+1]] }

// resize returns n elements, whatever they hold, in the memory of list where that suffices.
func resize[T any](list []T, n int) []T { return slices.Grow(list[:0], n)[:n] }

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
