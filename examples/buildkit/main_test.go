package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/sbom"
)

const status = "Package: hammer\nVersion: 1.0-1\nArchitecture: all\nStatus: install ok installed\nMaintainer: A <a@debian.org>\n"

// rootfs makes a root file system with one package.
func rootfs(t *testing.T, dir, status string) {
	t.Helper()
	for name, text := range map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n", "var/lib/dpkg/status": status} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProtocol runs the program as BuildKit does: with nothing but the variables of the protocol in its environment.
func TestProtocol(t *testing.T) {
	program := filepath.Join(t.TempDir(), "buildkit")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	work := t.TempDir()
	core, extras, destination := filepath.Join(work, "core", "sbom"), filepath.Join(work, "extras"), filepath.Join(work, "out")
	rootfs(t, core, status)
	rootfs(t, filepath.Join(extras, "build"), strings.ReplaceAll(status, "hammer", "anvil"))
	rootfs(t, filepath.Join(extras, "sbom"), strings.ReplaceAll(status, "hammer", "tongs")) // called like the result
	if err := os.WriteFile(filepath.Join(extras, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(destination, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = []string{"BUILDKIT_SCAN_SOURCE=" + core, "BUILDKIT_SCAN_SOURCE_EXTRAS=" + extras, "BUILDKIT_SCAN_DESTINATION=" + destination}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	entries, err := os.ReadDir(destination)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(destination, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Type          string `json:"_type"`
			PredicateType string
			Subject       []any
			Predicate     struct{ SPDXVersion string }
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if s.Type != "https://in-toto.io/Statement/v0.1" || s.PredicateType != "https://spdx.dev/Document" || s.Subject == nil || s.Predicate.SPDXVersion != "SPDX-2.3" {
			t.Errorf("%s: %+v", e.Name(), s)
		}
		report, err := sbom.Decode(bytes.NewReader(text), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range report.Components {
			got = append(got, e.Name()+" "+c.PURL)
		}
	}
	want := []string{
		"build.spdx.json pkg:deb/debian/anvil@1.0-1?arch=all&distro=debian-12",
		"sbom-2.spdx.json pkg:deb/debian/tongs@1.0-1?arch=all&distro=debian-12",
		"sbom.spdx.json pkg:deb/debian/hammer@1.0-1?arch=all&distro=debian-12",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{}
	lookup := func(name string) string { return env[name] }
	if err := run(t.Context(), lookup); err == nil || !strings.Contains(err.Error(), "must be set") {
		t.Error(err)
	}
	env["BUILDKIT_SCAN_DESTINATION"], env["BUILDKIT_SCAN_SOURCE"] = dir, filepath.Join(dir, "missing")
	if err := run(t.Context(), lookup); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	rootfs(t, filepath.Join(dir, "root"), status)
	env["BUILDKIT_SCAN_SOURCE"], env["BUILDKIT_SCAN_SOURCE_EXTRAS"] = filepath.Join(dir, "root"), filepath.Join(dir, "missing")
	if err := run(t.Context(), lookup); err != nil { // the protocol says so
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, lookup); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
