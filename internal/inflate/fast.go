package inflate

import "encoding/binary"

// roundInput is how many bytes of input the fast loop needs to go round once.
const roundInput = 10

// fast decodes symbols until a round may not begin, because the input or the room for output might not suffice, or the
// block ends.
func (d *decoder) fast() error {
	var (
		in     = &d.in.buf
		out    = &d.out.buf
		litLen = &d.tables.litLen
		dists  = &d.tables.dist

		p     = d.in.pos
		last  = d.in.end - 2
		bits  = d.in.bits
		count = d.in.count // of bits; its bits 6 and up are meaningless in the loop
		pos   = d.out.pos
		limit = d.out.limit
		start = d.out.start
		bad   bool
	)
	bits |= binary.LittleEndian.Uint64(in[p&inputMask:]) << (count & 63)
	p += 7 - int(count>>3&7)
	count |= 56
	e := litLen[bits&(1<<litLenBits-1)]
	for p <= last && pos <= limit {
		if e >= literal {
			binary.LittleEndian.PutUint16(out[pos&windowMask:], uint16(e>>literalShift))
			pos += int(e >> countShift)
			bits >>= e & usedMask
			count -= uint(e)
			e = litLen[bits&(1<<litLenBits-1)]
			if e >= literal {
				binary.LittleEndian.PutUint16(out[pos&windowMask:], uint16(e>>literalShift))
				pos += int(e >> countShift)
				bits >>= e & usedMask
				count -= uint(e)
				e = litLen[bits&(1<<litLenBits-1)]
				if e >= literal {
					binary.LittleEndian.PutUint16(out[pos&windowMask:], uint16(e>>literalShift))
					pos += int(e >> countShift)
					bits >>= e & usedMask
					count -= uint(e)
					bits |= binary.LittleEndian.Uint64(in[p&inputMask:]) << (count & 63)
					p += 7 - int(count>>3&7)
					count |= 56
					e = litLen[bits&(1<<litLenBits-1)]
					continue
				}
			}
		}
		if e&special != 0 {
			if e&(endBlock|invalid) == 0 {
				bits >>= e & usedMask
				count -= uint(e)
				e = litLen[uint64(e>>valueShift)+bits&(1<<(e>>codeShift&usedMask)-1)]
			}
			if e >= literal {
				out[pos&windowMask] = byte(e >> literalShift)
				pos++
				bits >>= e & usedMask
				count -= uint(e)
				bits |= binary.LittleEndian.Uint64(in[p&inputMask:]) << (count & 63)
				p += 7 - int(count>>3&7)
				count |= 56
				e = litLen[bits&(1<<litLenBits-1)]
				continue
			}
			if e&special != 0 {
				bits >>= e & usedMask
				count -= uint(e)
				if e&invalid != 0 {
					bad = true
				} else {
					d.state = betweenBlocks
				}
				break
			}
		}
		saved := bits
		bits >>= e & usedMask
		count -= uint(e)
		length := int(e>>valueShift) + int((saved-bits<<(e&usedMask))>>(e>>codeShift&usedMask))

		bits |= binary.LittleEndian.Uint64(in[p&inputMask:]) << (count & 63)
		p += 7 - int(count>>3&7)
		count |= 56
		e = dists[bits&(1<<distBits-1)]
		if e&special != 0 {
			if e&invalid == 0 {
				bits >>= e & usedMask
				count -= uint(e)
				e = dists[uint64(e>>valueShift)+bits&(1<<(e>>codeShift&usedMask)-1)]
			}
			if e&special != 0 {
				bits >>= e & usedMask
				count -= uint(e)
				bad = true
				break
			}
		}
		saved = bits
		bits >>= e & usedMask
		count -= uint(e)
		dist := int(e>>valueShift) + int((saved-bits<<(e&usedMask))>>(e>>codeShift&usedMask))
		if dist > pos-start {
			bad = true
			break
		}
		bits |= binary.LittleEndian.Uint64(in[p&inputMask:]) << (count & 63)
		p += 7 - int(count>>3&7)
		count |= 56
		e = litLen[bits&(1<<litLenBits-1)]

		to, from := pos, pos-dist
		pos += length
		if dist >= copySize {
			*(*[copySize]byte)(out[to&windowMask:]) = *(*[copySize]byte)(out[from&windowMask:])
			for to += copySize; to < pos; to += copySize {
				from += copySize
				*(*[copySize]byte)(out[to&windowMask:]) = *(*[copySize]byte)(out[from&windowMask:])
			}
		} else {
			for ; to < pos; to++ {
				out[to&windowMask] = out[from&windowMask]
				from++
			}
		}
	}
	// What was loaded from behind the input is not input.
	count &= 63
	if p > d.in.end {
		count -= uint(p-d.in.end) * 8
		p = d.in.end
	}
	d.in.pos, d.in.count, d.in.bits = p, count, bits&(1<<count-1)
	d.out.pos = pos
	if bad {
		return d.corrupt()
	}
	return nil
}
