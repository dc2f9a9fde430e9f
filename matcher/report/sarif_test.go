package report_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/sarif"
)

// A sarifDocument is what the tests read of one.
type sarifDocument struct {
	Runs []struct {
		AutomationDetails struct{ ID string }
		Tool              struct {
			Driver struct {
				Rules []struct {
					ID, HelpURI                       string
					ShortDescription, FullDescription struct{ Text string }
					Help                              struct{ Text string }
					Properties                        struct{ Tags []string }
				}
			}
		}
		Results []struct {
			RuleID                      string
			RuleIndex                   int
			Level                       string
			Message                     struct{ Text string }
			PartialFingerprints         map[string]string
			Locations, RelatedLocations []sarifLocation
			Suppressions                []struct{ Justification string }
		}
		Invocations []struct {
			ToolExecutionNotifications []struct{ Locations []sarifLocation }
		}
	}
}

type sarifLocation struct {
	PhysicalLocation struct {
		ArtifactLocation struct{ URI string }
		Region           struct{ StartLine int }
	}
	LogicalLocations []struct{ FullyQualifiedName string }
	Message          struct{ Text string }
}

// sarifOf writes a document, validates it against the schema, and checks it against what GitHub documents and refuses.
func sarifOf(t *testing.T, v *report.Assessment) *sarifDocument {
	t.Helper()
	text := write(t, func(b *bytes.Buffer) error { return sarif.Write(b, v) })
	if len(v.Findings) < 1000 { // the schema's validator takes long for more
		validate(t, officialSARIF(t), text)
	}
	d := new(sarifDocument)
	if err := stdjson.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	if len(d.Runs) > 20 {
		t.Errorf("%d runs", len(d.Runs))
	}
	short := func(s string) {
		if n := len(utf16.Encode([]rune(s))); n > 1024 {
			t.Errorf("a text of %d code units: %.40q", n, s)
		}
	}
	var ids []string
	for _, r := range d.Runs {
		ids = append(ids, r.AutomationDetails.ID)
		if n := len(r.Results); n > 25_000 || len(r.Tool.Driver.Rules) > 25_000 {
			t.Errorf("%d results, %d rules", n, len(r.Tool.Driver.Rules))
		}
		for _, rule := range r.Tool.Driver.Rules {
			if u, err := url.Parse(rule.HelpURI); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
				t.Errorf("%s: helpUri %q", rule.ID, rule.HelpURI)
			}
			if len(rule.Properties.Tags) > 10 {
				t.Errorf("%s: %d tags", rule.ID, len(rule.Properties.Tags))
			}
			short(rule.ShortDescription.Text)
			short(rule.FullDescription.Text)
		}
		locations := func(list []sarifLocation) {
			for _, l := range list {
				if text := l.PhysicalLocation.ArtifactLocation.URI; text == "" || strings.HasPrefix(text, "/") || strings.Contains(text, ":") {
					t.Errorf("URI %q", text)
				}
			}
		}
		for _, x := range r.Results {
			if len(x.Locations) == 0 || len(x.Locations) > 1000 || x.RuleIndex >= len(r.Tool.Driver.Rules) || r.Tool.Driver.Rules[x.RuleIndex].ID != x.RuleID {
				t.Errorf("%s: %d locations, rule %d", x.RuleID, len(x.Locations), x.RuleIndex)
			}
			short(x.Message.Text)
			locations(x.Locations)
			locations(x.RelatedLocations)
			for _, l := range x.Locations {
				if l.PhysicalLocation.Region.StartLine < 1 {
					t.Errorf("%s: line %d", x.RuleID, l.PhysicalLocation.Region.StartLine)
				}
			}
		}
		for _, n := range r.Invocations[0].ToolExecutionNotifications {
			locations(n.Locations)
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(d.Runs) {
		t.Errorf("two runs of one category: %q", ids)
	}
	return d
}

// TestSARIFPlaces requires one result for a vulnerability in a source package, with all places, and a fingerprint of its own.
// https://github.com/google/osv-scanner/issues/3093, https://github.com/aquasecurity/trivy/issues/1840
func TestSARIFPlaces(t *testing.T) {
	r := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}, Diagnostics: []analyzer.FileDiagnostic{{Path: "/", Diagnostic: analyzer.Diagnostic{Message: "?"}}, {}}}
	m := &matcher.Result{}
	add := func(id string, c analyzer.Component, v matcher.Match) {
		c.ID, v.ID, v.Component = fmt.Sprint(len(r.Components)), id, fmt.Sprint(len(r.Components))
		r.Components, m.Matches = append(r.Components, c), append(m.Matches, v)
	}
	deb := func(name, source, version string) analyzer.Component {
		return analyzer.Component{Path: "var/lib/dpkg/status", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: version, System: true, SourcePackage: &analyzer.SourcePackage{Name: source}}}
	}
	npm := func(path, version string) analyzer.Component {
		return analyzer.Component{Path: path, PURL: "pkg:npm/lodash@" + version, Package: analyzer.Package{Type: "npm", Name: "lodash", Version: version}}
	}
	low, high := matcher.Severity{Level: matcher.Low}, matcher.Severity{Level: matcher.High}
	add("CVE-1", deb("libssl3", "openssl", "3"), matcher.Match{Severity: low})
	add("CVE-1", deb("openssl", "openssl", "3"), matcher.Match{Severity: low})
	add("CVE-1", deb("openssl-legacy", "openssl", "3"), matcher.Match{Severity: high, Uncertain: "?"})
	add("CVE-1", deb("nodejs", "nodejs", "18"), matcher.Match{})
	add("CVE-2", npm("a/lodash/package.json", "4.17.15"), matcher.Match{Fixed: "4.17.21"})
	add("CVE-2", npm("b/lodash/package.json", "4.17.20"), matcher.Match{Fixed: "4.17.21"})
	add("CVE-2", npm("c/lodash/package.json", "4.17.20"), matcher.Match{Analysis: &matcher.Analysis{Status: matcher.NotAffected, Author: "us"}})
	add("CVE-2", npm("", "4.17.20"), matcher.Match{Fixed: "4.17.21"})
	inside := npm("app.war", "1")
	inside.ArchivePath = "WEB-INF/lib/x.jar"
	add("CVE-2", inside, matcher.Match{})
	d := sarifOf(t, report.New(r, m, report.Options{Name: "sbom.json"}))
	var got []string
	hashes := make(map[string]bool)
	for _, x := range d.Runs[0].Results {
		line := fmt.Sprintf("%s %s %d suppressed:", x.RuleID, x.Level, len(x.Suppressions))
		for _, l := range x.Locations {
			line += fmt.Sprintf(" %s*%d%s", l.PhysicalLocation.ArtifactLocation.URI, len(l.LogicalLocations), l.Message.Text)
		}
		got = append(got, line)
		hashes[x.PartialFingerprints["primaryLocationLineHash"]] = true
	}
	slices.Sort(got)
	want := []string{
		"CVE-1 error 0 suppressed: var/lib/dpkg/status*3",
		"CVE-1 note 0 suppressed: var/lib/dpkg/status*1",
		"CVE-2 note 0 suppressed: app.war*1WEB-INF/lib/x.jar a/lodash/package.json*1 b/lodash/package.json*1 sbom.json*1",
		"CVE-2 note 1 suppressed: c/lodash/package.json*1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(hashes) != 3 { // the suppressed result is of the same alert
		t.Errorf("%d fingerprints", len(hashes))
	}
}

