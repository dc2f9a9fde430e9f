package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// follow opens a stream and returns its lines. It ends with the test.
func follow(t *testing.T, c *fleettest.Client, path string, headers ...string) *bufio.Scanner {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), "GET", c.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+c.Secret)
	q.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s: status %d, %s", path, a.StatusCode, a.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(a.Body)
}

// ids reads the next n IDs of a stream.
func ids(t *testing.T, lines *bufio.Scanner, n int) (list []string) {
	t.Helper()
	for len(list) < n && lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			list = append(list, id)
		}
	}
	if len(list) < n {
		t.Fatalf("the stream ended after %d events of %d: %v", len(list), n, lines.Err())
	}
	return list
}

// tell writes an event about an image of a tenant.
func tell(t *testing.T, s *fleettest.Service, tenant, id string, kind watch.Kind) {
	t.Helper()
	j := &journal.Journal{Store: s.Store.Catalog, Tenant: tenant}
	n, err := j.Notice(webhook.Message{ID: id, Kind: kind, Images: []webhook.Image{{Tenant: tenant, Digest: "sha256:" + strings.Repeat("0", 64)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.Catalog.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{n}}); err != nil {
		t.Fatal(err)
	}
}

// TestStreamsCost counts the transactions of PostgreSQL while streams are open: 500 cost about as much as one, with and without new events.
func TestStreamsCost(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Database: fleettest.Postgres(t), Look: time.Hour})
	c := s.Client(t, "team")
	n := 0
	rate := func() float64 {
		count := func() (n float64) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := s.Store.DB.QueryRowContext(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		time.Sleep(2 * time.Second) // the counts are late
		before, start := count(), time.Now()
		for range 8 {
			tell(t, s, "team", fmt.Sprint("event ", n), webhook.ImageAnalyzed)
			n++
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		return (count() - before) / time.Since(start).Seconds()
	}
	streams := []*bufio.Scanner{follow(t, c, "/v1/events")}
	one := rate()
	for len(streams) < 500 {
		streams = append(streams, follow(t, c, "/v1/events"))
	}
	many := rate()
	t.Logf("transactions a second: %.1f with one stream, %.1f with %d", one, many, len(streams))
	if many > one+20 {
		t.Errorf("%d streams need %.1f transactions a second, and one %.1f", len(streams), many, one)
	}
	for i, lines := range streams {
		if got := ids(t, lines, n); got[n-1] == got[0] {
			t.Fatalf("stream %d: %v", i, got)
		}
	}
}

// TestStreams: a stream loses nothing and repeats nothing, whether its cursor is old or new, and has the kinds that it asks for. So does a request that
// waits.
func TestStreams(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Look: time.Hour})
		c := s.Client(t, "team")
		const before, during = 120, 80
		for n := range before {
			tell(t, s, "team", fmt.Sprint("before ", n), webhook.ImageAnalyzed)
		}
		var all struct{ Items []struct{ Number string } }
		c.Get("/v1/events?limit=1000", &all)
		streams := map[string]*bufio.Scanner{
			"":                                   follow(t, c, "/v1/events"),
			"the cursor":                         follow(t, c, "/v1/events?cursor="+all.Items[99].Number),
			"the last ID":                        follow(t, c, "/v1/events?cursor=0", "Last-Event-ID", all.Items[119].Number),
			"the kind":                           follow(t, c, "/v1/events?kind=tag-moved"),
			"the cursor of a client of the tail": nil,
		}
		other := follow(t, s.Client(t, "other"), "/v1/events")
		for n := range during {
			tell(t, s, "team", fmt.Sprint("during ", n), webhook.ImageAnalyzed)
			if n == 40 {
				tell(t, s, "team", "moved", webhook.TagMoved)
			}
			if n == 60 {
				c.Get("/v1/events?limit=1000", &all)
				streams["the cursor of a client of the tail"] = follow(t, c, "/v1/events?cursor="+all.Items[150].Number)
			}
		}
		tell(t, s, "other", "theirs", webhook.ImageAnalyzed)
		c.Get("/v1/events?limit=1000", &all)
		if len(all.Items) != before+during+1 {
			t.Fatalf("%d events", len(all.Items))
		}
		for name, from := range map[string]int{"": 0, "the cursor": 100, "the last ID": 120, "the cursor of a client of the tail": 151} {
			got := ids(t, streams[name], len(all.Items)-from)
			for i, id := range got {
				if id != all.Items[from+i].Number {
					t.Fatalf("%s: event %d is %s, want %s", name, i, id, all.Items[from+i].Number)
				}
			}
		}
		if got := ids(t, streams["the kind"], 1)[0]; got != all.Items[before+41].Number {
			t.Errorf("the kind: %s, want %s", got, all.Items[before+41].Number)
		}
		if got := ids(t, other, 1)[0]; got <= all.Items[len(all.Items)-1].Number && len(got) == len(all.Items[0].Number) {
			t.Errorf("another tenant gets %s", got)
		}
		last := all.Items[len(all.Items)-1].Number
		go func() {
			time.Sleep(time.Second)
			tell(t, s, "team", "late 1", webhook.ImageAnalyzed)
			tell(t, s, "team", "late 2", webhook.TagMoved)
		}()
		c.Get("/v1/events?wait=30&kind=tag-moved&cursor="+last, &all)
		if len(all.Items) != 1 || all.Items[0].Number <= last {
			t.Errorf("the request that waits has %+v", all.Items)
		}
	})
}

