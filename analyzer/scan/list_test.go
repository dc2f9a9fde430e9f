package scan_test

import (
	"archive/tar"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/files"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// lister returns an analyzer that asks for the list of entries, with digests.
func lister(name string, digests ...string) analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: name, Version: 1, Patterns: []string{"**"}, List: true, Digests: digests}, nil)
}

// listed returns a line for each entry of a list.
func listed(report *analyzer.Report) (lines []string) {
	for f := range report.Files.All() {
		line := fmt.Sprint(f.Path, " ", f.Mode, " ", f.UID, " ", f.Layer)
		if f.Link != "" {
			line += " = " + f.Link
		}
		if f.Mode&fs.ModeDevice != 0 {
			line += fmt.Sprintf(" %d:%d", f.Major, f.Minor)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Xattrs)) {
			line += " " + name
		}
		for _, d := range f.Digests {
			line += " " + d.Algorithm
		}
		lines = append(lines, line)
	}
	return lines
}

func mustImage(t testing.TB, layers ...*imagetest.Layer) v1.Image {
	t.Helper()
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A cache has the list of one set of analyzers, whose digests depend on each other. Other sets get their own.
func TestListCache(t *testing.T) {
	img := mustImage(t, new(imagetest.Layer).File("dpkg", "").File("a", "x"))
	evident := func(name, digest, place string) analyzer.Analyzer {
		return analyzer.Func(analyzer.Info{Name: name, Version: 1, Patterns: []string{"**"}, List: true, Digests: []string{digest}, DigestsIf: []string{place}}, nil)
	}
	md5, sha1 := lister("x", "md5"), lister("y", "sha1")
	dpkg, rpm := evident("dpkg", "md5", "dpkg"), evident("rpm", "sha256", "rpm")
	cache := scan.NewMemCache(0)
	for _, analyzers := range [][]analyzer.Analyzer{{md5}, {sha1}, {md5}, {md5, sha1}, {md5}, {sha1, md5}, {lists, sha1}, {lists}, {sha1},
		{dpkg, rpm}, {rpm}, {dpkg}, {owners, rpm, dpkg}} {
		want, err := scan.Scanner{Analyzers: analyzers}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{"first", "second"} {
			got, err := scan.Scanner{Analyzers: analyzers, Cache: cache}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := listed(got), listed(want); !slices.Equal(g, w) {
				t.Errorf("%v, %s scan: got %q, want %q", names(analyzers), state, g, w)
			}
		}
	}
}

// The list that a cache has for other analyzers does not count for a scan without one.
func TestListCacheLimits(t *testing.T) {
	l := new(imagetest.Layer)
	for i := range 1000 {
		l.File(fmt.Sprint("f", i), "")
	}
	img := mustImage(t, l)
	cache := scan.NewMemCache(0)
	for _, list := range [][]analyzer.Analyzer{{lists, lister("entries", "sha512")}, {lists}} {
		s := scan.Scanner{Analyzers: list, Cache: cache}
		if len(list) == 1 {
			s.Limits.Names = 16 << 10
		}
		if _, err := s.Scan(t.Context(), img); err != nil {
			t.Errorf("%v: %v", names(list), err)
		}
	}
}

func names(list []analyzer.Analyzer) (names []string) {
	for _, a := range list {
		names = append(names, a.Info().Name)
	}
	return names
}

// TestListedAttributes states what a runtime gives an entry. containerd takes the type of an entry from its flag, and sets owner, attributes and
// mode of a hard link as of any other entry, which changes its file. A change of the owner removes file capabilities.
func TestListedAttributes(t *testing.T) {
	capable := map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00" + strings.Repeat("\x00", 12)}
	large := maps.Clone(capable)
	large["SCHILY.xattr.user.large"] = strings.Repeat("x", 300<<10)
	file := func(name string, mode int64, uid int) tar.Header { return tar.Header{Name: name, Mode: mode, Uid: uid} }
	link := func(name, to string, mode int64, uid int) tar.Header {
		return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink, Mode: mode, Uid: uid}
	}
	with := func(h tar.Header, records map[string]string) tar.Header {
		h.PAXRecords, h.Format = records, tar.FormatPAX
		return h
	}
	device := tar.Header{Name: "mem", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 1}
	for _, tt := range []struct {
		name     string
		layers   [][]tar.Header
		want     string
		findings string
	}{
		{"a file that claims to be a directory (dotnet/runtime 77096, ostree-rs-ext 220)", [][]tar.Header{{file("a", 0o044755, 0)}}, "a urwxr-xr-x 0 0", "a set-uid"},
		{"a file that claims to be a device", [][]tar.Header{{file("a", 0o024755, 0)}}, "a urwxr-xr-x 0 0", "a set-uid"},
		{"a directory that claims to be a socket", [][]tar.Header{{{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o140777}}}, "d drwxrwxrwx 0 0", "d world-writable-directory"},
		{"a hard link that sets the bit (umoci 166)", [][]tar.Header{{file("a", 0o755, 1), link("b", "a", 0o4755, 0)}},
			"a urwxr-xr-x 0 0\nb urwxr-xr-x 0 0 = a", "b set-uid"},
		{"the same in an upper layer", [][]tar.Header{{file("a", 0o755, 1)}, {link("b", "a", 0o4755, 0)}},
			"a urwxr-xr-x 0 0\nb urwxr-xr-x 0 1 = a", "b set-uid"},
		{"a hard link of a deleted file", [][]tar.Header{{file("a", 0o4755, 0)}, {link("b", "a", 0o755, 5), file(".wh.a", 0o644, 0)}},
			"b -rwxr-xr-x 5 1 = a", ""},
		{"a hard link to a capable file", [][]tar.Header{{with(file("a", 0o755, 0), capable), link("b", "a", 0o755, 0)}},
			"a -rwxr-xr-x 0 0\nb -rwxr-xr-x 0 0 = a", "a file-capability"},
		{"a capable hard link", [][]tar.Header{{file("a", 0o755, 0), with(link("b", "a", 0o755, 0), capable), link("c", "b", 0o755, 0), with(link("d", "c", 0o755, 0), capable)}},
			"a -rwxr-xr-x 0 0 security.capability\nb -rwxr-xr-x 0 0 = a security.capability\nc -rwxr-xr-x 0 0 = a security.capability\nd -rwxr-xr-x 0 0 = a security.capability",
			"b file-capability\nd file-capability"},
		{"a link that claims capabilities (apko 2455)", [][]tar.Header{{file("a", 0o755, 0), with(tar.Header{Name: "b", Linkname: "a", Typeflag: tar.TypeSymlink}, capable)}},
			"a -rwxr-xr-x 0 0\nb Lrw-r--r-- 0 0 security.capability", ""},
		{"a whiteout that is a hard link (vic 5997)", [][]tar.Header{{file("a", 0o4755, 0), file("b", 0o644, 0)}, {link(".wh.a", ".wh..wh.plnk/1", 0o644, 0)}},
			"b -rw-r--r-- 0 0", ""},
		{"a name that a later layer turns into a link to the other (stereoscope 670)", [][]tar.Header{{file("a", 0o644, 3), link("cache", "a", 0o644, 3)},
			{{Name: "a", Linkname: "cache", Typeflag: tar.TypeSymlink}}}, "a Lrw-r--r-- 0 1\ncache -rw-r--r-- 3 0 = a", ""},
		{"a hard link to nothing", [][]tar.Header{{link("b", "a", 0o755, 0)}}, "", "b: a hard link to a, which is not a file of the image"},
		{"a hard link to a device", [][]tar.Header{{device, link("b", "mem", 0o666, 0)}, {link("c", "b", 0o600, 7), file(".wh.mem", 0o644, 0)}},
			"b Dcrw------- 7 0 = mem 1:1\nc Dcrw------- 7 1 = mem 1:1", "b world-writable-file"},
		{"more attributes than are kept", [][]tar.Header{{with(file("a", 0o755, 0), large)}}, "a -rwxr-xr-x 0 0 security.capability",
			"a file-capability\na: extended attributes of more than 262144 bytes, of which only file capabilities are read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var layers []*imagetest.Layer
			for _, headers := range tt.layers {
				l := new(imagetest.Layer)
				for _, h := range headers {
					l.Add(h, nil)
				}
				layers = append(layers, l)
			}
			for _, cache := range []scan.Cache{nil, scan.NewMemCache(0)} {
				report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{files.New(), lister("list")}, Cache: cache}.Scan(t.Context(), mustImage(t, layers...))
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(listed(report), "\n"); got != tt.want {
					t.Errorf("list: got\n%s\nwant\n%s", got, tt.want)
				}
				var found []string
				for _, f := range report.Findings {
					found = append(found, f.Path+" "+f.Rule)
				}
				for _, d := range report.Diagnostics {
					found = append(found, d.Path+": "+d.Message)
				}
				if got := strings.Join(found, "\n"); got != tt.findings {
					t.Errorf("findings: got\n%s\nwant\n%s", got, tt.findings)
				}
			}
		})
	}
}

