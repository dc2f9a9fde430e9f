package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// Find agrees with a look at all advisories, for identifiers, aliases, updates, and what only looks like one.
func TestFind(t *testing.T) {
	as := append(many(2000), full())
	for i := range 50 {
		as = append(as, matcher.Advisory{
			ID: fmt.Sprintf("X-%d", i), Feed: "x", Aliases: []string{"CVE-SHARED"},
			Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "8", Name: fmt.Sprintf("package-%05d", i*40)},
		})
	}
	d := open(t, build(t, as...))
	testFind(t, d, as)
	if err := d.IndexIdentifiers(t.Context()); err != nil {
		t.Fatal(err)
	}
	testFind(t, d, as)
}

func testFind(t *testing.T, d *db.DB, as []matcher.Advisory) {
	t.Helper()
	all := collect(t, d)
	for _, id := range []string{"CVE-SHARED", "X-7", as[0].ID, full().ID, full().Aliases[0], full().Updates[1], full().Summary, "debian", "", "zzz"} {
		want := make(map[matcher.Key]int)
		for _, a := range all {
			if a.ID == id || slices.Contains(a.Aliases, id) || slices.Contains(a.Updates, id) {
				want[a.Key]++
			}
		}
		var found []matcher.Advisory
		for a, err := range d.Find(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, a)
		}
		for _, a := range found { // after the last block was read: nothing is shared with it
			if want[a.Key]--; want[a.Key] < 0 {
				t.Errorf("Find(%q): %+v is not wanted, or not so often", id, a.Key)
			}
		}
		for k, left := range want {
			if left > 0 {
				t.Errorf("Find(%q): %+v is not found", id, k)
			}
		}
	}
	ids := []string{as[0].ID, "zzz", "X-7", "CVE-SHARED", "X-7", full().Updates[1], full().ID, "X-9"}
	want, got := make(map[string]bool), make(map[string]bool)
	for _, id := range ids {
		for a, err := range d.Find(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			want[fmt.Sprint(a)] = true
		}
	}
	for a, err := range d.Find(t.Context(), ids...) {
		if err != nil || got[fmt.Sprint(a)] {
			t.Fatalf("several identifiers: %v, %v twice", err, a.Key)
		}
		got[fmt.Sprint(a)] = true
	}
	if !maps.Equal(got, want) || len(want) < 50 {
		t.Errorf("several identifiers: %d advisories, want %d", len(got), len(want))
	}
	for range d.Find(t.Context()) {
		t.Fatal("no identifier finds an advisory")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range d.Find(ctx, "X-7") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

// A package that the filter does not know is never in a block; one that it knows always is looked for.
func TestFilter(t *testing.T) {
	as := many(3000)
	file := build(t, as...)
	d := open(t, file)
	reads := &countedReader{ReaderAt: bytes.NewReader(file)}
	counted, err := db.Open(reads, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range collect(t, d) {
		if got, err := lookUp(t.Context(), counted, []matcher.Key{a.Key}); err != nil || len(got) == 0 {
			t.Fatalf("%+v: %d advisories, %v", a.Key, len(got), err)
		}
	}
	reads.n = 0
	for i := range 1000 {
		key := deb("8", fmt.Sprintf("no-such-%d", i))
		if got, err := lookUp(t.Context(), counted, []matcher.Key{key}); err != nil || got != nil {
			t.Fatal(got, err)
		}
	}
	// 1 in 46 is not told apart, and most of these find their block in the cache.
	if reads.n > 100 {
		t.Errorf("%d blocks read for 1000 packages that are not there", reads.n)
	}
}

type countedReader struct {
	io.ReaderAt
	n int
}

func (r *countedReader) ReadAt(b []byte, off int64) (int, error) {
	r.n++
	return r.ReaderAt.ReadAt(b, off)
}
