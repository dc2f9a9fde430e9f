package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
	"github.com/hullmark/hullmark/matcher/report/html"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/junit"
	"github.com/hullmark/hullmark/matcher/report/markdown"
	"github.com/hullmark/hullmark/matcher/report/sarif"
	"github.com/hullmark/hullmark/matcher/report/table"
)

// hostile is a name that would do harm where it is not escaped.
const hostile = "<script>alert('x')</script>|]]>@all`\x01"

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// scanned is an image in which everything is that a report shows.
func scanned() (*analyzer.Report, *matcher.Result) {
	debian := &analyzer.Distro{ID: "debian", VersionID: "12", Name: "Debian GNU/Linux 12 (bookworm)"}
	deb := func(id, name, version, source string) analyzer.Component {
		return analyzer.Component{ID: id, Path: "var/lib/dpkg/status", Analyzer: "dpkg", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: version, System: true, SourcePackage: &analyzer.SourcePackage{Name: source}}}
	}
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "sha256:" + strings.Repeat("1", 64), Digest: "sha256:" + strings.Repeat("2", 64), Platform: "linux/amd64"},
		Distro: debian, Layers: []analyzer.Layer{{DiffID: "sha256:3"}, {DiffID: "sha256:4"}},
		Components: []analyzer.Component{
			deb("a1", "libssl3", "3.0.11-1~deb12u2", "openssl"), deb("a2", "openssl", "3.0.11-1~deb12u2", "openssl"), deb("a3", "tar", "1.34+dfsg-1.2", "tar"),
			{ID: "b1", Layer: 1, Path: "opt/app dir/app.war", Analyzer: "maven", Package: analyzer.Package{Type: "maven", Namespace: "org.apache.logging.log4j", Name: "log4j-core", Version: "2.14.1", ArchivePath: "WEB-INF/lib/log4j-core-2.14.1.jar"}},
			{ID: "c1", Layer: 1, Path: "srv/" + hostile + "/package.json", Analyzer: "npm", Package: analyzer.Package{Type: "npm", Name: hostile, Version: "1.0.0"}},
			{ID: "d1", Layer: 1, Path: "app/Gemfile.lock", Analyzer: "gem", Package: analyzer.Package{Type: "gem", Name: "rack", Version: "1", Declared: true}},
			{ID: "e1", Layer: 1, Path: "usr/lib/x.nupkg", Analyzer: "nuget", Package: analyzer.Package{Type: "nuget", Name: "Newtonsoft.Json", Version: "9.0.1"}},
		},
		Findings: []analyzer.FileFinding{
			{Finding: analyzer.Finding{Rule: "instruction:sudo", Title: "RUN uses sudo", Severity: "low", Line: 4}, Analyzer: "history", Layer: -1},
			{Finding: analyzer.Finding{Rule: "secrets:" + hostile, Title: "a key of " + hostile, Severity: "critical", Line: 1}, Analyzer: "secrets", Path: "srv/" + hostile, Hidden: true},
			{Finding: analyzer.Finding{Rule: "clamav:Eicar-Test-Signature", Title: "a test virus", Detail: hostile, Severity: "high", Line: 3}, Analyzer: "clamav", Path: "tmp/eicar.com", Layer: 1},
			{Finding: analyzer.Finding{Rule: "set-uid", Title: "sets the user", Severity: "info"}, Analyzer: "files", Path: "usr/bin/openssl", Owner: "a2"},
			{Finding: analyzer.Finding{Rule: "writable", Title: "writable by all users", Severity: "medium"}, Analyzer: "files", Path: "usr/lib/tar/x", Owner: "a3"},
		},
		Records: []analyzer.FileRecord{
			{Record: analyzer.Record{Kind: "instruction", Key: "4", Fields: map[string]string{"text": "RUN " + hostile}}, Analyzer: "history", Layer: -1},
			{Record: analyzer.Record{Kind: "account", Key: "root", Line: 1, Fields: map[string]string{"uid": "0", "password": "locked"}}, Analyzer: "accounts", Path: "etc/passwd"},
			{Record: analyzer.Record{Kind: "account", Key: hostile, Line: 2}, Analyzer: "accounts", Path: "etc/passwd", Hidden: true},
		},
		Examined: []analyzer.Examination{
			{Analyzer: "accounts", Version: 1, Finds: []string{"accounts"}}, {Analyzer: "clamav", Finds: []string{"malware"}, Data: "ClamAV 27833"},
			{Analyzer: "dpkg", Version: 2, Finds: []string{"packages"}}, {Analyzer: "files", Version: 1, Finds: []string{"files"}},
			{Analyzer: "history", Version: 1, Finds: []string{"configuration", "instructions"}}, {Analyzer: "maven", Version: 1},
			{Analyzer: "yara", Finds: []string{"malware"}, NotRun: "no rules in " + hostile},
		},
		Diagnostics: []analyzer.FileDiagnostic{{Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Message: "maven: not a zip archive"}, Layer: 1, Path: "opt/bad.jar"}},
	}
	for i := range r.Components {
		r.Components[i].PURL = r.Components[i].Package.PURL(debian)
	}
	advisory := func(id, feed, summary string, urls ...string) []matcher.Advisory {
		return []matcher.Advisory{{ID: id, Feed: feed, Summary: summary, URLs: urls, Key: matcher.Key{Type: "deb"}}}
	}
	openssl := func(component string) matcher.Match {
		return matcher.Match{ID: "CVE-2023-5678", Component: component, Status: matcher.Fixed, Fixed: "3.0.13-1~deb12u1", Severity: matcher.Severity{Source: "nvd", Level: matcher.Medium, Score: 5.3, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}, Enrichment: matcher.Enrichment{EPSS: 0.004}, Advisories: advisory("CVE-2023-5678", "debian", "Generating keys may be slow.", "https://security-tracker.debian.org/tracker/CVE-2023-5678")}
	}
	return r, &matcher.Result{
		Matches: []matcher.Match{
			openssl("a1"), openssl("a2"),
			{ID: "CVE-2005-2541", Component: "a3", Status: matcher.Affected, Reason: "unimportant", Severity: matcher.Severity{Level: matcher.Negligible}, Advisories: advisory("CVE-2005-2541", "debian", "")},
			{ID: "TEMP-0290435-0B57B5", Component: "a3", Status: matcher.Deferred, Reason: "no-dsa: Minor issue", Advisories: advisory("TEMP-0290435-0B57B5", "debian", "")},
			{ID: "CVE-2021-44228", Aliases: []string{"GHSA-jfh8-c2jp-5v3q"}, Component: "b1", Status: matcher.Fixed, Fixed: "2.15.0", Severity: matcher.Severity{Source: "ghsa", Level: matcher.Critical, Score: 10, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}, Enrichment: matcher.Enrichment{Exploited: day("2021-12-10"), Ransomware: true, EPSS: 0.94, Percentile: 1}, Advisories: advisory("GHSA-jfh8-c2jp-5v3q", "osv", "Remote code injection in Log4j", "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q", "javascript:alert(1)")},
			{ID: "CVE-2024-0001", Component: "c1", Uncertain: "1.0.0 is " + hostile, Severity: matcher.Severity{Level: matcher.High}, Advisories: advisory("CVE-2024-0001", "osv", hostile, "https://x.example/"+hostile)},
			{ID: "CVE-2024-0002", Component: "c1", Fixed: "2.0.0", Severity: matcher.Severity{Level: matcher.Low}, Advisories: advisory("CVE-2024-0002", "osv", ""),
				Analysis: &matcher.Analysis{Status: matcher.NotAffected, Justification: "vulnerable_code_not_present", Detail: "built without it", Author: "Security Team", Document: "app.vex.json", Place: "statements[0]", Product: "pkg:npm/x", Time: day("2026-01-01")}},
		},
		Coverage: []matcher.Coverage{
			{Type: "deb", Namespace: "debian", Release: "12", Feed: "debian", Date: day("2026-06-01"), EndOfLife: true},
			{Type: "maven", Feed: "osv", Date: day("2026-06-02")}, {Type: "npm", Feed: "osv"}, {Type: "nuget"},
		},
		Skipped: []matcher.Skipped{{Component: "d1", Reason: matcher.OnlyDeclared}},
	}
}