// What analyzers with Info.Hidden found about a directory that an upper layer deletes is hidden, as it is for files.
func TestHiddenDirectory(t *testing.T) {
	a := analyzer.Func(analyzer.Info{Name: "dirs", Version: 1, Patterns: []string{"**"}, Entries: true, Hidden: true},
		func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
			if !f.Mode.IsDir() {
				return nil, nil
			}
			return &analyzer.Result{Findings: []analyzer.Finding{{Rule: "directory", Title: f.Path}}}, nil
		})
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{a}}.Scan(t.Context(),
		mustImage(t, new(imagetest.Layer).Dir("gone").Dir("here").Dir("gone/below"), new(imagetest.Layer).File(".wh.gone", "")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprint(f.Path, " ", f.Layer, " ", f.Hidden))
	}
	if want := []string{"gone 0 true", "gone/below 0 true", "here 0 false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSparseFiles reads sparse files with holes of a petabyte, which take a few bytes of a layer (moby 5419).
func TestSparseFiles(t *testing.T) {
	raw := slices.Concat(hole("usr/lib/large", 1<<50), hole("usr/lib/small", 1<<20), make([]byte, 1024))
	report, err := scan.Scanner{Analyzers: append(content.All(), executables, lister("list", "md5"))}.Scan(t.Context(), imageOf(t, blob(t, gz(t, raw), raw)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for f := range report.Files.All() {
		got = append(got, fmt.Sprint(f.Path, " ", f.Size, " ", len(f.Digest("md5"))))
	}
	for _, d := range report.Diagnostics {
		if d.Path != "" {
			got = append(got, fmt.Sprint(d.Path, ": ", d.Code, " ", d.Analyzer))
		}
	}
	slices.Sort(got)
	want := []string{"usr/lib/large 1125899906842624 0", "usr/lib/large: too-large ", "usr/lib/large: too-large executables", "usr/lib/large: too-large secrets", "usr/lib/small 1048576 16"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// executables looks for a text in programs, so that a scan searches those that are larger than what analyzers read.
var executables = analyzer.Func(analyzer.Info{Name: "executables", Version: 1, Patterns: []string{"**"}, Magic: []string{"\x7fELF"}, Contains: []string{"Hullmark"}},
	func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })

// hole returns an entry of a program of 512 bytes with a hole after it, in GNU tar's form.
func hole(name string, size int64) []byte {
	b := make([]byte, 1024)
	number := func(at, length int, n int64) {
		for i := at + length - 1; i > at; i, n = i-1, n>>8 {
			b[i] = byte(n)
		}
		b[at] = 0x80
	}
	copy(b, name)
	copy(b[100:], "0000755\x000000000\x000000000\x00")
	copy(b[136:], "00000000000\x00        S")
	copy(b[257:], "ustar  \x00")
	number(124, 12, 512) // stored bytes
	number(386, 12, 0)   // the first part
	number(398, 12, 512)
	number(410, 12, size) // the end
	number(422, 12, 0)
	number(483, 12, size)
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	copy(b[512:], "\x7fELF\x02\x01\x01")
	return b
}
