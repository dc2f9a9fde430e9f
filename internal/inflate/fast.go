package inflate

import "encoding/binary"

// roundInput is the number of unread bytes that let the fast loop run at least once.
const roundInput = 10

// fast decodes symbols until the block ends or the input or the window may not suffice for another round.
//
// A round decodes up to three literals, or up to two literals and a match. It tests its limits once, because no input makes it
// exceed these bounds:
//
//   - Bits. A round begins with at least 56. Two literals (22 bits) and a length (20) leave 14, enough to look up a distance
//     (8). After a refill to 56, the distance (28) leaves enough to look up the next symbol (11).
//   - Input. A round uses up to 70 bits, so it needs two bytes beyond the first 56 bits. It may load and count bytes beyond the
//     end of the input, but it doesn't use them.
//   - Output. A round writes up to roundSize bytes.
//
// A lookup before each refill, and before each copy, lets the processor load the entry meanwhile. The bounds also keep indices
// within the masks, whose only purpose is to spare bounds checks. Values that a round needs once stay in memory: amd64 has no
// register left for them.
func (d *decoder) fast() error {
	var (
		in     = &d.in.buf
		out    = d.out.buf
		litLen = &d.tables.litLen
		dists  = &d.tables.dist

		bits  = d.in.bits
		count = d.in.count // only the lowest six bits are valid in the loop
		next  = d.in.pos   // the next byte to load
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
			if e&(endBlock|invalid) == 0 {
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = litLen[link(bits, e)]
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
					d.state = atHeader
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
			if e&invalid == 0 {
				bits, count = bits>>(e&usedMask), count-uint(e)
				e = dists[link(bits, e)]
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

// refill loads bytes until bits has 56 to 63. It loads eight bytes and counts those that fit as a whole. Bits of the next byte
// may remain above the count, where the next refill finds the same ones.
func refill(in *inputBuffer, bits uint64, count uint, next int) (uint64, uint, int) {
	count &= 63
	bits |= binary.LittleEndian.Uint64(in[next&inputMask:]) << count
	return bits, count | 56, next + 7 - int(count>>3)
}

// value returns the length or distance of an entry: its base plus the extra bits after the code. Its arguments include the bits
// before and after the entry's are removed.
func value(before, after uint64, e uint32) int {
	used := before - after<<(e&usedMask)
	return int(e>>valueShift) + int(used>>(e>>codeShift&usedMask))
}

// link returns the index of the entry in a second table, given the entry that links to it.
func link(bits uint64, e uint32) uint64 {
	return uint64(e>>valueShift) + bits&(1<<(e>>codeShift&usedMask)-1)
}

// putLiterals writes the literals of an entry. After a single literal it writes a byte without meaning.
func putLiterals(out *windowBuffer, pos int, e uint32) {
	binary.LittleEndian.PutUint16(out[pos&windowMask:], uint16(e>>literalShift))
}

// copyBytes copies copySize bytes.
func copyBytes(out *windowBuffer, to, from int) {
	*(*[copySize]byte)(out[to&windowMask:]) = *(*[copySize]byte)(out[from&windowMask:])
}

// repeats contains, by distance, how to repeat fewer than eight bytes. A word under the mask, times the factor, repeats its bytes
// up to the end of the word. After step bytes the pattern begins again. The word is loaded once, since loading bytes
// just stored by several stores is slow.
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
