package sqlstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
)

// Write writes a batch in one transaction. It implements [catalog.Store].
func (s *Store) Write(ctx context.Context, b *catalog.Batch) error {
	parts, err := s.compress(b.Parts) // before the transaction, which others may wait for
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	documents, err := s.documentRows(b.Documents)
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	err = s.write(ctx, func(tx *tx) error {
		if err := tx.share(ctx); err != nil {
			return err
		}
		// Rows are written in one order, so that two transactions can't wait for each other.
		if err := tx.insert(ctx, "INSERT INTO hullmark_parts (hash, kind, size, form) VALUES (?) ON CONFLICT DO NOTHING", 4, parts); err != nil {
			return err
		}
		if err := tx.writeImages(ctx, b.Images); err != nil {
			return err
		}
		if err := tx.deleteImages(ctx, texts(b.Deleted)); err != nil {
			return err
		}
		if err := tx.writeDocuments(ctx, b.Documents, documents); err != nil {
			return err
		}
		if err := tx.writeTags(ctx, b.Tags); err != nil {
			return err
		}
		if err := tx.writeMarks(ctx, b.Marks); err != nil {
			return err
		}
		if err := s.writeVerdicts(ctx, tx, b.Verdicts); err != nil {
			return err
		}
		if err := tx.writeNotices(ctx, b.Notices); err != nil {
			return err
		}
		_, err := tx.change(ctx, "UPDATE hullmark_notices SET delivered = 1 WHERE delivered = 0 AND id IN (?)", texts(b.Delivered))
		return err
	})
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	return nil
}

// compress returns the rows of parts, in the order of their hashes.
func (s *Store) compress(parts []catalog.Part) ([]any, error) {
	sorted := make([]*catalog.Part, len(parts))
	for i := range parts {
		sorted[i] = &parts[i]
	}
	slices.SortStableFunc(sorted, func(a, b *catalog.Part) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	sorted = slices.CompactFunc(sorted, func(a, b *catalog.Part) bool { return a.Hash == b.Hash })
	rows := make([]any, 0, 4*len(sorted))
	for _, p := range sorted {
		if len(p.Form) > maxForm {
			return nil, fmt.Errorf("%s %s: a form of %d bytes; at most %d are stored", p.Kind, p.Hash, len(p.Form), maxForm)
		}
		rows = append(rows, p.Hash[:], []byte(p.Kind), int64(len(p.Form)), s.encoder.EncodeAll(p.Form, []byte{}))
	}
	return rows, nil
}

// writeImages inserts or replaces images.
func (tx *tx) writeImages(ctx context.Context, images []catalog.Image) error {
	if len(images) == 0 {
		return nil
	}
	var hashes []catalog.Hash
	for i := range images {
		for _, ref := range images[i].Parts {
			hashes = append(hashes, ref.Hash)
		}
	}
	ids := make(map[catalog.Hash]int64, len(hashes))
	err := tx.in(ctx, func(scan func(...any) error) error {
		var id int64
		var hash []byte
		if err := scan(&id, &hash); err != nil {
			return err
		}
		if len(hash) == len(catalog.Hash{}) {
			ids[catalog.Hash(hash)] = id
		}
		return nil
	}, "SELECT id, hash FROM hullmark_parts WHERE hash IN (?)", values(hashes))
	if err != nil {
		return err
	}
	rows := make(map[string][]any, len(images)) // by digest
	now := time.Now().UnixNano()
	for i := range images {
		image := &images[i]
		parts := []byte{}
		for _, ref := range image.Parts {
			id, ok := ids[ref.Hash]
			if !ok {
				return fmt.Errorf("part %s of %s: %w", ref.Hash, image.Digest, catalog.ErrNotFound)
			}
			if parts, err = appendRef(parts, numbered{ref.Kind, ref.Layer, id}); err != nil {
				return fmt.Errorf("%s: %w", image.Digest, err)
			}
		}
		added := image.Added.UnixMicro()
		if old, ok := rows[image.Digest]; ok {
			added = old[3].(int64)
		}
		rows[image.Digest] = []any{[]byte(image.Digest), []byte(image.Info.ID), encodeInfo(&image.Info), added, now + int64(i), parts}
	}
	var args []any
	for _, digest := range slices.Sorted(maps.Keys(rows)) {
		args = append(args, rows[digest]...)
	}
	return tx.insert(ctx, "INSERT INTO hullmark_images (digest, config, info, added, written, parts) VALUES (?)"+
		" ON CONFLICT (digest) DO UPDATE SET config = excluded.config, info = excluded.info, written = excluded.written, parts = excluded.parts", 6, args)
}

// writeTags adds tags, each in the order of time, unless it repeats the one before.
func (tx *tx) writeTags(ctx context.Context, tags []catalog.Tag) error {
	names := make([]string, len(tags))
	for i := range tags {
		names[i] = "tag " + tags[i].Name
	}
	if err := tx.lock(ctx, names...); err != nil {
		return err
	}
	for i := range tags {
		t := &tags[i]
		name, since := []byte(t.Name), t.Since.UnixMicro()
		before, _, err := tx.tag(ctx, "since <= ? ORDER BY since DESC, seq DESC", name, since)
		if err != nil {
			return err
		}
		if before != nil && string(before) == t.Digest {
			continue
		}
		after, seq, err := tx.tag(ctx, "since > ? ORDER BY since, seq", name, since)
		if err != nil {
			return err
		}
		if after != nil && string(after) == t.Digest { // known since an earlier time
			if err := tx.exec(ctx, "DELETE FROM hullmark_tags WHERE seq = ?", seq); err != nil {
				return err
			}
		}
		if err := tx.exec(ctx, "INSERT INTO hullmark_tags (name, since, digest) VALUES (?, ?, ?)", name, since, []byte(t.Digest)); err != nil {
			return err
		}
	}
	return nil
}

// tag returns the first entry of a tag under a condition, or nil.
func (tx *tx) tag(ctx context.Context, condition string, name []byte, since int64) (digest []byte, seq int64, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		digest = []byte{}
		if err := scan(&digest, &seq); err != nil {
			return err
		}
		if digest == nil {
			digest = []byte{}
		}
		return nil
	}, "SELECT digest, seq FROM hullmark_tags WHERE name = ? AND "+condition+" LIMIT 1", name, since)
	return digest, seq, err
}

