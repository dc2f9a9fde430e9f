package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// An Image is an image of a tenant. Its content is in the catalog.
type Image struct {
	Tenant      string
	Digest      string // of the manifest, or another name that is the image's own
	Kind        Kind   // SBOM if the tenant submitted an SBOM: then the SBOM states Config and Manifest
	Config      string // digest of the configuration; "" for an SBOM
	Manifest    string // digest of the manifest; "" without one
	Reference   string // by which it was submitted last
	Platform    string
	State       State
	Reason      string // a code, if the last analysis failed
	Message     string // for a person
	Annotations map[string]string
	Submitted   time.Time
	Finished    time.Time // of the last analysis
	Revision    int64     // rises with each change
	Verdict     string    // of the policy that the mappings choose; "" without one
	Severity    string    // the highest of the vulnerabilities; "" without any, or if the image is not assessed yet
}

// A Tag is an image that a tag of a tenant pointed at since a time.
type Tag struct {
	Name   string
	Digest string
	Index  string // the digest of the index that the tag names; "" if it names the image itself
	Since  time.Time
	Asked  time.Time // when a client requested the image; Pointed only
	Listed []string  // images of the index; AllTags only
}

// Named returns the digest of the index or image that the tag names in the registry.
func (t *Tag) Named() string { return cmp.Or(t.Index, t.Digest) }

// Begin stores that the analysis of an image begins. An image that is analyzed already stays so. Annotations are added.
func (tx *Tx) Begin(ctx context.Context, m *Image) error {
	old, err := tx.image(ctx, m.Tenant, m.Digest)
	if err != nil && err != ErrNotFound {
		return err
	}
	if err == nil {
		for k, v := range m.Annotations {
			if old.Annotations == nil {
				old.Annotations = make(map[string]string)
			}
			old.Annotations[k] = v
		}
		m.Annotations, m.State = old.Annotations, old.State
		if old.State != Analyzed {
			m.State = Analyzing
		}
		_, err = tx.exec(ctx, `UPDATE fleet_images SET kind = ?, config = ?, manifest = ?, reference = ?, platform = ?, state = ?, annotations = ?, revision = revision + 1
			WHERE tenant = ? AND digest = ?`, string(m.Kind), m.Config, m.Manifest, m.Reference, m.Platform, string(m.State), encode(m.Annotations), m.Tenant, m.Digest)
		return err
	}
	m.State = Analyzing
	_, err = tx.exec(ctx, `INSERT INTO fleet_images (tenant, digest, kind, config, manifest, reference, platform, state, reason, message, annotations, submitted, finished, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?, 0, 1) ON CONFLICT (tenant, digest) DO NOTHING`,
		m.Tenant, m.Digest, string(m.Kind), m.Config, m.Manifest, m.Reference, m.Platform, string(m.State), encode(m.Annotations), micro(m.Submitted))
	return err
}

