package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/demo"
	"github.com/hullmark/hullmark/sbom/attach"
)

// pushDemo starts a registry with the demo image in it, and returns its name there.
func pushDemo(t *testing.T, api bool) string {
	t.Helper()
	server := httptest.NewServer(inprocess.New(inprocess.Logger(log.New(io.Discard, "", 0)), inprocess.WithReferrersSupport(api)))
	t.Cleanup(server.Close)
	img, err := demo.Image()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/demo:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.Name()
}

// TestAttach attaches documents of every form, and asks that a scan which uses one finds what a scan of the image finds.
func TestAttach(t *testing.T) {
	for _, format := range []string{"cyclonedx-json", "cyclonedx-xml", "spdx-json", "in-toto"} {
		t.Run(format, func(t *testing.T) {
			ref := pushDemo(t, format != "spdx-json")
			_, stderr, code := hullmark(t, "scan", "--sbom-from-registry", ref)
			if code != exitFailed || !strings.Contains(stderr, "no SBOM is attached; hullmark sbom --attach attaches one") {
				t.Errorf("%d %s", code, stderr)
			}
			artifact, stderr, code := hullmark(t, "sbom", "--cache", "off", "--quiet", "--attach", "--format", format, ref)
			if code != exitOK || !strings.Contains(artifact, "/demo@sha256:") || strings.Count(artifact, "\n") != 1 {
				t.Fatalf("%d %q %s", code, artifact, stderr)
			}
			want, stderr, code := hullmark(t, "scan", "--cache", "off", "--quiet", "--format", "json", ref)
			if code != exitOK {
				t.Fatal(stderr)
			}
			got, stderr, code := hullmark(t, "scan", "--sbom-from-registry", "--format", "json", ref)
			if code != exitOK || !strings.Contains(stderr, strings.TrimSpace(artifact)) {
				t.Fatal(code, stderr)
			}
			if a, b := findings(t, want), findings(t, got); a != b || a == "" {
				t.Errorf("matches of the image\n%s\nmatches of the document\n%s", a, b)
			}
		})
	}
}

// findings returns the matches of a result in JSON, by identifier and PURL.
func findings(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	m, ok := v.(map[string]any)
	if !ok || m["matches"] == nil {
		t.Fatalf("no matches in %.300s", text)
	}
	out, err := json.MarshalIndent(m["matches"], "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAttachedElsewhere attaches the document of one image to another.
func TestAttachedElsewhere(t *testing.T) {
	ref := pushDemo(t, true)
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	document := `{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "container", "name": "x", "version": "sha256:` + strings.Repeat("0", 64) + `"}}}`
	if _, err := attach.Push(t.Context(), tag.Context().Digest(desc.Digest.String()).Name(), "application/vnd.cyclonedx+json", []byte(document), nil, registry.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := hullmark(t, "scan", "--sbom-from-registry", ref); code != exitFailed || !strings.Contains(stderr, "but describes sha256:0000") {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestSBOMDiff(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const head = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [`
	a := write("a.json", head+`{"type": "library", "name": "left", "purl": "pkg:npm/left@1.0.0", "licenses": [{"license": {"id": "MIT"}}]}, {"type": "library", "name": "gone", "purl": "pkg:npm/gone@1"}]}`)
	b := write("b.json", head+`{"type": "library", "name": "left", "purl": "pkg:npm/left@1.1.0", "licenses": [{"license": {"id": "ISC"}}]}, {"type": "library", "name": "same", "purl": "pkg:npm/new@1"}]}`)
	stdout, stderr, code := hullmark(t, "sbom", "diff", a, b)
	if code != exitOK {
		t.Fatal(stderr)
	}
	golden(t, "sbom-diff.txt", stdout)
	stdout, _, code = hullmark(t, "sbom", "diff", "--format", "json", a, b)
	if code != exitOK {
		t.Fatal(code)
	}
	golden(t, "sbom-diff.json", stdout)
	document, _, _ := hullmark(t, "sbom", "--cache", "off", "demo:")
	file := write("demo.cdx.json", document)
	stdout, stderr, code = hullmark(t, "sbom", "diff", "--cache", "off", "--quiet", file, "demo:")
	if code != exitOK || !strings.HasPrefix(stdout, "0 added, 0 removed, 0 with another version, 0 with other licences, ") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	if _, stderr, code = hullmark(t, "sbom", "diff", "--format", "yaml", a, b); code != exitFailed {
		t.Error(stderr)
	}
}

func TestSBOMMerge(t *testing.T) {
	dir := t.TempDir()
	for _, format := range []string{"cyclonedx-xml", "spdx-json"} {
		if _, stderr, code := hullmark(t, "sbom", "--cache", "off", "--quiet", "--format", format, "-o", filepath.Join(dir, format), "demo:"); code != exitOK {
			t.Fatal(stderr)
		}
	}
	want, _, _ := hullmark(t, "sbom", "--cache", "off", "--quiet", "demo:")
	got, stderr, code := hullmark(t, "sbom", "merge", "--name", "demo:", filepath.Join(dir, "cyclonedx-xml"), filepath.Join(dir, "spdx-json"))
	if code != exitOK || got != want {
		t.Errorf("%d %s: a document merged with itself is another one", code, stderr)
	}
}

// TestSourceDateEpoch asks for the time that the environment gives, and none without it.
func TestSourceDateEpoch(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	if stdout, _, _ := hullmark(t, "sbom", "--cache", "off", "--quiet", "demo:"); strings.Contains(stdout, `"timestamp"`) {
		t.Error("a time that nobody gave")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	if stdout, _, _ := hullmark(t, "sbom", "--cache", "off", "--quiet", "demo:"); !strings.Contains(stdout, `"timestamp": "1970-01-02T00:00:00Z"`) {
		t.Error("not the time that was given")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, stderr, code := hullmark(t, "sbom", "--cache", "off", "--quiet", "demo:"); code != exitFailed || !strings.Contains(stderr, "SOURCE_DATE_EPOCH") {
		t.Error(code, stderr)
	}
}
