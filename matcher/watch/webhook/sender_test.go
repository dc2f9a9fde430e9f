package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A request is what a receiver got.
type request struct {
	id, path string
	method   string
	header   http.Header
	body     []byte
	events   []string // IDs of the messages
}

// A receiver is a real server that answers as the test says.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []request
	answer func(w http.ResponseWriter, n int) // n counts requests from 0
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, n int)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	var data struct {
		Data struct{ Events []struct{ ID string } }
	}
	_ = json.Unmarshal(body, &data)
	got := request{req.Header.Get("webhook-id"), req.URL.Path, req.Method, req.Header, body, nil}
	for _, e := range data.Data.Events {
		got.events = append(got.events, e.ID)
	}
	r.mu.Lock()
	n := len(r.got)
	r.got = append(r.got, got)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, n)
	}
}

func (r *receiver) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// events returns the IDs of all messages in the order of their arrival, those of one request joined.
func (r *receiver) events() []string {
	var list []string
	for _, q := range r.requests() {
		list = append(list, strings.Join(q.events, "+"))
	}
	return list
}

func status(code int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) { w.WriteHeader(code) }
}

// A fleet is a sender with an outbox in memory, a clock that the test moves, and subscriptions.
type fleet struct {
	webhook.Sender
	t        *testing.T
	memory   webhook.Memory
	mu       sync.Mutex
	clock    time.Time
	subs     []webhook.Subscription
	disabled []string
}

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func local() *http.Client {
	return webhook.NewClient(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
}

func newFleet(t *testing.T, subs ...webhook.Subscription) *fleet {
	f := &fleet{t: t, clock: start, subs: subs}
	f.Sender = webhook.Sender{Outbox: &f.memory, Client: local(), Find: f.find, Now: f.now, Jitter: func() float64 { return 0 }}
	f.Disable = func(_ context.Context, id string) error {
		f.disabled = append(f.disabled, id)
		return nil
	}
	return f
}

func (f *fleet) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

func (f *fleet) wait(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

func (f *fleet) find(_ context.Context, id string) (*webhook.Subscription, error) {
	for i := range f.subs {
		if f.subs[i].ID == id {
			return &f.subs[i], nil
		}
	}
	return nil, nil
}

// queue queues messages with IDs, about one image.
func (f *fleet) queue(ids ...string) {
	f.t.Helper()
	for _, id := range ids {
		m := webhook.Message{ID: id, Kind: watch.Appeared, Time: start, Vulnerability: "CVE-1", Images: []webhook.Image{{Repository: "registry.example/app", Tag: "1"}}}
		if err := f.Queue(f.t.Context(), f.subs, m); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fleet) send() {
	f.t.Helper()
	if err := f.Send(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// list returns the deliveries of a state.
func (f *fleet) list(state webhook.DeliveryState) []webhook.Delivery {
	f.t.Helper()
	list, err := f.memory.List(f.t.Context(), state, "", 1000)
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestOrder(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	var want []string
	for i := range 250 { // more than the sender reads at once
		want = append(want, fmt.Sprint("event-", i))
	}
	f.queue(want...)
	f.queue(want[:5]...) // computed again after a crash
	f.send()
	equal(t, "events", r.events(), want)
	f.send()
	if n := len(r.requests()); n != len(want) {
		t.Errorf("%d requests, want %d", n, len(want))
	}
	if n := len(f.list(webhook.Sent)); n != len(want) {
		t.Errorf("%d deliveries are sent, want %d", n, len(want))
	}
}

// TestSignature checks the signatures with code of its own, as the specification describes them.
func TestSignature(t *testing.T) {
	r := newReceiver(t, nil)
	keys := [][]byte{bytes.Repeat([]byte("a"), 24), bytes.Repeat([]byte("b"), 64)}
	var secrets []string
	for _, k := range keys {
		secrets = append(secrets, "whsec_"+base64.StdEncoding.EncodeToString(k))
	}
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL, Secrets: secrets})
	f.queue("1")
	f.wait(90 * time.Second)
	f.send()
	q := r.requests()[0]
	if strings.Contains(q.id, ".") || q.id == "" {
		t.Errorf("webhook-id %q", q.id)
	}
	if got, want := q.header.Get("webhook-timestamp"), fmt.Sprint(start.Unix()+90); got != want {
		t.Errorf("timestamp %s, want that of the attempt, %s", got, want)
	}
	var want []string
	for _, k := range keys {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(q.id + "." + q.header.Get("webhook-timestamp") + "." + string(q.body)))
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	if got := q.header.Get("webhook-signature"); got != strings.Join(want, " ") {
		t.Errorf("signature %s, want %s", got, want)
	}
	for _, s := range secrets {
		if err := webhook.Verify(q.header, q.body, f.now(), s); err != nil {
			t.Errorf("Verify: %v", err)
		}
	}
}

// TestSchedule has the attempts of Standard Webhooks: at once, and then after pauses that add up to three days.
func TestSchedule(t *testing.T) {
	r := newReceiver(t, status(500))
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	var at []time.Duration
	step := 5 * time.Second
	for f.now().Sub(start) < 100*time.Hour {
		n := len(r.requests())
		f.send()
		if len(r.requests()) > n {
			at = append(at, f.now().Sub(start))
		}
		f.wait(step)
		step = 5 * time.Minute
	}
	var want []time.Duration
	for _, s := range strings.Fields("0s 5s 5m5s 35m5s 2h35m5s 7h35m5s 17h35m5s 31h35m5s 51h35m5s 75h35m5s") {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, d)
	}
	equal(t, "attempts", at, want)
	dead := f.list(webhook.Dead)
	if len(dead) != 1 || dead[0].Attempts != 10 || dead[0].Status != 500 || dead[0].Error != "webhook: status 500" {
		t.Errorf("dead: %+v", dead)
	}
	for i, q := range r.requests() {
		if q.id != dead[0].ID {
			t.Errorf("attempt %d has the webhook-id %s, want %s", i, q.id, dead[0].ID)
		}
	}
}

func TestJitter(t *testing.T) {
	f := newFleet(t, webhook.Subscription{ID: "s", URL: newReceiver(t, status(500)).URL})
	f.Jitter = func() float64 { return 0.5 }
	f.Schedule = []time.Duration{100 * time.Second}
	f.queue("1")
	f.send()
	if d := f.list(webhook.Pending)[0]; d.Next.Sub(start) != 110*time.Second {
		t.Errorf("next attempt after %v, want a tenth more than 100 s", d.Next.Sub(start))
	}
}

func TestAnswers(t *testing.T) {
	for code, want := range map[int]webhook.DeliveryState{
		// https://github.com/keel-hq/keel/issues/827: 202 was an error, so each message came several times.
		200: webhook.Sent, 202: webhook.Sent, 204: webhook.Sent,
		// Standard Webhooks: a redirect is a failure, and 410 is for ever. All others are repeated.
		301: webhook.Pending, 308: webhook.Pending, 400: webhook.Pending, 404: webhook.Pending, 429: webhook.Pending, 500: webhook.Pending, 503: webhook.Pending,
		410: webhook.Dead,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			r := newReceiver(t, func(w http.ResponseWriter, _ int) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(code)
			})
			f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL + "/hook"})
			f.queue("1")
			f.send()
			if list := f.list(want); len(list) != 1 || list[0].Attempts != 1 || list[0].Status != code {
				t.Errorf("not %s: %+v", want, f.list(webhook.Pending))
			}
			if q := r.requests(); len(q) != 1 || q[0].path != "/hook" {
				t.Errorf("%d requests", len(q))
			}
		})
	}
}