// sample is a view of it, under a policy.
func sample() *report.Assessment {
	r, m := scanned()
	accepted := &report.Entry{List: "accepted", Line: 30, What: "CVE-2005-2541", Reason: "documented behaviour", Expires: day("2027-01-01")}
	gone := report.Entry{List: "accepted", Line: 33, What: "CVE-2024-0001", Reason: "until the release", Expires: day("2026-01-31")}
	match := func(i int, rule string, ruled report.Action, message string) report.Decision {
		return report.Decision{Policy: "production", Rule: rule, Line: 10 + i, Target: report.TargetMatch, Action: ruled, Ruled: ruled, Message: message, Match: i, Finding: -1, Component: m.Matches[i].Component}
	}
	verdict := &report.Verdict{
		Action: report.Stop, Document: "policy.yaml", Mapping: "default, line 40", Policies: []string{"production"},
		Expired: []report.Entry{gone}, Unused: []report.Entry{{List: "accepted", Line: 35, What: "CVE-1999-0001", Reason: "?"}},
		Decisions: []report.Decision{
			{Policy: "production", Rule: "uncovered", Line: 5, Target: report.TargetImage, Action: report.Warn, Ruled: report.Warn, Message: "there are no advisories for nuget", Match: -1, Finding: -1},
			match(0, "fixable", report.Warn, "update openssl"), match(1, "fixable", report.Warn, "update openssl"), match(2, "strict", report.Stop, "affected"),
			match(3, "otherwise", report.Go, ""), match(4, "exploited", report.Stop, "CVE-2021-44228 is exploited"), match(5, "severe", report.Stop, "CVE-2024-0001 is severe"),
			{Policy: "production", Rule: "virus", Line: 20, Target: report.TargetFinding, Action: report.Stop, Ruled: report.Stop, Message: "a virus in tmp/eicar.com", Match: -1, Finding: 2},
		},
	}
	verdict.Decisions[3].Action, verdict.Decisions[3].Allowed = report.Go, accepted
	verdict.Decisions[6].Expired = &gone
	return report.New(r, m, report.Options{
		Name: "registry.example/team/app:1.2", Tool: report.Tool{Name: "hullmark", Version: "1.0.0", URL: "https://hullmark.example"}, Time: time.Date(2026, 6, 15, 12, 30, 0, 0, time.UTC),
		Verdict: verdict, View: report.View{
			IgnoreStatus: []matcher.Status{matcher.Deferred},
			Ignore:       []report.Ignore{{ID: "WRITABLE", Package: "tar", Path: "/usr/**", Reason: "known", Origin: ".hullmarkignore:9"}},
		},
	})
}

