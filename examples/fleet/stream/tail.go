// Package stream sends sequences, such as events, to many clients as they grow, and reads them once for all of these.
package stream

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	poll     = 250 * time.Millisecond // between looks at the sequence
	maxTail  = 4 << 20                // bytes of items that a Tail keeps
	maxItems = 1000                   // that a Tail keeps
)

// AtOnce is the number of items that a client gets from a Tail at once.
const AtOnce = 50

// A Tail has the newest items of a sequence while someone reads it. One goroutine looks for new items, however many clients there are. Keys rise in
// the order in which items become visible. A Tail may be used by many goroutines at once.
type Tail[K cmp.Ordered, T any] struct {
	Key  func(*T) K
	Size func(*T) int                                    // bytes, approximately
	Last func(ctx context.Context) (K, error)            // the key of the last item, zero without any
	Read func(ctx context.Context, after K) ([]T, error) // the next items, without any at the end only
	Log  *slog.Logger

	mu    sync.Mutex
	users int
	stop  context.CancelFunc
	more  chan struct{} // closed when there may be more items
	known bool          // items has all after first, up to last
	first K
	last  K
	items []T
	size  int
}

// Join makes the Tail look for new items until the caller calls leave.
func (t *Tail[K, T]) Join(ctx context.Context) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users++; t.users == 1 {
		ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
		t.more, t.known, t.items, t.size = make(chan struct{}), false, nil, 0
		go t.run(ctx)
	}
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.users--; t.users == 0 {
			t.stop()
			t.items = nil
		}
	})
}

// run looks for new items until ctx ends.
func (t *Tail[K, T]) run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	failing := false
	for {
		err := t.look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			t.Log.WarnContext(ctx, "looking for the next items of streams failed", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look reads the new items.
func (t *Tail[K, T]) look(ctx context.Context) error {
	t.mu.Lock()
	known, last := t.known, t.last
	t.mu.Unlock()
	if !known {
		last, err := t.Last(ctx)
		if err == nil {
			t.add(ctx, func() { t.known, t.first, t.last = true, last, last })
		}
		return err
	}
	for {
		list, err := t.Read(ctx, last)
		if err != nil || len(list) == 0 {
			return err
		}
		last = t.Key(&list[len(list)-1])
		t.add(ctx, func() {
			t.items, t.last = append(t.items, list...), last
			for i := range list {
				t.size += t.Size(&list[i])
			}
			drop := 0
			for drop < len(t.items) && (t.size > maxTail || len(t.items)-drop > maxItems) {
				t.size -= t.Size(&t.items[drop])
				t.first = t.Key(&t.items[drop])
				drop++
			}
			t.items = slices.Clone(t.items[drop:]) // clients may still have the former ones
		})
	}
}

// add changes the items, and wakes those that wait.
func (t *Tail[K, T]) add(ctx context.Context, change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return // another run may have begun
	}
	change()
	close(t.more)
	t.more = make(chan struct{})
}

// Next returns up to AtOnce items after a key, the key after which to go on, and a channel that is closed when there may be more. A caller whose key is
// older than the items that the Tail has reads them by behind, which may leave items out. The caller has to join before.
func (t *Tail[K, T]) Next(ctx context.Context, after K, behind func(ctx context.Context, after K) ([]T, error)) (list []T, next K, more <-chan struct{}, err error) {
	t.mu.Lock()
	known, first, last, items := t.known, t.first, t.last, t.items
	more = t.more
	t.mu.Unlock()
	if known && after >= first {
		from, _ := slices.BinarySearchFunc(items, after, func(item T, after K) int {
			if t.Key(&item) <= after {
				return -1
			}
			return 1
		})
		list = items[from:min(len(items), from+AtOnce)]
	} else if list, err = behind(ctx, after); err != nil {
		return nil, after, nil, err
	} else if len(list) == 0 && known {
		return nil, max(after, last), more, nil // there is none up to the last one that the Tail has seen
	}
	if len(list) > 0 {
		after = t.Key(&list[len(list)-1])
	}
	return list, after, more, nil
}
