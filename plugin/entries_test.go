package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
)

// describeEntry is an analyzer that answers what it knows about an entry.
func describeEntry(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	e := f.Entry
	fields := map[string]string{
		"mode": f.Mode.String() + " " + e.Mode.String(), "owner": fmt.Sprint(e.UID, ":", e.GID), "size": fmt.Sprint(e.Size, " ", f.Size()),
		"time": e.ModTime.String(), "target": e.Target, "link": e.Link, "device": fmt.Sprint(e.Major, ":", e.Minor),
	}
	for i, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		fields[fmt.Sprint("xattr-", i)] = fmt.Sprintf("%q=%q", name, e.Xattrs[name])
	}
	return &analyzer.Result{Records: []analyzer.Record{{Kind: "entry", Key: f.Path, Fields: fields}}}, nil
}

// entryFile returns what a scan gives an analyzer with Info.Entries.
func entryFile(path string, e analyzer.Entry) *analyzer.File {
	f := analyzer.NewFile(path, e.Mode, nil)
	f.Entry = &e
	return f
}

// hostileEntries are entries as layers may have them, by path.
func hostileEntries() map[string]analyzer.Entry {
	at := time.Unix(1_700_000_000, 123_456_789).UTC()
	return map[string]analyzer.Entry{
		"usr/bin/su":     {Mode: fs.ModeSetuid | 0o755, Size: 71_912, ModTime: at},
		"var/tmp":        {Mode: fs.ModeDir | fs.ModeSticky | 0o777, ModTime: at},
		"dev/null":       {Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, Major: 1, Minor: 3, ModTime: at},
		"dev/sda":        {Mode: fs.ModeDevice | 0o660, Major: 8, GID: 6, ModTime: at},
		"run/pipe":       {Mode: fs.ModeNamedPipe | 0o600, ModTime: at},
		"bin":            {Mode: fs.ModeSymlink | 0o777, Target: "usr/bin\xff", ModTime: at},
		"usr/bin/unxz":   {Mode: 0o755, Link: "usr/bin/xz", ModTime: at},
		"a\xffb":         {Mode: 0o644, Xattrs: map[string]string{"user.\xff\xfe": "\xfd"}, ModTime: at}, // the names of EOS files, which broke its messages
		"usr/bin/ping":   {Mode: 0o755, Xattrs: map[string]string{"security.capability": "\x00\x00\x00\x02\x00 \x00\x00"}, ModTime: at},
		"owner":          {UID: 1 << 32, GID: 1<<53 + 1, Size: math.MaxInt64, ModTime: at}, // containerd took such a user for root
		"owner/below":    {UID: -1, GID: -2, Size: -3, Major: math.MinInt64, ModTime: at},
		"time/early":     {ModTime: time.Unix(-1<<62, 0).UTC()},
		"time/late":      {ModTime: time.Unix(1<<56, 0).UTC()}, // a year that Python's datetime does not have
		"time/zero":      {},
		"xattrs/large":   {Xattrs: map[string]string{"user.large": strings.Repeat("\x00", 64<<10)}, ModTime: at},
		"xattrs/largest": {Xattrs: map[string]string{"user.largest": strings.Repeat("x", 1<<20-200)}, ModTime: at},
	}
}

// TestEntries asks that an analyzer in another process sees of entries what it sees in this one.
func TestEntries(t *testing.T) {
	remote := start(t, self(t, "entries")).Analyzers()[0]
	if i := remote.Info(); !i.Entries || !i.Hidden || !slices.Equal(i.Finds, []string{"entries"}) {
		t.Errorf("%+v", i)
	}
	for path, e := range hostileEntries() {
		want, _ := describeEntry(t.Context(), entryFile(path, e))
		got, err := remote.Analyze(t.Context(), entryFile(path, e))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.100q: %+v, %v, want %+v", path, got, err, want)
		}
	}
}

// TestLargeEntry asks that an entry above the limit is a diagnostic of its file, and that many large ones fit in messages.
func TestLargeEntry(t *testing.T) {
	remote := start(t, self(t, "entries")).Analyzers()[0]
	_, err := remote.Analyze(t.Context(), entryFile("a", analyzer.Entry{Xattrs: map[string]string{"user.large": strings.Repeat("x", 2<<20)}}))
	if !errors.Is(err, analyzer.ErrTooLarge) || !strings.Contains(err.Error(), "extended attributes") {
		t.Errorf("%v", err)
	}
	failed := make(chan error)
	for range 40 {
		go func() {
			_, err := remote.Analyze(t.Context(), entryFile("a", analyzer.Entry{Xattrs: map[string]string{"user.large": strings.Repeat("x", 900<<10)}}))
			failed <- err
		}()
	}
	for range 40 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

// TestConfig asks that a plugin gets the image's configuration, which has an empty path.
func TestConfig(t *testing.T) {
	command := self(t, "config")
	command.Patterns, command.Config = []string{}, true
	remote := start(t, command).Analyzers()[0]
	if i := remote.Info(); !i.Config || len(i.Patterns) != 0 {
		t.Errorf("%+v", i)
	}
	const text = `{"os": "linux", "history": [{"created_by": "RUN \ufffd"}]}`
	r, err := remote.Analyze(t.Context(), analyzer.NewFile("", 0, []byte(text)))
	want := &analyzer.Result{Records: []analyzer.Record{{Kind: "config", Fields: map[string]string{"text": text}}}}
	if err != nil || !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestOlderHost asks that a plugin that wants entries crashes on no host that sends none.
func TestOlderHost(t *testing.T) {
	_, err := start(t, self(t, "entries")).Analyzers()[0].Analyze(t.Context(), analyzer.NewFile("usr/bin/su", 0o755, []byte("x")))
	if !errors.Is(err, analyzer.ErrUnavailable) || !strings.Contains(err.Error(), "does not send entries") {
		t.Errorf("%v", err)
	}
}

// TestDescribedUnavailable asks that an analyzer which says that it cannot work gets no files and is in the report.
func TestDescribedUnavailable(t *testing.T) {
	p := start(t, self(t, "unavailable"))
	i := p.Analyzers()[0].Info()
	if i.Unavailable != "no connection" || len(i.Patterns) != 0 || i.Config || i.Data != "signatures 7" || !slices.Equal(i.Finds, []string{"malware"}) {
		t.Errorf("%+v", i)
	}
	if _, err := p.Analyzers()[0].Analyze(t.Context(), analyzer.NewFile("a.list", 0, nil)); !errors.Is(err, analyzer.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	r, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(t.Context(), files(3))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Components) != 0 || len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.Unavailable || r.Diagnostics[0].Message != "no connection" {
		t.Errorf("%+v", r)
	}
}

// TestManifestConfig asks that a manifest without patterns allows none.
func TestManifestConfig(t *testing.T) {
	m := &plugin.Manifest{Name: "config", Command: "config", Config: true}
	if c := m.Start(); c.Patterns == nil || len(c.Patterns) != 0 || !c.Config {
		t.Errorf("%+v", c)
	}
}
