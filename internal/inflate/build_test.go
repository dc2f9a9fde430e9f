package inflate

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
)

// A builder writes DEFLATE bit by bit, so that it can write what no encoder does.
type builder struct {
	out   []byte
	count int // bits of the last byte
}

// bits writes n bits, the lowest one first.
func (b *builder) bits(v uint64, n int) *builder {
	for ; n > 0; n-- {
		if b.count%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[len(b.out)-1] |= byte(v&1) << (b.count % 8)
		b.count++
		v >>= 1
	}
	return b
}

// header begins a block.
func (b *builder) header(final bool, kind uint64) *builder {
	if final {
		return b.bits(1, 1).bits(kind, 2)
	}
	return b.bits(0, 1).bits(kind, 2)
}

// stored writes a stored block.
func (b *builder) stored(final bool, content []byte) *builder {
	b.header(final, 0)
	b.bits(0, -b.count&7)
	b.bits(uint64(len(content)), 16).bits(^uint64(len(content)), 16)
	b.out = append(b.out, content...)
	b.count += 8 * len(content)
	return b
}

// A code gives each symbol its bits, reversed, as they are written.
type code struct {
	lengths []uint8
	codes   []uint64
}

// canonical returns the code with these lengths (RFC 1951, section 3.2.2), whether or not it is complete.
func canonical(lengths []uint8) code {
	c := code{lengths, make([]uint64, len(lengths))}
	next := uint64(0)
	for n := uint8(1); n <= maxCode; n++ {
		for s, l := range lengths {
			if l == n {
				c.codes[s] = bits.Reverse64(next) >> (64 - n)
				next++
			}
		}
		next <<= 1
	}
	return c
}

func (b *builder) symbol(c code, s int) *builder { return b.bits(c.codes[s], int(c.lengths[s])) }

// dynamic begins a block with codes of its own, and returns them. The codes of lengths all have four bits, but none
// repeats.
func (b *builder) dynamic(final bool, litLens, dists []uint8) (litLen, dist code) {
	b.header(final, 2).bits(uint64(len(litLens)-257), 5).bits(uint64(len(dists)-1), 5).bits(15, 4)
	plain := make([]uint8, 19)
	for i := range 16 {
		plain[i] = 4
	}
	for _, s := range lengthOrder {
		b.bits(uint64(plain[s]), 3)
	}
	first := canonical(plain)
	for _, n := range append(bytes.Clone(litLens), dists...) {
		b.symbol(first, int(n))
	}
	return canonical(litLens), canonical(dists)
}

// fixedCodes returns the codes of RFC 1951, section 3.2.6.
func fixedCodes() (litLen, dist code) {
	lengths := bytes.Join([][]byte{bytes.Repeat([]byte{8}, 144), bytes.Repeat([]byte{9}, 112), bytes.Repeat([]byte{7}, 24), bytes.Repeat([]byte{8}, 8)}, nil)
	return canonical(lengths), canonical(bytes.Repeat([]byte{5}, 32))
}

// match writes a length and a distance.
func (b *builder) match(litLen, dist code, length, distance int) *builder {
	s := 285
	for s > 257 && (int(litLenSymbols[s]>>valueShift) > length || litLen.lengths[s] == 0) {
		s--
	}
	b.symbol(litLen, s).bits(uint64(length)-uint64(litLenSymbols[s]>>valueShift), int(litLenSymbols[s]&usedMask))
	s = dynamicDists - 1
	for s > 0 && int(distSymbols[s]>>valueShift) > distance {
		s--
	}
	return b.symbol(dist, s).bits(uint64(distance)-uint64(distSymbols[s]>>valueShift), int(distSymbols[s]&usedMask))
}

// randomLengths returns lengths of a complete code for at least two of so many symbols, at most longest bits each.
func randomLengths(r *rand.Rand, symbols, longest int) []uint8 {
	lengths := make([]uint8, symbols)
	used := r.Perm(symbols)[:2+r.IntN(min(symbols, 1<<longest)-1)]
	depths := []int{0} // leaves of a tree that is split at random
	for len(depths) < len(used) {
		i := r.IntN(len(depths))
		if r.IntN(3) == 0 {
			i = len(depths) - 1 // deeper and deeper
		}
		for depths[i] >= longest {
			i = (i + 1) % len(depths)
		}
		depths[i]++
		depths = append(depths, depths[i])
	}
	for i, s := range used {
		lengths[s] = uint8(depths[i])
	}
	return lengths
}
