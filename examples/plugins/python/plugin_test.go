package python_test

import (
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// needsPython skips a test without Debian's python3-grpcio and python3-protobuf.
func needsPython(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").CombinedOutput(); err != nil {
		t.Skipf("python3-grpcio is not installed: %v: %s", err, out)
	}
}

func Test(t *testing.T) {
	needsPython(t)
	command := plugin.Command{Path: "plugin.py", Types: []string{"generic"}, Output: func(line string) { t.Log(line) }}
	root := fstest.MapFS{
		"opt/tools.versions": {Data: []byte("hammer 1.0\nsaw 2.1\ndrill\n")},
		"etc/server.pem":     {Data: []byte("x\n-----BEGIN RSA " + "PRIVATE KEY-----\n")},
	}
	plugintest.Run(t, command, root)
	p, err := plugin.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	report, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	var purls []string
	for _, c := range report.Components {
		purls = append(purls, c.PURL)
	}
	if got := strings.Join(purls, " "); got != "pkg:generic/hammer@1.0 pkg:generic/saw@2.1" {
		t.Errorf("packages: %s", got)
	}
	if len(report.Findings) != 1 || report.Findings[0].Rule != "python:private-key" || report.Findings[0].Line != 2 {
		t.Errorf("findings: %+v", report.Findings)
	}
	if d := report.Diagnostics; len(d) != 1 || d[0].Code != analyzer.Malformed || d[0].Line != 3 || d[0].Message != "no name and version" {
		t.Errorf("diagnostics: %+v", d)
	}
}
