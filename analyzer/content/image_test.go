package content_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestImage finds all that is wrong with an image, with its place, layer and owner: at any parallelism, cached or not.
func TestImage(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/image.txtar")
	if err != nil {
		t.Fatal(err)
	}
	img, err := imagetest.Txtar(archive)
	if err != nil {
		t.Fatal(err)
	}
	cache, first := scan.NewMemCache(0), ""
	for _, way := range []struct {
		parallel int
		cache    scan.Cache
	}{{1, nil}, {8, nil}, {8, cache}, {1, cache}} {
		report, err := scan.Scanner{Analyzers: append(all.All(), content.All()...), Parallel: way.parallel, Cache: way.cache}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		owners := make(map[string]string)
		var b strings.Builder
		for _, c := range report.Components {
			owners[c.ID] = c.Name
			fmt.Fprintf(&b, "package %s\n", c.Label())
		}
		for _, f := range report.Findings {
			fmt.Fprintf(&b, "%s %s: %s, line %d, layer %d, of %q%s\n\t%s. %s\n", f.Severity, f.Rule, f.Path, f.Line, f.Layer, owners[f.Owner], map[bool]string{true: ", intact"}[f.Intact], f.Title, f.Detail)
		}
		for _, r := range report.Records {
			fmt.Fprintf(&b, "record %s %s: %s, line %d, layer %d\n", r.Kind, r.Key, r.Path, r.Line, r.Layer)
			for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
				fmt.Fprintf(&b, "\t%s: %s\n", k, r.Fields[k])
			}
		}
		for _, d := range report.Diagnostics {
			fmt.Fprintf(&b, "diagnostic %s: %s, layer %d: %s\n", d.Code, d.Path, d.Layer, d.Message)
		}
		if first == "" {
			first = b.String()
			golden.Check(t, "testdata/image.golden", []byte(first))
		} else if b.String() != first {
			t.Errorf("another report with parallelism %d, cache %v:\n%s", way.parallel, way.cache != nil, b.String())
		}
	}
}

// TestLinked verifies packages whose files are hard links to files in places where packages have none, as in images that tools made from a store
// of files. That of images for bootc is hashed in the first pass.
func TestLinked(t *testing.T) {
	const bootc = "sysroot/ostree/repo/objects/ab/cdef.file"
	for _, c := range []struct {
		store, text, want string
	}{{"store/1", "su\n", "unchanged"}, {"store/1", "SU\n", "changed"}, {bootc, "su\n", "unchanged"}, {bootc, "SU\n", "changed"}} {
		img := imageOf(t, "-- 0/"+c.store+" --\n"+c.text+"-- 0/usr/bin/su => "+c.store+" --\n"+login)
		s := scan.Scanner{Analyzers: append(all.All(), content.All()...)}
		if c.store == bootc {
			s.Limits.Passes = 1
		}
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(report.Records, func(r analyzer.FileRecord) bool { return r.Kind == "package-verification" })
		if i < 0 || report.Records[i].Fields["state"] != c.want || report.Records[i].Fields["compared"] != "1" {
			t.Errorf("%+v: got %+v", c, report.Records)
		}
	}
}
