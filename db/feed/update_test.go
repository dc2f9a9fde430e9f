package feed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/testing/leak"
	"github.com/hullmark/hullmark/matcher"
)

// A publisher serves bodies by their paths, and notes what is asked for.
type publisher struct {
	*httptest.Server
	mu       sync.Mutex
	bodies   map[string]string // "" is status 500
	modified time.Time
	asked    []string // path and status
}

func newPublisher(t testing.TB, bodies map[string]string) *publisher {
	p := &publisher{bodies: bodies, modified: time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	body, ok := p.bodies[r.URL.Path]
	modified := p.modified
	p.mu.Unlock()
	rec := &statusRecorder{ResponseWriter: w, status: 200}
	switch {
	case !ok:
		http.NotFound(rec, r)
	case body == "":
		http.Error(rec, "out of order", 500)
	default:
		rec.Header().Set("ETag", fmt.Sprintf(`"%d-%x"`, len(body), strings.Count(body, "9")))
		http.ServeContent(rec, r, "", modified, strings.NewReader(body))
	}
	p.mu.Lock()
	p.asked = append(p.asked, fmt.Sprintf("%s %d", r.URL.Path, rec.status))
	p.mu.Unlock()
}

// took returns what was asked for since the last call, in order of paths.
func (p *publisher) took() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.asked)
	s := strings.Join(p.asked, ", ")
	p.asked = nil
	return s
}

func (p *publisher) set(path, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies[path] = body
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// records makes n OSV records of an ecosystem; version is the one in which all are fixed.
func records(ecosystem string, n int, version string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"X-%s-%d","modified":"2024-01-02T00:00:00Z","affected":[{"package":{"ecosystem":%q,"name":"p%d"},
			"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`+"\n", strings.NewReplacer(":", "-", " ", "-").Replace(ecosystem), i, ecosystem, i, version)
	}
	return b.String()
}

// at returns the osv feed with sources of its own: npm and Debian.
func at(base string) feed.Feed {
	f := osv.Feed()
	f.Datasets = []feed.Dataset{
		{Name: "npm", URLs: []string{base + "/npm"}, Covers: []matcher.Key{{Type: "npm"}}},
		{Name: "Debian", URLs: []string{base + "/debian", base + "/debian2"}, Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}}},
		{Name: "PyPI", URLs: []string{base + "/pypi"}, Covers: []matcher.Key{{Type: "pypi"}}, Optional: true},
	}
	return f
}

var quick = feed.Options{Limits: feed.Limits{Retry: feed.Retry{Pause: time.Millisecond, Attempts: 2, StallTimeout: time.Second}}}

// content returns what a database holds as "ecosystem=advisories fixed in these versions".
func content(t testing.TB, file string) map[string]string {
	t.Helper()
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	count, fixed := make(map[string]int), make(map[string]map[string]bool)
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		k := strings.TrimSpace(a.Key.Type + " " + a.Key.Release)
		if fixed[k] == nil {
			fixed[k] = make(map[string]bool)
		}
		count[k]++
		fixed[k][a.Ranges[0].Fixed] = true
	}
	m := make(map[string]string)
	for k, n := range count {
		m[k] = fmt.Sprintf("%d fixed in %s", n, strings.Join(slices.Sorted(maps.Keys(fixed[k])), ","))
	}
	return m
}

func outcomes(r feed.UpdateResult) string {
	var list []string
	for _, s := range r.Datasets {
		list = append(list, s.Dataset+" "+feedtest.State(&s))
	}
	return strings.Join(list, ", ")
}

