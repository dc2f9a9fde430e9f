package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// A load sends the fleet to a service, such as examples/fleet, and measures it.
type load struct {
	options
	url, token string
	senders    int // that send SBOMs at once
	clients    int // that send a request a second each
	seconds    int
	out        io.Writer

	fleet  *fleet
	client *http.Client
}

const loadPolicy = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}
default: {policies: [severe]}
`

func (l *load) print(what string, value any) { fmt.Fprintf(l.out, "%-58s %v\n", what, value) }

func (l *load) run(ctx context.Context) error {
	w, err := newWorld(ctx, l.feeds, namesOf(l.images), 1, 0, 0)
	if err != nil {
		return err
	}
	l.fleet = newFleet(w, l.images, namesOf(l.images))
	l.client = &http.Client{Timeout: 90 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * max(l.clients, l.senders), MaxConnsPerHost: 0}}
	for _, q := range []struct{ path, body string }{
		{"/v1/policies/load", string(must(json.Marshal(map[string]string{"document": loadPolicy})))},
		{"/v1/mappings", `{"items": [{"pattern": "**", "policy": "load"}]}`},
	} {
		if a := l.ask(ctx, http.MethodPut, q.path, []byte(q.body)); a.err != nil || a.status >= 300 {
			return fmt.Errorf("%s: status %d, %w", q.path, a.status, a.err)
		}
	}
	if err := l.send(ctx); err != nil {
		return err
	}
	if err := l.judged(ctx); err != nil {
		return err
	}
	for _, rate := range []int{1, 2} {
		if err := l.askConcurrently(ctx, rate); err != nil {
			return err
		}
	}
	return nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A response is the outcome of a request.
type response struct {
	status int
	body   []byte
	retry  time.Duration
	took   time.Duration
	err    error
}

// ask sends a request once.
func (l *load) ask(ctx context.Context, method, path string, body []byte) (a response) {
	begun := time.Now()
	defer func() { a.took = time.Since(begun) }()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	q, err := http.NewRequestWithContext(ctx, method, l.url+path, r)
	if err != nil {
		return response{err: err}
	}
	q.Header.Set("Authorization", "Bearer "+l.token)
	q.Header.Set("Content-Type", "application/json")
	got, err := l.client.Do(q)
	if err != nil {
		return response{err: err}
	}
	defer got.Body.Close()
	a.status = got.StatusCode
	seconds, _ := strconv.Atoi(got.Header.Get("Retry-After"))
	a.retry = time.Duration(seconds) * time.Second
	a.body, a.err = io.ReadAll(got.Body)
	return a
}

// document returns the SBOM of an image.
func (l *load) document(image int) ([]byte, error) {
	var b bytes.Buffer
	err := sbom.Encode(&b, report.New(l.fleet.report(image), nil, report.Options{Name: tagOf(image), Declared: true}), sbom.Options{Name: tagOf(image), Compact: true})
	return b.Bytes(), err
}

// send submits the SBOMs of all images, and waits until they are analyzed.
func (l *load) send(ctx context.Context) error {
	begun := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, l.senders)
	for i := range l.senders {
		wg.Go(func() {
			for {
				image := int(next.Add(1)) - 1
				if image >= l.images || errs[i] != nil {
					return
				}
				errs[i] = l.submit(ctx, image)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	l.print("images", l.images)
	l.print("time to send their SBOMs", time.Since(begun).Round(time.Millisecond))
	for _, state := range []string{"waiting", "analyzing"} {
		for {
			a := l.ask(ctx, http.MethodGet, "/v1/submissions?limit=1&state="+state, nil)
			if a.err == nil && a.status == http.StatusOK && bytes.Contains(a.body, []byte(`"items":[]`)) {
				break
			}
			if a.err != nil {
				return a.err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	return l.ingested(ctx)
}

// submit submits an SBOM, again for as long as the service is too busy.
func (l *load) submit(ctx context.Context, image int) error {
	document, err := l.document(image)
	if err != nil {
		return err
	}
	for {
		a := l.ask(ctx, http.MethodPost, "/v1/sboms?reference="+url.QueryEscape(tagOf(image)), document)
		switch {
		case a.err != nil:
			return a.err
		case a.status == http.StatusAccepted:
			return nil
		case a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable:
			return fmt.Errorf("an SBOM: status %d: %.300s", a.status, a.body)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(a.retry, 50*time.Millisecond)):
		}
	}
}

// ingested reads all submissions, and prints how fast they were analyzed.
func (l *load) ingested(ctx context.Context) error {
	type submission struct {
		State                        string
		Submitted, Started, Finished time.Time
	}
	var all []submission
	for cursor := ""; ; {
		a := l.ask(ctx, http.MethodGet, "/v1/submissions?limit=1000&cursor="+cursor, nil)
		var page struct {
			Items []submission
			Next  string
		}
		if a.err != nil || a.status != http.StatusOK {
			return fmt.Errorf("submissions: status %d, %w", a.status, a.err)
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return err
		}
		if all = append(all, page.Items...); page.Next == "" {
			break
		}
		cursor = page.Next
	}
	failed := 0
	var ends []time.Time
	var took []time.Duration
	first := all[0].Submitted
	for _, m := range all {
		if m.State != "analyzed" {
			failed++
			continue
		}
		ends, took = append(ends, m.Finished), append(took, m.Finished.Sub(m.Started))
	}
	if failed > 0 || len(ends) < l.images {
		return fmt.Errorf("%d of %d submissions were not analyzed", max(failed, l.images-len(ends)), l.images)
	}
	slices.SortFunc(ends, time.Time.Compare)
	slices.Sort(took)
	rate := func(n int, d time.Duration) string { return fmt.Sprintf("%.1f", float64(n)/max(d.Seconds(), 1e-9)) }
	l.print("images analyzed in a second", rate(len(ends), ends[len(ends)-1].Sub(first)))
	n := min(1000, len(ends)/3)
	l.print(fmt.Sprint("of the first ", n), rate(n, ends[n-1].Sub(first)))
	l.print(fmt.Sprint("of the last ", n), rate(n, ends[len(ends)-1].Sub(ends[len(ends)-1-n])))
	l.print("time of an analysis, p50 and p99", fmt.Sprint(took[len(took)/2].Round(100*time.Microsecond), " ", took[len(took)*99/100].Round(100*time.Microsecond)))
	return nil
}

// judged waits until all images have verdicts, which the service computes in the background.
func (l *load) judged(ctx context.Context) error {
	begun := time.Now()
	for cursor := ""; ; {
		a := l.ask(ctx, http.MethodGet, "/v1/images?limit=1000&cursor="+cursor, nil)
		var page struct {
			Items []struct{ Verdict string }
			Next  string
		}
		if a.err == nil && a.status == http.StatusOK {
			a.err = json.Unmarshal(a.body, &page)
		}
		switch {
		case a.err != nil:
			return a.err
		case a.status != http.StatusOK || slices.ContainsFunc(page.Items, func(i struct{ Verdict string }) bool { return i.Verdict == "" }):
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
		case page.Next == "":
			l.print("time until all have verdicts", time.Since(begun).Round(time.Millisecond))
			return nil
		default:
			cursor = page.Next
		}
	}
}

// connect lets each client connect.
func (l *load) connect(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, l.clients)
	for i := range l.clients {
		wg.Go(func() { errs[i] = l.ask(ctx, http.MethodGet, "/v1/health", nil).err })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// askConcurrently lets many clients ask at once, each rate times a second.
func (l *load) askConcurrently(ctx context.Context, rate int) error {
	var mu sync.Mutex
	took := make(map[string][]time.Duration)
	refused, unhinted, failed := 0, 0, make(map[string]int)
	var extra atomic.Int64
	var wg sync.WaitGroup
	if err := l.connect(ctx); err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(l.seconds) * time.Second)
	for i := range l.clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), uint64(rate)))
			pause := time.Second / time.Duration(rate)
			next := time.Now().Add(time.Duration(random.Int64N(int64(pause))))
			for ; next.Before(end); next = next.Add(pause) {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(next)):
				}
				kind, method, path, body := l.request(random, &extra)
				a := l.ask(ctx, method, path, body)
				mu.Lock()
				switch {
				case a.err != nil:
					failed[kind+": "+a.err.Error()]++
				case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
					if refused++; a.retry == 0 {
						unhinted++
					}
				case a.status >= 300:
					failed[fmt.Sprintf("%s: status %d: %.200s", kind, a.status, a.body)]++
				default:
					took[kind] = append(took[kind], a.took)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	var all []time.Duration
	for _, kind := range []string{"verdict", "image", "page", "affected", "submission"} {
		list := took[kind]
		slices.Sort(list)
		all = append(all, list...)
		if len(list) > 0 {
			l.print(fmt.Sprintf("%d clients, %d a second: %s, requests, p50, p99", l.clients, rate, kind),
				fmt.Sprint(len(list), " ", list[len(list)/2].Round(100*time.Microsecond), " ", list[len(list)*99/100].Round(100*time.Microsecond)))
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return fmt.Errorf("no request was answered: %v", failed)
	}
	l.print(fmt.Sprintf("%d clients, %d a second: all, requests, p50, p99", l.clients, rate),
		fmt.Sprint(len(all), " ", all[len(all)/2].Round(100*time.Microsecond), " ", all[len(all)*99/100].Round(100*time.Microsecond)))
	l.print("refused, of these without Retry-After", fmt.Sprint(refused, " ", unhinted))
	for text, n := range failed {
		l.print("failed", fmt.Sprint(n, " ", text))
	}
	if len(failed) > 0 || unhinted > 0 || rate == 1 && refused > 0 && l.goals {
		return errors.New("requests failed")
	}
	return nil
}

// request returns a request: of 100, 30 for verdicts, 30 for images, 25 for pages, 10 for images that a vulnerability affects, and 5 SBOMs.
func (l *load) request(random *rand.Rand, extra *atomic.Int64) (kind, method, path string, body []byte) {
	image := "/v1/images/" + url.PathEscape(tagOf(random.IntN(l.images)))
	switch n := random.IntN(100); {
	case n < 30:
		return "verdict", http.MethodGet, image + "/verdict", nil
	case n < 60:
		return "image", http.MethodGet, image, nil
	case n < 85:
		return "page", http.MethodGet, fmt.Sprintf("/v1/images?limit=50&cursor=%x", digestOf(random.IntN(l.images))), nil
	case n < 95:
		e := &l.fleet.world.entries[random.IntN(len(l.fleet.world.entries))]
		return "affected", http.MethodGet, "/v1/affected?limit=50&id=" + url.QueryEscape(e.ID), nil
	}
	document, err := l.document(l.images + int(extra.Add(1)))
	if err != nil {
		document = []byte(err.Error())
	}
	return "submission", http.MethodPost, "/v1/sboms?reference=" + url.QueryEscape(tagOf(l.images+int(extra.Load()))), document
}

// writeAdvisories writes the advisories of the first day to a file, and others of packages that no image has, until there are n.
func writeAdvisories(ctx context.Context, file string, o options, n int) error {
	w, err := newWorld(ctx, o.feeds, namesOf(o.images), 1, 0, 0)
	if err != nil {
		return err
	}
	var b db.Builder
	for i := range w.entries {
		if a, ok := w.entries[i].on(0); ok {
			if err := b.Add(a); err != nil {
				return err
			}
		}
	}
	for i := len(w.entries); i < n; i++ {
		k := matcher.Key{Type: kinds[i%2], Name: fmt.Sprint("other", i/3)}
		if err := b.Add(matcher.Advisory{ID: fmt.Sprint("CVE-2025-", 100000+i), Feed: "invented", Key: k, Ranges: []matcher.Range{{Fixed: "2.0"}},
			Severities: []matcher.Severity{{Source: "invented", Level: matcher.High, Word: "high"}}}); err != nil {
			return err
		}
	}
	for _, f := range feedsOfWorld {
		b.AddFeed(db.FeedInfo{Name: f, Date: dateOf(0)})
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = b.WriteTo(f)
	return errors.Join(err, f.Close())
}
