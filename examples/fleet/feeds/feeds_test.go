package feeds_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/feeds"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestUpdate: feeds are updated when their time has come or a person wants it, a failure is an event and keeps the data, and another process
// continues from the published file.
func TestUpdate(t *testing.T) {
	fleettest.Databases(t, update)
}

func update(t *testing.T, address string) {
	if address == "" {
		address = filepath.Join(t.TempDir(), "fleet.db")
	}
	s, err := store.Open(t.Context(), address)
	must(t, err)
	defer s.Close()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	mirror := t.TempDir()
	f := kev.Feed()
	name := filepath.Join(mirror, strings.TrimPrefix(f.Datasets[0].URLs[0], "https://"))
	must(t, os.MkdirAll(filepath.Dir(name), 0o700))
	modified := now
	put := func(text string) {
		t.Helper()
		modified = modified.Add(time.Minute)
		must(t, errors.Join(os.WriteFile(name, []byte(text), 0o600), os.Chtimes(name, modified, modified)))
	}
	process := func() *feeds.Updater {
		u := &feeds.Updater{Store: s, Objects: objects.SQL{Store: s}, Dir: t.TempDir(), Feeds: []feed.Feed{f}, Every: func() time.Duration { return 6 * time.Hour }, Options: feed.UpdateOptions{Mirror: mirror, MayShrink: true},
			Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: func() time.Time { return now }}
		must(t, u.Prepare(t.Context()))
		return u
	}
	state := func() store.Feed {
		t.Helper()
		list, err := s.Feeds(t.Context())
		must(t, err)
		return list[0]
	}
	hash := func() string {
		t.Helper()
		file, err := s.File(t.Context())
		must(t, err)
		return file.Hash
	}
	catalogue := func(cve string) string {
		return `{"catalogVersion": "1", "dateReleased": "2026-06-01T00:00:00Z", "count": 1, "vulnerabilities": [{"cveID": "` + cve + `", "dateAdded": "2026-05-01", "dueDate": "2026-06-01"}]}`
	}
	put(catalogue("CVE-2026-0001"))
	first := process()
	must(t, first.Update(t.Context()))
	if got := state(); got.Records != 1 || got.Error != "" || !got.Succeeded.Equal(now) {
		t.Fatalf("%+v", got)
	}
	file := &advisories.File{Find: advisories.Published(s, first.Objects, t.TempDir()), Log: first.Log}
	defer file.Close()
	set, release, err := file.Current()
	must(t, err)
	if release(); set.Hash() != hash() {
		t.Errorf("the service uses %s", set.Hash())
	}
	before := hash()
	put(catalogue("CVE-2026-0002"))
	must(t, first.Update(t.Context())) // its time has not come
	if hash() != before {
		t.Error("updated too early")
	}
	put("{")
	now = now.Add(7 * time.Hour)
	must(t, first.Update(t.Context()))
	if got := state(); got.Error == "" || got.Succeeded.Equal(now) || !got.Tried.Equal(now) || got.Records != 1 || hash() != before {
		t.Errorf("after a failure: %+v", got)
	}
	notices, err := s.Catalog.Events(t.Context(), 0, 10)
	must(t, err)
	if len(notices) != 1 {
		t.Fatalf("%d events", len(notices))
	}
	if m, err := journal.Message(&notices[0]); err != nil || m.Kind != "feed-failed" || !strings.Contains(m.Text, "kev") {
		t.Errorf("%+v, %v", m, err)
	}
	put(catalogue("CVE-2026-0002"))
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.WantFeed(t.Context(), "kev") }))
	second := process()
	must(t, second.Update(t.Context()))
	if got := state(); got.Error != "" || got.Wanted || hash() == before {
		t.Errorf("%+v", got)
	}
	before = hash()
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFeed(t.Context(), "kev", false, time.Hour) }))
	now = now.Add(48 * time.Hour)
	put(catalogue("CVE-2026-0003"))
	must(t, second.Update(t.Context()))
	if hash() != before {
		t.Error("a feed that is off was updated")
	}
	if held, err := s.Claim(t.Context(), "feeds", "another process", time.Minute); err != nil || !held {
		t.Fatal(held, err)
	}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFeed(t.Context(), "kev", true, time.Hour) }))
	must(t, second.Update(t.Context()))
	if hash() != before {
		t.Error("updated while another process does")
	}
	must(t, s.Release(t.Context(), "feeds", "another process"))
	must(t, second.Update(t.Context()))
	if hash() == before {
		t.Error("not updated")
	}
}
