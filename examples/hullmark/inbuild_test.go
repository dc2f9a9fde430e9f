package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInBuild runs the command as a Dockerfile's last stage does: one static file in a root of its own, with nothing else of the
// system, without a network, as nobody.
func TestInBuild(t *testing.T) {
	paths := make(map[string]string)
	for _, tool := range []string{"unshare", "chroot"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("%s is not installed: the in-build mode is not run", tool)
		}
		paths[tool] = path
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"etc/os-release": jessie, "var/lib/dpkg/status": stanza("bash", "4.3-11+deb8u2") + stanza("tar", "1.27.1-2+deb8u2"),
		"usr/lib/python3/dist-packages/Django-1.11.20.dist-info/METADATA": "Metadata-Version: 2.1\nName: Django\nVersion: 1.11.20\n",
		"check/policy.yaml": strings.NewReplacer("mappings:", "default: {policies: [production]}\nmappings:").Replace(demoPolicy),
		"check/vex.json":    `{"@context": "https://openvex.dev/ns", "timestamp": "2024-06-01T00:00:00Z", "statements": [{"vulnerability": {"name": "CVE-2019-12308"}, "products": [{"@id": "pkg:pypi/django"}], "status": "not_affected", "justification": "component_not_present"}]}`,
	} {
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(root, "usr", "local", "bin", "hullmark")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	inside := func(args ...string) (stdout, stderr string, code int) {
		t.Helper()
		args = append([]string{"--net", "--mount", "--pid", "--fork", paths["chroot"], "--userspec=65534:65534", root, "/usr/local/bin/hullmark", "in-build"}, args...)
		if os.Geteuid() != 0 {
			args = append([]string{"--map-root-user"}, args...)
		}
		cmd := exec.Command(paths["unshare"], args...)
		cmd.Env = []string{} // no home, no path
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	stdout, stderr, code := inside("--policy", "/check/policy.yaml", "--vex", "/check/vex.json")
	if strings.Contains(stderr, "Operation not permitted") {
		t.Skipf("this machine does not let a process have a root and a network of its own: the in-build mode is not run: %s", stderr)
	}
	if code != exitDisallowed || !strings.Contains(stderr, "policy production of /check/policy.yaml stops: update to") || !strings.Contains(stderr, "/check/vex.json: OpenVEX, 1 statement: decides 1 match, suppresses 1 of them") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, "Django 1.11.20") || !strings.Contains(stdout, "3 packages") {
		t.Errorf("it has found\n%s", stdout)
	}
	if strings.Contains(stdout, "cobra") || !strings.Contains(stderr, " of hullmark itself") {
		t.Errorf("it judges itself: %s\n%s", stderr, stdout)
	}
	if stdout, stderr, code = inside("--policy", "/check/policy.yaml", "--continue"); code != exitOK || !strings.Contains(stderr, "continuing, because of --continue") || !strings.Contains(stdout, "verdict: stop") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr, code = inside("--policy", "preset:kev"); code != exitOK {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr, code = inside("--fail-on", "negligible"); code != exitDisallowed {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if out, err := exec.Command("go", "version", "-m", program).Output(); err != nil || !bytes.Contains(out, []byte("CGO_ENABLED=0")) {
		t.Errorf("it is not static: %v", err)
	}
}
