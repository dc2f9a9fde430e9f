package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db"
)

var update = flag.Bool("update", false, "rewrite golden files and the starter database")

// TestStarter makes the starter database again, from the same inputs in another order, and expects the same bytes.
func TestStarter(t *testing.T) {
	corpus := os.Getenv("HULLMARK_CORPUS")
	if corpus == "" {
		t.Skip("HULLMARK_CORPUS is not set: no feeds to make the starter database from")
	}
	name := filepath.Join(t.TempDir(), "starter.db")
	args := []string{"db", "build", "--quiet", "--facts", "-o", name}
	feeds := starterFeeds()
	for i := range feeds {
		feed, location, _ := strings.Cut(feeds[len(feeds)-1-i], "=")
		args = append(args, "--feed", feed+"="+filepath.Join(corpus, "feeds", filepath.FromSlash(location)))
	}
	if _, stderr, code := hullmark(t, args...); code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("starter.db", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, starterFile) {
		t.Errorf("%d bytes that differ from the %d of starter.db; go generate makes it again", len(got), len(starterFile))
	}
}

// The starter database has facts only, and little of them: the command carries it.
func TestStarterSize(t *testing.T) {
	if n := len(starterFile); n > 4<<20 {
		t.Errorf("%d bytes, more than 4 MiB", n)
	}
	d, err := db.Open(bytes.NewReader(starterFile), int64(len(starterFile)))
	if err != nil {
		t.Fatal(err)
	}
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		if a.Summary != "" || len(a.URLs) > 0 {
			t.Fatalf("%s has prose: %q %q", a.ID, a.Summary, a.URLs)
		}
	}
}
