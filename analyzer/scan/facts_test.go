package scan_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// described makes a record of every entry below data.
var described = analyzer.Func(analyzer.Info{Name: "described", Version: 1, Patterns: []string{"data/**", "data"}, Entries: true, Finds: []string{"entries"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		e := f.Entry
		fields := map[string]string{"mode": e.Mode.String(), "owner": fmt.Sprintf("%d:%d", e.UID, e.GID)}
		set := func(key, value string) {
			if value != "" && value != "0" {
				fields[key] = value
			}
		}
		set("size", fmt.Sprint(e.Size))
		set("target", e.Target)
		set("link", e.Link)
		if e.Major+e.Minor > 0 {
			set("device", fmt.Sprintf("%d:%d", e.Major, e.Minor))
		}
		for name, value := range e.Xattrs {
			set("xattr "+name, fmt.Sprintf("%x", value))
		}
		return &analyzer.Result{Records: []analyzer.Record{{Kind: "entry", Key: f.Path, Fields: fields}}}, nil
	})

// tokens finds words that begin with "token-", also in files that upper layers hide.
var tokens = analyzer.Func(analyzer.Info{Name: "tokens", Version: 1, Patterns: []string{"**/*.env"}, Hidden: true, Finds: []string{"secrets"}, Data: "rules 7"},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		var r analyzer.Result
		for n, line := range strings.Split(string(b), "\n") {
			if strings.HasPrefix(line, "token-") {
				r.Findings = append(r.Findings, analyzer.Finding{Rule: "token", Title: line, Severity: "high", Line: n + 1})
				r.Records = append(r.Records, analyzer.Record{Kind: "token", Key: line, Line: n + 1})
			}
		}
		return &r, nil
	})

// configured looks at the image's configuration, and at nothing else.
var configured = analyzer.Func(analyzer.Info{Name: "configured", Version: 1, Config: true, Finds: []string{"configuration"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		var c struct {
			Config struct{ User string }
		}
		b, err := f.Bytes()
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		if err != nil || f.Path != "" {
			return nil, fmt.Errorf("path %q: %w", f.Path, err)
		}
		r := &analyzer.Result{Records: []analyzer.Record{{Kind: "user", Key: c.Config.User}}}
		if c.Config.User == "" {
			r.Findings = []analyzer.Finding{{Rule: "no-user", Title: "The image runs as root.", Severity: "medium"}}
		}
		return r, nil
	})

func TestFacts(t *testing.T) {
	analyzertest.Run(t, "testdata/facts/*.txtar", lists, described, tokens, configured)
}

func TestExamined(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("a.env", "token-1\n").File("data/x", ""))
	if err != nil {
		t.Fatal(err)
	}
	absent := analyzer.Func(analyzer.Info{Name: "absent", Version: 3, Patterns: []string{"**/*.env"}, Finds: []string{"malware"}, Unavailable: "no clamd at /run/clamd.ctl"},
		func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, analyzer.ErrUnavailable })
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{tokens, lists, absent}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range report.Examined {
		got = append(got, fmt.Sprint(e.Analyzer, " ", e.Version, " ", e.Finds, " ", e.Data, ": ", e.NotRun))
	}
	want := []string{
		"absent 3 [malware] : unavailable; 1 file was not analyzed: a.env",
		"list 1 [packages] : ",
		"tokens 1 [secrets] rules 7: ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// In a file system, entries have what the file system has about them, and no layer.
func TestEntriesOfFileSystem(t *testing.T) {
	root := fstest.MapFS{"data/su": {Data: []byte("x"), Mode: fs.ModeSetuid | 0o755}, "data/link": {Data: []byte("su"), Mode: fs.ModeSymlink | 0o777}, "etc/a": {}}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{described, configured}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range report.Records {
		got = append(got, fmt.Sprintf("%d %s %s %s", r.Layer, r.Path, r.Fields["mode"], r.Fields["target"]))
	}
	want := []string{"-1 data dr-xr-xr-x ", "-1 data/link Lrwxrwxrwx su", "-1 data/su urwxr-xr-x "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
