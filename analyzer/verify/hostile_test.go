package verify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestLargeInput asks that databases that an honest image may have are read in full.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const file = "usr/share/package/a-directory/another-directory/file-of-some-length-#.txt\n"
	for name, body := range map[string]string{"list": "/" + file, "md5sums": "d41d8cd98f00b204e9800998ecf8427e  " + file} {
		r, err := hostile.Analyze(t, newDpkg(), "var/lib/dpkg/info/package."+name, hostile.Times(200_000, "", body, ""), 160<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Fragments) != 1 {
			t.Errorf("%s: %d fragments, %v, %v", name, len(r.Fragments), r.Diagnostics, err)
		}
	}
	packages := hostile.Times(2_000, "", "P:p#\nV:1\nF:usr/lib/p#\n"+strings.Repeat("R:a-file-of-some-length\nZ:Q1JaDEHQHBbizhEzoWK1YxuraNU/4=\n", 100)+"\n", "")
	if r, err := hostile.Analyze(t, newAPK(), "lib/apk/db/installed", packages, 160<<20); err != nil || len(r.Fragments) != 2_000 {
		t.Errorf("apk: %d fragments, %v", len(r.Fragments), err)
	}
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for _, test := range []struct {
		name string
		a    analyzer.Analyzer
		path string
		text []byte
	}{
		{"files", newDpkg(), "var/lib/dpkg/info/p.list", hostile.Times(4_000_000, "", "/#\n", "")},
		{"empty lines", newDpkg(), "var/lib/dpkg/info/p.md5sums", hostile.Times(90_000_000, "", "\n", "")},
		{"configuration files", newDpkg(), "var/lib/dpkg/status", hostile.Times(300_000, "Package: a\nStatus: installed\nConffiles:\n", " /# newconffile\n", "")},
		{"diversions", newDpkg(), "var/lib/dpkg/diversions", hostile.Times(900_000, "", "/#\n/#.x\n:\n", "")},
		{"directories", newAPK(), "lib/apk/db/installed", hostile.Times(1_000_000, "P:a\nV:1\n", "F:#\n", "")},
		{"files of a long directory", newAPK(), "lib/apk/db/installed", hostile.Times(50_000, "P:a\nV:1\nF:"+strings.Repeat("d/", 2000)+"\n", "R:#\n", "")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, test.a, test.path, test.text, 250<<20) })
	}
}

// Records with long paths that share their beginnings take little memory packed, and no more than a batch when they are compared.
func TestHostilePaths(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	long := strings.Repeat("d/", 2000)
	packed := analyzer.RecordedOf(func(yield func(analyzer.RecordedFile) bool) {
		for i := range 30_000 {
			if !yield(analyzer.RecordedFile{Path: fmt.Sprintf("%s%06d", long, i)}) {
				return
			}
		}
	})
	list := components(analyzer.Package{Type: typeRPM, Name: "p", Recorded: packed})
	peak := hostile.Peak(func() {
		if v := Check(list, memory{}.image()).Verdicts[0]; v.Missing != 30_000 {
			t.Errorf("%+v", v)
		}
	})
	if t.Logf("%d bytes packed, %d MiB of heap", len(packed), peak>>20); peak > 100<<20 {
		t.Errorf("the heap grew by %d MiB", peak>>20)
	}
}

func BenchmarkCheck(b *testing.B) {
	var files []analyzer.RecordedFile
	image := memory{}
	for i := range 50_000 {
		name := fmt.Sprintf("usr/share/package-%03d/directory/file-%05d.txt", i/200, i)
		files = append(files, analyzer.RecordedFile{Path: name, Attributes: analyzer.AttrSize | analyzer.AttrMode, Mode: 0o644, Size: 1})
		image[name] = File{Entry: analyzer.Entry{Mode: 0o644, Size: 1}}
	}
	list := rpmOf(files...)
	in := Image{Files: func(yield func(string, File) bool) {
		for i := range files {
			if !yield(files[i].Path, image[files[i].Path]) {
				return
			}
		}
	}}
	b.ReportAllocs()
	for b.Loop() {
		if r := Check(list, in); len(r.Differences) > 0 {
			b.Fatal(r.Differences)
		}
	}
	b.ReportMetric(float64(len(files)), "files")
}
