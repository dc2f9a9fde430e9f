package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestContent is what the flags for content do: globs as --exclude takes them, secrets, hints and gates.
func TestContent(t *testing.T) {
	image := rootfs(t, map[string]string{
		"etc/os-release": jessie, "var/lib/dpkg/status": stanza("bash", "4.3-11"),
		"etc/app/db.conf": "host = db\npassword = hunter2\n", "srv/key.conf": "x", "srv/bin": "\x00\x01",
		"anchore_hints.json": `{"packages": [{"name": "tool", "version": "2", "type": "binary"}]}`,
	})
	alone := rootfs(t, map[string]string{
		"etc/os-release":     jessie,
		"anchore_hints.json": `{"packages": [{"name": "bash", "version": "4.3-11", "type": "dpkg"}]}`,
	})
	for _, c := range []struct {
		args, image    string
		code           int
		stdout, absent string // absent: is in neither
		stderr         string
	}{
		{"scan -f json --retrieve /etc/app", image, 0, `"host = db\npassword = [redacted]\n"`, "hunter2", ""},
		{"scan -f json --retrieve /etc/app/", image, 0, `"host = db\npassword = [redacted]\n"`, "hunter2", ""},
		{"scan -f json --retrieve *.conf --retrieve-size 4", image, 0, `"content": "host"`, "db\npass", ""},
		{"scan -f json --retrieve db.conf --raw-content", image, 0, `"host = db\npassword = hunter2\n"`, "srv/key.conf", ""},
		{"scan -f json --retrieve srv/bin", image, 0, `"omitted": "binary"`, `"content":`, ""},
		{"sbom --retrieve /etc/app", image, 0, "password = [redacted]", "hunter2", ""},
		{"scan -f json --search PASS=password.*", image, 0, `"match": "password = [redacted]"`, "hunter2", ""},
		{"scan -f json --search PASS=password.* --raw-content", image, 0, `"match": "password = hunter2"`, "", ""},
		{"scan -f json --search PASS=password.* --search-in /srv", image, 0, `"content-matches"`, "PASS:2:1", ""},
		{"scan --retrieve /etc/app", image, 0, "retrieved files (retrieve)", "hunter2", ""},
		{"scan --content=hints", image, 0, "Only hints files and notes in programs name 1 package: tool 2.", "", ""},
		{"sbom", image, 0, "CycloneDX", "hullmark:stated", ""},
		{"sbom --content", image, 0, "hullmark:stated", "", ""},
		{"sbom --content=hints --no-hints", image, 0, "CycloneDX", "hullmark:stated", ""},
		{"sbom --content --no-hints", image, 0, "CycloneDX", "hullmark:stated", ""},
		{"sbom --content=-hints", image, 0, "hullmark:examined:", "", ""},
		{"scan --content=hints --fail-on critical", alone, 3, "", "", "no package could be checked"},
		{"scan --fail-on critical", alone, 3, "", "", "no package could be checked"},
	} {
		stdout, stderr, code := hullmark(t, append(append(strings.Fields(c.args), "-q", "--cache", "off"), c.image)...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.absent != "" && strings.Contains(stdout+stderr, c.absent) {
			t.Errorf("%s: exit code %d, want %d, %q and %q without %q:\n%s%s", c.args, code, c.code, c.stdout, c.stderr, c.absent, stderr, stdout)
		}
	}
}

// TestContentOfSBOM requires that a gate does not pass an SBOM for what only the image would show.
func TestContentOfSBOM(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{"plain.json": "--no-hints", "full.json": "--content=accounts"} {
		if _, stderr, code := hullmark(t, "sbom", "-q", "--cache", "off", content, "-o", name, "demo:"); code != 0 {
			t.Fatal(stderr)
		}
	}
	const judged = "match --fail-on critical --allow-uncovered --ignore-status affected,fixed,deferred,will-not-fix "
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"plain.json", 0, ""},
		{"--content=accounts full.json", 0, ""},
		{"--content=accounts plain.json", 3, "accounts may have missed accounts: an SBOM was read instead of the image"},
		{"--content=accounts,files full.json", 3, "files may have missed files: an SBOM was read instead of the image"},
		{"--retrieve /etc/passwd plain.json", 3, "retrieve may have missed retrieved files: an SBOM"},
		{"--plugin ./clamav plain.json", 3, "clamav may have missed findings: an SBOM"},
		{"--content=users plain.json", 1, "--content: content: no analyzer"},
	} {
		if _, stderr, code := hullmark(t, strings.Fields(judged+c.args)...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.args, code, c.code, c.want, stderr)
		}
	}
}

// TestContentGate requires that --fail-on counts the findings of each kind of analyzer and of a plugin in another language.
func TestContentGate(t *testing.T) {
	token := "xoxb" + "-2147483647-" + strings.Repeat("q7Rt", 6) // not a real one
	image := rootfs(t, map[string]string{
		"etc/os-release": jessie, "var/lib/dpkg/status": stanza("bash", "4.3-11"),
		"srv/app.conf": "token = " + token + "\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/shadow": "root::19000:0:99999:7:::\n", "opt/tool": "#!/bin/sh\n",
	})
	if err := os.Chmod(filepath.Join(strings.TrimPrefix(image, "rootfs:"), "opt/tool"), 0o777|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("../plugins/python/setuid.py")
	if err != nil {
		t.Fatal(err)
	}
	const args = "scan -q --cache off --allow-uncovered --ignore-status affected,fixed,deferred,will-not-fix --fail-on high "
	for _, c := range []struct {
		args string
		code int
		rule string
	}{
		{"", exitOK, ""},
		{"--content=history", exitOK, ""},
		{"--content=secrets", exitDisallowed, "secrets:slack-bot-token"},
		{"--content=accounts", exitDisallowed, "empty-password"},
		{"--content=files", exitDisallowed, "opt/tool"},
		{"--plugin " + script, exitDisallowed, "setuid:writable"},
	} {
		if strings.HasSuffix(c.args, ".py") {
			if _, err := exec.LookPath("python3"); err != nil {
				t.Log("no python3")
				continue
			}
		}
		stdout, stderr, code := hullmark(t, append(strings.Fields(args+c.args), image)...)
		if code != c.code || !strings.Contains(stdout, c.rule) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s%s", c.args, code, c.code, c.rule, stderr, stdout)
		}
	}
}