// empty is a view of nothing.
func empty() *report.Assessment {
	return report.New(new(analyzer.Report), new(matcher.Result), report.Options{})
}

func write(t *testing.T, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// forms are all formats of results.
func forms(t *testing.T, v *report.Assessment) map[string][]byte {
	return map[string][]byte{
		"sarif.json":  write(t, func(b *bytes.Buffer) error { return sarif.Write(b, v) }),
		"gitlab.json": write(t, func(b *bytes.Buffer) error { return gitlab.Write(b, v) }),
		"junit.xml":   write(t, func(b *bytes.Buffer) error { return junit.Write(b, v) }),
		"report.md":   write(t, func(b *bytes.Buffer) error { return markdown.Write(b, v) }),
		"report.html": write(t, func(b *bytes.Buffer) error { return html.Write(b, v) }),
		"report.txt":  write(t, func(b *bytes.Buffer) error { return table.Write(b, v, table.Options{Width: 120, ShowHidden: true}) }),
		"report.json": write(t, func(b *bytes.Buffer) error { return json.Write(b, v) }),
	}
}

// TestForms holds all formats against what they were, twice, since they depend on nothing but the view.
func TestForms(t *testing.T) {
	for name, got := range forms(t, sample()) {
		golden.Check(t, "testdata/"+name, got)
	}
	first := forms(t, sample())
	for name, got := range forms(t, sample()) {
		if !bytes.Equal(got, first[name]) {
			t.Errorf("%s differs from one time to the next", name)
		}
	}
}

// TestHostile requires that text from an image stays text.
func TestHostile(t *testing.T) {
	all := forms(t, sample())
	for name, bad := range map[string][]string{
		"report.md":   {"<script", "@all", "|]]", "](https://x.example"},
		"report.html": {"<script>alert", `href="javascript`, "\x01"},
		"junit.xml":   {"<script", "\x01"},
		"sarif.json":  {"\x01", "javascript:"},
		"gitlab.json": {"javascript:"},
		"report.txt":  {"\x01"},
	} {
		for _, b := range bad {
			if bytes.Contains(all[name], []byte(b)) {
				t.Errorf("%s has %q", name, b)
			}
		}
	}
}

// TestNothingSilent requires that every format counts hidden findings, and reports packages that could not be checked and releases
// without support.
func TestNothingSilent(t *testing.T) {
	v := sample()
	if len(v.Findings) != 4 || len(v.FileFindings) != 4 || len(v.Hidden) != 3 || len(v.Hidden[0].Files) != 1 || len(v.Hidden[1].Findings) != 1 || len(v.Hidden[2].Findings) != 1 || v.HiddenCount != 3 || v.Omitted != 1 {
		t.Errorf("%d findings, hidden %v, %d omitted", len(v.Findings), v.Hidden, v.Omitted)
	}
	const noNuget, ended = "No advisories for nuget: 1 package could not be checked", "Support for deb debian 12 has ended"
	for name, want := range map[string][]string{
		"sarif.json":  {noNuget, ended, "maven: not a zip archive", "not affected by a VEX statement; app.vex.json statements[0]; vulnerable_code_not_present; built without it"},
		"gitlab.json": {noNuget, ended, "maven: not a zip archive", "1 finding hidden: status fix deferred"},
		"junit.xml":   {noNuget, ended, "hidden: not affected by a VEX statement"},
		"report.md":   {noNuget, ended, "3 findings hidden", "1 file could not be read"},
		"report.html": {noNuget, ended, "1 file could not be read", "hidden too (2)"},
		"report.txt":  {noNuget, ended, "3 findings hidden", "1 diagnostic: some files could not be read"},
		"report.json": {`"covered": false`, `"endOfLife": true`, `"code": "status"`, `"code": "vex"`, "maven: not a zip archive"},
	} {
		text := forms(t, v)[name]
		for _, w := range want {
			if !bytes.Contains(text, []byte(w)) {
				t.Errorf("%s does not say %q", name, w)
			}
		}
	}
	for name, text := range forms(t, empty()) {
		if len(text) == 0 {
			t.Errorf("%s of nothing is empty", name)
		}
	}
	if text := forms(t, empty())["report.html"]; !bytes.Contains(text, []byte("No packages could be checked")) {
		t.Error("an image without packages looks clean")
	}
}
