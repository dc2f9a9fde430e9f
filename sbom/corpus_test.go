package sbom_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/corpus"
	"github.com/hullmark/hullmark/sbom"
)

// TestCorpus writes the documents of real images in every version, and asks the schemas.
func TestCorpus(t *testing.T) {
	corpus.Dir(t)
	schemas := make(map[string]*jsonschema.Schema)
	for _, version := range versions {
		schemas[version] = schemaOf(t, version)
	}
	for _, index := range corpus.Glob(t, "images/*/index.json") {
		name := filepath.Base(filepath.Dir(index))
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			img, err := source.Open(ctx, corpus.Image(t, name), source.Options{})
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
				if err := sbom.Encode(&b, report, nil, sbom.Options{Version: version, Name: name}); err != nil {
					t.Fatal(err)
				}
				validate(t, schemas[version], b.Bytes())
			}
		})
	}
}
