package objects_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// TestStores runs the same steps on each store.
func TestStores(t *testing.T) {
	stores := map[string]func(t *testing.T) objects.Store{
		"dir": func(t *testing.T) objects.Store { return objects.Dir(t.TempDir()) },
		"sqlite": func(t *testing.T) objects.Store {
			return objects.SQL{Store: open(t, filepath.Join(t.TempDir(), "fleet.db"))}
		},
		"postgresql": func(t *testing.T) objects.Store { return objects.SQL{Store: open(t, fleettest.Postgres(t))} },
	}
	for name, make := range stores {
		t.Run(name, func(t *testing.T) { steps(t, make(t)) })
	}
}

func open(t *testing.T, address string) *store.Store {
	s, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func steps(t *testing.T, s objects.Store) {
	ctx := t.Context()
	random := rand.NewChaCha8([32]byte{})
	for _, size := range []int{0, 1, store.PartSize - 1, store.PartSize, store.PartSize + 1, 3*store.PartSize + 7} {
		content := make([]byte, size)
		random.Read(content)
		if n, err := s.Put(ctx, "a/b", iotest.OneByteReader(bytes.NewReader(content[:min(size, 9)]))); err != nil || n != int64(min(size, 9)) {
			t.Fatal(n, err)
		}
		if n, err := s.Put(ctx, "a/b", bytes.NewReader(content)); err != nil || n != int64(size) { // replaces it
			t.Fatal(n, err)
		}
		o, err := s.Open(ctx, "a/b")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(o.Reader())
		if err != nil || !bytes.Equal(got, content) || o.Size != int64(size) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
		for range 20 {
			off := int64(random.Uint64() % uint64(size+10))
			part := make([]byte, random.Uint64()%2000)
			n, err := o.ReadAt(part, off)
			if want := max(0, min(int64(len(part)), int64(size)-off)); int64(n) != want || !bytes.Equal(part[:n], content[min(off, int64(size)):][:n]) || int64(n) < int64(len(part)) && err != io.EOF {
				t.Errorf("%d bytes at %d of %d: %d, %v", len(part), off, size, n, err)
			}
		}
		o.Close()
	}
	failing := io.MultiReader(bytes.NewReader(make([]byte, 2*store.PartSize)), iotest.ErrReader(errors.New("lost")))
	if _, err := s.Put(ctx, "a/b", failing); err == nil {
		t.Error("a reader that fails: no error")
	}
	if o, err := s.Open(ctx, "a/b"); err != nil || o.Size != 3*store.PartSize+7 {
		t.Errorf("after a failure: %v", err)
	} else {
		o.Close()
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Put(ended, "a/c", bytes.NewReader([]byte("x"))); err == nil {
		t.Error("an ended context: no error")
	}
	for range 2 {
		if err := s.Delete(ctx, "a/b"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Open(ctx, "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("deleted: %v", err)
	}
	for _, name := range []string{"", "/a", "../a", "a/../b", "a//b", ".a", "a/.b", "A", "a\x00", "a\\b"} {
		if _, err := s.Put(ctx, name, bytes.NewReader(nil)); err == nil {
			t.Errorf("the name %q is accepted", name)
		}
		if _, err := s.Open(ctx, name); err == nil {
			t.Errorf("the name %q is opened", name)
		}
	}
}