// End stores the end of an analysis. An image that was analyzed before stays analyzed if another analysis fails, with its reason. It returns
// ErrNotFound if the tenant deleted the image meanwhile.
func (tx *Tx) End(ctx context.Context, tenant, digest string, state State, reason, message string) error {
	n, err := tx.exec(ctx, `UPDATE fleet_images SET state = CASE WHEN state = 'analyzed' AND ? = 'failed' THEN state ELSE ? END,
		reason = ?, message = ?, finished = ?, revision = revision + 1, stale = ? WHERE tenant = ? AND digest = ?`,
		string(state), string(state), reason, text(message), micro(time.Now()), newMark(), tenant, digest)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// newMark returns the number of a mark that an image is stale. Each mark has another, so that the end of an evaluation does not end the mark of
// a change that came after its start.
func newMark() int64 { return 1 + rand.Int64N(math.MaxInt64) }

// Point stores that a tag points at an image now, alone or by an index, unless it does already. It returns the tag before, without digests for a new
// one. The instant is after that of the former image, also if the clock of the process that stored that one is ahead.
func (tx *Tx) Point(ctx context.Context, tenant, name, digest, index string) (before Tag, err error) {
	return tx.PointAt(ctx, tenant, name, digest, index, time.Now())
}

// PointAt is Point for an image that a client requested at a time: a tag whose image has a later request stays, because analyses end in any order.
func (tx *Tx) PointAt(ctx context.Context, tenant, name, digest, index string, asked time.Time) (before Tag, err error) {
	h := fnv.New64a()
	h.Write([]byte(tenant + " " + name))
	if err := tx.lock(ctx, int64(h.Sum64())); err != nil {
		return before, err
	}
	var last, latest int64
	err = tx.row(ctx, []any{&before.Digest, &before.Index, &last, &latest}, "SELECT digest, index_digest, since, asked FROM fleet_tags WHERE tenant = ? AND name = ? ORDER BY since DESC LIMIT 1",
		tenant, name)
	switch {
	case err != nil && err != ErrNotFound:
		return before, err
	case err == nil && micro(asked) < latest:
		return before, nil
	case err == nil && before.Digest == digest && before.Index == index:
		_, err = tx.exec(ctx, "UPDATE fleet_tags SET asked = ? WHERE tenant = ? AND name = ? AND since = ?", micro(asked), tenant, name, last)
		return before, err
	}
	_, err = tx.exec(ctx, `INSERT INTO fleet_tags (tenant, name, since, digest, index_digest, asked) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, name, since) DO UPDATE SET digest = excluded.digest, index_digest = excluded.index_digest, asked = excluded.asked`,
		tenant, name, max(micro(time.Now()), last+1), digest, index, micro(asked))
	return before, err
}

// tags returns tags by a query of name, digest, since and index.
func (tx *Tx) tags(ctx context.Context, query string, args ...any) (list []Tag, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var t Tag
		var since int64
		err := scan(&t.Name, &t.Digest, &since, &t.Index)
		t.Since = fromMicro(since)
		list = append(list, t)
		return err
	}, query, args...)
	return list, err
}

const imageColumns = "tenant, digest, kind, config, manifest, reference, platform, state, reason, message, annotations, submitted, finished, revision, verdict, severity"

func (tx *Tx) images(ctx context.Context, query string, args ...any) (list []Image, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var m Image
		var kind, state, annotations string
		var submitted, finished int64
		if err := scan(&m.Tenant, &m.Digest, &kind, &m.Config, &m.Manifest, &m.Reference, &m.Platform, &state, &m.Reason, &m.Message, &annotations, &submitted, &finished, &m.Revision, &m.Verdict, &m.Severity); err != nil {
			return err
		}
		m.Kind, m.State, m.Submitted, m.Finished = Kind(kind), State(state), fromMicro(submitted), fromMicro(finished)
		list = append(list, m)
		return json.Unmarshal([]byte(annotations), &list[len(list)-1].Annotations)
	}, query, args...)
	return list, err
}

func (tx *Tx) image(ctx context.Context, tenant, digest string) (*Image, error) {
	list, err := tx.images(ctx, "SELECT "+imageColumns+" FROM fleet_images WHERE tenant = ? AND digest = ?", tenant, digest)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// Image returns an image of a tenant by its digest, by that of its configuration, or by a tag. The newest one counts if there are several, but an
// SBOM, which only states digests, after images.
func (s *Store) Image(ctx context.Context, tenant, name string) (*Image, error) {
	tx := s.query()
	if name == "" {
		return nil, wrap("image", ErrNotFound)
	}
	if !strings.Contains(name, ":") || strings.Contains(name, "/") { // a tag, in all likelihood
		if m, err := tx.tagged(ctx, tenant, name); err != ErrNotFound {
			return m, wrap("image", err)
		}
	}
	m, err := tx.image(ctx, tenant, name)
	if err != ErrNotFound {
		return m, wrap("image", err)
	}
	list, err := tx.images(ctx, "SELECT "+imageColumns+" FROM fleet_images WHERE tenant = ? AND (config = ? OR manifest = ?) ORDER BY CASE kind WHEN 'sbom' THEN 1 ELSE 0 END, submitted DESC, digest LIMIT 1", tenant, name, name)
	if err != nil || len(list) > 0 {
		return first(list), wrap("image", err)
	}
	m, err = tx.tagged(ctx, tenant, name)
	return m, wrap("image", err)
}

// tagged returns the image at which a tag points.
func (tx *Tx) tagged(ctx context.Context, tenant, name string) (*Image, error) {
	list, err := tx.images(ctx, "SELECT "+imageColumns+` FROM fleet_images WHERE tenant = ? AND digest =
		(SELECT digest FROM fleet_tags WHERE tenant = ? AND name = ? ORDER BY since DESC LIMIT 1)`, tenant, tenant, name)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	return first(list), err
}

func first(list []Image) *Image {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// A Filter selects images. The zero value selects all but archived ones.
type Filter struct {
	State    State
	Verdict  string
	Severity string
	Name     string // a part of the reference or of a tag, in any case
}

// Images returns up to n images of a tenant, in the order of their digests, after one.
func (s *Store) Images(ctx context.Context, tenant string, f Filter, after string, n int) (list []Image, err error) {
	query := "SELECT " + imageColumns + " FROM fleet_images WHERE tenant = ? AND digest > ?"
	args := []any{tenant, after}
	if f.State == "" {
		query += " AND state <> 'archived'"
	}
	for _, c := range []struct{ condition, value string }{{" AND state = ?", string(f.State)}, {" AND verdict = ?", f.Verdict}, {" AND severity = ?", f.Severity}} {
		if c.value != "" {
			query, args = query+c.condition, append(args, c.value)
		}
	}
	if f.Name != "" {
		query += ` AND (LOWER(reference) LIKE ? ESCAPE '!' OR digest IN (SELECT digest FROM fleet_tags WHERE tenant = ? AND LOWER(name) LIKE ? ESCAPE '!'))`
		part := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(f.Name)) + "%"
		args = append(args, part, tenant, part)
	}
	list, err = s.query().images(ctx, query+" ORDER BY digest LIMIT ?", append(args, n)...)
	return list, wrap("images", err)
}

// SetOutcome stores the verdict about an image and the highest severity, which lists of images show.
func (s *Store) SetOutcome(ctx context.Context, tenant, digest, verdict, severity string) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_images SET verdict = ?, severity = ? WHERE tenant = ? AND digest = ?", verdict, severity, tenant, digest)
	return wrap("image", err)
}

