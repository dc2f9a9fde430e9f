package inflate

// decodeSymbol decodes one literal or match when the source has ended, perhaps within the symbol.
func (d *decoder) decodeSymbol() error {
	d.in.refill() // enough for a length and a distance
	out := &d.out
	e, extra, err := d.symbol(d.tables.litLen[:], litLenBits, d.tables.leastLitLen)
	if err != nil {
		return err
	}
	if e&special != 0 {
		d.state = atHeader
		return nil
	}
	if e >= literal {
		out.buf[out.pos] = byte(e >> literalShift)
		out.pos++
		return nil
	}
	length := int(e>>valueShift) + extra
	if e, extra, err = d.symbol(d.tables.dist[:], distBits, d.tables.leastDist); err != nil {
		return err
	}
	dist := int(e>>valueShift) + extra
	if dist > out.pos-out.start {
		return d.corrupt()
	}
	for range length {
		out.buf[out.pos] = out.buf[out.pos-dist]
		out.pos++
	}
	return nil
}

// symbol decodes a symbol and its extra bits. The index of the first table has first bits, and at least least bits must follow. It
// takes only the first literal of a pair.
func (d *decoder) symbol(entries []uint32, first, least uint) (e uint32, extra int, err error) {
	in := &d.in
	if in.count < least {
		return 0, 0, in.failure()
	}
	e = entries[in.bits&(1<<first-1)]
	skip := uint(0)
	if e&special != 0 && e&(endBlock|invalid) == 0 {
		skip = first
		e = entries[link(in.bits>>skip, e)]
	}
	code := uint(e >> codeShift & usedMask)
	if in.count < skip+code {
		return 0, 0, in.failure()
	}
	in.take(skip + code)
	if e&special != 0 {
		if e&invalid != 0 {
			return 0, 0, d.corrupt()
		}
		return e, 0, nil
	}
	if first == litLenBits && e >= literal {
		return e, 0, nil
	}
	n := uint(e&usedMask) - code
	if in.count < n {
		return 0, 0, in.failure()
	}
	return e, int(in.take(n)), nil
}
