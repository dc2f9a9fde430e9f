package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/demo"
)

// multi writes an index with the demo image for two platforms, and one image that is broken if that is wished.
func multi(t *testing.T, broken bool) string {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, p := range []v1.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm", Variant: "v7"}} {
		img, err := demo.Image()
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
		if img, err = mutate.ConfigFile(img, config); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &p}})
	}
	if broken {
		img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("no tar"), types.DockerLayer))
		if err != nil {
			t.Fatal(err)
		}
		p := v1.Platform{OS: "linux", Architecture: "s390x"}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = p.OS, p.Architecture
		if img, err = mutate.ConfigFile(img, config); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &p}})
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	return "oci:" + dir
}

func TestAllPlatforms(t *testing.T) {
	ref := multi(t, false)
	dir := t.TempDir()
	command := func(args ...string) (code int, stdout, stderr string) {
		var out, err strings.Builder
		code = run(t.Context(), append(args, "--cache", "off", "--quiet"), &out, &err)
		return code, out.String(), err.String()
	}
	code, stdout, stderr := command("sbom", "--platform", "all", ref)
	names := 0
	for d := json.NewDecoder(strings.NewReader(stdout)); d.More(); names++ {
		var bom struct{ Components []any }
		if err := d.Decode(&bom); err != nil || len(bom.Components) == 0 {
			t.Errorf("document %d: %v", names, err)
		}
	}
	if code != exitOK || names != 2 {
		t.Errorf("exit code %d, %d documents, %s", code, names, stderr)
	}
	if code, _, stderr := command("sbom", "--platform", "all", "-o", dir+"/app.json", ref); code != exitOK {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	code, stdout, stderr = command("scan", "--platform", "all", "--format", "json="+dir+"/scan", "--format", "table", "--fail-on", "low", ref)
	if code != exitDisallowed || strings.Count(stderr, "which --fail-on disallows") != 2 || !strings.Contains(stdout, "linux/arm/v7") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	files, err := filepath.Glob(dir + "/*")
	if want := dir + "/app.linux-amd64.json " + dir + "/app.linux-arm-v7.json " + dir + "/scan.linux-amd64 " + dir + "/scan.linux-arm-v7"; err != nil || strings.Join(files, " ") != want {
		t.Errorf("files %q, want %s", files, want)
	}

	code, stdout, stderr = command("sbom", "--platform", "all", multi(t, true))
	if code != exitFailed || strings.Count(stdout, `"bomFormat"`) != 2 || !strings.Contains(stderr, "linux/s390x") {
		t.Errorf("one broken: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := command("explain", "--platform", "all", "CVE-2000-1", ref); code != exitFailed || !strings.Contains(stderr, "choose one platform") {
		t.Errorf("explain: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := command("scan", "--platform", "all", "demo:"); code != exitFailed || !strings.Contains(stderr, "has only one image") {
		t.Errorf("demo: exit code %d, %s", code, stderr)
	}
}

func TestNoDaemon(t *testing.T) {
	for _, s := range []string{"/var/run/docker.sock", "/run/podman/podman.sock"} {
		if _, err := os.Stat(s); err == nil {
			t.Skip("there is a daemon here")
		}
	}
	var out, err strings.Builder
	if code := run(t.Context(), []string{"sbom", "daemon:debian:12"}, &out, &err); code != exitFailed || !strings.Contains(err.String(), "start Docker or Podman") {
		t.Errorf("exit code %d, %s", code, err.String())
	}
}
