package main

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// The test binary is the plugin, when its argument says so.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func Test(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugintest.Run(t, plugin.Command{Path: path, Args: []string{"serve"}, Types: []string{"generic"}},
		fstest.MapFS{"opt/tools.versions": {Data: []byte("hammer 1.0\nsaw 2.1\n")}})
}
