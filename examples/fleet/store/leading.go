package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A FileRole says what a File of advisories is for.
type FileRole string

const (
	Current FileRole = "current" // answers refer to it
	Next    FileRole = "next"    // it replaces Current as soon as both are compared
)

// A File is a file of advisories among the objects.
type File struct {
	Object  string
	Hash    string // of its content
	Changed time.Time
}

// File returns the file with a role.
func (s *Store) File(ctx context.Context, role FileRole) (*File, error) {
	var f File
	var changed int64
	err := s.query().row(ctx, []any{&f.Object, &f.Hash, &changed}, "SELECT object, hash, changed FROM fleet_files WHERE role = ?", string(role))
	f.Changed = fromMicro(changed)
	return &f, wrap("file", err)
}

// SetFile gives a role to a file.
func (tx *Tx) SetFile(ctx context.Context, role FileRole, f *File) error {
	_, err := tx.exec(ctx, `INSERT INTO fleet_files (role, object, hash, changed) VALUES (?, ?, ?, ?) ON CONFLICT (role) DO UPDATE
		SET object = excluded.object, hash = excluded.hash, changed = excluded.changed`, string(role), f.Object, f.Hash, micro(f.Changed))
	return err
}

// Promote makes the file with the role Next the one with the role Current.
func (tx *Tx) Promote(ctx context.Context) error {
	if _, err := tx.exec(ctx, "DELETE FROM fleet_files WHERE role = ? AND EXISTS (SELECT 1 FROM fleet_files WHERE role = ?)", string(Current), string(Next)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "UPDATE fleet_files SET role = ? WHERE role = ?", string(Current), string(Next))
	return err
}

// A Feed is the state of a feed of advisories.
type Feed struct {
	Name      string
	Enabled   bool
	Every     time.Duration // between updates
	Wanted    bool          // an update was asked for
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

// Names returns the images with digests, of all tenants: one for each tag that points at it, and one without a tag if the tenant has none.
func (s *Store) Names(ctx context.Context, digests []string) ([]webhook.Image, error) {
	if len(digests) == 0 {
		return nil, nil
	}
	type key struct{ tenant, digest string }
	in := strings.TrimSuffix(strings.Repeat("?, ", len(digests)), ", ")
	args := make([]any, len(digests))
	for i, d := range digests {
		args[i] = d
	}
	tags := make(map[key][]string)
	tx := s.query()
	err := tx.rows(ctx, func(scan func(...any) error) error {
		var k key
		var name string
		err := scan(&k.tenant, &k.digest, &name)
		tags[k] = append(tags[k], name)
		return err
	}, `SELECT tenant, digest, name FROM fleet_tags t WHERE digest IN (`+in+`) AND NOT EXISTS
		(SELECT 1 FROM fleet_tags u WHERE u.tenant = t.tenant AND u.name = t.name AND u.since > t.since) ORDER BY tenant, digest, name`, args...)
	if err != nil {
		return nil, wrap("names", err)
	}
	of := make(map[string][]webhook.Image, len(digests))
	err = tx.rows(ctx, func(scan func(...any) error) error {
		var k key
		if err := scan(&k.tenant, &k.digest); err != nil {
			return err
		}
		for _, name := range tags[k] {
			repository, tag := (&catalog.Tag{Name: name}).Split()
			of[k.digest] = append(of[k.digest], webhook.Image{Tenant: k.tenant, Repository: repository, Tag: tag, Digest: k.digest})
		}
		if len(tags[k]) == 0 {
			of[k.digest] = append(of[k.digest], webhook.Image{Tenant: k.tenant, Digest: k.digest})
		}
		return nil
	}, "SELECT tenant, digest FROM fleet_images WHERE digest IN ("+in+") ORDER BY tenant, digest", args...)
	if err != nil {
		return nil, wrap("names", err)
	}
	var list []webhook.Image
	for _, d := range digests {
		list = append(list, of[d]...)
	}
	return list, nil
}

// A Stale is an image whose verdict has to be evaluated again.
type Stale struct {
	Tenant string
	Digest string
	Since  time.Time
	Tries  int
}

// AddStale adds images whose verdicts have to be evaluated again.
func (s *Store) AddStale(ctx context.Context, list []Stale) error {
	sorted := slices.Clone(list) // in one order, so that two transactions can't wait for each other
	slices.SortFunc(sorted, func(a, b Stale) int { return strings.Compare(a.Tenant+"\x00"+a.Digest, b.Tenant+"\x00"+b.Digest) })
	return wrap("stale verdicts", s.Write(ctx, func(tx *Tx) error {
		for _, x := range sorted {
			if _, err := tx.exec(ctx, `INSERT INTO fleet_stale (tenant, digest, since, tries) VALUES (?, ?, ?, 0) ON CONFLICT (tenant, digest) DO UPDATE
				SET since = excluded.since, tries = 0`, x.Tenant, x.Digest, micro(x.Since)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// NextStale returns up to n images, those that wait longest first.
func (s *Store) NextStale(ctx context.Context, before time.Time, n int) (list []Stale, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var x Stale
		var since int64
		err := scan(&x.Tenant, &x.Digest, &since, &x.Tries)
		x.Since = fromMicro(since)
		list = append(list, x)
		return err
	}, "SELECT tenant, digest, since, tries FROM fleet_stale WHERE since <= ? ORDER BY since, tenant, digest LIMIT ?", micro(before), n)
	return list, wrap("stale verdicts", err)
}

// Evaluated removes an image, unless it was added again meanwhile.
func (s *Store) Evaluated(ctx context.Context, x *Stale) error {
	_, err := s.query().exec(ctx, "DELETE FROM fleet_stale WHERE tenant = ? AND digest = ? AND since = ?", x.Tenant, x.Digest, micro(x.Since))
	return wrap("stale verdicts", err)
}

// Postpone lets an image wait until a time, unless it was added again meanwhile.
func (s *Store) Postpone(ctx context.Context, x *Stale, until time.Time) error {
	_, err := s.query().exec(ctx, "UPDATE fleet_stale SET since = ?, tries = tries + 1 WHERE tenant = ? AND digest = ? AND since = ?", micro(until), x.Tenant, x.Digest, micro(x.Since))
	return wrap("stale verdicts", err)
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
	n, err := tx.exec(ctx, "DELETE FROM fleet_watches WHERE tenant = ? AND repository = ?", tenant, repository)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

const watchColumns = "tenant, repository, tags, every, tried, error"

// Watches returns the watches of a tenant, in the order of their repositories.
func (s *Store) Watches(ctx context.Context, tenant string) ([]Watch, error) {
	list, err := s.query().watches(ctx, "SELECT "+watchColumns+" FROM fleet_watches WHERE tenant = ? ORDER BY repository", tenant)
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

// Tenants returns the names of all tenants.
func (s *Store) Tenants(ctx context.Context) (list []string, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		list = append(list, name)
		return err
	}, "SELECT name FROM fleet_tenants ORDER BY name")
	return list, wrap("tenants", err)
}

// AnalyzedSince returns the digests of the images of all tenants whose analysis ended at a time or later, sorted.
func (s *Store) AnalyzedSince(ctx context.Context, since time.Time) (list []string, err error) {
	err = s.query().rows(ctx, func(scan func(...any) error) error {
		var digest string
		err := scan(&digest)
		list = append(list, digest)
		return err
	}, "SELECT DISTINCT digest FROM fleet_images WHERE state = 'analyzed' AND finished >= ? ORDER BY digest", micro(since))
	return list, wrap("images", err)
}
