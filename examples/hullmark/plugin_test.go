package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/plugin"
)

// TestPlugin builds the example of a plugin, puts it into a directory with a manifest, and does with it what a user does.
func TestPlugin(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	home := filepath.Join(dir, "plugins", "versions")
	exe := filepath.Join(home, "versions")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "../plugins/versions").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	digest, err := plugin.Digest(exe)
	if err != nil {
		t.Fatal(err)
	}
	manifest := plugin.Manifest{
		Name: "versions", Version: "1.2.3", Command: "versions",
		Patterns: []string{"**/*.versions"}, Types: []string{"generic"},
	}
	write := func(name string, v any) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(home, "plugin.json"), manifest)
	whole, err := plugin.Digest(home)
	if err != nil {
		t.Fatal(err)
	}
	manifest.Digest = "sha256:" + whole
	write(filepath.Join(home, "plugin.json"), manifest)
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a.versions"), []byte("hammer 1.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wrong := exe + "@sha256:" + strings.Repeat("0", 64)
	for _, tt := range []struct {
		args []string
		code int
		out  string // part of standard output
		err  string // part of standard error
	}{
		{[]string{"plugin", "list", filepath.Join(dir, "plugins")}, exitOK, "versions  1.2.3    sha256:" + whole[:12], ""},
		{[]string{"plugin", "list", filepath.Join(dir, "none")}, exitFailed, "", "no such file"},
		{[]string{"plugin", "run", exe, root}, exitOK, "package pkg:generic/hammer@1.0 in a.versions\n", ""},
		{[]string{"plugin", "run", home, root}, exitOK, "pkg:generic/hammer@1.0", ""},
		{[]string{"plugin", "digest", home}, exitOK, "sha256:" + whole + "\n", ""},
		{[]string{"plugin", "digest", exe}, exitOK, "sha256:" + digest + "\n", ""},
		{[]string{"plugin", "digest", filepath.Join(dir, "none")}, exitFailed, "", "no such file"},
		{[]string{"plugin", "run", home + "@sha256:" + whole, root}, exitOK, "pkg:generic/hammer@1.0", ""},
		{[]string{"plugin", "run", home + "@sha256:" + digest, root}, exitFailed, "", "want sha256:" + digest},
		{[]string{"plugin", "new", "--lang", "python", filepath.Join(dir, "mine")}, exitOK, "hullmark plugin verify . testdata/root\n", ""},
		{[]string{"plugin", "new", "--lang", "python", filepath.Join(dir, "mine")}, exitFailed, "", "is not empty"},
		{[]string{"plugin", "new", filepath.Join(dir, "other")}, exitFailed, "", "--lang LANGUAGE is missing"},
		{[]string{"plugin", "run", wrong, root}, exitFailed, "", "want sha256:"},
		{[]string{"plugin", "run", exe + "@sha256:1234", root}, exitFailed, "", "64 hexadecimal digits"},
		{[]string{"plugin", "verify", exe, root}, exitOK, "ok   gives the same answers in another process", ""},
		{[]string{"plugin", "verify", "/bin/true", root}, exitFailed, "FAIL starts and describes its analyzers", "failed a check"},
		{[]string{"sbom", "--cache", "off", "--plugin", exe + "@sha256:" + digest, "rootfs:" + root}, exitOK, "pkg:generic/hammer@1.0", ""},
		{[]string{"sbom", "--cache", "off", "--plugin-dir", filepath.Join(dir, "plugins"), "rootfs:" + root}, exitOK, "pkg:generic/hammer@1.0", ""},
		{[]string{"scan", "--cache", "off", "--format", "json", "--plugin", wrong, "rootfs:" + root}, exitOK, `"kind": "unavailable"`, "want sha256:"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), tt.args, &out, &errs)
		if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.err) {
			t.Errorf("%q: exit code %d, want %d\n%s\n%s", tt.args, code, tt.code, out.String(), errs.String())
		}
	}
}
