package scan_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

func rawLayer(t testing.TB, files ...string) []byte {
	t.Helper()
	l := new(imagetest.Layer)
	for i := 0; i < len(files); i += 2 {
		l.File(files[i], files[i+1])
	}
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func gz(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func imageOf(t testing.TB, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func blob(t testing.TB, stored, raw []byte) v1.Layer {
	t.Helper()
	l, err := imagetest.Blob(stored, raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Of an image that cannot be trusted there is no report, but a clear error that names the layer.
func TestScanErrors(t *testing.T) {
	raw := rawLayer(t, "a.list", "a 1\n", "b.list", "b 1\n")
	other := rawLayer(t, "c.list", "c 1\n", "d.list", "d 1\n")
	good := blob(t, gz(t, other), other)
	var digest *analyzer.DigestError
	var limit *analyzer.LimitError
	for _, c := range []struct {
		name   string
		layers []v1.Layer
		limits scan.Limits
		as     any
		is     error
		text   string
	}{
		{"truncated layer", []v1.Layer{good, blob(t, gz(t, raw)[:60], raw)}, scan.Limits{}, nil, io.ErrUnexpectedEOF, "scan: layer 1: offset "},
		{"content that its digest does not name", []v1.Layer{good, blob(t, gz(t, rawLayer(t, "x", "y")), raw)}, scan.Limits{}, &digest, nil, "scan: layer 1: its content has digest sha256:"},
		{"too many layers", []v1.Layer{good, good, good}, scan.Limits{Layers: 2}, &limit, nil, "scan: more than 2 layers"},
		{"too many entries", []v1.Layer{good}, scan.Limits{Entries: 1}, &limit, nil, "scan: layer 0: more than 1 tar entries"},
		{"too many packages", []v1.Layer{good}, scan.Limits{Packages: 1}, &limit, nil, "more than 1 packages, fragments, findings and records"},
		{"too large a layer", []v1.Layer{good}, scan.Limits{LayerSize: 100}, &limit, nil, "scan: layer 0: offset 0: more than 100 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			cache := scan.NewMemCache(0)
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Limits: c.limits, Cache: cache}.Scan(t.Context(), imageOf(t, c.layers...))
			if report != nil || err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("report %v, error %v, want none and %q", report, err, c.text)
			}
			if c.as != nil && !errors.As(err, c.as) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v is of the wrong kind", err)
			}
		})
	}
}

// A layer that lies must not leave its results in the cache under the name of the layer that it pretends to be.
func TestCacheIsNotPoisoned(t *testing.T) {
	truth := rawLayer(t, "a.list", "good 1\n")
	lie := rawLayer(t, "a.list", "evil 1\n")
	cache := scan.NewMemCache(0)
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: cache}
	if _, err := s.Scan(t.Context(), imageOf(t, blob(t, gz(t, lie), truth))); err == nil {
		t.Fatal("a lying layer was believed")
	}
	report, err := s.Scan(t.Context(), imageOf(t, blob(t, gz(t, truth), truth)))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Components) != 1 || report.Components[0].Name != "good" {
		t.Errorf("components %v, want good only", report.Components)
	}
}

// A scan that is cancelled returns soon, with the context's error, leaves nothing running, and nothing in the cache.
func TestScanCancel(t *testing.T) {
	var layers []v1.Layer
	for i := range 4 {
		var files []string
		for k := range 40 {
			files = append(files, fmt.Sprintf("%d/%d.list", i, k), strings.Repeat("p 1\n", 200))
		}
		raw := rawLayer(t, files...)
		layers = append(layers, blob(t, gz(t, raw), raw))
	}
	img := imageOf(t, layers...)
	for i := range 50 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			leak.Check(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var calls atomic.Int32
			slow := analyzer.Func(lists.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
				if int(calls.Add(1)) == i {
					cancel()
				}
				return lists.Analyze(ctx, f)
			})
			if i == 0 {
				cancel()
			}
			cache := &countingCache{Claimer: scan.NewMemCache(0)}
			start := time.Now()
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{slow}, Cache: cache, Parallel: 1 + i%4}.Scan(ctx, img)
			if report != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("report %v, error %v, want none and %v", report != nil, err, context.Canceled)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			if n := int(cache.puts.Load()); n > 3 {
				t.Errorf("%d layers in the cache, though at least one was not read to its end", n)
			}
		})
	}
}

