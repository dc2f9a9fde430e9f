package toc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// near is how many unwanted bytes are read rather than ended a request for: what a new one costs.
const maxGap = 32 << 10

// A Reader reads the contents of files. Those that lie close to each other are asked for together, and read in the order of
// the layer, one at a time.
type Reader struct {
	table *Table
	spans []span

	src    io.ReadCloser // of the span that is being read, nil if none is
	at     int64         // offset in the layer of the next byte of src
	end    int64         // of what was asked for
	member io.Reader     // the decompressed bytes of the piece that is being read
	packed *io.LimitedReader
	begun  int64 // offset of that piece
	taken  int64 // bytes of member that were read

	gzip *gzip.Reader
	zstd *zstd.Decoder
}

// A span is a run of bytes of the layer that is read in one go. They are in order.
type span struct{ from, to int64 }

// NewReader returns a Reader of the entries that want accepts. Others can be read too, each on its own.
func (t *Table) NewReader(want func(*Entry) bool) *Reader {
	r := &Reader{table: t}
	for i := range t.Entries {
		e := &t.Entries[i]
		if len(e.pieces) == 0 || !want(e) {
			continue
		}
		for _, p := range e.pieces {
			if p.zeros {
				continue
			}
			last := len(r.spans) - 1
			if last >= 0 && p.offset-r.spans[last].to <= maxGap {
				r.spans[last].to = p.end
			} else {
				r.spans = append(r.spans, span{p.offset, p.end})
			}
		}
	}
	return r
}

// Close ends reading.
func (r *Reader) Close() error {
	if r.zstd != nil {
		r.zstd.Close()
	}
	if r.src == nil {
		return nil
	}
	src := r.src
	r.src = nil
	return src.Close()
}

// Content returns the content of a file, whose last bytes are only given if all of it has the digest that the table names.
// It is valid until the next one is asked for.
func (r *Reader) Content(e *Entry) io.Reader {
	return &content{r: r, e: e, left: e.Size, sum: sha256.New()}
}

type content struct {
	r     *Reader
	e     *Entry
	piece int
	taken int64 // of that piece
	left  int64
	sum   hash.Hash
	err   error
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.read(p)
	c.sum.Write(p[:n])
	if c.left -= int64(n); c.left == 0 && err == nil {
		if got := "sha256:" + hex.EncodeToString(c.sum.Sum(nil)); got != c.e.Digest {
			n, err = 0, fmt.Errorf("%s has digest %s, but the table of contents names %s", c.e.Name, got, c.e.Digest)
		}
	}
	c.err = err
	return n, err
}

// read reads from one piece.
func (c *content) read(p []byte) (int, error) {
	for c.taken == c.e.pieces[c.piece].size {
		c.piece, c.taken = c.piece+1, 0
	}
	at := &c.e.pieces[c.piece]
	p = p[:min(int64(len(p)), at.size-c.taken)]
	if at.zeros {
		clear(p)
		c.taken += int64(len(p))
		return len(p), nil
	}
	if err := c.r.seek(c.e, at, at.inner+c.taken); err != nil {
		return 0, err
	}
	n, err := c.r.member.Read(p)
	c.r.taken += int64(n)
	c.taken += int64(n)
	if n > 0 {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return 0, fmt.Errorf("%s: %w", c.e.Name, err)
}

// seek goes to a place in the decompressed bytes of a piece.
func (r *Reader) seek(e *Entry, p *piece, to int64) error {
	if r.member == nil || r.begun != p.offset || r.taken > to {
		if err := r.begin(e, p); err != nil {
			return err
		}
	}
	n, err := io.CopyN(io.Discard, r.member, to-r.taken)
	r.taken += n
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// begin starts to decompress a piece.
func (r *Reader) begin(e *Entry, p *piece) error {
	r.member = nil
	if r.packed != nil {
		r.at -= r.packed.N // what of the last piece was not read
		r.packed = nil
	}
	if r.src == nil || r.at > p.offset || p.end > r.end || p.offset-r.at > maxGap {
		if err := r.request(e, p); err != nil {
			return err
		}
	}
	n, err := io.CopyN(io.Discard, r.src, p.offset-r.at)
	r.at += n
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	r.packed = &io.LimitedReader{R: r.src, N: p.end - p.offset}
	r.at = p.end // less what is left of packed
	r.begun, r.taken = p.offset, 0
	if r.table.format == eStargz {
		if r.gzip == nil {
			r.gzip = new(gzip.Reader)
		}
		if err := r.gzip.Reset(r.packed); err != nil {
			return errors.Join(ErrDamaged, err)
		}
		r.gzip.Multistream(false)
		r.member = r.gzip
		return nil
	}
	if r.zstd == nil {
		if r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxTable)); err != nil {
			return err
		}
	}
	if err := r.zstd.Reset(r.packed); err != nil {
		return errors.Join(ErrDamaged, err)
	}
	r.member = r.zstd
	return nil
}

// request asks for the rest of the span that a piece is in, or for that of its file.
func (r *Reader) request(e *Entry, p *piece) error {
	if r.src != nil {
		if err := r.src.Close(); err != nil {
			return err
		}
		r.src = nil
	}
	end := p.end
	for _, other := range e.pieces {
		end = max(end, other.end)
	}
	i, _ := slices.BinarySearchFunc(r.spans, p.offset+1, func(s span, offset int64) int { return cmp.Compare(s.from, offset) })
	if i > 0 && p.offset < r.spans[i-1].to {
		end = max(end, r.spans[i-1].to)
	}
	src, err := r.table.open(p.offset, end-p.offset)
	if err != nil {
		return err
	}
	r.src, r.at, r.end = src, p.offset, end
	return nil
}
