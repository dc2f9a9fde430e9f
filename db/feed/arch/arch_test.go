package arch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/arch"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const list = `[
 {"name": "AVG-1", "packages": ["glibc", "lib32-glibc"], "status": "Fixed", "severity": "High", "type": "arbitrary code execution",
  "affected": "2.38-1", "fixed": "2.38-2", "ticket": null, "issues": ["CVE-2023-4911"], "advisories": ["ASA-202310-1"]},
 {"name": "AVG-2", "packages": ["pam"], "status": "Vulnerable", "severity": "Unknown", "affected": "1.7.0-2", "fixed": null, "issues": ["CVE-2025-6020"], "advisories": []},
 {"name": "AVG-3", "packages": ["a"], "status": "Testing", "severity": "Low", "affected": "1-1", "fixed": "1:2-1", "issues": ["CVE-2025-1", "CVE-2025-2"], "advisories": []},
 {"name": "AVG-4", "packages": ["b"], "status": "Not affected", "severity": "Medium", "affected": "1-1", "fixed": null, "issues": ["CVE-2025-3"], "advisories": []},
 {"name": "AVG-5", "packages": ["c"], "status": "Unknown", "severity": "Critical", "affected": "1-1", "fixed": null, "issues": [], "advisories": []}]`

const want = `AVG-1
  CVE-2023-4911 alpm/arch//glibc fixed [, 2.38-2) {arch high High} updates [ASA-202310-1 AVG-1]
  CVE-2023-4911 alpm/arch//lib32-glibc fixed [, 2.38-2) {arch high High} updates [ASA-202310-1 AVG-1]
AVG-2
  CVE-2025-6020 alpm/arch//pam affected {arch unknown Unknown}
AVG-3
  CVE-2025-1 alpm/arch//a affected [, 1:2-1) "Testing" {arch low Low} updates [AVG-3]
  CVE-2025-2 alpm/arch//a affected [, 1:2-1) "Testing" {arch low Low} updates [AVG-3]
AVG-4
  CVE-2025-3 alpm/arch//b not-affected {arch medium Medium}
AVG-5
  AVG-5 alpm/arch//c under-investigation {arch critical Critical}
`

// TestParse reads each status. Unknown is not hidden, https://github.com/wazuh/wazuh/issues/13775.
func TestParse(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(arch.Feed(), strings.NewReader(list))
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, arch.Feed(), list, true)
	feedtest.Endless(t, arch.Feed(), `["`, `[{"name": "`)
}

func TestBad(t *testing.T) {
	for _, tt := range []struct{ name, group, want, kept string }{
		{"unknown status", `{"name":"AVG-1","packages":["a"],"status":"Novel","issues":["CVE-1"]}`, `AVG-1: unknown status "Novel"`, `a affected "Novel"`},
		{"unknown severity", `{"name":"AVG-1","packages":["a"],"status":"Vulnerable","severity":"x","issues":["CVE-1"]}`, `unknown severity "x"`, "a affected"},
		{"no version", `{"name":"AVG-1","packages":["a"],"status":"Fixed","issues":["CVE-1"]}`, "fixed without a version", `a affected "Fixed"`},
		{"no packages", `{"name":"AVG-1","status":"Vulnerable","issues":["CVE-1"]}`, "no packages", ""},
		{"no name", `{"packages":["a"],"status":"Vulnerable"}`, "group without a name", ""},
		{"wrong type", `{"name":"AVG-1","packages":7,"status":"Vulnerable"}`, "cannot unmarshal", ""},
		{"empty name", `{"name":"AVG-1","packages":[""],"status":"Vulnerable"}`, "an empty name", ""},
	} {
		recs, bad, fatal := feedtest.Parse(arch.Feed(), strings.NewReader(`[`+tt.group+`,{"name":"AVG-2","packages":["b"],"status":"Vulnerable"}]`))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", tt.name, bad, fatal, tt.want)
		}
		if got := feedtest.Format(recs); !strings.Contains(got, tt.kept) || !strings.Contains(got, "b affected") {
			t.Errorf("%s: lost:\n%s", tt.name, got)
		}
	}
}

// TestCorpus reads recorded data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, arch.Feed(), []feedtest.Sample{
		{Path: "servers/arch/advisory.json", Records: 2, CVEs: 3, Keys: 2},
		{Path: "records/arch", Records: 2, CVEs: 3, Keys: 2},
		{Path: "arch/input/arch-advisories", Records: 5, CVEs: 5, Keys: 6},
	})
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, arch.Feed(), list) }

func ExampleFeed() {
	list := strings.NewReader(`[{"name": "AVG-1324", "packages": ["glibc"], "status": "Fixed", "fixed": "2.38-2", "issues": ["CVE-2023-4911"]}]`)
	for rec, err := range arch.Feed().Parse(list) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2023-4911 glibc before 2.38-2
}
