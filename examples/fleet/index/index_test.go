package index_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/index"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// TestUpdate adds images one by one to an index that two processes have open. Generations are merged, so that there are few. An image that
// is analyzed again with other packages is found by these only.
func TestUpdate(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		ctx := t.Context()
		if address == "" {
			address = filepath.Join(t.TempDir(), "fleet.db")
		}
		s, err := store.Open(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		kept := objects.SQL{Store: s}
		writer, reader := &index.Index{Store: s, Objects: kept, Dir: t.TempDir()}, &index.Index{Store: s, Objects: kept, Dir: t.TempDir()}
		defer writer.Close()
		defer reader.Close()
		digest := func(i int) string { return fmt.Sprintf("sha256:%064x", i) }
		put := func(i int, version string) {
			t.Helper()
			r := &analyzer.Report{Layers: []analyzer.Layer{{DiffID: digest(1000 + i)}}, Components: []analyzer.Component{{ID: "left", Package: analyzer.Package{Type: "npm", Name: "left", Version: version}}}}
			err := catalog.Put(ctx, s.Catalog, catalog.Image{Digest: digest(i)}, r)
			if err == nil {
				err = s.Write(ctx, func(tx *store.Tx) error { return tx.Unindexed(ctx, digest(i)) })
			}
			if err != nil {
				t.Fatal(err)
			}
			if n, err := writer.Update(ctx); n != 1 || err != nil {
				t.Fatalf("%d images, %v", n, err)
			}
		}
		all := func(found *index.Found, err error) (list []string) {
			t.Helper()
			for {
				if err != nil {
					t.Fatal(err)
				}
				var some []string
				var more bool
				if some, more, err = found.Next(ctx, 4); !more {
					return list
				}
				list = append(list, some...)
			}
		}
		affected := func() []string {
			t.Helper()
			return all(reader.Affected(ctx, "", matcher.Matcher{}, fleettest.NPM("X", "left", "2.0.0", matcher.High)))
		}
		var want []string
		most := 0
		for i := range 30 {
			put(i, fmt.Sprintf("%d.0.0", 1+i%2))
			if i%2 == 0 {
				want = append(want, digest(i))
			}
			if got := affected(); !slices.Equal(got, want) {
				t.Fatalf("after %d images: %v, want %v", i+1, got, want)
			}
			list, err := s.Generations(ctx)
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, len(list))
		}
		if most > 6 {
			t.Errorf("%d generations for 30 images", most)
		}
		// A question that was asked before generations were merged has its answer, and so has a reader of all generations.
		early, err := reader.Affected(ctx, "", matcher.Matcher{}, fleettest.NPM("X", "left", "2.0.0", matcher.High))
		generations, release, held := reader.Generations(ctx)
		if err := errors.Join(err, held); err != nil {
			t.Fatal(err)
		}
		defer release()
		before, err := s.Generations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := 30; i < 70; i++ {
			put(i, "3.0.0")
		}
		after, err := s.Generations(ctx)
		if err != nil || slices.ContainsFunc(before, func(g store.Generation) bool { return slices.Contains(after, g) }) {
			t.Fatalf("not all of %v were merged: %v, %v", before, after, err)
		}
		if got := all(early, nil); !slices.Equal(got, want) {
			t.Errorf("asked before a merge: %v, want %v", got, want)
		}
		numbers, err := watch.Affected(ctx, matcher.Matcher{}, generations, fleettest.NPM("X", "left", "2.0.0", matcher.High))
		var got []string
		for d, err := range generations.Digests(ctx, numbers) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d)
		}
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("generations from before a merge: %v, %v; want %v", got, err, want)
		}
		put(0, "2.0.0")
		if got := affected(); !slices.Equal(got, want[1:]) {
			t.Errorf("after another analysis: %v, want %v", got, want[1:])
		}
		if n, err := writer.Update(ctx); n != 0 || err != nil {
			t.Errorf("without new images: %d, %v", n, err)
		}
		for purl, n := range map[string]int{"pkg:npm/left@1.0.0": 14, "pkg:npm/left": 70, "pkg:npm/right": 0, "pkg:npm/left@vers:npm/>1.0.0|<3.0.0": 16} {
			p, err := index.ParsePattern(purl)
			if err != nil {
				t.Fatal(err)
			}
			list := all(reader.Containing(ctx, "", p, nil))
			if len(list) != n {
				t.Errorf("%s: %d images, want %d", purl, len(list), n)
			}
			if n > 0 {
				if rest := all(reader.Containing(ctx, list[2], p, nil)); !slices.Equal(rest, list[3:]) {
					t.Errorf("%s: after the third image: %v, want %v", purl, rest, list[3:])
				}
			}
		}
	})
}
