package serve_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// layerDigest returns the digest of the blob of a layer.
func layerDigest(t *testing.T, l v1.Layer) string {
	d, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// TestLayersOnce submits 100 images at once to two processes with four jobs each. They share a base, and ten layers in turn. Each layer is
// fetched once.
func TestLayersOnce(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		const images = 100
		r := fleettest.NewRegistry(t)
		base := fleettest.Debian(t, "libc6 2.36-9 glibc")
		layers := map[string]bool{layerDigest(t, base): true}
		var refs []string
		for i := range images {
			middle := fleettest.Layer(t, "middle", fmt.Sprint(i%10))
			own := fleettest.Layer(t, "own", fmt.Sprint(i))
			layers[layerDigest(t, middle)], layers[layerDigest(t, own)] = true, true
			ref, _ := r.Push(t, fmt.Sprintf("team/app%d:1", i), fleettest.Image(t, base, middle, own))
			refs = append(refs, ref)
		}
		data := t.TempDir()
		s := fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.API})
		c := s.Client(t, "team")
		var ids []string
		for _, ref := range refs {
			ids = append(ids, c.Submit(ref).ID)
		}
		for range 2 { // after the submissions, so that all wait at once
			fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.Worker, Workers: 4})
		}
		for _, id := range ids {
			if m := c.Wait(id); m.State != "analyzed" || m.Attempts != 1 {
				t.Errorf("%+v", m)
			}
		}
		for digest, n := range r.Fetched() {
			if layers[digest] && n != 1 {
				t.Errorf("layer %s was fetched %d times", digest, n)
			}
			delete(layers, digest)
		}
		if len(layers) > 0 {
			t.Errorf("%d layers were not fetched", len(layers))
		}
	})
}

// child is the variable of the environment that makes this program a worker, for tests that kill it.
const child = "FLEET_TEST_WORKER"

// worker runs a worker until it is killed.
func worker(options string) error {
	f := strings.Split(options, "\n")
	s, err := serve.Open(context.Background(), serve.Options{Data: f[0], Database: f[1], Role: serve.Worker, Workers: 1, Allow: fleettest.Loopback, Lease: 2 * time.Second, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return s.Run(context.Background(), nil)
}

// TestKilledWorker kills a worker while it reads a layer. The other one, which waits for the layer, continues after the claim has ended, and then analyzes the image of
// the killed worker.
func TestKilledWorker(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		t.Parallel() // it waits for claims to end
		r := fleettest.NewRegistry(t)
		shared := fleettest.Debian(t, "libc6 2.36-9 glibc")
		digest := layerDigest(t, shared)
		refA, _ := r.Push(t, "team/a:1", fleettest.Image(t, shared))
		refB, _ := r.Push(t, "team/b:1", fleettest.Image(t, shared, fleettest.Layer(t, "b", "b")))
		reading, stay := make(chan struct{}), make(chan struct{})
		var once sync.Once
		r.Before = func(d string) {
			if d != digest {
				return
			}
			first := false
			once.Do(func() { first = true })
			if first { // the first reader gets nothing until it is killed
				close(reading)
				<-stay
			}
		}
		defer close(stay)
		data := t.TempDir()
		if _, err := seal.Load(filepath.Join(data, "key"), true); err != nil {
			t.Fatal(err)
		}
		s := fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.API})
		c := s.Client(t, "team")
		first := c.Submit(refA).ID
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), child+"="+data+"\n"+address)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("the worker does not start: %s", lines.Text())
		}
		<-reading
		id := c.Submit(refB).ID
		fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.Worker, Lease: 2 * time.Second})
		fleettest.Eventually(t, "the other worker waits for the layer", func() bool {
			var m fleettest.Submission
			c.Get("/v1/submissions/"+id, &m)
			return m.State == "analyzing"
		})
		if n := r.Fetched()[digest]; n != 1 {
			t.Errorf("the layer was fetched %d times while one worker held it", n)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		start := time.Now()
		if m := c.Wait(id); m.State != "analyzed" {
			t.Errorf("%+v", m)
		}
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("the other worker continued after %v", d)
		}
		if m := c.Wait(first); m.State != "analyzed" || m.Attempts != 2 || time.Since(start) > 30*time.Second {
			t.Errorf("%+v after %v", m, time.Since(start))
		}
	})
}

// TestFairness: a thousand submissions of one tenant delay those of another by one each.
func TestFairness(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		r := fleettest.NewRegistry(t)
		ref, _ := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		data := t.TempDir()
		api := fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.API})
		single := api.Client(t, "single")
		for i := range 1000 {
			m := &store.Submission{Tenant: "crowd", Kind: store.Reference, Reference: ref, Priority: 5}
			if i == 999 {
				m.Priority = 0 // this one first
			}
			if err := api.Submit(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		var ids []string
		for range 5 {
			ids = append(ids, single.Submit(ref).ID)
		}
		fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.Worker, Workers: 1})
		var last time.Time
		for _, id := range ids {
			single.Wait(id)
			m, err := api.Store.Submission(t.Context(), "single", id)
			if err != nil {
				t.Fatal(err)
			}
			last = m.Started
		}
		before := 0
		list, err := api.Store.Submissions(t.Context(), "crowd", "", "", 2000)
		if err != nil || len(list) != 1000 {
			t.Fatalf("%d submissions, %v", len(list), err)
		}
		for _, m := range list {
			if !m.Started.IsZero() && m.Started.Before(last) {
				before++
			}
		}
		if before > 6 {
			t.Errorf("%d submissions of the crowd were served before the fifth of the single one", before)
		}
		for _, m := range list {
			if m.Priority == 0 && (m.Started.IsZero() || m.Started.After(last)) {
				t.Errorf("the submission with priority 0 was started at %v", m.Started)
			}
		}
	})
}

// TestReasons lists submissions that fail, with their reasons and attempts.
func TestReasons(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Registries: []string{"**"}})
	r := fleettest.NewRegistry(t)
	ref, _ := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Layer(t, "a", "a")))
	c := s.Client(t, "team")
	for _, test := range []struct {
		reference, reason string
		attempts          int
	}{
		{r.Host + "/team/none:1", "not-found", 1},
		{"127.0.0.1:1/team/app:1", "error", 5}, // nothing listens there
		{"169.254.169.254/latest/meta-data:1", "not-allowed", 1},
		{"10.0.0.1/team/app:1", "not-allowed", 1},
		{"[fd00::1]:5000/team/app:1", "not-allowed", 1},
	} {
		m := c.Wait(c.Submit(test.reference).ID)
		if m.State != "failed" || m.Reason != test.reason || m.Attempts != test.attempts {
			t.Errorf("%s: %+v, want %s after %d attempts", test.reference, m, test.reason, test.attempts)
		}
	}
	// A registry that fails for a while.
	var mu sync.Mutex
	left := 2
	r.Before = func(string) {
		mu.Lock()
		defer mu.Unlock()
		if left--; left >= 0 {
			panic(http.ErrAbortHandler)
		}
	}
	if m := c.Wait(c.Submit(ref).ID); m.State != "analyzed" {
		t.Errorf("%+v", m)
	}
}