// TestRetryAfter requires that all messages of a subscription wait for the time that a rate limit asks for. The service of
// https://github.com/goharbor/harbor/issues/11281 lost messages, because Slack takes one in a second.
func TestRetryAfter(t *testing.T) {
	var f *fleet
	var last time.Time
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if now := f.now(); n > 0 && now.Sub(last) < time.Second {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			return
		}
		last = f.now()
	})
	f = newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint(i))
	}
	f.queue(ids...)
	for range 3600 {
		f.send()
		f.wait(time.Second)
	}
	if n := len(f.list(webhook.Sent)); n != len(ids) {
		t.Errorf("%d of %d messages arrived", n, len(ids))
	}
	if n := len(r.requests()); n > 2*len(ids) {
		t.Errorf("%d requests for %d messages", n, len(ids))
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		w.Header().Set("Retry-After", "99999999999")
		w.WriteHeader(503)
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	f.send()
	if d := f.list(webhook.Pending)[0]; d.Next.Sub(start) != 24*time.Hour {
		t.Errorf("next attempt after %v, want a day", d.Next.Sub(start))
	}
}

// TestReceiverGone requires that a receiver that answers 410 gets nothing more, and that its messages are kept.
func TestReceiverGone(t *testing.T) {
	r := newReceiver(t, status(410))
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1", "2", "3")
	f.send()
	if n := len(r.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	equal(t, "disabled", f.disabled, []string{"s"})
	dead := f.list(webhook.Dead)
	if len(dead) != 3 || dead[2].Error != "the subscription is disabled" || dead[2].Attempts != 0 {
		t.Errorf("dead: %+v", dead)
	}
	// The receiver is there again.
	r.answer = nil
	for _, d := range dead {
		if err := f.Redeliver(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
	}
	f.send()
	equal(t, "events", r.events(), []string{"1", "1", "2", "3"})
}

// TestDeleted is https://github.com/goharbor/harbor/issues/12298: jobs of a deleted webhook were repeated for months.
func TestDeleted(t *testing.T) {
	r := newReceiver(t, status(400))
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	f.send()
	f.subs = nil
	f.wait(time.Hour)
	f.send()
	if dead := f.list(webhook.Dead); len(r.requests()) != 1 || len(dead) != 1 || dead[0].Error != "the subscription does not exist" {
		t.Errorf("%d requests, dead: %+v", len(r.requests()), dead)
	}
}

// TestOneReceiverIsDown is https://github.com/travis-ci/travis-ci/issues/5440 and https://github.com/goharbor/harbor/issues/11280: a receiver that
// does not answer kept all others from their messages.
func TestOneReceiverIsDown(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	hang := make(chan struct{})
	slow := newReceiver(t, func(http.ResponseWriter, int) { <-hang })
	t.Cleanup(func() { close(hang) })
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "a", URL: down.URL}, webhook.Subscription{ID: "b", URL: slow.URL}, webhook.Subscription{ID: "c", URL: r.URL})
	f.Timeout = 200 * time.Millisecond
	f.Parallel = 1
	var ids []string
	for i := range 50 {
		ids = append(ids, fmt.Sprint(i))
	}
	f.queue(ids...)
	f.send()
	equal(t, "events", r.events(), ids)
	if n := len(slow.requests()); n != 1 {
		t.Errorf("%d requests to a server that hangs, want 1 before a pause", n)
	}
	for _, d := range f.list(webhook.Pending) {
		if d.Attempts > 0 && (strings.Contains(d.Error, "http://") || d.Error == "" || d.Status != 0) {
			t.Errorf("status %d, error %q: the URL may be a secret", d.Status, d.Error)
		}
	}
}

