package content_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

func imageOf(t *testing.T, text string) v1.Image {
	t.Helper()
	img, err := imagetest.Txtar(txtar.Parse([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// login is a package of dpkg with one file, usr/bin/su, whose content is "su\n".
const login = `-- 0/etc/debian_version --
12
-- 0/var/lib/dpkg/status --
Package: login
Status: install ok installed
Version: 1
Architecture: all
-- 0/var/lib/dpkg/info/login.list --
/usr/bin/su
-- 0/var/lib/dpkg/info/login.md5sums --
8884c9d863cddfe589ef3d05e5bad71a  usr/bin/su
`

// text returns all of a report.
func text(t *testing.T, report *analyzer.Report) string {
	t.Helper()
	b, err := json.Marshal(report)
	if err != nil {
		t.Error(err)
	}
	var out bytes.Buffer
	out.Write(b)
	for f := range report.Files.All() {
		fmt.Fprintf(&out, "%+v\n", *f)
	}
	return out.String()
}

// TestShared runs scans at once that share a cache and a budget, with sets of analyzers that need different digests. Each report is that of a scan
// alone. The image has a file that only a hard link makes one of the package, which the second pass hashes.
func TestShared(t *testing.T) {
	img := imageOf(t, `
-- 0/store/su --
su
-- 0/usr/bin/su => store/su --
`+login+`-- 1/etc/passwd --
root:x:0:0::/:/bin/sh
-- 2/usr/bin/other !mode=4755 --
other
`)
	var sets [][]analyzer.Analyzer
	for _, names := range [][]string{{"all"}, {"verify"}, {"files", "accounts"}, {"all", "-verify"}, {}} {
		list, err := content.Select(names...)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, append(list, all.All()...))
	}
	var want []string
	for _, set := range sets {
		report, err := scan.Scanner{Analyzers: set}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, text(t, report))
	}
	cache, budget := scan.NewMemCache(0), &scan.Budget{Parallel: 2}
	var group sync.WaitGroup
	for k := range 2 * len(sets) {
		group.Go(func() {
			i := k % len(sets)
			report, err := scan.Scanner{Analyzers: sets[i], Cache: cache, Budget: budget}.Scan(t.Context(), img)
			if err != nil {
				t.Error(err)
			} else if got := text(t, report); got != want[i] {
				t.Errorf("set %d: another report:\n%s\nwant\n%s", i, got, want[i])
			}
		})
	}
	group.Wait()
}

// TestCancelled ends scans at any time: each returns the context's error or the report of a scan that was not cancelled.
func TestCancelled(t *testing.T) {
	layers := ""
	for i := range 20 {
		layers += fmt.Sprintf("-- %d/usr/share/%d --\n%d\n-- %d/store/%d --\nx\n-- %d/usr/lib/%d => store/%d --\n", i, i, i, i, i, i, i, i)
	}
	img := imageOf(t, layers)
	list := append(all.All(), content.All()...)
	report, err := scan.Scanner{Analyzers: list}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	want, cache := text(t, report), scan.NewMemCache(0)
	for k := range 12 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(k)*time.Millisecond)
		report, err := scan.Scanner{Analyzers: list, Cache: cache}.Scan(ctx, img)
		cancel()
		switch {
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			t.Error(err)
		case err == nil && text(t, report) != want:
			t.Error("a scan after cancelled ones has another report")
		}
	}
	if report, err = (scan.Scanner{Analyzers: list, Cache: cache}).Scan(t.Context(), img); err != nil || text(t, report) != want {
		t.Errorf("a scan after cancelled ones differs: %v", err)
	}
}

// TestLayers scans images with no layer and with 1,000.
func TestLayers(t *testing.T) {
	list := append(all.All(), content.All()...)
	report, err := scan.Scanner{Analyzers: list}.Scan(t.Context(), imageOf(t, "-- config.json --\n{}\n"))
	if err != nil || report.Files.Len() != 0 || len(report.Examined) != len(list) {
		t.Errorf("no layers: %v, %+v", err, report)
	}
	var b bytes.Buffer
	const layers = 1000
	for i := range layers {
		fmt.Fprintf(&b, "-- %d/usr/bin/p !mode=4755 --\n%d\n-- %d/usr/lib/f%d --\n%d\n", i, i, i, i, i)
	}
	report, err = scan.Scanner{Analyzers: list}.Scan(t.Context(), imageOf(t, b.String()))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range report.Findings {
		if f.Rule == "set-uid" && f.Path == "usr/bin/p" && f.Layer == layers-1 {
			found++
		}
	}
	if n := len(report.Layers); n != layers || found != 1 || report.Files.Len() != layers+1 {
		t.Errorf("%d layers, %d findings, %d files", n, found, report.Files.Len())
	}
}
