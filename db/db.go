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
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/matcher"
)

// A DB is an open database. It is a [matcher.Source], a [matcher.Enricher] and a [matcher.Namer], and may be used by many goroutines at once.
type DB struct {
	r      io.ReaderAt
	size   int64
	footer footer
	root   *root
	zstd   *zstd.Decoder

	signatures []Signature

	pages           []atomic.Pointer[page]           // of root, after they have been read
	enrichmentPages []atomic.Pointer[enrichmentPage] // likewise

	identifiers atomic.Pointer[identifierIndex] // nil until IndexIdentifiers

	names       sync.Map // of nameIndex, by type
	blocks      cache[block]
	enrichments cache[enrichmentBlock]

	buffers sync.Pool // of *[]byte, for stored and raw blocks
	scratch sync.Pool // of *block, for lookups of more blocks than the cache keeps
}

// Open opens the database of size bytes in r, which must stay readable until [DB.Close]. It reads the end of the file, the footer and the root of the index, but no
// block.
//
// Errors wrap [ErrNotDatabase], [ErrUnsupported] or [ErrCorrupt], or are errors of r.
func Open(r io.ReaderAt, size int64) (*DB, error) {
	d, err := open(r, size, nil)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	return d, nil
}

func open(r io.ReaderAt, size int64, p *SignaturePolicy) (*DB, error) {
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
	tail := make([]byte, min(size-blockAt, footerSize+(maxSignatures+1)*signatureSize))
	if err := readAt(r, tail, size-int64(len(tail))); err != nil {
		return nil, err
	}
	signatures, rest, err := parseSignatures(tail)
	if err != nil {
		return nil, err
	}
	f, err := parseFooter(rest[len(rest)-footerSize:], size-int64(len(tail)-len(rest)))
	if err != nil {
		return nil, err
	}
	if p != nil {
		if err := p.check(signatures); err != nil {
			return nil, err
		}
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxIndex),
		zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	d := &DB{r: r, size: size, footer: f, signatures: signatures, zstd: dec}
	raw, err := d.read(&piece{f.offset, int(f.stored), int(f.raw), f.hash}, nil)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if d.root, err = parseRoot(raw, f.offset); err != nil {
		return nil, fmt.Errorf("index: %w: %w", ErrCorrupt, err)
	}
	d.pages = make([]atomic.Pointer[page], len(d.root.pages))
	d.enrichmentPages = make([]atomic.Pointer[enrichmentPage], len(d.root.enrichments))
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

// read checks the hash of a piece of the file and returns its raw form, in the memory of buf if it suffices.
func (d *DB) read(p *piece, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], p.stored+p.raw)
	b := buf[:p.stored]
	if err := d.readStored(p, b); err != nil {
		return nil, err
	}
	return d.inflate(p, b, buf[p.stored:p.stored:p.stored+p.raw])
}

// readStored reads the stored form of a piece of the file into b, and checks its hash.
func (d *DB) readStored(p *piece, b []byte) error {
	for again := false; ; again = true {
		if err := readAt(d.r, b, p.offset); err != nil {
			return err
		}
		if sha256.Sum256(b) == p.hash {
			return nil
		}
		if !d.discard() || again {
			return errHash
		}
	}
}