// Tags returns the tags that point at an image of a tenant, or did, in their order.
func (s *Store) Tags(ctx context.Context, tenant, digest string) ([]Tag, error) {
	list, err := s.query().tags(ctx, "SELECT name, digest, since, index_digest FROM fleet_tags WHERE tenant = ? AND digest = ? ORDER BY name, since", tenant, digest)
	return list, wrap("tags", err)
}

// SetAnnotations replaces the annotations of an image of a tenant, unless its revision is another. Revision 0, or Any, is any.
func (tx *Tx) SetAnnotations(ctx context.Context, tenant, digest string, annotations map[string]string, revision int64) (*Image, error) {
	n, err := tx.exec(ctx, "UPDATE fleet_images SET annotations = ?, revision = revision + 1 WHERE tenant = ? AND digest = ? AND (revision = ? OR ? <= 0)",
		encode(annotations), tenant, digest, revision, revision)
	if err != nil {
		return nil, err
	}
	m, err := tx.image(ctx, tenant, digest)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return m, err
}

// DeleteImage deletes an image of a tenant and its tags. It reports whether no tenant has the image any more.
func (tx *Tx) DeleteImage(ctx context.Context, tenant, digest string) (last bool, err error) {
	n, err := tx.exec(ctx, "DELETE FROM fleet_images WHERE tenant = ? AND digest = ?", tenant, digest)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return false, err
	}
	if _, err := tx.exec(ctx, "DELETE FROM fleet_tags WHERE tenant = ? AND digest = ?", tenant, digest); err != nil {
		return false, err
	}
	if _, err := tx.exec(ctx, "DELETE FROM fleet_evaluations WHERE tenant = ? AND digest = ?", tenant, digest); err != nil {
		return false, err
	}
	var others int
	err = tx.row(ctx, []any{&others}, "SELECT COUNT(*) FROM fleet_images WHERE digest = ?", digest)
	return others == 0, err
}

// Owned returns the images of a tenant among digests, in their order, without archived ones.
func (s *Store) Owned(ctx context.Context, tenant string, digests []string) (list []Image, err error) {
	for group := range slices.Chunk(digests, 400) {
		args := []any{tenant}
		for _, d := range group {
			args = append(args, d)
		}
		found, err := s.query().images(ctx, "SELECT "+imageColumns+" FROM fleet_images WHERE tenant = ? AND digest IN ("+marks(len(group))+") AND state <> 'archived' ORDER BY digest", args...)
		if err != nil {
			return nil, wrap("images", err)
		}
		list = append(list, found...)
	}
	return list, nil
}

// marks returns "?, ?" for 2.
func marks(n int) string {
	b := make([]byte, 0, 3*n)
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '?')
	}
	return string(b)
}

