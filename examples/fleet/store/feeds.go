package store

import (
	"context"
	"time"
)

// A File is the file of advisories that the service uses, among the objects.
type File struct {
	Object  string
	Hash    string // SHA-256
	Changed time.Time
}

// File returns the file, or ErrNotFound before the first update.
func (s *Store) File(ctx context.Context) (*File, error) {
	var f File
	var changed int64
	err := s.query().row(ctx, []any{&f.Object, &f.Hash, &changed}, "SELECT object, hash, changed FROM fleet_files WHERE role = 'current'")
	f.Changed = fromMicro(changed)
	return &f, wrap("file", err)
}

// SetFile replaces the file.
func (s *Store) SetFile(ctx context.Context, f *File) error {
	_, err := s.query().exec(ctx, `INSERT INTO fleet_files (role, object, hash, changed) VALUES ('current', ?, ?, ?) ON CONFLICT (role) DO UPDATE
		SET object = excluded.object, hash = excluded.hash, changed = excluded.changed`, f.Object, f.Hash, micro(f.Changed))
	return wrap("file", err)
}

// A Feed is the state of a feed of advisories.
type Feed struct {
	Name      string
	Enabled   bool
	Every     time.Duration // between updates; zero for that of the service
	Wanted    bool          // a person asked for an update
	Tried     time.Time     // last update
	Succeeded time.Time     // last update without an error
	Records   int64         // of the last update that read data
	Error     string        // of the last update
}

// Feeds returns the states of feeds, in the order of their names.
func (s *Store) Feeds(ctx context.Context) (list []Feed, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var f Feed
		var enabled, wanted int
		var every, tried, succeeded int64
		err := scan(&f.Name, &enabled, &every, &wanted, &tried, &succeeded, &f.Records, &f.Error)
		f.Enabled, f.Wanted, f.Every, f.Tried, f.Succeeded = enabled != 0, wanted != 0, time.Duration(every)*time.Microsecond, fromMicro(tried), fromMicro(succeeded)
		list = append(list, f)
		return err
	}, "SELECT name, enabled, every, wanted, tried, succeeded, records, error FROM fleet_feeds ORDER BY name")
	return list, wrap("feeds", err)
}

// AddFeeds adds the states of feeds that the store does not have.
func (s *Store) AddFeeds(ctx context.Context, feeds []Feed) error {
	return wrap("feeds", s.Write(ctx, func(tx *Tx) error {
		for _, f := range feeds {
			if _, err := tx.exec(ctx, `INSERT INTO fleet_feeds (name, enabled, every, wanted, tried, succeeded, records, error) VALUES (?, ?, ?, 0, 0, 0, 0, '')
				ON CONFLICT (name) DO NOTHING`, f.Name, flag(f.Enabled), f.Every.Microseconds()); err != nil {
				return err
			}
		}
		return nil
	}))
}

