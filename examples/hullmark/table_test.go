package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What feeds know of vulnerabilities themselves is shown by every command that shows matches.
func TestThreats(t *testing.T) {
	dir := t.TempDir()
	args := []string{"db", "build", "--quiet", "-o", filepath.Join(dir, "test.db")}
	for name, content := range map[string]string{
		"debian": `{"python2.7": {"CVE-2019-9636": {"releases": {"jessie": {"status": "open", "urgency": "not yet assigned"}}}}}`,
		"kev": `{"catalogVersion": "2025.01.01", "dateReleased": "2025-01-01T00:00:00.000Z", "count": 1, "vulnerabilities": [
			{"cveID": "CVE-2019-9636", "dateAdded": "2022-03-25", "knownRansomwareCampaignUse": "Known", "cwes": ["CWE-172"]}]}`,
		"epss": "#model_version:v2025.03.14,score_date:2025-03-20T00:00:00+0000\ncve,epss,percentile\nCVE-2019-9636,0.94321,0.9991\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--feed", name+"="+file)
	}
	if _, stderr, code := hullmark(t, args...); code != 0 {
		t.Fatal(stderr)
	}
	for _, test := range []struct{ args, want string }{
		{"scan", "  unknown\tCVE-2019-9636\t-\transomware, EPSS 94%\taffected\t"},
		{"scan --format json", `"exploited": "2022-03-25T00:00:00Z",` + "\n        " + `"ransomware": true,` + "\n        " + `"epss": 0.94321`},
		{"explain", "  exploited   known since 2022-03-25, for ransomware too\n  likelihood  EPSS 94.32 %, percentile 99.91\n  weakness    CWE-172\n"},
		{"explain --format json", `"exploited": "2022-03-25T00:00:00Z"`},
	} {
		words := append(strings.Fields(test.args), "--cache", "off", "--db", filepath.Join(dir, "test.db"), "demo:")
		if words[0] == "explain" {
			words = append(words, "CVE-2019-9636")
		}
		if stdout, stderr, _ := hullmark(t, words...); !strings.Contains(stdout, test.want) {
			t.Errorf("%s: no %q in\n%s%s", test.args, test.want, stdout, stderr)
		}
	}
}