type countingCache struct {
	scan.Claimer
	puts atomic.Int32
}

func (c *countingCache) Put(ctx context.Context, key string, value []byte) error {
	c.puts.Add(1)
	return c.Claimer.Put(ctx, key, value)
}

// A cache asks only for what it does not know: an analyzer that is new to it, or another version of one, reads the layers
// once; the others are not asked again.
func TestCacheAsksOnlyNewAnalyzers(t *testing.T) {
	raw := rawLayer(t, "a.list", "a 1\n", "b.other", "b 1\n")
	img := imageOf(t, blob(t, gz(t, raw), raw))
	calls := map[string]int{}
	named := func(name string, version int, pattern string) analyzer.Analyzer {
		return analyzer.Func(analyzer.Info{Name: name, Version: version, Patterns: []string{pattern}},
			func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
				calls[fmt.Sprint(name, version)]++
				return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: name, Version: fmt.Sprint(version)}}}, nil
			})
	}
	one, two, newer := named("one", 1, "**/*.list"), named("two", 1, "**/*.other"), named("one", 2, "**/*.list")
	cache := scan.NewDirCache(filepath.Join(t.TempDir(), "cache"), 0)
	for _, c := range []struct {
		analyzers []analyzer.Analyzer
		cached    bool
		found     string
		calls     string
	}{
		{[]analyzer.Analyzer{one}, false, "one 1", "map[one1:1]"},
		{[]analyzer.Analyzer{one}, true, "one 1", "map[one1:1]"},
		{[]analyzer.Analyzer{one, two}, false, "one 1, two 1", "map[one1:1 two1:1]"},
		{[]analyzer.Analyzer{two, one}, true, "one 1, two 1", "map[one1:1 two1:1]"},
		{[]analyzer.Analyzer{newer}, false, "one 2", "map[one1:1 one2:1 two1:1]"},
		{[]analyzer.Analyzer{one, two}, true, "one 1, two 1", "map[one1:1 one2:1 two1:1]"},
	} {
		var last scan.Event
		s := scan.Scanner{Analyzers: c.analyzers, Cache: cache, Parallel: 1, Progress: func(e scan.Event) { last = e }}
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, c := range report.Components {
			found = append(found, c.Name+" "+c.Version)
		}
		if got := strings.Join(found, ", "); got != c.found || fmt.Sprint(calls) != c.calls || !last.Done || last.Cached != c.cached {
			t.Errorf("found %s, calls %v, last event %+v, want %s, %s, cached %t", got, calls, last, c.found, c.calls, c.cached)
		}
	}
}

// A cache that fails costs time, never the answer, and an event tells.
// TestCacheForm requires that the entry of a known layer stays the same. If it changes, so does cacheFormat, since programs share caches.
func TestCacheForm(t *testing.T) {
	const form = "f5ae6ad1db432daa69e77f14b08fb4e6ef34e2bb904ec5b40a4b5796d6886ca4"
	raw := rawLayer(t, "a.list", "a 1\n", "b/.wh.c", "")
	dir := t.TempDir()
	if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: scan.NewDirCache(dir, 0)}).Scan(t.Context(), imageOf(t, blob(t, gz(t, raw), raw))); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.layer"))
	if err != nil || len(files) != 1 {
		t.Fatalf("cache holds %v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != form {
		t.Errorf("got %s\nof %q", got, b)
	}
}

