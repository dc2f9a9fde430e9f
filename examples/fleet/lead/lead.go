// Package lead does the work of which a service needs one at a time: it updates advisories, compares them with those before, and writes, as
// events, the effects on all images; it looks for images whose verdicts end, for marks that expire, and for tags that move. Any number of
// processes may run a Leader. One of them leads, and another takes over within half a minute after it stops.
package lead

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	claim      = 30 * time.Second // until another process takes over
	renewEvery = 10 * time.Second
)

// A Leader leads the service.
type Leader struct {
	Store   *store.Store
	Objects objects.Store
	Index   *index.Index
	Log     *slog.Logger

	// File is a local file of advisories, which another program replaces. If it is "", the leader updates one in Dir from Feeds.
	File  string
	Dir   string
	Feeds []feed.Feed
	Every time.Duration // between updates of a feed that has no time of its own; 6 hours if zero
	Feed  feed.UpdateOptions

	// Evaluate evaluates the verdict of an image again. It does nothing for an image without a policy. It may be nil.
	Evaluate func(ctx context.Context, tenant, digest string) error

	// Look submits the images of a repository whose tags moved. It may be nil.
	Look func(ctx context.Context, w *store.Watch) error

	Sender        *webhook.Sender // nil delivers nothing
	Subscriptions func(ctx context.Context) ([]webhook.Subscription, error)

	Keep  time.Duration // of events and deliveries; 90 days if zero
	Pause time.Duration // between rounds; 2 s if zero
	Now   func() time.Time

	collected time.Time
}

func (l *Leader) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

// journal returns the journal of a tenant; that of "" is about the images of all.
func (l *Leader) journal(tenant string) *journal.Journal {
	return &journal.Journal{Store: l.Store.Catalog, Tenant: tenant, Now: l.Now, Names: l.Store.Names}
}

// Run leads whenever no other process does, until ctx ends. Failures are logged, and repeated in the next round.
func (l *Leader) Run(ctx context.Context) error {
	if l.Pause == 0 {
		l.Pause = 2 * time.Second
	}
	holder := store.NewID()
	for {
		held, err := l.Store.Claim(ctx, "leader", holder, claim)
		if err != nil {
			l.warn(ctx, "leading", err)
		}
		if held {
			l.lead(ctx, holder)
		}
		select {
		case <-ctx.Done():
			if held {
				l.warn(ctx, "leading", l.Store.Release(context.WithoutCancel(ctx), "leader", holder))
			}
			return nil
		case <-time.After(l.Pause):
		}
	}
}

// lead makes a round, which ends early if the claim is lost.
func (l *Leader) lead(ctx context.Context, holder string) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		t := time.NewTicker(renewEvery)
		defer t.Stop()
		for last := time.Now(); time.Since(last) < claim; {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			held, err := l.Store.Claim(ctx, "leader", holder, claim)
			if err == nil && !held {
				return
			}
			if err == nil {
				last = time.Now()
			}
		}
	}()
	defer func() { cancel(); <-done }()
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"updating the advisories", l.Update},
		{"comparing the advisories", l.Compare},
		{"looking at repositories", l.look},
		{"looking for marks that expire", l.expire},
		{"evaluating verdicts", l.Verdicts},
		{"queueing events", l.deliver},
		{"deleting what is old", l.collect},
	} {
		if ctx.Err() != nil {
			return
		}
		l.warn(ctx, step.name, step.run(ctx))
	}
}

func (l *Leader) warn(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		l.Log.Warn(what+" failed", "error", err)
	}
}

// look looks at the repositories whose time has come.
func (l *Leader) look(ctx context.Context) error {
	if l.Look == nil {
		return nil
	}
	list, err := l.Store.DueWatches(ctx, l.now())
	if err != nil {
		return err
	}
	for i := range list {
		failure := ""
		if err := l.Look(ctx, &list[i]); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failure = err.Error()
			l.Log.Warn("looking at a repository failed", "tenant", list[i].Tenant, "repository", list[i].Repository, "error", err)
		}
		if err := l.Store.Looked(ctx, &list[i], l.now(), failure); err != nil {
			return err
		}
	}
	return nil
}

// expire writes the events of marks that expired.
func (l *Leader) expire(ctx context.Context) error {
	tenants, err := l.Store.Tenants(ctx)
	for _, t := range tenants {
		err = errors.Join(err, l.journal(t).Expire(ctx))
	}
	return err
}

// deliver queues events for subscribers. A Sender sends them in any process.
func (l *Leader) deliver(ctx context.Context) error {
	if l.Sender == nil {
		return nil
	}
	subscriptions, err := l.Subscriptions(ctx)
	if err != nil {
		return err
	}
	all, release, err := l.Index.Generations(ctx)
	if err != nil {
		return err
	}
	defer release()
	return l.journal("").Deliver(ctx, l.Sender, subscriptions, all)
}

// collect deletes parts that no image has, and old events and deliveries, once an hour.
func (l *Leader) collect(ctx context.Context) error {
	now := l.now()
	if l.collected.IsZero() {
		l.collected = now // not at the start, when there is other work
	}
	if now.Sub(l.collected) < time.Hour {
		return nil
	}
	l.collected = now
	keep := l.Keep
	if keep == 0 {
		keep = 90 * 24 * time.Hour
	}
	if _, err := l.Store.Catalog.Collect(ctx, now.Add(-keep)); err != nil {
		return err
	}
	// Deliveries are kept a week longer than events, because an event that is queued again must find its deliveries.
	if _, err := l.Store.Catalog.Outbox().Purge(ctx, now.Add(-keep-7*24*time.Hour)); err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	return nil
}
