package auto_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/auto"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/db/feed/retirejs"
	"github.com/hullmark/hullmark/matcher"
)

// A publisher serves the files of publishers at /host/path, and notes what is asked for.
type publisher struct {
	*httptest.Server
	mu     sync.Mutex
	bodies map[string]string
	asked  []string
	status int // of all answers, if not 0
	wait   time.Duration
	odd    http.HandlerFunc // answers instead, if not nil
}

const (
	bucket = "/osv-vulnerabilities.storage.googleapis.com/"
	pypi   = bucket + "PyPI/all.zip"
	npm    = bucket + "npm/all.zip"
	retire = "/raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v5.json"
	cisa   = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
)

func newPublisher(t *testing.T) *publisher {
	p := &publisher{bodies: map[string]string{
		pypi:   archive(t, "PYSEC-1", "PyPI", "jinja"),
		npm:    archive(t, "GHSA-1", "npm", "lodash"),
		retire: `{"lodash":{"vulnerabilities":[{"below":"9","severity":"low","identifiers":{"CVE":["CVE-2020-0001"],"summary":"x"},"info":["https://x.example/"]}]}}`,
		cisa:   `{"vulnerabilities":[{"cveID":"CVE-2020-0001","dateAdded":"2021-01-01","knownRansomwareCampaignUse":"Unknown"}]}`,
	}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// archive returns an archive of OSV with one record.
func archive(t *testing.T, id, ecosystem, name string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(id + ".json")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, `{"id":%q,"modified":"2024-05-06T00:00:00Z","affected":[{"package":{"ecosystem":%q,"name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9"}]}]}]}`, id, ecosystem, name)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	body, ok := p.bodies[r.URL.Path]
	status, wait, odd := p.status, p.wait, p.odd
	p.asked = append(p.asked, r.URL.Path)
	p.mu.Unlock()
	time.Sleep(wait)
	switch {
	case odd != nil:
		odd(w, r)
	case status != 0:
		w.WriteHeader(status)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, len(body)))
		http.ServeContent(w, r, "", time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC), strings.NewReader(body))
	}
}

func (p *publisher) set(path, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies[path] = body
}

