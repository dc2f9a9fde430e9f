package sqlstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
)

// maxDocument is the number of bytes of a document, or of the body of a verdict, not compressed.
const maxDocument = 256 << 20

// Pointing returns the tags that point at one of the digests. It implements [catalog.Store].
func (s *Store) Pointing(ctx context.Context, digests []string) ([]catalog.Tag, error) {
	sorted := slices.Clone(digests)
	slices.Sort(sorted)
	sorted = slices.DeleteFunc(slices.Compact(sorted), func(d string) bool { return d == "" })
	var list []catalog.Tag
	err := s.in(ctx, func(scan func(...any) error) error {
		var name, digest []byte
		var since int64
		if err := scan(&name, &since, &digest); err != nil {
			return err
		}
		list = append(list, catalog.Tag{Name: string(name), Digest: string(digest), Since: fromMicro(since)})
		return nil
	}, `SELECT t.name, t.since, t.digest FROM hullmark_tags t WHERE t.digest IN (?) AND NOT EXISTS
		(SELECT 1 FROM hullmark_tags u WHERE u.name = t.name AND (u.since > t.since OR u.since = t.since AND u.seq > t.seq))`, texts(sorted))
	if err != nil {
		return nil, fmt.Errorf("catalog: tags of images: %w", err)
	}
	slices.SortFunc(list, func(a, b catalog.Tag) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// deleteImages deletes images and their documents. Their verdicts stay, and are not due any more.
func (tx *tx) deleteImages(ctx context.Context, digests []any) error {
	for _, statement := range []string{
		"DELETE FROM hullmark_images WHERE digest IN (?)",
		"DELETE FROM hullmark_documents WHERE image IN (?)",
		"UPDATE hullmark_verdicts SET until = 0 WHERE until <> 0 AND image IN (?)",
	} {
		if _, err := tx.change(ctx, statement, digests); err != nil {
			return err
		}
	}
	return nil
}

// documentRows returns the rows of documents, in the order of their keys. Of several with one key the last counts.
func (s *Store) documentRows(documents []catalog.Document) ([]any, error) {
	sorted := make([]*catalog.Document, len(documents))
	for i := range documents {
		sorted[len(documents)-1-i] = &documents[i]
	}
	slices.SortStableFunc(sorted, func(a, b *catalog.Document) int {
		if c := strings.Compare(a.Image, b.Image); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	sorted = slices.CompactFunc(sorted, func(a, b *catalog.Document) bool { return a.Image == b.Image && a.Name == b.Name })
	var rows []any
	for _, d := range sorted {
		content, err := s.pack(d.Content)
		if err != nil {
			return nil, fmt.Errorf("document %s of %s: %w", d.Name, d.Image, err)
		}
		rows = append(rows, []byte(d.Image), []byte(d.Name), []byte(d.Kind), d.Added.UnixMicro(), int64(len(d.Content)), content)
	}
	return rows, nil
}

// pack compresses a document or the body of a verdict.
func (s *Store) pack(content []byte) ([]byte, error) {
	if len(content) > maxDocument {
		return nil, fmt.Errorf("%d bytes; at most %d are stored", len(content), maxDocument)
	}
	return s.encoder.EncodeAll(content, []byte{}), nil
}

func (tx *tx) writeDocuments(ctx context.Context, documents []catalog.Document, rows []any) error {
	digests := make([]string, len(documents))
	for i := range documents {
		digests[i] = documents[i].Image
	}
	slices.Sort(digests)
	digests = slices.Compact(digests)
	known := make(map[string]bool)
	err := tx.in(ctx, func(scan func(...any) error) error {
		var digest []byte
		err := scan(&digest)
		known[string(digest)] = true
		return err
	}, "SELECT digest FROM hullmark_images WHERE digest IN (?)", texts(digests))
	if err != nil {
		return err
	}
	for _, d := range digests {
		if !known[d] {
			return fmt.Errorf("image %s of a document: %w", d, catalog.ErrNotFound)
		}
	}
	return tx.insert(ctx, "INSERT INTO hullmark_documents (image, name, kind, added, size, content) VALUES (?)"+
		" ON CONFLICT (image, name) DO UPDATE SET kind = excluded.kind, added = excluded.added, size = excluded.size, content = excluded.content", 6, rows)
}

// Document returns a document of an image. It implements [catalog.Store].
func (s *Store) Document(ctx context.Context, digest, name string) (*catalog.Document, error) {
	var found *catalog.Document
	err := s.rows(ctx, func(scan func(...any) error) error {
		var kind, content []byte
		var added, size int64
		if err := scan(&kind, &added, &size, &content); err != nil {
			return err
		}
		text, err := s.expand(content, size)
		found = &catalog.Document{Image: digest, Name: name, Kind: string(kind), Added: fromMicro(added), Size: size, Content: text}
		return err
	}, "SELECT kind, added, size, content FROM hullmark_documents WHERE image = ? AND name = ?", []byte(digest), []byte(name))
	if err == nil && found == nil {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: document %s of %s: %w", name, digest, err)
	}
	return found, nil
}

// Documents returns the documents of an image without their content. It implements [catalog.Store].
func (s *Store) Documents(ctx context.Context, digest string) ([]catalog.Document, error) {
	var list []catalog.Document
	err := s.rows(ctx, func(scan func(...any) error) error {
		var name, kind []byte
		var added, size int64
		if err := scan(&name, &kind, &added, &size); err != nil {
			return err
		}
		list = append(list, catalog.Document{Image: digest, Name: string(name), Kind: string(kind), Added: fromMicro(added), Size: size})
		return nil
	}, "SELECT name, kind, added, size FROM hullmark_documents WHERE image = ? ORDER BY name", []byte(digest))
	if err != nil {
		return nil, fmt.Errorf("catalog: documents of %s: %w", digest, err)
	}
	return list, nil
}

// writeMarks inserts or replaces marks.
func (tx *tx) writeMarks(ctx context.Context, marks []catalog.Mark) error {
	for i := range marks { // one by one: they are few, and a batch may have one twice
		m := &marks[i]
		ended := 0
		if m.Ended {
			ended = 1
		}
		row := []any{[]byte(m.ID), []byte(m.Tenant), encodeScope(&m.Scope), append([]byte{}, m.Document...), []byte(m.Author), m.Created.UnixMicro(), endMicro(m.Expires), ended}
		err := tx.insert(ctx, "INSERT INTO hullmark_marks (id, tenant, scope, document, author, created, expires, ended) VALUES (?) ON CONFLICT (id) DO UPDATE SET"+
			" tenant = excluded.tenant, scope = excluded.scope, document = excluded.document, author = excluded.author, created = excluded.created,"+
			" expires = excluded.expires, ended = excluded.ended", 8, row)
		if err != nil {
			return err
		}
	}
	return nil
}

// Marks returns the marks of a tenant. It implements [catalog.Store].
func (s *Store) Marks(ctx context.Context, tenant string) ([]catalog.Mark, error) {
	var list []catalog.Mark
	err := s.rows(ctx, func(scan func(...any) error) error {
		var id, scope, document, author []byte
		var created, expires int64
		var ended int
		if err := scan(&id, &scope, &document, &author, &created, &expires, &ended); err != nil {
			return err
		}
		m := catalog.Mark{ID: string(id), Tenant: tenant, Document: document, Author: string(author), Created: fromMicro(created), Expires: fromEnd(expires), Ended: ended != 0}
		if err := decodeScope(scope, &m.Scope); err != nil {
			return fmt.Errorf("mark %s: %w", id, err)
		}
		list = append(list, m)
		return nil
	}, "SELECT id, scope, document, author, created, expires, ended FROM hullmark_marks WHERE tenant = ? ORDER BY seq", []byte(tenant))
	if err != nil {
		return nil, fmt.Errorf("catalog: marks: %w", err)
	}
	return list, nil
}

// encodeScope writes the lists of a scope: the number of texts, and each with its length before it. A number of a form comes first.
func encodeScope(s *catalog.Scope) []byte {
	b := []byte{1}
	for _, list := range [][]string{s.Images, s.Repositories, s.Layers} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, text := range list {
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
	}
	return b
}

func decodeScope(b []byte, s *catalog.Scope) error {
	if len(b) == 0 || b[0] != 1 {
		return fmt.Errorf("%w: its scope has an unknown form", catalog.ErrCorrupt)
	}
	r := bytes.NewReader(b[1:])
	for _, list := range []*[]string{&s.Images, &s.Repositories, &s.Layers} {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > uint64(r.Len()) {
			return fmt.Errorf("%w: its scope ends early", catalog.ErrCorrupt)
		}
		for range n {
			size, err := binary.ReadUvarint(r)
			if err != nil || size > uint64(r.Len()) {
				return fmt.Errorf("%w: its scope ends early", catalog.ErrCorrupt)
			}
			text := make([]byte, size)
			_, _ = r.Read(text)
			*list = append(*list, string(text))
		}
	}
	if r.Len() > 0 {
		return fmt.Errorf("%w: more after its scope", catalog.ErrCorrupt)
	}
	return nil
}

// endMicro returns a time as a column that has 0 for no end.
func endMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromEnd(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return fromMicro(us)
}

// writeVerdicts adds verdicts, each unless it repeats the current one of its history.
func (s *Store) writeVerdicts(ctx context.Context, tx *tx, verdicts []catalog.Verdict) error {
	names := make([]string, len(verdicts))
	for i := range verdicts {
		v := &verdicts[i]
		names[i] = fmt.Sprintf("verdict %q %q %q", v.Tenant, v.Image, v.Policy)
	}
	if err := tx.lock(ctx, names...); err != nil {
		return err
	}
	for i := range verdicts {
		v := &verdicts[i]
		var seq int64
		var same bool
		err := tx.rows(ctx, func(scan func(...any) error) error {
			var key, action []byte
			err := scan(&seq, &key, &action)
			same = string(key) == v.Key && string(action) == v.Action
			return err
		}, "SELECT seq, inputs, action FROM hullmark_verdicts WHERE image = ? AND tenant = ? AND policy = ? AND latest = 1", []byte(v.Image), []byte(v.Tenant), []byte(v.Policy))
		if err != nil {
			return err
		}
		if same {
			if err := tx.exec(ctx, "UPDATE hullmark_verdicts SET until = ? WHERE seq = ?", endMicro(v.Until), seq); err != nil {
				return err
			}
			continue
		}
		if err := tx.exec(ctx, "UPDATE hullmark_verdicts SET latest = 0 WHERE seq = ?", seq); err != nil {
			return err
		}
		body, err := s.pack(v.Body)
		if err != nil {
			return fmt.Errorf("verdict about %s: %w", v.Image, err)
		}
		row := []any{[]byte(v.Tenant), []byte(v.Image), []byte(v.Policy), []byte(v.Key), []byte(v.Action), v.Since.UnixMicro(), endMicro(v.Until), 1, int64(len(v.Body)), body}
		err = tx.insert(ctx, "INSERT INTO hullmark_verdicts (tenant, image, policy, inputs, action, since, until, latest, size, body) VALUES (?)", 10, row)
		if err != nil {
			return err
		}
	}
	return nil
}

// Verdicts returns the verdicts of an image for a tenant. It implements [catalog.Store].
func (s *Store) Verdicts(ctx context.Context, tenant, digest string) ([]catalog.Verdict, error) {
	list, err := s.verdicts(ctx, "image = ? AND tenant = ? ORDER BY seq", []byte(digest), []byte(tenant))
	if err != nil {
		return nil, fmt.Errorf("catalog: verdicts about %s: %w", digest, err)
	}
	return list, nil
}

// Verdict returns the current verdict of a policy. It implements [catalog.Store].
func (s *Store) Verdict(ctx context.Context, tenant, digest, policy string) (*catalog.Verdict, error) {
	list, err := s.verdicts(ctx, "image = ? AND tenant = ? AND policy = ? AND latest = 1", []byte(digest), []byte(tenant), []byte(policy))
	if err == nil && len(list) == 0 {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: verdict about %s: %w", digest, err)
	}
	return &list[0], nil
}

// Due returns current verdicts to evaluate again. It implements [catalog.Store].
func (s *Store) Due(ctx context.Context, now time.Time, n int) ([]catalog.Verdict, error) {
	list, err := s.verdicts(ctx, "latest = 1 AND until <> 0 AND until <= ? ORDER BY until, tenant, image, policy LIMIT ?", now.UnixMicro(), max(0, n))
	if err != nil {
		return nil, fmt.Errorf("catalog: verdicts that end: %w", err)
	}
	return list, nil
}

// verdicts returns the verdicts of a condition.
func (s *Store) verdicts(ctx context.Context, condition string, args ...any) ([]catalog.Verdict, error) {
	var list []catalog.Verdict
	err := s.rows(ctx, func(scan func(...any) error) error {
		var tenant, image, policy, key, action, body []byte
		var since, until, size int64
		if err := scan(&tenant, &image, &policy, &key, &action, &since, &until, &size, &body); err != nil {
			return err
		}
		text, err := s.expand(body, size)
		if err != nil {
			return fmt.Errorf("verdict about %s: %w", image, err)
		}
		list = append(list, catalog.Verdict{Tenant: string(tenant), Image: string(image), Policy: string(policy), Key: string(key), Action: string(action), Body: text,
			Since: fromMicro(since), Until: fromEnd(until)})
		return nil
	}, "SELECT tenant, image, policy, inputs, action, since, until, size, body FROM hullmark_verdicts WHERE "+condition, args...)
	return list, err
}

// Notices returns up to n notices that are not delivered. It implements [catalog.Store].
func (s *Store) Notices(ctx context.Context, n int) ([]catalog.Notice, error) {
	return s.notices(ctx, "delivered = 0 ORDER BY seq LIMIT ?", max(0, n))
}

// Events returns up to n notices after one with a number. It implements [catalog.Store].
func (s *Store) Events(ctx context.Context, after int64, n int) ([]catalog.Notice, error) {
	return s.notices(ctx, "seq > ? ORDER BY seq LIMIT ?", after, max(0, n))
}

// notices returns the notices of a condition.
func (s *Store) notices(ctx context.Context, condition string, args ...any) ([]catalog.Notice, error) {
	var list []catalog.Notice
	err := s.rows(ctx, func(scan func(...any) error) error {
		var id, kind, body []byte
		var created, number int64
		if err := scan(&number, &id, &kind, &body, &created); err != nil {
			return err
		}
		list = append(list, catalog.Notice{ID: string(id), Kind: string(kind), Body: body, Created: fromMicro(created), Number: number})
		return nil
	}, "SELECT seq, id, kind, body, created FROM hullmark_notices WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("catalog: notices: %w", err)
	}
	return list, nil
}
