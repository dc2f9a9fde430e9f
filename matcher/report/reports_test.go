package report_test

import (
	"cmp"
	stdjson "encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// reported is an image with files and advisories whose names other scanners wrote without care.
func reported(paths, urls []string) *report.Assessment {
	r := &analyzer.Report{}
	m := &matcher.Result{}
	for i, path := range paths {
		id := string(rune('a' + i))
		r.Components = append(r.Components, analyzer.Component{ID: id, Path: path, Package: analyzer.Package{Type: "npm", Name: "n" + id, Version: "1"}})
		m.Matches = append(m.Matches, matcher.Match{ID: "DLA-3482-1", Component: id, Advisories: []matcher.Advisory{{ID: "DLA-3482-1", URLs: urls}}})
	}
	return report.New(r, m, report.Options{Name: "localhost:5000/app:1"})
}

// TestReportedLocations requires that code hosts can read the URIs of a SARIF document.
func TestReportedLocations(t *testing.T) {
	paths := []string{
		"app:1/package.json",           // no colon in the first segment: https://github.com/github/codeql-action/issues/1553
		"debian:12/node.json",          // no scheme: https://github.com/aquasecurity/trivy/issues/1182
		"srv/my app/100%/package.json", // https://github.com/bridgecrewio/checkov/issues/5331, https://github.com/ossf/scorecard/pull/4619
		"srv/[id]/ü\xff?#/package.json",
		"//srv/package.json",
		"", // of an SBOM: each result has a location. https://github.com/anchore/grype/issues/1518, https://github.com/github/codeql-action/issues/2456
	}
	text := forms(t, reported(paths, nil))["sarif.json"]
	validate(t, officialSARIF(t), text)
	var doc struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
					}
				}
			}
		}
	}
	if err := stdjson.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if n := len(doc.Runs[0].Results); n != len(paths) {
		t.Fatalf("%d results", n)
	}
	for i, x := range doc.Runs[0].Results {
		if len(x.Locations) == 0 {
			t.Errorf("%q: no location", paths[i])
			continue
		}
		text := x.Locations[0].PhysicalLocation.ArtifactLocation.URI
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "" || u.Host != "" || strings.ContainsAny(text, " []") {
			t.Errorf("%q: URI %q, %v", paths[i], text, err)
		} else if want := cmp.Or(strings.TrimLeft(paths[i], "/"), "localhost:5000/app"); u.Path != want {
			t.Errorf("%q: URI %q has path %q", paths[i], text, u.Path)
		}
	}
}

