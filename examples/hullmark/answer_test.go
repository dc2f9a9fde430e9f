package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	jsonform "github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// TestOneAnswer requires that a program which embeds the library gives the command's answer, byte for byte: for every fixture, field
// case and image of the corpus, and for SBOMs with VEX documents, a policy and an earlier result.
func TestOneAnswer(t *testing.T) {
	dir := corpus.Dir(t)
	file := filepath.Join(t.TempDir(), "advisories.db")
	if err := os.WriteFile(file, starterFile(t), 0o644); err != nil {
		t.Fatal(err)
	}
	advisories, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer advisories.Close()
	embedded := assess.Pipeline{
		Scanner: scan.Scanner{Analyzers: all.All()}, Source: advisories, Now: testApp(nil, nil).now(),
		SBOMs: sbom.SerialNumbers(sbom.Options{Tool: report.Tool{Name: "hullmark"}}),
	}

	refs := references(t, dir)
	if len(refs) < 590 {
		t.Errorf("%d images and root file systems", len(refs))
	}
	failed := 0
	for _, ref := range refs {
		p := embedded
		p.Name = ref
		got, err := assessImage(t.Context(), p, ref)
		want, stderr, code := hullmark(t, "scan", "--quiet", "--cache", "off", "--db", file, "--format", "json", ref)
		switch {
		case code == exitFailed && err != nil:
			failed++
		case code != exitOK || err != nil:
			t.Errorf("%s: exit code %d, error %v: %s", ref, code, err, stderr)
		case got != want:
			t.Errorf("%s: another answer: %s", ref, firstDifference(got, want))
		}
	}
	if failed > len(refs)/10 {
		t.Errorf("%d of %d could not be scanned", failed, len(refs))
	}

	documents, err := filepath.Glob(filepath.Join(dir, "sboms", "*.gz"))
	if err != nil || len(documents) < 10 {
		t.Fatalf("%d SBOMs: %v", len(documents), err)
	}
	for _, name := range documents {
		testDocument(t, embedded, name, file)
	}
}

// references returns every fixture, field case and image.
func references(t *testing.T, dir string) []string {
	var refs []string
	for _, pattern := range []string{"fixtures/*/*/expected.json", "field/*/*/expected.json"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("no cases match %s: %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var want struct{ Image *struct{ Kind, Path string } }
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			ref := "rootfs:" + filepath.Dir(name)
			if i := want.Image; i != nil {
				ref = strings.Replace(i.Kind, "docker", "docker-archive", 1) + ":" + filepath.Join(filepath.Dir(name), i.Path)
			}
			refs = append(refs, ref)
		}
	}
	images, err := filepath.Glob(filepath.Join(dir, "images/*/oci-layout"))
	if err != nil || len(images) == 0 {
		t.Fatalf("no images: %v", err)
	}
	for _, layout := range images {
		refs = append(refs, "oci:"+filepath.Dir(layout))
	}
	return refs
}

func assessImage(ctx context.Context, p assess.Pipeline, ref string) (string, error) {
	img, err := source.Open(ctx, ref, source.Options{})
	if err != nil {
		return "", err
	}
	defer img.Close()
	x, err := p.Image(ctx, img)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = write(&b, x)
	return b.String(), err
}

// testDocument compares the answers about an SBOM under a VEX document, a policy, and an earlier result that knew half of the findings.
func testDocument(t *testing.T, p assess.Pipeline, name, database string) {
	compressed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	found, err := sbom.Decode(bytes.NewReader(text), sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p.Name = name
	all, err := p.Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier := *all.Result
	earlier.Matches = earlier.Matches[:len(earlier.Matches)/2]
	var b strings.Builder
	if err := write(&b, report.New(all.Report, &earlier, report.Options{})); err != nil {
		t.Fatal(err)
	}
	since := filepath.Join(t.TempDir(), "earlier.json")
	if err := os.WriteFile(since, []byte(b.String()), fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	vexFile := file(t, "app.vex.json", demoVEX)
	for _, with := range []string{"policy", "policy and since"} {
		args := []string{"match", "--db", database, "--format", "json", "--vex", vexFile, "--policy", "preset:vendor-only", "--fail-on", "critical"}
		q := p
		q.Gate.FailOn.UnmarshalText([]byte("critical"))
		document, err := vex.Read(strings.NewReader(demoVEX), vexFile)
		if err != nil {
			t.Fatal(err)
		}
		q.VEX = vex.Documents{document}
		preset, err := policy.Preset("vendor-only")
		if err != nil {
			t.Fatal(err)
		}
		if q.Policy, err = policy.Load(strings.NewReader(preset), "preset:vendor-only"); err != nil {
			t.Fatal(err)
		}
		if with != "policy" {
			args = append(args, "--since", since)
			if q.View.Since, err = jsonform.Read(strings.NewReader(b.String())); err != nil {
				t.Fatal(err)
			}
		}
		x, err := q.Report(t.Context(), found, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := write(&got, x); err != nil {
			t.Fatal(err)
		}
		want, stderr, code := hullmark(t, append(args, name)...)
		if got.String() != want {
			t.Errorf("%s with %s: another answer: %s\n%s", name, with, firstDifference(got.String(), want), stderr)
		}
		if x.Passes() != (code == exitOK) {
			t.Errorf("%s with %s: exit code %d, failures %v", name, with, code, x.Failures)
		}
	}
}

func write(w io.Writer, x *report.Assessment) error { return jsonform.Write(w, x) }

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "got " + a[i] + ", want " + b[i]
		}
	}
	return "one is longer"
}
