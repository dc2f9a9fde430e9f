package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// digests returns the images of an answer to affected.
func digests(c *fleettest.Client, query string) (list []string) {
	for next := ""; ; {
		var v struct {
			Items []struct{ Digest string }
			Next  string
		}
		c.Get("/v1/affected?limit=1&"+query+next, &v)
		for _, x := range v.Items {
			list = append(list, x.Digest)
		}
		if v.Next == "" {
			return list
		}
		next = "&cursor=" + v.Next
	}
}

// TestAffected asks which images a vulnerability affects and which have a package. An image that is analyzed again, or deleted, counts once
// or not at all.
func TestAffected(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, advisories()...)
		r := fleettest.NewRegistry(t)
		refA, a := r.Push(t, "team/a:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		refB, b := r.Push(t, "team/b:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-10 glibc"), fleettest.Layer(t, "app/node_modules/left/package.json", `{"name": "left", "version": "1.5.0"}`)))
		refC, c3 := r.Push(t, "team/c:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "tar 1.34")))
		one, two := s.Client(t, "one"), s.Client(t, "two")
		one.Analyze(refA)
		one.Analyze(refB)
		two.Analyze(refC)
		two.Analyze(refA)
		sorted := func(list ...string) []string { slices.Sort(list); return list }
		fleettest.Eventually(t, "the index has all images", func() bool {
			return slices.Equal(digests(one, "purl=pkg:deb/debian/libc6"), sorted(a, b)) && slices.Equal(digests(two, "purl=pkg:deb/debian/libc6"), sorted(a, c3))
		})
		for _, test := range []struct {
			client *fleettest.Client
			query  string
			want   []string
		}{
			{one, "id=CVE-2026-0001", sorted(a)},
			{two, "id=CVE-2026-0001", sorted(a, c3)},
			{one, "id=GHSA-aaaa-bbbb-cccc", sorted(b)},
			{two, "id=GHSA-aaaa-bbbb-cccc", nil},
			{one, "id=CVE-2026-9999", nil},
			{one, "purl=pkg:npm/left", sorted(b)},
			{one, "purl=pkg:npm/left@1.5.0", sorted(b)},
			{one, "purl=pkg:npm/left@1.4.0", nil},
			{one, "purl=pkg:npm/left@vers:npm/%3C2.0.0", sorted(b)},
			{one, "purl=pkg:npm/left@vers:npm/%3E=2.0.0", nil},
			{one, "purl=pkg:deb/debian/glibc", sorted(a, b)}, // by the source package
			{two, "purl=pkg:deb/debian/libc6@2.36-9", sorted(a, c3)},
		} {
			if got := digests(test.client, test.query); !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", test.query, got, test.want)
			}
		}
		one.Do("POST", "/v1/images/"+a+"/analyze", nil).Want(202)
		one.Do("DELETE", "/v1/images/"+b, nil).Want(204)
		if got := digests(one, "purl=pkg:npm/left"); got != nil {
			t.Errorf("a deleted image: %v", got)
		}
	})
}

// A receiver keeps the messages that it got.
type receiver struct {
	mu     sync.Mutex
	kinds  []string
	secret string
	bad    int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if webhook.Verify(q.Header, body, time.Now(), r.secret) != nil {
		r.bad++
	}
	var m struct {
		Data struct{ Events []struct{ Kind string } }
	}
	json.Unmarshal(body, &m)
	for _, e := range m.Data.Events {
		r.kinds = append(r.kinds, e.Kind)
	}
}

func (r *receiver) has(kind string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.kinds, kind)
}

