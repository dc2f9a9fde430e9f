package inflate

// decodeSymbol decodes one literal or match where the source may end within it. No more of the source can be read.
func (d *decoder) decodeSymbol() error {
	d.in.refill() // enough for a length and a distance
	e, extra, err := d.symbol(d.tables.litLen[:], litLenBits, d.tables.leastLitLen)
	if err != nil {
		return err
	}
	if e >= literal {
		d.out.buf[d.out.pos] = byte(e >> literalShift)
		d.out.pos++
		return nil
	}
	if e&special != 0 {
		d.state = betweenBlocks
		return nil
	}
	length := int(e>>valueShift) + extra
	if e, extra, err = d.symbol(d.tables.dist[:], distBits, d.tables.leastDist); err != nil {
		return err
	}
	dist := int(e>>valueShift) + extra
	if dist > d.out.pos-d.out.start {
		return d.corrupt()
	}
	for range length {
		d.out.buf[d.out.pos] = d.out.buf[d.out.pos-dist]
		d.out.pos++
	}
	return nil
}

// symbol decodes a symbol, whose code has at least so many bits, and its extra bits. Of two literals it takes the first.
func (d *decoder) symbol(entries []uint32, first, least uint) (e uint32, extra int, err error) {
	in := &d.in
	if in.count < least {
		return 0, 0, in.failure()
	}
	e = entries[in.bits&(1<<first-1)]
	skip := uint(0)
	if e&special != 0 && e&(endBlock|invalid) == 0 {
		skip = first
		index := in.bits >> first & (1<<(e>>codeShift&usedMask) - 1)
		e = entries[uint64(e>>valueShift)+index]
	}
	code := uint(e >> codeShift & usedMask)
	if in.count < skip+code {
		return 0, 0, in.failure()
	}
	in.take(skip + code)
	if e&special != 0 && e&invalid != 0 {
		return 0, 0, d.corrupt()
	}
	if e >= literal && first == litLenBits || e&special != 0 {
		return e, 0, nil
	}
	n := uint(e&usedMask) - code
	if in.count < n {
		return 0, 0, in.failure()
	}
	return e, int(in.take(n)), nil
}
