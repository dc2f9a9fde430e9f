package db

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/db/internal/prefetch"
)

// Several goroutines read blocks in groups, and some groups ahead of the caller: enough to keep all processors busy, and so few that blocks
// are still in the processor caches when the caller needs them.
const (
	groupSize   = 8
	groupsAhead = 8

	// maxAnnounced is the number of blocks that one call of Prefetch announces.
	maxAnnounced = 512
)

// A spanned is a request that needs a piece of the file.
type spanned interface{ span() prefetch.Span }

// A result is a block or the error of reading it.
type result[B any] struct {
	block B
	err   error
}

// ahead yields each of wanted, which are in the order of the file, with the result of read. It announces the pieces to a prefetch.Reader. All
// its goroutines end before it returns.
func ahead[R spanned, B any](ctx context.Context, d *DB, wanted []R, read func(R) (B, error)) iter.Seq2[R, result[B]] {
	return func(yield func(R, result[B]) bool) {
		for len(wanted) > 0 {
			part := wanted
			if d.remote() {
				part = wanted[:min(len(wanted), maxAnnounced)]
				if err := d.prefetch(ctx, spansOf(part, R.span)...); err != nil {
					yield(part[0], result[B]{err: err})
					return
				}
			}
			wanted = wanted[len(part):]
			if !inGroups(ctx, part, read, yield) {
				return
			}
		}
	}
}

// inGroups does the work of ahead, and reports whether the caller wants more.
func inGroups[R, B any](ctx context.Context, wanted []R, read func(R) (B, error), yield func(R, result[B]) bool) bool {
	get := func(r R) (got result[B]) {
		if err := ctx.Err(); err != nil {
			got.err = fmt.Errorf("db: %w", err)
			return got
		}
		got.block, got.err = read(r)
		return got
	}
	workers := min(runtime.GOMAXPROCS(0), (len(wanted)+groupSize-1)/groupSize)
	if workers <= 1 { // not worth a goroutine
		for _, r := range wanted {
			if !yield(r, get(r)) {
				return false
			}
		}
		return true
	}
	results := make([]result[B], len(wanted))
	groups := make([]chan struct{}, (len(wanted)+groupSize-1)/groupSize) // closed when the group has been read
	for i := range groups {
		groups[i] = make(chan struct{})
	}
	room := make(chan struct{}, groupsAhead)
	stop := make(chan struct{})
	var next atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	work := func() {
		for {
			select {
			case room <- struct{}{}:
			case <-stop:
				return
			}
			g := int(next.Add(1)) - 1
			if g >= len(groups) {
				return
			}
			for i := g * groupSize; i < min(len(wanted), (g+1)*groupSize); i++ {
				results[i] = get(wanted[i])
			}
			close(groups[g])
		}
	}
	for range workers {
		wg.Go(work)
	}
	for i, r := range wanted {
		if i%groupSize == 0 {
			<-groups[i/groupSize]
		}
		got := results[i]
		results[i] = result[B]{}
		if !yield(r, got) {
			return false
		}
		if (i+1)%groupSize == 0 {
			<-room
		}
	}
	return true
}

// readAll returns the results of read for each of wanted. It calls read concurrently.
func readAll[R, B any](ctx context.Context, wanted []R, read func(R) (B, error)) ([]B, error) {
	blocks := make([]B, 0, len(wanted))
	var err error
	inGroups(ctx, wanted, read, func(_ R, got result[B]) bool {
		blocks, err = append(blocks, got.block), got.err
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return blocks, nil
}