func TestBrokenCache(t *testing.T) {
	raw := rawLayer(t, "a.list", "a 1\n")
	img := imageOf(t, blob(t, gz(t, raw), raw))
	dir := t.TempDir()
	good := scan.NewDirCache(dir, 0)
	if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: good}).Scan(t.Context(), img); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.layer"))
	if err != nil || len(files) != 1 {
		t.Fatalf("cache holds %v, error %v, want one file", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(files[0], b, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, cache := range map[string]scan.Cache{"damaged": good, "unusable": scan.NewDirCache(files[0], 0)} {
		var failed []error
		s := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: cache, Progress: func(e scan.Event) {
			if e.Err != nil {
				failed = append(failed, e.Err)
			}
		}}
		report, err := s.Scan(t.Context(), img)
		if err != nil || len(report.Components) != 1 || len(report.Diagnostics) != 0 {
			t.Errorf("%s: report %v, error %v", name, report, err)
		}
		if len(failed) == 0 {
			t.Errorf("%s: nobody was told", name)
		}
	}
}

func TestMemCacheKeepsItsSize(t *testing.T) {
	c := scan.NewMemCache(100)
	var kept []string
	for i := range 4 {
		if err := c.Put(t.Context(), fmt.Sprintf("k%d", i), make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // k0 is used all the time
			if _, err := c.Get(t.Context(), "k0"); err != nil {
				t.Error(err)
			}
		}
	}
	for i := range 4 {
		if _, err := c.Get(t.Context(), fmt.Sprintf("k%d", i)); err == nil {
			kept = append(kept, fmt.Sprintf("k%d", i))
		}
	}
	if got := strings.Join(kept, " "); got != "k0 k3" {
		t.Errorf("kept %s, want k0 k3", got)
	}
}

func TestDirCacheKeepsItsSize(t *testing.T) {
	dir := t.TempDir()
	c := scan.NewDirCache(dir, 100)
	for i := range 5 {
		if err := c.Put(t.Context(), fmt.Sprintf("k%d", i), make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("k%d.layer", i)), old, old); err != nil {
			t.Fatal(err)
		}
		if i == 3 { // k2 is used again, so that k3 goes before it
			if _, err := c.Get(t.Context(), "k2"); err != nil {
				t.Fatal(err)
			}
		}
	}
	var kept []string
	for i := range 5 {
		if _, err := c.Get(t.Context(), fmt.Sprintf("k%d", i)); err == nil {
			kept = append(kept, fmt.Sprintf("k%d", i))
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if got := strings.Join(kept, " "); got != "k2 k4" {
		t.Errorf("kept %s, want k2 k4", got)
	}
	if err := c.Put(t.Context(), "../escape", nil); err == nil {
		t.Error("a key that is a path was accepted")
	}
}

// What is wrong with the analyzers is said before anything is read.
func TestScanRefusesAnalyzers(t *testing.T) {
	with := func(info analyzer.Info) analyzer.Analyzer {
		return analyzer.Func(info, func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })
	}
	raw := rawLayer(t, "a", "a")
	img := imageOf(t, blob(t, raw, raw))
	for _, c := range []struct {
		analyzers []analyzer.Analyzer
		want      string
	}{
		{[]analyzer.Analyzer{with(analyzer.Info{})}, "an analyzer has no name"},
		{[]analyzer.Analyzer{lists, lists}, `two analyzers are named "list"`},
		{[]analyzer.Analyzer{with(analyzer.Info{Name: "x", Patterns: []string{"/etc/x"}})}, `x: pattern "/etc/x": not a clean path relative to the root`},
		{[]analyzer.Analyzer{with(analyzer.Info{Name: "x", Patterns: []string{"a/**/b"}})}, `only "*" within an element, "**/" in front and "/**" at the end of a directory are special`},
		{[]analyzer.Analyzer{with(analyzer.Info{Name: "x", Patterns: []string{"**/x*"}})}, "must end in an extension"},
	} {
		if _, err := (scan.Scanner{Analyzers: c.analyzers}).Scan(t.Context(), img); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// A file larger than an analyzer reads is reported to be so, hides the one below, and is read by those that can.
func TestTooLarge(t *testing.T) {
	small := analyzer.Func(analyzer.Info{Name: "small", Patterns: []string{"**/*.list"}, MaxSize: 8}, lists.Analyze)
	below, above := rawLayer(t, "a.list", "a 1\n"), rawLayer(t, "a.list", "a 123456789\n")
	img := imageOf(t, blob(t, below, below), blob(t, above, above))
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists, small}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Components) != 1 || report.Components[0].Version != "123456789" || report.Components[0].Analyzer != "list" {
		t.Errorf("components %v", report.Components)
	}
	want := analyzer.FileDiagnostic{
		Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "12 bytes, more than the 8 that are read"},
		Layer:      1, Path: "a.list", Analyzer: "small",
	}
	if len(report.Diagnostics) != 1 || report.Diagnostics[0] != want {
		t.Errorf("diagnostics %v, want %v", report.Diagnostics, want)
	}
	tight := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Limits: scan.Limits{Memory: 1}, Parallel: 8}
	if report, err = tight.Scan(t.Context(), img); err != nil || len(report.Components) != 1 {
		t.Errorf("with one byte of memory, so that files wait for each other: %v, %v", report, err)
	}
}

