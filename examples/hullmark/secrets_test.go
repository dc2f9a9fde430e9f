package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/internal/testing/plantedsecrets"
)

// TestSecretsStay runs every command that reads an image with planted secrets, with every format, the log and a cache. No output, file, log
// or cache entry has a piece of one.
func TestSecretsStay(t *testing.T) {
	if testing.Short() {
		t.Skip("ten scans of an image with 600 secrets")
	}
	// Nothing tells that a value is a secret if no rule knows its form and its variable is called VALUE.
	formats := slices.DeleteFunc(plantedsecrets.Fresh(), func(f *plantedsecrets.Format) bool {
		return slices.Contains([]string{"signatureapi", "scalingo", "unkey"}, f.Name)
	})
	set, err := plantedsecrets.NewOf(3, formats)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if _, err := layout.Write("image", mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: set.Image})); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("all.tmpl", []byte("{{ printf \"%+v\" .Report }}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, args := range []string{
		"scan -v -f table -f json=out.json -f cyclonedx=out.cdx -f sarif=out.sarif -f gitlab=out.gitlab -f junit=out.xml -f html=out.html -f markdown=out.md -f template=out.txt --template all.tmpl --show-info --show-hidden IMAGE",
		"scan -v -f json IMAGE", // from the cache
		"scan -v --fail-on low -f json IMAGE",
		"scan -v --parallel 1 --cache off IMAGE",
		"sbom -v -o sbom.json IMAGE", "sbom -v -f cyclonedx-xml IMAGE", "sbom -v -f spdx-json IMAGE", "sbom -v -f in-toto IMAGE",
		"match -v -f json sbom.json",
		"explain -v IMAGE secrets:gitlab-token",
		"files -v IMAGE",
	} {
		words := strings.Fields(strings.ReplaceAll(args, "IMAGE", "oci:image"))
		if words[0] != "match" && words[0] != "files" {
			words = append(words, "--content")
		}
		if words[0] != "match" && !strings.Contains(args, "--cache") {
			words = append(words, "--cache", "cache")
		}
		stdout, stderr, code := hullmark(t, words...)
		if code == 1 {
			t.Errorf("%s: %s", args, stderr)
		}
		all.WriteString(stdout)
		all.WriteString(stderr)
	}
	found, files := bytes.Count(all.Bytes(), []byte("secrets:")), 0
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "image"+string(filepath.Separator)) {
			return err
		}
		files++
		b, err := os.ReadFile(name)
		all.Write(b)
		return err
	})
	if err != nil || files < 12 || found < 1000 {
		t.Fatalf("%v, %d files, %d findings", err, files, found)
	}
	leaks := set.Leaks(all.Bytes())
	for i, l := range leaks {
		if i < 10 {
			t.Errorf("%s in %s: %s, %q of %q", l.Plant.Format, l.Plant.Carrier, l.Form, all.Bytes()[max(0, l.Offset-100):l.Offset], l.Piece)
		}
	}
	t.Logf("%d bytes of output in %d files, %d leaks", all.Len(), files, len(leaks))
}