// TestReportedLinks requires that GitLab gets no empty and no invalid URLs. https://github.com/aquasecurity/trivy/issues/6347,
// https://github.com/aquasecurity/trivy/pull/2578
func TestReportedLinks(t *testing.T) {
	text := forms(t, reported([]string{"package.json"}, []string{"", "see the advisory", "https://", "https://x.example/a b", "https://[x/", "http://x.example/%zz", "https://x.example/good"}))["gitlab.json"]
	schema, err := os.ReadFile("testdata/gitlab.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validate(t, string(schema), text)
	var doc struct {
		Vulnerabilities []struct {
			Identifiers []map[string]string
			Links       []struct{ URL string }
		}
	}
	if err := stdjson.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	v := doc.Vulnerabilities[0]
	if u, ok := v.Identifiers[0]["url"]; ok {
		t.Errorf("an identifier with URL %q", u)
	}
	good := false
	for _, l := range v.Links {
		u, err := url.Parse(l.URL)
		if err != nil || u.Host == "" || strings.ContainsAny(l.URL, " \"") {
			t.Errorf("link %q, %v", l.URL, err)
		}
		good = good || l.URL == "https://x.example/good"
	}
	if !good {
		t.Errorf("links %v", v.Links)
	}
}

var nulls = regexp.MustCompile(`"(\w+)": ?null`)

// TestReportedNulls requires lists without elements where nothing was found, so that readers need not expect null.
// https://github.com/aquasecurity/trivy/issues/828, https://github.com/dbsystel/trivy-vulnerability-explorer/issues/485
func TestReportedNulls(t *testing.T) {
	for _, a := range []*report.Assessment{empty(), reported([]string{"package.json"}, nil)} {
		for name, text := range forms(t, a) {
			for _, null := range nulls.FindAllSubmatch(text, -1) {
				if key := string(null[1]); key != "verdict" && key != "failOn" && key != "distro" && key != "base" && key != "newer" { // no lists
					t.Errorf("%s: %s is null", name, key)
				}
			}
		}
	}
}

// TestReportedTwins requires that no reader takes two findings in files for one: GitLab keeps one JUnit case of a class and name in any suite
// (https://github.com/kubescape/kubescape/issues/3007, https://github.com/logchange/SecScanner2JUnit/issues/9,
// https://github.com/JuliaTesting/TestReports.jl/issues/43), and one vulnerability of a place and identifier
// (https://github.com/snyk/snyk-ls/pull/1384); GitHub makes one alert of equal fingerprints, also of findings without a line
// (https://github.com/OTT-Cybersecurity-LLC/lyrie-ai/pull/35, https://github.com/csutils/csdiff/issues/98). No line is part of a name.
func TestReportedTwins(t *testing.T) {
	of := func(rule, title, path string, line int) analyzer.FileFinding {
		return analyzer.FileFinding{Finding: analyzer.Finding{Rule: rule, Title: title, Severity: "high", Line: line}, Analyzer: "x", Path: path, Layer: -1}
	}
	r := &analyzer.Report{Findings: []analyzer.FileFinding{
		of("secret-in-environment", "variable A", "", 0), of("secret-in-environment", "variable B", "", 0),
		of("empty-password", "a has none", "etc/shadow", 1), of("empty-password", "b has none", "etc/shadow", 2),
		of("secrets:aws", "an AWS key", "app.conf", 3), of("secrets:aws", "an AWS key", "app.conf", 9), of("secrets:aws", "an AWS key", "app.conf", 9), of("secrets:aws", "an AWS key (2)", "app.conf", 9),
		of("", "", "app.conf", 0), of("", "", "app.conf", 1),
	}}
	m := &matcher.Result{}
	for i, kind := range []string{"npm", "pypi"} { // of one name, in two ecosystems
		id := string(rune('a' + i))
		r.Components = append(r.Components, analyzer.Component{ID: id, Path: id, Package: analyzer.Package{Type: kind, Name: "x", Version: "1"}})
		m.Matches = append(m.Matches, matcher.Match{ID: "CVE-1", Component: id})
	}
	name := func() (names []string) {
		v := report.New(r, m, report.Options{Name: "app:1"})
		all := forms(t, v)
		count := func(form string, list []string, want int) {
			slices.Sort(list)
			if n := len(slices.Compact(slices.Clone(list))); n != want || len(list) != want {
				t.Errorf("%s: %d names of %d cases, want %d:\n%s", form, n, len(list), want, strings.Join(list, "\n"))
			}
			names = append(names, list...)
		}
		var hashes []string
		for _, x := range sarifOf(t, v).Runs[0].Results {
			hashes = append(hashes, x.PartialFingerprints["primaryLocationLineHash"])
			if x.RuleID == "" {
				t.Error("a result without a rule")
			}
		}
		count("SARIF", hashes, len(r.Findings)+2)
		var junit struct {
			Suites []struct {
				Cases []struct {
					Name  string `xml:"name,attr"`
					Class string `xml:"classname,attr"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(all["junit.xml"], &junit); err != nil {
			t.Fatal(err)
		}
		var cases []string
		for _, s := range junit.Suites {
			for _, c := range s.Cases {
				if c.Class != "examined" {
					cases = append(cases, c.Class+" "+c.Name)
				}
			}
		}
		count("JUnit", cases, len(r.Findings)+2+2) // and the advisories of two ecosystems
		var lab struct {
			Vulnerabilities []struct {
				ID          string
				Identifiers []struct{ Value string }
				Location    struct {
					Dependency struct{ Package struct{ Name string } }
				}
			}
		}
		if err := stdjson.Unmarshal(all["gitlab.json"], &lab); err != nil {
			t.Fatal(err)
		}
		var ids, places []string
		for _, x := range lab.Vulnerabilities {
			ids = append(ids, x.ID)
			if x.Identifiers[0].Value != "CVE-1" {
				places = append(places, x.Location.Dependency.Package.Name+" "+x.Identifiers[0].Value)
			}
		}
		count("GitLab's IDs", ids, len(r.Findings)+2)
		count("GitLab's places", places, len(r.Findings))
		return names
	}
	before := name()
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Line > 0 {
			f.Line += 10
		}
	}
	if !slices.Equal(name(), before) {
		t.Error("names depend on lines")
	}
}

// TestReportedTitles requires that the texts of a SARIF rule, which GitHub shows with each of its results, are not those of one result.
// https://github.com/semgrep/semgrep/pull/1302
func TestReportedTitles(t *testing.T) {
	r := &analyzer.Report{Findings: []analyzer.FileFinding{
		{Finding: analyzer.Finding{Rule: "set-uid", Title: "runs as root", Detail: "CIS 4.8"}, Analyzer: "files", Path: "a"},
		{Finding: analyzer.Finding{Rule: "set-uid", Title: "runs as mail", Severity: "high"}, Analyzer: "files", Path: "b"},
		{Finding: analyzer.Finding{Rule: "device", Title: "a device"}, Analyzer: "files", Path: "c"},
	}}
	m := &matcher.Result{}
	for _, name := range []string{"openssl", "nodejs", "edk2", "mysql", "python"} {
		r.Components = append(r.Components, analyzer.Component{ID: name, Path: name, Package: analyzer.Package{Type: "npm", Name: name, Version: "1"}})
		m.Matches = append(m.Matches, matcher.Match{ID: "CVE-1", Component: name, Fixed: "2"})
	}
	var got []string
	for _, rule := range sarifOf(t, report.New(r, m, report.Options{})).Runs[0].Tool.Driver.Rules {
		got = append(got, rule.ShortDescription.Text)
		if rule.ID == "CVE-1" && !strings.Contains(rule.Help.Text, "Package: python 1\nFixed in: 2") || rule.ID == "set-uid" && rule.Help.Text != "Severity: high\nRule: set-uid\nAnalyzer: files\n\nCIS 4.8" {
			t.Errorf("help %q", rule.Help.Text)
		}
	}
	if want := []string{"CVE-1 in edk2, mysql, nodejs and 2 more packages", "set uid, found by files", "a device"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReportedComments requires that a comment is short enough for GitHub, counts what it leaves out, and has the worst findings in files
// whatever else there is. https://github.com/docker/scout-action/issues/66, https://github.com/veracode/veracode-sca/issues/27
func TestReportedComments(t *testing.T) {
	const n = 3000
	r, m, verdict := &analyzer.Report{Examined: []analyzer.Examination{{Analyzer: "x"}}}, &matcher.Result{}, &report.Verdict{Action: report.Stop}
	o := report.Options{Name: "app:1", Verdict: verdict, Time: day("2026-06-15")}
	long := strings.Repeat("lörem [ipsum] ", 20)
	for i := range n {
		id := fmt.Sprint(i)
		r.Components = append(r.Components, analyzer.Component{ID: id, Package: analyzer.Package{Type: "npm", Name: "n" + id, Version: "1"}})
		m.Matches = append(m.Matches, matcher.Match{ID: "CVE-1", Component: id})
		r.Findings = append(r.Findings, analyzer.FileFinding{Finding: analyzer.Finding{Rule: "r" + id, Title: long, Severity: "medium"}, Path: "f" + id})
		verdict.Decisions = append(verdict.Decisions, report.Decision{Target: report.TargetPackage, Component: id, Action: report.Stop, Message: long, Match: -1, Finding: -1})
		o.View.Ignore = append(o.View.Ignore, report.Ignore{ID: "r" + id, Path: "f" + id, Reason: id + long}, report.Ignore{ID: "r" + id, Expires: day("2026-01-01"), Reason: long})
		r.Examined = append(r.Examined, analyzer.Examination{Analyzer: "a" + id, Finds: []string{"k" + id}, NotRun: long})
		if i%2 == 0 {
			o.View.Ignore = o.View.Ignore[:len(o.View.Ignore)-2]
		}
	}
	r.Findings[1234].Severity = "critical"
	text := string(forms(t, report.New(r, m, o))["report.md"])
	if n := len([]rune(text)); n > 65536 {
		t.Errorf("%d characters", n)
	}
	for _, want := range []string{"| critical | f1234 |", "more findings in files.", "- and ", "| and "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