// TestSARIFLimits requires that GitHub takes the document of a very large image, and that the document has all of it.
func TestSARIFLimits(t *testing.T) {
	r, m := &analyzer.Report{}, &matcher.Result{}
	long := strings.Repeat("lörem ipsum 𝄞 ", 200)
	for i := range 25_000 {
		id := fmt.Sprint(i)
		c := analyzer.Component{ID: id, Path: "p/" + id, Package: analyzer.Package{Type: "npm", Name: "n" + id, Version: "1"}}
		r.Components = append(r.Components, c)
		m.Matches = append(m.Matches, matcher.Match{ID: "CVE-2026-" + id, Component: id})
	}
	for i := range 2_500 {
		id := fmt.Sprint(25_000 + i)
		c := analyzer.Component{ID: id, Path: "p/" + id, Package: analyzer.Package{Type: "npm", Name: "many", Version: "1"}}
		r.Components = append(r.Components, c)
		m.Matches = append(m.Matches, matcher.Match{ID: "CVE-2025-1", Component: id, Uncertain: long, Advisories: []matcher.Advisory{{Summary: long}}})
	}
	d := sarifOf(t, report.New(r, m, report.Options{Name: "registry.example:5000/team/app:1@sha256:22"}))
	results, places := 0, 0
	for _, run := range d.Runs {
		results += len(run.Results)
		for _, x := range run.Results {
			places += len(x.Locations) + len(x.RelatedLocations)
			if x.RuleID == "CVE-2025-1" && !strings.HasPrefix(x.Message.Text, "1500 more places are related locations") {
				t.Errorf("message %.60q", x.Message.Text)
			}
		}
		for _, rule := range run.Tool.Driver.Rules {
			if rule.ID == "CVE-2025-1" && (!strings.Contains(rule.Help.Text, long) || !strings.HasSuffix(rule.FullDescription.Text, "...")) {
				t.Errorf("help %.60q", rule.Help.Text)
			}
		}
	}
	if len(d.Runs) != 2 || results != 25_001 || places != 27_500 {
		t.Errorf("%d runs, %d results, %d places", len(d.Runs), results, places)
	}
	if a, b := d.Runs[0].AutomationDetails.ID, d.Runs[1].AutomationDetails.ID; a != "hullmark/registry.example:5000/team/app/1" || b != "hullmark/registry.example:5000/team/app/part-2/1" {
		t.Errorf("%s, %s", a, b)
	}
}

// TestSARIFCategories requires that the results of one image replace those of no other, and those of its former versions.
func TestSARIFCategories(t *testing.T) {
	for _, c := range []struct{ name, platform, want string }{
		{"debian:12", "linux/amd64", "hullmark/debian/linux/amd64/12"},
		{"registry.example/team/app", "", "hullmark/registry.example/team/app/"},
		{"registry.example/team/app@sha256:22", "", "hullmark/registry.example/team/app/sha256:22"},
		{"registry.example/team/app:1@sha256:22", "", "hullmark/registry.example/team/app/1"},
		{"oci:dir/a", "linux/arm64", "hullmark/oci:dir/a/linux/arm64/"},
		{"rootfs:/", "", "hullmark/rootfs:/"},
	} {
		r := &analyzer.Report{Image: analyzer.ImageInfo{Platform: c.platform}}
		d := sarifOf(t, report.New(r, &matcher.Result{}, report.Options{Name: c.name}))
		if got := d.Runs[0].AutomationDetails.ID; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Advisories about products by CPE name are no packages that were not read.
func TestProductNotes(t *testing.T) {
	r := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Type: "npm", Name: "a"}}}}
	v := report.New(r, &matcher.Result{Coverage: []matcher.Coverage{{Type: "cpe", Feed: "nvd"}, {Type: "npm", Feed: "osv"}}}, report.Options{})
	if len(v.Notes) != 0 {
		t.Errorf("%+v", v.Notes)
	}
}
