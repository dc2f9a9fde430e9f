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
	single int // bytes that the block writes before its literals may be paired, or 0 if that is settled

	own     tables                         // of blocks with codes of their own
	codes   [maxLitLenOK + maxDistOK]uint8 // lengths of these codes
	lengths [1 << lengthBits]uint32        // decodes them
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

// decodeFast runs the fast loop, at first on a short piece of a block, after which it pairs literals where that pays.
func (d *decoder) decodeFast() error {
	d.out.stop = d.out.limit
	if d.single == 0 {
		return d.fast()
	}
	from := d.out.pos
	d.out.stop = min(d.out.stop, from+d.single)
	err := d.fast()
	if d.single -= min(d.single, d.out.pos-from); d.single == 0 && pairsPay(d.codes[:endOfBlock]) {
		pair(d.own.litLen[:1<<litLenBits])
	}
	return err
}
