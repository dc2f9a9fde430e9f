package lead

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// updated is the name of the file that the leader updates.
const updated = "updated.db"

// Update updates the advisories of the feeds whose time has come, or looks whether the local file is another one, and makes a new file the
// next one to compare. It does nothing while such a file is being compared.
func (l *Leader) Update(ctx context.Context) error {
	if _, err := l.Store.File(ctx, store.Next); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	name := l.File
	if name == "" {
		if len(l.Feeds) == 0 {
			return nil
		}
		name = filepath.Join(l.Dir, updated)
		if err := l.feeds(ctx, name); err != nil {
			return err
		}
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	defer f.Close()
	return l.publish(ctx, f)
}

// publish stores a file, unless it is the current one.
func (l *Leader) publish(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	opened, err := db.Open(f, info.Size())
	if err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	hash := opened.Info().Hash
	role := store.Next
	current, err := l.Store.File(ctx, store.Current)
	switch {
	case errors.Is(err, store.ErrNotFound):
		role = store.Current // there is nothing to compare with
	case err != nil:
		return err
	case current.Hash == hash:
		return nil
	}
	if err := opened.Verify(ctx); err != nil {
		return fmt.Errorf("lead: the file of advisories is damaged: %w", err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	add := &store.File{Object: "advisories/" + hash, Hash: hash, Changed: l.now()}
	if _, err := l.Objects.Put(ctx, add.Object, f); err != nil {
		return err
	}
	if err := l.Store.Write(ctx, func(tx *store.Tx) error { return tx.SetFile(ctx, role, add) }); err != nil {
		return err
	}
	l.Log.Info("new advisories", "hash", hash, "role", role)
	return nil
}

// feeds updates the feeds whose time has come, in the local file.
func (l *Leader) feeds(ctx context.Context, name string) error {
	every := l.Every
	if every == 0 {
		every = 6 * time.Hour
	}
	var states []store.Feed
	for _, f := range l.Feeds {
		states = append(states, store.Feed{Name: f.Name, Enabled: true, Every: every})
	}
	if err := l.Store.AddFeeds(ctx, states); err != nil {
		return err
	}
	states, err := l.Store.Feeds(ctx)
	if err != nil {
		return err
	}
	now := l.now()
	var only []string
	for i := range states {
		s := &states[i]
		known := slices.ContainsFunc(l.Feeds, func(f feed.Feed) bool { return f.Name == s.Name })
		if known && (s.Wanted || s.Enabled && now.Sub(s.Tried) >= s.Every) {
			only = append(only, s.Name)
		}
	}
	if len(only) == 0 {
		return nil
	}
	if err := l.fetchCurrent(ctx, name); err != nil {
		return err
	}
	options := l.Feed
	options.Only, options.Now = only, now
	result, updateErr := feed.Update(ctx, name, l.Feeds, options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, feedName := range only {
		records, failures := outcome(&result, feedName)
		if updateErr != nil && len(failures) == 0 {
			failures = []string{updateErr.Error()}
		}
		failure := strings.Join(failures, "\n")
		if err := l.Store.Write(ctx, func(tx *store.Tx) error { return tx.UpdatedFeed(ctx, feedName, now, records, failure) }); err != nil {
			return err
		}
		if failure != "" {
			l.Log.Warn("a feed failed", "feed", feedName, "error", failure)
			if err := l.journal("").FeedFailed(ctx, feedName, errors.New(failures[0])); err != nil {
				return err
			}
		}
	}
	if updateErr != nil && len(result.Datasets) == 0 {
		return fmt.Errorf("lead: %w", updateErr)
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
func (l *Leader) fetchCurrent(ctx context.Context, name string) error {
	current, err := l.Store.File(ctx, store.Current)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if f, err := db.OpenFile(name); err == nil {
		same := f.Info().Hash == current.Hash
		if err := f.Close(); err != nil {
			return fmt.Errorf("lead: %w", err)
		}
		if same {
			return nil
		}
	}
	return objects.Fetch(ctx, l.Objects, current.Object, name)
}
