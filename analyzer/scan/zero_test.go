package scan_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// rooted is an image that is really an unpacked file system.
type rooted struct {
	v1.Image
	root fstest.MapFS
}

func (r rooted) Root() fs.FS { return r.root }

// TestZeroScanner scans with the zero Scanner, which reports layers and no components.
func TestZeroScanner(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a 1"), new(imagetest.Layer).File("b.list", "b 1"))
	if err != nil {
		t.Fatal(err)
	}
	dir, archive := t.TempDir(), filepath.Join(t.TempDir(), "image.tar")
	if p, err := layout.Write(dir, empty.Index); err != nil {
		t.Fatal(err)
	} else if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(archive, name.MustParseReference("registry.example/app:1"), img); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"oci:" + dir, "docker-archive:" + archive} {
		opened, err := source.Open(t.Context(), ref, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for name, s := range map[string]scan.Scanner{"zero": {}, "cached": {Cache: scan.NewMemCache(0)}, "budget": {Budget: new(scan.Budget)}, "lazy": {Lazy: true}} {
				report, err := s.Scan(t.Context(), opened)
				if err != nil {
					t.Fatalf("%s: %s: %v", ref, name, err)
				}
				if len(report.Layers) != 2 || report.Layers[0].Entries == 0 || len(report.Components) != 0 || len(report.Diagnostics) != 0 {
					t.Errorf("%s: %s: %+v", ref, name, report)
				}
			}
		}
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMissing asks for an error where a caller gives nil.
func TestMissing(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a 1"))
	if err != nil {
		t.Fatal(err)
	}
	holed := scan.Scanner{Analyzers: []analyzer.Analyzer{lists, nil}}
	_, scanned := holed.Scan(t.Context(), img)
	_, scannedFS := holed.ScanFS(t.Context(), fstest.MapFS{})
	_, noImage := scan.Scanner{}.Scan(t.Context(), nil)
	_, noRoot := scan.Scanner{}.ScanFS(t.Context(), nil)
	for _, c := range []struct {
		err  error
		want string
	}{
		{scanned, "scan: analyzer 1 is nil"},
		{scannedFS, "scan: analyzer 1 is nil"},
		{noImage, "scan: no image"},
		{noRoot, "scan: no file system"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
}

// TestZeroBudget asks that a zero Budget has the default bounds.
func TestZeroBudget(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a 1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	budget := new(scan.Budget)
	for range 2 {
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Budget: budget}.Scan(ctx, img)
		if err != nil || len(report.Components) != 1 {
			t.Fatalf("%+v, %v", report, err)
		}
	}
}

// TestRoot asks that an image with a root file system is scanned as that.
func TestRoot(t *testing.T) {
	root := fstest.MapFS{"a.list": {Data: []byte("a 1")}}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}
	want, err := s.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Scan(t.Context(), rooted{root: root})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Components) != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