// TestLasting: requests that last have a limit of their own, and do not keep others from being answered.
func TestLasting(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Lasting: 3, Look: time.Hour})
	c := s.Client(t, "team")
	for range 3 {
		follow(t, c, "/v1/events")
	}
	for _, path := range []string{"/v1/events?wait=60", "/v1/submissions/x?wait=60"} {
		if a := c.Do("GET", path, nil).Want(http.StatusServiceUnavailable); a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	c.Get("/v1/events", nil)
	c.Get("/v1/images", nil)
}

// TestAlertStream: alerts arrive as they come, those that the parameters select.
func TestAlertStream(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Neighbours: serve.Neighbours{Falco: true}})
		c := s.Client(t, "team")
		send := func(c *fleettest.Client, n int) {
			c.Do("POST", "/v1/falco/alerts", []byte(fmt.Sprintf(`{"rule": "rule %d", "priority": "Notice", "time": "2026-11-01T00:00:00Z", "output": "<&>", "output_fields": {"container.id": "host"}}`, n%2))).Want(http.StatusOK)
		}
		for n := range 3 {
			send(c, n)
		}
		all, late := follow(t, c, "/v1/falco/events"), follow(t, c, "/v1/falco/events?cursor=0000000000000002&order=newest")
		odd := follow(t, c, "/v1/falco/events?rule=rule+1")
		send(s.Client(t, "other"), 1)
		for n := 3; n < 6; n++ {
			send(c, n)
		}
		if got := strings.Join(ids(t, all, 6), " "); got != "0000000000000001 0000000000000002 0000000000000003 0000000000000004 0000000000000005 0000000000000006" {
			t.Errorf("all: %s", got)
		}
		if got := strings.Join(ids(t, late, 4), " "); got != "0000000000000003 0000000000000004 0000000000000005 0000000000000006" {
			t.Errorf("after the cursor: %s", got)
		}
		if got := strings.Join(ids(t, odd, 3), " "); got != "0000000000000002 0000000000000004 0000000000000006" {
			t.Errorf("of a rule: %s", got)
		}
		if odd.Scan(); odd.Text() != "event: alert" {
			t.Errorf("%s", odd.Text())
		}
		if odd.Scan(); !strings.HasPrefix(odd.Text(), `data: {"id":"0000000000000006"`) || !strings.Contains(odd.Text(), `"<&>"`) {
			t.Errorf("%s", odd.Text())
		}
		c.Do("GET", "/v1/falco/events?container=zz", nil, "Accept", "text/event-stream").Want(http.StatusBadRequest)
	})
}

// TestWaitingCost: 300 requests that wait for submissions need about as many transactions as one.
func TestWaitingCost(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Database: fleettest.Postgres(t), Role: serve.API})
	c := s.Client(t, "team")
	var wg sync.WaitGroup
	for n := range 300 {
		m := c.Submit(fmt.Sprint("registry.example/app:", n))
		wg.Go(func() { c.Do("GET", "/v1/submissions/"+m.ID+"?wait=10", nil).Want(http.StatusOK) })
	}
	time.Sleep(2 * time.Second)
	count := func() (n float64) {
		if err := s.Store.DB.QueryRowContext(t.Context(), "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before, start := count(), time.Now()
	time.Sleep(4 * time.Second)
	if rate := (count() - before) / time.Since(start).Seconds(); rate > 60 {
		t.Errorf("%.1f transactions a second", rate)
	} else {
		t.Logf("%.1f transactions a second", rate)
	}
	wg.Wait()
}
