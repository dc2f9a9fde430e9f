package sbom_test

import (
	"bytes"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// TestCandidate writes a Maven archive whose group is unknown. The type of its PURL requires a group, so it has none, and readers get
// the same component.
func TestCandidate(t *testing.T) {
	c := analyzer.Component{
		Package: analyzer.Package{Type: "maven", Name: "tool", Version: "1.0"},
		ID:      "aa00000000000001", Analyzer: "maven", Path: "lib/tool-1.0.jar",
	}
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		var b bytes.Buffer
		answer := &report.Assessment{Report: &analyzer.Report{Components: []analyzer.Component{c}}}
		if err := sbom.Encode(&b, answer, sbom.Options{Format: format}); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b.Bytes(), []byte("pkg:maven")) {
			t.Errorf("%v: a PURL without a group: %s", format, &b)
		}
		read, err := sbom.Decode(&b, sbom.Limits{})
		if err != nil || len(read.Components) != 1 {
			t.Fatalf("%v: %+v, %v", format, read, err)
		}
		if got := read.Components[0]; got.Type != c.Type || got.Namespace != "" || got.Name != c.Name || got.Version != c.Version || got.PURL != "" || got.Label() != "tool@1.0" {
			t.Errorf("%v: %+v", format, got)
		}
	}
}
