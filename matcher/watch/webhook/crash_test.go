package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

var errKilled = errors.New("killed")

// A killer ends the life of a process before or after a step: a method of the outbox or a request. Nothing works after that.
type killer struct {
	webhook.Outbox
	http.RoundTripper
	steps, at int // the process ends when steps reaches at
	dead      bool
}

// step runs one step, unless the process has ended before or within it. The process may end before it or after it.
func (k *killer) step(f func() error) error {
	for i := range 2 {
		if k.steps == k.at {
			k.dead = true
		}
		k.steps++
		if k.dead {
			return errKilled
		}
		if i == 0 {
			if err := f(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *killer) Add(ctx context.Context, list ...webhook.Delivery) error {
	return k.step(func() error { return k.Outbox.Add(ctx, list...) })
}

func (k *killer) Save(ctx context.Context, list ...webhook.Delivery) error {
	return k.step(func() error { return k.Outbox.Save(ctx, list...) })
}

func (k *killer) Hold(ctx context.Context, id string, until time.Time) error {
	return k.step(func() error { return k.Outbox.Hold(ctx, id, until) })
}

func (k *killer) Take(ctx context.Context, now, until time.Time) (id string, err error) {
	err = k.step(func() error { id, err = k.Outbox.Take(ctx, now, until); return err })
	return id, err
}

func (k *killer) RoundTrip(r *http.Request) (res *http.Response, err error) {
	err = k.step(func() error { res, err = k.RoundTripper.RoundTrip(r); return err })
	if err != nil && res != nil {
		res.Body.Close()
		res = nil
	}
	return res, err
}

// TestKilledAtEachStep ends a sender before and after each step, and starts another one with the same outbox. No event is lost, and a receiver
// that drops what it has seen by webhook-id gets each event once.
func TestKilledAtEachStep(t *testing.T) {
	want := []string{"1", "2", "3", "4"}
	repeated := 0
	for _, digest := range []time.Duration{0, time.Hour} {
		for at := 0; ; at++ {
			r := newReceiver(t, nil)
			f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL, Digest: digest})
			f.Parallel = 1
			first := &killer{Outbox: &f.memory, RoundTripper: local().Transport, at: at}
			f.Outbox, f.Client = first, &http.Client{Transport: first}
			run := func() error {
				for _, id := range want {
					if err := f.Queue(t.Context(), f.subs, webhook.Message{ID: id, Time: start}); err != nil {
						return err
					}
				}
				f.wait(2 * digest)
				return f.Send(t.Context())
			}
			if err := run(); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			f.Outbox, f.Client = &f.memory, local()
			// The caller computes the events again, since it does not know which were queued.
			f.wait(time.Hour)
			if err := run(); err != nil {
				t.Fatal(err)
			}
			seen := make(map[string]bool)
			var got []string
			for _, q := range r.requests() {
				if seen[q.id] {
					repeated++
				} else {
					got = append(got, q.events...)
				}
				seen[q.id] = true
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("digest %v, killed at step %d: got %v, want %v", digest, at, got, want)
			}
			if n := len(f.list(webhook.Pending)) + len(f.list(webhook.Waiting)); n > 0 {
				t.Errorf("digest %v, killed at step %d: %d deliveries are not sent", digest, at, n)
			}
			if !first.dead {
				t.Logf("digest %v: %d steps", digest, at)
				break
			}
		}
	}
	if repeated == 0 {
		t.Error("no request was repeated, so the test killed no sender between an answer and its record")
	}
	t.Logf("%d requests were repeated", repeated)
}

// TestStoreFailsAfterAnswer is https://github.com/apache/rocketmq-dashboard/issues/2661: an answer whose record failed became a failed attempt.
func TestStoreFailsAfterAnswer(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.Parallel = 1
	f.queue("1", "2")
	f.Outbox = failing{&f.memory}
	if err := f.Send(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Error(err)
	}
	if d := f.list(webhook.Pending); len(d) != 2 || d[0].Attempts != 0 || len(r.requests()) != 1 {
		t.Errorf("%d requests, %+v", len(r.requests()), d)
	}
}

type failing struct{ *webhook.Memory }

func (failing) Save(context.Context, ...webhook.Delivery) error { return errors.New("disk full") }

// A watcher knows until when the sender holds a subscription.
type watcher struct {
	*webhook.Memory
	until time.Time
}

func (w *watcher) Take(ctx context.Context, now, until time.Time) (string, error) {
	w.until = until
	return w.Memory.Take(ctx, now, until)
}

// TestAttemptEndsWithinClaim requires that each attempt ends, at the latest by its timeout, before another sender may take the subscription.
// https://github.com/apache/rocketmq-dashboard/issues/2661 is about a claim that ended during a slow request.
func TestAttemptEndsWithinClaim(t *testing.T) {
	var f *fleet
	var w *watcher
	r := newReceiver(t, func(http.ResponseWriter, int) {
		if left := w.until.Sub(f.now()); left < f.Timeout {
			t.Errorf("an attempt begins %v before the end of the hold", left)
		}
		f.wait(19 * time.Second) // a slow receiver
	})
	f = newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	w = &watcher{Memory: &f.memory}
	f.Outbox, f.Parallel, f.Timeout = w, 1, 20*time.Second
	f.queue("1", "2", "3", "4", "5", "6", "7")
	f.send()
	equal(t, "events", r.events(), []string{"1", "2", "3", "4", "5", "6", "7"})
}

// TestSeveralSenders requires that senders of one outbox neither send twice nor change the order.
func TestSeveralSenders(t *testing.T) {
	receivers := make(map[string]*receiver)
	var subs []webhook.Subscription
	for _, id := range []string{"a", "b", "c"} {
		receivers[id] = newReceiver(t, nil)
		subs = append(subs, webhook.Subscription{ID: id, URL: receivers[id].URL})
	}
	f := newFleet(t, subs...)
	var ids []string
	for i := range 200 {
		ids = append(ids, fmt.Sprint(i))
	}
	f.queue(ids...)
	errs := make(chan error)
	for range 4 {
		go func() { errs <- f.Send(t.Context()) }()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(receivers)) {
		equal(t, id, receivers[id].events(), ids)
	}
}

// BenchmarkSend sends to one receiver on this machine.
func BenchmarkSend(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	sub := webhook.Subscription{ID: "s", URL: server.URL, Secrets: []string{webhook.NewSecret()}}
	s := webhook.Sender{Outbox: new(webhook.Memory), Client: local(), Find: func(context.Context, string) (*webhook.Subscription, error) { return &sub, nil }}
	b.ReportAllocs()
	for i := range b.N {
		if err := s.Queue(b.Context(), []webhook.Subscription{sub}, webhook.Message{ID: fmt.Sprint(i), Time: start, Vulnerability: "CVE-1", Images: make([]webhook.Image, 100)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	if err := s.Send(b.Context()); err != nil {
		b.Fatal(err)
	}
}
