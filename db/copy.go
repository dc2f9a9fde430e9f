package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/hullmark/hullmark/db/internal/prefetch"
)

// CopyTo writes the file of d, with its signatures. It reads the pieces that old also has from old, and only the rest from d. So it can update a
// local copy of a remote database. Old may be nil. CopyTo returns the number of bytes that it read from old.
//
// CopyTo checks every piece against its hash before it writes it, and reads damaged pieces of old from d.
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
	p.reused = 0 // counts again, with the second reading of pages
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

// copyWindow is the number of bytes that one call of Prefetch announces.
const copyWindow = 4 << 20

// copyPieces writes adjacent pieces.
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

// pieces returns all blocks and pages. It omits pages that it cannot read, and their blocks.
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

// inventory returns every piece of the file, in order, and adds them to p.
func (d *DB) inventory(ctx context.Context, p *patched) ([]piece, error) {
	for _, e := range d.root.pages {
		p.add(&e.piece)
	}
	for _, e := range d.root.enrichments {
		p.add(&e.piece)
	}
	pages := append(spansOf(d.root.pages, func(e pageEntry) prefetch.Span { return e.span() }),
		spansOf(d.root.enrichments, func(e enrichmentPageEntry) prefetch.Span { return e.span() })...)
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

// A patched reader reads a remote file. It reads the pieces that a local file also has from there.
type patched struct {
	far, near io.ReaderAt
	have      pieceSet        // pieces of the local file
	moved     map[int64]piece // pieces of have by their offset in the remote file
	reused    int64           // bytes read from the local file
}

// add adds a piece of the remote file.
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

// Prefetch implements prefetch.Reader.
func (p *patched) Prefetch(ctx context.Context, spans []prefetch.Span) error {
	far, ok := p.far.(prefetch.Reader)
	if !ok {
		return nil
	}
	var missing []prefetch.Span
	for _, s := range spans {
		if _, ok := p.moved[s.Offset]; !ok {
			missing = append(missing, s)
		}
	}
	return far.Prefetch(ctx, missing)
}
