package node_test

import (
	"os"
	"os/exec"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// The environment variable HULLMARK_NODE_MODULES names a directory into which npm has installed @grpc/grpc-js and
// @grpc/proto-loader; without it the test is skipped.
func Test(t *testing.T) {
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with @grpc/grpc-js and @grpc/proto-loader")
	}
	if _, err := exec.LookPath("/usr/bin/node"); err != nil {
		t.Skip("node is not installed: ", err)
	}
	plugintest.Run(t, plugin.Command{
		Path: "plugin.js", Env: []string{"NODE_PATH=" + modules},
		Types: []string{"generic"}, Output: func(line string) { t.Log(line) },
	}, fstest.MapFS{"opt/tools.versions": {Data: []byte("hammer 1.0\nsaw 2.1\n")}})
}
