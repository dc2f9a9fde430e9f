package sbom_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/sbom"
)

// TestCorpus writes the documents of real images in every version, and asks the schemas.
func TestCorpus(t *testing.T) {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real images to describe")
	}
	images, err := filepath.Glob(filepath.Join(root, "images", "*", "index.json"))
	if err != nil || len(images) == 0 {
		t.Fatalf("no images: %v", err)
	}
	schemas := make(map[string]*jsonschema.Schema)
	for _, version := range versions {
		schemas[version] = schemaOf(t, version)
	}
	for _, index := range images {
		dir := filepath.Dir(index)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			ctx := context.Background()
			img, err := source.Open(ctx, "oci:"+dir, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			scanner := analyzer.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), osrelease.New(), pip.New(), rpm.New()}}
			report, err := scanner.Scan(ctx, img)
			if err != nil {
				t.Fatal(err)
			}
			for _, version := range versions {
				var b bytes.Buffer
				if err := sbom.Encode(&b, report, nil, sbom.Options{Version: version, Name: filepath.Base(dir)}); err != nil {
					t.Fatal(err)
				}
				validate(t, schemas[version], b.Bytes())
			}
		})
	}
}