// SetFeed changes the settings of a feed.
func (tx *Tx) SetFeed(ctx context.Context, name string, enabled bool, every time.Duration) error {
	n, err := tx.exec(ctx, "UPDATE fleet_feeds SET enabled = ?, every = ? WHERE name = ?", flag(enabled), every.Microseconds(), name)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// WantFeed asks for an update of a feed now.
func (tx *Tx) WantFeed(ctx context.Context, name string) error {
	n, err := tx.exec(ctx, "UPDATE fleet_feeds SET wanted = 1 WHERE name = ?", name)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// UpdatedFeed stores the outcome of an update. Records is negative if no data was read.
func (tx *Tx) UpdatedFeed(ctx context.Context, name string, at time.Time, records int64, failure string) error {
	_, err := tx.exec(ctx, `UPDATE fleet_feeds SET wanted = 0, tried = ?, error = ?, succeeded = CASE WHEN ? = '' THEN ? ELSE succeeded END,
		records = CASE WHEN ? < 0 THEN records ELSE ? END WHERE name = ?`, micro(at), text(failure), failure, micro(at), records, records, name)
	return err
}

// A Watch is a repository whose tags a tenant wants analyzed as they move.
type Watch struct {
	Tenant     string
	Repository string        // "registry.example/team/app"
	Tags       string        // pattern in which "*" is any text
	Every      time.Duration // between looks
	Tried      time.Time     // last look
	Error      string        // of the last look
}

// SetWatch adds or replaces a watch.
func (tx *Tx) SetWatch(ctx context.Context, w *Watch) error {
	_, err := tx.exec(ctx, `INSERT INTO fleet_watches (tenant, repository, tags, every, tried, error) VALUES (?, ?, ?, ?, 0, '') ON CONFLICT (tenant, repository) DO UPDATE
		SET tags = excluded.tags, every = excluded.every, tried = 0, error = ''`, w.Tenant, w.Repository, w.Tags, w.Every.Microseconds())
	return err
}

// DeleteWatch deletes a watch of a tenant.
func (tx *Tx) DeleteWatch(ctx context.Context, tenant, repository string) error {
	if _, err := tx.exec(ctx, "DELETE FROM fleet_followed WHERE tenant = ? AND repository = ?", tenant, repository); err != nil {
		return err
	}
	n, err := tx.exec(ctx, "DELETE FROM fleet_watches WHERE tenant = ? AND repository = ?", tenant, repository)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

const watchColumns = "tenant, repository, tags, every, tried, error"

// Watches returns up to n watches of a tenant after a repository, in the order of their repositories.
func (s *Store) Watches(ctx context.Context, tenant, after string, n int) ([]Watch, error) {
	list, err := s.query().watches(ctx, "SELECT "+watchColumns+" FROM fleet_watches WHERE tenant = ? AND repository > ? ORDER BY repository LIMIT ?", tenant, after, n)
	return list, wrap("watches", err)
}

// DueWatches returns the watches of all tenants whose time has come.
func (s *Store) DueWatches(ctx context.Context, now time.Time) ([]Watch, error) {
	list, err := s.query().watches(ctx, "SELECT "+watchColumns+" FROM fleet_watches WHERE tried + every <= ? ORDER BY tried, tenant, repository", micro(now))
	return list, wrap("watches", err)
}

func (tx *Tx) watches(ctx context.Context, query string, args ...any) (list []Watch, err error) {
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var w Watch
		var every, tried int64
		err := scan(&w.Tenant, &w.Repository, &w.Tags, &every, &tried, &w.Error)
		w.Every, w.Tried = time.Duration(every)*time.Microsecond, fromMicro(tried)
		list = append(list, w)
		return err
	}, query, args...)
	return list, err
}

// Looked stores the outcome of a look at a repository.
func (s *Store) Looked(ctx context.Context, w *Watch, at time.Time, failure string) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_watches SET tried = ?, error = ? WHERE tenant = ? AND repository = ?", micro(at), text(failure), w.Tenant, w.Repository)
	return wrap("watches", err)
}

// Followed returns the digests that the tags of a watched repository had at the last look.
func (s *Store) Followed(ctx context.Context, tenant, repository string) (map[string]string, error) {
	tags := make(map[string]string)
	err := s.query().rows(ctx, func(scan func(...any) error) error {
		var tag, digest string
		err := scan(&tag, &digest)
		tags[tag] = digest
		return err
	}, "SELECT tag, digest FROM fleet_followed WHERE tenant = ? AND repository = ?", tenant, repository)
	return tags, wrap("watches", err)
}

// Follow stores the digest of a tag of a watched repository. The caller submits the image in the same transaction.
func (tx *Tx) Follow(ctx context.Context, tenant, repository, tag, digest string) error {
	_, err := tx.exec(ctx, "INSERT INTO fleet_followed (tenant, repository, tag, digest) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, repository, tag) DO UPDATE SET digest = excluded.digest",
		tenant, repository, tag, digest)
	return err
}

// Unfollow forgets a tag that the repository no longer has.
func (tx *Tx) Unfollow(ctx context.Context, tenant, repository, tag string) error {
	_, err := tx.exec(ctx, "DELETE FROM fleet_followed WHERE tenant = ? AND repository = ? AND tag = ?", tenant, repository, tag)
	return err
}
