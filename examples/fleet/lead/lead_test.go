package lead

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A process is a Leader with an index and a directory of its own. Processes share a store.
type process struct {
	*Leader
	evaluated []string
}

func open(t *testing.T, address string) *store.Store {
	t.Helper()
	if address == "" {
		address = filepath.Join(t.TempDir(), "fleet.db")
	}
	s, err := store.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func newProcess(t *testing.T, s *store.Store) *process {
	t.Helper()
	dir := t.TempDir()
	p := new(process)
	o := objects.SQL{Store: s}
	x := &index.Index{Store: s, Objects: o}
	t.Cleanup(func() { must(t, x.Close()) })
	p.Leader = &Leader{
		Store: s, Objects: o, Index: x, Dir: dir, File: filepath.Join(dir, "advisories.db"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Evaluate: func(_ context.Context, tenant, digest string) error {
			p.evaluated = append(p.evaluated, tenant+" "+digest[len(digest)-1:])
			return nil
		},
	}
	return p
}

func digest(n int) string { return fmt.Sprintf("sha256:%064d", n) }

// analyzed stores an image of a tenant with a package of npm.
func analyzed(t *testing.T, s *store.Store, tenant string, n int, version string) {
	t.Helper()
	found := &analyzer.Report{Image: analyzer.ImageInfo{ID: fmt.Sprint("sha256:config", n)}, Layers: []analyzer.Layer{{DiffID: "sha256:base"}},
		Components: []analyzer.Component{{ID: "1", Path: "app", Analyzer: "npm", Package: analyzer.Package{Type: "npm", Name: "left", Version: version}}}}
	must(t, catalog.Put(t.Context(), s.Catalog, catalog.Image{Digest: digest(n), Added: time.Now()}, found))
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.Begin(t.Context(), &store.Image{Tenant: tenant, Digest: digest(n), Kind: store.Reference, Submitted: time.Now()}), tx.Unindexed(t.Context(), digest(n)),
			tx.End(t.Context(), tenant, digest(n), store.Analyzed, "", ""))
	}))
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Point(t.Context(), tenant, fmt.Sprintf("registry.example/%s:%d", tenant, n), digest(n))
		return err
	}))
}

// advisories writes a file of advisories: "CVE-2026-0001 1.5.0" is fixed in left 1.5.0.
func advisories(t *testing.T, file string, list ...string) {
	t.Helper()
	var b db.Builder
	for _, text := range list {
		id, fixed, _ := strings.Cut(text, " ")
		must(t, b.Add(matcher.Advisory{ID: id, Key: matcher.Key{Type: "npm", Name: "left"}, Feed: "test", Ranges: []matcher.Range{{Fixed: fixed}}}))
	}
	var buf bytes.Buffer
	_, err := b.WriteTo(&buf)
	must(t, err)
	must(t, os.WriteFile(file+".new", buf.Bytes(), 0o600))
	must(t, os.Rename(file+".new", file))
}

// events returns all events with their images.
func (p *process) events(t *testing.T) (list []string) {
	t.Helper()
	all, release, err := p.Index.Generations(t.Context())
	must(t, err)
	defer release()
	notices, err := p.Store.Catalog.Events(t.Context(), 0, 1000)
	must(t, err)
	for i := range notices {
		m, err := journal.Message(&notices[i])
		must(t, err)
		text := string(m.Kind) + " " + m.Vulnerability
		for image, err := range p.journal("").Images(t.Context(), &notices[i], all) {
			must(t, err)
			text += fmt.Sprintf(" %s:%s", image.Repository, image.Tag)
		}
		list = append(list, strings.TrimSpace(text+" "+m.Text))
	}
	return list
}

func (p *process) want(t *testing.T, want ...string) {
	t.Helper()
	if got := p.events(t); !slices.Equal(got, want) {
		t.Errorf("events\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestCompare: a new file is compared with the one before, and its effects on the images of all tenants are events. The first file is not
// compared. Another process continues where the first one stopped.
func TestCompare(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := open(t, address)
		p := newProcess(t, s)
		analyzed(t, s, "a", 1, "1.0.0")
		analyzed(t, s, "b", 1, "1.0.0")
		analyzed(t, s, "b", 2, "2.0.0")
		round := func(p *process) {
			t.Helper()
			must(t, p.Update(t.Context()))
			must(t, p.Compare(t.Context()))
			must(t, p.Verdicts(t.Context()))
		}
		round(p)
		if _, err := s.File(t.Context(), store.Current); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("without a file: %v", err)
		}
		advisories(t, p.File, "CVE-2026-0001 1.5.0")
		round(p)
		p.want(t)
		advisories(t, p.File, "CVE-2026-0001 1.5.0", "CVE-2026-0002 1.2.0")
		round(p)
		round(p)
		p.want(t, "appeared CVE-2026-0002 registry.example/a:1 registry.example/b:1")
		if want := []string{"a 1", "b 1"}; !slices.Equal(p.evaluated, want) {
			t.Errorf("evaluated %v, want %v", p.evaluated, want)
		}

		second := newProcess(t, s)
		advisories(t, second.File, "CVE-2026-0001 2.5.0")
		must(t, second.Update(t.Context())) // and stops
		second = newProcess(t, s)
		round(second)
		second.want(t, "appeared CVE-2026-0002 registry.example/a:1 registry.example/b:1",
			"appeared CVE-2026-0001 registry.example/b:2", "disappeared CVE-2026-0002 registry.example/a:1 registry.example/b:1")
		current, err := s.File(t.Context(), store.Current)
		must(t, err)
		if _, err := second.Objects.Open(t.Context(), current.Object); err != nil {
			t.Error(err)
		}
	})
}

