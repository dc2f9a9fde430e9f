package answer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"unsafe"
)

// TestCache: a cache has no more bytes than its limit, keeps the values that were used last, and drops a value that would push out most others.
func TestCache(t *testing.T) {
	c := newCache[int](100, func(n int) int64 { return int64(n) })
	for k := range 10 {
		c.put(k, 20)
		c.get(0)
		if c.bytes > 100 || int(c.bytes) != 20*len(c.items) {
			t.Errorf("%d bytes of %d values", c.bytes, len(c.items))
		}
	}
	c.put(10, 26)
	for k, want := range map[int]bool{0: true, 1: false, 5: false, 9: true, 10: false} {
		if _, ok := c.get(k); ok != want {
			t.Errorf("%d is kept: %t", k, ok)
		}
	}
}

// TestOnce: callers that ask at a time wait for one computation, which goes on without its caller. A failed one is not kept.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string](100, func(int) int64 { return 1 })
		computed, end := 0, make(chan error)
		compute := func(ctx context.Context) (int, error) {
			computed++
			if err := <-end; err != nil {
				return 0, err
			}
			return 7, ctx.Err()
		}
		broken := errors.New("broken")
		for _, outcome := range []error{broken, nil} {
			first, cancel := context.WithCancel(t.Context())
			results := make(chan error, 4)
			ask := func(ctx context.Context) {
				v, err := c.once(ctx, "x", compute)
				if err == nil && v != 7 {
					err = errors.New("another value")
				}
				results <- err
			}
			go ask(first)
			synctest.Wait()
			for range 2 {
				go ask(t.Context())
			}
			gone, leave := context.WithCancel(t.Context())
			go ask(gone)
			synctest.Wait()
			leave()
			if err := <-results; !errors.Is(err, context.Canceled) {
				t.Errorf("a caller that left: %v", err)
			}
			cancel()
			end <- outcome
			for range 3 {
				if err := <-results; !errors.Is(err, outcome) {
					t.Errorf("%v, want %v", err, outcome)
				}
			}
		}
		if v, err := c.once(t.Context(), "x", compute); v != 7 || err != nil || computed != 2 {
			t.Errorf("%d, %v after %d computations", v, err, computed)
		}
		func() {
			defer func() { recover() }()
			c.once(t.Context(), "y", func(context.Context) (int, error) { panic("y") })
		}()
		if len(c.running) != 0 {
			t.Error("a computation that panicked is still awaited")
		}
	})
}

// TestFindingsSize compares the sizes in the README with the code.
func TestFindingsSize(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	each := unsafe.Sizeof(Row{}) + unsafe.Sizeof(int32(0))
	want := fmt.Sprintf("The service keeps %d bytes and the identifier of each vulnerability, of all images %d MB", each, maxFindings>>20)
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("README.md does not say: %s", want)
	}
}