// With one pass only, a wanted name whose content passed under another one is reported.
func TestOnePass(t *testing.T) {
	l := new(imagetest.Layer).File("store", "a 1\n").Hardlink("a.list", "store")
	img, err := imagetest.Image(l)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Limits: scan.Limits{Passes: 1}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Components) != 0 || len(report.Diagnostics) != 1 || !strings.Contains(report.Diagnostics[0].Message, "second pass") {
		t.Errorf("components %v, diagnostics %v", report.Components, report.Diagnostics)
	}
}

// An analyzer that looks at content only needs no second pass for a hard link to a file that it has seen.
func TestContentOnly(t *testing.T) {
	l := new(imagetest.Layer).File("bin/a", "tool").Hardlink("bin/b", "bin/a").Hardlink("bin/c", "bin/b").File("store", "other").Hardlink("bin/d", "store")
	img, err := imagetest.Image(l)
	if err != nil {
		t.Fatal(err)
	}
	for passes, want := range map[int]string{1: "other 0, tool 3, read twice 1", 2: "other 1, tool 3, read twice 0"} {
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{contents}, Limits: scan.Limits{Passes: passes}}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		n := make(map[string]int)
		for _, c := range report.Components {
			n[c.Name]++
		}
		if got := fmt.Sprintf("other %d, tool %d, read twice %d", n["other"], n["tool"], len(report.Diagnostics)); got != want {
			t.Errorf("with %d passes: %s, want %s", passes, got, want)
		}
	}
}

// A file system gives the same components as an image of its files, without layers.
func TestScanFS(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"etc/packages": "distro acme 7\ntool 1 system= file=lib/y.list\n", "usr/lib/y.list": "owned 1\n", "opt/z.list": "free 1\nerror bad\n", "data.db": "main", "data.db-journal": "late",
	} {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("usr/lib", filepath.Join(dir, "lib")), os.Symlink("..", filepath.Join(dir, "loop")), os.Symlink("../../..", filepath.Join(dir, "out"))); err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists, journaled}}.ScanFS(t.Context(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Components {
		got = append(got, fmt.Sprint(c.Name, " ", c.Path, " ", c.Layer, " ", c.Owner != ""))
	}
	want := "free opt/z.list -1 false, main+late data.db -1 false, owned usr/lib/y.list -1 true, tool etc/packages -1 false"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
	if len(report.Diagnostics) != 1 || report.Diagnostics[0].Layer != -1 || report.Diagnostics[0].Path != "opt/z.list" {
		t.Errorf("diagnostics %v", report.Diagnostics)
	}
}

// What a file system does not let be read is reported, and the rest is read.
func TestScanFSUnreadable(t *testing.T) {
	fsys := failingFS{fstest.MapFS{
		"good.list": {Data: []byte("a 1\n")}, "bad.list": {Data: []byte("b 1\n")}, "dir/x.list": {Data: []byte("c 1\n")},
	}}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.ScanFS(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Components) != 1 || report.Components[0].Name != "a" {
		t.Errorf("components %v", report.Components)
	}
	b, err := json.Marshal(report.Diagnostics)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Layer":-1,"Path":"bad.list"`, `"Layer":-1,"Path":"dir"`, `"Code":"unreadable"`, "permission denied"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("diagnostics %s, want %s", b, want)
		}
	}
	if _, err := (scan.Scanner{Limits: scan.Limits{Entries: 2}}).ScanFS(t.Context(), fsys); err == nil {
		t.Error("more entries than the limit were accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (scan.Scanner{}).ScanFS(ctx, fsys); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a cancelled scan", err)
	}
}

type failingFS struct{ fstest.MapFS }

func (f failingFS) Open(name string) (fs.File, error) {
	if name == "bad.list" || name == "dir" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f failingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "dir" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadDir(name)
}