// TestLate: an image that is analyzed while two files are compared gets the events, too, once.
func TestLate(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := open(t, address)
		p := newProcess(t, s)
		analyzed(t, s, "a", 1, "1.0.0")
		advisories(t, p.File, "CVE-2026-0001 1.5.0")
		must(t, p.Update(t.Context()))
		advisories(t, p.File, "CVE-2026-0001 1.5.0", "CVE-2026-0002 2.0.0")
		must(t, p.Update(t.Context()))
		calls := 0
		p.Now = func() time.Time {
			if calls++; calls == 2 { // the first call is at the start, and the second for an event
				analyzed(t, s, "b", 2, "1.9.0")
			}
			return time.Now()
		}
		must(t, p.Compare(t.Context()))
		p.want(t, "appeared CVE-2026-0002 registry.example/a:1", "appeared CVE-2026-0002 registry.example/b:2")
	})
}

// TestDamagedFile: a file that is cut off is an error, and the former one stays.
func TestDamagedFile(t *testing.T) {
	s := open(t, "")
	p := newProcess(t, s)
	advisories(t, p.File, "CVE-2026-0001 1.5.0")
	must(t, p.Update(t.Context()))
	before, err := s.File(t.Context(), store.Current)
	must(t, err)
	content, err := os.ReadFile(p.File)
	must(t, err)
	for _, n := range []int{0, 10, len(content) - 1} {
		must(t, os.WriteFile(p.File, content[:n], 0o600))
		if err := p.Update(t.Context()); err == nil {
			t.Errorf("%d bytes: no error", n)
		}
	}
	after, err := s.File(t.Context(), store.Current)
	must(t, err)
	if *after != *before {
		t.Errorf("%+v, want %+v", after, before)
	}
	if _, err := s.File(t.Context(), store.Next); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("next: %v", err)
	}
}

// TestFeeds: feeds are updated when their time has come or a person wants it, a failure is an event and keeps the data, and another process
// continues from the published file.
func TestFeeds(t *testing.T) {
	s := open(t, "")
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	mirror := t.TempDir()
	f := kev.Feed()
	name := strings.TrimPrefix(f.Datasets[0].URLs[0], "https://")
	modified := now
	put := func(text string) {
		defer func() {
			modified = modified.Add(time.Minute)
			must(t, os.Chtimes(filepath.Join(mirror, name), modified, modified))
		}()
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(mirror, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(mirror, name), []byte(text), 0o600))
	}
	process := func() *process {
		p := newProcess(t, s)
		p.File, p.Feeds, p.Feed = "", []feed.Feed{f}, feed.UpdateOptions{Mirror: mirror, MayShrink: true}
		p.Now = func() time.Time { return now }
		return p
	}
	state := func() store.Feed {
		t.Helper()
		list, err := s.Feeds(t.Context())
		must(t, err)
		return list[0]
	}
	catalogue := func(cve string) string {
		return `{"catalogVersion": "1", "dateReleased": "2026-06-01T00:00:00Z", "count": 1, "vulnerabilities": [{"cveID": "` + cve + `", "dateAdded": "2026-05-01", "dueDate": "2026-06-01"}]}`
	}
	put(catalogue("CVE-2026-0001"))
	p := process()
	must(t, p.Update(t.Context()))
	if got := state(); got.Records != 1 || got.Error != "" || !got.Succeeded.Equal(now) {
		t.Fatalf("%+v", got)
	}
	first, err := s.File(t.Context(), store.Current)
	must(t, err)
	put(catalogue("CVE-2026-0002"))
	must(t, p.Update(t.Context())) // its time has not come
	if _, err := s.File(t.Context(), store.Next); !errors.Is(err, store.ErrNotFound) {
		t.Fatal("updated too early")
	}
	put("{")
	now = now.Add(7 * time.Hour)
	_ = p.Update(t.Context())
	if got := state(); got.Error == "" || got.Succeeded.Equal(now) || !got.Tried.Equal(now) || got.Records != 1 {
		t.Errorf("%+v", got)
	}
	if got := p.events(t); len(got) != 1 || !strings.HasPrefix(got[0], "feed-failed") || !strings.Contains(got[0], "kev") {
		t.Errorf("%q", got)
	}
	put(catalogue("CVE-2026-0002"))
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.WantFeed(t.Context(), "kev") }))
	second := process()
	must(t, second.Update(t.Context()))
	must(t, second.Compare(t.Context()))
	after, err := s.File(t.Context(), store.Current)
	must(t, err)
	if got := state(); got.Error != "" || got.Wanted || after.Hash == first.Hash {
		t.Errorf("%+v, %+v", got, after)
	}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFeed(t.Context(), "kev", false, time.Hour) }))
	now = now.Add(48 * time.Hour)
	put(catalogue("CVE-2026-0003"))
	must(t, second.Update(t.Context()))
	if _, err := s.File(t.Context(), store.Next); !errors.Is(err, store.ErrNotFound) {
		t.Error("a feed that is off was updated")
	}
}