// TestUpdate follows a database through what happens to its publisher.
func TestUpdate(t *testing.T) {
	leak.Check(t)
	p := newPublisher(t, map[string]string{
		"/npm": records("npm", 100, "1.0"), "/debian": records("Debian:11", 60, "1.0"), "/debian2": records("Debian:12", 60, "1.0"), "/pypi": records("PyPI", 10, "1.0"),
	})
	file := filepath.Join(t.TempDir(), "a.db")
	f := at(p.URL)
	base := map[string]string{"npm": "100 fixed in 1.0", "deb 11": "60 fixed in 1.0", "deb 12": "60 fixed in 1.0"}
	with := func(kv ...string) map[string]string {
		m := maps.Clone(base)
		for i := 0; i < len(kv); i += 2 {
			if m[kv[i]] = kv[i+1]; kv[i+1] == "" {
				delete(m, kv[i])
			}
		}
		base = m
		return m
	}
	step := func(name, want, asked string, state map[string]string, o feed.UpdateOptions) feed.UpdateResult {
		t.Helper()
		o.Options = quick
		r, err := feed.Update(t.Context(), file, []feed.Feed{f}, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := outcomes(r); got != want {
			t.Errorf("%s: %s, want %s: %+v", name, got, want, r)
		}
		if got := p.took(); got != asked {
			t.Errorf("%s: asked for %s, want %s", name, got, asked)
		}
		if got := content(t, file); !maps.Equal(got, state) {
			t.Errorf("%s: %v, want %v", name, got, state)
		}
		if list, err := os.ReadDir(filepath.Dir(file)); err != nil || !strings.Contains(want, "kept") && len(list) != 1 {
			t.Errorf("%s: left behind: %v, %v", name, list, err)
		}
		return r
	}
	r := step("first", "osv/npm renewed, osv/Debian renewed", "/debian 200, /debian2 200, /npm 200", base, feed.UpdateOptions{})
	if !r.Written || r.Datasets[0].Records != 100 || r.Datasets[1].Advisories != 120 {
		t.Errorf("first: %+v", r)
	}
	if r := step("again", "osv/npm unchanged, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 304", base, feed.UpdateOptions{}); r.Written {
		t.Error("a new file without anything new")
	}
	step("fresh", "osv/npm renewed, osv/Debian renewed", "/debian 200, /debian2 200, /npm 200", base, feed.UpdateOptions{Fresh: true})

	p.set("/npm", records("npm", 101, "2.0"))
	step("news", "osv/npm renewed, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 200", with("npm", "101 fixed in 2.0"), feed.UpdateOptions{})

	p.set("/npm", "")
	p.set("/debian2", records("Debian:12", 61, "3.0"))
	r = step("one fails", "osv/npm kept, osv/Debian renewed", "/debian 200, /debian 304, /debian2 200, /npm 500, /npm 500", with("deb 12", "61 fixed in 3.0"), feed.UpdateOptions{})
	if s := r.Datasets[0]; s.Err == nil || !strings.Contains(s.Err.Error(), "500") || s.Date.IsZero() {
		t.Errorf("%+v", s)
	}
	p.set("/npm", records("npm", 20, "4.0"))
	r = step("shrinks", "osv/npm kept, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 200", base, feed.UpdateOptions{})
	if err := r.Datasets[0].Err; !errors.Is(err, feed.ErrShrunk) {
		t.Error(err)
	}
	step("may shrink", "osv/npm renewed, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 200", with("npm", "20 fixed in 4.0"), feed.UpdateOptions{MayShrink: true})

	p.set("/npm", records("npm", 20, "5.0")+`{"id":`)
	p.set("/debian", records("Debian:12", 60, "9")) // 11 has ended
	r = step("half, and an end", "osv/npm kept, osv/Debian renewed", "/debian 200, /debian2 200, /debian2 304, /npm 200", with("deb 12", "61 fixed in 3.0"), feed.UpdateOptions{})
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Info().Coverage {
		if c.EndOfLife != (c.Release == "11") {
			t.Errorf("%+v", c)
		}
	}
	if n := len(d.Info().Feeds); n != 2 {
		t.Errorf("%d feeds: %+v", n, d.Info().Feeds)
	}
	d.Close()

	p.set("/npm", "<!DOCTYPE html><p>Down for maintenance")
	step("a page", "osv/npm kept, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 200", base, feed.UpdateOptions{})

	p.set("/npm", records("npm", 22, "6.0")+records("PyPI", 5, "6.0"))
	r = step("of another", "osv/npm renewed", "/npm 200", with("npm", "22 fixed in 6.0"), feed.UpdateOptions{For: []matcher.Key{{Type: "npm"}, {Type: "novel"}}})
	if r.Datasets[0].Elsewhere != 5 || len(r.Uncovered) != 1 || r.Uncovered[0].Type != "novel" {
		t.Errorf("%+v", r)
	}
	step("by name", "osv/PyPI renewed", "/pypi 200", with("pypi", "10 fixed in 1.0"), feed.UpdateOptions{Only: []string{"osv/PyPI"}})
	step("of the feed", "osv/npm unchanged, osv/Debian unchanged", "/debian 304, /debian2 304, /npm 304", base, feed.UpdateOptions{Only: []string{"osv"}})

	// From files, the feed is what they hold, and nobody is asked.
	local := feedtest.Save(t, t.TempDir(), "npm.json", records("npm", 3, "7.0"))
	r = step("from a file", "osv renewed", "", map[string]string{"npm": "3 fixed in 7.0"}, feed.UpdateOptions{Inputs: []feed.Input{{Feed: f, Location: local}}})
	if feedtest.State(&r.Datasets[0]) != "renewed" {
		t.Errorf("%+v", r)
	}
	p.set("/npm", "")
	p.set("/debian", "")
	if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Options: quick}); err == nil || strings.Count(err.Error(), "500 Internal Server Error") != 2 { // a port or a directory may hold "500"
		t.Errorf("nothing could be fetched: %v", err)
	}
	if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Only: []string{"osv/novel"}}); err == nil || !strings.Contains(err.Error(), `"osv/novel"`) {
		t.Error(err)
	}
}

