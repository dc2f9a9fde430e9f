package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/accounts"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// layered returns an image with a layer of a directory and one of a changed copy, with a whiteout for each path that the copy lacks.
func layered(t testing.TB, before, after string) v1.Image {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf(`
before=%s after=%s
mkdir removed
(cd $before; find . -mindepth 1) | sort >old
(cd $after; find . -mindepth 1) | sort >new
(cd $after; find . -type d) | sort >directories
comm -23 old new >gone
awk 'FILENAME == "directories" { there[$0]; next } { dir = $0; sub("/[^/]*$", "", dir); if (dir in there) print dir }' directories gone | sort -u >parents
(cd removed; tr '\n' '\0' <../parents | xargs -0r mkdir -p)
awk 'FILENAME == "directories" { there[$0]; next } { dir = base = $0; sub("/[^/]*$", "", dir); sub(".*/", "", base); if (dir in there) print dir "/.wh." base }' \
	directories gone >whiteouts
(cd removed; tr '\n' '\0' <../whiteouts | xargs -0r touch)
tar --xattrs --xattrs-include='security.*' --numeric-owner -C $before -cf lower.tar .
tar --xattrs --xattrs-include='security.*' --numeric-owner -C $after -cf upper.tar .
tar --no-recursion -C removed -rf upper.tar --files-from=whiteouts
`, before, after))
	img := v1.Image(empty.Image)
	for _, name := range []string{"lower.tar", "upper.tar"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		layer, err := imagetest.Gzip(raw)
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

// checkImage scans an image and compares its files as Finish does.
func checkImage(t testing.TB, img v1.Image) *Result {
	t.Helper()
	list := slices.DeleteFunc(All(), func(a analyzer.Analyzer) bool { return a.Info().Name == name }) // it drops the records
	report, err := scan.Scanner{Analyzers: append(list, accounts.New(), apk.New(), dpkg.New(), rpm.New())}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Diagnostics {
		t.Logf("%s: %s", d.Path, d)
	}
	r := Check(report.Components, imageOf(report))
	for _, v := range r.Verdicts {
		if v.NotHashed > 0 {
			t.Errorf("%s: %d files were not hashed", report.Components[v.Component].Name, v.NotHashed)
		}
	}
	return r
}