// TestStory follows an image through a policy, a mark, new advisories and a tenant's own one: verdicts change, and events tell.
func TestStory(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0003", "zlib", "", matcher.Low))
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", sample(t))
		c, other := s.Client(t, "team"), s.Client(t, "other")
		to := &receiver{}
		server := httptest.NewServer(to)
		defer server.Close()
		var sub struct {
			Subscription struct{ ID string }
			Secret       string
		}
		c.Do("POST", "/v1/subscriptions", map[string]any{"url": server.URL}).Want(201).Into(&sub)
		to.secret = sub.Secret
		c.Do("POST", "/v1/subscriptions/"+sub.Subscription.ID+"/test", nil).Want(204)

		c.Analyze(ref)
		other.Analyze(ref)
		c.Do("GET", "/v1/images/"+digest+"/verdict", nil).Want(409)
		c.Do("PUT", "/v1/policies/severe", map[string]any{"document": policy}).Want(201)
		c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**/team/**", "policy": "severe"}]}`).Want(200)
		c.Do("DELETE", "/v1/policies/severe", nil).Want(409)
		action := func() string {
			var v struct{ Action string }
			c.Get("/v1/images/"+digest+"/verdict", &v)
			return v.Action
		}
		if got := action(); got != "go" {
			t.Errorf("verdict %s, want go", got)
		}
		kinds := func(c *fleettest.Client) (list []string) {
			var v struct {
				Items []struct{ Kind, Vulnerability string }
			}
			c.Get("/v1/events", &v)
			for _, e := range v.Items {
				list = append(list, strings.TrimSpace(e.Kind+" "+e.Vulnerability))
			}
			return list
		}
		fleettest.Eventually(t, "the advisories and the index are known", func() bool {
			before, err := s.Store.Setting(t.Context(), "advisories")
			return err == nil && before != "" && len(digests(c, "purl=pkg:deb/debian/libc6")) == 1
		})

		// New advisories: an event, and another verdict without a request.
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0003", "zlib", "", matcher.Low), fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High))
		fleettest.Eventually(t, "the verdict changes by itself, and there is an event of the vulnerability", func() bool {
			list := kinds(c)
			return slices.Contains(list, "verdict-changed") && slices.Contains(list, "appeared CVE-2026-0001")
		})
		if got := action(); got != "stop" {
			t.Errorf("verdict %s, want stop", got)
		}
		// The verdict may come first: it changes with the advisories, and the event with their comparison.
		fleettest.Eventually(t, "both tenants have the event", func() bool {
			return slices.Contains(kinds(c), "appeared CVE-2026-0001") && slices.Contains(kinds(other), "appeared CVE-2026-0001")
		})
		if got := kinds(other); slices.Contains(got, "verdict-changed") {
			t.Errorf("events of the other tenant: %v", got)
		}

		// A mark for these packages.
		var mark struct{ ID string }
		c.Do("POST", "/v1/marks", `{"vulnerability": "CVE-2026-0001", "packages": ["pkg:deb/debian/libc6", "pkg:deb/debian/libc-bin"], "status": "not-affected",
			"justification": "vulnerable_code_not_in_execute_path", "scope": {"repositories": ["*/team/app"]}}`).Want(201).Into(&mark)
		if got := action(); got != "go" {
			t.Errorf("verdict with a mark: %s, want go", got)
		}
		var v struct{ Items []struct{ Suppressed string } }
		if c.Get("/v1/images/"+digest+"/vulnerabilities?severity=high", &v); len(v.Items) != 2 || v.Items[0].Suppressed == "" {
			t.Errorf("vulnerabilities: %+v", v)
		}
		v.Items = nil
		if other.Get("/v1/images/"+digest+"/vulnerabilities?severity=high", &v); len(v.Items) != 2 || v.Items[0].Suppressed != "" {
			t.Errorf("vulnerabilities of the other tenant: %+v", v)
		}
		c.Do("DELETE", "/v1/marks/"+mark.ID, nil).Want(204)
		if got := action(); got != "stop" {
			t.Errorf("verdict after the mark: %s, want stop", got)
		}
		var history struct{ Items []struct{ Action string } }
		c.Get("/v1/images/"+digest+"/verdicts", &history)
		var actions []string
		for _, x := range history.Items {
			actions = append(actions, x.Action)
		}
		if got := strings.Join(actions, " "); got != "go stop go stop" {
			t.Errorf("history: %s", got)
		}

		// An advisory of the tenant's own.
		c.Do("PUT", "/v1/advisories/OWN-1", `{"id": "OWN-1", "modified": "2026-11-01T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.0"]}]}`).Want(201)
		fleettest.Eventually(t, "the own advisory makes an event", func() bool { return slices.Contains(kinds(c), "appeared OWN-1") })
		if got := kinds(other); slices.Contains(got, "appeared OWN-1") {
			t.Errorf("events of the other tenant: %v", got)
		}
		c.Do("DELETE", "/v1/advisories/OWN-1", nil).Want(204)
		fleettest.Eventually(t, "its withdrawal, too", func() bool { return slices.Contains(kinds(c), "disappeared OWN-1") })

		for _, kind := range []string{"test", "image-analyzed", "appeared", "disappeared", "verdict-changed"} {
			fleettest.Eventually(t, "the receiver gets "+kind, func() bool { return to.has(kind) })
		}
		if to.bad > 0 {
			t.Errorf("%d messages had no valid signature", to.bad)
		}
		stream(t, c)
	})
}

// stream reads server-sent events, and goes on after the last one.
func stream(t *testing.T, c *fleettest.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read := func(last string, n int) (ids []string) {
		q, err := http.NewRequestWithContext(ctx, "GET", c.URL+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+c.Secret)
		q.Header.Set("Accept", "text/event-stream")
		q.Header.Set("Last-Event-ID", last)
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		for lines := bufio.NewScanner(a.Body); len(ids) < n && lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				ids = append(ids, id)
			}
		}
		return ids
	}
	all := read("", 4)
	if rest := read(all[1], 2); !slices.Equal(rest, all[2:]) {
		t.Errorf("after %s: %v, want %v", all[1], rest, all[2:])
	}
}
