// Package sqlstore keeps a catalog of images in PostgreSQL 15 or newer, or in SQLite 3.35 or newer.
//
// It takes an open [sql.DB] and imports no driver, so that the program chooses one. The tables have names that begin with hullmark_, and
// Open makes them. Any number of processes may use one database.
package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/db/catalog"
)

const (
	maxForm = 512 << 20 // bytes of a part, not compressed
	page    = 200       // images that a listing reads at once
)

// A Store is a [catalog.Store] in a database.
type Store struct {
	db      *sql.DB
	dialect Dialect
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

var _ catalog.Store = (*Store)(nil)

// Open makes the tables, or brings those of an older version up to date. Tables of a newer version are an error. The caller closes db. For
// SQLite, it sets the journal mode to WAL, so that readers don't wait for a writer.
func Open(ctx context.Context, db *sql.DB, d Dialect) (*Store, error) {
	if d != PostgreSQL && d != SQLite {
		return nil, fmt.Errorf("catalog: dialect %q is unknown", d)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxForm), zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	s := &Store{db, d, encoder, decoder}
	if d == SQLite {
		if err := s.useWAL(ctx); err != nil {
			return nil, fmt.Errorf("catalog: journal mode: %w", err)
		}
	}
	if err := s.migrate(ctx); err != nil {
		return nil, fmt.Errorf("catalog: tables: %w", err)
	}
	return s, nil
}

// useWAL sets SQLite's journal mode to WAL, which the file keeps. SQLite does not wait for others to set it, as it waits for a transaction.
func (s *Store) useWAL(ctx context.Context) error {
	for try := 1; ; try++ {
		var mode string
		err := s.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
		if err == nil && mode != "wal" && mode != "memory" {
			err = s.db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		}
		if err == nil || try == retries {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// Image returns an image by its digest or that of its configuration. It implements [catalog.Store].
func (s *Store) Image(ctx context.Context, digest string) (*catalog.Image, error) {
	var found []catalog.Image
	find := func(tx *tx) (err error) {
		found, err = tx.images(ctx, "digest = ?", []byte(digest))
		if err == nil && len(found) == 0 && digest != "" {
			found, err = tx.images(ctx, "config = ? ORDER BY written DESC, id DESC LIMIT 1", []byte(digest))
		}
		return err
	}
	err := s.alone(ctx, find)
	if errors.Is(err, catalog.ErrCorrupt) { // or the image and its parts were deleted between two statements
		err = s.read(ctx, find)
	}
	if err == nil && len(found) == 0 {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: image %s: %w", digest, err)
	}
	return &found[0], nil
}

// Images yields all images in the order of their digests. No transaction is open while the caller has one. It implements [catalog.Store].
func (s *Store) Images(ctx context.Context) iter.Seq2[catalog.Image, error] {
	return func(yield func(catalog.Image, error) bool) {
		condition, last := "digest >= ?", []byte{}
		for {
			var found []catalog.Image
			err := s.read(ctx, func(tx *tx) (err error) {
				found, err = tx.images(ctx, fmt.Sprintf("%s ORDER BY digest LIMIT %d", condition, page), last)
				return err
			})
			if err != nil {
				yield(catalog.Image{}, fmt.Errorf("catalog: images: %w", err))
				return
			}
			for i := range found {
				if !yield(found[i], nil) {
					return
				}
			}
			if len(found) < page {
				return
			}
			condition, last = "digest > ?", []byte(found[len(found)-1].Digest)
		}
	}
}

// images returns the images of a condition.
func (tx *tx) images(ctx context.Context, condition string, args ...any) ([]catalog.Image, error) {
	var list []catalog.Image
	var numbers [][]numbered
	err := tx.rows(ctx, func(scan func(...any) error) error {
		var digest, info, parts []byte
		var added int64
		if err := scan(&digest, &info, &added, &parts); err != nil {
			return err
		}
		image := catalog.Image{Digest: string(digest), Added: fromMicro(added)}
		if err := decodeInfo(info, &image.Info); err != nil {
			return fmt.Errorf("image %s: %w", digest, err)
		}
		refs, err := decodeRefs(parts)
		if err != nil {
			return fmt.Errorf("image %s: %w", digest, err)
		}
		list, numbers = append(list, image), append(numbers, refs)
		return nil
	}, "SELECT digest, info, added, parts FROM hullmark_images WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	hashes := make(map[int64]catalog.Hash)
	var ids []any
	for _, refs := range numbers {
		for _, r := range refs {
			if _, ok := hashes[r.id]; !ok {
				hashes[r.id] = catalog.Hash{}
				ids = append(ids, r.id)
			}
		}
	}
	found := 0
	err = tx.in(ctx, func(scan func(...any) error) error {
		var id int64
		var hash []byte
		if err := scan(&id, &hash); err != nil {
			return err
		}
		if len(hash) != len(catalog.Hash{}) {
			return fmt.Errorf("part %d: %w: a hash of %d bytes", id, catalog.ErrCorrupt, len(hash))
		}
		hashes[id] = catalog.Hash(hash)
		found++
		return nil
	}, "SELECT id, hash FROM hullmark_parts WHERE id IN (?)", ids)
	if err != nil {
		return nil, err
	}
	if found != len(ids) {
		return nil, fmt.Errorf("%w: %d parts of %d images are missing", catalog.ErrCorrupt, len(ids)-found, len(list))
	}
	for i, refs := range numbers {
		for _, r := range refs {
			list[i].Parts = append(list[i].Parts, catalog.PartRef{Kind: r.kind, Layer: r.layer, Hash: hashes[r.id]})
		}
	}
	return list, nil
}

// Parts returns the parts with hashes. It implements [catalog.Store].
func (s *Store) Parts(ctx context.Context, hashes []catalog.Hash) ([]catalog.Part, error) {
	found := make(map[catalog.Hash]catalog.Part, len(hashes))
	err := s.in(ctx, func(scan func(...any) error) error {
		var hash, kind, form []byte
		var size int64
		if err := scan(&hash, &kind, &size, &form); err != nil {
			return err
		}
		if len(hash) != len(catalog.Hash{}) {
			return fmt.Errorf("%w: a hash of %d bytes", catalog.ErrCorrupt, len(hash))
		}
		text, err := s.expand(form, size)
		if err != nil {
			return fmt.Errorf("part %x: %w", hash, err)
		}
		found[catalog.Hash(hash)] = catalog.Part{Kind: catalog.Kind(kind), Hash: catalog.Hash(hash), Form: text}
		return nil
	}, "SELECT hash, kind, size, form FROM hullmark_parts WHERE hash IN (?)", values(hashes))
	if err != nil {
		return nil, fmt.Errorf("catalog: parts: %w", err)
	}
	list := make([]catalog.Part, len(hashes))
	for i, h := range hashes {
		p, ok := found[h]
		if !ok {
			return nil, fmt.Errorf("catalog: part %s: %w", h, catalog.ErrNotFound)
		}
		list[i] = p
	}
	return list, nil
}

// expand returns the form of a part.
func (s *Store) expand(form []byte, size int64) ([]byte, error) {
	if size < 0 || size > maxForm {
		return nil, fmt.Errorf("%w: a form of %d bytes", catalog.ErrCorrupt, size)
	}
	text, err := s.decoder.DecodeAll(form, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", catalog.ErrCorrupt, err)
	}
	if int64(len(text)) != size {
		return nil, fmt.Errorf("%w: a form of %d bytes instead of %d", catalog.ErrCorrupt, len(text), size)
	}
	return text, nil
}

// Missing returns the hashes of parts that s lacks. It implements [catalog.Store].
func (s *Store) Missing(ctx context.Context, hashes []catalog.Hash) ([]catalog.Hash, error) {
	known := make(map[catalog.Hash]bool, len(hashes))
	err := s.in(ctx, func(scan func(...any) error) error {
		var hash []byte
		if err := scan(&hash); err != nil {
			return err
		}
		if len(hash) == len(catalog.Hash{}) {
			known[catalog.Hash(hash)] = true
		}
		return nil
	}, "SELECT hash FROM hullmark_parts WHERE hash IN (?)", values(hashes))
	if err != nil {
		return nil, fmt.Errorf("catalog: parts: %w", err)
	}
	var list []catalog.Hash
	for _, h := range hashes {
		if !known[h] {
			list = append(list, h)
		}
	}
	return list, nil
}

// Tags returns the images that a tag pointed at, oldest first. It implements [catalog.Store].
func (s *Store) Tags(ctx context.Context, name string) ([]catalog.Tag, error) {
	var list []catalog.Tag
	err := s.rows(ctx, func(scan func(...any) error) error {
		var since int64
		var digest []byte
		if err := scan(&since, &digest); err != nil {
			return err
		}
		list = append(list, catalog.Tag{Name: name, Digest: string(digest), Since: fromMicro(since)})
		return nil
	}, "SELECT since, digest FROM hullmark_tags WHERE name = ? ORDER BY since, seq", []byte(name))
	if err != nil {
		return nil, fmt.Errorf("catalog: tag %s: %w", name, err)
	}
	return list, nil
}

// Collect deletes unused parts and old notices. Until it ends, other processes can't write. It implements [catalog.Store].
func (s *Store) Collect(ctx context.Context, before time.Time) (int, error) {
	n := 0
	err := s.write(ctx, func(tx *tx) error {
		n = 0
		if err := tx.exclude(ctx); err != nil {
			return err
		}
		used := make(bits)
		err := tx.rows(ctx, func(scan func(...any) error) error {
			var parts []byte
			if err := scan(&parts); err != nil {
				return err
			}
			refs, err := decodeRefs(parts)
			for _, r := range refs {
				used.add(r.id)
			}
			return err // a damaged row may refer to any part, so none may be deleted
		}, "SELECT parts FROM hullmark_images")
		if err != nil {
			return err
		}
		var unused []any
		err = tx.rows(ctx, func(scan func(...any) error) error {
			var id int64
			if err := scan(&id); err != nil {
				return err
			}
			if !used.has(id) {
				unused = append(unused, id)
			}
			return nil
		}, "SELECT id FROM hullmark_parts")
		if err != nil {
			return err
		}
		parts, err := tx.change(ctx, "DELETE FROM hullmark_parts WHERE id IN (?)", unused)
		if err != nil {
			return err
		}
		notices, err := tx.change(ctx, "DELETE FROM hullmark_notices WHERE delivered = 1 AND created < ?", []any{before.UnixMicro()})
		n = parts + notices
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("catalog: collect: %w", err)
	}
	return n, nil
}

// bits is a set of numbers, one bit each where many are close together.
type bits map[int64]*[1 << 10]uint64

func (b bits) add(id int64) {
	words := b[id>>16]
	if words == nil {
		words = new([1 << 10]uint64)
		b[id>>16] = words
	}
	words[id>>6&(1<<10-1)] |= 1 << (id & 63)
}

func (b bits) has(id int64) bool {
	words := b[id>>16]
	return words != nil && words[id>>6&(1<<10-1)]>>(id&63)&1 == 1
}

// values returns hashes as arguments of a query, each once.
func values(hashes []catalog.Hash) []any {
	sorted := slices.Clone(hashes)
	slices.SortFunc(sorted, func(a, b catalog.Hash) int { return slices.Compare(a[:], b[:]) })
	list := make([]any, 0, len(sorted))
	for _, h := range slices.Compact(sorted) {
		list = append(list, h[:])
	}
	return list
}

func fromMicro(us int64) time.Time { return time.UnixMicro(us).UTC() }

// A numbered is a PartRef with the number of the part's row in place of its hash.
type numbered struct {
	kind  catalog.Kind
	layer int
	id    int64
}

// kinds are the kinds of parts by their code in a list of parts. New ones are added at the end.
var kinds = [...]catalog.Kind{1: catalog.Chunk, catalog.Facts, catalog.Setting, catalog.Listing, catalog.Order}

// appendRef appends the code of the kind, the layer as a signed varint, and the number of the part as an unsigned one: five bytes or so, where a
// row of a table would take sixty.
func appendRef(b []byte, r numbered) ([]byte, error) {
	code := slices.Index(kinds[1:], r.kind) + 1
	if code == 0 {
		return nil, fmt.Errorf("a part of kind %q", r.kind)
	}
	b = binary.AppendVarint(append(b, byte(code)), int64(r.layer))
	return binary.AppendUvarint(b, uint64(r.id)), nil
}

func decodeRefs(b []byte) ([]numbered, error) {
	var list []numbered
	for len(b) > 0 {
		code := int(b[0])
		layer, n := binary.Varint(b[1:])
		if code == 0 || code >= len(kinds) || n <= 0 {
			return nil, fmt.Errorf("%w: its list of parts", catalog.ErrCorrupt)
		}
		b = b[1+n:]
		id, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, fmt.Errorf("%w: its list of parts", catalog.ErrCorrupt)
		}
		b = b[n:]
		list = append(list, numbered{kinds[code], int(layer), int64(id)})
	}
	return list, nil
}
