package db

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// A DB is an open database. It is a [matcher.Source] and a [matcher.Enricher], and may be used by many goroutines at once.
type DB struct {
	r      io.ReaderAt
	size   int64
	footer footer
	index  *index
	zstd   *zstd.Decoder
	cache  cache[block]

	threats cache[threatBlock]

	buffers sync.Pool // of *[]byte, for stored and raw blocks
	scratch sync.Pool // of *block, for look-ups of so many that the cache would not keep them
}

// Open opens the database of size bytes in r, which must stay readable. It reads the footer and the index, no block.
//
// Errors wrap [ErrNotDatabase], [ErrUnsupported] or [ErrCorrupt], or are those of r.
func Open(r io.ReaderAt, size int64) (*DB, error) {
	d, err := open(r, size)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	return d, nil
}

func open(r io.ReaderAt, size int64) (*DB, error) {
	if size < blockAt+footerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotDatabase, size)
	}
	head := make([]byte, blockAt)
	if err := readAt(r, head, 0); err != nil {
		return nil, err
	}
	if string(head) != magic {
		return nil, fmt.Errorf("%w: begins with %q", ErrNotDatabase, head)
	}
	foot := make([]byte, footerSize)
	if err := readAt(r, foot, size-footerSize); err != nil {
		return nil, err
	}
	f, err := parseFooter(foot, size)
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxIndex),
		zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	d := &DB{r: r, size: size, footer: f, zstd: dec}
	raw, err := d.read(&piece{f.offset, int(f.stored), int(f.raw), f.hash}, nil)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if d.index, err = parseIndex(raw, f.offset, f.flags&flagFilter != 0); err != nil {
		return nil, fmt.Errorf("index: %w: %w", ErrCorrupt, err)
	}
	return d, nil
}

func readAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return errShort
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// read returns the raw form of a piece of the file, after it has checked the hash. It is made in buf, where that is large
// enough.
func (d *DB) read(p *piece, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], p.stored+p.raw)
	b := buf[:p.stored]
	if err := readAt(d.r, b, p.offset); err != nil {
		return nil, err
	}
	if sha256.Sum256(b) != p.hash {
		return nil, errHash
	}
	var h zstd.Header
	if err := h.Decode(b); err != nil || !h.HasFCS || h.FrameContentSize != uint64(p.raw) {
		return nil, fmt.Errorf("%w: frame of another size", ErrCorrupt)
	}
	out, err := d.zstd.DecodeAll(b, buf[p.stored:p.stored:p.stored+p.raw])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if len(out) != p.raw {
		return nil, fmt.Errorf("%w: frame of another size", ErrCorrupt)
	}
	return out, nil
}

// block returns block i, from the cache if it is there, which else it enters.
func (d *DB) block(i int) (*block, error) {
	if b := d.cache.get(i); b != nil {
		return b, nil
	}
	b := new(block)
	if err := d.decode(b, i); err != nil {
		return nil, err
	}
	d.cache.put(i, b, d.index.blocks[i].raw)
	return b, nil
}

// scratchBlock returns block i, from the cache if it is there, which else it leaves alone. It is to be given to release.
func (d *DB) scratchBlock(i int) (*block, error) {
	if b := d.cache.get(i); b != nil {
		return b, nil
	}
	b, ok := d.scratch.Get().(*block)
	if !ok {
		b = &block{scratch: true}
	}
	if err := d.decode(b, i); err != nil {
		d.release(b)
		return nil, err
	}
	return b, nil
}

// release allows a block's memory to be used again, if nobody else has the block.
func (d *DB) release(b *block) {
	if b.scratch {
		d.scratch.Put(b)
	}
}

// decode reads block i into b.
func (d *DB) decode(b *block, i int) error {
	e := &d.index.blocks[i]
	err := d.raw(&e.piece, b.parse)
	if err == nil && (len(b.rows) != e.advisories || !d.belongs(b, i)) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, errMisplaced)
	}
	if err != nil {
		return fmt.Errorf("db: block %d: %w", i, err)
	}
	return nil
}

// raw has parse decode a piece of the file, of which it must keep nothing.
func (d *DB) raw(p *piece, parse func([]byte) error) error {
	buf, ok := d.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer d.buffers.Put(buf)
	*buf = slices.Grow((*buf)[:0], p.stored+p.raw)
	raw, err := d.read(p, *buf)
	if err != nil {
		return err
	}
	if err := parse(raw); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// belongs reports whether the packages of b are in order and where the index says that they are.
func (d *DB) belongs(b *block, i int) bool {
	e := &d.index.blocks[i]
	prev := e.first
	for j, p := range b.packages {
		this := b.name(&p)
		if c := prev.compare(this); c > 0 || (c == 0) != (j == 0) || !d.index.filter.mayHold(this) {
			return false
		}
		prev = this
	}
	if i+1 < len(d.index.blocks) {
		next := &d.index.blocks[i+1]
		if c := next.first.compare(prev); c < 0 || (c == 0) != next.continues {
			return false
		}
	}
	return len(b.packages) > 0
}

// All yields every advisory, in the order of the file. An error ends it.
func (d *DB) All() iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for i := range d.index.blocks {
			b, err := d.block(i)
			if err != nil {
				yield(matcher.Advisory{}, err)
				return
			}
			for f := range b.all {
				if !yield(f.advisory(nil), nil) {
					return
				}
			}
		}
	}
}

// Verify reads every block and checks its hash and its content. It reports every damaged block, joined.
func (d *DB) Verify(ctx context.Context) error {
	var errs []error
	for i := range d.index.blocks {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("db: %w", err)
		}
		d.cache.drop(i)
		if _, err := d.block(i); err != nil {
			errs = append(errs, err)
		}
	}
	for i := range d.index.threats {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("db: %w", err)
		}
		d.threats.drop(i)
		if _, err := d.threatBlock(i); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
