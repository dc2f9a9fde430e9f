package assess_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// gated returns a pipeline whose gate lets pass what has no advisories.
func gated() assess.Pipeline {
	p := pipeline()
	p.Scanner = scan.Scanner{Analyzers: all.All()}
	p.Source = append(advisories{{ID: "CVE-2026-0009", Feed: "test", Key: matcher.Key{Type: "pypi", Name: "other"}}}, debian...)
	p.Gate = report.Gate{FailOn: matcher.Critical, AllowUncovered: true}
	return p
}

// TestUnread requires that a gate and a policy stop every image of testdata/unread whose package database could not be read
// completely, although its other packages are covered, and that the answer is the same after the packages went through an SBOM.
func TestUnread(t *testing.T) {
	names, err := filepath.Glob("testdata/unread/*.txtar")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d images: %v", len(names), err)
	}
	permissive, err := policy.Load(strings.NewReader("version: 1\npolicies: [{name: p, otherwise: go, rules: []}]\ndefault: {policies: [p]}\n"), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			img, err := imagetest.Txtar(archive)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.HasPrefix(filepath.Base(name), "passes-")
			p := gated()
			p.Scanner.Limits.FileSize = 4000
			testGate(t, p, img, want)
			p.Gate, p.Policy = report.Gate{AllowUncovered: true}, permissive
			testGate(t, p, img, want)
		})
	}
}

// TestMissingLayer requires the same of an image whose base is not stored with it.
func TestMissingLayer(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("base", "1"), new(imagetest.Layer).File("usr/lib/python3/dist-packages/other-1.dist-info/METADATA", "Name: other\nVersion: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	base, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layers[0], MediaType: types.OCIRestrictedLayer}, mutate.Addendum{Layer: layers[1]})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: base})); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "blobs", "sha256", digest.Hex)); err != nil {
		t.Fatal(err)
	}
	opened, err := source.Open(t.Context(), "oci:"+dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	testGate(t, gated(), opened, false)
}

func testGate(t *testing.T, p assess.Pipeline, img v1.Image, passes bool) {
	t.Helper()
	a, err := p.Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, a *report.Assessment) {
		t.Helper()
		failed := slices.ContainsFunc(a.Failures, func(f report.Failure) bool { return f.Code == report.FailedUnread && f.Count > 0 })
		noted := slices.ContainsFunc(a.Notes, func(n report.Note) bool { return n.Code == report.NoteUnread })
		if a.Passes() != passes || failed == passes || noted == passes || a.Matched == 0 {
			t.Errorf("%s: passes %t, failures %v, notes %v, diagnostics %v", what, a.Passes(), a.Failures, a.Notes, a.Report.Diagnostics)
		}
	}
	check("image", a)
	var document bytes.Buffer
	if err := sbom.Encode(&document, a, sbom.Options{}); err != nil {
		t.Fatal(err)
	}
	found, err := sbom.Decode(&document, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	check("SBOM", again)
	document.Reset()
	if err := json.Write(&document, a); err != nil {
		t.Fatal(err)
	}
	if again, err = json.Read(&document); err != nil {
		t.Fatal(err)
	}
	check("JSON", again)
}

// unreadable is a file system with a file or directory that can't be opened.
type unreadable struct {
	fstest.MapFS
	path string
}

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.Open(name)
}

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == u.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.ReadDir(name)
}

// TestUnreadableFile denies access to files and directories of a root file system.
func TestUnreadableFile(t *testing.T) {
	root := fstest.MapFS{"usr/lib/python3/django-1.11.20.dist-info/METADATA": {Data: []byte("Name: django\nVersion: 1.11.20\n")}, "root/x": {}}
	for name, file := range files {
		root[name] = file
	}
	for path, passes := range map[string]bool{
		"var/lib/dpkg/status": false, "var/lib/dpkg": false, "var": false, "root": true, "etc/os-release": true,
	} {
		a, err := gated().FS(t.Context(), unreadable{root, path})
		if err != nil {
			t.Fatal(err)
		}
		if a.Passes() != passes || len(a.Report.Diagnostics) == 0 {
			t.Errorf("%s: passes %t, diagnostics %v", path, a.Passes(), a.Report.Diagnostics)
		}
	}
}

// TestUnavailable stops an image if an analyzer could not work, and an image of whose refused entries some have no names.
func TestUnavailable(t *testing.T) {
	for _, d := range []analyzer.FileDiagnostic{
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Unavailable, Message: "did not start"}, Layer: -1, Analyzer: "plugin"},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Refused, Message: "7 more"}, Layer: 1},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Refused, Message: "its name has more than 512 elements"}, Layer: 1, Path: "a/b/status"},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Panicked, Message: "index out of range"}, Layer: 1, Analyzer: "rpm", Path: "var/lib/rpm/Packages"},
	} {
		found, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		found.Diagnostics = append(found.Diagnostics, d)
		a, err := gated().Report(t.Context(), found, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Passes() {
			t.Errorf("%v: it passes", d)
		}
	}
}

// TestUnreadByOthers passes an image if an analyzer of all files can't read a database that its own analyzer reads, or reports
// with a code of its own.
func TestUnreadByOthers(t *testing.T) {
	found, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	found.Diagnostics = []analyzer.FileDiagnostic{
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "too large"}, Analyzer: "secrets", Path: "var/lib/dpkg/status"},
		{Diagnostic: analyzer.Diagnostic{Code: "half-installed", Message: "tar"}, Analyzer: "dpkg", Path: "var/lib/dpkg/status"},
	}
	a, err := gated().Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Passes() {
		t.Errorf("failures %v", a.Failures)
	}
}