func (p *publisher) fail(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

// took returns the datasets that were asked for since the last call, sorted.
func (p *publisher) took() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, path := range p.asked {
		for prefix, name := range map[string]string{bucket + "PyPI/": "PyPI", bucket + "npm/": "npm", retire: "retirejs", cisa: "kev"} {
			if strings.HasPrefix(path, prefix) {
				list = append(list, name)
			}
		}
	}
	p.asked = nil
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// What an image of each language needs.
const (
	tookPyPI = "PyPI kev"
	tookNPM  = "kev npm retirejs"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// database returns a database of three feeds, some hours after the start.
func (p *publisher) database(file string, hours float64) *auto.Database {
	return &auto.Database{
		File: file, Feeds: []feed.Feed{kev.Feed(), osv.Feed(), retirejs.Feed()},
		Update: feed.UpdateOptions{
			Mirror: p.URL, Now: start.Add(time.Duration(hours * float64(time.Hour))),
			Options: feed.Options{Limits: feed.Limits{Retry: feed.Retry{Attempts: 1}}},
		},
	}
}

// image returns a report of packages: "pypi jinja".
func image(packages ...string) *analyzer.Report {
	r := new(analyzer.Report)
	for _, p := range packages {
		typ, name, _ := strings.Cut(p, " ")
		r.Components = append(r.Components, analyzer.Component{ID: p, Package: analyzer.Package{Type: typ, Name: name, Version: "1"}})
	}
	return r
}

// answer describes a source: advisories of the image, feeds of which they are missing, and the error.
func answer(t *testing.T, s *auto.Source, found *analyzer.Report) string {
	t.Helper()
	r, err := matcher.Matcher{Source: s}.Match(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range r.Matches {
		list = append(list, m.ID)
	}
	for _, c := range r.Coverage {
		switch {
		case c.Missing:
			list = append(list, "no "+c.Feed+" for "+c.Type)
		case c.Feed == "":
			list = append(list, "nothing for "+c.Type)
		}
	}
	return strings.Join(list, ", ")
}

// open opens a database for an image and returns what it answers and what was asked for.
func open(t *testing.T, p *publisher, d *auto.Database, found *analyzer.Report) (answers, asked string, s *auto.Source) {
	t.Helper()
	s, err := d.Open(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return answer(t, s, found), p.took(), s
}

// Each row is a moment in the life of one database.
func TestLife(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "cache", "hullmark", "a.db")
	python, node := image("pypi jinja"), image("npm lodash")
	both := image("pypi jinja", "npm lodash")
	for _, tt := range []struct {
		name    string
		hours   float64
		image   *analyzer.Report
		before  func(*auto.Database)
		answers string
		asked   string
		age     float64 // of the data, in hours
		failure string  // in Source.Err
	}{
		{"the first image", 0, python, nil, "PYSEC-1", tookPyPI, 0, ""},
		{"again", 1, python, nil, "PYSEC-1", "", 1, ""},
		{"another language is fetched, the first one is new enough", 2, both, nil, "PYSEC-1, CVE-2020-0001, GHSA-1", tookNPM, 2, ""},
		{"the distribution of no publisher", 2, image("deb x", "pypi jinja"), nil, "PYSEC-1, nothing for deb", "", 2, ""},
		{"an empty image", 2, image(), nil, "", "", 0, ""},
		{"a shorter age", 3, node, func(d *auto.Database) { d.Renew = time.Minute }, "CVE-2020-0001, GHSA-1", tookNPM, 0, ""},
		{"a day later", 25, python, nil, "PYSEC-1", tookPyPI, 0, ""},
		{"never", 1000, python, func(d *auto.Database) { d.Renew = -1 }, "PYSEC-1", "", 975, ""},
		{"offline", 1000, python, func(d *auto.Database) { d.Offline = true }, "PYSEC-1", "", 975, ""},
		{"all publishers are out of order", 1000, python, func(*auto.Database) { p.fail(503) }, "PYSEC-1", tookPyPI, 975, "osv/PyPI: "},
		{"asked again later only", 1000.1, python, nil, "PYSEC-1", "", 975.1, "503 Service Unavailable"},
		{"they still are", 1001, python, nil, "PYSEC-1", tookPyPI, 976, "osv/PyPI: "},
		{"they work again", 1002, python, func(*auto.Database) { p.fail(0) }, "PYSEC-1", tookPyPI, 0, ""},
		{"the clock was put back", 900, python, nil, "PYSEC-1", tookPyPI, 0, ""},
		{"a change", 950, python, func(*auto.Database) { p.set(pypi, archive(t, "PYSEC-23", "PyPI", "jinja")) }, "PYSEC-23", tookPyPI, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := p.database(file, tt.hours)
			if tt.before != nil {
				tt.before(d)
			}
			answers, asked, s := open(t, p, d, tt.image)
			if answers != tt.answers || asked != tt.asked {
				t.Errorf("answers %q, asked for %q; want %q, %q", answers, asked, tt.answers, tt.asked)
			}
			if age := d.Update.Now.Sub(s.Renewed).Hours(); !s.Renewed.IsZero() && age != tt.age {
				t.Errorf("renewed %v hours ago, want %v", age, tt.age)
			}
			if tt.failure == "" && s.Err != nil || tt.failure != "" && (s.Err == nil || !strings.Contains(s.Err.Error(), tt.failure)) {
				t.Errorf("error %v, want %q", s.Err, tt.failure)
			}
		})
	}
	if list, err := os.ReadDir(filepath.Dir(file)); err != nil || len(list) != 2 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// A feed that fails costs that feed, and coverage says so until it is there.
func TestMissing(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	good := p.bodies[retire]
	delete(p.bodies, retire)
	node := image("npm lodash")
	for _, tt := range []struct {
		name    string
		hours   float64
		offline bool
		body    string
		answers string
		asked   string
	}{
		{"one of two", 0, false, "", "GHSA-1, no retirejs for npm", tookNPM},
		{"offline", 0.5, true, "", "GHSA-1, no retirejs for npm", ""},
		{"a moment later", 0.01, false, "", "GHSA-1, no retirejs for npm", ""},
		{"tried again", 0.5, false, "", "GHSA-1, no retirejs for npm", tookNPM},
		{"a web page", 1, false, "<!DOCTYPE html><html>Sign in", "GHSA-1, no retirejs for npm", tookNPM},
		{"half of it", 2, false, good[:len(good)/2], "GHSA-1, no retirejs for npm", tookNPM},
		{"it is there", 3, false, good, "CVE-2020-0001, GHSA-1", tookNPM},
		{"and stays when it fails", 30, false, "{", "CVE-2020-0001, GHSA-1", tookNPM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.body != "" {
				p.set(retire, tt.body)
			}
			d := p.database(file, tt.hours)
			d.Offline = tt.offline
			if answers, asked, _ := open(t, p, d, node); answers != tt.answers || asked != tt.asked {
				t.Errorf("answers %q, asked for %q; want %q, %q", answers, asked, tt.answers, tt.asked)
			}
		})
	}
}

// Without any database, Open says that there is none, and why.
func TestNone(t *testing.T) {
	p := newPublisher(t)
	p.Close()
	file := filepath.Join(t.TempDir(), "a.db")
	for _, offline := range []bool{false, true} {
		d := p.database(file, 0)
		d.Offline = offline
		_, err := d.Open(t.Context(), image("pypi jinja"))
		if !errors.Is(err, fs.ErrNotExist) || !offline && !strings.Contains(err.Error(), "refused") {
			t.Errorf("offline %v: %v", offline, err)
		}
	}
	rest := p.database(file, 0).Unfetched(image("pypi jinja", "npm lodash", "deb x"))
	rows, err := rest.Coverage(t.Context(), []matcher.Key{{Type: "npm", Name: "lodash"}, {Type: "deb", Name: "x"}})
	if want := []matcher.Coverage{{Type: "npm", Feed: "osv", Missing: true}, {Type: "npm", Feed: "retirejs", Missing: true}}; err != nil || !slices.Equal(rows, want) {
		t.Errorf("unfetched: %v, %v", rows, err)
	}
	for a, err := range rest.Advisories(t.Context(), []matcher.Key{{Type: "npm", Name: "lodash"}}) {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := p.database(file, 0).Open(t.Context(), new(analyzer.Report)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty image: %v", err)
	}
}

// A file that is damaged, or not a database at all, is fetched again, and so is a file that someone removed.
func TestDamaged(t *testing.T) {
	p := newPublisher(t)
	both := image("npm lodash", "pypi jinja")
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, file string)
	}{
		{"removed", func(t *testing.T, file string) { os.Remove(file) }},
		{"cut off", func(t *testing.T, file string) { os.Truncate(file, 300) }},
		{"empty", func(t *testing.T, file string) { os.Truncate(file, 0) }},
		{"something else", func(t *testing.T, file string) { os.WriteFile(file, []byte("<html>"), 0o666) }},
		{"no state", func(t *testing.T, file string) { os.Remove(file + ".state") }},
		{"damaged state", func(t *testing.T, file string) {
			os.WriteFile(file+".state", []byte(`{"ecosystems":[{"type":7}]}`), 0o666)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.db")
			open(t, p, p.database(file, 0), both)
			tt.spoil(t, file)
			answers, asked, s := open(t, p, p.database(file, 1), both)
			if answers != "CVE-2020-0001, GHSA-1, PYSEC-1" || asked != "PyPI kev npm retirejs" || s.Err != nil {
				t.Errorf("answers %q, asked for %q, %v", answers, asked, s.Err)
			}
		})
	}
	t.Run("damaged inside", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "a.db")
		open(t, p, p.database(file, 0), both)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 8; i < 60; i++ {
			b[i] ^= 1
		}
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
		p.set(pypi, archive(t, "PYSEC-1234", "PyPI", "jinja"))
		if answers, _, s := open(t, p, p.database(file, 30), both); answers != "CVE-2020-0001, GHSA-1, PYSEC-1234" || s.Err != nil {
			t.Errorf("answers %q, %v", answers, s.Err)
		}
	})
}

