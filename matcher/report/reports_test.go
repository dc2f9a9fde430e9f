package report_test

import (
	"cmp"
	stdjson "encoding/json"
	"net/url"
	"os"
	"regexp"
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
