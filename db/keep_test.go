package db_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// whole returns a builder of advisories of two feeds, of which osv has two inputs, and of enrichments.
func whole(t testing.TB, b *db.Builder) {
	t.Helper()
	b.AddFeed(db.FeedInfo{Name: "debian", Date: day, Records: 3})
	b.AddFeed(db.FeedInfo{Name: "osv", URL: "https://a.example/maven", Date: day.Add(-time.Hour)})
	b.AddFeed(db.FeedInfo{Name: "osv", URL: "https://a.example/pypi", Date: day})
	b.AddFeed(db.FeedInfo{Name: "kev"})
	b.AddCoverage(matcher.Coverage{Type: "deb", Namespace: "debian", Release: "7", Feed: "debian", Date: day, EndOfLife: true})
	b.AddCoverage(matcher.Coverage{Type: "maven", Feed: "osv", Date: day.Add(-time.Hour)})
	b.AddCoverage(matcher.Coverage{Type: "pypi", Feed: "osv", Date: day})
	python := full()
	python.Key = matcher.Key{Type: "pypi", Name: "example"}
	for _, a := range append(many(200), full(), python) {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range enrichments() {
		if err := b.AddEnrichment(s.feed, s.cve, s.Enrichment); err != nil {
			t.Fatal(err)
		}
	}
}

// keep returns the database of b with all data of some feeds in old.
func keep(t testing.TB, b *db.Builder, old *db.DB, feeds ...string) []byte {
	t.Helper()
	for _, f := range feeds {
		if err := b.Keep(t.Context(), old, db.Part{Feed: f, Enrichments: true}); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, b)
}

// What is kept of all feeds is the old database, to the byte; what is kept twice, or added again, as well.
func TestKeepAll(t *testing.T) {
	var b db.Builder
	whole(t, &b)
	file := write(t, &b)
	old := open(t, file)
	all := []string{"nvd", "debian", "epss", "osv", "kev", "exploitdb"}
	if got := keep(t, new(db.Builder), old, all...); !bytes.Equal(got, file) {
		t.Error("other bytes")
	}
	var again db.Builder
	for _, a := range many(200) {
		if err := again.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if got := keep(t, &again, old, all...); !bytes.Equal(got, file) {
		t.Error("some of it added before: other bytes")
	}

	var facts, small db.Builder
	facts.Facts, small.Facts = true, true
	whole(t, &facts)
	if got := keep(t, &small, old, all...); !bytes.Equal(got, write(t, &facts)) {
		t.Error("facts: other bytes")
	}
}

// A feed is kept with its dates, whatever comes newly beside it.
func TestKeepFeed(t *testing.T) {
	var b db.Builder
	whole(t, &b)
	old := open(t, write(t, &b))
	d := open(t, keep(t, new(db.Builder), old, "kev", "osv"))
	i := d.Info()
	if i.Advisories != 2 || len(i.Feeds) != 3 || len(i.Coverage) != 2 || !reflect.DeepEqual(i.Enrichments, []db.EnrichmentInfo{{Feed: "kev", Vulnerabilities: 2}}) {
		t.Errorf("%+v", i)
	}
	if got := collect(t, d)[0]; !reflect.DeepEqual(got, full()) {
		t.Errorf("got  %+v\nwant %+v", got, full())
	}
	if c := i.Coverage[0]; c.Type != "maven" || !c.Date.Equal(day.Add(-time.Hour)) {
		t.Errorf("%+v", c)
	}

	// One of several inputs.
	var one db.Builder
	pypi := func(k matcher.Key) bool { return k.Type == "pypi" }
	input := func(f db.FeedInfo) bool { return strings.HasSuffix(f.URL, "pypi") }
	if err := one.Keep(t.Context(), old, db.Part{Feed: "osv", Ecosystem: pypi, Input: input}); err != nil {
		t.Fatal(err)
	}
	d = open(t, write(t, &one))
	i = d.Info()
	if i.Advisories != 1 || len(i.Feeds) != 1 || len(i.Coverage) != 1 || !i.Coverage[0].Date.Equal(day) || i.Coverage[0].Type != "pypi" || len(i.Enrichments) > 0 {
		t.Errorf("%+v", i)
	}
}

func TestKeepErrors(t *testing.T) {
	var b db.Builder
	whole(t, &b)
	file := write(t, &b)
	bad := bytes.Clone(file)
	bad[20] ^= 1
	write := func(ctx context.Context, file []byte) error {
		var b db.Builder
		if err := b.Keep(ctx, open(t, file), db.Part{Feed: "osv"}); err != nil {
			t.Fatal(err)
		}
		_, err := b.WriteTo(io.Discard)
		return err
	}
	if err := write(t.Context(), bad); !errors.Is(err, db.ErrCorrupt) {
		t.Errorf("damaged: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := write(ctx, file); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var two db.Builder
	if err := two.Keep(t.Context(), open(t, file), db.Part{}); err == nil {
		t.Error("no feed: accepted")
	}
	if err := errors.Join(two.Keep(t.Context(), open(t, file), db.Part{Feed: "osv"}), two.Keep(t.Context(), open(t, file), db.Part{Feed: "kev"})); err == nil {
		t.Error("two databases: accepted")
	}
}
