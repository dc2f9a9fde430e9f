package sbom_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/internal/corpus"
	"github.com/hullmark/hullmark/sbom"
)

// images names the real images.
func images(t *testing.T) []string {
	t.Helper()
	var names []string
	if os.Getenv("HULLMARK_CORPUS") == "" {
		return nil
	}
	for _, index := range corpus.Glob(t, "images/*/index.json") {
		names = append(names, filepath.Base(filepath.Dir(index)))
	}
	return names
}

// TestCorpus writes the documents of real images in every version, and asks the schemas.
func TestCorpus(t *testing.T) {
	corpus.Dir(t)
	schemas := make(map[string]*jsonschema.Schema)
	for _, version := range versions {
		schemas[version] = schemaOf(t, version)
	}
	for _, name := range images(t) {
		t.Run(name, func(t *testing.T) {
			report := corpus.ScanImage(t, name, dpkg.New(), osrelease.New(), pip.New(), rpm.New())
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
