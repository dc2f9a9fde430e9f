package analyzer

import (
	"context"
	"fmt"
	"sync"
)

// freely is how many bytes every analyzer at work may hold beyond the content of its file without waiting.
const freely = 8 << 20

// Hold accounts for n bytes that Analyze is about to hold beyond the content of the file, such as an archive inflated from
// it; a negative n gives them back, and so does the return of Analyze. It must be called before the bytes are allocated.
//
// More than Limits.Memory at once, or more than Limits.Inflated in all, is an error that wraps [ErrTooLarge], always for the
// same calls. Of all analyzers of a scan, one at a time may hold more than 8 MiB; the others wait in Hold, which fails with
// the context's error if that ends first. A file from NewFile has the limits' defaults and nobody to wait for.
func (f *File) Hold(ctx context.Context, n int64) error {
	if f.account == nil {
		l := Limits{}.withDefaults()
		f.account = &account{most: l.Memory, left: l.Inflated}
	}
	return f.account.hold(ctx, n)
}

// An account is of the bytes that one call of Analyze holds beyond the content of its file.
type account struct {
	most  int64         // at once
	alone chan struct{} // a place for the one that may hold more than others; nil: there are no others

	mu    sync.Mutex
	left  int64 // of what may be held in all
	held  int64
	first bool // the place is taken by this one
}

func (a *account) hold(ctx context.Context, n int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case n <= 0:
		a.held = max(a.held+n, 0)
		return nil
	case n > a.left:
		return fmt.Errorf("inflates to more bytes in all than are allowed: %w", ErrTooLarge)
	case n > a.most-a.held:
		return fmt.Errorf("inflates to more than %d bytes at once: %w", a.most, ErrTooLarge)
	}
	if a.held+n > freely && !a.first && a.alone != nil {
		select {
		case a.alone <- struct{}{}:
			a.first = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	a.left -= n
	a.held += n
	return nil
}

// close gives back what is held.
func (a *account) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first {
		<-a.alone
	}
	a.first, a.held, a.left = false, 0, 0
}