// An increment replaces what it speaks of, and keeps the rest.
func TestIncrement(t *testing.T) {
	p := newPublisher(t, map[string]string{"/all": records("npm", 10, "1.0"), "/changes": records("npm", 2, "2.0") + records("PyPI", 1, "2.0")})
	f := osv.Feed()
	deleted := []string{"X-npm-5", "X-novel"}
	f.Datasets = []feed.Dataset{{URLs: []string{p.URL + "/all"}, Fetch: func(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
		if f.Fingerprint == "" {
			path, err := f.Get(ctx, feed.Item{URL: f.Dataset.URLs[0]})
			return feed.Fetched{Locations: []string{path}, Fingerprint: "1"}, err
		}
		_, err := f.Get(ctx, feed.Item{URL: "changes", Name: "changed/x.json"})
		return feed.Fetched{Locations: []string{"changed"}, Fingerprint: f.Fingerprint + "1", Increment: true, Deleted: deleted}, err
	}}}
	file := filepath.Join(t.TempDir(), "a.db")
	for _, want := range []map[string]string{
		{"npm": "10 fixed in 1.0"},
		{"npm": "9 fixed in 1.0,2.0", "pypi": "1 fixed in 2.0"},
		{"npm": "9 fixed in 1.0,2.0", "pypi": "1 fixed in 2.0"},
	} {
		if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Options: quick}); err != nil {
			t.Fatal(err)
		}
		if got := content(t, file); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if i := d.Info().Feeds; len(i) != 1 || i[0].Fingerprint != "111" || i[0].Records != 10 {
		t.Errorf("%+v", i)
	}
}

// TestIncrementOfMirror reads a directory of changes that come from a mirror directory.
func TestIncrementOfMirror(t *testing.T) {
	mirror := t.TempDir()
	feedtest.Save(t, mirror, "a.example/all", records("npm", 10, "1.0"))
	feedtest.Save(t, mirror, "a.example/changes", records("npm", 2, "2.0"))
	f := osv.Feed()
	f.Datasets = []feed.Dataset{{URLs: []string{"https://a.example/all"}, Fetch: func(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
		if f.Fingerprint == "" {
			path, err := f.Get(ctx, feed.Item{URL: f.Dataset.URLs[0]})
			return feed.Fetched{Locations: []string{path}, Fingerprint: "1"}, err
		}
		_, err := f.Get(ctx, feed.Item{URL: "changes", Name: "changed/x.json"})
		return feed.Fetched{Locations: []string{"changed"}, Fingerprint: "2", Increment: true}, err
	}}}
	file := filepath.Join(t.TempDir(), "a.db")
	for _, want := range []string{"10 fixed in 1.0", "10 fixed in 1.0,2.0"} {
		if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Mirror: mirror}); err != nil {
			t.Fatal(err)
		}
		if got := content(t, file)["npm"]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A mirror is a server or a directory that has everything under its host's name.