// TestParallel has a receiver that answers only after another one has its message.
func TestParallel(t *testing.T) {
	arrived := make(chan struct{})
	slow := newReceiver(t, func(http.ResponseWriter, int) { <-arrived })
	r := newReceiver(t, func(http.ResponseWriter, int) { close(arrived) })
	f := newFleet(t, webhook.Subscription{ID: "a", URL: slow.URL}, webhook.Subscription{ID: "b", URL: r.URL})
	f.queue("1")
	f.send()
	if n := len(f.list(webhook.Sent)); n != 2 {
		t.Errorf("%d deliveries are sent, want 2", n)
	}
}

// TestAuthorization has the ways in which receivers know senders.
func TestAuthorization(t *testing.T) {
	r := newReceiver(t, nil)
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	userinfo := strings.Replace(r.URL, "http://", "http://:token@", 1)
	f := newFleet(t, webhook.Subscription{ID: "bearer", URL: r.URL, Bearer: "token"}, webhook.Subscription{ID: "basic", URL: r.URL, User: "user", Password: "pass"},
		// https://github.com/DependencyTrack/dependency-track/issues/5816: a token as the password of no user was not sent.
		webhook.Subscription{ID: "password", URL: r.URL, Password: "token"}, webhook.Subscription{ID: "url", URL: userinfo}, webhook.Subscription{ID: "none", URL: r.URL})
	f.Parallel = 1
	f.queue("1")
	f.send()
	var got []string
	for _, q := range r.requests() {
		got = append(got, q.header.Get("Authorization"))
	}
	slices.Sort(got)
	want := []string{"", "Bearer token", basic(":token"), basic(":token"), basic("user:pass")}
	slices.Sort(want)
	equal(t, "Authorization", got, want)
}

