package vex_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
)

// TestEvidence requires that a VEX statement overrules what the matcher concluded, and that a document has the matcher's conclusion without one.
func TestEvidence(t *testing.T) {
	scanned := images()["debian"]
	own := &matcher.Analysis{Status: matcher.NotAffected, Justification: "vulnerable_code_not_present", Detail: "the program has no function", Evidence: matcher.EvidenceSymbols}
	result := found(scanned)
	for i := range result.Matches {
		result.Matches[i].Analysis = own
	}
	x := report.New(scanned, result, report.Options{Name: "registry.example/app:1", Time: noon})
	if len(x.Findings) > 0 || len(x.Hidden) != 1 || x.Hidden[0].Reason.Code != report.ReasonEvidence {
		t.Errorf("%d findings, hidden %+v", len(x.Findings), x.Hidden)
	}
	d, omitted := vex.Decided(x, "Gate")
	var b bytes.Buffer
	if _, err := d.Write(&b, "OpenVEX"); err != nil || len(omitted) > 0 || !strings.Contains(b.String(), `"justification": "vulnerable_code_not_present"`) {
		t.Errorf("%v, omitted %q\n%s", err, omitted, b.String())
	}
	id := result.Matches[0].ID
	statement, err := vex.Read(strings.NewReader(`{"@context": "https://openvex.dev/ns/v0.2.0", "author": "Jane", "statements": [
		{"vulnerability": {"name": "`+id+`"}, "products": [{"@id": "registry.example/app:1"}], "status": "under_investigation"}]}`), "a.json")
	if err != nil {
		t.Fatal(err)
	}
	out, _ := vex.Documents{statement}.Apply(scanned, result, []string{"registry.example/app:1"})
	a := out.Matches[0].Analysis
	if a.Status != matcher.UnderInvestigation || a.Evidence != "" || len(a.Overruled) != 1 || a.Overruled[0].Evidence != matcher.EvidenceSymbols || result.Matches[0].Analysis != own {
		t.Errorf("%+v", a)
	}
}

