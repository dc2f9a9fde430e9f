package db

import "slices"

// columns is the memory for the columns of a block. Blocks may reuse it.
type columns []uint32

// scanner returns a scanner of a raw block that puts columns into the memory of b. It overwrites former columns.
func (b *texts) scanner(raw []byte) *scanner {
	// A number takes at least a byte, and the thirteen tables of starts have one number more than the raw block.
	b.columns = slices.Grow(b.columns[:0], len(raw)+24)
	return &scanner{b: raw, columns: b.columns}
}

// numbers returns memory for n numbers.
func (s *scanner) numbers(n int) []uint32 {
	at := len(s.columns)
	s.columns = resize(s.columns, at+n)
	return s.columns[at:][:n:n]
}

// resize returns list with n elements, in the same memory if it suffices. The values of new elements are undefined.
func resize[T any](list []T, n int) []T { return slices.Grow(list, max(0, n-len(list)))[:n] }

// column reads n numbers less than end. After an error all are 0.
func (s *scanner) column(n, end int) []uint32 {
	to := s.numbers(n)
	b, off := s.b, s.off
	for i := range to {
		var v uint32
		switch {
		case off < len(b) && b[off] < 0x80:
			v = uint32(b[off])
			off++
		case off+1 < len(b) && b[off+1] < 0x80:
			v = uint32(b[off]&0x7f) | uint32(b[off+1])<<7
			off += 2
		default:
			s.off = off
			v = s.below(end)
			off = s.off
		}
		if int(v) >= end {
			s.fail(errReference)
		}
		if s.err != nil {
			clear(to)
			return to
		}
		to[i] = v
	}
	s.off = off
	return to
}

// starts reads n counts of elements that follow, each at least one byte long. It returns where the elements of each count begin, and where the
// last ones end.
func (s *scanner) starts(n int) []uint32 {
	starts := s.numbers(n + 1)
	starts[0] = 0
	total := uint32(0) // at most the number of remaining bytes
	for i, count := range s.column(n, maxBlock) {
		if total += count; int(total) > s.left() {
			s.fail(errTruncated)
		}
		if s.err != nil {
			clear(starts)
			return starts
		}
		starts[i+1] = total
	}
	return starts
}

// lists reads n lists of references to a table of the given size.
func (s *scanner) lists(n, size int) lists {
	starts := s.starts(n)
	return lists{starts, s.column(int(starts[n]), size)}
}

// ascending reads n lists of ascending references to a table of the given size.
func (s *scanner) ascending(n, size int) lists {
	l := s.lists(n, size)
	for i := range uint32(n) {
		sum := 0
		for j, step := range l.at(i) {
			if sum += int(step); sum >= size {
				s.fail(errReference)
				clear(l.refs)
				return l
			}
			l.at(i)[j] = uint32(sum)
		}
	}
	return l
}

// backReferences reads n back references to a table of the given size. They must refer to all of its rows.
func (s *scanner) backReferences(n, size int) []uint32 {
	to := s.column(n, maxBlock)
	next := 0
	for i, back := range to {
		if back == 0 {
			next++
			back = 1
		}
		if next > size || int(back) > next {
			s.fail(errReference)
			break
		}
		to[i] = uint32(next) - back
	}
	if next != size {
		s.fail(errReference)
	}
	if s.err != nil {
		clear(to)
	}
	return to
}
