package content

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrTooLarge is analyzer.ErrTooLarge.
var ErrTooLarge = errors.New("too large")

// The limits of an account that no scan makes, and the defaults of scan.Limits.
const (
	DefaultMemory   = 128 << 20
	DefaultInflated = 1 << 30
)

// free is how many bytes each analyzer at work may hold beyond the content of its file without waiting.
const free = 8 << 20

// An Account counts the bytes that one call of Analyze holds beyond the content of its file.
type Account struct {
	memory int64 // the most at once
	turn   Turn  // lets one account of several hold more than free; nil: there are no others

	mu       sync.Mutex
	inflated int64 // bytes that may still be held
	held     int64
	taken    bool // the turn
}

// A Turn lets one account of several hold much. Take waits until it is the account's turn, which Give ends.
type Turn interface {
	Take(ctx context.Context) error
	Give()
}

// NewAccount returns an account for one call of Analyze, with the most bytes at once and in all. Accounts with the same turn take turns at
// holding more than 8 MiB.
func NewAccount(memory, inflated int64, turn Turn) *Account {
	return &Account{memory: memory, inflated: inflated, turn: turn}
}

// Hold implements the method of analyzer.File.
func (a *Account) Hold(ctx context.Context, n int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case n <= 0:
		a.held = max(a.held+n, 0)
		return nil
	case n > a.inflated:
		return fmt.Errorf("takes more bytes in all than are allowed: %w", ErrTooLarge)
	case n > a.memory-a.held:
		return fmt.Errorf("takes more than %d bytes at once: %w", a.memory, ErrTooLarge)
	}
	if a.held+n > free && !a.taken && a.turn != nil {
		if err := a.turn.Take(ctx); err != nil {
			return err
		}
		a.taken = true
	}
	a.inflated -= n
	a.held += n
	return nil
}

// Close gives back all bytes that are held. No more can be held after it.
func (a *Account) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken {
		a.turn.Give()
	}
	a.taken, a.held, a.inflated = false, 0, 0
}
