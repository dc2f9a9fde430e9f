package plugintest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// The test binary is the plugins that are verified.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if serve, ok := plugins()[os.Args[1]]; ok {
			serve()
			os.Exit(0)
		}
		if strings.HasPrefix(os.Args[1], "plugin:") {
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}

func plugins() map[string]func() {
	lists := func(version int, do func(*analyzer.File) (*analyzer.Result, error)) func() {
		return func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "lists", Version: version, Patterns: []string{"**/*.list"}},
				func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) { return do(f) }))
		}
	}
	n := 0
	return map[string]func(){
		"plugin:all": func() { plugin.Serve(all.All()...) },
		"plugin:counts": lists(1, func(*analyzer.File) (*analyzer.Result, error) {
			n++
			return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: "p", Version: fmt.Sprint(n)}}}, nil
		}),
		"plugin:fragile": lists(1, func(f *analyzer.File) (*analyzer.Result, error) {
			b, err := f.Bytes()
			return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: string(b[:3])}}}, err
		}),
		"plugin:config": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "config", Version: 1, Config: true}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
				return &analyzer.Result{Records: []analyzer.Record{{Kind: "config", Fields: map[string]string{"size": fmt.Sprint(f.Size())}}}}, nil
			}))
		},
		"plugin:configs-strict": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "config", Version: 1, Config: true}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
				var config struct{ OS string }
				b, err := f.Bytes()
				if err := json.Unmarshal(b, &config); err != nil {
					panic(err)
				}
				return nil, err
			}))
		},
		"plugin:files-only": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "entries", Version: 1, Patterns: []string{"bin/**"}, Entries: true}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
				if !f.Mode.IsRegular() {
					panic("no file")
				}
				return nil, nil
			}))
		},
		"plugin:none-today": func() {
			plugin.Serve(analyzer.Func(analyzer.Info{Name: "malware", Version: 1, Patterns: []string{"**/*.list"}, Unavailable: "no connection"}, nil))
		},
		"plugin:unversioned": lists(0, func(*analyzer.File) (*analyzer.Result, error) { return nil, nil }),
	}
}

func command(t testing.TB, name string) plugin.Command {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Command{Path: path, Args: []string{name}}
}

var fixtures = fstest.MapFS{
	"etc/os-release":      {Data: []byte("ID=debian\nVERSION_ID=\"12\"\n")},
	"var/lib/dpkg/status": {Data: []byte("Package: hello\nStatus: install ok installed\nVersion: 2.10-3\nArchitecture: amd64\n")},
	"opt/a.list":          {Data: []byte("one two\n")},
}

// All analyzers of the module, as a plugin, pass.
func TestRun(t *testing.T) { plugintest.Run(t, command(t, "plugin:all"), fixtures) }

// A plugin that only wants the configuration passes without fixtures.
func TestConfig(t *testing.T) { plugintest.Run(t, command(t, "plugin:config"), fixtures) }

// TestEntries asks that a plugin which takes every entry for a file fails.
func TestEntries(t *testing.T) {
	v := plugintest.Verify(t.Context(), command(t, "plugin:files-only"), nil)
	i := slices.IndexFunc(v.Checks, func(c plugintest.Check) bool { return c.Name == "answers entries of every kind" })
	if i < 0 || v.Checks[i].Err == nil || !strings.Contains(v.Checks[i].Err.Error(), "panic: no file") {
		t.Errorf("%v", v)
	}
}

// Plugins that are not as they should be fail the check that is made for it.
func TestVerify(t *testing.T) {
	for name, want := range map[string]string{
		"plugin:counts":         "gives the same answers again",
		"plugin:fragile":        "answers empty, truncated and random files",
		"plugin:configs-strict": "answers configurations of images",
		"plugin:none-today":     "starts and describes its analyzers",
		"plugin:unversioned":    "starts and describes its analyzers",
		"plugin:none":           "starts and describes its analyzers",
	} {
		t.Run(name, func(t *testing.T) {
			v := plugintest.Verify(t.Context(), command(t, name), fixtures)
			i := slices.IndexFunc(v.Checks, func(c plugintest.Check) bool { return c.Err != nil })
			if v.OK() || i < 0 || v.Checks[i].Name != want || !strings.Contains(v.String(), "FAIL "+want) {
				t.Errorf("want %q to fail:\n%v", want, v)
			}
		})
	}
}
