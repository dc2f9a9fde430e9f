package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestIgnore is what entries of ignore lists hide in the sample, and that everything hidden is counted with its origin.
func TestIgnore(t *testing.T) {
	for _, test := range []struct {
		name   string
		ignore report.Ignore
		hides  int
	}{
		{"an identifier", report.Ignore{ID: "CVE-2023-5678"}, 2},
		{"in lower case", report.Ignore{ID: "cve-2023-5678"}, 2},
		{"an alias", report.Ignore{ID: "GHSA-JFH8-c2jp-5v3q"}, 1},
		{"an identifier that begins like another", report.Ignore{ID: "CVE-2023-567"}, 0},
		{"in a source package", report.Ignore{ID: "CVE-2023-5678", Package: "openssl"}, 2},
		{"in a package", report.Ignore{ID: "CVE-2023-5678", Package: "libssl3"}, 1},
		{"in a PURL", report.Ignore{ID: "CVE-2023-5678", Package: "pkg:deb/debian/libssl3"}, 1},
		{"in a PURL with this version", report.Ignore{ID: "CVE-2023-5678", Package: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2"}, 1},
		{"in a PURL with another version", report.Ignore{ID: "CVE-2023-5678", Package: "pkg:deb/debian/libssl3@3"}, 0},
		{"in another package", report.Ignore{ID: "CVE-2023-5678", Package: "tar"}, 0},
		{"in a namespace", report.Ignore{ID: "CVE-2021-44228", Package: "org.apache.logging.log4j/log4j-core"}, 1},
		{"below a directory", report.Ignore{ID: "CVE-2021-44228", Path: "/opt"}, 1},
		{"below another directory", report.Ignore{ID: "CVE-2021-44228", Path: "/srv"}, 0},
		{"today is the last day", report.Ignore{ID: "CVE-2021-44228", Expires: time.Date(2026, 6, 15, 23, 59, 59, 0, time.UTC)}, 1},
		{"expired", report.Ignore{ID: "CVE-2021-44228", Expires: time.Date(2026, 6, 14, 23, 59, 59, 0, time.UTC)}, 0},
		{"all of a package", report.Ignore{Package: "libssl3"}, 1},
		{"all of a package in this version", report.Ignore{Package: "log4j-core", Type: "maven", Version: "2.14.1"}, 1},
		{"all of a package in another version", report.Ignore{Package: "log4j-core", Version: "2.14"}, 0},
		{"all of a package of another type", report.Ignore{Package: "log4j-core", Type: "npm"}, 0},
		{"neither an identifier nor a package", report.Ignore{Type: "deb", Path: "**"}, 0},
		// google/osv-scanner#281, anchore/grype#2559: another name of the vulnerability than the one that the report shows first
		{"an alias of a version", report.Ignore{ID: "GHSA-jfh8-c2jp-5v3q", Package: "log4j-core", Version: "2.14.1"}, 1},
		{"what VEX hides", report.Ignore{ID: "CVE-2024-0002"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.ignore.Origin, test.ignore.Reason = ".hullmarkignore:7", "accepted"
			r, m := scanned()
			a := report.New(r, m, report.Options{Time: sample().Time, View: report.View{Ignore: []report.Ignore{test.ignore}}})
			n := 0
			for _, why := range a.Reasons {
				if why != nil && *why == (report.Reason{Code: report.ReasonIgnored, Text: "ignored by .hullmarkignore:7: accepted"}) {
					n++
				}
			}
			if n != test.hides || a.Ignored[0].Matches != n {
				t.Errorf("hides %d, counts %d, want %d", n, a.Ignored[0].Matches, test.hides)
			}
			if expired := test.name == "expired"; a.Ignored[0].Expired != expired || expired != slices.ContainsFunc(a.Notes, func(n report.Note) bool {
				return n.Code == report.NoteExpired && n.Text == ".hullmarkignore:7 ignores CVE-2021-44228 no longer: it expired on 2026-06-14."
			}) {
				t.Errorf("expired %v, notes %v", a.Ignored[0].Expired, a.Notes)
			}
			for name, text := range forms(t, a) {
				if want := "ignored by .hullmarkignore:7"; n > 0 && !strings.Contains(string(text), want) {
					t.Errorf("%s does not say %q", name, want)
				}
			}
		})
	}
	r, m := scanned()
	a := report.New(r, m, report.Options{View: report.View{Ignore: []report.Ignore{{ID: "CVE-2021-44228", Expires: day("2030-01-01")}}}})
	if !a.Ignored[0].Expired || a.Ignored[0].Matches > 0 {
		t.Error("without a time, nothing tells that an entry still holds")
	}
}

// TestSeverity requires that View.Severity hides what is milder, and nothing that the gate counts.
func TestSeverity(t *testing.T) {
	for _, test := range []struct {
		show, failOn matcher.Level
		shown        string
		failures     int // vulnerabilities
		files        string
		inFiles      int // failures
	}{
		{matcher.Unknown, matcher.Unknown, "CVE-2021-44228 CVE-2024-0001 CVE-2023-5678 CVE-2005-2541 TEMP-0290435-0B57B5", 0, "critical high medium low info", 0},
		{matcher.High, matcher.Unknown, "CVE-2021-44228 CVE-2024-0001", 0, "critical high", 0},
		{matcher.Critical, matcher.High, "CVE-2021-44228 CVE-2024-0001", 2, "critical high", 2},
		{matcher.Critical, matcher.Negligible, "CVE-2021-44228 CVE-2024-0001 CVE-2023-5678 CVE-2005-2541", 4, "critical high medium low", 4}, // a finding for information is no fault
	} {
		r, m := scanned()
		a := report.New(r, m, report.Options{View: report.View{Severity: test.show, Order: report.BySeverity}, Gate: report.Gate{FailOn: test.failOn, AllowUncovered: true}})
		var ids []string
		for i := range a.Findings {
			ids = append(ids, a.Findings[i].ID)
		}
		var files []string
		for i := range a.FileFindings {
			files = append(files, a.FileFindings[i].Severity)
		}
		failures, inFiles := 0, 0
		for _, f := range a.Failures {
			if f.Code == report.FailedFindings {
				inFiles += f.Count
			} else if f.Code == report.FailedSeverity {
				failures += f.Count
			}
		}
		if got := strings.Join(files, " "); got != test.files || inFiles != test.inFiles {
			t.Errorf("%v and worse, fail on %v: %s in files, %d failures, want %s, %d", test.show, test.failOn, got, inFiles, test.files, test.inFiles)
		}
		if got := strings.Join(ids, " "); got != test.shown || failures != test.failures {
			t.Errorf("%v and worse, fail on %v: %s, %d failures, want %s, %d", test.show, test.failOn, got, failures, test.shown, test.failures)
		}
		if len(a.Findings)+len(a.FileFindings)+a.HiddenCount != 11 {
			t.Errorf("%v: %d findings and %d hidden ones", test.show, len(a.Findings), a.HiddenCount)
		}
	}
}

// TestOrder is the first finding of each order.
func TestOrder(t *testing.T) {
	for name, want := range map[string]string{
		"package": "CVE-2023-5678", "severity": "CVE-2021-44228", "risk": "CVE-2021-44228", "epss": "CVE-2021-44228", "id": "CVE-2005-2541", "name": "CVE-2024-0001",
	} {
		var by report.Order
		if err := by.UnmarshalText([]byte(name)); err != nil {
			t.Fatal(err)
		}
		r, m := scanned()
		a := report.New(r, m, report.Options{View: report.View{Order: by}})
		if got := a.Findings[0].ID; got != want {
			t.Errorf("%s: %s comes first, want %s", name, got, want)
		}
	}
	if new(report.Order).UnmarshalText([]byte("size")) == nil {
		t.Error("an unknown order is no error")
	}
}
