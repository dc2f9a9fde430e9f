package serve_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/matcher"
)

// one returns the only span with a name that a condition holds for, or any if it is nil.
func one(t *testing.T, c *fleettest.Collector, name string, when func(*fleettest.Span) bool) fleettest.Span {
	t.Helper()
	list := slices.DeleteFunc(c.Spans(name), func(s fleettest.Span) bool { return when != nil && !when(&s) })
	if len(list) != 1 {
		t.Fatalf("%d spans %q, want 1: %+v", len(list), name, list)
	}
	return list[0]
}

// A logged is a log that many goroutines write.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestTelemetry: a client submits an image, which is analyzed, advisories change, and an event is delivered. Spans tell all of it, from the span
// of the client to the requests of the worker, without secrets. The log names the traces.
func TestTelemetry(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		const trace, client = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
		collector := fleettest.NewCollector(t)
		delivered := make(chan bool, 100)
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { delivered <- true }))
		defer receiver.Close()
		var log logged
		s := fleettest.Start(t, serve.Options{Database: address, Telemetry: telemetry.Options{Endpoint: collector.URL, Service: "test"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		fleettest.WriteAdvisories(t, s.File)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "secretrepository/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		c := s.Client(t, "team")
		c.Do("POST", "/v1/credentials", map[string]any{"prefix": r.Host, "username": "user", "password": "secretpassword"}).Want(201)
		c.Do("POST", "/v1/subscriptions", map[string]any{"url": receiver.URL + "/secretpath?secret=secretquery", "bearer": "secretbearer"}).Want(201)
		var m fleettest.Submission
		answer := c.Do("POST", "/v1/submissions", map[string]any{"reference": ref}, "traceparent", "00-"+trace+"-"+client+"-01").Want(202)
		answer.Into(&m)
		if m = c.Wait(m.ID); m.State != "analyzed" {
			t.Fatalf("%+v", m)
		}
		missing := c.Wait(c.Submit(r.Host + "/secretrepository/missing:1").ID)
		c.With("secrettoken").Do("GET", "/v1/images/secretimage", nil).Want(401)
		wait := func() {
			t.Helper()
			select {
			case <-delivered:
			case <-time.After(time.Minute):
				t.Fatal("no delivery")
			}
		}
		wait()
		wait() // of both analyses, so the index has the first image
		fleettest.Eventually(t, "the index has the image", func() bool {
			var page struct{ Items []any }
			c.Get("/v1/affected?purl=pkg:deb/debian/libc6", &page)
			seen, err := s.Store.Setting(t.Context(), "advisories") // the comparison needs the former ones
			return len(page.Items) == 1 && err == nil && seen != ""
		})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
		wait() // of the vulnerability that appeared
		s.Stop()

		request := one(t, collector, "POST /v1/submissions", func(s *fleettest.Span) bool { return s.Trace == trace })
		attributes := map[string]string{"http.route": "/v1/submissions", "http.response.status_code": "202", "fleet.tenant": "team", "fleet.operation": "submit", "fleet.request": answer.Header.Get("Fleet-Request")}
		for name, want := range attributes {
			if got := request.Attributes[name]; got != want {
				t.Errorf("the request has %s %q, want %q", name, got, want)
			}
		}
		if request.Parent != client || request.Service != "test" {
			t.Errorf("the request is not in the trace of the client: %+v", request)
		}
		job := one(t, collector, "analysis", func(s *fleettest.Span) bool { return s.Attributes["fleet.submission"] == m.ID })
		if !slices.Equal(job.Links, []string{trace + "-" + request.ID}) || job.Parent != "" || job.Failed != "" || job.Attributes["fleet.image"] != digest || job.Attributes["fleet.tenant"] != "team" {
			t.Errorf("the analysis is not that of the request: %+v", job)
		}
		inJob := func(s *fleettest.Span) bool { return s.Trace == job.Trace && s.Parent == job.ID }
		for _, step := range []string{"fetch", "analyze", "store"} {
			one(t, collector, step, inJob)
		}
		requests := slices.DeleteFunc(collector.Spans("registry request"), func(s fleettest.Span) bool { return !inJob(&s) })
		if len(requests) < 3 { // for the manifest, the configuration and a layer
			t.Errorf("%d requests to the registry", len(requests))
		}
		failed := one(t, collector, "analysis", func(s *fleettest.Span) bool { return s.Attributes["fleet.submission"] == missing.ID })
		if failed.Failed != "not-found" || len(failed.Links) != 1 {
			t.Errorf("the analysis of a missing image: %+v", failed)
		}
		if denied := one(t, collector, "GET /v1/images/{image}", nil); denied.Attributes["http.response.status_code"] != "401" || denied.Attributes["fleet.tenant"] != "" || denied.Failed != "" {
			t.Errorf("a request without a token: %+v", denied)
		}
		if compared := one(t, collector, "comparison of advisories", nil); compared.Attributes["fleet.events"] != "1" || compared.Failed != "" {
			t.Errorf("the comparison: %+v", compared)
		}
		if sent := collector.Spans("webhook delivery"); len(sent) < 3 || sent[0].Attributes["http.response.status_code"] != "200" || sent[0].Attributes["server.address"] != "127.0.0.1" {
			t.Errorf("the deliveries: %+v", sent)
		}
		for _, s := range collector.Spans() {
			if strings.Contains(s.Text, "secret") || strings.Contains(s.Text, c.Secret) {
				t.Errorf("a span has a secret: %s", s.Text)
			}
		}
		if text := log.b.String(); !strings.Contains(text, "msg=analyzed tenant=team submission="+m.ID) || !strings.Contains(text, "trace_id="+job.Trace) {
			t.Errorf("the log does not name the trace:\n%s", text)
		}
	})
}

// TestHangingCollector: the service answers, works and stops though the collector does not answer.
func TestHangingCollector(t *testing.T) {
	collector := fleettest.NewCollector(t)
	end := make(chan struct{})
	defer close(end)
	collector.Answer = func(http.ResponseWriter, *http.Request) { <-end }
	s := fleettest.Start(t, serve.Options{Telemetry: telemetry.Options{Endpoint: collector.URL, Timeout: time.Hour}})
	r := fleettest.NewRegistry(t)
	ref, _ := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
	c := s.Client(t, "team")
	c.Analyze(ref)
	for range 3000 { // more than the tracer holds
		c.Unchecked = true
		c.Do("GET", "/v1/health", nil).Want(200)
	}
	s.Stop()
	if len(collector.Requests()) == 0 {
		t.Error("the collector was not asked")
	}
}
