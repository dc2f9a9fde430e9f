package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// The environment variable HULLMARK_NODE_MODULES names a directory into which npm has installed @grpc/grpc-js and
// @grpc/proto-loader; without it the test is skipped. Nothing of Hullmark is used but analyzer.proto.
func Test(t *testing.T) {
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with @grpc/grpc-js and @grpc/proto-loader")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: ", err)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{"plugin.js": "plugin.js", "../../../plugin/proto/analyzer.proto": "analyzer.proto"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	plugintest.Run(t, plugin.Command{
		Path: node, Args: []string{filepath.Join(dir, "plugin.js")}, Env: []string{"NODE_PATH=" + modules},
		Types: []string{"generic"}, Output: func(line string) { t.Log(line) },
	}, fstest.MapFS{"opt/tools.versions": {Data: []byte("hammer 1.0\nsaw 2.1\n")}})
}