// Pointed returns the tag of a tenant, as it points now, or ErrNotFound.
func (s *Store) Pointed(ctx context.Context, tenant, name string) (*Tag, error) {
	t := Tag{Name: name}
	var since, asked int64
	err := s.query().row(ctx, []any{&t.Digest, &since, &t.Index, &asked}, "SELECT digest, since, index_digest, asked FROM fleet_tags WHERE tenant = ? AND name = ? ORDER BY since DESC LIMIT 1", tenant, name)
	t.Since, t.Asked = fromMicro(since), fromMicro(asked)
	return &t, wrap("tag", err)
}

// Names returns the images of all tenants among digests: one for each tag that points at it, or at an index that lists it, and one without a tag
// for others. Archived ones are left out.
func (s *Store) Names(ctx context.Context, digests []string) (list []webhook.Image, err error) {
	for group := range slices.Chunk(digests, 400) {
		var args []any
		for _, d := range group {
			args = append(args, d)
		}
		err := s.query().rows(ctx, func(scan func(...any) error) error {
			var i webhook.Image
			var name string
			if err := scan(&i.Tenant, &i.Digest, &name); err != nil {
				return err
			}
			if name != "" {
				t := catalog.Tag{Name: name}
				i.Repository, i.Tag = t.Split()
			}
			list = append(list, i)
			return nil
		}, `SELECT m.tenant, m.digest, COALESCE(t.name, '') FROM fleet_images AS m
			LEFT JOIN fleet_tags AS t ON t.tenant = m.tenant AND t.digest = m.digest
			AND t.since = (SELECT MAX(since) FROM fleet_tags WHERE tenant = t.tenant AND name = t.name)
			WHERE m.digest IN (`+marks(len(group))+") AND m.state <> 'archived'", args...)
		if err != nil {
			return nil, wrap("names", err)
		}
		listed, err := s.listed(ctx, args)
		if err != nil {
			return nil, wrap("names", err)
		}
		named := make(map[webhook.Image]bool)
		for _, i := range listed {
			named[webhook.Image{Tenant: i.Tenant, Digest: i.Digest}] = true
		}
		list = slices.DeleteFunc(list, func(i webhook.Image) bool { return named[i] }) // those without a tag
		list = append(list, listed...)
	}
	slices.SortFunc(list, func(a, b webhook.Image) int {
		return cmp.Or(strings.Compare(a.Digest, b.Digest), strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Repository, b.Repository), strings.Compare(a.Tag, b.Tag))
	})
	return slices.Compact(list), nil
}

// Stale marks images, of all tenants, whose verdicts have to be evaluated again.
func (s *Store) Stale(ctx context.Context, digests []string) error {
	for group := range slices.Chunk(digests, 400) {
		args := []any{newMark()}
		for _, d := range group {
			args = append(args, d)
		}
		if _, err := s.query().exec(ctx, "UPDATE fleet_images SET stale = ? WHERE digest IN ("+marks(len(group))+")", args...); err != nil {
			return wrap("images", err)
		}
	}
	return nil
}

// StaleTenant marks all images of a tenant.
func (tx *Tx) StaleTenant(ctx context.Context, tenant string) error {
	_, err := tx.exec(ctx, "UPDATE fleet_images SET stale = ? WHERE tenant = ?", newMark(), tenant)
	return err
}

// A StaleImage is a marked image, and the number of the mark.
type StaleImage struct {
	Tenant, Digest string
	Mark           int64
}

// StaleImages returns up to n analyzed images, of all tenants, that are marked, in the order of tenants and digests, after one.
func (s *Store) StaleImages(ctx context.Context, after StaleImage, n int) (list []StaleImage, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var m StaleImage
		err := scan(&m.Tenant, &m.Digest, &m.Mark)
		list = append(list, m)
		return err
	}, "SELECT tenant, digest, stale FROM fleet_images WHERE stale <> 0 AND state = 'analyzed' AND (tenant, digest) > (?, ?) ORDER BY tenant, digest LIMIT ?",
		after.Tenant, after.Digest, n)
	return list, wrap("images", err)
}

// Fresh ends a mark after the image was evaluated, unless the image has another mark by then.
func (s *Store) Fresh(ctx context.Context, m StaleImage) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_images SET stale = 0 WHERE tenant = ? AND digest = ? AND stale = ?", m.Tenant, m.Digest, m.Mark)
	return wrap("image", err)
}