// writeNotices adds notices that the store never had.
func (tx *tx) writeNotices(ctx context.Context, notices []catalog.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	if err := tx.number(ctx); err != nil {
		return err
	}
	rows := make([]any, 0, 4*len(notices))
	seen := make(map[string]bool, len(notices))
	for i := range notices {
		n := &notices[i]
		if !seen[n.ID] {
			seen[n.ID] = true
			rows = append(rows, []byte(n.ID), []byte(n.Kind), append([]byte{}, n.Body...), n.Created.UnixMicro())
		}
	}
	return tx.insert(ctx, "INSERT INTO hullmark_notices (id, kind, body, created) VALUES (?) ON CONFLICT DO NOTHING", 4, rows)
}

// texts returns strings as arguments of a query.
func texts(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = []byte(s)
	}
	return args
}

// encodeInfo writes the fields of info, each with its length before it. A number of a form comes first.
func encodeInfo(info *analyzer.ImageInfo) []byte {
	b := []byte{1}
	for _, field := range fields(info) {
		b = append(binary.AppendUvarint(b, uint64(len(*field))), *field...)
	}
	return b
}

func decodeInfo(b []byte, info *analyzer.ImageInfo) error {
	if len(b) == 0 || b[0] != 1 {
		return fmt.Errorf("%w: its description has an unknown form", catalog.ErrCorrupt)
	}
	b = b[1:]
	for _, field := range fields(info) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return fmt.Errorf("%w: its description ends early", catalog.ErrCorrupt)
		}
		*field, b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	if len(b) > 0 {
		return fmt.Errorf("%w: more after its description", catalog.ErrCorrupt)
	}
	return nil
}

// fields are those of the first form. A new field of ImageInfo needs a second one; a test counts them.
func fields(info *analyzer.ImageInfo) []*string {
	return []*string{&info.ID, &info.Digest, &info.Platform, &info.BaseName, &info.BaseDigest}
}
