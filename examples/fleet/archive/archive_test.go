package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

const policy = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}
default: {policies: [severe]}
`

type list struct {
	Items           []struct{ Digest, State string }
	Total, Archived int
}

func (l *list) digests() string {
	var all []string
	for _, i := range l.Items {
		all = append(all, i.Digest)
	}
	return strings.Join(all, " ")
}

// TestArchive: an archived image is out of lists and answers of its tenant only, keeps its history, and comes back as it was, without another
// request to the registry. Then gc deletes the archives.
func TestArchive(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		data := t.TempDir()
		s := fleettest.Start(t, serve.Options{Data: data, Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
		r := fleettest.NewRegistry(t)
		old, oldDigest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "usr/bin/a", "a")))
		recent, newDigest := r.Push(t, "team/app:2", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "usr/bin/a", "b")))
		a, b := s.Client(t, "a"), s.Client(t, "b")
		for _, c := range []*fleettest.Client{a, b} {
			c.Analyze(old)
			c.Analyze(recent)
			c.Do("PUT", "/v1/policies/p", map[string]any{"document": policy}).Want(201)
			c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "p"}]}`).Want(200)
		}
		paths := []string{"/packages", "/vulnerabilities", "/sbom?format=cyclonedx-json", "/report?format=json", "/manifest", "/config", "/history", "/files"}
		answers := func(c *fleettest.Client) (all [][]byte) {
			t.Helper()
			for _, p := range paths {
				all = append(all, c.Get("/v1/images/"+oldDigest+p, nil).Body)
			}
			return all
		}
		same := func(when string, got, want [][]byte) {
			t.Helper()
			for i := range got {
				if !bytes.Equal(got[i], want[i]) {
					t.Errorf("%s, %s is %s\nwant %s", when, paths[i], got[i], want[i])
				}
			}
		}
		before := answers(a)
		a.Get("/v1/images/"+oldDigest+"/verdict", nil)
		affected := func(c *fleettest.Client) string {
			var page list
			c.Get("/v1/affected?id=CVE-2026-0001", &page)
			return page.digests()
		}
		both := []string{oldDigest, newDigest}
		slices.Sort(both)
		fleettest.Eventually(t, "the index has the images", func() bool { return affected(a) == strings.Join(both, " ") && affected(b) == affected(a) })

		run := func(c *fleettest.Client, query string) (l list) {
			t.Helper()
			c.Do("POST", "/v1/archive"+query, `{"rules": [{"newerTags": 1}]}`).Want(200).Into(&l)
			return l
		}
		if l := run(a, "?dry_run=true"); l.digests() != oldDigest || l.Total != 1 || l.Archived != 0 || l.Items[0].State != "analyzed" {
			t.Errorf("dry run: %+v", l)
		}
		same("after a dry run", answers(a), before)
		if l := run(a, ""); l.digests() != oldDigest || l.Archived != 1 || l.Items[0].State != "archived" {
			t.Errorf("archived: %+v", l)
		}
		if l := run(a, ""); l.Total != 0 || l.Archived != 0 {
			t.Errorf("archived again: %+v", l)
		}
		listed := func(c *fleettest.Client, query string) string {
			var l list
			c.Get("/v1/images"+query, &l)
			return l.digests()
		}
		if got, archived := listed(a, ""), listed(a, "?state=archived"); got != newDigest || archived != oldDigest {
			t.Errorf("images %s, archived %s", got, archived)
		}
		for _, p := range paths {
			a.Do("GET", "/v1/images/"+oldDigest+p, nil).Want(http.StatusConflict)
		}
		if got := affected(a); got != newDigest {
			t.Errorf("affected: %s", got)
		}
		var history struct{ Items []struct{ Action string } }
		if a.Get("/v1/images/"+oldDigest+"/verdicts", &history); len(history.Items) == 0 || history.Items[0].Action != "stop" {
			t.Errorf("verdicts: %+v", history)
		}
		same("for the other tenant", answers(b), before)
		if got := affected(b); got != strings.Join(both, " ") {
			t.Errorf("affected, for the other tenant: %s", got)
		}
		run(b, "")
		if _, err := s.Store.Catalog.Image(t.Context(), oldDigest); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("the catalog has an image that all have archived: %v", err)
		}
		fetched := r.Fetched()
		a.Do("POST", "/v1/images/"+oldDigest+"/restore", nil).Want(200)
		a.Do("POST", "/v1/images/"+oldDigest+"/restore", nil).Want(409)
		same("after it is restored", answers(a), before)
		fleettest.Eventually(t, "the index has the image again", func() bool { return affected(a) == strings.Join(both, " ") })
		if got := affected(b); got != newDigest {
			t.Errorf("affected, for the tenant whose image is archived: %s", got)
		}
		if got := r.Fetched(); !maps.Equal(got, fetched) {
			t.Errorf("blobs were fetched again: %v, then %v", fetched, got)
		}
		// A submission brings an archived image back, too.
		b.Analyze(old)
		same("after it is submitted", answers(b), before)

		var kept objects.Store = objects.Dir(filepath.Join(data, "objects"))
		if address != "" {
			kept = objects.SQL{Store: s.Store}
		}
		if _, err := kept.Put(t.Context(), "upload/forgotten", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		collector := &archive.Archiver{Store: s.Store, Objects: kept}
		counts, err := collector.Collect(t.Context(), time.Now(), time.Hour, time.Hour)
		if err != nil || counts.Objects != 0 || counts.Archives != 2 {
			t.Errorf("young objects: %+v, %v", counts, err)
		}
		counts, err = collector.Collect(t.Context(), time.Now().Add(2*time.Hour), 3*time.Hour, time.Hour)
		if err != nil || counts.Objects < 2 {
			t.Errorf("%+v, %v", counts, err)
		}
		all, err := kept.List(t.Context())
		if err != nil || slices.ContainsFunc(all, func(o store.ObjectInfo) bool {
			return strings.HasPrefix(o.Name, "archive/") || strings.HasPrefix(o.Name, "upload/")
		}) {
			t.Errorf("%v, %v", all, err)
		}
		same("after gc", answers(a), before)
		if got := affected(a); got != strings.Join(both, " ") {
			t.Errorf("affected, after gc: %s", got)
		}
	})
}

