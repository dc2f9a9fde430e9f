package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// Mark writes statements about vulnerabilities that hold for the images of a scope, and for their later builds. All are by one author and
// hold until an instant, which may be zero for no end. Their products are packages, by package URL or range ("pkg:npm/lodash?vers=..."), or the image. The
// same statements in the same scope are the same mark.
func (j *Journal) Mark(ctx context.Context, scope catalog.Scope, author string, expires time.Time, statements ...vex.Statement) (*catalog.Mark, error) {
	if len(statements) == 0 {
		return nil, errors.New("journal: a mark without a statement")
	}
	now := j.now()
	expires = expires.Truncate(time.Second) // as documents have it
	d := vex.NewDocument(author, now)
	for _, s := range statements {
		if s.Time.IsZero() {
			s.Time = now
		}
		if s.Author == "" {
			s.Author = author
		}
		if s.Expires.IsZero() || !expires.IsZero() && expires.Before(s.Expires) {
			s.Expires = expires
		}
		if err := d.Add(s); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	var buf bytes.Buffer
	omitted, err := d.Write(&buf, "OpenVEX")
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if len(omitted) > 0 {
		return nil, fmt.Errorf("journal: %s", omitted[0])
	}
	m := catalog.Mark{Tenant: j.Tenant, Scope: scope, Document: buf.Bytes(), Author: author, Created: now, Expires: expires}
	m.ID = ID("mark", j.Tenant, fmt.Sprintf("%q", scope), fmt.Sprintf("%+v", statements), author, fmt.Sprint(expires.UnixMicro()))[:32]
	if err := j.Store.Write(ctx, &catalog.Batch{Marks: []catalog.Mark{m}}); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &m, nil
}

// Marks returns the marks that hold for an image of the store now, and their statements.
func (j *Journal) Marks(ctx context.Context, digest string) ([]catalog.Mark, vex.Documents, error) {
	image, err := j.Store.Image(ctx, digest)
	if err != nil {
		return nil, nil, fmt.Errorf("journal: %w", err)
	}
	tags, err := j.tags(ctx, image.Digest)
	if err != nil {
		return nil, nil, fmt.Errorf("journal: %w", err)
	}
	layers := func() ([]string, error) {
		found, _, err := catalog.Load(ctx, j.Store, image.Digest)
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		return layersOf(found), nil
	}
	marks, documents, _, err := j.marks(ctx, image, layers, tags, j.now())
	return marks, documents, err
}

// marks returns the marks that hold for an image, their documents, and the first instant at which one of them ends. It asks for the layers
// only if the scope of a mark has some.
func (j *Journal) marks(ctx context.Context, image *catalog.Image, layers func() ([]string, error), tags []catalog.Tag, now time.Time) ([]catalog.Mark, vex.Documents, time.Time, error) {
	all, err := j.Store.Marks(ctx, j.Tenant)
	if err != nil {
		return nil, nil, time.Time{}, fmt.Errorf("journal: %w", err)
	}
	layers = sync.OnceValues(layers)
	var until time.Time
	var marks []catalog.Mark
	var documents vex.Documents
	for i := range all {
		m := &all[i]
		if !m.Holds(now) {
			continue
		}
		selected := m.Scope.Has(image, tags, nil)
		if !selected && len(m.Scope.Layers) > 0 {
			list, err := layers()
			if err != nil {
				return nil, nil, time.Time{}, err
			}
			selected = m.Scope.Has(image, tags, list)
		}
		if !selected {
			continue
		}
		d, err := vex.Read(bytes.NewReader(m.Document), "mark "+m.ID)
		if err != nil {
			return nil, nil, time.Time{}, fmt.Errorf("journal: %w", err)
		}
		marks, documents = append(marks, *m), append(documents, d)
		if end := m.Expires.Add(1); !m.Expires.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
	}
	return marks, documents, until, nil
}

// Expire writes an event for each mark of the tenant that expired, once. The verdicts that they decided about end at the same instant, see
// [Journal.Due].
func (j *Journal) Expire(ctx context.Context) error {
	now := j.now()
	marks, err := j.Store.Marks(ctx, j.Tenant)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for i := range marks {
		m := marks[i]
		if m.Ended || m.Expires.IsZero() || !now.After(m.Expires) {
			continue
		}
		text := "mark " + m.ID + " of " + m.Author
		var images []webhook.Image
		for _, d := range m.Scope.Images {
			images = append(images, webhook.Image{Digest: d, Tenant: j.Tenant})
		}
		for _, r := range m.Scope.Repositories {
			images = append(images, webhook.Image{Repository: r, Tenant: j.Tenant})
		}
		if len(images) == 0 {
			images = []webhook.Image{{Tenant: j.Tenant}}
		}
		n, err := j.notice(event{Message: webhook.Message{
			ID:   ID(webhook.MarkExpired, j.Tenant, m.ID, fmt.Sprint(m.Expires.UnixMicro())),
			Kind: webhook.MarkExpired, Images: images, Text: text,
		}})
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		m.Ended = true
		if err := j.Store.Write(ctx, &catalog.Batch{Marks: []catalog.Mark{m}, Notices: []catalog.Notice{n}}); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

// Scoped yields the images of the store that a scope selects: those to evaluate again after a mark was made or withdrawn.
func (j *Journal) Scoped(ctx context.Context, scope catalog.Scope) iter.Seq2[*catalog.Image, error] {
	return func(yield func(*catalog.Image, error) bool) {
		for image, err := range j.Store.Images(ctx) {
			var tags []catalog.Tag
			if err == nil && len(scope.Repositories) > 0 {
				tags, err = j.tags(ctx, image.Digest)
			}
			if err != nil {
				yield(nil, fmt.Errorf("journal: %w", err))
				return
			}
			selected := scope.Has(&image, tags, nil)
			if !selected && len(scope.Layers) > 0 {
				found, _, err := catalog.Load(ctx, j.Store, image.Digest)
				if errors.Is(err, catalog.ErrNotFound) { // deleted meanwhile
					continue
				}
				if err != nil {
					yield(nil, fmt.Errorf("journal: %w", err))
					return
				}
				selected = scope.Has(&image, nil, layersOf(found))
			}
			if selected && !yield(&image, nil) {
				return
			}
		}
	}
}

func layersOf(found *analyzer.Report) []string {
	layers := make([]string, len(found.Layers))
	for i := range found.Layers {
		layers[i] = found.Layers[i].DiffID
	}
	return layers
}

// Withdraw ends a mark of the tenant now, without an event. It returns [catalog.ErrNotFound] for an unknown one.
func (j *Journal) Withdraw(ctx context.Context, id string) (*catalog.Mark, error) {
	marks, err := j.Store.Marks(ctx, j.Tenant)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	for _, m := range marks {
		if m.ID != id {
			continue
		}
		if now := j.now(); m.Expires.IsZero() || now.Before(m.Expires) {
			m.Expires = now
		}
		m.Ended = true
		if err := j.Store.Write(ctx, &catalog.Batch{Marks: []catalog.Mark{m}}); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		return &m, nil
	}
	return nil, fmt.Errorf("journal: mark %s: %w", id, catalog.ErrNotFound)
}
