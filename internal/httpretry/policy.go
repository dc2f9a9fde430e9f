package httpretry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/internal/limit"
)

// A Policy says how often to send a request and how long to wait between attempts. A field that is zero has the stated default.
type Policy struct {
	Attempts int           // in a row that bring nothing: 5
	Pause    time.Duration // before the second attempt, doubled before each later one: 200 ms
	MaxWait  time.Duration // longest time that a server may ask for in Retry-After: 2 min

	// Persistent repeats requests after refused connections, too. A mirror that is down is better given up at once.
	Persistent bool

	// Impatient gives up a server that sent nothing for the time of a stall, instead of waiting as long again for each attempt.
	Impatient bool
}

func (p Policy) withDefaults() Policy {
	limit.Default(&p.Attempts, 5)
	limit.Default(&p.Pause, 200*time.Millisecond)
	limit.Default(&p.MaxWait, 2*time.Minute)
	return p
}

// A loop counts the attempts of one operation.
type loop struct {
	policy   Policy
	attempts int // that brought nothing
}

// next counts a failed attempt. It returns how long to wait before the next one. It returns false if too many failed, or if the
// context would end first.
func (l *loop) next(ctx context.Context, asked time.Duration) (time.Duration, bool) {
	l.attempts++
	if l.attempts >= l.policy.Attempts || ctx.Err() != nil {
		return 0, false
	}
	pause := l.policy.Pause << min(l.attempts-1, 10)
	pause = min(pause, l.policy.MaxWait)
	pause = max(asked, pause-pause/4+rand.N(pause/2+1)) // spread, so that many clients do not come back together
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return 0, false
	}
	return pause, true
}

// sleep waits for d or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Do calls f until it succeeds, fails for good, or has failed as often as the policy says. Unlike a Transport it can cover the
// reading of an answer.
func (p Policy) Do(ctx context.Context, f func() error) error {
	for l := (loop{policy: p.withDefaults()}); ; {
		err := f()
		if err == nil || !l.policy.transient(err) {
			return err
		}
		pause, ok := l.next(ctx, 0)
		if !ok {
			return cmp.Or(ctx.Err(), err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// An attemptsError is the error of the last of several attempts. It is not transient.
type attemptsError struct {
	err      error
	attempts int
}

func (e *attemptsError) Error() string { return e.err.Error() + tried(e.attempts) }
func (e *attemptsError) Unwrap() error { return e.err }

func tried(attempts int) string {
	if attempts == 1 {
		return ""
	}
	return fmt.Sprintf(" (tried %d times)", attempts)
}

// transient reports whether an error of a connection may be gone at the next attempt.
func (p Policy) transient(err error) bool {
	is := func(target error) bool { return errors.Is(err, target) }
	var last *attemptsError
	if errors.As(err, &last) || is(context.Canceled) {
		return false
	}
	var stall *StallError
	if errors.As(err, &stall) && stall.Silent && p.Impatient {
		return false
	}
	var network net.Error
	var dns *net.DNSError
	switch {
	case is(io.EOF), is(io.ErrUnexpectedEOF), is(syscall.ECONNRESET), is(syscall.EPIPE):
		return true
	case errors.As(err, &network) && network.Timeout(), errors.As(err, &dns) && dns.IsTemporary:
		return true
	case is(syscall.ECONNREFUSED), is(syscall.EHOSTUNREACH), is(syscall.ENETUNREACH), is(syscall.EMFILE), is(syscall.ENFILE):
		return p.Persistent
	}
	return broken(err)
}

// broken recognises the errors of HTTP/2 connections, whose types net/http does not export.
func broken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "http2: ") || strings.Contains(text, "stream error: ") || strings.Contains(text, "http: server closed idle connection")
}
