package certificate

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
)

// TestRenewal: connections get a new certificate after a second, and the former one while the files do not fit together.
func TestRenewal(t *testing.T) {
	dir := t.TempDir()
	name, key := filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key")
	var log bytes.Buffer
	if _, err := Open(name, key, slog.New(slog.NewTextHandler(&log, nil))); err == nil || !strings.HasPrefix(err.Error(), "certificate: ") {
		t.Fatalf("missing files: %v", err)
	}
	fleettest.WriteCertificate(t, name, key, 1)
	f, err := Open(name, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f.now = func() time.Time { return now }
	serial := func() int64 {
		t.Helper()
		c, err := f.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial number %d", got)
	}
	now = now.Add(time.Minute)
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	fleettest.WriteCertificate(t, filepath.Join(dir, "other.pem"), filepath.Join(dir, "other.key"), 2)
	if err := os.Rename(filepath.Join(dir, "other.pem"), name); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, time.Time{}, before.ModTime()); err != nil { // as two files written within a tick of the clock
		t.Fatal(err)
	}
	if got := serial(); got != 1 {
		t.Errorf("a certificate without its key: serial number %d", got)
	}
	if !strings.Contains(log.String(), "reloading the certificate failed") {
		t.Errorf("log: %s", &log)
	}
	if err := os.Rename(filepath.Join(dir, "other.key"), key); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 1 {
		t.Errorf("within a second: serial number %d", got)
	}
	now = now.Add(time.Second)
	if got := serial(); got != 2 {
		t.Errorf("serial number %d, want that of the new certificate", got)
	}
}
