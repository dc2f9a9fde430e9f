package membudget

import (
	"errors"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestMeter(t *testing.T) {
	m := New(t.Context(), analyzer.NewFile("a", 0o644, nil), 1<<20)
	p := analyzer.Package{Name: "a", Files: []string{strings.Repeat("x", 1000)}, Hashes: map[string]string{"sha1": "00"}}
	var list []analyzer.Package
	var err error
	for err == nil {
		list, err = m.Append(list, p)
	}
	// The list is moved once more with at least a fifth of it as room.
	if size := int(PackageSize) + 1 + 16 + 1000 + mapSize + 6; len(list) > 1<<20/size || len(list) < 1<<20/size*7/10 {
		t.Errorf("%d packages of %d bytes fit", len(list), size)
	}
	if err := m.Bytes(1); !errors.Is(err, analyzer.ErrTooLarge) || m.Err() == nil {
		t.Errorf("after an error: %v", err)
	}
	var none *Meter
	if none.Bytes(1<<40) != nil || none.List(1, 1<<40) != nil || none.Err() != nil {
		t.Error("a nil Meter has a limit")
	}
}

// TestScanLimit asks that a Meter without a limit has that of the scan, 128 MiB.
func TestScanLimit(t *testing.T) {
	m := New(t.Context(), analyzer.NewFile("a", 0o644, nil), 0)
	if err := m.Bytes(127 << 20); err != nil {
		t.Error(err)
	}
	if err := m.List(1, 1<<20); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Error(err)
	}
}

func TestGrow(t *testing.T) {
	const limit, size = 1 << 20, 1 << 20
	m := New(t.Context(), analyzer.NewFile("a", 0o644, nil), limit)
	var list []analyzer.Package
	var err error
	for read := 0; err == nil; read += 10 {
		if list, err = m.Grow(list, read, size); err == nil {
			list = append(list, analyzer.Package{})
		}
		if in := int64(cap(list)) * PackageSize; in > limit {
			t.Fatalf("room for %d bytes", in)
		}
	}
	if int64(len(list))*PackageSize < limit/2 {
		t.Errorf("only %d packages: %v", len(list), err)
	}
}

func TestWords(t *testing.T) {
	m := New(t.Context(), analyzer.NewFile("a", 0o644, nil), 128<<10)
	w := NewInterner(m)
	for range 1000 {
		if s := w.Intern(make([]byte, 1<<10)); len(s) != 1<<10 {
			t.Fatal("equal words are not shared")
		}
	}
	for i := range 1000 {
		w.Intern(make([]byte, 2<<10+i))
	}
	if m.Err() == nil {
		t.Error("words take no memory")
	}
}