// Many at once fetch once, and have the same answers.
func TestMany(t *testing.T) {
	p := newPublisher(t)
	p.wait = 50 * time.Millisecond
	file := filepath.Join(t.TempDir(), "a.db")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, err := p.database(file, 0).Open(context.Background(), image("pypi jinja"))
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if got := answer(t, s, image("pypi jinja")); got != "PYSEC-1" || s.Err != nil {
				t.Errorf("answers %q, %v", got, s.Err)
			}
		})
	}
	group.Wait()
	if n := len(p.asked); n != 3 { // modified_id.csv, all.zip, and the catalogue
		t.Errorf("%d requests: %v", n, p.asked)
	}
}

// A directory that cannot be written to does not keep anyone from using what is there.
func TestReadOnly(t *testing.T) {
	p := newPublisher(t)
	file := filepath.Join(t.TempDir(), "a.db")
	python := image("pypi jinja")
	open(t, p, p.database(file, 0), python)
	if err := os.Mkdir(file+".renew", 0o777); err != nil { // no lock can be made, even by root
		t.Fatal(err)
	}
	if answers, asked, s := open(t, p, p.database(file, 1), python); answers != "PYSEC-1" || asked != "" || s.Err != nil {
		t.Errorf("new enough: answers %q, asked for %q, %v", answers, asked, s.Err)
	}
	if answers, asked, s := open(t, p, p.database(file, 30), python); answers != "PYSEC-1" || asked != "" || s.Err == nil {
		t.Errorf("old: answers %q, asked for %q, %v", answers, asked, s.Err)
	}
}

// An interrupted fetch leaves no state, and ends.
func TestInterrupted(t *testing.T) {
	p := newPublisher(t)
	p.wait = 100 * time.Millisecond
	file := filepath.Join(t.TempDir(), "a.db")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := p.database(file, 0).Open(ctx, image("pypi jinja")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file + ".state"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a state: %v", err)
	}
	if answers, _, _ := open(t, p, p.database(file, 0), image("pypi jinja")); answers != "PYSEC-1" {
		t.Errorf("then: %q", answers)
	}
}
