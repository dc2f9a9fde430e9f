package analyzer_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestHold(t *testing.T) {
	f := analyzer.NewFile("a", 0o644, nil)
	for _, step := range []struct {
		n    int64
		fits bool
	}{{100 << 20, true}, {29 << 20, false}, {28 << 20, true}, {-128 << 20, true}, {-1, true}, {128 << 20, true}, {-128 << 20, true}, {1, true}} {
		if err := f.Hold(t.Context(), step.n); errors.Is(err, analyzer.ErrTooLarge) == step.fits || err != nil == step.fits {
			t.Errorf("%d: %v", step.n, err)
		}
	}
	for range 6 {
		f.Hold(t.Context(), 127<<20)
		f.Hold(t.Context(), -127<<20)
	}
	if err := f.Hold(t.Context(), 127<<20); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("more than a gigabyte in all: %v", err)
	}
}

// TestNewFileAt reads a file on demand.
func TestNewFileAt(t *testing.T) {
	sibling := analyzer.NewFile("etc/b", 0o644, []byte("sibling"))
	f := analyzer.NewFileAt("etc/a", 0o644, strings.NewReader("content, and more"), 7, sibling)
	if b, err := f.Bytes(); err != nil || string(b) != "content" {
		t.Errorf("Bytes: %q, %v", b, err)
	}
	for range 2 {
		if b, err := io.ReadAll(f.Open()); err != nil || string(b) != "content" {
			t.Errorf("Open: %q, %v", b, err)
		}
	}
	if f.Size() != 7 || f.Sibling("b") != sibling || f.Sibling("c") != nil {
		t.Errorf("size %d, siblings %v, %v", f.Size(), f.Sibling("b"), f.Sibling("c"))
	}
	if err := f.Hold(t.Context(), 1<<30+1); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("Hold: %v", err)
	}
	short := analyzer.NewFileAt("a", 0o644, strings.NewReader("cut"), 7)
	if _, err := short.Bytes(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is cut off: %v", err)
	}
}