// TestDecided writes what an assessment decides, and applies it to the same image: VEX statements decide the same, and what a policy
// accepted stays affected.
func TestDecided(t *testing.T) {
	scanned := images()["debian"]
	result := found(scanned)
	at := func(component string) int {
		return slices.IndexFunc(result.Matches, func(m matcher.Match) bool { return m.Component == component })
	}
	day := noon.AddDate(0, 0, 1)
	result.Matches[at("libssl3")].Analysis = &matcher.Analysis{Status: matcher.NotAffected, Justification: "code_not_reachable", Detail: "no network", Author: "Jane", Time: noon.Add(-time.Hour), Expires: day}
	result.Matches[at("log4j-in-app")].Analysis = &matcher.Analysis{Status: matcher.Fixed, Time: noon}
	result.Matches[at("jackson")].Fixed = "2.10.5.1"
	result.Matches[at("lodash")].Analysis = &matcher.Analysis{Status: matcher.UnderInvestigation}
	result.Matches[at("lodash-in-shop")].Analysis = &matcher.Analysis{Status: matcher.UnderInvestigation}
	verdict := &report.Verdict{Decisions: []report.Decision{
		{Policy: "production", Rule: "severe", Target: report.TargetMatch, Action: report.Stop, Match: at("jackson"), Message: "update it"},
		{Policy: "production", Rule: "severe", Target: report.TargetMatch, Ruled: report.Stop, Action: report.Go, Match: at("tar"), Allowed: &report.Entry{List: "risks", Reason: "local only", By: "CISO", Expires: day}},
		{Policy: "production", Rule: "quiet", Target: report.TargetMatch, Action: report.Go, Hide: true, Match: at("spring")},
		{Policy: "production", Rule: "base", Target: report.TargetImage, Action: report.Warn, Match: -1},
	}}
	x := report.New(scanned, result, report.Options{Name: "registry.example:5000/team/app:1 (linux/amd64)", Time: noon, Verdict: verdict})
	d, omitted := vex.Decided(x, "Gate")
	// One log4j-core is fixed, the other undecided, and both have one package URL.
	if len(omitted) != 1 || !strings.Contains(omitted[0], "CVE-2021-44228 in pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1: components of this name were decided differently") {
		t.Errorf("omitted %q", omitted)
	}
	var b bytes.Buffer
	if _, err := d.Write(&b, "OpenVEX"); err != nil {
		t.Fatal(err)
	}
	if want := `"@id": "pkg:oci/app@` + digest + `?repository_url=registry.example:5000%2Fteam%2Fapp"`; !strings.Contains(b.String(), want) {
		t.Errorf("no %s in\n%s", want, b.String())
	}
	for _, format := range formats {
		r, _ := again(t, d, format)
		clean := images()["debian"]
		out, usage := vex.Documents{r}.At(noon).Apply(clean, found(clean), nil)
		got := make(map[string]*matcher.Analysis)
		for i := range out.Matches {
			got[out.Matches[i].Component] = out.Matches[i].Analysis
		}
		for component, want := range map[string]*matcher.Analysis{
			"libssl3":        {Status: matcher.NotAffected, Justification: "vulnerable_code_not_in_execute_path", Detail: "no network", Author: "Jane", Time: noon.Add(-time.Hour), Expires: day},
			"jackson":        {Status: matcher.Affected, Detail: "policy production, severe: stop: update it; update to 2.10.5.1", Author: "Gate", Time: noon},
			"tar":            {Status: matcher.Affected, Detail: "accepted by the allow list risks: local only", Author: "CISO", Time: noon, Expires: day},
			"spring":         {Status: matcher.Affected, Detail: "accepted by policy production, quiet", Author: "Gate", Time: noon},
			"lodash":         {Status: matcher.UnderInvestigation, Author: "Gate", Time: noon},
			"lodash-in-shop": {Status: matcher.UnderInvestigation, Author: "Gate", Time: noon},
			"log4j-in-app":   nil,
			"log4j-beside":   nil,
		} {
			a := got[component]
			if want == nil || a == nil {
				if want != nil || a != nil {
					t.Errorf("%s: %s: %+v, want %+v", format, component, a, want)
				}
				continue
			}
			if a.Status != want.Status || a.Justification != want.Justification || a.Detail != want.Detail || a.Author != want.Author || !a.Time.Equal(want.Time) || !a.Expires.Equal(want.Expires) {
				t.Errorf("%s: %s: %+v, want %+v", format, component, a, want)
			}
		}
		if usage[0].Statements != 5 {
			t.Errorf("%s: %d statements", format, usage[0].Statements)
		}
		// Another image does not profit from it.
		clean.Image = analyzer.ImageInfo{Digest: "sha256:" + strings.Repeat("0", 64)}
		out, _ = vex.Documents{r}.At(noon).Apply(clean, found(clean), []string{"registry.example:5000/team/app:1"})
		for i := range out.Matches {
			if out.Matches[i].Analysis != nil {
				t.Errorf("%s: %s of another image is decided", format, out.Matches[i].Component)
			}
		}
	}
	scanned.Image = analyzer.ImageInfo{}
	x = report.New(scanned, result, report.Options{Name: "rootfs:/srv", Time: noon, Verdict: verdict})
	if d, omitted := vex.Decided(x, "Gate"); d.Len() != 0 || len(omitted) != 1 || omitted[0] != "7 decisions: the image has neither a digest nor a reference" {
		t.Errorf("a root file system: %d statements, %q", d.Len(), omitted)
	}
	nothing := report.New(scanned, nil, report.Options{Name: "app:1", Time: noon})
	if d, omitted := vex.Decided(nothing, "Gate"); d.Len() != 0 || omitted != nil {
		t.Errorf("without a result: %d statements, %q", d.Len(), omitted)
	}
}

// TestAddAgain adds to a document that was read: it keeps its name and its other statements, and becomes another release.
func TestAddAgain(t *testing.T) {
	const text = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/1", "author": "A", "role": "Supplier", "timestamp": "2025-01-01T00:00:00Z", "version": 3,
		"statements": [{"@id": "https://a.example/1#1", "vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:npm/x"}], "status": "fixed", "supplier": "S"}]}`
	d, err := vex.Read(strings.NewReader(text), "x")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Add(statement()); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := d.Write(&b, "OpenVEX"); err != nil {
		t.Fatal(err)
	}
	valid(t, "OpenVEX", b.Bytes()[:bytes.LastIndexByte(b.Bytes(), '}')+1])
	for _, want := range []string{`"@id": "https://a.example/1"`, `"role": "Supplier"`, `"timestamp": "2025-01-01T00:00:00Z"`, `"last_updated": "2026-03-01T11:00:00Z"`, `"version": 4`,
		`"@id": "https://a.example/1#1"`, `"supplier": "S"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}
