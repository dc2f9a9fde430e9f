package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync/atomic"
)

// CopyTo writes the file of d, to the byte and with its signatures. What old has as well is taken from there, and only what
// it lacks, or has only damaged, is read from d: that makes an update of a copy of a database that lies far away. An old
// that is nil has nothing. It returns how many bytes were taken from old.
//
// Everything is checked against its hash before it is written.
func (d *DB) CopyTo(ctx context.Context, w io.Writer, old *DB) (reused int64, err error) {
	p := &patched{far: d.r, moved: make(map[int64]piece)}
	n := &DB{
		r: p, size: d.size, footer: d.footer, root: d.root, zstd: d.zstd,
		pages: make([]atomic.Pointer[page], len(d.pages)), enrichmentPages: make([]atomic.Pointer[enrichmentPage], len(d.enrichmentPages)),
	}
	if old != nil {
		p.near, p.have = old.r, old.pieces()
	}
	pages, err := n.inventory(ctx, p)
	if err != nil {
		return 0, err
	}
	p.reused = 0 // pages are read again
	if _, err := io.WriteString(w, magic); err != nil {
		return 0, fmt.Errorf("db: copy: %w", err)
	}
	for len(pages) > 0 {
		window, size := 0, 0
		for window < len(pages) && (window == 0 || size < copyWindow) {
			size += pages[window].stored
			window++
		}
		if err := n.copyPieces(ctx, w, pages[:window]); err != nil {
			return 0, err
		}
		pages = pages[window:]
	}
	tail := make([]byte, d.size-d.footer.offset-int64(d.footer.stored))
	if err := readAt(d.r, tail, d.size-int64(len(tail))); err != nil {
		return 0, fmt.Errorf("db: %w", err)
	}
	if !bytes.HasPrefix(tail, d.footer.append(nil)) {
		return 0, fmt.Errorf("db: copy: %w: the footer has changed", ErrCorrupt)
	}
	if _, err := w.Write(tail); err != nil {
		return 0, fmt.Errorf("db: copy: %w", err)
	}
	return p.reused, nil
}

// copyWindow is how many bytes are announced to a [Prefetcher] at a time.
const copyWindow = 4 << 20

// copyPieces writes pieces that follow one another.
func (d *DB) copyPieces(ctx context.Context, w io.Writer, all []piece) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	if err := d.prefetch(ctx, spansOf(all, piece.span)...); err != nil {
		return err
	}
	var buf []byte
	for i := range all {
		buf = resize(buf, all[i].stored)
		if err := readAt(d.r, buf, all[i].offset); err != nil {
			return fmt.Errorf("db: copy: %w", err)
		}
		if sha256.Sum256(buf) != all[i].hash {
			return fmt.Errorf("db: copy: at %d: %w", all[i].offset, errHash)
		}
		if _, err := w.Write(buf); err != nil {
			return fmt.Errorf("db: copy: %w", err)
		}
	}
	return nil
}

// A pieceSet holds pieces by their hashes.
type pieceSet map[[sha256.Size]byte]piece

// pieces returns all blocks and pages, but for those of pages that cannot be read.
func (d *DB) pieces() pieceSet {
	all := make(pieceSet)
	for i := range d.root.pages {
		p, err := d.page(i)
		if err != nil {
			continue
		}
		all[d.root.pages[i].hash] = d.root.pages[i].piece
		for j := range p.blocks {
			all[p.blocks[j].hash] = p.blocks[j].piece
		}
	}
	for i := range d.root.enrichments {
		p, err := d.enrichmentPage(i)
		if err != nil {
			continue
		}
		all[d.root.enrichments[i].hash] = d.root.enrichments[i].piece
		for j := range p.blocks {
			all[p.blocks[j].hash] = p.blocks[j].piece
		}
	}
	return all
}

// inventory returns every piece of the file, in order, and tells p of them.
func (d *DB) inventory(ctx context.Context, p *patched) ([]piece, error) {
	for _, e := range d.root.pages {
		p.add(&e.piece)
	}
	for _, e := range d.root.enrichments {
		p.add(&e.piece)
	}
	pages := append(spansOf(d.root.pages, func(e pageEntry) Span { return e.span() }),
		spansOf(d.root.enrichments, func(e enrichmentPageEntry) Span { return e.span() })...)
	if err := d.prefetch(ctx, pages...); err != nil {
		return nil, err
	}
	var all []piece
	for i := range d.root.pages {
		page, err := d.page(i)
		if err != nil {
			return nil, err
		}
		for j := range page.blocks {
			all = append(all, page.blocks[j].piece)
		}
	}
	for i := range d.root.enrichments {
		page, err := d.enrichmentPage(i)
		if err != nil {
			return nil, err
		}
		for j := range page.blocks {
			all = append(all, page.blocks[j].piece)
		}
	}
	for i := range all {
		p.add(&all[i])
	}
	for i := range d.root.pages {
		all = append(all, d.root.pages[i].piece)
	}
	for i := range d.root.enrichments {
		all = append(all, d.root.enrichments[i].piece)
	}
	return append(all, piece{d.footer.offset, int(d.footer.stored), int(d.footer.raw), d.footer.hash}), nil
}

// A patched file is one far away, of which parts are nearby.
type patched struct {
	far, near io.ReaderAt
	have      pieceSet        // nearby
	moved     map[int64]piece // of have, by where it is far away
	reused    int64           // bytes read nearby
}

// add tells of a piece far away.
func (p *patched) add(q *piece) {
	if n, ok := p.have[q.hash]; ok && n.stored == q.stored {
		p.moved[q.offset] = n
	}
}

// ReadAt implements io.ReaderAt.
func (p *patched) ReadAt(b []byte, offset int64) (int, error) {
	if q, ok := p.moved[offset]; ok && q.stored == len(b) {
		if err := readAt(p.near, b, q.offset); err == nil && sha256.Sum256(b) == q.hash {
			p.reused += int64(len(b))
			return len(b), nil
		}
	}
	return p.far.ReadAt(b, offset)
}

// Prefetch implements Prefetcher.
func (p *patched) Prefetch(ctx context.Context, spans []Span) error {
	far, ok := p.far.(Prefetcher)
	if !ok {
		return nil
	}
	var missing []Span
	for _, s := range spans {
		if _, ok := p.moved[s.Offset]; !ok {
			missing = append(missing, s)
		}
	}
	return far.Prefetch(ctx, missing)
}

// TailSize returns how many bytes at the end of the file are what [Open] reads of it, but for the magic that it begins with:
// the root of the index, the footer, and signatures.
func (d *DB) TailSize() int64 { return d.size - d.footer.offset }
