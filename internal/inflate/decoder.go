package inflate

import "compress/flate"

type state uint8

const (
	betweenBlocks state = iota
	inStored
	inCodes
)

// A decoder turns DEFLATE streams into output.
type decoder struct {
	in  input
	out window

	begin  int64 // offset of the stream in the source
	state  state
	final  bool // the block is the last one
	stored int  // bytes left of a stored block
	tables *tables

	own     tables
	lengths [1 << lengthBits]uint32
}

// start begins a stream at the next byte.
func (d *decoder) start() {
	d.begin = d.in.offset()
	d.state, d.final = betweenBlocks, false
	d.out.start = d.out.pos
}

// decode writes output until a round may not begin, the stream ends or an error is met. It reports whether the stream has
// ended, after which the input is aligned.
func (d *decoder) decode() (done bool, err error) {
	for d.out.pos <= d.out.limit {
		switch d.state {
		case betweenBlocks:
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

// corrupt returns the error of input that is not DEFLATE.
func (d *decoder) corrupt() error { return flate.CorruptInputError(d.in.offset() - d.begin) }

func (d *decoder) copyStored() error {
	for d.stored > 0 {
		room := d.out.room()
		if len(room) == 0 {
			return nil
		}
		if d.in.pos == d.in.end && !d.in.read() {
			return d.in.failure()
		}
		n := copy(room[:min(len(room), d.stored)], d.in.buf[d.in.pos:d.in.end])
		d.in.pos += n
		d.out.pos += n
		d.stored -= n
	}
	d.state = betweenBlocks
	return nil
}

// decodeCodes decodes symbols: with the fast loop as long as there is input for it, the last ones with care.
func (d *decoder) decodeCodes() error {
	for d.state == inCodes && d.out.pos <= d.out.limit {
		var err error
		switch {
		case d.in.end-d.in.pos >= roundInput:
			err = d.fast()
		case !d.in.read():
			err = d.decodeSymbol()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
