package store

import (
	"context"
	"time"
)

// An ArchivedImage is an image whose content is in an object.
type ArchivedImage struct {
	Tenant   string
	Digest   string
	Object   string
	Size     int64 // of the object
	Archived time.Time
}

// Archive makes an analyzed image an archived one, unless it has changed since its revision. The archive has to be settled afterwards.
func (tx *Tx) Archive(ctx context.Context, a *ArchivedImage, revision int64) error {
	n, err := tx.exec(ctx, "UPDATE fleet_images SET state = 'archived', stale = 0, revision = revision + 1 WHERE tenant = ? AND digest = ? AND state = 'analyzed' AND revision = ?",
		a.Tenant, a.Digest, revision)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return err
	}
	if err := tx.Keep(ctx, a.Object); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO fleet_archive (tenant, digest, object, size, archived, settled) VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (tenant, digest) DO UPDATE
		SET object = excluded.object, size = excluded.size, archived = excluded.archived, settled = 0`, a.Tenant, a.Digest, a.Object, a.Size, micro(a.Archived))
	return err
}

// Unarchive makes an archived image an analyzed one, whose verdicts have to be evaluated again.
func (tx *Tx) Unarchive(ctx context.Context, tenant, digest string) error {
	n, err := tx.exec(ctx, "UPDATE fleet_images SET state = 'analyzed', stale = 1, revision = revision + 1 WHERE tenant = ? AND digest = ? AND state = 'archived'", tenant, digest)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return err
}

const archiveColumns = "tenant, digest, object, size, archived"

func (tx *Tx) archived(ctx context.Context, query string, args ...any) (list []ArchivedImage, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var a ArchivedImage
		var at int64
		err := scan(&a.Tenant, &a.Digest, &a.Object, &a.Size, &at)
		a.Archived = fromMicro(at)
		list = append(list, a)
		return err
	}, query, args...)
	return list, err
}

// ArchiveOf returns where the content of an archived image of a tenant is.
func (s *Store) ArchiveOf(ctx context.Context, tenant, digest string) (*ArchivedImage, error) {
	list, err := s.query().archived(ctx, "SELECT "+archiveColumns+" FROM fleet_archive WHERE tenant = ? AND digest = ?", tenant, digest)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, wrap("archive", err)
	}
	return &list[0], nil
}

// Unsettled returns the archives, of all tenants, whose content may still be in the catalog.
func (s *Store) Unsettled(ctx context.Context) ([]ArchivedImage, error) {
	list, err := s.query().archived(ctx, "SELECT "+archiveColumns+" FROM fleet_archive WHERE settled = 0 ORDER BY digest, tenant")
	return list, wrap("archive", err)
}

// Settle stores that the catalog has the content if and only if a tenant uses it.
func (s *Store) Settle(ctx context.Context, tenant, digest string) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_archive SET settled = 1 WHERE tenant = ? AND digest = ?", tenant, digest)
	return wrap("archive", err)
}

// Used reports whether a tenant uses the content of an image: the image is not archived.
func (s *Store) Used(ctx context.Context, digest string) (bool, error) {
	var n int
	err := s.query().row(ctx, []any{&n}, "SELECT COUNT(*) FROM fleet_images WHERE digest = ? AND state <> 'archived'", digest)
	return n > 0, wrap("images", err)
}

// Unindex takes an image out of the index.
func (s *Store) Unindex(ctx context.Context, digest string) error {
	_, err := s.query().exec(ctx, "DELETE FROM fleet_indexed WHERE digest = ?", digest)
	return wrap("index", err)
}

// AllTags returns all that the tags of a tenant pointed at, in the order of their names and times, with the images that their indexes list.
func (s *Store) AllTags(ctx context.Context, tenant string) ([]Tag, error) {
	tx := s.query()
	list, err := tx.tags(ctx, "SELECT name, digest, since, index_digest FROM fleet_tags WHERE tenant = ? ORDER BY name, since", tenant)
	if err != nil {
		return nil, wrap("tags", err)
	}
	listed := make(map[string][]string)
	if err := tx.rows(ctx, func(scan func(...any) error) error {
		var index, digest string
		err := scan(&index, &digest)
		listed[index] = append(listed[index], digest)
		return err
	}, "SELECT index_digest, digest FROM fleet_platforms WHERE tenant = ? ORDER BY index_digest, position", tenant); err != nil {
		return nil, wrap("tags", err)
	}
	for i := range list {
		list[i].Listed = listed[list[i].Index]
	}
	return list, nil
}

// Referenced returns the names of the objects that rows of all tenants refer to: uploads, generations of the index, archives of images that
// are archived now, the files of advisories, and the objects whose time in the trash has not ended, which may be those being written. It is one
// statement, so that it misses no object that goes from the trash to another row meanwhile.
func (s *Store) Referenced(ctx context.Context) (names map[string]bool, err error) {
	names, tx := make(map[string]bool), s.query()
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names[name] = true
		return err
	}, `SELECT object FROM fleet_submissions WHERE object <> '' AND state IN ('waiting', 'analyzing')
		UNION ALL SELECT object FROM fleet_generations
		UNION ALL SELECT a.object FROM fleet_archive AS a JOIN fleet_images AS m ON m.tenant = a.tenant AND m.digest = a.digest WHERE m.state = 'archived' OR a.settled = 0
		UNION ALL SELECT object FROM fleet_files
		UNION ALL SELECT name || '/' || value FROM fleet_settings WHERE name = 'advisories' OR name LIKE 'own/%'
		UNION ALL SELECT object FROM fleet_trash WHERE at > `+tx.now())
	return names, wrap("objects", err)
}

// writeTime is longer than writing an object takes.
const writeTime = 2 * time.Hour

// Unwritten returns the latest time before which an object that no row names is not one that is being written now.
func Unwritten(now time.Time) time.Time { return now.Add(-writeTime) }

// Forget deletes claims that ended before a time, archives of images that no longer are archived, and parts of objects without a name that
// are older, but for those that may be being written now. It returns their numbers. It also deletes older indexes without a tag, an image and a
// submission that is not analyzed.
func (s *Store) Forget(ctx context.Context, before, now time.Time) (claims, archives, parts int64, err error) {
	tx, old := s.query(), before
	if claims, err = tx.exec(ctx, "DELETE FROM fleet_claims WHERE ends < ? AND ends < "+tx.now()+" AND NOT (name >= ? AND name < ?)", micro(before), intent, "stale0"); err != nil {
		return 0, 0, 0, wrap("claims", err)
	}
	if archives, err = tx.exec(ctx, `DELETE FROM fleet_archive WHERE settled = 1 AND NOT EXISTS
		(SELECT 1 FROM fleet_images AS m WHERE m.tenant = fleet_archive.tenant AND m.digest = fleet_archive.digest AND m.state = 'archived')`); err != nil {
		return 0, 0, 0, wrap("archive", err)
	}
	// The identifier of an object begins with its time.
	if written := Unwritten(now); written.Before(before) {
		before = written
	}
	if parts, err = tx.exec(ctx, "DELETE FROM fleet_object_parts WHERE id < ? AND NOT EXISTS (SELECT 1 FROM fleet_objects AS o WHERE o.id = fleet_object_parts.id)", idTime(before)); err != nil {
		return 0, 0, 0, wrap("objects", err)
	}
	if _, err = tx.exec(ctx, `DELETE FROM fleet_indexes WHERE submitted < ? AND NOT EXISTS (SELECT 1 FROM fleet_tags AS t WHERE t.tenant = fleet_indexes.tenant AND t.index_digest = fleet_indexes.digest)
		AND NOT EXISTS (SELECT 1 FROM fleet_platforms AS p JOIN fleet_images AS m ON m.tenant = p.tenant AND m.digest = p.digest WHERE p.tenant = fleet_indexes.tenant AND p.index_digest = fleet_indexes.digest)
		AND NOT EXISTS (SELECT 1 FROM fleet_submissions AS s WHERE s.tenant = fleet_indexes.tenant AND s.state IN ('waiting', 'analyzing') AND s.index_digest = fleet_indexes.digest)`,
		micro(old)); err != nil {
		return 0, 0, 0, wrap("indexes", err)
	}
	if _, err = tx.exec(ctx, `DELETE FROM fleet_platforms WHERE NOT EXISTS
		(SELECT 1 FROM fleet_indexes AS x WHERE x.tenant = fleet_platforms.tenant AND x.digest = fleet_platforms.index_digest)`); err != nil {
		return 0, 0, 0, wrap("indexes", err)
	}
	return claims, archives, parts, nil
}

// Objects returns the objects in the database, in the order of their names.
func (s *Store) Objects(ctx context.Context) (list []ObjectInfo, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var o ObjectInfo
		var created int64
		err := scan(&o.Name, &o.Size, &created)
		o.Modified = fromMicro(created)
		list = append(list, o)
		return err
	}, "SELECT name, size, created FROM fleet_objects ORDER BY name")
	return list, wrap("objects", err)
}

// An ObjectInfo describes an object.
type ObjectInfo struct {
	Name     string
	Size     int64
	Modified time.Time
}
