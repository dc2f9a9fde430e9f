package inflate

import (
	"errors"
	"io"
	"sync"
)

// A Format is the format of a source.
type Format uint8

const (
	Deflate     Format = iota // one DEFLATE stream
	Zlib                      // one zlib stream
	Gzip                      // gzip members to the end of the source
	GzipLenient               // gzip members, then any bytes that do not begin like a member; like gzip(1), the Reader ignores them
	GzipMember                // one gzip member
)

// A wrapper reads the headers and trailers of streams.
type wrapper interface {
	// begin reads the header of the next stream. It returns io.EOF after the last stream.
	begin(in *input) error
	// add adds output to the checksum.
	add(p []byte)
	// end reads the trailer and verifies the checksum.
	end(in *input) error
}

// WindowSize is the size of a buffer for Reader.Fill in bytes.
const WindowSize = len(windowBuffer{})

// A Reader decompresses a source. It reads ahead, also beyond the end of the last stream. It returns the errors of
// compress/flate, compress/gzip and compress/zlib, or those of the source. Reset opens the zero Reader. A Reader is not safe for
// concurrent use, and neither is Close.
type Reader struct {
	d    *decoder // nil if the Reader is not open
	wrap wrapper
	err  error
	open bool   // within a stream
	rest []byte // the part of the last chunk that Read has not returned
}

// Memory is the size of a Reader in bytes.
const Memory = 213 << 10

var errClosed = errors.New("inflate: reader is closed")

// decoders holds unused decoders.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// NewReader returns a Reader of r. Close releases its memory.
func NewReader(r io.Reader, f Format) *Reader {
	z := new(Reader)
	z.Reset(r, f)
	return z
}

// Reset discards the state of z and makes it read r. It also reopens a closed Reader.
func (z *Reader) Reset(r io.Reader, f Format) {
	d := z.d
	if d == nil {
		d = decoders.Get().(*decoder)
	}
	d.in.reset(r)
	d.out.reset()
	*z = Reader{d: d, wrap: newWrapper(f)}
}

// Close releases memory for other Readers. It does not close the source.
func (z *Reader) Close() error {
	if z.d != nil {
		z.d.in.src = nil
		z.d.out.reset()
		decoders.Put(z.d)
	}
	*z = Reader{}
	return nil
}

func newWrapper(f Format) wrapper {
	switch f {
	case Zlib:
		return new(zlibWrapper)
	case Gzip, GzipLenient, GzipMember:
		return &gzipWrapper{format: f}
	}
	return new(bare)
}

// Next returns the next chunk of output. A chunk has at least one byte and is valid until the next call of a method. Next
// returns io.EOF after the last chunk. An error of the source follows all output before it. After Read, Next
// continues where Read stopped.
func (z *Reader) Next() ([]byte, error) {
	if z.d == nil {
		return nil, errClosed
	}
	if z.d.window == nil {
		z.d.window = new(windowBuffer)
	}
	return z.next(z.d.window)
}

// Fill is like Next but decompresses into a buffer of at least WindowSize bytes, so earlier chunks remain valid. The chunk is
// a part of the buffer. The caller must not change it before the next call, which may use the same or another buffer.
func (z *Reader) Fill(buf []byte) ([]byte, error) {
	if z.d == nil {
		return nil, errClosed
	}
	return z.next((*windowBuffer)(buf))
}

func (z *Reader) next(buf *windowBuffer) ([]byte, error) {
	if rest := z.rest; len(rest) > 0 {
		z.rest = nil
		return rest, nil
	}
	if z.err != nil {
		return nil, z.err
	}
	out := &z.d.out
	out.slide(buf)
	from := out.pos
	for z.err == nil && out.pos <= out.limit {
		z.err = z.decode()
	}
	if out.pos == from {
		return nil, z.err
	}
	return out.buf[from:out.pos], nil
}

// decode continues the stream or begins the next one.
func (z *Reader) decode() error {
	d := z.d
	if !z.open {
		if err := z.wrap.begin(&d.in); err != nil {
			return err
		}
		d.start()
		z.open = true
	}
	from := d.out.pos
	done, err := d.decode()
	z.wrap.add(d.out.buf[from:d.out.pos])
	if done {
		z.open = false
		err = z.wrap.end(&d.in)
	}
	return err
}

// Read implements io.Reader.
func (z *Reader) Read(p []byte) (int, error) {
	if len(z.rest) == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		var err error
		if z.rest, err = z.Next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.rest)
	z.rest = z.rest[n:]
	return n, nil
}

// WriteTo implements io.WriterTo.
func (z *Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if len(z.rest) == 0 {
			if z.rest, err = z.Next(); err == io.EOF {
				return written, nil
			} else if err != nil {
				return written, err
			}
		}
		n, err := w.Write(z.rest)
		written += int64(n)
		z.rest = z.rest[n:]
		if err == nil && len(z.rest) > 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
}

// A bare source is a DEFLATE stream without header and trailer.
type bare struct{ done bool }

func (b *bare) begin(*input) error {
	if b.done {
		return io.EOF
	}
	return nil
}

func (b *bare) add([]byte) {}

func (b *bare) end(*input) error {
	b.done = true
	return nil
}
