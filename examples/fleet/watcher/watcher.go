// Package watcher compares the advisories with those that it saw last, writes events about the differences, and has the verdicts of the
// images evaluated again that they are about.
package watcher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// lease is the time after which another process continues if this one dies.
const lease = 5 * time.Minute

// A Watcher compares advisories. Any number of processes may have one; they take turns.
type Watcher struct {
	Store      *store.Store
	Objects    objects.Store
	Index      *index.Index
	Advisories *advisories.Provider
	Journal    func(tenant string) *journal.Journal
}

// Look compares the file of advisories, and the own advisories of all tenants, with those of the last look. The state of the last look
// changes after the events are written, so a crash repeats the comparison, and the events have the same IDs.
func (w *Watcher) Look(ctx context.Context) error {
	holder := store.NewID()
	held, err := w.Store.Claim(ctx, "watch", holder, lease)
	if err != nil || !held {
		return err
	}
	defer w.Store.Release(context.WithoutCancel(ctx), "watch", holder) // otherwise the claim ends after its time
	set, release, err := w.Advisories.Current()
	if errors.Is(err, advisories.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	if err := w.file(ctx, set.DB); err != nil {
		return err
	}
	tenants, err := w.Store.TenantNames(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := w.own(ctx, t, set.DB); err != nil {
			return err
		}
	}
	return nil
}

// file compares the file.
func (w *Watcher) file(ctx context.Context, now *db.DB) error {
	hash := now.Info().Hash
	before, err := w.Store.Setting(ctx, "advisories")
	if err != nil || before == hash {
		return err
	}
	if before != "" {
		old, object, err := w.open(ctx, "advisories/"+before)
		if err != nil {
			return err
		}
		defer object.Close()
		if err := w.compare(ctx, old, now, "", nil); err != nil {
			return err
		}
	}
	r, pipe := io.Pipe()
	go func() {
		_, err := now.CopyTo(ctx, pipe, nil)
		pipe.CloseWithError(err)
	}()
	_, err = w.Objects.Put(ctx, "advisories/"+hash, r)
	r.Close() // ends the copy if Put failed
	if err != nil {
		return err
	}
	if err := w.Store.SetSetting(ctx, "advisories", hash); err != nil {
		return err
	}
	if before == "" {
		return nil
	}
	return w.Objects.Delete(ctx, "advisories/"+before)
}

// own compares the own advisories of a tenant.
func (w *Watcher) own(ctx context.Context, tenant string, all *db.DB) error {
	now, content, err := w.Advisories.Of(ctx, tenant)
	if err != nil {
		return err
	}
	if now == nil { // an empty database, because there may have been some
		if content, err = advisories.Build(nil); err != nil {
			return err
		}
		if now, err = db.Open(bytes.NewReader(content), int64(len(content))); err != nil {
			return err
		}
	}
	setting, hash := "own/"+tenant, now.Info().Hash
	before, err := w.Store.Setting(ctx, setting)
	if err != nil || before == hash || before == "" && len(now.Info().Coverage) == 0 {
		return err
	}
	var old *db.DB
	if before == "" {
		empty, err := advisories.Build(nil)
		if err != nil {
			return err
		}
		if old, err = db.Open(bytes.NewReader(empty), int64(len(empty))); err != nil {
			return err
		}
	} else {
		var object *objects.Object
		if old, object, err = w.open(ctx, setting+"/"+before); err != nil {
			return err
		}
		defer object.Close()
	}
	if err := w.compare(ctx, old, now, tenant, all); err != nil {
		return err
	}
	if _, err := w.Objects.Put(ctx, setting+"/"+hash, bytes.NewReader(content)); err != nil {
		return err
	}
	if err := w.Store.SetSetting(ctx, setting, hash); err != nil || before == "" {
		return err
	}
	return w.Objects.Delete(ctx, setting+"/"+before)
}

// open opens a database among the objects.
func (w *Watcher) open(ctx context.Context, name string) (*db.DB, *objects.Object, error) {
	object, err := w.Objects.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("watcher: the former advisories are missing: %w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(object, object.Size)
	if err != nil {
		return nil, nil, errors.Join(err, object.Close())
	}
	return d, object, nil
}

// compare writes the events of a change. Those of a tenant's own advisories name the tenant's images, so that no other tenant sees them. Then
// all are the advisories that all tenants have.
func (w *Watcher) compare(ctx context.Context, old, now *db.DB, tenant string, all *db.DB) (err error) {
	ctx, span := telemetry.Job(ctx, "comparison of advisories", "", attribute.String("fleet.tenant", tenant))
	defer span.Done(&err)
	u, err := now.Since(ctx, old)
	if err != nil {
		return err
	}
	if all != nil {
		u.Old, u.New = matcher.Join(all, old), matcher.Join(all, now)
	}
	if err := w.indexed(ctx); err != nil {
		return err
	}
	g, release, err := w.Index.Generations(ctx)
	if err != nil {
		return err
	}
	defer release()
	events, err := watch.Compare(ctx, matcher.Matcher{}, u, g)
	if err != nil {
		return err
	}
	span.Set(attribute.Int("fleet.events", len(events)))
	j := w.Journal(tenant)
	if tenant == "" {
		if err := j.Advisories(ctx, events, g); err != nil {
			return err
		}
	}
	for i := range events {
		var digests []string
		for d, err := range g.Digests(ctx, events[i].Subjects) {
			if err != nil {
				return err
			}
			digests = append(digests, d)
		}
		if tenant != "" {
			images, err := w.Store.Names(ctx, digests)
			if err != nil {
				return err
			}
			if images = only(images, tenant); len(images) == 0 {
				continue
			}
			m := webhook.FromEvent(events[i], time.Now(), images)
			m.ID = journal.ID(m.Kind, tenant, m.ID)
			n, err := j.Notice(m)
			if err != nil {
				return err
			}
			if err := w.Store.Catalog.Write(ctx, &catalog.Batch{Notices: []catalog.Notice{n}}); err != nil {
				return err
			}
		}
		if err := w.Store.Stale(ctx, digests); err != nil {
			return err
		}
	}
	return nil
}

// indexed waits until the index has the images that are analyzed now. All answers have the new advisories since before, so an image that is
// analyzed later has been matched with them.
func (w *Watcher) indexed(ctx context.Context) error {
	digests, err := w.Store.ToIndex(ctx, math.MaxInt32)
	for err == nil && len(digests) > 0 {
		if _, err = w.Index.Update(ctx); err != nil { // another process may be updating it
			return err
		}
		if digests, err = w.Store.NotIndexed(ctx, digests); err != nil || len(digests) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// only returns the images of a tenant.
func only(images []webhook.Image, tenant string) (list []webhook.Image) {
	for _, i := range images {
		if i.Tenant == tenant {
			list = append(list, i)
		}
	}
	return list
}
