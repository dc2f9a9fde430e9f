package scan_test

import (
	"archive/tar"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestLateDigests computes digests of files that hard links and links to directories give a wanted name, by one second pass, cached or not.
func TestLateDigests(t *testing.T) {
	wants := func(name, digest string, evidence ...string) analyzer.Analyzer {
		return analyzer.Func(analyzer.Info{Name: name, Version: 1, List: true, Patterns: []string{"usr/**"}, Digests: []string{digest}, DigestsIf: evidence},
			func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, errors.New("called") })
	}
	seen := analyzer.Func(analyzer.Info{Name: "names", Version: 1, Patterns: []string{"usr/bin/*"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		return &analyzer.Result{Records: []analyzer.Record{{Kind: "content", Key: f.Path + "=" + string(b)}}}, err
	})
	both := []analyzer.Analyzer{wants("a", "md5", "etc/a"), wants("b", "sha256", "etc/b")}
	link := func(l *imagetest.Layer, name, to string) *imagetest.Layer {
		return l.Add(tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink}, nil)
	}
	symlink := func(name, to string) *imagetest.Layer {
		return new(imagetest.Layer).Add(tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}, nil)
	}
	linked := func() *imagetest.Layer { return link(new(imagetest.Layer).File("data/x", "x"), "usr/bin/x", "data/x") }
	for _, c := range []struct {
		name      string
		layers    []*imagetest.Layer
		analyzers []analyzer.Analyzer
		want      string
		passes    int
	}{
		{"hard link from outside", []*imagetest.Layer{linked()}, both[:1], "data/x md5, usr/bin/x md5", 1},
		{"without evidence, all", []*imagetest.Layer{linked()}, both, "data/x md5 sha256, usr/bin/x md5 sha256", 1},
		{"evidence for one", []*imagetest.Layer{linked().File("etc/b", "")}, both, "data/x sha256, etc/b, usr/bin/x sha256", 1},
		{"evidence in another layer", []*imagetest.Layer{linked(), new(imagetest.Layer).File("etc/b", "")}, both, "data/x sha256, etc/b, usr/bin/x sha256", 1},
		{"many links to one file", []*imagetest.Layer{link(link(linked(), "usr/y", "usr/bin/x"), "usr/z", "data/x")}, both[:1], "data/x md5, usr/bin/x md5, usr/y md5, usr/z md5", 1},
		{"to a lower layer", []*imagetest.Layer{new(imagetest.Layer).File("data/x", "x"), link(new(imagetest.Layer), "usr/x", "data/x")}, both[:1], "data/x md5, usr/x md5", 1},
		{"the file is deleted", []*imagetest.Layer{linked(), new(imagetest.Layer).File("data/.wh.x", "")}, both[:1], "usr/bin/x md5", 1},
		{"the link is deleted", []*imagetest.Layer{linked(), new(imagetest.Layer).File("usr/bin/.wh.x", "")}, both[:1], "data/x", 0},
		{"the link's file is replaced", []*imagetest.Layer{linked(), new(imagetest.Layer).File("data/x", "other")}, both[:1], "data/x, usr/bin/x md5", 1},
		{"hard link from inside", []*imagetest.Layer{link(new(imagetest.Layer).File("usr/x", "x"), "data/x", "usr/x")}, both[:1], "data/x md5, usr/x md5", 0},
		{"link of directories, above", []*imagetest.Layer{new(imagetest.Layer).File("data/x", "x"), symlink("usr", "data")}, both[:1], "data/x md5", 1},
		{"link of directories, below", []*imagetest.Layer{symlink("opt", "usr"), new(imagetest.Layer).File("opt/x", "x")}, both[:1], "usr/x md5", 1},
		{"an analyzer sees it, too", []*imagetest.Layer{linked()}, append([]analyzer.Analyzer{seen}, both[0]), "data/x md5, usr/bin/x md5", 1},
	} {
		img := mustImage(t, c.layers...)
		cache := scan.NewMemCache(0)
		for _, way := range []struct {
			name     string
			parallel int
			cache    scan.Cache
			passes   int
		}{{"alone", 1, nil, c.passes}, {"parallel", 8, nil, c.passes}, {"filling a cache", 8, cache, c.passes}, {"from a cache", 1, cache, 0}} {
			passes := 0
			s := scan.Scanner{Analyzers: c.analyzers, Parallel: way.parallel, Cache: way.cache, Progress: func(e scan.Event) {
				if e.Again && e.Done {
					passes++
				}
			}}
			report, err := s.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for f := range report.Files.All() {
				if !f.Mode.IsRegular() {
					continue
				}
				line := f.Path
				for _, d := range f.Digests {
					line += " " + d.Algorithm
					md5, sha256 := md5.Sum([]byte("x")), sha256.Sum256([]byte("x"))
					if want := map[string]string{"md5": string(md5[:]), "sha256": string(sha256[:])}[d.Algorithm]; d.Sum != want {
						t.Errorf("%s, %s: %s: %x", c.name, way.name, line, d.Sum)
					}
				}
				got = append(got, line)
			}
			if s := strings.Join(got, ", "); s != c.want || passes != way.passes || len(report.Diagnostics) > 0 {
				t.Errorf("%s, %s: got %q, want %q; %d passes, want %d; %v", c.name, way.name, s, c.want, passes, way.passes, report.Diagnostics)
			}
			if slices.Contains([]string{"an analyzer sees it, too"}, c.name) && fmt.Sprint(report.Records) != "[{{content usr/bin/x=x 0 map[]} names usr/bin/x 0 false}]" {
				t.Errorf("%s: %v", c.name, report.Records)
			}
		}
	}
	// A scan with one pass leaves them out.
	report, err := scan.Scanner{Analyzers: both, Limits: scan.Limits{Passes: 1}}.Scan(t.Context(), mustImage(t, linked()))
	if err != nil {
		t.Fatal(err)
	}
	for f := range report.Files.All() {
		if len(f.Digests) > 0 {
			t.Errorf("one pass: %s has digests", f.Path)
		}
	}
	// A file system is read through a link of directories.
	root := fstest.MapFS{"data/x": {Data: []byte("x")}, "usr": {Data: []byte("data"), Mode: 0o777 | 1<<27}}
	if report, err = (scan.Scanner{Analyzers: both[:1]}).ScanFS(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(listed(report), ", "); !strings.Contains(got, "data/x ---------- 0 -1 md5") {
		t.Errorf("file system: %s", got)
	}
}
