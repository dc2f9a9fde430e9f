package inflate

// The order in which a header gives the lengths of the codes of lengths (RFC 1951, section 3.2.7).
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// header reads the first bits of a block, and the tables of one with codes of its own.
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
	b := d.in.bytes(4)
	d.in.pos += len(b)
	if len(b) < 4 {
		return d.in.failure()
	}
	n, complement := uint16(b[0])|uint16(b[1])<<8, uint16(b[2])|uint16(b[3])<<8
	if n != ^complement {
		return d.corrupt()
	}
	d.stored, d.state = int(n), inStored
	return nil
}

// dynamicHeader reads the lengths of the codes of a block, which are themselves written in a code, and builds the tables.
func (d *decoder) dynamicHeader() error {
	in := &d.in
	if !in.need(5 + 5 + 4) {
		return in.failure()
	}
	litLens, dists, n := int(in.take(5))+257, int(in.take(5))+1, int(in.take(4))+4
	if litLens > maxLitLenOK || dists > maxDistOK {
		return d.corrupt()
	}
	var first [19]uint8
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
	lengths := &d.codes
	clear(lengths[:])
	if err := d.readLengths(lengths[:litLens+dists], least); err != nil {
		return err
	}
	t := &d.own
	var ok1, ok2 bool
	t.leastLitLen, ok1 = build(t.litLen[:], litLenBits, lengths[:litLens], litLenSymbols[:])
	t.leastDist, ok2 = build(t.dist[:], distBits, lengths[litLens:litLens+dists], distSymbols[:])
	if !ok1 || !ok2 {
		return d.corrupt()
	}
	// A block ends with its end symbol, so as many bits are sure to come.
	t.leastLitLen = max(t.leastLitLen, uint(lengths[endOfBlock]))
	return nil
}

// readLengths reads lengths of codes, which are given one by one or as repetitions.
func (d *decoder) readLengths(lengths []uint8, least uint) error {
	in := &d.in
	for i := 0; i < len(lengths); {
		if in.count < lengthBits+7 {
			in.need(lengthBits + 7)
		}
		e := d.lengths[in.bits&(1<<lengthBits-1)]
		if used := uint(e & usedMask); in.count < max(least, used) {
			return in.failure()
		} else if e&special != 0 {
			return d.corrupt()
		} else {
			in.take(used)
		}
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
