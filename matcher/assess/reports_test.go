package assess_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// TestReportedGates recreates images and documents that passed a gate elsewhere, though nothing or not all was checked.
func TestReportedGates(t *testing.T) {
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  []report.FailureCode
	}{
		// https://github.com/aquasecurity/trivy/issues/577
		{"no package at all", fstest.MapFS{"etc/os-release": {Data: []byte("ID=debian\nVERSION_ID=11\n")}}, []report.FailureCode{report.FailedEmpty}},
		// https://github.com/aquasecurity/trivy/issues/1082
		{"a release without advisories", fstest.MapFS{
			"etc/os-release":      {Data: []byte("ID=debian\nVERSION_ID=7\n")},
			"var/lib/dpkg/status": files["var/lib/dpkg/status"],
		}, []report.FailureCode{report.FailedUncovered}},
		// https://github.com/aquasecurity/trivy/issues/1909
		{"packages without a distribution", fstest.MapFS{"var/lib/dpkg/status": files["var/lib/dpkg/status"]}, []report.FailureCode{report.FailedUncovered}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pipeline()
			p.Gate.FailOn = matcher.Low
			a, err := p.FS(t.Context(), c.files)
			if err != nil {
				t.Fatal(err)
			}
			var got []report.FailureCode
			for _, f := range a.Failures {
				got = append(got, f.Code)
			}
			if !slices.Equal(got, c.want) || a.Passes() {
				t.Errorf("failures %v, want %v; diagnostics %v", a.Failures, c.want, a.Report.Diagnostics)
			}
		})
	}
}

// TestReportedDocument does not pass an SBOM in which no package could be recognised. https://github.com/sbomify/sbomify/pull/1371
func TestReportedDocument(t *testing.T) {
	found, err := sbom.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
		{"type":"library","name":"netbase","version":"6.4","purl":"pkg:yocto/netbase@6.4"},{"type":"library","name":"other","version":"1"}]}`), sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline()
	p.Gate.FailOn = matcher.Critical
	a, err := p.Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Passes() {
		t.Errorf("it passes: %+v", a.Ecosystems)
	}
}

// TestReportedViews combines a gate with views and statements.
func TestReportedViews(t *testing.T) {
	statement := func(status, time string) *vex.Document {
		d, err := vex.Read(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","author":"a","timestamp":"`+time+`","statements":[{"vulnerability":{"name":"CVE-2026-0001"},
			"products":[{"@id":"pkg:deb/debian/openssl"}],"status":"`+status+`","justification":"component_not_present","action_statement":"update"}]}`), status)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name  string
		gate  matcher.Level
		only  bool
		vex   vex.Documents
		since bool
		fails bool
	}{
		// A gate on what can be fixed only: https://github.com/anchore/grype/issues/175, https://github.com/aquasecurity/trivy/issues/3890
		{name: "fixed, only fixed", gate: matcher.High, only: true, fails: true},
		{name: "unfixed, only fixed", gate: matcher.Low, only: true, vex: vex.Documents{statement("not_affected", "2026-01-01T00:00:00Z")}},
		// All findings are shown, and only those of the gate fail. https://github.com/aquasecurity/trivy/issues/1875
		{name: "below the gate", gate: matcher.Critical},
		// A statement that investigates, or that an older one contradicts, suppresses nothing. https://github.com/anchore/grype/issues/1836
		{name: "under investigation", gate: matcher.High, vex: vex.Documents{statement("under_investigation", "2026-02-01T00:00:00Z")}, fails: true},
		{name: "affected after all", gate: matcher.High, vex: vex.Documents{statement("affected", "2026-02-01T00:00:00Z"), statement("not_affected", "2026-01-01T00:00:00Z")}, fails: true},
		{name: "not affected after all", gate: matcher.High, vex: vex.Documents{statement("not_affected", "2026-02-01T00:00:00Z"), statement("affected", "2026-01-01T00:00:00Z")}},
		// What an earlier answer suppressed is new once the statement is gone. https://github.com/sbomify/sbomify/pull/1135
		{name: "suppressed earlier", gate: matcher.High, since: true, fails: true},
	} {
		p := pipeline()
		p.Gate.FailOn, p.View.OnlyFixed, p.VEX = c.gate, c.only, c.vex
		if c.since {
			earlier := pipeline()
			earlier.VEX = vex.Documents{statement("not_affected", "2026-01-01T00:00:00Z")}
			a, err := earlier.FS(t.Context(), files)
			if err != nil {
				t.Fatal(err)
			}
			p.View.Since = a
		}
		a, err := p.FS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		if a.Passes() == c.fails {
			t.Errorf("%s: passes %v, failures %v", c.name, a.Passes(), a.Failures)
		}
	}
}

// TestReportedEnd reports the end of CentOS Linux 8, whose base goes on. https://github.com/endoflife-date/endoflife.date/pull/290
func TestReportedEnd(t *testing.T) {
	d := &analyzer.Distro{ID: "centos", VersionID: "8", Name: "CentOS Linux 8"}
	found := &analyzer.Report{Distro: d, Components: []analyzer.Component{{ID: "1", Package: analyzer.Package{Type: "rpm", Namespace: "centos", Name: "a", Version: "1", System: true}}}}
	p := pipeline()
	p.Source = advisories{{ID: "CVE-2026-0005", Feed: "test", Key: matcher.Key{Type: "rpm", Namespace: "rhel", Release: "8", Name: "b"}}}
	p.Now = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	a, err := p.Report(t.Context(), found, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(a.Notes, func(n report.Note) bool {
		return n.Code == report.NoteEndOfLife && strings.Contains(n.Text, "2021-12-31")
	}) {
		t.Errorf("notes %+v", a.Notes)
	}
}
