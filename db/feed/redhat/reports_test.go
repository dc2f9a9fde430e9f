package redhat_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/redhat"
	"github.com/hullmark/hullmark/matcher"
)

// source is a Source of a document's advisories.
type source []matcher.Advisory

func (s source) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s {
			if slices.Contains(keys, a.Key) && !yield(a, nil) {
				return
			}
		}
	}
}

func (s source) Coverage(_ context.Context, keys []matcher.Key) (rows []matcher.Coverage, _ error) {
	for _, k := range keys {
		rows = append(rows, matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release, Feed: "redhat"})
	}
	return rows, nil
}

// TestReports matches packages with documents like those of public reports about other scanners. The images don't state their repositories.
func TestReports(t *testing.T) {
	const el8, el9, el10, eus84, e4s86, eus94 = "cpe:/o:redhat:enterprise_linux:8::baseos", "cpe:/o:redhat:enterprise_linux:9::appstream",
		"cpe:/o:redhat:enterprise_linux:10.1", "cpe:/o:redhat:rhel_eus:8.4::baseos", "cpe:/o:redhat:rhel_e4s:8.6::baseos", "cpe:/o:redhat:rhel_eus:9.4::baseos"
	// A statement is a status, a product, a package and, if it is fixed, its version.
	for _, c := range []struct {
		report     string
		statements []string
		id         string // VERSION_ID
		name       string
		installed  map[string]string // version to "" or the fixed version
	}{
		{"github.com/aquasecurity/trivy/issues/3576", []string{"fixed " + el8 + " bind 32:9.11.36-3.el8_6.1", "fixed " + eus84 + " bind 32:9.11.26-4.el8_4.1"}, "8.4", "bind",
			map[string]string{"32:9.11.26-4.el8_4.1": "", "32:9.11.26-4.el8_4": "32:9.11.26-4.el8_4.1", "32:9.11.36-3.el8": "32:9.11.36-3.el8_6.1", "32:9.11.36-3.el8_6.1": ""}},
		{"github.com/anchore/grype/issues/2446", []string{"fixed " + el9 + " kernel 0:5.14.0-503.23.2.el9_5", "fixed " + eus94 + " kernel 0:5.14.0-427.50.2.el9_4"}, "9.4", "kernel",
			map[string]string{"5.14.0-427.50.2.el9_4": "", "5.14.0-427.50.1.el9_4": "0:5.14.0-427.50.2.el9_4", "5.14.0-503.11.1.el9_5": "0:5.14.0-503.23.2.el9_5"}},
		{"github.com/wazuh/wazuh/issues/39202", []string{"known_not_affected " + el9 + " mariadb-connector-c", "fixed " + el10 + " mariadb-connector-c 0:3.4.4-2.el10_2"}, "9.6", "mariadb-connector-c",
			map[string]string{"3.2.6-1.el9_0": ""}},
		{"github.com/aquasecurity/trivy/issues/8061", []string{"fixed " + el8 + " expat 0:2.2.5-15.el8"}, "8.10", "expat",
			map[string]string{"2.2.5-16.el8_10": "", "2.2.5-14.el8": "0:2.2.5-15.el8"}},
		{"github.com/wazuh/wazuh/issues/28363", []string{"known_affected " + el8 + " kernel-rt", "fixed " + el8 + " kernel 0:4.18.0-305.el8", "fixed " + e4s86 + " kernel 0:4.18.0-372.9.1.el8_6"}, "8.6", "kernel",
			map[string]string{"4.18.0-372.9.1.el8_6": ""}},
	} {
		t.Run(c.report, func(t *testing.T) {
			recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(documentOf(c.statements)))
			if len(recs) != 1 || len(bad) > 0 || fatal != nil {
				t.Fatalf("%d records, %v, %v", len(recs), bad, fatal)
			}
			for version, want := range c.installed {
				report := &analyzer.Report{Distro: &analyzer.Distro{ID: "rhel", VersionID: c.id}, Components: []analyzer.Component{{ID: "a", Analyzer: "rpm", Package: analyzer.Package{
					Type: "rpm", Namespace: "rhel", Name: c.name, Version: version, Arch: "x86_64", System: true,
				}}}}
				r, err := matcher.Matcher{Source: source(recs[0].Advisories)}.Match(t.Context(), report)
				if err != nil || len(r.Matches) > 1 {
					t.Fatalf("%+v, %v", r, err)
				}
				got := ""
				for _, m := range r.Matches {
					if got = m.Fixed; m.Uncertain != "" {
						got = "uncertain: " + m.Uncertain
					}
				}
				if got != want || (len(r.Matches) > 0) != (want != "") {
					t.Errorf("%s %s: %d matches, fixed in %q, want %q", c.name, version, len(r.Matches), got, want)
				}
			}
		})
	}
}

// documentOf returns a CSAF document with statements.
func documentOf(statements []string) string {
	var products, relations []string
	statuses := make(map[string][]string)
	for i, s := range statements {
		part := strings.Fields(s)
		purl := "pkg:rpm/redhat/" + part[2]
		if len(part) > 3 {
			epoch, evr, _ := strings.Cut(part[3], ":")
			purl += "@" + evr + "?arch=x86_64&epoch=" + epoch
		}
		product, pkg := fmt.Sprint("product", i), fmt.Sprint("package", i)
		products = append(products, leaf(product, `"cpe":"`+part[1]+`"`), leaf(pkg, `"purl":"`+purl+`"`))
		relations = append(relations, relation(pkg, product))
		statuses[part[0]] = append(statuses[part[0]], `"`+product+":"+pkg+`"`)
	}
	var lists []string
	for status, ids := range statuses {
		lists = append(lists, `"`+status+`":[`+strings.Join(ids, ",")+`]`)
	}
	return `{"document":{"category":"csaf_vex","title":"t","aggregate_severity":{"text":"Moderate"},"tracking":{"id":"CVE-2024-1","status":"final"}},
		"product_tree":{"branches":[{"branches":[` + strings.Join(products, ",") + `]}],"relationships":[` + strings.Join(relations, ",") + `]},
		"vulnerabilities":[{"cve":"CVE-2024-1","product_status":{` + strings.Join(lists, ",") + `}}]}`
}