// TestClientCertificate sends with the client of a subscription.
func TestClientCertificate(t *testing.T) {
	var got int
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = len(r.TLS.PeerCertificates) }))
	server.StartTLS()
	defer server.Close()
	server.TLS.ClientAuth = 1 // RequestClientCert
	client := server.Client()
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.Certificates = server.TLS.Certificates
	f := newFleet(t, webhook.Subscription{ID: "s", URL: server.URL, Client: client})
	f.queue("1")
	f.send()
	if got != 1 || len(f.list(webhook.Sent)) != 1 {
		t.Errorf("%d certificates", got)
	}
}

// TestEndlessAnswer requires that a response is read in part only.
func TestEndlessAnswer(t *testing.T) {
	written := make(chan int, 1)
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		n := 0
		defer func() { written <- n }()
		w.WriteHeader(500)
		for range 20_000 {
			if _, err := w.Write(bytes.Repeat([]byte("\x1b[31mé\u202e"), 1000)); err != nil {
				return
			}
			n += 10_000
		}
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	f.send()
	d := f.list(webhook.Pending)[0]
	if want := `webhook: status 500: \x1b[31mé\u202e`; !strings.HasPrefix(d.Error, want) || !strings.HasSuffix(d.Error, "…") || len([]rune(d.Error)) > 300 {
		t.Errorf("error %q", d.Error)
	}
	if n := <-written; n > 50<<20 { // most of it in buffers of the system
		t.Errorf("%d bytes were read", n)
	}
}

// TestFilters has one message about images of two tenants.
func TestFilters(t *testing.T) {
	r := newReceiver(t, nil)
	one := webhook.Image{Repository: "registry.example/one/app", Tag: "1", Tenant: "one"}
	two := webhook.Image{Repository: "registry.example/two/app", Tag: "1", Tenant: "two"}
	m := webhook.Message{ID: "1", Kind: watch.Appeared, Time: start, Images: []webhook.Image{one, two}, More: 5}
	global := webhook.Message{ID: "2", Kind: webhook.FeedFailed, Time: start}
	for name, c := range map[string]struct {
		sub  webhook.Subscription
		want []string
	}{
		"all":         {webhook.Subscription{}, []string{"registry.example/one/app:1 registry.example/two/app:1", ""}},
		"kind":        {webhook.Subscription{Kinds: []watch.Kind{watch.Exploited, webhook.FeedFailed}}, []string{""}},
		"tenant":      {webhook.Subscription{Tenant: "two"}, []string{"registry.example/two/app:1"}},
		"repository":  {webhook.Subscription{Repositories: []string{"nothing", "registry.example/*/app"}, Tenant: "one"}, []string{"registry.example/one/app:1"}},
		"no such one": {webhook.Subscription{Repositories: []string{"registry.example/one"}}, nil},
		"disabled":    {webhook.Subscription{Disabled: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.sub.ID, c.sub.URL = "s", r.URL
			f := newFleet(t, c.sub)
			if err := f.Queue(t.Context(), f.subs, m, global); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range f.list(webhook.Pending) {
				var images []string
				for _, i := range d.Messages[0].Images {
					images = append(images, i.String())
				}
				got = append(got, strings.Join(images, " "))
				if restricted := name != "all"; restricted && d.Messages[0].More != 0 {
					t.Error("the message has the number of images that the subscriber may not see")
				}
			}
			equal(t, "images", got, c.want)
		})
	}
}

