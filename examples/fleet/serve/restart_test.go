package serve_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// TestRestart restarts PostgreSQL while images are analyzed and clients send requests. No request has another failure than 503 with Retry-After,
// and afterwards every image is analyzed, by the same processes.
func TestRestart(t *testing.T) {
	address := fleettest.Postgres(t)
	r := fleettest.NewRegistry(t)
	data := t.TempDir()
	s := fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.API, Log: slog.New(slog.DiscardHandler)})
	fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
	fleettest.Start(t, serve.Options{Data: data, Database: address, Role: serve.Worker, Log: slog.New(slog.DiscardHandler)})
	c := s.Client(t, "team")
	base := fleettest.Debian(t, "libc6 2.36-9 glibc")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	counts := make(map[int]int)
	for _, path := range []string{"/v1/images?limit=5", "/v1/events", "/v1/affected?id=CVE-2026-0001", "/v1/submissions?limit=5", "/v1/tokens"} {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				q.Header.Set("Authorization", "Bearer "+c.Secret)
				a, err := http.DefaultClient.Do(q)
				if err != nil {
					t.Errorf("%s: %v", path, err)
					return
				}
				body, _ := io.ReadAll(a.Body)
				a.Body.Close()
				if a.StatusCode != 200 && (a.StatusCode != 503 || a.Header.Get("Retry-After") == "") {
					t.Errorf("%s: %d %s", path, a.StatusCode, body)
				}
				mu.Lock()
				counts[a.StatusCode]++
				mu.Unlock()
			}
		})
	}
	var ids []string
	for i := range 20 {
		ref, _ := r.Push(t, fmt.Sprintf("team/app%d:1", i), fleettest.Image(t, base, fleettest.Layer(t, "own", fmt.Sprint(i))))
		ids = append(ids, c.Submit(ref).ID)
		if i%10 == 9 {
			fleettest.Restart(t, func() {
				mu.Lock()
				before := counts[503]
				mu.Unlock()
				fleettest.Eventually(t, "requests are refused", func() bool {
					mu.Lock()
					defer mu.Unlock()
					return counts[503] > before+10
				})
			})
			fleettest.Eventually(t, "the service answers again", func() bool { return c.Do("GET", "/v1/tokens", nil).Status == 200 })
		}
	}
	for _, id := range ids {
		if m := c.Wait(id); m.State != "analyzed" {
			t.Errorf("%+v", m)
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("answers by status: %v", counts)
}
