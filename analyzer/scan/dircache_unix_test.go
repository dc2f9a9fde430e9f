//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package scan_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer/scan"
)

// TestDirCacheEntries requires that a cache takes only regular files of a bounded size for entries, and never waits for another
// process. A Put replaces what is in the way.
func TestDirCacheEntries(t *testing.T) {
	dir := t.TempDir()
	cache := scan.NewDirCache(dir, 0)
	at := func(key string) string { return filepath.Join(dir, key+".layer") }
	if err := cache.Put(t.Context(), "good", []byte("value")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		syscall.Mkfifo(at("fifo"), 0o600),
		os.Symlink(at("good"), at("link")),
		os.Symlink("/dev/zero", at("device")),
		os.WriteFile(at("large"), nil, 0o600), os.Truncate(at("large"), 256<<20+1),
	); err != nil {
		t.Fatal(err)
	}
	keys := []string{"fifo", "link", "device", "large"}
	if l, err := net.Listen("unix", at("socket")); err == nil { // the name may be too long
		defer l.Close()
		keys = append(keys, "socket")
	}
	for _, key := range keys {
		start := time.Now()
		if _, err := cache.Get(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", key, err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("%s: took %v", key, d)
		}
		if err := cache.Put(t.Context(), key, []byte("value")); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if value, err := cache.Get(t.Context(), key); err != nil || !bytes.Equal(value, []byte("value")) {
			t.Errorf("%s: %q, %v", key, value, err)
		}
	}
	if info, err := os.Lstat("/dev/zero"); err == nil && info.Mode().IsRegular() {
		t.Error("a device was replaced")
	}
}