func TestMirror(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"npm", "debian", "debian2"} {
		ecosystem := map[string]string{"npm": "npm", "debian": "Debian:11", "debian2": "Debian:12"}[name]
		feedtest.Save(t, dir, "publisher.example/"+name, records(ecosystem, 3, "1.0"))
	}
	server := httptest.NewServer(http.StripPrefix("/mirror", http.FileServer(http.Dir(dir))))
	defer server.Close()
	for _, mirror := range []string{dir, server.URL + "/mirror/"} {
		file := filepath.Join(t.TempDir(), "a.db")
		for _, want := range []string{"osv/npm renewed, osv/Debian renewed", "osv/npm unchanged, osv/Debian unchanged"} {
			r, err := feed.Update(t.Context(), file, []feed.Feed{at("https://publisher.example")}, feed.UpdateOptions{Options: quick, Mirror: mirror})
			if err != nil || outcomes(r) != want {
				t.Errorf("%s: %s, %v", mirror, outcomes(r), err)
			}
		}
	}
}

// TestMirrorSameSecond renews a file of a mirror that changes twice within a second.
func TestMirrorSameSecond(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "a.db")
	at := at("https://publisher.example")
	modified := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		records int
		after   time.Duration
		want    string
	}{
		{3, 0, "renewed"}, {3, 0, "unchanged"}, {4, 0, "renewed"}, {4, time.Millisecond, "renewed"},
	} {
		name := feedtest.Save(t, dir, "publisher.example/npm", records("npm", step.records, "1.0"))
		if err := os.Chtimes(name, time.Time{}, modified.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		r, err := feed.Update(t.Context(), file, []feed.Feed{at}, feed.UpdateOptions{Options: quick, Mirror: dir, Only: []string{"osv/npm"}})
		if want := "osv/npm " + step.want; err != nil || outcomes(r) != want {
			t.Errorf("step %d: %s, %v; want %s", i, outcomes(r), err, want)
		}
	}
}

// What is no database is not replaced.
func TestNoDatabase(t *testing.T) {
	p := newPublisher(t, map[string]string{"/npm": records("npm", 1, "1.0")})
	file := feedtest.Save(t, t.TempDir(), "notes.txt", "to do")
	if _, err := feed.Update(t.Context(), file, []feed.Feed{at(p.URL)}, feed.UpdateOptions{Options: quick}); !errors.Is(err, db.ErrNotDatabase) {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "to do" || p.took() != "" {
		t.Errorf("%s, %v", b, err)
	}
}

// Two at once do it one after the other.
func TestTwoAtOnce(t *testing.T) {
	p := newPublisher(t, map[string]string{"/npm": records("npm", 50, "1.0"), "/debian": records("Debian:11", 5, "1.0"), "/debian2": records("Debian:12", 5, "1.0")})
	file := filepath.Join(t.TempDir(), "a.db")
	var wg sync.WaitGroup
	var written atomic.Int32
	for range 4 {
		wg.Go(func() {
			r, err := feed.Update(t.Context(), file, []feed.Feed{at(p.URL)}, feed.UpdateOptions{Options: quick})
			if err != nil {
				t.Error(err)
			}
			if r.Written {
				written.Add(1)
			}
		})
	}
	wg.Wait()
	if n := written.Load(); n != 1 || strings.Count(p.took(), " 200") != 3 {
		t.Errorf("written %d times", n)
	}
	content(t, file)
}

// An update that was killed is taken up by the next: what is there is not sent again.
func TestResume(t *testing.T) {
	whole := records("npm", 20_000, "1.0")
	var sent atomic.Int64
	var broken atomic.Bool
	broken.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if broken.Load() && r.Header.Get("Range") == "" {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			io.WriteString(w, whole[:2_000_000])
			panic(http.ErrAbortHandler)
		} else if broken.Load() {
			w.WriteHeader(503)
			return
		}
		rec := httptest.NewRecorder()
		rec.Header().Set("ETag", `"1"`)
		http.ServeContent(rec, r, "", time.Time{}, strings.NewReader(whole))
		sent.Add(int64(rec.Body.Len()))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(whole))
	}))
	defer server.Close()
	f := osv.Feed()
	f.Datasets = []feed.Dataset{{URLs: []string{server.URL}}}
	file := filepath.Join(t.TempDir(), "a.db")
	if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Options: quick}); err == nil {
		t.Fatal("no error")
	}
	broken.Store(false)
	if _, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Options: quick}); err != nil {
		t.Fatal(err)
	}
	if n := int64(len(whole)) - sent.Load(); n < 1_500_000 {
		t.Errorf("only %d of the first 2,000,000 bytes were used", n)
	}
	if got := content(t, file)["npm"]; got != "20000 fixed in 1.0" {
		t.Error(got)
	}
	if list, err := os.ReadDir(filepath.Dir(file)); err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// TestKill kills a process that updates fifty times, at any moment. The database is then the old one or the new one.
