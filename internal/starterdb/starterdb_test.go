package starterdb

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
)

var update = flag.Bool("update", false, "rewrite the starter database")

// inputs are the feeds in the starter database, below the directory feeds of the corpus. The date is the day on which the data
// was published, if it is known; else the date of the newest record counts.
var inputs = []struct{ feed, date, location string }{
	{"debian", "2019-09-01", "debian/tracker-2019-09-01/data.json.zst"},
	{"osv", "2024-10-10", "osv/pypi-pysec.tar.zst"},
	{"osv", "", "osv/crates-rustsec.tar.zst"},
	{"osv", "2026-08-21", "osv/go-vulndb-2020-2022.tar.zst"},
	{"osv", "", "osv/maven-zeppelin/vulnerabilities.json.zst"},
	{"osv", "", "osv/npm-santatracker/vulns.json"},
	{"osv", "2025-10-30", "osv/packagist-drupal.tar.zst"},
}

// TestStarter builds the starter database again, from the same inputs in reverse order, and expects the same bytes.
func TestStarter(t *testing.T) {
	corpus := os.Getenv("HULLMARK_CORPUS")
	if corpus == "" {
		t.Skip("HULLMARK_CORPUS is not set: no feeds to build the starter database from")
	}
	b := db.Builder{Facts: true}
	for _, in := range slices.Backward(inputs) {
		feeds := all.Feeds()
		i := slices.IndexFunc(feeds, func(f feed.Feed) bool { return f.Name == in.feed })
		input := feed.Input{Feed: feeds[i], Location: filepath.Join(corpus, "feeds", filepath.FromSlash(in.location))}
		if in.date != "" {
			var err error
			if input.Date, err = time.Parse(time.DateOnly, in.date); err != nil {
				t.Fatal(err)
			}
		}
		r, err := feed.Load(t.Context(), &b, input, feed.Options{})
		if err != nil {
			t.Fatalf("%s: %v", in.location, err)
		}
		for _, err := range r.Errors {
			t.Errorf("%s: %v", in.location, err)
		}
	}
	var got bytes.Buffer
	if _, err := b.WriteTo(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("starter.db", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got.Bytes(), file) {
		t.Errorf("%d bytes that differ from the %d of starter.db; go generate builds it again", got.Len(), len(file))
	}
}

// The database is small, and has facts only.
func TestSize(t *testing.T) {
	if n := len(file); n > 4<<20 {
		t.Errorf("%d bytes, more than 4 MiB", n)
	}
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		if a.Summary != "" || len(a.URLs) > 0 {
			t.Fatalf("%s has prose: %q %q", a.ID, a.Summary, a.URLs)
		}
	}
}

func TestSummary(t *testing.T) {
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	got := d.Summary(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	want := []string{
		"it has the advisories of debian 8, 9, 10, 11, sid of 2019-09-01 (1,949 days old) and pypi of 2024-08-27 (126 days old)",
		"it has some advisories of cargo, composer, gem, golang, maven, npm, nuget, swift, and none of other ecosystems",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDays(t *testing.T) {
	day := time.Date(2019, 9, 1, 0, 0, 0, 0, time.UTC)
	for hours, want := range map[int]string{0: "0 days old", 24: "1 day old", 24*2640 + 5: "2,640 days old", -24: "0 days old"} {
		if got := daysOld(day, day.Add(time.Duration(hours)*time.Hour)); got != want {
			t.Errorf("%d hours: %q, want %q", hours, got, want)
		}
	}
}
