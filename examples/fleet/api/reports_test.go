package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// The tests of this file have situations that people reported about other services. Each names the report.

// TestExpiredToken: a token that expires or is deleted opens nothing, and ends the streams that it opened (goharbor/harbor 15110: an expired token
// still authenticates).
func TestExpiredToken(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Neighbours: serve.Neighbours{Falco: true}})
	admin := s.Client(t, "team")
	stream := func(c *fleettest.Client, path string) *bufio.Reader {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		t.Cleanup(cancel)
		q, err := http.NewRequestWithContext(ctx, "GET", c.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+c.Secret)
		q.Header.Set("Accept", "text/event-stream")
		a, err := http.DefaultClient.Do(q)
		if err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", a, err)
		}
		t.Cleanup(func() { a.Body.Close() })
		return bufio.NewReader(a.Body)
	}
	short := client(t, s, &store.Token{Tenant: "team", Name: "short", Scopes: store.Scopes(), Expires: time.Now().Add(20 * time.Second)})
	expiring, alerts := stream(short, "/v1/events"), stream(short, "/v1/falco/events")
	var made struct {
		Token  struct{ ID string }
		Secret string
	}
	admin.Do("POST", "/v1/tokens", `{"name": "x", "scopes": ["read"]}`).Want(http.StatusCreated).Into(&made)
	revoked := admin.With(made.Secret)
	revoking := stream(revoked, "/v1/events")
	admin.Do("DELETE", "/v1/tokens/"+made.Token.ID, nil).Want(http.StatusNoContent)
	revoked.Do("GET", "/v1/images", nil).Want(http.StatusUnauthorized)
	for name, body := range map[string]io.Reader{"expired": expiring, "expired, of alerts": alerts, "deleted": revoking} {
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("the stream of a token that is %s does not end: %v", name, err)
		}
	}
	short.Do("GET", "/v1/images", nil).Want(http.StatusUnauthorized)
}

// TestAudited sends each request of the document that changes something. Each leaves an entry with the actor and a subject (goharbor/harbor 21025:
// no entry when a robot account is changed).
func TestAudited(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Neighbours: serve.Neighbours{Falco: true}})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc")))
	c := s.Client(t, "default")
	c.Analyze(ref)
	entries := func() (list []string) {
		for cursor := ""; ; {
			var page struct {
				Items []struct{ Actor, Action, Subject string }
				Next  string
			}
			c.Get("/v1/audit?limit=1000"+cursor, &page)
			for _, e := range page.Items {
				if e.Actor == "" || e.Action == "" || e.Subject == "" && e.Action != "set-mappings" {
					t.Errorf("an entry without actor, action or subject: %+v", e)
				}
				list = append(list, e.Action+" "+e.Subject)
			}
			if page.Next == "" {
				return list
			}
			cursor = "&cursor=" + page.Next
		}
	}
	all := bodies(ref)
	values := map[string]string{"{image}": digest, "{policy}": "p", "{advisory}": "X-1", "{feed}": "debian", "{repository}": "registry.example%2Fteam%2Fapp"}
	// In an order in which each has what it needs; the document says which there are.
	order := []string{"submit", "upload", "importSBOM", "analyzeAgain", "changeImage", "setPolicy", "setMappings", "deletePolicy", "addMark", "withdrawMark", "addSubscription", "testSubscription", "deleteSubscription",
		"setAdvisory", "withdrawAdvisory", "createToken", "deleteToken", "setRegistries", "setFeed", "syncFeed", "setWatch", "deleteWatch", "registryEvents", "setCredential", "archive", "restore", "setMonitoring", "addAlertMark", "deleteAlertMark", "deleteImage"}
	free := []string{"evaluateDraft", "redeliver", "sendAlerts", "setContainer"} // changes nothing; needs a delivery; what a host has seen
	list := routes(t)
	for _, o := range list {
		if o.method != "GET" && !slices.Contains(order, o.id) && !slices.Contains(free, o.id) {
			t.Errorf("%s is not in the test", o.id)
		}
	}
	all["registryEvents"] = `{"events": [{"action": "push", "target": {"repository": "team/app", "tag": "1"}, "request": {"host": "` + r.Host + `"}}]}`
	all["archive"] = `{"rules": [{"keep": 0, "olderThan": 1}]}`
	before := entries()
	for _, id := range order {
		i := slices.IndexFunc(list, func(o route) bool { return o.id == id })
		if i < 0 {
			t.Errorf("the document has no %s", id)
			continue
		}
		o := list[i]
		path := parameter.ReplaceAllStringFunc(o.path, func(p string) string { return values[p] })
		if id == "deleteWatch" {
			path += "?repository=registry.example/team/app"
		}
		var a *fleettest.Answer
		ok := func() bool { // the image may be at work
			a = c.Do(o.method, path, all[id])
			return a.Status < 300 || id == "testSubscription"
		}
		if id == "archive" {
			fleettest.Eventually(t, "the image is archived", func() bool {
				var v struct{ Archived int }
				c.Do(o.method, path, all[id]).Want(http.StatusOK).Into(&v)
				return v.Archived > 0
			})
		} else if id == "setFeed" || id == "syncFeed" {
			if c.Do(o.method, path, all[id]).Status == http.StatusNotFound {
				continue // this service does not update feeds
			}
		} else if !ok() {
			t.Errorf("%s: status %d %.300s", id, a.Status, a.Body)
			continue
		}
		switch id {
		case "addMark":
			var v struct{ ID string }
			a.Into(&v)
			values["{mark}"] = v.ID
		case "addAlertMark":
			var v struct{ ID string }
			a.Into(&v)
			values["{alertMark}"] = v.ID
		case "addSubscription":
			var v struct{ Subscription struct{ ID string } }
			a.Into(&v)
			values["{subscription}"] = v.Subscription.ID
		case "createToken":
			var v struct{ Token struct{ ID string } }
			a.Into(&v)
			values["{token}"] = v.Token.ID
		}
		after := entries()
		if len(after) <= len(before) {
			t.Errorf("%s leaves no entry", id)
		}
		before = after
	}
}