func TestKill(t *testing.T) {
	if file := os.Getenv("HULLMARK_TEST_UPDATE"); file != "" {
		_, err := feed.Update(t.Context(), file, []feed.Feed{at(os.Getenv("HULLMARK_TEST_SERVER"))}, feed.UpdateOptions{Options: quick})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	const n = 4000
	p := newPublisher(t, map[string]string{"/npm": records("npm", n, "0"), "/debian": records("Debian:11", 10, "1"), "/debian2": records("Debian:12", 10, "1")})
	file := filepath.Join(t.TempDir(), "a.db")
	child := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestKill$", "-test.count=1")
		c.Env = append(os.Environ(), "HULLMARK_TEST_UPDATE="+file, "HULLMARK_TEST_SERVER="+p.URL)
		return c
	}
	start := time.Now()
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(start)
	old, seen := 0, make(map[string]int)
	for i := 1; i <= 50; i++ {
		p.set("/npm", records("npm", n, strings.Repeat("9", i)))
		c := child()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i) / 33) // from right away to when most are done
		c.Process.Kill()
		err := c.Wait()
		state := content(t, file)["npm"]
		switch state {
		case fmt.Sprintf("%d fixed in %s", n, strings.Repeat("9", i)):
			seen["new"]++
			old = i
		case fmt.Sprintf("%d fixed in %s", n, strings.Repeat("9", old)), fmt.Sprintf("%d fixed in 0", n):
			seen["old"]++
		default:
			t.Fatalf("killed after %v (%v): %.200s", whole*time.Duration(i)/33, err, state)
		}
	}
	t.Logf("%d updates of %v killed: the old database %d times, the new one %d times", 50, whole.Round(time.Millisecond), seen["old"], seen["new"])
	if seen["old"] == 0 {
		t.Error("none was killed in time")
	}
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := content(t, file)["npm"], fmt.Sprintf("%d fixed in %s", n, strings.Repeat("9", 50)); got != want {
		t.Errorf("got %.200s", got)
	}
	if list, err := os.ReadDir(filepath.Dir(file)); err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

func ExampleUpdate() {
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC), strings.NewReader(records("npm", 3, "1.0")))
	}))
	defer publisher.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	f := osv.Feed()
	f.Datasets = []feed.Dataset{{Name: "npm", URLs: []string{publisher.URL}, Covers: []matcher.Key{{Type: "npm"}}}}
	for range 2 {
		report, err := feed.Update(context.Background(), filepath.Join(dir, "advisories.db"), []feed.Feed{f}, feed.UpdateOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, s := range report.Datasets {
			fmt.Println(s.Dataset, s.Unchanged, s.Records, s.Date.Format(time.DateOnly))
		}
	}
	// Output:
	// osv/npm false 3 2024-01-02
	// osv/npm true 0 2024-01-02
}
