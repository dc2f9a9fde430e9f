package inflate

import "encoding/binary"

// lengthOrder is the order in which a header lists the code for lengths of codes (RFC 1951, section 3.2.7).
var lengthOrder = [maxLengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// header reads the header of a block.
func (d *decoder) header() error {
	in := &d.in
	if !in.need(3) {
		return in.failure()
	}
	d.final = in.take(1) == 1
	switch in.take(2) {
	case 0:
		return d.storedHeader()
	case 1:
		d.tables, d.state, d.single = fixed(), inCodes, 0
		return nil
	case 2:
		d.tables, d.state, d.single = &d.own, inCodes, pairAfter
		return d.dynamicHeader()
	}
	return d.corrupt()
}

func (d *decoder) storedHeader() error {
	d.in.align()
	b := d.in.next(4)
	if len(b) < 4 {
		return d.in.failure()
	}
	n, complement := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	if n != ^complement {
		return d.corrupt()
	}
	d.stored, d.state = int(n), inStored
	return nil
}

// dynamicHeader reads the codes of a block and builds its tables. The header contains the lengths of the codes. They are
// themselves coded, and the header begins with that code.
func (d *decoder) dynamicHeader() error {
	in := &d.in
	if !in.need(5 + 5 + 4) {
		return in.failure()
	}
	litLens, dists, n := int(in.take(5))+257, int(in.take(5))+1, int(in.take(4))+4
	if litLens > dynamicLitLens || dists > dynamicDists {
		return d.corrupt()
	}
	var first [maxLengths]uint8
	for _, s := range lengthOrder[:n] {
		if !in.need(3) {
			return in.failure()
		}
		first[s] = uint8(in.take(3))
	}
	least, ok := build(d.lengths[:], lengthBits, first[:], lengthSymbols[:])
	if !ok {
		return d.corrupt()
	}
	if err := d.readLengths(d.codes[:litLens+dists], least); err != nil {
		return err
	}
	if !d.own.build(d.codes[:litLens], d.codes[litLens:litLens+dists]) {
		return d.corrupt()
	}
	return nil
}

// readLengths reads the lengths of codes, which are listed one by one or as repetitions. The shortest code for a length has
// least bits.
func (d *decoder) readLengths(lengths []uint8, least uint) error {
	in := &d.in
	for i := 0; i < len(lengths); {
		in.need(lengthBits + 7) // a symbol and its extra bits, unless the source ends
		e := d.lengths[in.bits&(1<<lengthBits-1)]
		used := uint(e & usedMask)
		if in.count < max(least, used) {
			return in.failure()
		}
		if e&special != 0 {
			return d.corrupt()
		}
		in.take(used)
		symbol := uint8(e >> valueShift)
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		var value uint8
		n, extra := 3, uint(2)
		switch symbol {
		case 16:
			if i == 0 {
				return d.corrupt()
			}
			value = lengths[i-1]
		case 17:
			extra = 3
		case 18:
			n, extra = 11, 7
		}
		if in.count < extra {
			return in.failure()
		}
		n += int(in.take(extra))
		if n > len(lengths)-i {
			return d.corrupt()
		}
		for range n {
			lengths[i] = value
			i++
		}
	}
	return nil
}