// TestVerdicts: a verdict that fails waits longer each time, and the others are evaluated.
func TestVerdicts(t *testing.T) {
	s := open(t, "")
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	p := newProcess(t, s)
	p.Now = func() time.Time { return now }
	var tried []string
	p.Evaluate = func(_ context.Context, tenant, digest string) error {
		tried = append(tried, digest)
		switch digest {
		case "broken":
			return errors.New("broken")
		case "deleted":
			return fmt.Errorf("x: %w", store.ErrNotFound)
		}
		return nil
	}
	must(t, s.AddStale(t.Context(), []store.Stale{{Tenant: "a", Digest: "broken", Since: now}, {Tenant: "a", Digest: "deleted", Since: now}, {Tenant: "a", Digest: "fine", Since: now}}))
	for _, minutes := range []int{0, 0, 1, 0, 1, 2} { // it is tried at once, after 1 minute, and after 2 more
		now = now.Add(time.Duration(minutes) * time.Minute)
		must(t, p.Verdicts(t.Context()))
	}
	slices.Sort(tried)
	if want := []string{"broken", "broken", "broken", "deleted", "fine"}; !slices.Equal(tried, want) {
		t.Errorf("%v, want %v", tried, want)
	}
}

// TestLeaders: one of two processes leads, and the other one takes over when it stops.
func TestLeaders(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := open(t, address)
		must(t, s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SetWatch(t.Context(), &store.Watch{Tenant: "a", Repository: "registry.example/app", Tags: "*", Every: time.Nanosecond})
		}))
		looks := make(chan int)
		run := func(n int) (stop func()) {
			p := newProcess(t, s)
			p.Pause = time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			p.Look = func(ctx context.Context, _ *store.Watch) error {
				select {
				case looks <- n:
				case <-ctx.Done():
				}
				return nil
			}
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			return sync.OnceFunc(func() {
				cancel()
				must(t, <-done)
			})
		}
		stopFirst := run(1)
		defer stopFirst()
		if got := <-looks; got != 1 {
			t.Errorf("process %d leads", got)
		}
		stopSecond := run(2)
		defer stopSecond()
		for range 10 {
			if got := <-looks; got != 1 {
				t.Errorf("process %d leads, too", got)
			}
		}
		stopFirst()
		for got := range looks {
			if got == 2 {
				break
			}
		}
	})
}

// TestDeliver: subscribers of a tenant get its images only.
func TestDeliver(t *testing.T) {
	s := open(t, "")
	p := newProcess(t, s)
	analyzed(t, s, "a", 1, "1.0.0")
	analyzed(t, s, "b", 1, "1.0.0")
	advisories(t, p.File)
	must(t, p.Update(t.Context()))
	advisories(t, p.File, "CVE-2026-0001 1.5.0")
	must(t, p.Update(t.Context()))
	must(t, p.Compare(t.Context()))
	outbox := s.Catalog.Outbox()
	p.Sender = &webhook.Sender{Outbox: outbox}
	p.Subscriptions = func(context.Context) ([]webhook.Subscription, error) {
		return []webhook.Subscription{{ID: "1", Tenant: "a", URL: "https://hooks.example"}, {ID: "2", Tenant: "c", URL: "https://hooks.example"}}, nil
	}
	must(t, p.deliver(t.Context()))
	list, err := outbox.List(t.Context(), webhook.Pending, "", 10)
	must(t, err)
	if len(list) != 1 || list[0].Subscription != "1" || len(list[0].Messages[0].Images) != 1 || list[0].Messages[0].Images[0].Tenant != "a" {
		t.Errorf("%+v", list)
	}
}
