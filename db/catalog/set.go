package catalog

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"
)

// A set of numbers is stored as its runs, each a varint of the gap since the run before, times two, plus 1 if the run has more than one
// number, and then a varint of its length less 2. Numbers in the order of content make long runs, so a set takes little more than a
// byte for each run. Package roaring would store the same runs in containers of 65,536 numbers, in a form that depends on how a bitmap was made.

// appendSet appends the stored form of sorted, distinct numbers.
func appendSet(b []byte, numbers []uint32) []byte {
	next := uint32(0)
	for i := 0; i < len(numbers); {
		end := i + 1
		for end < len(numbers) && numbers[end] == numbers[end-1]+1 {
			end++
		}
		gap := uint64(numbers[i]-next) << 1
		if n := end - i; n > 1 {
			b = binary.AppendUvarint(b, gap|1)
			b = binary.AppendUvarint(b, uint64(n-2))
		} else {
			b = binary.AppendUvarint(b, gap)
		}
		next = numbers[end-1] + 1
		i = end
	}
	return b
}

// eachRun calls f with the runs of a stored set of numbers below n.
func eachRun(b []byte, n int, f func(from, count int)) error {
	next := uint64(0)
	for len(b) > 0 {
		gap, size := binary.Uvarint(b)
		if size <= 0 {
			return fmt.Errorf("%w: set cut off", ErrCorrupt)
		}
		b = b[size:]
		count := uint64(1)
		if gap&1 == 1 {
			more, size := binary.Uvarint(b)
			if size <= 0 || more > uint64(n) {
				return fmt.Errorf("%w: set cut off", ErrCorrupt)
			}
			b = b[size:]
			count = more + 2
		}
		if gap>>1 > uint64(n) || next+gap>>1+count > uint64(n) {
			return fmt.Errorf("%w: set with a number that is too large", ErrCorrupt)
		}
		from := next + gap>>1
		f(int(from), int(count))
		next = from + count
	}
	return nil
}

// A bitmap is a set of numbers in memory.
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

// add adds count numbers from a first one on.
func (m bitmap) add(from, count int) {
	for count > 0 {
		word, bit := from/64, from%64
		n := min(count, 64-bit)
		m[word] |= (^uint64(0) >> (64 - n)) << bit
		from, count = from+n, count-n
	}
}

func (m bitmap) len() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls f with the numbers in their order, until it returns false.
func (m bitmap) each(f func(int) bool) {
	for i, w := range m {
		for w != 0 {
			if !f(i*64 + bits.TrailingZeros64(w)) {
				return
			}
			w &= w - 1
		}
	}
}

// bitmaps keeps bitmaps for later questions, since those of a fleet are large.
type bitmaps struct{ pool sync.Pool }

// get returns an empty set of numbers below n.
func (p *bitmaps) get(n int) bitmap {
	if m, ok := p.pool.Get().(*bitmap); ok && cap(*m) >= (n+63)/64 {
		got := (*m)[:(n+63)/64]
		clear(got)
		return got
	}
	return newBitmap(n)
}

func (p *bitmaps) put(m bitmap) { p.pool.Put(&m) }
