package main

import (
	"bytes"
	"context"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/matcher"
)

// commands returns the indented lines of a section of README.md.
func commands(t *testing.T, section string) []string {
	t.Helper()
	return indented(sectionOf(t, "README.md", section))
}

func sectionOf(t *testing.T, page, section string) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## "+section+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", page, section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

func indented(rest string) []string {
	var list []string
	for line := range strings.Lines(rest) {
		if c, ok := strings.CutPrefix(line, "    "); ok {
			list = append(list, strings.TrimSpace(c))
		}
	}
	return list
}

// TestReadme runs the commands of README.md in an empty directory, as they are there but for the port, and an image of a registry in this
// process in the place of debian:12.
func TestReadme(t *testing.T) {
	for _, tool := range []string{"curl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r := fleettest.NewRegistry(t)
	img := fleettest.Image(t, fleettest.Debian(t, "libc6 2.28-10 glibc", "libpython3.7 3.7.3 python3.7"))
	ref, _ := r.Push(t, "library/debian:12", img)
	tag, err := name.NewTag("registry.example/app:1")
	if err == nil {
		err = tarball.WriteToFile(filepath.Join(dir, "app.tar"), tag, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	env := append(os.Environ(), "ID=")
	shell := func(command string) string {
		t.Helper()
		command = strings.ReplaceAll(command, "127.0.0.1:8080", address)
		command = strings.NewReplacer("/images/debian:12/", "/images/"+strings.ReplaceAll(ref, "/", "%2F")+"/", "debian:12", ref).Replace(command)
		cmd := exec.CommandContext(ctx, "bash", "-ec", command)
		cmd.Dir, cmd.Env = dir, env
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s%s", command, err, out, &stderr)
		}
		return string(out)
	}
	for _, c := range commands(t, "Start it") {
		switch {
		case strings.HasPrefix(c, "go build"):
			cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "fleet"), ".")
			cmd.Dir = source
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		case strings.HasSuffix(c, "serve &"):
			cmd := exec.Command(filepath.Join(dir, "fleet"), "serve", "--listen", address, "--allow-address", "127.0.0.0/8", "--db", "advisories.db") // publishers are not reached here
			fleettest.WriteAdvisories(t, filepath.Join(dir, "advisories.db"), fleettest.Debian12("CVE-2019-9636", "python3.7", "3.7.3-2", matcher.Critical))
			cmd.Dir = dir
			var log bytes.Buffer
			cmd.Stderr = &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				cmd.Process.Signal(os.Interrupt)
				if err := cmd.Wait(); err != nil {
					t.Errorf("serve: %v\n%s", err, &log)
				}
			}()
			fleettest.Eventually(t, "the service listens", func() bool {
				c, err := net.Dial("tcp", address)
				if err == nil {
					c.Close()
				}
				return err == nil
			})
		default:
			shell(c)
		}
	}
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte("version: 2\npolicies: [{name: p, otherwise: go, rules: [{name: r, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}]}]\ndefault: {policies: [p]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"severity=high": "CVE-2019-9636", "sbom?": "SPDX-2.3", "affected?id": `"digest"`, "affected?purl": `"digest"`, "/v1/events": "image-analyzed"}
	for _, c := range commands(t, "Submit an image") {
		var out string
		fleettest.Eventually(t, c, func() bool { // the index has the image after some seconds
			out = shell(c)
			for part, text := range want {
				if strings.Contains(c, part) && !strings.Contains(out, text) {
					return false
				}
			}
			return true
		})
		if strings.Contains(out, "urn:fleet:problem") {
			t.Errorf("%s: %s", c, out)
		}
		var m struct{ ID, State string }
		if json.Unmarshal([]byte(out), &m) == nil && m.ID != "" {
			env = append(env, "ID="+m.ID)
		}
		if strings.Contains(c, "wait=60") && m.State != "analyzed" {
			t.Errorf("%s: %s", c, out)
		}
		if strings.Contains(c, "sbom?") {
			if err := os.WriteFile(filepath.Join(dir, "app.json"), []byte(out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	want = map[string]string{"image add": "sha256:", "./fleet vuln": "CVE-2019-9636", "evaluate": "policy production: stop", "mark add": "\n", "affected": "sha256:", "./fleet events": "image-analyzed"}
	env = append(env, "FLEET_SERVER=http://"+address)
	for _, c := range commands(t, "The command") {
		if strings.HasPrefix(c, "export") {
			token, err := os.ReadFile(filepath.Join(dir, "token"))
			if err != nil {
				t.Fatal(err)
			}
			env = append(env, "FLEET_TOKEN="+string(token))
			continue
		}
		out := shell(strings.Replace(c, "registry.example/team/app", strings.TrimSuffix(ref, ":12"), 1))
		for part, text := range want {
			if strings.Contains(c, part) && !strings.Contains(out, text) {
				t.Errorf("%s: %s, want %q", c, out, text)
			}
		}
	}

}

// TestImports: the module is built on the public packages of the library.
func TestImports(t *testing.T) {
	internal := regexp.MustCompile(`^"github\.com/hullmark/hullmark/(.*/)?internal(/|"$)`)
	own := `"github.com/hullmark/hullmark/examples/fleet/`
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			if internal.MatchString(i.Path.Value) && !strings.HasPrefix(i.Path.Value, own) {
				t.Errorf("%s imports %s", path, i.Path.Value)
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}
