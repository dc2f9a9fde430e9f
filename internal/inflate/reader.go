package inflate

import (
	"errors"
	"io"
	"sync"
)

// A Format tells what surrounds the DEFLATE streams of a source.
type Format uint8

const (
	Deflate     Format = iota // nothing: one stream, RFC 1951
	Zlib                      // one stream, RFC 1950
	Gzip                      // members, RFC 1952; anything else behind them is an error
	GzipLenient               // members, as gzip(1) reads them: anything else behind them is ignored
	GzipMember                // one member
)

// A wrapper reads what surrounds the streams of a source.
type wrapper interface {
	// begin reads up to the next stream. It returns io.EOF if there is none.
	begin(in *input) error
	// add takes output of the stream, for its checksum.
	add(p []byte)
	// end reads what follows a stream, and compares checksums.
	end(in *input) error
}

// A Reader decompresses a source. It reads ahead of what it returns, and behind the end of the last stream. Its errors are
// those of compress/flate, compress/gzip and compress/zlib.
//
// A Reader must not be used by several goroutines at once.
type Reader struct {
	d    *decoder // nil after Close
	wrap wrapper
	err  error
	open bool   // within a stream
	rest []byte // of the last chunk, for Read
}

// Memory is how many bytes a Reader holds until it is closed.
const Memory = 213 << 10

var errClosed = errors.New("inflate: reader is closed")

// decoders has those that no Reader uses.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// NewReader returns a Reader of the content of r. Close frees its memory for other Readers.
func NewReader(r io.Reader, f Format) *Reader {
	z := new(Reader)
	z.Reset(r, f)
	return z
}

// Reset makes z read another source, as if NewReader had returned it.
func (z *Reader) Reset(r io.Reader, f Format) {
	d := z.d
	if d == nil {
		d = decoders.Get().(*decoder)
	}
	d.in.reset(r)
	d.out.reset()
	*z = Reader{d: d, wrap: newWrapper(f)}
}

// Close frees memory. It does not close the source.
func (z *Reader) Close() error {
	if z.d != nil {
		z.d.in.src = nil
		decoders.Put(z.d)
	}
	*z = Reader{err: errClosed}
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

// Next returns the next chunk of the content, which is not empty and is valid until the next call of any method. After the
// last chunk it returns io.EOF or what is wrong with the source.
func (z *Reader) Next() ([]byte, error) {
	if z.err != nil {
		return nil, z.err
	}
	out := &z.d.out
	out.slide()
	from := out.pos
	for z.err == nil && out.pos <= out.limit {
		z.err = z.decode()
	}
	if out.pos == from {
		return nil, z.err
	}
	return out.buf[from:out.pos], nil
}

// decode goes on with the stream, and begins one if necessary.
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

// bare is a stream that nothing surrounds.
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
