package lead

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

const (
	staleAtOnce = 200
	maxPause    = time.Hour
)

// Compare compares the next advisories with the current ones, writes the events, and makes the next ones current. It may be repeated after a
// crash: events are the same then.
//
// An image that is analyzed meanwhile is matched with the former advisories, and may not be in the index yet. So Compare compares once more
// for these, after the next advisories are current.
func (l *Leader) Compare(ctx context.Context) error {
	next, err := l.Store.File(ctx, store.Next)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	current, err := l.Store.File(ctx, store.Current)
	if err != nil {
		return err
	}
	start := l.now()
	oldDB, closeOld, err := l.open(ctx, current)
	if err != nil {
		return err
	}
	defer closeOld()
	newDB, closeNew, err := l.open(ctx, next)
	if err != nil {
		return err
	}
	defer closeNew()
	if _, err := l.Index.Update(ctx); err != nil {
		return err
	}
	all, release, err := l.Index.Generations(ctx)
	if err != nil {
		return err
	}
	defer release()
	known, err := l.recent(ctx, start, all)
	if err != nil {
		return err
	}
	update, err := newDB.Since(ctx, oldDB)
	if err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	m := matcher.Matcher{Now: start}
	events, err := watch.Compare(ctx, m, update, all)
	if err != nil {
		return err
	}
	if err := l.record(ctx, events, all); err != nil {
		return err
	}
	if err := l.Store.Write(ctx, func(tx *store.Tx) error { return tx.Promote(ctx) }); err != nil {
		return err
	}
	digests, late, err := l.late(ctx, start, known)
	if err != nil {
		return err
	}
	if late != nil {
		more, err := watch.Compare(ctx, m, update, late)
		if err != nil {
			return err
		}
		if err := l.indexed(ctx, digests); err != nil {
			return err
		}
		for i := range more {
			more[i].ID = journal.ID(more[i].Kind, more[i].ID, late.Hash())
		}
		if err := l.record(ctx, more, late); err != nil {
			return err
		}
		events = append(events, more...)
	}
	l.Log.Info("compared the advisories", "from", current.Hash, "to", next.Hash, "events", len(events), "duration", l.now().Sub(start))
	if current.Object != next.Object {
		return l.Objects.Delete(ctx, current.Object)
	}
	return nil
}

// open opens a file of advisories.
func (l *Leader) open(ctx context.Context, f *store.File) (*db.DB, func() error, error) {
	o, err := l.Objects.Open(ctx, f.Object)
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(o, o.Size)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("lead: %w", err), o.Close())
	}
	return d, o.Close, nil
}

// record writes events, and the images whose verdicts they may change.
func (l *Leader) record(ctx context.Context, events []watch.Event, x journal.Index) error {
	if err := l.journal("").Advisories(ctx, events, x); err != nil {
		return err
	}
	if l.Evaluate == nil {
		return nil
	}
	var numbers []int
	for i := range events {
		numbers = append(numbers, events[i].Subjects...)
	}
	slices.Sort(numbers)
	var page []string
	flush := func() error {
		names, err := l.Store.Names(ctx, page)
		if err != nil {
			return err
		}
		var list []store.Stale
		for _, n := range names {
			list = append(list, store.Stale{Tenant: n.Tenant, Digest: n.Digest, Since: l.now()})
		}
		page = page[:0]
		return l.Store.AddStale(ctx, list)
	}
	for digest, err := range x.Digests(ctx, slices.Compact(numbers)) {
		if err != nil {
			return fmt.Errorf("lead: %w", err)
		}
		if page = append(page, digest); len(page) == staleAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// skew is the difference between the clocks of two processes, at most.
const skew = time.Minute

// recent returns the images that were analyzed since a time and are in the index.
func (l *Leader) recent(ctx context.Context, since time.Time, all *catalog.Generations) (map[string]bool, error) {
	digests, err := l.Store.AnalyzedSince(ctx, since.Add(-skew))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool)
	for i := range all.Indexes {
		list, err := all.Current(ctx, i, digests)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			known[d] = true
		}
	}
	return known, nil
}

// late returns the images that were analyzed since a time, except known ones, and an index of them, or nil.
func (l *Leader) late(ctx context.Context, since time.Time, known map[string]bool) ([]string, *catalog.Index, error) {
	digests, err := l.Store.AnalyzedSince(ctx, since.Add(-skew))
	if err != nil {
		return nil, nil, err
	}
	digests = slices.DeleteFunc(digests, func(d string) bool { return known[d] })
	if len(digests) == 0 {
		return nil, nil, nil
	}
	var b catalog.IndexBuilder
	for _, d := range digests {
		_, parts, err := catalog.Load(ctx, l.Store.Catalog, d)
		if errors.Is(err, catalog.ErrNotFound) {
			continue // it was deleted
		}
		if err == nil {
			err = b.Add(d, parts)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("lead: %w", err)
		}
	}
	var content bytes.Buffer
	if _, err := b.WriteTo(&content); err != nil {
		return nil, nil, fmt.Errorf("lead: %w", err)
	}
	x, err := catalog.OpenIndex(bytes.NewReader(content.Bytes()), int64(content.Len()))
	return digests, x, err
}

// indexed waits until the index has images, because readers of events find them there. Another process may be updating it.
func (l *Leader) indexed(ctx context.Context, digests []string) error {
	for {
		if _, err := l.Index.Update(ctx); err != nil {
			return err
		}
		missing, err := l.Store.Indexed(ctx, "", digests) // those of no generation
		if err != nil || len(missing) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Verdicts evaluates the verdicts that end, and those that events may change, until none is left or ctx ends. One that fails waits longer
// each time, and doesn't keep the others waiting.
func (l *Leader) Verdicts(ctx context.Context) error {
	if l.Evaluate == nil {
		return nil
	}
	now := l.now()
	due, err := l.Store.Catalog.Due(ctx, now, staleAtOnce)
	if err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	var list []store.Stale
	for i := range due {
		list = append(list, store.Stale{Tenant: due[i].Tenant, Digest: due[i].Image, Since: now})
	}
	if err := l.Store.AddStale(ctx, list); err != nil {
		return err
	}
	for {
		list, err := l.Store.NextStale(ctx, now, staleAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			x := &list[i]
			err := l.Evaluate(ctx, x.Tenant, x.Digest)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, catalog.ErrNotFound) { // done, or the image was deleted
				err = l.Store.Evaluated(ctx, x)
			} else {
				l.Log.Warn("a verdict failed", "tenant", x.Tenant, "digest", x.Digest, "error", err)
				err = l.Store.Postpone(ctx, x, now.Add(min(maxPause, time.Minute<<min(x.Tries, 10))))
			}
			if err != nil {
				return err
			}
		}
	}
}