// TestInterrupted: a process that died after it changed the state of an image is continued, whether another tenant uses the content or not.
func TestInterrupted(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		a, b := s.Client(t, "a"), s.Client(t, "b")
		a.Analyze(ref)
		m, err := s.Store.Image(t.Context(), "a", digest)
		if err != nil {
			t.Fatal(err)
		}
		kept := objects.SQL{Store: s.Store}
		archiver := &archive.Archiver{Store: s.Store, Objects: kept}
		if err := archiver.Archive(t.Context(), m, "test"); err != nil {
			t.Fatal(err)
		}
		// As if the process had died after it deleted the content, while another tenant found it.
		row := &store.ArchivedImage{Tenant: "a", Digest: digest}
		if row, err = s.Store.ArchiveOf(t.Context(), "a", digest); err != nil {
			t.Fatal(err)
		}
		b.Analyze(ref)
		err = s.Store.Catalog.Write(t.Context(), &catalog.Batch{Deleted: []string{digest}})
		if err == nil {
			_, err = s.Store.DB.ExecContext(t.Context(), "UPDATE fleet_archive SET settled = 0")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := archiver.Continue(t.Context()); err != nil {
			t.Fatal(err)
		}
		var page struct{ Items []any }
		if b.Get("/v1/images/"+digest+"/packages", &page); len(page.Items) != 1 {
			t.Errorf("%+v", page)
		}
		if list, err := s.Store.Unsettled(t.Context()); err != nil || len(list) > 0 {
			t.Errorf("%v, %v", list, err)
		}
		// An archive that changed in the meantime is not a success.
		if err := archiver.Archive(t.Context(), m, "test"); !errors.Is(err, store.ErrConflict) {
			t.Errorf("an image that has changed: %v", err)
		}
		// A damaged archive restores nothing.
		if _, err := kept.Put(t.Context(), row.Object, strings.NewReader("damaged")); err != nil {
			t.Fatal(err)
		}
		if m, err = s.Store.Image(t.Context(), "b", digest); err == nil {
			err = archiver.Archive(t.Context(), m, "test")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := archiver.Restore(t.Context(), "a", digest, "test"); err == nil {
			t.Error("a damaged archive is restored")
		}
		if m, err := s.Store.Image(t.Context(), "a", digest); err != nil || m.State != store.Archived {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// TestCollectBeside deletes waste of any age all the time while a service analyzes images. Nothing that is being written is missing afterwards.
func TestCollectBeside(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		data := t.TempDir()
		s := fleettest.Start(t, serve.Options{Data: data, Database: address, Look: 20 * time.Millisecond})
		fleettest.WriteAdvisories(t, s.File)
		c := s.Client(t, "team")
		var kept objects.Store = objects.Dir(filepath.Join(data, "objects"))
		if address != "" {
			kept = objects.SQL{Store: s.Store}
		}
		collector := &archive.Archiver{Store: s.Store, Objects: kept}
		stop, done := make(chan struct{}), make(chan int)
		go func() {
			n := 0
			for {
				if _, err := collector.Collect(t.Context(), time.Now().Add(time.Minute), time.Hour, 0); err != nil { // the clock is ahead
					t.Errorf("collect: %v", err)
				}
				n++
				select {
				case <-stop:
					done <- n
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}()
		const images = 30
		for i := range images {
			var m fleettest.Submission
			document := fmt.Sprintf(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "left", "version": "1.%d.0", "purl": "pkg:npm/left@1.%d.0"}]}`, i, i)
			c.Do("POST", "/v1/sboms", []byte(document)).Want(http.StatusAccepted).Into(&m)
			if m = c.Wait(m.ID); m.State != "analyzed" {
				t.Fatalf("%+v", m)
			}
		}
		fleettest.Eventually(t, "the index has all", func() bool {
			var l list
			c.Get("/v1/affected?purl=pkg:npm/left", &l)
			return len(l.Items) == images
		})
		close(stop)
		t.Logf("collected %d times", <-done)
	})
}