// TestTooLarge: a client that sends more than the limit gets an answer that says so, whole, and not a reset connection (DependencyTrack 3382 and 4430).
func TestTooLarge(t *testing.T) {
	s := fleettest.Start(t, serve.Options{MaxUpload: 1 << 20})
	c := s.Client(t, "team")
	large := make([]byte, 32<<20)
	for _, path := range []string{"/v1/uploads", "/v1/sboms", "/v1/submissions"} {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(large)
			if chunked {
				body = struct{ io.Reader }{body}
			}
			q, err := http.NewRequestWithContext(t.Context(), "POST", c.URL+path, body)
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Authorization", "Bearer "+c.Secret)
			a, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Errorf("%s, chunked %t: %v", path, chunked, err)
				continue
			}
			text, err := io.ReadAll(a.Body)
			a.Body.Close()
			if err != nil || a.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(text), "1048576 bytes") {
				t.Errorf("%s, chunked %t: status %d, %v, %s", path, chunked, a.StatusCode, err, text)
			}
		}
	}
}

// TestSBOMs has documents that other services refuse or hang at: a byte order mark and lines of Windows (DependencyTrack 286 and 367), and a large one
// with circles that comes twice (DependencyTrack 1905).
func TestSBOMs(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		c := s.Client(t, "team")
		var circles strings.Builder
		circles.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[`)
		const components = 10_000
		for i := range components {
			fmt.Fprintf(&circles, `{"type":"library","bom-ref":"c%d","name":"c%d","version":"1","purl":"pkg:npm/c%d@1"},`, i, i, i)
		}
		circles.WriteString(`{"type":"library","bom-ref":"last","name":"last","version":"1","purl":"pkg:npm/last@1"}],"dependencies":[`)
		for i := range components {
			fmt.Fprintf(&circles, `{"ref":"c%d","dependsOn":["c%d","c%d","c%d"]},`, i, (i+1)%components, i, (i+components-1)%components)
		}
		circles.WriteString(`{"ref":"last"}]}`)
		xml := `<?xml version="1.0" encoding="UTF-8"?>` + "\r\n" + `<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"><components><component type="library"><name>left</name><version>1.0.0</version><purl>pkg:npm/left@1.0.0</purl></component></components></bom>`
		for _, test := range []struct {
			name, text string
			packages   int
		}{
			{"a byte order mark in JSON", "\ufeff" + `{"bomFormat":"CycloneDX","specVersion":"1.5",` + "\r\n" + `"components":[{"type":"library","name":"left","version":"1.0.0","purl":"pkg:npm/left@1.0.0"}]}`, 1},
			{"a byte order mark in XML", "\ufeff" + xml, 1},
			{"lines of Windows", strings.ReplaceAll(xml, ">", ">\r\n"), 1},
			{"circles", circles.String(), components + 1},
		} {
			for range 2 {
				var m fleettest.Submission
				c.Do("POST", "/v1/sboms", test.text).Want(http.StatusAccepted).Into(&m)
				if m = c.Wait(m.ID); m.State != "analyzed" || m.Attempts != 1 {
					t.Errorf("%s: %+v", test.name, m)
					continue
				}
				found := 0
				for cursor := ""; ; {
					var page struct {
						Items []any
						Next  string
					}
					c.Get("/v1/images/"+m.Image+"/packages?limit=1000"+cursor, &page)
					if found += len(page.Items); page.Next == "" {
						break
					}
					cursor = "&cursor=" + page.Next
				}
				if found != test.packages {
					t.Errorf("%s: %d packages, want %d", test.name, found, test.packages)
				}
			}
		}
	})
}

