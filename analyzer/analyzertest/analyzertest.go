// Package analyzertest tests analyzers on small images written as txtar archives.
//
// An archive is one image and its wanted report. The text before the first file describes the case. The first element of a file's name is the index of its layer, the rest the name in it; "0/lib -> usr/lib"
// is a symbolic link, "0/b => a" a hard link, "0/dir/" a directory. Other names are errors. The file "want" holds the report, a line or a
// few for each thing:
//
//	A package database in the first layer, an upgrade in the second.
//	-- 0/opt/list --
//	a 1
//	-- 1/opt/list --
//	a 2
//	-- want --
//	pkg:generic/a@2
//	    layer 1, opt/list, by example
//
// Every image is scanned one layer at a time and many at once, reading every layer and from a cache, and all four
// reports must be the same to the byte.
package analyzertest

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/linediff"
)

var update = flag.Bool("analyzertest.update", false, "rewrite the wanted reports with those that the tests got")

// Run scans the image in each archive that matches a glob, and fails t where a report differs from the one that the archive wants. With
// the flag -analyzertest.update, or with -update where the test binary defines that one, archives are rewritten instead.
func Run(t *testing.T, glob string, analyzers ...analyzer.Analyzer) {
	t.Helper()
	names, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no file matches %s", glob)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { run(t, name, scan.Scanner{Analyzers: analyzers}) })
	}
}

func run(t *testing.T, name string, s scan.Scanner) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := wanted(archive)
	if err != nil && !(err == errNoReport && updating()) {
		t.Fatalf("%s: %v", name, err)
	}
	img, err := imagetest.Txtar(archive)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var first *analyzer.Report
	var firstJSON string
	cache := scan.NewMemCache(0)
	for _, way := range []struct {
		name     string
		parallel int
		cache    scan.Cache
	}{{"one at a time", 1, nil}, {"in parallel", 8, nil}, {"filling a cache", 8, cache}, {"from a cache", 1, cache}} {
		s.Parallel, s.Cache = way.parallel, way.cache
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, way.name, err)
		}
		b, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first, firstJSON = report, string(b)
		} else if string(b) != firstJSON {
			t.Errorf("%s: the report made %s differs:\n%s\nfrom that made one at a time:\n%s", name, way.name, b, firstJSON)
		}
	}
	got := format(first)
	if updating() {
		rewrite(t, name, archive, got)
		return
	}
	if diff := linediff.Diff(want, got); diff != "" {
		t.Errorf("%s: the report differs (run the test with -analyzertest.update to accept):\n%s", name, diff)
	}
}

// layered matches the names of files in a layer.
var layered = lazyregexp.New(`^[0-9]+/.`)

var errNoReport = errors.New("no file \"want\"; run the test with -analyzertest.update to make it")

// wanted returns the wanted report. Entries that would be in no layer are errors, since a test without its files may pass.
func wanted(archive *txtar.Archive) (string, error) {
	want, found := "", false
	for _, f := range archive.Files {
		switch {
		case f.Name == "want" && !found:
			want, found = string(f.Data), true
		case f.Name == imagetest.ConfigFile:
		case !layered.MatchString(f.Name):
			return "", fmt.Errorf("%q: want the number of a layer in front, as in \"0/%s\"", f.Name, f.Name)
		}
	}
	if !found {
		return "", errNoReport
	}
	return want, nil
}

func updating() bool {
	if *update {
		return true
	}
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func rewrite(t *testing.T, name string, archive *txtar.Archive, got string) {
	files := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" {
			files = append(files, f)
		}
	}
	archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
