package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/internal/demo"
)

// process returns the command as a process of its own, in an empty directory, with the given environment only.
func process(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append([]string{"HULLMARK_TEST_MAIN=1", "HULLMARK_OFFLINE=1", "PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}, env...)
	c.Dir = t.TempDir()
	c.WaitDelay = time.Minute
	return c
}

// TestReports recreates reports about the first use of other scanners.
func TestReports(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	document, _ := ok(t, "sbom", "-q", "--cache", "off", "demo:")
	for file, text := range map[string]string{
		"home/app.cdx.json":        document,
		"home/.docker/config.json": `{"credsStore": "none-such"}`,
		"home/other/config.json":   `{"credHelpers": {"registry.example": "none-such"}}`,
		"plain/file":               "",
		"top.yaml":                 "ignore-unfixed: true\n",
		"section.yaml":             "vulnerability:\n  only-fixed: true\n",
		"wrong.yaml":               "scan:\n  only-fixed: yes please\n",
	} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img, err := demo.Image()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	public := strings.TrimPrefix(server.URL, "http://") + "/app:1"
	ref, err := name.ParseReference(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	const found, noFile = "CVE-2019-9636", "no such file or directory"
	for _, test := range []struct {
		report string
		env    []string
		stdin  string // the content; "-" for a pipe that stays open
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"anchore/grype#2686: nothing happens without a terminal on standard input", nil, "", "scan -q demo:", 0, found, ""},
		{"anchore/grype#267: standard input that stays open is waited for", nil, "-", "scan -q demo:", 0, found, ""},
		{"anchore/grype#267: with a document, too", nil, "-", "match -q " + at("home/app.cdx.json"), 0, "CVE-2019-9636", ""},
		{"anchore/grype#235: a document on standard input", nil, document, "match -q -", 0, found, ""},
		{"anchore/grype#235: sbom: and an absolute path", nil, "", "scan -q sbom:" + at("home/app.cdx.json"), 0, found, ""},
		{"anchore/grype#235: sbom: and a path that the shell does not expand", []string{"HOME=" + home}, "", "scan -q sbom:~/app.cdx.json", 1, "", noFile},
		{"anchore/grype#235: the JSON of syft", nil, `{"artifacts": [{"id": "1", "name": "python2.7", "version": "2.7.9-2+deb8u2", "type": "deb", "purl": "pkg:deb/debian/python2.7@2.7.9-2%2Bdeb8u2?distro=debian-8"}], "source": {}, "distro": {"id": "debian", "versionID": "8"}, "schema": {"version": "16.0.0", "url": "https://x.example/syft"}}`, "match -q -", 0, found, ""},
		{"anchore/grype#572: no room in the directory for temporary files", []string{"HOME=" + home, "TMPDIR=" + at("none")}, "", "scan -q demo:", 0, found, ""},
		{"no home directory", nil, "", "scan -q demo:", 0, found, "no cache directory"},
		{"a home directory that is a file", []string{"HOME=" + at("plain/file")}, "", "scan -q demo:", 0, found, "the results are not affected"},
		{"a home directory that is a file: settings", []string{"HOME=" + at("plain/file")}, "", "scan -q --cache off demo:", 0, found, "warning: no settings are read: "},
		{"indexable-inc/index#2954: a helper for credentials that is not installed, for a public image", []string{"HOME=" + home}, "", "scan -q --cache off " + public, 0, found, ""},
		{"rubentalstra/FerroEHR#2119: a setting at the wrong place of the file is ignored", nil, "", "scan -q --config " + at("top.yaml") + " demo:", 1, "", "ignore-unfixed"},
		{"rubentalstra/FerroEHR#2119: in a section that no command has", nil, "", "scan -q --config " + at("section.yaml") + " demo:", 1, "", "vulnerability"},
		{"a value that the flag does not take", nil, "", "scan -q --config " + at("wrong.yaml") + " demo:", 1, "", `"yes please" is not true or false`},
		{"aquasecurity/trivy#7093: a named list of ignored vulnerabilities that is missing", []string{"HULLMARK_IGNORE_FILE=none.txt"}, "", "scan -q --cache off demo:", 1, "", "HULLMARK_IGNORE_FILE"},
		{"aquasecurity/trivy#2018: an end in the words of another tool", nil, "", "scan -q --cache off --ignore CVE-2019-9636:exp:2020-01-02 demo:", 1, "", "CVE-2019-9636 exp:2020-01-02"},
		{"anchore/grype#3093: messages on standard output", nil, "", "scan --cache off -f json demo:", 0, "{", "using the built-in starter database"},
	} {
		t.Run(test.report, func(t *testing.T) {
			c := process(t, test.env, strings.Fields(test.args)...)
			var stdout, stderr bytes.Buffer
			c.Stdout, c.Stderr = &stdout, &stderr
			switch test.stdin {
			case "-":
				in, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				defer w.Close()
				c.Stdin = in
			default:
				c.Stdin = strings.NewReader(test.stdin)
			}
			err := c.Run()
			if code := c.ProcessState.ExitCode(); code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("%v, want %d, %q and %q:\n%s%.500s", err, test.code, test.stdout, test.stderr, &stderr, &stdout)
			}
			if strings.Contains(test.args, "-f json") && !json.Valid(stdout.Bytes()) {
				t.Errorf("standard output is no JSON: %.300s", &stdout)
			}
			if strings.Contains(stdout.String()+stderr.String(), "\x1b") {
				t.Error("there are escape sequences in a pipe")
			}
		})
	}
}

// TestReportHead is about hullmark scan demo: | head -1, see anchore/grype#1408: the command ends without a word when its reader has gone.
func TestReportHead(t *testing.T) {
	for _, args := range []string{"scan -q --cache off demo:", "scan -q --cache off -f json demo:", "completion bash", "schema"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c := process(t, nil, strings.Fields(args)...)
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = w, &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		r.Close()
		if err := c.Wait(); err == nil || strings.Contains(stderr.String(), "pipe") || strings.Contains(stderr.String(), "goroutine") {
			t.Errorf("%s: %v: %s", args, err, &stderr)
		}
	}
}

// TestReportLink runs the command by a link to it, as package managers install it.
func TestReportLink(t *testing.T) {
	c := process(t, nil, "--version")
	link := filepath.Join(c.Dir, "hm")
	if err := os.Symlink(c.Path, link); err != nil {
		t.Skip(err)
	}
	c.Path = link
	if out, err := c.Output(); err != nil || !strings.HasPrefix(string(out), "hullmark ") {
		t.Errorf("%s, %v", out, err)
	}
}

// TestReportAuthority is about publishers behind a proxy with an authority of its own, see anchore/grype#1783.
func TestReportAuthority(t *testing.T) {
	p := newPublishers(t)
	secure := httptest.NewUnstartedServer(p)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	authority := file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	image := firstImages(t)[5]
	for _, args := range [][]string{
		{"scan", "--cache", "off", "--fail-on", "critical", image.ref},
		{"db", "update", "--feed", "osv/PyPI", "-o", filepath.Join(t.TempDir(), "a.db")},
	} {
		fresh(t, secure.URL)
		if _, stderr, code := hullmark(t, args...); code == 0 || !strings.Contains(stderr, (x509.UnknownAuthorityError{}).Error()) || !strings.Contains(stderr, "pass the file of its authority as --ca-file") {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
		fresh(t, secure.URL)
		if stdout, stderr, code := hullmark(t, append(args, "--ca-file", authority)...); code != 0 && code != exitDisallowed || args[0] == "scan" && !strings.Contains(stdout, image.finds) {
			t.Errorf("%v --ca-file: exit code %d: %s", args, code, stderr)
		}
	}
}
