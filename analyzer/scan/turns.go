package scan

import "context"

// Layers and analyzers of a scan wait here for resources of the Budget. Each method returns a function that gives the resource back. The large
// scan also has memory and workers that no other scan has. While it has some of them it keeps its place, so that they are free when the next
// scan gets the place.

// place waits for a place to read a layer, or to put a report together. A caller that has a place must not wait for another.
func (l *largeScan) place(ctx context.Context) (release func(), err error) {
	select {
	case l.budget.layers <- struct{}{}:
		return func() { <-l.budget.layers }, nil
	case <-l.since():
		return func() {}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// worker waits until one more analyzer may work.
func (l *largeScan) worker(ctx context.Context) (release func(), err error) {
	b := l.budget
	for {
		select {
		case b.workers <- struct{}{}:
			return func() { <-b.workers }, nil
		case <-l.since():
			if !l.useAgain() {
				continue
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case b.largeWorkers <- struct{}{}:
			return func() { <-b.largeWorkers; l.unuse() }, nil
		case <-ctx.Done():
			l.unuse()
			return nil, ctx.Err()
		}
	}
}

// memory waits for bytes of file contents. More bytes than there are stand for all of them.
func (l *largeScan) memory(ctx context.Context, n int64) (release func(), err error) {
	b := l.budget
	all, large := min(n, b.size), min(n, b.largeSize)
	for {
		if l.acquire(ctx, all) {
			return func() { b.memory.Release(all) }, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !l.useAgain():
			continue
		}
		if err := b.largeMemory.Acquire(ctx, large); err != nil {
			l.unuse()
			return nil, err
		}
		return func() { b.largeMemory.Release(large); l.unuse() }, nil
	}
}

// acquire waits for bytes that all scans share, or until the scan is the large one.
func (l *largeScan) acquire(ctx context.Context, n int64) bool {
	if l.budget.memory.TryAcquire(n) {
		return true
	}
	ctx, cancel := l.untilLarge(ctx)
	defer cancel()
	return l.budget.memory.Acquire(ctx, n) == nil
}

// untilLarge returns a context that ends when the scan is the large one.
func (l *largeScan) untilLarge(ctx context.Context) (context.Context, context.CancelFunc) {
	waiting, cancel := context.WithCancel(ctx)
	since := l.since()
	go func() {
		select {
		case <-since:
			cancel()
		case <-waiting.Done():
		}
	}()
	return waiting, cancel
}
