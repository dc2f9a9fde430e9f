package serve_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// TestTrash: objects whose time has ended are deleted, also those that are gone already, and beside one that cannot be deleted. Objects that a
// transaction refers to stay.
func TestTrash(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		ctx, dir := t.Context(), t.TempDir()
		files := objects.Dir(filepath.Join(dir, "objects"))
		s := fleettest.Start(t, serve.Options{Database: address, Objects: files, Role: serve.API}) // without a worker, nothing else empties the trash
		kept := s.Store
		for _, name := range []string{"test/old", "test/later", "test/used", "test/broken/inside"} {
			if _, err := files.Put(ctx, name, strings.NewReader(name)); err != nil {
				t.Fatal(err)
			}
		}
		for name, after := range map[string]time.Duration{"test/broken": -time.Minute, "test/gone": 0, "test/old": 0, "test/used": 0, "test/later": time.Hour} {
			if err := kept.Trash(ctx, name, after); err != nil {
				t.Fatal(err)
			}
		}
		if err := kept.Write(ctx, func(tx *store.Tx) error { return tx.Keep(ctx, "test/used") }); err != nil {
			t.Fatal(err)
		}
		undone := errors.New("undone")
		if err := kept.Write(ctx, func(tx *store.Tx) error { return errors.Join(tx.Keep(ctx, "test/old"), undone) }); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if err := s.Empty(ctx); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("%v, want an error that names the object", err)
		}
		for name, want := range map[string]bool{"old": false, "later": true, "used": true, "broken": true} {
			if _, err := os.Stat(filepath.Join(dir, "objects", "test", name)); (err == nil) != want || err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v, want it there: %v", name, err, want)
			}
		}
		if list, err := kept.Waste(ctx, 10); err != nil || len(list) > 0 {
			t.Errorf("%v, %v; the object that cannot be deleted waits", list, err)
		}
	})
}
