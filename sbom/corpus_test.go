package sbom_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// TestCorpus writes the documents of all images and cases of the corpus in every version and notation, validates them with the
// official schemas, and reads them back.
func TestCorpus(t *testing.T) {
	schemas := make(map[string]*jsonschema.Schema)
	for _, version := range versions {
		schemas[version] = schemaOf(t, version)
	}
	x := newXMLSchemas(t)
	check := func(t *testing.T, name string, scanned *analyzer.Report) {
		t.Helper()
		for _, version := range versions {
			o := sbom.Options{Version: version, Name: name, Compact: true}
			validate(t, schemas[version], encode(t, scanned, nil, o))
			o.Format = sbom.CycloneDXXML
			x.add(t, version, name, encode(t, scanned, nil, o))
		}
		for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
			got, err := sbom.Decode(bytes.NewReader(encode(t, scanned, nil, sbom.Options{Format: format})), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			sameReport(t, scanned, got)
		}
	}
	for _, name := range corpus.Images(t) {
		t.Run(name, func(t *testing.T) { check(t, name, corpus.ScanImage(t, name, all.All()...)) })
	}
	seen := make(map[string]bool)
	corpus.Cases(t, corpus.Formats(t), func(t *testing.T, c *corpus.Case) {
		scanned, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), c.Files)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := sbom.Encode(&b, &report.Assessment{Report: scanned}, sbom.Options{Compact: true}); err != nil {
			t.Fatal(err)
		}
		if !seen[b.String()] { // many have nothing in them
			seen[b.String()] = true
			check(t, c.Format+"/"+c.Name, scanned)
		}
	})
	t.Logf("%d different documents of fixtures", len(seen))
	x.check(t)
}
