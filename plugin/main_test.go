package plugin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/plugin"
)

// The test binary is every plugin that the tests need: its first argument says which.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "plugin:") {
		behave(strings.TrimPrefix(os.Args[1], "plugin:"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// rogues has the plugins of TestMisbehaviour, which needs signals and sessions of Unix.
var rogues = func() map[string]func() { return nil }

// behaviours has what the child process can do besides serving analyzers, by name.
func behaviours() map[string]func() {
	m := rogues()
	if m == nil {
		m = make(map[string]func())
	}
	for name, do := range manners() {
		m[name] = do
	}
	return m
}

// behave is what the child process does.
func behave(how string) {
	switch how {
	case "all":
		plugin.Serve(all.All()...)
	case "content":
		plugin.Serve(content.All()...)
	default:
		if f, ok := behaviours()[how]; ok {
			f()
			return
		}
		for _, a := range all.All() {
			if a.Info().Name == how {
				plugin.Serve(a)
				return
			}
		}
		panic("no such plugin: " + how)
	}
}

// self returns the command that makes a plugin of the test binary.
func self(t testing.TB, how string) plugin.Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Command{
		Path: path, Args: []string{"plugin:" + how}, Name: how,
		Output: func(line string) { t.Logf("%s: %s", how, line) },
	}
}

// start starts a plugin that is closed when the test ends.
func start(t testing.TB, command plugin.Command) *plugin.Process {
	t.Helper()
	p, err := plugin.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

var _ analyzer.Analyzer