// TestExhausted: a submission whose attempts are used up stays failed, costs the registry nothing more, and has its reason in the API and in an
// event (quay/quay 6577 and 7210: failed manifests are indexed for ever; container-registry/harbor-next 941: the reason is in a log only). The image can be submitted
// again, under another tag, too (goharbor/harbor 20760: an artifact that is stuck cannot be scanned again).
func TestExhausted(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Look: 50 * time.Millisecond})
		c := s.Client(t, "team")
		r := fleettest.NewRegistry(t)
		img := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc"))
		ref, digest := r.Push(t, "team/app:1", img)
		other, _ := r.Push(t, "team/app:2", img)
		good, _ := r.Push(t, "team/good:1", fleettest.Image(t, fleettest.Layer(t, "good", "good")))
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		layer, err := layers[0].Digest()
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		broken := true
		r.Before = func(d string) {
			mu.Lock()
			defer mu.Unlock()
			if broken && d == layer.String() {
				panic(http.ErrAbortHandler)
			}
		}
		m := c.Wait(c.Submit(ref).ID)
		if m.State != "failed" || m.Reason != "error" || m.Attempts != 5 {
			t.Fatalf("%+v", m)
		}
		var image struct{ State, Reason, Message string }
		if c.Get("/v1/images/"+digest, &image); image.State != "failed" || image.Reason != "error" || image.Message == "" {
			t.Errorf("%+v", image)
		}
		var events struct {
			Items []struct {
				Kind, Text string
				Images     []struct{ Digest string }
			}
		}
		if c.Get("/v1/events?kind=analysis-failed", &events); len(events.Items) != 1 || events.Items[0].Text != "error" || events.Items[0].Images[0].Digest != digest {
			t.Errorf("%+v", events)
		}
		asked := r.Fetched()[layer.String()]
		c.Analyze(good) // meanwhile, sweeps look for lost submissions
		if n := r.Fetched()[layer.String()]; n != asked {
			t.Errorf("the registry was asked %d times, and then %d times", asked, n)
		}
		mu.Lock()
		broken = false
		mu.Unlock()
		for _, name := range []string{other, ref} {
			if m := c.Wait(c.Submit(name).ID); m.State != "analyzed" || m.Attempts != 1 || m.Image != digest {
				t.Errorf("%s again: %+v", name, m)
			}
		}
		if c.Get("/v1/images/"+digest, &image); image.State != "analyzed" || image.Reason != "" && image.Reason != "error" {
			t.Errorf("%+v", image)
		}
	})
}

// TestReplicas: what one process takes, the other one analyzes and answers, at once (aquasecurity/trivy 942 and 1411: with several servers, the layers of an image are
// missing).
func TestReplicas(t *testing.T) {
	address := fleettest.Postgres(t)
	data := t.TempDir()
	first := fleettest.Start(t, serve.Options{Data: data, Database: address})
	fleettest.WriteAdvisories(t, first.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
	second := fleettest.Start(t, serve.Options{Data: data, Database: address})
	r := fleettest.NewRegistry(t)
	a := first.Client(t, "team")
	b := fleettest.NewClient(t, second.URL, a.Secret)
	for i := range 10 {
		ref, digest := r.Push(t, fmt.Sprintf("team/app%d:1", i), fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc"), fleettest.Layer(t, "own", fmt.Sprint(i))))
		if m := b.Wait(a.Submit(ref).ID); m.State != "analyzed" {
			t.Fatalf("%+v", m)
		}
		for _, c := range []*fleettest.Client{a, b} {
			var v struct{ Items []any }
			if c.Get("/v1/images/"+digest+"/vulnerabilities", &v); len(v.Items) != 1 {
				t.Errorf("%+v", v)
			}
		}
		a, b = b, a
	}
}

// TestReceivers: an address inside the network is no receiver, in whatever form it is written, and an answer does not say what is there (koala73/worldmonitor 4677: a guard
// against such addresses leaves out link-local ones and other forms).
func TestReceivers(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	c := s.Client(t, "team")
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[fe80::1]", "[fd00:ec2::254]", "10.0.0.1", "100.64.0.1", "0.0.0.0", "[::]",
		"192.168.0.1", "172.16.0.1"} {
		a := c.Do("POST", "/v1/subscriptions", map[string]any{"url": "http://" + host + "/latest/meta-data/"})
		if a.Status == http.StatusBadRequest {
			continue
		}
		var made struct{ Subscription struct{ ID string } }
		a.Want(http.StatusCreated).Into(&made)
		start := time.Now()
		a = c.Do("POST", "/v1/subscriptions/"+made.Subscription.ID+"/test", nil)
		if a.Status != http.StatusBadGateway || strings.Contains(string(a.Body), "refused") || strings.Contains(string(a.Body), "no route") || time.Since(start) > 20*time.Second {
			t.Errorf("%s: status %d after %v: %s", host, a.Status, time.Since(start), a.Body)
		}
	}
}