// TestManyImages requires that the outbox stays small, whatever the fleet's size.
func TestManyImages(t *testing.T) {
	f := newFleet(t, webhook.Subscription{ID: "s"})
	m := webhook.Message{ID: "1", Kind: watch.Appeared, Images: make([]webhook.Image, 100_000), Text: strings.Repeat("é", 10_000)}
	if err := f.Queue(t.Context(), f.subs, m); err != nil {
		t.Fatal(err)
	}
	got := f.list(webhook.Pending)[0].Messages[0]
	if len(got.Images) != 100 || got.More != 99_900 || len([]rune(got.Text)) != 1000 || !strings.HasSuffix(got.Text, "é…") {
		t.Errorf("%d images, %d more, text of %d", len(got.Images), got.More, len(got.Text))
	}
}

// TestDigest is https://github.com/DependencyTrack/dependency-track/issues/322 and 2714, and https://github.com/anchore/anchore-engine/issues/956: a
// message for each of hundreds of findings.
func TestDigest(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n == 0 {
			w.WriteHeader(500)
		}
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL, Digest: 24 * time.Hour})
	other := newReceiver(t, nil)
	f.subs = append(f.subs, webhook.Subscription{ID: "other", URL: other.URL, Digest: 24 * time.Hour})
	f.queue("1", "2")
	f.send()
	f.wait(11 * time.Hour)
	f.queue("3", "1")
	f.send()
	equal(t, "before the end of the day", r.events(), nil)
	f.wait(time.Hour)
	f.send()
	f.queue("4") // of the next day, although the first digest is not delivered
	f.wait(time.Minute)
	f.send()
	f.wait(24 * time.Hour)
	f.send()
	equal(t, "events", r.events(), []string{"1+2+3", "1+2+3", "4"})
	equal(t, "events of another subscription", other.events(), []string{"1+2+3", "4"})
	q := r.requests()
	if q[0].id != q[1].id || q[1].id == q[2].id {
		t.Errorf("webhook-ids %s, %s, %s", q[0].id, q[1].id, q[2].id)
	}
	if err := f.Redeliver(t.Context(), f.list(webhook.Collected)[0].ID); err == nil {
		t.Error("a part of a digest is delivered again without error")
	}
}

// TestRedeliver is https://github.com/DependencyTrack/dependency-track/issues/2699: after an outage there was no way to repeat notifications.
func TestRedeliver(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	f.send()
	id := f.list(webhook.Sent)[0].ID
	if err := f.Redeliver(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f.send()
	if q := r.requests(); len(q) != 2 || q[0].id != id || q[1].id != id || !bytes.Equal(q[0].body, q[1].body) {
		t.Errorf("%d requests", len(q))
	}
	if err := f.Redeliver(t.Context(), "other"); !errors.Is(err, webhook.ErrNotFound) {
		t.Error(err)
	}
}

// TestRedeliverHasAllAttempts repeats a dead delivery, whose receiver fails once more.
func TestRedeliverHasAllAttempts(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n < 3 {
			w.WriteHeader(500)
		}
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.Schedule = []time.Duration{time.Minute}
	f.queue("1")
	for range 2 {
		f.send()
		f.wait(time.Minute)
	}
	if err := f.Redeliver(t.Context(), f.list(webhook.Dead)[0].ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f.send()
		f.wait(time.Minute)
	}
	if n := len(f.list(webhook.Sent)); n != 1 {
		t.Error("not sent")
	}
}

// TestNewMessageAfterOutage requires that a new message does not wait for hours because an old one does.
func TestNewMessageAfterOutage(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n < 5 {
			w.WriteHeader(503)
		}
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("old")
	for len(r.requests()) < 5 {
		f.send()
		f.wait(5 * time.Second)
	}
	f.queue("new")
	f.send()
	if n := len(r.requests()); n != 5 {
		t.Errorf("%d requests, but the receiver has not had its pause", n)
	}
	f.wait(5 * time.Minute)
	f.send()
	if got := r.events(); got[len(got)-1] != "new" {
		t.Errorf("got %v", got)
	}
}

// roundTrip is a client's transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestErrors requires that no error has the URL, which may contain a token, or an address of this network. An error
// that tells them lets a tenant explore the network of the service.
func TestErrors(t *testing.T) {
	for want, err := range map[string]error{
		"webhook: broken":                   errors.New("broken"),
		"webhook: lookup: no such host":     &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "internal.example", Server: "10.0.0.2:53"}},
		"webhook: dial: connection refused": &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}, Err: errors.New("connection refused")},
	} {
		f := newFleet(t)
		f.Client = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })}
		got := f.Test(t.Context(), &webhook.Subscription{URL: "https://internal.example/token"})
		if got == nil || got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestTestMessage(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n > 0 {
			http.Error(w, "invalid_blocks", 400)
		}
	})
	sub := webhook.Subscription{ID: "s", URL: r.URL, Secrets: []string{webhook.NewSecret()}}
	f := newFleet(t)
	if err := f.Test(t.Context(), &sub); err != nil {
		t.Error(err)
	}
	if q := r.requests()[0]; webhook.Verify(q.header, q.body, f.now(), sub.Secrets...) != nil || !bytes.Contains(q.body, []byte(`"kind":"test"`)) {
		t.Errorf("%s", q.body)
	}
	// https://github.com/DependencyTrack/dependency-track/issues/6994: the log had the status without the receiver's reason.
	if err := f.Test(t.Context(), &sub); err == nil || err.Error() != "webhook: status 400: invalid_blocks" {
		t.Error(err)
	}
	for _, url := range []string{"", "ftp://example.org", "http://", "::", "/hook"} {
		if err := f.Test(t.Context(), &webhook.Subscription{URL: url}); err == nil {
			t.Errorf("%q is no URL of a webhook", url)
		}
	}
}

