// Package feeds keeps the advisories of the service up to date. One process at a time updates a local file from the publishers and makes it an
// object, which all processes use.
package feeds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
)

const (
	lease      = time.Minute // until another process may update
	renewEvery = 15 * time.Second
	again      = 15 * time.Minute // after a failure
)

// An Updater updates the advisories.
type Updater struct {
	Store   *store.Store
	Objects objects.Store
	Dir     string // of the local file, and of downloads until they are in it
	Feeds   []feed.Feed
	Every   func() time.Duration // between updates of a feed that has no time of its own
	Options feed.UpdateOptions   // Only and Now are set here
	Log     *slog.Logger
	Now     func() time.Time // time.Now if nil
}

func (u *Updater) now() time.Time {
	if u.Now == nil {
		return time.Now()
	}
	return u.Now()
}

// Prepare stores the feeds that the store does not know yet.
func (u *Updater) Prepare(ctx context.Context) error {
	var states []store.Feed
	for _, f := range u.Feeds {
		states = append(states, store.Feed{Name: f.Name, Enabled: true})
	}
	return u.Store.AddFeeds(ctx, states)
}

// A Schedule says whether and when to update a feed.
type Schedule struct {
	Off   bool
	Every time.Duration // if zero, that of the Updater
}

// Set changes the schedules of feeds. It does not change other feeds.
func (u *Updater) Set(ctx context.Context, schedules map[string]Schedule) error {
	if len(schedules) == 0 {
		return nil
	}
	if err := u.Store.Write(ctx, func(tx *store.Tx) error {
		for name, s := range schedules {
			if err := tx.SetFeed(ctx, name, !s.Off, s.Every); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("feeds: schedule: %w", err)
	}
	return nil
}

// Update updates the feeds whose time has come, and publishes the file if it is another one then. It does nothing while another process
// updates.
func (u *Updater) Update(ctx context.Context) (err error) {
	due, err := u.due(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	holder := store.NewID()
	held, err := u.Store.Claim(ctx, "feeds", holder, lease)
	if err != nil || !held {
		return err
	}
	defer u.Store.Release(context.WithoutCancel(ctx), "feeds", holder) // otherwise it expires
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go u.renew(ctx, cancel, holder)
	if due, err = u.due(ctx); err != nil || len(due) == 0 { // another process may have updated them meanwhile
		return err
	}
	ctx, span := telemetry.Job(ctx, "update of advisories", "", attribute.StringSlice("fleet.feeds", due))
	defer span.Done(&err)
	if err := os.MkdirAll(u.Dir, 0o700); err != nil {
		return fmt.Errorf("feeds: %w", err)
	}
	name := filepath.Join(u.Dir, "updated.db")
	if err := u.fetchCurrent(ctx, name); err != nil {
		return err
	}
	if err := u.update(ctx, name, due); err != nil {
		return err
	}
	return u.publish(ctx, name)
}

// renew extends the claim until ctx ends. If another process has it, renew ends the update.
func (u *Updater) renew(ctx context.Context, cancel func(), holder string) {
	t := time.NewTicker(renewEvery)
	defer t.Stop()
	for last := time.Now(); time.Since(last) < lease; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		held, err := u.Store.Claim(ctx, "feeds", holder, lease)
		if err == nil && !held {
			break
		}
		if err == nil {
			last = time.Now()
		}
	}
	cancel()
}

// due returns the names of the feeds whose time has come.
func (u *Updater) due(ctx context.Context) (names []string, err error) {
	states, err := u.Store.Feeds(ctx)
	now := u.now()
	for i := range states {
		s := &states[i]
		known := slices.ContainsFunc(u.Feeds, func(f feed.Feed) bool { return f.Name == s.Name })
		pause := cmp.Or(s.Every, u.Every())
		if s.Error != "" {
			pause = min(pause, again)
		}
		if known && (s.Wanted || s.Enabled && now.Sub(s.Tried) >= pause) {
			names = append(names, s.Name)
		}
	}
	return names, err
}

// publish stores the file, unless it is the current one.
func (u *Updater) publish(ctx context.Context, name string) (err error) {
	ctx, span := telemetry.Start(ctx, "publish")
	defer span.Done(&err)
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("feeds: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("feeds: %w", err)
	}
	opened, err := db.Open(f, info.Size())
	if err != nil {
		return fmt.Errorf("feeds: %w", err)
	}
	add := &store.File{Hash: opened.Info().Hash, Changed: u.now()}
	current, err := u.Store.File(ctx)
	if err == nil && current.Hash == add.Hash {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	add.Object = "advisories/" + add.Hash
	if _, err := f.Seek(0, 0); err != nil {
		return fmt.Errorf("feeds: %w", err)
	}
	if _, err := u.Objects.Put(ctx, add.Object, f); err != nil {
		return err
	}
	if err := u.Store.SetFile(ctx, add); err != nil {
		return err
	}
	u.Log.InfoContext(ctx, "new advisories", "hash", add.Hash)
	compared, err := u.Store.Setting(ctx, "advisories") // the watcher deletes it after the comparison
	if err != nil || current.Hash == "" || current.Hash == compared {
		return err
	}
	return u.Objects.Delete(ctx, current.Object)
}

// update updates feeds in the local file, and stores what became of each.
func (u *Updater) update(ctx context.Context, name string, only []string) error {
	now, options := u.now(), u.Options
	options.Only, options.Now = only, now
	fetching, span := telemetry.Start(ctx, "fetch")
	result, updateErr := feed.Update(fetching, name, u.Feeds, options)
	span.Set(attribute.Bool("fleet.changed", result.Written))
	if updateErr != nil {
		span.Fail("error")
	}
	span.End()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, feedName := range only {
		records, failures := outcome(&result, feedName)
		if updateErr != nil && len(failures) == 0 {
			failures = []string{updateErr.Error()}
		}
		failure := strings.Join(failures, "\n")
		if err := u.Store.Write(ctx, func(tx *store.Tx) error { return tx.UpdatedFeed(ctx, feedName, now, records, failure) }); err != nil {
			return err
		}
		if failure != "" {
			telemetry.Current(ctx).Fail("feed")
			u.Log.WarnContext(ctx, "a feed failed", "feed", feedName, "error", failure)
			if err := (&journal.Journal{Store: u.Store.Catalog, Now: u.Now}).FeedFailed(ctx, feedName, errors.New(failures[0])); err != nil {
				return err
			}
		}
	}
	if updateErr != nil && len(result.Datasets) == 0 {
		return fmt.Errorf("feeds: %w", updateErr)
	}
	return nil
}

// outcome returns the records that were read of a feed, -1 if all is unchanged, and what failed.
func outcome(r *feed.UpdateResult, name string) (records int64, failures []string) {
	records = -1
	for i := range r.Datasets {
		d := &r.Datasets[i]
		if d.Dataset != name && !strings.HasPrefix(d.Dataset, name+"/") {
			continue
		}
		if d.Err != nil {
			failures = append(failures, d.Dataset+": "+d.Err.Error())
		} else if !d.Unchanged {
			records = max(records, 0) + int64(d.Records)
		}
	}
	return records, failures
}

// fetchCurrent makes the local file the current one, if another process led before, so that the update continues from it.
func (u *Updater) fetchCurrent(ctx context.Context, name string) error {
	current, err := u.Store.File(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if f, err := db.OpenFile(name); err == nil {
		same := f.Info().Hash == current.Hash
		if err := f.Close(); err != nil {
			return fmt.Errorf("feeds: %w", err)
		}
		if same {
			return nil
		}
	}
	return objects.Fetch(ctx, u.Objects, current.Object, name, advisories.Verified(ctx, current.Hash))
}
