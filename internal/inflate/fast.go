package inflate

import "encoding/binary"

// roundInput is how many bytes of input the fast loop needs to go round once, if none are in bits.
const roundInput = 10

// fast decodes symbols until the block ends, or a round of its loop might not find enough input or room for output.
//
// A round decodes up to three literals, or up to two and a match, and checks once for all of it. Whatever the input, it
// stays within these bounds:
//
//   - Bits: 56 at least when it begins. Two literals in the first table (22) and a length (20) leave 14, enough to look up
//     a distance (8). The refill makes that 56, of which a distance uses 28; what is left is enough to look up the next
//     symbol (11). Each lookup comes before the refill, so that loading the input does not delay loading the entry.
//   - Input: 70 bits are used at most, so two bytes must be left behind the 56 bits. Bytes behind the end may be loaded, since
//     the buffer goes on, but are never used.
//   - Output: roundSize.
//
// The next symbol is looked up before a match is copied, which takes the processor longer than anything else. Indices are masked
// because that lets the compiler omit its checks; the bounds above mean that no mask ever changes an index. What is
// needed once a round stays in memory, because amd64 has registers for the rest only.
func (d *decoder) fast() error {
	var (
		in     = &d.in.buf
		out    = &d.out.buf
		litLen = &d.tables.litLen
		dists  = &d.tables.dist

		bits  = d.in.bits
		count = d.in.count // of bits; its bits 6 and up are meaningless, since every use masks them
		next  = d.in.pos   // byte to load
		pos   = d.out.pos
		bad   bool
	)
	bits, count, next = refill(in, bits, count, next)
	e := litLen[bits&litLenMask]
	for next+2 <= d.in.end && pos <= d.out.stop {
		if e >= literal {
			putLiterals(out, pos, e)
			pos += int(e >> countShift)
			bits, count = bits>>(e&usedMask), count-uint(e)
			e = litLen[bits&litLenMask]
			if e >= literal {
				putLiterals(out, pos, e)
				pos += int(e >> countShift)
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = litLen[bits&litLenMask]
				if e >= literal {
					putLiterals(out, pos, e)
					pos += int(e >> countShift)
					bits, count = bits>>(e&usedMask), count-uint(e)
					e = litLen[bits&litLenMask]
					bits, count, next = refill(in, bits, count, next)
					continue
				}
			}
		}
		if e&special != 0 {
			if e&(endBlock|invalid) == 0 { // a long code
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = litLen[second(bits, e)]
			}
			if e >= literal {
				putLiterals(out, pos, e)
				pos++
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = litLen[bits&litLenMask]
				bits, count, next = refill(in, bits, count, next)
				continue
			}
			if e&special != 0 {
				bits, count = bits>>(e&usedMask), count-uint(e)
				if bad = e&invalid != 0; !bad {
					d.state = betweenBlocks
				}
				break
			}
		}
		before := bits
		bits, count = bits>>(e&usedMask), count-uint(e)
		length := value(before, bits, e)

		e = dists[bits&distMask]
		bits, count, next = refill(in, bits, count, next)
		if e&special != 0 {
			if e&invalid == 0 { // a long code
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = dists[second(bits, e)]
			}
			if bad = e&special != 0; bad {
				bits, count = bits>>(e&usedMask), count-uint(e)
				break
			}
		}
		before = bits
		bits, count = bits>>(e&usedMask), count-uint(e)
		dist := value(before, bits, e)
		from := pos - dist
		if bad = from < d.out.start; bad {
			break
		}
		e = litLen[bits&litLenMask]
		bits, count, next = refill(in, bits, count, next)

		to := pos
		pos += length
		switch {
		case dist >= copySize:
			copyBytes(out, to, from)
			copyBytes(out, to+copySize, from+copySize)
			for to += 2 * copySize; to < pos; to += copySize {
				from += copySize
				copyBytes(out, to, from+copySize)
			}
		case dist >= 8:
			for ; to < pos; to += 8 {
				binary.LittleEndian.PutUint64(out[to&windowMask:], binary.LittleEndian.Uint64(out[from&windowMask:]))
				from += 8
			}
		default:
			r := &repeats[dist&7]
			pattern := binary.LittleEndian.Uint64(out[from&windowMask:]) & r.mask * r.factor
			for step := r.step; to < pos; to += step {
				binary.LittleEndian.PutUint64(out[to&windowMask:], pattern)
			}
		}
	}
	d.out.pos = pos
	d.in.setBits(bits, count&63, next)
	if bad {
		return d.corrupt()
	}
	return nil
}

// refill loads bytes so that bits has 56 to 63. It loads eight and counts those that fit whole. A part of the next one
// stays above the count: the next refill finds the same bits there.
func refill(in *[inputSize + loadSize]byte, bits uint64, count uint, next int) (uint64, uint, int) {
	bits |= binary.LittleEndian.Uint64(in[next&inputMask:]) << (count & 63)
	return bits, count | 56, next + 7 - int(count>>3&7)
}

// value returns the length or distance of an entry: its base, and the extra bits behind the code. The bits are given before
// and after they were used.
func value(before, after uint64, e uint32) int {
	used := before - after<<(e&usedMask)
	return int(e>>valueShift) + int(used>>(e>>codeShift&usedMask))
}

// second returns the index in the second table that e points to.
func second(bits uint64, e uint32) uint64 {
	return uint64(e>>valueShift) + bits&(1<<(e>>codeShift&usedMask)-1)
}

// putLiterals writes two bytes, of which the second one may be meaningless.
func putLiterals(out *[windowSize + copySize]byte, pos int, e uint32) {
	binary.LittleEndian.PutUint16(out[pos&windowMask:], uint16(e>>literalShift))
}

// copyBytes copies copySize bytes.
func copyBytes(out *[windowSize + copySize]byte, to, from int) {
	*(*[copySize]byte)(out[to&windowMask:]) = *(*[copySize]byte)(out[from&windowMask:])
}

// repeats tells how to repeat the last bytes, for distances below 8: those of a word below the mask, times the factor, are a
// word full of repetitions, of which step bytes end with a whole one. No word is loaded that was just stored in parts, which
// would be slow.
var repeats = [8]struct {
	mask, factor uint64
	step         int
}{
	1: {1<<8 - 1, 0x01_01_01_01_01_01_01_01, 8},
	2: {1<<16 - 1, 0x0001_0001_0001_0001, 8},
	3: {1<<24 - 1, 1 | 1<<24 | 1<<48, 6},
	4: {1<<32 - 1, 1 | 1<<32, 8},
	5: {1<<40 - 1, 1 | 1<<40, 5},
	6: {1<<48 - 1, 1 | 1<<48, 6},
	7: {1<<56 - 1, 1 | 1<<56, 7},
}
