package feed_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

// debianRecord is an OSV record about a package of Debian 12.
func debianRecord(id, name, fixed string) string {
	return fmt.Sprintf(`{"id":%q,"modified":"2024-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":%q},
		"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`+"\n", id, name, fixed)
}

// TestMissing removes files at their publisher. A missing file costs only that file: the database keeps its records, though another file has
// records with the same IDs, and Update says so every time.
func TestMissing(t *testing.T) {
	p := newPublisher(t, map[string]string{
		"/main":      debianRecord("CVE-1", "main", "1") + debianRecord("CVE-2", "gone", "1"),
		"/community": debianRecord("CVE-1", "community", "1"),
	})
	f := osv.Feed()
	f.Datasets = []feed.Dataset{{Name: "Debian", URLs: []string{p.URL + "/main", p.URL + "/community", p.URL + "/never"}, Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}}}}
	file := filepath.Join(t.TempDir(), "a.db")
	update := func(state, missing, want string) {
		t.Helper()
		r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{MayShrink: true})
		if err != nil || outcomes(r) != "osv/Debian "+state {
			t.Fatalf("%s, %v; want %s", outcomes(r), err, state)
		}
		got := ""
		for _, err := range r.Datasets[0].Missing {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
			got += strings.TrimPrefix(strings.Fields(err.Error())[0], p.URL+"/")
		}
		if got != missing {
			t.Errorf("missing %q, want %q", got, missing)
		}
		d, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var list []string
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, a.ID+" "+a.Key.Name+" "+a.Ranges[0].Fixed)
		}
		slices.Sort(list)
		if got := strings.Join(list, ", "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if c := d.Info().Coverage; len(c) != 1 || c[0].EndOfLife {
			t.Errorf("%+v", c)
		}
	}
	const first = "CVE-1 community 1, CVE-1 main 1, CVE-2 gone 1"
	update("renewed", "never:", first)
	update("unchanged", "never:", first)
	delete(p.bodies, "/community")
	update("renewed", "community:never:", first)
	update("unchanged", "community:never:", first)
	p.set("/main", debianRecord("CVE-1", "main", "9"))
	update("renewed", "community:never:", "CVE-1 community 1, CVE-1 main 9, CVE-2 gone 1") // what main has dropped, too, until all is there
	p.set("/community", debianRecord("CVE-1", "community", "9"))
	update("renewed", "never:", "CVE-1 community 9, CVE-1 main 9")
	delete(p.bodies, "/main")
	delete(p.bodies, "/community")
	r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{})
	if err == nil || outcomes(r) != "osv/Debian kept" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s, %v", outcomes(r), err)
	}
}

// TestDiscover has a publisher with an index of releases: a new release is found, and without the index the known ones are used.
func TestDiscover(t *testing.T) {
	p := newPublisher(t, map[string]string{"/index": "npm PyPI", "/npm": records("npm", 1, "1"), "/PyPI": records("PyPI", 1, "1"), "/pub": records("Pub", 1, "1")})
	dataset := func(name string, k string) feed.Dataset {
		return feed.Dataset{Name: name, URLs: []string{p.URL + "/" + name}, Covers: []matcher.Key{{Type: k}}}
	}
	f := osv.Feed()
	f.Datasets = []feed.Dataset{dataset("npm", "npm"), dataset("pub", "pub")}
	f.Discover = func(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
		b, err := f.Read(ctx, p.URL+"/index")
		if err != nil {
			return nil, err
		}
		var list []feed.Dataset
		for name := range strings.FieldsSeq(string(b)) {
			list = append(list, dataset(name, strings.ToLower(name)))
		}
		return list, nil
	}
	for _, tt := range []struct {
		index     string
		only      []string
		want      string
		asks      string
		fallbacks string
	}{
		{"npm PyPI", nil, "osv/npm renewed, osv/PyPI renewed, osv/pub renewed", "/PyPI 200, /index 200, /npm 200, /pub 200", ""},
		{"npm PyPI", []string{"osv/PyPI"}, "osv/PyPI renewed", "/PyPI 200, /index 200", ""},
		{"npm PyPI", []string{"osv/npm"}, "osv/npm renewed", "/npm 200", ""},
		{" ", nil, "osv/npm renewed, osv/pub renewed", "/index 200, /npm 200, /pub 200", "osv: the index lists nothing"},
		{strings.Repeat("npm ", 3000), nil, "osv/npm renewed, osv/pub renewed", "/index 200, /npm 200, /pub 200",
			"osv: the index lists 3000 files, more than 2000: exceeds the limit"},
		{"<html>", nil, "osv/npm renewed, osv/pub renewed", "/index 200, /npm 200, /pub 200", "osv: " + p.URL + "/index: a web page or a picture, not data: content type \"text/html\""},
	} {
		p.set("/index", tt.index)
		p.took()
		r, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{f}, feed.UpdateOptions{Only: tt.only})
		if err != nil || outcomes(r) != tt.want {
			t.Errorf("%q: %s, %v; want %s", tt.index, outcomes(r), err, tt.want)
		}
		if asks := p.took(); asks != tt.asks {
			t.Errorf("%q: asked for %s, want %s", tt.index, asks, tt.asks)
		}
		got := ""
		for _, err := range r.Fallbacks {
			got += err.Error()
		}
		if got != tt.fallbacks {
			t.Errorf("%q: %s, want %s", tt.index, got, tt.fallbacks)
		}
	}
}

// TestEstimate loads data without a date: it is as old as its file, or as its newest CVE.
func TestEstimate(t *testing.T) {
	modified := time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
	for id, want := range map[string]time.Time{
		"CVE-2019-1234": time.Date(2019, 12, 31, 0, 0, 0, 0, time.UTC), "CVE-2024-1234": modified, "CVE-2030-1234": modified, "TEMP-1": modified,
	} {
		name := feedtest.Save(t, t.TempDir(), "a.json", fmt.Sprintf(`{"a":{%q:{"releases":{"buster":{"status":"open","urgency":"low"}}}}}`, id))
		if err := os.Chtimes(name, modified, modified); err != nil {
			t.Fatal(err)
		}
		for _, date := range []time.Time{{}, time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)} {
			var b db.Builder
			r, err := feed.Load(t.Context(), &b, feed.Input{Feed: debian.Feed(), Location: name, Date: date}, feed.Options{})
			if err != nil || date.IsZero() && !r.Date.Equal(want) || !date.IsZero() && !r.Date.Equal(date) || r.Estimated != date.IsZero() {
				t.Errorf("%s: %v, estimated %v, %v; want %v", id, r.Date, r.Estimated, err, want)
			}
		}
	}
}
