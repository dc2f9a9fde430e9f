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
	all   []*Delivery          // in the order in which they were added
	byID  map[string]*Delivery // entries of all
	open  map[string][]*Delivery
	holds map[string]time.Time
}

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
		m.byID, m.open, m.holds = make(map[string]*Delivery), make(map[string][]*Delivery), make(map[string]time.Time)
	}
	old := m.byID[d.ID]
	was := old != nil && old.open()
	if old == nil {
		old = new(Delivery)
		m.byID[d.ID] = old
		m.all = append(m.all, old)
	}
	*old = d
	switch {
	case !was && d.open():
		m.open[d.Subscription] = append(m.open[d.Subscription], old)
	case was && !d.open():
		rest := slices.DeleteFunc(m.open[d.Subscription], func(o *Delivery) bool { return o == old })
		if m.open[d.Subscription] = rest; len(rest) == 0 {
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
		if slices.ContainsFunc(m.open[name], func(d *Delivery) bool { return d.due(now) }) {
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
	if m.holds != nil {
		m.holds[subscription] = until
	}
	return nil
}

// Due returns deliveries to attempt. It implements [Outbox].
func (m *Memory) Due(_ context.Context, subscription string, now time.Time, n int) ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Delivery
	for _, d := range m.open[subscription] {
		if len(list) == n {
			break
		}
		if d.due(now) {
			list = append(list, *d)
		}
	}
	return list, nil
}

// Get returns a delivery. It implements [Outbox].
func (m *Memory) Get(_ context.Context, id string) (Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.byID[id]; d != nil {
		return *d, nil
	}
	return Delivery{}, fmt.Errorf("webhook: delivery %q: %w", id, ErrNotFound)
}

// List returns deliveries of a state. It implements [Outbox].
func (m *Memory) List(_ context.Context, state DeliveryState, after string, n int) ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	start := slices.Index(m.all, m.byID[after]) + 1
	var list []Delivery
	for _, d := range m.all[start:] {
		if len(list) == n {
			break
		}
		if d.State == state {
			list = append(list, *d)
		}
	}
	return list, nil
}

// Purge deletes old deliveries. It implements [Outbox].
func (m *Memory) Purge(_ context.Context, before time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.all)
	m.all = slices.DeleteFunc(m.all, func(d *Delivery) bool {
		old := !d.open() && d.Created.Before(before)
		if old {
			delete(m.byID, d.ID)
		}
		return old
	})
	maps.DeleteFunc(m.holds, func(name string, until time.Time) bool { return m.open[name] == nil && until.Before(before) })
	return n - len(m.all), nil
}
