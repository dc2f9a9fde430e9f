package db_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/matcher"
)

func diff(t *testing.T, old, now *db.DB) (list []string) {
	t.Helper()
	for c, err := range now.Diff(t.Context(), old) {
		if err != nil {
			t.Fatal(err)
		}
		kind, a := "changed", c.New
		switch {
		case c.Old == nil:
			kind = "added"
		case c.New == nil:
			kind, a = "withdrawn", c.Old
		}
		list = append(list, fmt.Sprintf("%s %s %s", kind, a.ID, a.Key.Name))
	}
	return list
}

func TestDiff(t *testing.T) {
	all := many(800)
	old := open(t, build(t, all...))
	now := slices.Clone(all)
	now[0].Ranges = []matcher.Range{{Fixed: "99"}}
	gone := now[1]
	now = slices.Delete(now, 1, 2)
	now = append(now, debian("8", "zzz", "CVE-2030-1", "1"))
	got := diff(t, old, open(t, build(t, now...)))
	want := []string{
		"changed " + all[0].ID + " " + all[0].Key.Name, "withdrawn " + gone.ID + " " + gone.Key.Name, "added CVE-2030-1 zzz",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := diff(t, old, old); got != nil {
		t.Errorf("of itself: %q", got)
	}
	empty := open(t, write(t, new(db.Builder)))
	if a, w := diff(t, empty, old), diff(t, old, empty); len(a) != len(all) || len(w) != len(all) {
		t.Errorf("from nothing %d, to nothing %d; want %d", len(a), len(w), len(all))
	}
}

func TestPackage(t *testing.T) {
	d := open(t, build(t, append(many(20), full())...))
	n := 0
	for a, err := range d.Package(t.Context(), deb("nothing", "package-00003")) {
		if err != nil || a.Key.Name != "package-00003" {
			t.Fatal(a, err)
		}
		n++
	}
	for a, err := range d.Package(t.Context(), full().Key) {
		if err != nil || a.ID != full().ID {
			t.Fatal(a, err)
		}
		n++
	}
	if n == 0 || n%4 != 1 {
		t.Errorf("%d advisories, want a multiple of 4 releases, and one", n)
	}
}

// A copy that takes what it can from an older file is the same to the byte.
func TestCopyTo(t *testing.T) {
	w := dbtest.New(0.02)
	file := func() []byte {
		var b db.Builder
		if err := w.Fill(&b); err != nil {
			t.Fatal(err)
		}
		return sign(t, write(t, &b), 1, day)
	}
	before := file()
	w.NextDay()
	after := file()
	damaged := bytes.Clone(before)
	for i := 0; i < len(damaged)*9/10; i += 20_000 {
		damaged[i+100] ^= 1
	}
	for name, old := range map[string]*db.DB{"nothing": nil, "the day before": open(t, before), "damaged": open(t, damaged), "itself": open(t, after)} {
		var got bytes.Buffer
		reused, err := open(t, after).CopyTo(t.Context(), &got, old)
		if err != nil || !bytes.Equal(got.Bytes(), after) {
			t.Errorf("%s: not the same: %v", name, err)
		}
		t.Logf("%s: %d of %d bytes reused", name, reused, len(after))
		if (reused == 0) != (old == nil) {
			t.Errorf("%s: %d bytes reused", name, reused)
		}
	}
	bad := bytes.Clone(after)
	bad[5000] ^= 1
	if _, err := open(t, bad).CopyTo(t.Context(), new(bytes.Buffer), nil); err == nil {
		t.Error("a damaged file is copied")
	}
}
