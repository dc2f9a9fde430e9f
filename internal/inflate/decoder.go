package inflate

import "compress/flate"

// A state is the part of a stream that comes next.
type state uint8

const (
	atHeader state = iota // or the end of the stream
	inStored
	inCodes
)

// A decoder decompresses DEFLATE streams from its input into its window.
type decoder struct {
	in     input
	out    window
	window *windowBuffer // for Reader.Next, or nil

	begin  int64 // the offset of the stream in the source
	state  state
	final  bool // the current block is the last one
	stored int  // bytes left in a stored block
	tables *tables
	single int // bytes that the block must write before pair may change its table, or 0

	own     tables                               // for blocks with their own codes
	codes   [dynamicLitLens + dynamicDists]uint8 // the lengths of these codes
	lengths [1 << lengthBits]uint32              // the table that decodes the lengths
}

// start begins a stream at the next byte.
func (d *decoder) start() {
	d.begin = d.in.offset()
	d.state, d.final = atHeader, false
	d.out.start = d.out.pos
}

// decode writes output until the window is full or the stream ends. At the end of the stream it returns true and leaves the
// input aligned.
func (d *decoder) decode() (done bool, err error) {
	for d.out.pos <= d.out.limit {
		switch d.state {
		case atHeader:
			if d.final {
				d.in.align()
				return true, nil
			}
			err = d.header()
		case inStored:
			err = d.copyStored()
		case inCodes:
			err = d.decodeCodes()
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// corrupt returns the error for input that is not DEFLATE.
func (d *decoder) corrupt() error { return flate.CorruptInputError(d.in.offset() - d.begin) }

func (d *decoder) copyStored() error {
	out := &d.out
	for d.stored > 0 {
		room := min(d.stored, out.limit+1-out.pos)
		if room == 0 {
			return nil
		}
		if d.in.pos == d.in.end && !d.in.read() {
			return d.in.failure()
		}
		n := copy(out.buf[out.pos:out.pos+room], d.in.buf[d.in.pos:d.in.end])
		d.in.pos += n
		out.pos += n
		d.stored -= n
	}
	d.state = atHeader
	return nil
}

// decodeCodes decodes symbols with the fast loop, and the last ones of a source one by one.
func (d *decoder) decodeCodes() error {
	for d.state == inCodes && d.out.pos <= d.out.limit {
		var err error
		switch {
		case d.in.end-d.in.pos >= roundInput:
			err = d.decodeFast()
		case !d.in.read():
			err = d.decodeSymbol()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decodeFast runs the fast loop. In a new block it first decodes a short part, after which it pairs literals if that pays.
func (d *decoder) decodeFast() error {
	d.out.stop = d.out.limit
	if d.single == 0 {
		return d.fast()
	}
	from := d.out.pos
	d.out.stop = min(d.out.stop, from+d.single)
	err := d.fast()
	if d.single -= min(d.single, d.out.pos-from); d.single == 0 && pairsPay(d.codes[:endSymbol]) {
		pair(d.own.litLen[:1<<litLenBits])
	}
	return err
}
