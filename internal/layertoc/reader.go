package layertoc

import (
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/internal/inflate"
)

// maxGap is the largest number of unwanted bytes that a request reads, instead of a second request.
const maxGap = 32 << 10

// A Reader reads the contents of files, one at a time in the order of the layer. One request fetches files that are close
// together.
type Reader struct {
	table *Table
	spans []span

	src    io.ReadCloser // the current request, or nil
	at     int64         // offset in the layer of the next byte of src
	end    int64         // end of the request in the layer
	member io.Reader     // the decompressed bytes of the current piece
	packed *io.LimitedReader
	begun  int64 // offset of the current piece
	taken  int64 // bytes read from member

	gzip *inflate.Reader
	zstd *zstd.Decoder
}

// A span is a run of bytes of the layer that one request reads.
type span struct{ from, to int64 }

// NewReader returns a Reader that groups requests for the entries that want accepts. It reads any other entry with its own
// request.
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

// Close closes the current request.
func (r *Reader) Close() error {
	if r.gzip != nil {
		r.gzip.Close()
	}
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

// Content returns the content of a file. If the content does not match the digest in the table, the last Read returns an error
// instead of bytes. The reader is valid until the next call of Content.
func (r *Reader) Content(e *Entry) io.Reader {
	return &content{r: r, e: e, left: e.Size, sum: sha256.New()}
}

type content struct {
	r     *Reader
	e     *Entry
	piece int
	taken int64 // bytes read of the piece
	left  int64
	sum   hash.Hash
	err   error
}

// Read reads content and verifies its digest at the end.
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
			n, err = 0, fmt.Errorf("%s has digest %s, want %s", c.e.Name, got, c.e.Digest)
		}
	}
	c.err = err
	return n, err
}

// read reads from the current piece or the next one.
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
	return 0, fmt.Errorf("%s: %w", c.e.Name, pieceError(err))
}

// seek moves to an offset in the decompressed bytes of a piece.
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
	return pieceError(err)
}

// pieceError blames the table if a piece does not begin with a gzip member.
func pieceError(err error) error {
	if errors.Is(err, gzip.ErrHeader) {
		return errors.Join(ErrDamaged, err)
	}
	return err
}

// begin starts decompressing a piece.
func (r *Reader) begin(e *Entry, p *piece) error {
	r.member = nil
	if r.packed != nil {
		r.at -= r.packed.N // the unread rest of the last piece
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
	r.at = p.end // less the unread rest of packed
	r.begun, r.taken = p.offset, 0
	if r.table.format == eStargz {
		if r.gzip == nil {
			r.gzip = new(inflate.Reader)
		}
		r.gzip.Reset(r.packed, inflate.GzipMember)
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

// request opens the layer from a piece to the end of its span or file.
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
