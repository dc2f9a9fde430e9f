package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/config"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// TestSameDocument: ten clients upload an SBOM at once. It is one image, and each submission ends (guacsec/trustify 1395: ten equal SBOMs).
func TestSameDocument(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Workers: 8})
		fleettest.WriteAdvisories(t, s.File)
		c := s.Client(t, "team")
		document := []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "left", "version": "1.0.0", "purl": "pkg:npm/left@1.0.0"}]}`)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				var m fleettest.Submission
				c.Do("POST", "/v1/sboms?reference=registry.example/app:1", document).Want(http.StatusAccepted).Into(&m)
				if m = c.Wait(m.ID); m.State != "analyzed" {
					t.Errorf("%+v", m)
				}
			})
		}
		wg.Wait()
		var images struct {
			Items []struct{ Digest string }
		}
		if c.Get("/v1/images", &images); len(images.Items) != 1 {
			t.Errorf("images: %+v", images)
		}
		var events struct {
			Items []struct{ Kind string }
		}
		c.Get("/v1/events", &events)
		for _, e := range events.Items {
			if e.Kind == string(webhook.TagMoved) {
				t.Error("the tag moved, to the same image")
			}
		}
	})
}

// TestOrder: a tag moves while its former image is still being analyzed, and the analyses end in the other order. The tag names the new image, and no
// event says that it moved back (DependencyTrack/dependency-track 3324: the first of two uploads right after another wins).
func TestOrder(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File)
		r := fleettest.NewRegistry(t)
		c := s.Client(t, "team")
		slow := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "slow", "1"))
		layers, err := slow.Layers()
		if err != nil {
			t.Fatal(err)
		}
		held, err := layers[1].Digest()
		if err != nil {
			t.Fatal(err)
		}
		wait := make(chan struct{})
		var release sync.Once
		defer release.Do(func() { close(wait) })
		r.Before = func(digest string) {
			if digest == held.String() {
				<-wait
			}
		}
		ref, oldDigest := r.Push(t, "team/app:1", slow)
		first := c.Submit(ref)
		fleettest.Eventually(t, "the first analysis", func() bool { return r.Fetched()[held.String()] > 0 })
		_, newDigest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "fast", "1")))
		if got := c.Analyze(ref); got != newDigest {
			t.Fatalf("the second submission analyzed %s, want %s", got, newDigest)
		}
		release.Do(func() { close(wait) })
		if m := c.Wait(first.ID); m.State != "analyzed" || m.Image != oldDigest || !strings.Contains(m.Message, "later") {
			t.Errorf("the first submission: %+v", m)
		}
		var image struct{ Digest string }
		if c.Get("/v1/images/"+strings.ReplaceAll(ref, "/", "%2F"), &image); image.Digest != newDigest {
			t.Errorf("the tag names %s, want %s", image.Digest, newDigest)
		}
		var events struct {
			Items []struct{ Kind, Text string }
		}
		c.Get("/v1/events", &events)
		for _, e := range events.Items {
			if e.Kind == string(webhook.TagMoved) {
				t.Errorf("an event: %s", e.Text)
			}
		}
	})
}

// TestRecovers: a registry cuts connections until the submission has failed. Another submission of the same image analyzes it (quay/claircore 1748: an
// error while layers are fetched stays for ever).
func TestRecovers(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		var mu sync.Mutex
		broken := true
		r.Before = func(string) {
			mu.Lock()
			defer mu.Unlock()
			if broken {
				panic(http.ErrAbortHandler)
			}
		}
		c := s.Client(t, "team")
		if m := c.Wait(c.Submit(ref).ID); m.State != "failed" || m.Attempts < 2 {
			t.Errorf("with a broken registry: %+v", m)
		}
		mu.Lock()
		broken = false
		mu.Unlock()
		if got := c.Analyze(ref); got != digest {
			t.Errorf("analyzed is %s, want %s", got, digest)
		}
		var image struct{ State, Reason string }
		if c.Get("/v1/images/"+digest, &image); image.State != "analyzed" || image.Reason != "" {
			t.Errorf("%+v", image)
		}
	})
}

// TestWindows: an image of an operating system without packages that anything reads ends, and so does the next submission of the only worker
// (anchore/anchore-engine 915: images that are not supported stay in the state analyzing).
func TestWindows(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Workers: 1})
	fleettest.WriteAdvisories(t, s.File)
	r := fleettest.NewRegistry(t)
	c := s.Client(t, "team")
	ref, _ := r.Push(t, "team/windows:1", fleettest.For(t, fleettest.Image(t, fleettest.Layer(t, "Files/Windows/System32/cmd.exe", "MZ", "Hives/System_Delta", "x")), "windows/amd64"))
	if m := c.Wait(c.Submit(ref).ID); m.State != "analyzed" && m.Reason == "" {
		t.Errorf("%+v", m)
	}
	other, _ := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
	c.Analyze(other)
}

// TestKeepRange: ages that no clock can subtract are refused, and the longest one that is not deletes nothing (goharbor/harbor 17198: the purge fails as a
// timestamp is out of range). TestRetention of package store has the latter.
func TestKeepRange(t *testing.T) {
	for text, ok := range map[string]bool{"36500d": true, "36501d": false, "9999999d": false, "9999999999999999999d": false, "99999999h": false, "-1d": false, "400d": true} {
		for _, key := range []string{"keep-audit", "keep-submissions", "keep-events"} {
			_, err := config.Read(strings.NewReader(key+": "+text+"\n"), func(string) (string, bool) { return "", false }, nil)
			if (err == nil) != ok {
				t.Errorf("%s: %s: %v", key, text, err)
			}
		}
	}
}

// TestSameTime: rows that were added at once are each on one page, and a page goes on although the row before it was deleted (activepieces/activepieces 9357:
// rows of the same second are skipped; get-convex/convex-test 45: a deleted row breaks the next page).
func TestSameTime(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Role: serve.API})
		c := s.Client(t, "team")
		var want []string
		list := make([]*store.Submission, 45)
		for i := range list {
			list[i] = &store.Submission{Tenant: "team", Kind: store.Reference, Reference: fmt.Sprint("registry.example/app:", i)}
		}
		if err := s.Service.Submit(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			want = append(want, m.ID)
		}
		type page struct {
			Items []struct{ ID, Name string }
			Next  string
		}
		read := func(path string, between func(last string)) (got []string) {
			for cursor := ""; ; {
				var p page
				c.Get(path+"?limit=7"+cursor, &p)
				for _, m := range p.Items {
					got = append(got, m.ID)
				}
				if p.Next == "" {
					return got
				}
				between(p.Items[len(p.Items)-1].ID)
				cursor = "&cursor=" + p.Next
			}
		}
		got := read("/v1/submissions", func(string) {})
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d of %d submissions", len(got), len(want))
		}
		for range 20 {
			c.Do("POST", "/v1/tokens", `{"name": "x", "scopes": ["read"]}`).Want(http.StatusCreated)
		}
		if got := read("/v1/tokens", func(last string) { c.Do("DELETE", "/v1/tokens/"+last, nil).Want(http.StatusNoContent) }); len(got) != 21 {
			t.Errorf("%d of 21 tokens", len(got))
		}
	})
}

// TestDeletedReceiver: the deliveries of a subscription that is deleted while its receiver fails end soon (goharbor/harbor 23793: jobs without their
// row are repeated for ever).
func TestDeletedReceiver(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		c := s.Client(t, "team")
		var sub struct{ Subscription struct{ ID string } }
		c.Do("POST", "/v1/subscriptions", `{"url": "http://127.0.0.1:1/hook"}`).Want(http.StatusCreated).Into(&sub)
		tell(t, s, "team", "an event", webhook.ImageAnalyzed)
		open := func() (n int) {
			t.Helper()
			list, err := s.Store.Catalog.Outbox().List(t.Context(), webhook.Pending, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				if d.Subscription == sub.Subscription.ID {
					n++
				}
			}
			return n
		}
		fleettest.Eventually(t, "a delivery", func() bool { return open() == 1 })
		c.Do("DELETE", "/v1/subscriptions/"+sub.Subscription.ID, nil).Want(http.StatusNoContent)
		if _, err := s.Store.DB.ExecContext(t.Context(), "UPDATE hullmark_deliveries SET next = 0"); err != nil {
			t.Fatal(err)
		}
		fleettest.Eventually(t, "the end of the delivery", func() bool { return open() == 0 })
	})
}

// TestPoison: a submission that kills each worker that takes it fails after some attempts, and does not keep others from being analyzed
// (anchore/anchore-engine 785: the cycle repeats for ever; bee-queue/bee-queue 53).
func TestPoison(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		data := t.TempDir()
		s := fleettest.Start(t, serve.Options{Database: address, Data: data, Role: serve.API})
		ctx, c := t.Context(), s.Client(t, "team")
		m := c.Submit("registry.example/app:1")
		for attempt := range 5 { // each by a worker that takes it and dies
			taken, err := s.Store.Start(ctx, int64(1_000_000+attempt), fmt.Sprint("dead ", attempt))
			if err != nil || taken.ID != m.ID {
				t.Fatalf("attempt %d: %+v, %v", attempt, taken, err)
			}
			if attempt == 4 {
				break
			}
			if err := s.Store.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Again(ctx, taken)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		fleettest.Start(t, serve.Options{Database: address, Data: data, Role: serve.Worker})
		if got := c.Wait(m.ID); got.State != "failed" || got.Reason != "worker-lost" {
			t.Errorf("%+v", got)
		}
	})
}

// TestOverload: while all places are taken, further requests get 503 with Retry-After within the time that they wait for one, and none hangs. Afterwards
// requests are answered again.
func TestOverload(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Role: serve.API, Concurrent: 2})
		c := s.Client(t, "team")
		c.Get("/v1/images", nil)
		locked, unlock, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() { // keeps the two requests waiting
			done <- s.Store.Write(t.Context(), func(tx *store.Tx) error {
				err := tx.Audit(t.Context(), "team", "test", "test", "test")
				if tx.PGX != nil {
					_, err = tx.PGX.Exec(t.Context(), "LOCK TABLE fleet_submissions")
				}
				close(locked)
				<-unlock
				return err
			})
		}()
		<-locked
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				c.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:1"}`).Want(http.StatusAccepted)
			})
		}
		time.Sleep(500 * time.Millisecond)
		for range 50 {
			wg.Go(func() {
				start := time.Now()
				a := c.Do("GET", "/v1/images", nil)
				if d := time.Since(start); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || d > 5*time.Second {
					t.Errorf("status %d, Retry-After %q after %v", a.Status, a.Header.Get("Retry-After"), d)
				}
			})
		}
		time.Sleep(4 * time.Second)
		close(unlock)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		c.Get("/v1/images", nil)
	})
}
