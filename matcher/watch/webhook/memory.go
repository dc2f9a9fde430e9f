package webhook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Memory is an [Outbox] in memory, for tests and programs whose deliveries may be lost with the process. The zero value is empty and ready
// to use, by many goroutines at once.
type Memory struct {
	mu    sync.Mutex
	seq   int
	all   []*entry            // in the order in which they were added
	byID  map[string]*entry   // entries of all
	open  map[string][]*entry // those to send, by subscription, in the same order
	holds map[string]time.Time
}

type entry struct {
	Delivery
	seq int
}

func (e *entry) compare(o *entry) int { return e.seq - o.seq }

var _ Outbox = (*Memory)(nil)

// Add adds deliveries that are new. It implements [Outbox].
func (m *Memory) Add(_ context.Context, list ...Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range list {
		if m.byID[list[i].ID] == nil {
			m.save(list[i])
		}
	}
	return nil
}

// Save replaces or adds deliveries. It implements [Outbox].
func (m *Memory) Save(_ context.Context, list ...Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range list {
		m.save(list[i])
	}
	return nil
}

func (m *Memory) save(d Delivery) {
	if m.byID == nil {
		m.byID, m.open = make(map[string]*entry), make(map[string][]*entry)
		if m.holds == nil {
			m.holds = make(map[string]time.Time)
		}
	}
	e := m.byID[d.ID]
	if e == nil {
		m.seq++
		e = &entry{seq: m.seq}
		m.byID[d.ID] = e
		m.all = append(m.all, e)
	}
	list := m.open[d.Subscription]
	at, listed := slices.BinarySearchFunc(list, e, (*entry).compare)
	switch e.Delivery = d; {
	case !listed && d.open():
		m.open[d.Subscription] = slices.Insert(list, at, e)
	case listed && !d.open():
		if list = slices.Delete(list, at, at+1); len(list) > 0 {
			m.open[d.Subscription] = list
		} else {
			delete(m.open, d.Subscription)
		}
	}
}

// open reports whether a delivery is to be sent.
func (d *Delivery) open() bool { return d.State == Pending || d.State == Waiting }

func (d *Delivery) due(now time.Time) bool { return !d.Next.After(now) }

// Take chooses a subscription with a due delivery. It implements [Outbox].
func (m *Memory) Take(_ context.Context, now, until time.Time) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	chosen, found := "", false
	for _, name := range slices.Sorted(maps.Keys(m.open)) {
		held := m.holds[name]
		if held.After(now) || found && !held.Before(m.holds[chosen]) {
			continue
		}
		if slices.ContainsFunc(m.open[name], func(e *entry) bool { return e.due(now) }) {
			chosen, found = name, true
		}
	}
	if found {
		m.holds[chosen] = until
	}
	return chosen, nil
}

// Hold replaces the time until which a subscription is held. It implements [Outbox].
func (m *Memory) Hold(_ context.Context, subscription string, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holds == nil {
		m.holds = make(map[string]time.Time)
	}
	m.holds[subscription] = until
	return nil
}

// Due returns deliveries to attempt. It implements [Outbox].
func (m *Memory) Due(_ context.Context, subscription string, now time.Time, n int) ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Delivery
	for _, e := range m.open[subscription] {
		if len(list) >= n {
			break
		}
		if e.due(now) {
			list = append(list, e.Delivery)
		}
	}
	return list, nil
}

// Get returns a delivery. It implements [Outbox].
func (m *Memory) Get(_ context.Context, id string) (Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.byID[id]; e != nil {
		return e.Delivery, nil
	}
	return Delivery{}, fmt.Errorf("webhook: delivery %q: %w", id, ErrNotFound)
}

// List returns deliveries of a state. It implements [Outbox].
func (m *Memory) List(_ context.Context, state DeliveryState, after string, n int) ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	start := slices.Index(m.all, m.byID[after]) + 1
	var list []Delivery
	for _, e := range m.all[start:] {
		if len(list) >= n {
			break
		}
		if e.State == state {
			list = append(list, e.Delivery)
		}
	}
	return list, nil
}

// Purge deletes old deliveries. It implements [Outbox].
func (m *Memory) Purge(_ context.Context, before time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.all)
	m.all = slices.DeleteFunc(m.all, func(e *entry) bool {
		old := !e.open() && e.Created.Before(before)
		if old {
			delete(m.byID, e.ID)
		}
		return old
	})
	maps.DeleteFunc(m.holds, func(name string, until time.Time) bool { return m.open[name] == nil && until.Before(before) })
	return n - len(m.all), nil
}
