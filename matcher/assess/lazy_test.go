package assess_test

import (
	"bytes"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// TestLazy requires that the mark of layers that were read by their tables of contents survives an SBOM and the JSON form.
func TestLazy(t *testing.T) {
	found, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	for _, digit := range []string{"1", "2", "3", "4", "5"} {
		found.Layers = append(found.Layers, analyzer.Layer{DiffID: "sha256:" + digit, Lazy: digit != "2"})
	}
	for i := range found.Components {
		found.Components[i].Layer = 0
	}
	a, err := gated().Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, a *report.Assessment) {
		t.Helper()
		const want = "Read by the table of contents only, which may hide files: layers 0, 2 to 4 of 5."
		if a.Notes[0].Code != report.NoteLazy || a.Notes[0].Text != want || !a.Report.Layers[0].Lazy || a.Report.Layers[1].Lazy || !a.Passes() {
			t.Errorf("%s: notes %v, layers %v, failures %v", what, a.Notes, a.Report.Layers, a.Failures)
		}
	}
	check("scan", a)
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.SPDXJSON} {
		var document bytes.Buffer
		if err := sbom.Encode(&document, a, sbom.Options{Format: format}); err != nil {
			t.Fatal(err)
		}
		decoded, err := sbom.Decode(&document, sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := gated().Report(t.Context(), decoded, nil)
		if err != nil {
			t.Fatal(err)
		}
		check("SBOM", again)
	}
	var document bytes.Buffer
	if err := json.Write(&document, a); err != nil {
		t.Fatal(err)
	}
	again, err := json.Read(&document)
	if err != nil {
		t.Fatal(err)
	}
	check("JSON", again)
}
