package webhook

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A Sender sends the deliveries of an Outbox. Outbox and Find are required. Its methods may be called by many goroutines, and several processes
// may send from one Outbox.
type Sender struct {
	Outbox Outbox

	// Find returns a subscription, or nil if it does not exist any more.
	Find func(ctx context.Context, id string) (*Subscription, error)

	// Disable stores that a subscription is disabled, since its receiver answered 410 (Gone). If it is nil, each further delivery of the
	// subscription is answered with 410 again.
	Disable func(ctx context.Context, id string) error

	// Done is called after each attempt is stored, to log it or to alert. It may be nil.
	Done func(d *Delivery)

	Client   *http.Client    // if it is nil, NewClient()
	Schedule []time.Duration // pauses between attempts; by default those of Standard Webhooks, three days in all
	Timeout  time.Duration   // bounds one attempt; 20 s by default
	Parallel int             // subscriptions that are served at once; 8 by default

	Now    func() time.Time // by default time.Now
	Jitter func() float64   // between 0 and 1: lengthens a pause by up to a fifth; by default random

	once   sync.Once
	public *http.Client
}

// schedule has the pauses that Standard Webhooks gives as an example.
var schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	batch     = 100            // deliveries read at once
	maxDigest = 500            // messages of a digest
	maxAsked  = 24 * time.Hour // longest Retry-After
	maxHold   = 5 * time.Minute
)

func (s *Sender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Sender) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return 20 * time.Second
}

// pause returns the time before the next attempt, and false if there is no further one.
func (s *Sender) pause(attempts int) (time.Duration, bool) {
	list := s.Schedule
	if list == nil {
		list = schedule
	}
	if attempts > len(list) {
		return 0, false
	}
	jitter := rand.Float64
	if s.Jitter != nil {
		jitter = s.Jitter
	}
	d := list[attempts-1]
	return d + time.Duration(float64(d)/5*jitter()), true
}

// Queue adds a delivery for each of the messages and each of the subscriptions that select it. A message that was queued before is ignored, so
// Queue can be repeated after a crash.
func (s *Sender) Queue(ctx context.Context, subscriptions []Subscription, messages ...Message) error {
	now := s.now()
	for i := range messages {
		if messages[i].ID == "" {
			return errors.New("webhook: a message has no ID")
		}
		var list []Delivery
		for j := range subscriptions {
			sub := &subscriptions[j]
			if sub.ID == "" {
				return errors.New("webhook: a subscription has no ID")
			}
			if sub.Disabled {
				continue
			}
			m, ok := sub.selects(messages[i])
			if !ok {
				continue
			}
			d := Delivery{ID: deliveryID(sub.ID, messages[i].ID), Subscription: sub.ID, Messages: []Message{m}, Created: now, State: Pending, Next: now}
			if sub.Digest > 0 {
				d.State, d.Next = Waiting, now.Truncate(sub.Digest).Add(sub.Digest)
			}
			list = append(list, d)
		}
		if err := s.Outbox.Add(ctx, list...); err != nil {
			return fmt.Errorf("webhook: %w", err)
		}
	}
	return nil
}

