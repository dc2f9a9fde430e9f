package nodejs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const (
	geddy = `{"id": 10, "title": "Directory Traversal", "module_name": "geddy", "cves": ["CVE-2015-5688"], "publish_date": "2015-07-27",
		"updated_at": "2016-04-20", "vulnerable_versions": "<13.0.8", "patched_versions": ">=13.0.8", "references": ["https://example.org/"],
		"cvss_vector": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", "cvss_score": 5.3}`
	core = `{"cve": ["CVE-2017-1000381"], "ref": "https://example.org/", "vulnerable": "8.x || 7.x || 4.x", "patched": "^8.1.4 || ^7.10.1 || ^4.8.4",
		"overview": "memory overread\nwhen", "severity": "high"}`
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ doc, want, bad string }{
		{geddy, `CVE-2015-5688 modified 2016-04-20T00:00:00Z
  CVE-2015-5688 npm///geddy affected [, 13.0.8) {nodejs medium CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N 5.3}
`, ""},
		{core, `CVE-2017-1000381
  CVE-2017-1000381 generic///node affected [4.0.0, 4.8.4) [7.0.0, 7.10.1) [8.0.0, 8.1.4) {nodejs high high}
`, ""},
		{`{"id": 3, "module_name": "@a/b", "cves": [], "vulnerable_versions": "*", "patched_versions": "<0.0.0", "cvss_score": null}`,
			"NSWG-3\n  NSWG-3 npm/@a//b affected [0.0.0, )\n", ""},
		{`{"id": 3, "module_name": "b", "vulnerable_versions": "< 1.2 || >=2.0.0 <=v2.1.0", "patched_versions": null}`,
			"NSWG-3\n  NSWG-3 npm///b affected [, 1.2.0) [2.0.0, 2.1.0]\n", ""},
		{`{"cve": ["CVE-2023-45853"], "description": "MiniZip", "reason": "vulnerable_code_not_present"}`,
			"CVE-2023-45853\n  CVE-2023-45853 generic///node not-affected \"vulnerable_code_not_present\"\n", ""},
		{`{"cve": [], "description": "Port", "vulnerable": "6.x", "patched": "^6.9.0"}`,
			"NSWG-core-0418fbb9\n  NSWG-core-0418fbb9 generic///node affected [6.0.0, 6.9.0)\n", ""},
		{`{"module_name": "b", "vulnerable_versions": "*"}`, "", "neither an id nor a CVE"},
		{`{"id": 3, "vulnerable_versions": ""}`, "NSWG-3\n", "NSWG-3: no vulnerable versions"},
		{`{"id": 3, "vulnerable_versions": "1", "patched_versions": "*"}`, "NSWG-3\n", "all vulnerable versions are patched"},
		{`{"id": 3, "vulnerable_versions": "one"}`, "NSWG-3\n", `"one": "one" is not a version`},
		{`{"id": 3, "vulnerable_versions": 7}`, "NSWG-3\n", "json: cannot unmarshal"},
	} {
		recs, bad, fatal := feedtest.Parse(Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || fatal != nil {
			t.Errorf("%s: got\n%s%v, want\n%s", tt.doc, got, fatal, tt.want)
		}
		if tt.bad == "" && len(bad) > 0 || tt.bad != "" && (len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.bad)) {
			t.Errorf("%s: %v, want %q", tt.doc, bad, tt.bad)
		}
	}
	feedtest.Damage(t, Feed(), geddy, true)
	feedtest.Endless(t, Feed(), `{"id": 1, "title": "`)
}

// Source of the expectations: node-semver's README.
func TestRange(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "[{  false false}]",
		"1.2.3":                 "[{1.2.3 1.2.3 false true}]",
		"1.x":                   "[{1.0.0 2.0.0-0 false false}]",
		"1.2":                   "[{1.2.0 1.3.0-0 false false}]",
		"~1.2.3":                "[{1.2.3 1.3.0-0 false false}]",
		"~1":                    "[{1.0.0 2.0.0-0 false false}]",
		"^1.2.3":                "[{1.2.3 2.0.0-0 false false}]",
		"^0.2.3":                "[{0.2.3 0.3.0-0 false false}]",
		"^0.0.3":                "[{0.0.3 0.0.4-0 false false}]",
		"^0.0":                  "[{0.0.0 0.1.0-0 false false}]",
		"1.2 - 2.3":             "[{1.2.0 2.4.0-0 false false}]",
		">1.2":                  "[{1.3.0  false false}]",
		">1.2.3-beta.1 <=2.0.0": "[{1.2.3-beta.1 2.0.0 true true}]",
		"<1 || >= 2.0.0":        "[{ 1.0.0 false false} {2.0.0  false false}]",
		"<1 >2":                 "[]",
		">*":                    "[]",
	} {
		if got, err := versions(text); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"1.2.3.4", "a", "<<1", ">=", "-"} {
		if got, err := versions(text); err == nil && text != ">=" {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestCorpus(t *testing.T) {
	// 647 files, of which three are lists of the others.
	feedtest.Corpus(t, Feed(), []feedtest.Sample{{Path: "npm/nodejs-security-wg-vuln.tar.zst", Records: 644, Skipped: 3}})
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, Feed(), geddy, core) }

func ExampleFeed() {
	for rec, err := range Feed().Parse(strings.NewReader(geddy)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2015-5688 geddy before 13.0.8
}