// inflate returns the raw form of a piece with its stored form b, in the memory of buf, which must suffice.
func (d *DB) inflate(p *piece, b, buf []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil || !h.HasFCS || h.FrameContentSize != uint64(p.raw) {
		return nil, fmt.Errorf("%w: frame of another size", ErrCorrupt)
	}
	out, err := d.zstd.DecodeAll(b, buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if len(out) != p.raw {
		return nil, fmt.Errorf("%w: frame of another size", ErrCorrupt)
	}
	return out, nil
}

// raw calls parse with the raw form of a piece of the file. parse must not keep the slice.
func (d *DB) raw(p *piece, parse func([]byte) error) error { return d.rawOf(p, nil, parse) }

// rawOf is raw for a piece with a known stored form, or nil to read it.
func (d *DB) rawOf(p *piece, stored []byte, parse func([]byte) error) error {
	buf, ok := d.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer d.buffers.Put(buf)
	*buf = slices.Grow((*buf)[:0], p.stored+p.raw)
	var raw []byte
	var err error
	if stored == nil {
		raw, err = d.read(p, *buf)
	} else {
		raw, err = d.inflate(p, stored, (*buf)[:0:p.raw])
	}
	if err != nil {
		return err
	}
	if err := parse(raw); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// page returns page i and keeps it in memory.
func (d *DB) page(i int) (*page, error) {
	if p := d.pages[i].Load(); p != nil {
		return p, nil
	}
	p, err := d.readPage(i, nil)
	if err == nil {
		d.pages[i].Store(p)
	}
	return p, err
}

// readPage reads page i, or decodes its stored form if that is not nil.
func (d *DB) readPage(i int, stored []byte) (p *page, err error) {
	e := &d.root.pages[i]
	err = d.rawOf(&e.piece, stored, func(raw []byte) (err error) {
		p, err = parsePage(raw, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("db: page %d of the index: %w", i, err)
	}
	if i+1 < len(d.root.pages) {
		p.next = &d.root.pages[i+1].first
	}
	return p, nil
}

// storedPage reads page i and its stored form.
func (d *DB) storedPage(i int) (*storedPage, error) {
	s := &storedPage{pageEntry: d.root.pages[i]}
	s.stored = make([]byte, s.piece.stored)
	err := d.readStored(&s.piece, s.stored)
	if err != nil {
		return nil, fmt.Errorf("db: page %d of the index: %w", i, err)
	}
	s.page, err = d.readPage(i, s.stored)
	return s, err
}

// enrichmentPage returns page i of enrichments and keeps it in memory.
func (d *DB) enrichmentPage(i int) (*enrichmentPage, error) {
	if p := d.enrichmentPages[i].Load(); p != nil {
		return p, nil
	}
	e := &d.root.enrichments[i]
	var p *enrichmentPage
	err := d.raw(&e.piece, func(raw []byte) (err error) {
		p, err = parseEnrichmentPage(raw, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("db: page %d of the index of enrichments: %w", i, err)
	}
	if i+1 < len(d.root.enrichments) {
		p.next = &d.root.enrichments[i+1]
	}
	d.enrichmentPages[i].Store(p)
	return p, nil
}

// A place is a block of advisories: its page and its index there.
type place struct {
	*page
	i int
}

func (at place) entry() *indexEntry { return &at.page.blocks[at.i] }

// block returns a block from the cache, or reads it and adds it to the cache.
func (d *DB) block(at place) (*block, error) {
	e := at.entry()
	if b := d.blocks.get(e.offset); b != nil {
		return b, nil
	}
	b := new(block)
	if err := d.decode(b, at); err != nil {
		return nil, err
	}
	d.blocks.put(e.offset, b, e.raw)
	return b, nil
}

// scratchBlock returns a block from the cache, or reads it without adding it to the cache. The caller must release it.
func (d *DB) scratchBlock(at place) (*block, error) {
	if b := d.blocks.get(at.entry().offset); b != nil {
		return b, nil
	}
	b, ok := d.scratch.Get().(*block)
	if !ok {
		b = &block{scratch: true}
	}
	if err := d.decode(b, at); err != nil {
		d.release(b)
		return nil, err
	}
	return b, nil
}

// release allows the memory of a scratch block to be reused.
func (d *DB) release(b *block) {
	if b.scratch {
		d.scratch.Put(b)
	}
}

// decode reads a block into b.
func (d *DB) decode(b *block, at place) error { return d.decodeStored(b, at, nil) }

// decodeStored is decode for a block with a known stored form, or nil to read it.
func (d *DB) decodeStored(b *block, at place, stored []byte) error {
	e := at.entry()
	err := d.rawOf(&e.piece, stored, b.parse)
	if err == nil && (len(b.rows.release) != e.advisories || !at.belongs(b, at.i)) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, errMisplaced)
	}
	if err != nil {
		return fmt.Errorf("db: block at %d: %w", e.offset, err)
	}
	return nil
}

var errMisplaced = errors.New("differs from the index")

// places yields every block of advisories in the order of the file. It calls before with the blocks of each page first. It continues after a page
// that it cannot read.
func (d *DB) places(before func(run) error) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		for i := range d.root.pages {
			p, err := d.page(i)
			if err == nil {
				err = before(d.root.pages[i].run)
			}
			if err != nil {
				if !yield(place{}, err) {
					return
				}
				continue
			}
			for j := range p.blocks {
				if !yield(place{p, j}, nil) {
					return
				}
			}
		}
	}
}

// announce returns a function that announces runs of blocks to the reader. The function fails when ctx is done.
func (d *DB) announce(ctx context.Context) func(run) error {
	return func(r run) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("db: %w", err)
		}
		return d.prefetch(ctx, prefetch.Span{Offset: r.start, Length: r.bytes})
	}
}

// All yields every advisory in the order of the file. An error ends it.
func (d *DB) All() iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for at, err := range d.places(func(run) error { return nil }) {
			var b *block
			if err == nil {
				b, err = d.block(at)
			}
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

// Verify reads the whole file and checks hashes and contents. It returns the errors of all damaged blocks, joined.
func (d *DB) Verify(ctx context.Context) error {
	var errs []error
	fresh := &DB{ // without pages in memory
		r: d.r, size: d.size, footer: d.footer, root: d.root, zstd: d.zstd,
		pages: make([]atomic.Pointer[page], len(d.pages)), enrichmentPages: make([]atomic.Pointer[enrichmentPage], len(d.enrichmentPages)),
	}
	for at, err := range fresh.places(fresh.announce(ctx)) {
		if err == nil {
			var b *block
			if b, err = fresh.scratchBlock(at); err == nil {
				fresh.release(b)
			}
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	for at, err := range fresh.enrichmentPlaces(fresh.announce(ctx)) {
		if err == nil {
			_, err = fresh.enrichmentBlock(at)
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}
