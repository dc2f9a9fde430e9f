package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// TestHullmark: the command hullmark shows the answer of a service in its formats, with its exit codes, about images of registries, archives,
// SBOMs, and from inside a build.
func TestHullmark(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hullmark")
	if out, err := exec.Command("go", "build", "-C", "../hullmark", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-9+deb12u1", matcher.High))
	r := fleettest.NewRegistry(t)
	ref, _ := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "zlib1g 1.2 zlib")))
	c := s.Client(t, "team")
	dir := t.TempDir()
	hullmark := func(args ...string) (stdout, stderr string, code int) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "FLEET_TOKEN="+c.Secret, "HOME="+dir, "XDG_CACHE_HOME="+dir)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	scan := func(args ...string) (string, string, int) {
		t.Helper()
		return hullmark(append([]string{"scan", "--server", s.URL}, args...)...)
	}
	stdout, stderr, code := scan("-f", "json", ref)
	var report struct {
		Matches []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 0 || len(report.Matches) != 1 || report.Matches[0].ID != "CVE-2026-0001" {
		t.Fatalf("code %d, %v: %s\n%s", code, err, stderr, stdout)
	}
	for format, want := range map[string]string{"table": "CVE-2026-0001", "sarif": `"ruleId"`, "html": "<html", "markdown": "CVE-2026-0001"} {
		if stdout, stderr, code := scan("-f", format, ref); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: code %d: %s\n%.500s", format, code, stderr, stdout)
		}
	}
	if _, stderr, code := scan("--fail-on", "high", ref); code != 4 {
		t.Errorf("--fail-on: code %d: %s", code, stderr)
	}
	if stdout, _, code := scan("--only-fixed", "--fail-on", "critical", ref); code != 0 || !strings.Contains(stdout, "CVE-2026-0001") {
		t.Errorf("code %d: %s", code, stdout)
	}
	arm := fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")), "linux/arm64")
	sound := func(platform string) v1.Image {
		return fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9+deb12u1 glibc")), platform)
	}
	multi, _ := r.PushIndex(t, "team/multi:1", fleettest.Index(t, sound("linux/amd64"), arm, sound("windows/amd64")))
	for _, test := range []struct {
		args string
		code int
		want []string
		not  string
	}{
		{"--fail-on high", 4, []string{"multi:1 (linux/amd64)", "multi:1 (linux/arm64)", "CVE-2026-0001", "linux/arm64: ", "windows/amd64 was not analyzed: not-selected; --platform all includes it"}, "(windows"},
		{"--fail-on high --platform linux/amd64", 0, []string{"multi:1"}, "CVE-2026-0001"},
		{"--fail-on high --platform linux/arm64", 4, []string{"multi:1", "CVE-2026-0001"}, "(linux"},
		{"--platform all", 0, []string{"multi:1 (linux/amd64)", "multi:1 (linux/arm64)", "multi:1 (windows/amd64)"}, "not-selected"},
		{"--platform linux/mips", 1, []string{"no image for linux/mips"}, "(linux"},
	} {
		stdout, stderr, code := scan(append(strings.Fields(test.args), multi)...)
		for _, want := range test.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: no %q in %s\n%s", test.args, want, stderr, stdout)
			}
		}
		if code != test.code || strings.Contains(stdout+stderr, test.not) {
			t.Errorf("%s: code %d: %s\n%s", test.args, code, stderr, stdout)
		}
	}
	if _, stderr, code := scan("--policy", "preset:kev", ref); code != 1 || !strings.Contains(stderr, "--policy and --server exclude each other") {
		t.Errorf("--policy: code %d: %s", code, stderr)
	}
	if _, stderr, code := scan(strings.Replace(ref, ":1", ":missing", 1)); code != 1 || !strings.Contains(stderr, "not-found") {
		t.Errorf("a missing image: code %d: %s", code, stderr)
	}

	c.Do("PUT", "/v1/policies/severe", map[string]any{"document": "version: 2\npolicies: [{name: p, otherwise: go, rules: [{name: r, on: match, when: match.severity >= HIGH, action: stop, message: 'update ${match.id}'}]}]\ndefault: {policies: [p]}\n"}).Want(http.StatusCreated)
	c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "severe"}]}`).Want(http.StatusOK)
	if _, stderr, code := scan(ref); code != 4 || !strings.Contains(stderr, "update CVE-2026-0001") {
		t.Errorf("the policy of the service: code %d: %s", code, stderr)
	}

	root := filepath.Join(dir, "root")
	for name, text := range map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n", "var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9\nArchitecture: amd64\n\n"} {
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code = hullmark("in-build", "--server", s.URL, "--root", root, "--image-name", "registry.example/team/built:1")
	if code != 4 || !strings.Contains(stderr, "update CVE-2026-0001") || !strings.Contains(stdout, "libc6") {
		t.Errorf("in-build: code %d: %s\n%s", code, stderr, stdout)
	}
	c.Get("/v1/images/registry.example%2Fteam%2Fbuilt:1", nil)
}
