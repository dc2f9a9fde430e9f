package db

import (
	"slices"
	"sort"
	"unsafe"

	"github.com/hullmark/hullmark/matcher"
)

// texts has the strings and severities of a decoded block.
type texts struct {
	columns    columns
	bytes      []byte   // of text
	text       string   // all strings, expanded and concatenated
	starts     []uint32 // where each string begins, and where the last one ends
	severities blockSeverities
}

type blockSeverities struct {
	source, vector, word, level []uint32
	score                       []float64
}

func (b *texts) str(i uint32) string { return b.text[b.starts[i]:b.starts[i+1]] }
func (b *texts) strings() int        { return len(b.starts) - 1 }

// search returns the reference to a string.
func (b *texts) search(s string) (uint32, bool) {
	at := sort.Search(b.strings(), func(i int) bool { return b.str(uint32(i)) >= s })
	return uint32(at), at < b.strings() && b.str(uint32(at)) == s
}

// common returns the strings of the block that are in a sorted list. Its cost grows with the shorter of both.
func (b *texts) common(list []string) []uint32 {
	var found []uint32
	for at := 0; at < b.strings() && len(list) > 0; {
		at += sort.Search(b.strings()-at, func(i int) bool { return b.str(uint32(at+i)) >= list[0] })
		if at == b.strings() {
			break
		}
		next, ok := slices.BinarySearch(list, b.str(uint32(at)))
		if ok {
			found = append(found, uint32(at))
			at++
		}
		list = list[next:]
	}
	return found
}

func (b *texts) parseStrings(s *scanner) {
	n := s.count(2) // strings without the first, which is empty
	total := s.uint()
	b.starts = s.numbers(n + 2)
	clear(b.starts)
	shared, lengths := s.column(n, 256), s.column(n, maxBlock)
	sum := uint64(0)
	for _, l := range lengths {
		sum += uint64(l)
	}
	// The remaining bytes and the maximum of shared bytes bound the claimed length.
	if total > maxExpanded || sum > uint64(s.left()) || total > sum+uint64(n)*255 {
		s.fail(errValue)
	}
	if s.err != nil {
		return
	}
	text := slices.Grow(b.bytes[:0], int(total))
	prev := 0 // where the previous string begins
	for i := range n {
		p, rest := int(shared[i]), s.bytes(uint64(lengths[i]))
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
	b.text = unsafe.String(unsafe.SliceData(text), len(text)) // does not change while the block is in use
}

func (b *texts) parseSeverities(s *scanner) {
	n, strings, scores := s.count(5), b.strings(), b.severities.score
	b.severities = blockSeverities{
		source: s.column(n, strings), vector: s.column(n, strings), word: s.column(n, strings),
		level: s.column(n, int(matcher.Critical)+1), score: resize(scores, n),
	}
	for i := range b.severities.score {
		b.severities.score[i] = s.float()
	}
}

// severity returns a severity. str returns its strings.
func (b *texts) severity(i uint32, str func(uint32) string) matcher.Severity {
	s := &b.severities
	return matcher.Severity{
		Source: str(s.source[i]), Level: matcher.Level(s.level[i]), Score: s.score[i], Vector: str(s.vector[i]), Word: str(s.word[i]),
	}
}

// lists is a sequence of lists of references.
type lists struct{ starts, refs []uint32 }

func (l *lists) at(i uint32) []uint32 { return l.refs[l.starts[i]:l.starts[i+1]] }
func (l *lists) len(i uint32) int     { return int(l.starts[i+1] - l.starts[i]) }

// gather returns the elements that refs refer to.
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

// A copier copies short strings into larger buffers. So a few strings of a block do not keep the whole block in memory.
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
	return unsafe.String(&c.piece[at], len(s)) // does not change
}
