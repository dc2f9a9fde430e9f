package verify

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// An image whose times were all rewritten has a bounded number of records.
func TestManyTimes(t *testing.T) {
	var files []analyzer.RecordedFile
	image := memory{}
	for i := range 3000 {
		f := recorded(fmt.Sprintf("usr/lib/p/%04d", i), 0o644, "data")
		files = append(files, f)
		image[f.Path] = late(content(0o644, "data"))
	}
	records := Check(rpmOf(files...), image.image()).Records()
	if len(records) != 1+maxSame {
		t.Fatalf("%d records", len(records))
	}
	if f := records[0].Fields; f["state"] != "unchanged" || f["differing"] != "3000" || f["not-listed"] != "2984" {
		t.Errorf("%q", f)
	}
}

// Differences for which there is no room are counted in findings, and those to be expected do not crowd out others.
func TestDifferencesBeyondLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	of := func(name string, n int, mode fs.FileMode, modTime int64) analyzer.Package {
		return analyzer.Package{Type: typeRPM, Name: name, Version: "1", Recorded: analyzer.RecordedOf(func(yield func(analyzer.RecordedFile) bool) {
			for i := range n {
				f := analyzer.RecordedFile{Path: fmt.Sprintf("%s/%07d", name, i), Attributes: analyzer.AttrMode | analyzer.AttrModTime, Mode: mode, ModTime: modTime}
				if !yield(f) {
					return
				}
			}
		})}
	}
	list := components(of("a", maxDifferences, 0o644, 5), of("b", maxDifferences, 0o600, 7), of("c", 5, 0o600, 7))
	image := Image{Files: func(yield func(string, File) bool) {
		for i := range list {
			for f := range list[i].Recorded.All() {
				if !yield(f.Path, File{Entry: analyzer.Entry{Mode: 0o644}}) {
					return
				}
			}
		}
	}}
	r := Check(list, image)
	if len(r.Differences) != maxDifferences || r.Omitted != maxDifferences+5 {
		t.Errorf("%d differences, %d omitted", len(r.Differences), r.Omitted)
	}
	var got []string
	for _, f := range r.Findings() {
		if strings.Contains(f.Title, " more ") {
			got = append(got, f.Title+" "+f.Severity)
		}
	}
	if want := []string{"199984 more files of b low", "5 more files of c low"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if f := r.Records()[0].Fields; f["not-listed"] != fmt.Sprint(maxDifferences-maxSame) {
		t.Errorf("%q", f)
	}
	report := &analyzer.Report{Components: list, Findings: []analyzer.FileFinding{{Path: "c/0000002", Owner: "id-c"}, {Path: "a/0000002", Owner: "id-a"}}}
	if err := finish(t.Context(), report, image); err != nil {
		t.Fatal(err)
	}
	if report.Findings[0].Intact {
		t.Error("a file whose difference is omitted is intact")
	}
}

// A directory that only entries below it imply takes the place of a file.
func TestImplied(t *testing.T) {
	link := analyzer.RecordedFile{Path: "usr/bin/q", Attributes: 1<<10 - 1, Mode: fs.ModeSymlink | 0o777, User: "root", Group: "root", Target: "p"}
	list := rpmOf(recorded("usr/bin/p", 0o755, "program"), link, analyzer.RecordedFile{Path: "usr/lib", Attributes: 1<<10 - 1, Mode: fs.ModeDir | 0o755})
	image := memory{"usr/bin/p/evil": content(0o755, "x"), "usr/bin/q/evil": content(0o755, "x"), "usr/lib/x": content(0o644, "x")}
	r := Check(list, image.image())
	var got []string
	for _, d := range r.Differences {
		got = append(got, d.Severity+" "+d.Rule+" "+d.Path)
	}
	if want := []string{"medium verify:type usr/bin/p", "medium verify:type usr/bin/q"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// dpkg reads files of dpkg.cfg.d only if their names have letters, digits, "_" and "-".
func TestConfigNames(t *testing.T) {
	for name, want := range map[string]int{"docker": 1, "90_no-doc": 1, "docker.dpkg-old": 0, ".swp": 0, "docs~": 0} {
		r, err := newDpkg().Analyze(t.Context(), analyzer.NewFile("etc/dpkg/dpkg.cfg.d/"+name, 0o644, []byte("path-exclude=/usr/*\n")))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(recordsOf(r)); got != want {
			t.Errorf("%s: %d records", name, got)
		}
	}
}

func recordsOf(r *analyzer.Result) []analyzer.Record {
	if r == nil {
		return nil
	}
	return r.Records
}
