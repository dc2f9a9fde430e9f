// Package webhooktest tests outboxes of webhooks.
package webhooktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// Run tests a kind of outbox: each method, many senders at once, and random calls against [webhook.Memory]. Each call of open returns an empty
// outbox.
func Run(t *testing.T, open func(t *testing.T) webhook.Outbox) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, webhook.Outbox)
	}{
		{"adds a delivery once", added},
		{"keeps all fields", fields},
		{"returns the deliveries that are due", due},
		{"holds subscriptions in turn", held},
		{"keeps open deliveries", purged},
		{"gives a subscription to one sender", senders},
		{"answers as the memory does", model},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }

func delivery(id, subscription string, next int) webhook.Delivery {
	return webhook.Delivery{ID: id, Subscription: subscription, Created: at(next), State: webhook.Pending, Next: at(next)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ids returns the IDs of deliveries, and fails after an error.
func ids(t *testing.T) func(list []webhook.Delivery, err error) string {
	return func(list []webhook.Delivery, err error) string {
		t.Helper()
		must(t, err)
		var all []string
		for _, d := range list {
			all = append(all, d.ID)
		}
		return fmt.Sprint(all)
	}
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func added(t *testing.T, o webhook.Outbox) {
	ctx := t.Context()
	must(t, o.Add(ctx))
	must(t, o.Add(ctx, delivery("1", "a", 0), delivery("2", "a", 0), delivery("1", "b", 0)))
	sent := delivery("1", "a", 0)
	sent.State = webhook.Sent
	must(t, o.Save(ctx, sent))
	must(t, o.Add(ctx, delivery("1", "a", 0)))
	equal(t, "due", ids(t)(o.Due(ctx, "a", at(0), 9)), "[2]")
	equal(t, "sent", ids(t)(o.List(ctx, webhook.Sent, "", 9)), "[1]")
	if _, err := o.Get(ctx, "3"); !errors.Is(err, webhook.ErrNotFound) {
		t.Errorf("a delivery that does not exist: %v", err)
	}
}

// fields has names that a database may refuse or change.
func fields(t *testing.T, o webhook.Outbox) {
	want := webhook.Delivery{
		ID: "id\x00'\u202e", Subscription: "s\x00\xff", Created: at(1).Add(time.Microsecond), State: webhook.Dead, Next: at(2), Attempts: 3, Status: 410, Error: "no\x00 more",
		Messages: []webhook.Message{{ID: "m", Kind: watch.Renamed, Time: at(3), Vulnerability: "CVE-1\x00", Was: "<&>\u2028", Text: "🦀", More: 4,
			Package: webhook.Package{Type: "deb", Namespace: "debian", Release: "12", Name: "a"}, Old: webhook.State{Level: 1}, New: webhook.State{Level: 5, Exploited: true},
			Images: []webhook.Image{{Repository: "r", Tag: "t", Digest: "d", Tenant: "x"}}}, {ID: "n", Time: at(3)}},
	}
	must(t, o.Save(t.Context(), want))
	got, err := o.Get(t.Context(), want.ID)
	must(t, err)
	equal(t, "delivery", text(t, got), text(t, want))
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return fmt.Sprintf("%s %q", b, fmt.Sprint(v))
}

func due(t *testing.T, o webhook.Outbox) {
	ctx := t.Context()
	waiting, dead := delivery("3", "a", 1), delivery("4", "a", 0)
	waiting.State, dead.State = webhook.Waiting, webhook.Dead
	must(t, o.Add(ctx, delivery("5", "a", 2), delivery("1", "a", 1), delivery("2", "b", 0), waiting, dead))
	equal(t, "nothing yet", ids(t)(o.Due(ctx, "a", at(0), 9)), "[]")
	equal(t, "at their time", ids(t)(o.Due(ctx, "a", at(1), 9)), "[1 3]")
	equal(t, "in the order of Add", ids(t)(o.Due(ctx, "a", at(2), 9)), "[5 1 3]")
	equal(t, "two of them", ids(t)(o.Due(ctx, "a", at(2), 2)), "[5 1]")
	dead.State = webhook.Pending
	must(t, o.Save(ctx, dead))
	equal(t, "one that is open again", ids(t)(o.Due(ctx, "a", at(1), 9)), "[1 3 4]")
	equal(t, "a page", ids(t)(o.List(ctx, webhook.Pending, "", 2)), "[5 1]")
	equal(t, "the next page", ids(t)(o.List(ctx, webhook.Pending, "1", 9)), "[2 4]")
}

func held(t *testing.T, o webhook.Outbox) {
	ctx := t.Context()
	take := func(now, until int) string {
		t.Helper()
		s, err := o.Take(ctx, at(now), at(until))
		must(t, err)
		return s
	}
	equal(t, "an empty outbox", take(0, 9), "")
	must(t, o.Hold(ctx, "c", at(5)))
	must(t, o.Add(ctx, delivery("1", "b", 0), delivery("2", "a", 0), delivery("3", "c", 0), delivery("4", "later", 100)))
	equal(t, "first", take(0, 10), "a")
	equal(t, "second", take(0, 8), "b")
	equal(t, "all are held", take(1, 9), "")
	equal(t, "the hold that ended first", take(10, 20), "c")
	equal(t, "then", take(10, 20), "b")
	equal(t, "then", take(10, 20), "a")
	must(t, o.Hold(ctx, "b", at(11)))
	equal(t, "released", take(11, 20), "b")
	equal(t, "one of a later time", take(100, 101), "later")
}

func purged(t *testing.T, o webhook.Outbox) {
	ctx := t.Context()
	var list []webhook.Delivery
	for i, state := range []webhook.DeliveryState{webhook.Pending, webhook.Waiting, webhook.Collected, webhook.Sent, webhook.Dead, webhook.Sent} {
		d := delivery(fmt.Sprint(i), "a", i)
		d.State = state
		list = append(list, d)
	}
	must(t, o.Save(ctx, list...))
	n, err := o.Purge(ctx, at(5))
	must(t, err)
	equal(t, "deleted", fmt.Sprint(n), "3")
	equal(t, "open", ids(t)(o.Due(ctx, "a", at(9), 9)), "[0 1]")
	equal(t, "newer", ids(t)(o.List(ctx, webhook.Sent, "", 9)), "[5]")
}

// senders takes from many goroutines. A subscription is held by one at a time, so each delivery is saved once.
func senders(t *testing.T, o webhook.Outbox) {
	ctx := t.Context()
	var list []webhook.Delivery
	for i := range 40 {
		list = append(list, delivery(fmt.Sprint(i), fmt.Sprint("s", i%4), 0))
	}
	must(t, o.Add(ctx, list...))
	var mu sync.Mutex
	holders, saved := make(map[string]bool), make(map[string]int)
	work := func() error {
		for {
			s, err := o.Take(ctx, at(0), at(1))
			if err != nil || s == "" {
				return err
			}
			mu.Lock()
			if holders[s] {
				t.Errorf("%s has two holders", s)
			}
			holders[s] = true
			mu.Unlock()
			found, err := o.Due(ctx, s, at(0), 3)
			if err != nil {
				return err
			}
			for _, d := range found {
				d.State = webhook.Sent
				if err := o.Save(ctx, d); err != nil {
					return err
				}
				mu.Lock()
				saved[d.ID]++
				mu.Unlock()
			}
			mu.Lock()
			holders[s] = false
			mu.Unlock()
			if err := o.Hold(ctx, s, at(0)); err != nil {
				return err
			}
		}
	}
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if err := work(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	// A sender ends if the others hold everything, so the last one may have to do the rest.
	must(t, work())
	for _, d := range list {
		if saved[d.ID] != 1 {
			t.Errorf("delivery %s was sent %d times", d.ID, saved[d.ID])
		}
	}
}

// model compares the answers to random calls with those of the memory.
func model(t *testing.T, o webhook.Outbox) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) string { return fmt.Sprint("x", rng.IntN(n)) }
	states := []webhook.DeliveryState{webhook.Pending, webhook.Waiting, webhook.Collected, webhook.Sent, webhook.Dead}
	random := func() webhook.Delivery {
		id := rng.IntN(40)
		d := delivery(fmt.Sprint(id), fmt.Sprint("s", id%5), rng.IntN(20))
		d.State, d.Attempts = states[rng.IntN(len(states))], rng.IntN(3)
		d.Messages = []webhook.Message{{ID: pick(9), Time: at(rng.IntN(9)), Vulnerability: pick(9)}}
		return d
	}
	reference := new(webhook.Memory)
	for i := range 400 {
		var list []webhook.Delivery
		for range rng.IntN(6) {
			d := random()
			if !slices.ContainsFunc(list, func(o webhook.Delivery) bool { return o.ID == d.ID }) {
				list = append(list, d)
			}
		}
		now, n, s, state, kind := at(rng.IntN(20)), rng.IntN(9), "s"+fmt.Sprint(rng.IntN(5)), states[rng.IntN(len(states))], rng.IntN(8)
		until := now.Add(time.Duration(rng.IntN(5)) * time.Second)
		call := func(o webhook.Outbox, ctx context.Context) string {
			var answer any
			var err error
			switch kind {
			case 0:
				err = o.Add(ctx, list...)
			case 1:
				err = o.Save(ctx, list...)
			case 2:
				err = o.Hold(ctx, s, until)
			case 3:
				answer, err = o.Take(ctx, now, until)
			case 4:
				answer, err = o.Due(ctx, s, now, n)
			case 5:
				answer, err = o.Get(ctx, fmt.Sprint(n))
				if errors.Is(err, webhook.ErrNotFound) {
					answer, err = "not found", nil
				}
			case 6:
				answer, err = o.List(ctx, state, fmt.Sprint(n*5), n)
			case 7:
				answer, err = o.Purge(ctx, at(n-7))
			}
			must(t, err)
			return text(t, answer)
		}
		got, want := call(o, t.Context()), call(reference, t.Context())
		if got != want {
			t.Fatalf("call %d of kind %d: got\n%s, want\n%s", i, kind, got, want)
		}
	}
}