func TestPurge(t *testing.T) {
	r := newReceiver(t, nil)
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	f.send()
	f.wait(time.Hour)
	f.queue("2")
	f.send()
	f.subs[0].URL = "http://127.0.0.1:1"
	f.queue("3")
	f.send()
	if n, err := f.memory.Purge(t.Context(), start.Add(time.Minute)); n != 1 || err != nil {
		t.Errorf("%d deliveries, %v", n, err)
	}
	if n, err := f.memory.Purge(t.Context(), f.now().Add(time.Hour)); n != 1 || err != nil || len(f.list(webhook.Pending)) != 1 {
		t.Errorf("%d deliveries, %v; what is not sent stays", n, err)
	}
}

// TestCancelled requires that an attempt that the caller ends does not count.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	r := newReceiver(t, func(_ http.ResponseWriter, n int) {
		if n == 0 {
			cancel()
			<-release
		}
	})
	f := newFleet(t, webhook.Subscription{ID: "s", URL: r.URL})
	f.queue("1")
	if err := f.Send(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	if d := f.list(webhook.Pending); len(d) != 1 || d[0].Attempts != 0 {
		t.Errorf("%+v", d)
	}
	f.send() // at once, without the end of a hold
	if n := len(f.list(webhook.Sent)); n != 1 {
		t.Error("not sent")
	}
}

// TestCancelledAfterAnswer requires that an answer is stored although the caller gave up meanwhile.
func TestCancelledAfterAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFleet(t, webhook.Subscription{ID: "s", Deliver: func(context.Context, string, *webhook.Body) error {
		cancel()
		return nil
	}})
	f.Outbox = strict{&f.memory}
	f.queue("1")
	if err := f.Send(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n := len(f.list(webhook.Sent)); n != 1 {
		t.Error("not stored")
	}
}

// strict refuses to store anything for a caller who has given up, as databases do.
type strict struct{ *webhook.Memory }

func (s strict) Save(ctx context.Context, list ...webhook.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Memory.Save(ctx, list...)
}

// TestDeliver sends by a function of the caller, with the same attempts.
func TestDeliver(t *testing.T) {
	var ids []string
	sub := webhook.Subscription{ID: "s", Deliver: func(_ context.Context, id string, b *webhook.Body) error {
		if ids = append(ids, id); len(ids) == 1 {
			return errors.New("451 try later")
		}
		return nil
	}}
	f := newFleet(t, sub)
	f.queue("1")
	f.send()
	if d := f.list(webhook.Pending); len(d) != 1 || d[0].Error != "451 try later" {
		t.Errorf("%+v", d)
	}
	f.wait(5 * time.Second)
	f.send()
	if sent := f.list(webhook.Sent); len(sent) != 1 || sent[0].Error != "" || len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("%+v", sent)
	}
}