// Send sends all deliveries that are due, and returns when none is left. The deliveries of one subscription are sent one after the other, in
// the order in which they were queued, except for those that failed before. If the receiver is not reached or asks for a pause, the
// others wait, too. Send returns errors of the Outbox, Find and Disable; failed attempts are recorded in the deliveries.
func (s *Sender) Send(ctx context.Context) error {
	workers := s.Parallel
	if workers <= 0 {
		workers = 8
	}
	errs := make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() { errs[i] = s.work(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// work serves one subscription after the other until no delivery is due.
func (s *Sender) work(ctx context.Context) error {
	var errs []error
	fail := func(err error) { errs = append(errs, fmt.Errorf("webhook: %w", err)) }
	for {
		if err := ctx.Err(); err != nil {
			fail(err)
			return errors.Join(errs...)
		}
		now := s.now()
		until := now.Add(3 * s.timeout())
		id, err := s.Outbox.Take(ctx, now, until)
		if err != nil {
			fail(err)
		}
		if id == "" || err != nil {
			return errors.Join(errs...)
		}
		// After an error the subscription stays held, so that it is not tried again at once.
		next, err := s.serve(ctx, id, until)
		if err == nil || ctx.Err() != nil {
			err = errors.Join(err, s.Outbox.Hold(context.WithoutCancel(ctx), id, next))
		}
		if err != nil {
			fail(fmt.Errorf("subscription %q: %w", id, err))
		}
	}
}

// serve sends deliveries of a subscription until none is due, its receiver needs a pause, or the hold would end during an attempt. It returns
// the time at which to go on.
func (s *Sender) serve(ctx context.Context, id string, until time.Time) (time.Time, error) {
	sub, err := s.Find(ctx, id)
	if err != nil {
		return s.now(), err
	}
	gone := sub == nil || sub.Disabled
	n := batch
	if !gone && sub.Digest > 0 {
		n = maxDigest
	}
	for {
		list, err := s.due(ctx, id, n)
		if err != nil || len(list) == 0 {
			return s.now(), err
		}
		if gone {
			if err := s.markDead(ctx, list, sub == nil); err != nil {
				return s.now(), err
			}
			continue
		}
		for i := range list {
			now := s.now()
			if now.Add(s.timeout()).After(until) {
				return now, nil
			}
			var pause time.Duration
			if pause, gone, err = s.attempt(ctx, sub, &list[i]); err != nil || pause > 0 {
				return s.now().Add(pause), err
			}
			if gone {
				break
			}
		}
	}
}

// due returns the next deliveries of a subscription, after it has collected those that wait for a digest. The digest is stored before it is
// sent, so that it is the same in each attempt.
func (s *Sender) due(ctx context.Context, id string, n int) ([]Delivery, error) {
	now := s.now()
	list, err := s.Outbox.Due(ctx, id, now, n)
	if err != nil {
		return nil, err
	}
	digest := Delivery{Subscription: id, Created: now, State: Pending, Next: now}
	var ids []string
	var ready, collected []Delivery
	for _, d := range list {
		if d.State == Pending {
			ready = append(ready, d)
			continue
		}
		ids = append(ids, d.ID)
		digest.Messages = append(digest.Messages, d.Messages...)
		d.State, d.Messages = Collected, nil
		collected = append(collected, d)
	}
	if len(ids) == 0 {
		return ready, nil
	}
	digest.ID = deliveryID(ids...)
	if err := s.Outbox.Save(ctx, append(collected, digest)...); err != nil {
		return nil, err
	}
	return append(ready, digest), nil
}

// markDead marks deliveries without a receiver as dead.
func (s *Sender) markDead(ctx context.Context, list []Delivery, deleted bool) error {
	for i := range list {
		list[i].State, list[i].Error = Dead, "the subscription is disabled"
		if deleted {
			list[i].Error = "the subscription does not exist"
		}
	}
	if err := s.Outbox.Save(ctx, list...); err != nil {
		return err
	}
	s.done(list...)
	return nil
}

func (s *Sender) done(list ...Delivery) {
	for i := range list {
		if s.Done != nil {
			s.Done(&list[i])
		}
	}
}

// Test sends a test message to a subscription at once, without the Outbox and even if it is disabled. The error says why the receiver did not
// accept it.
func (s *Sender) Test(ctx context.Context, sub *Subscription) error {
	now := s.now()
	m := Message{ID: deliveryID(sub.ID, now.String()), Kind: Test, Time: now, Text: "This subscription works."}
	d := Delivery{ID: m.ID, Subscription: sub.ID, Messages: []Message{m}, Created: now, State: Pending}
	return s.send(ctx, sub, &d).err
}

// Redeliver makes a dead or sent delivery due again, with all attempts and with the same webhook-id. It does not change pending ones.
func (s *Sender) Redeliver(ctx context.Context, id string) error {
	d, err := s.Outbox.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	switch d.State {
	case Collected:
		return fmt.Errorf("webhook: delivery %q is part of a digest", id)
	case Dead, Sent:
		d.State, d.Next, d.Attempts = Pending, s.now(), 0
		if err := s.Outbox.Save(ctx, d); err != nil {
			return fmt.Errorf("webhook: %w", err)
		}
	}
	return nil
}
