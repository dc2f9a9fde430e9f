package scan

import (
	"context"
	"sync"
)

// A largeScan gives a scan the place of the large scan, which one scan of a Budget at a time has. That scan may hold more than the others: in an
// analyzer, for a layer, or until it reports. It must not wait for a resource that another scan holds while it waits for the place. So
// the large scan needs no place for its layers and no claim of the cache, and has workers and memory of its own.
type largeScan struct {
	budget  *Budget
	waiting chan struct{} // holds the goroutine that waits for the place
	refuse  func() error  // returns an error once the scan cannot succeed

	mu   sync.Mutex
	uses int           // number of reasons to have the place; with 0, the scan gives it back
	now  chan struct{} // closed while the scan has the place

	analysis, reading turn
}

func (l *largeScan) start(b *Budget, refuse func() error) {
	l.budget, l.refuse, l.waiting, l.now = b, refuse, make(chan struct{}, 1), make(chan struct{})
	l.analysis, l.reading = turn{l, make(chan struct{}, 1)}, turn{l, make(chan struct{}, 1)}
}

// since returns a channel that is closed when the scan has the place.
func (l *largeScan) since() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// use waits for the place, if the scan does not have it.
func (l *largeScan) use(ctx context.Context) error {
	select {
	case l.waiting <- struct{}{}:
		defer func() { <-l.waiting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.useAgain() {
		return nil
	}
	select {
	case l.budget.large <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	close(l.now)
	return nil
}

// useAgain counts one more use if the scan has the place.
func (l *largeScan) useAgain() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uses == 0 {
		return false
	}
	l.uses++
	return true
}

// unuse ends a use.
func (l *largeScan) unuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uses--; l.uses == 0 {
		l.now = make(chan struct{})
		<-l.budget.large
	}
}

// A turn lets one goroutine of a scan at a time use the place of the large scan. It implements content.Turn.
type turn struct {
	large *largeScan
	room  chan struct{}
}

func (t turn) Take(ctx context.Context) error {
	select {
	case t.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := t.large.refuse()
	if err == nil {
		err = t.large.use(ctx)
	}
	if err != nil {
		<-t.room
	}
	return err
}

func (t turn) Give() {
	t.large.unuse()
	<-t.room
}

// A layerShare counts the turn that a layer, or a file system, takes while a scan reads it.
type layerShare struct {
	large *largeScan

	mu    sync.Mutex
	taken bool
}

// grow waits until the layer may hold much.
func (s *layerShare) grow(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return nil
	}
	if err := s.large.reading.Take(ctx); err != nil {
		return err
	}
	s.taken = true
	return nil
}

// end gives the turn back.
func (s *layerShare) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		s.large.reading.Give()
	}
	s.taken = false
}
