package python_test

import (
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// TestScanSetuid asks that a scan finds set-uid files with the plugin, and says what it looked for.
func TestScanSetuid(t *testing.T) {
	needsPython(t)
	command := plugin.Command{Path: "setuid.py", Patterns: []string{"**"}, Types: []string{}, Output: func(line string) { t.Log(line) }}
	root := fstest.MapFS{
		"usr/bin/su":  {Mode: fs.ModeSetuid | 0o755, Data: []byte("x")},
		"opt/tool":    {Mode: fs.ModeSetuid | 0o777},
		"usr/bin/env": {Mode: 0o755, Data: []byte("x")},
		"var/mail":    {Mode: fs.ModeDir | fs.ModeSetgid | 0o775},
	}
	plugintest.Run(t, command, root)
	p, err := plugin.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, record := range r.Records {
		found = append(found, record.Kind+" "+record.Path+" "+record.Fields["mode"])
	}
	if got := strings.Join(found, "\n"); got != "privileged-file opt/tool -rwsrwxrwx\nprivileged-file usr/bin/su -rwsr-xr-x" {
		t.Errorf("records:\n%s", got)
	}
	if len(r.Findings) != 1 || r.Findings[0].Path != "opt/tool" || len(r.Diagnostics) != 0 {
		t.Errorf("findings %+v, diagnostics %+v", r.Findings, r.Diagnostics)
	}
	if e := r.Examined; len(e) != 1 || e[0].Analyzer != "setuid" || !slices.Equal(e[0].Finds, []string{"setuid"}) || e[0].NotRun != "" {
		t.Errorf("examined: %+v", e)
	}
}

// TestSetuid gives the plugin entries of every kind. Only files count: a set-gid directory is no program.
func TestSetuid(t *testing.T) {
	needsPython(t)
	command := plugin.Command{Path: "setuid.py", Types: []string{}, Output: func(line string) { t.Log(line) }}
	p, err := plugin.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	record := func(path, mode, uid, gid, kinds string) []analyzer.Record {
		return []analyzer.Record{{Kind: "privileged-file", Key: path, Fields: map[string]string{"mode": mode, "uid": uid, "gid": gid, "kinds": kinds}}}
	}
	for _, tt := range []struct {
		path  string
		entry analyzer.Entry
		want  analyzer.Result
	}{
		{"usr/bin/su", analyzer.Entry{Mode: fs.ModeSetuid | 0o755}, analyzer.Result{Records: record("usr/bin/su", "-rwsr-xr-x", "0", "0", "set-uid")}},
		{"usr/bin/wall", analyzer.Entry{Mode: fs.ModeSetgid | 0o755, GID: 5}, analyzer.Result{Records: record("usr/bin/wall", "-rwxr-sr-x", "0", "5", "set-gid")}},
		{"usr/bin/ping", analyzer.Entry{Mode: 0o755, Xattrs: map[string]string{"security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00"}},
			analyzer.Result{Records: record("usr/bin/ping", "-rwxr-xr-x", "0", "0", "capabilities")}},
		{"opt/tool", analyzer.Entry{Mode: fs.ModeSetuid | 0o777, UID: 1 << 32}, analyzer.Result{
			Records:  record("opt/tool", "-rwsrwxrwx", "4294967296", "0", "set-uid"),
			Findings: []analyzer.Finding{{Rule: "setuid:writable", Title: "a set-uid program that others can write", Severity: "high", Detail: "-rwsrwxrwx"}},
		}},
		{"var/mail", analyzer.Entry{Mode: fs.ModeDir | fs.ModeSetgid | 0o775}, analyzer.Result{}},
		{"bin/sh", analyzer.Entry{Mode: fs.ModeSymlink | 0o777, Target: "dash"}, analyzer.Result{}},
		{"etc/passwd", analyzer.Entry{Mode: 0o644}, analyzer.Result{}},
	} {
		f := analyzer.NewFile(tt.path, tt.entry.Mode, nil)
		f.Entry = &tt.entry
		if got, err := p.Analyzers()[0].Analyze(t.Context(), f); err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.path, got, err, tt.want)
		}
	}
}
