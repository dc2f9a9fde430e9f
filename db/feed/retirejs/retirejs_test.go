package retirejs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/retirejs"
)

const repository = `{"jquery": {"npmname": "jquery", "vulnerabilities": [
	{"atOrAbove": "1.4.0", "below": "1.12.0", "severity": "medium", "cwe": ["CWE-79"],
	 "identifiers": {"summary": "XSS", "CVE": ["CVE-2015-9251"], "githubID": "GHSA-rmxg-73gg-4p98"}, "info": ["https://example.org/1"]},
	{"below": "2.999.999", "excludes": ["1.12.4-aem", "1.11.3"], "severity": "low", "identifiers": {"summary": "EOL", "retid": "73"}, "info": []}],
	"extractors": {"func": ["jQuery.fn.jquery"]}},
	"@angular/core": {"vulnerabilities": [{"below": "11.0.5", "identifiers": {"CVE": ["CVE-2021-4231", "CVE-2021-4232"]}, "info": []}]}}`

const want = `CVE-2015-9251
  CVE-2015-9251 npm///jquery affected [1.4.0, 1.12.0) {retirejs medium medium} aliases [GHSA-rmxg-73gg-4p98]
RETIREJS-jquery-649f5ddd
  RETIREJS-jquery-649f5ddd npm///jquery affected [, 1.11.3) [1.11.4-0, 1.12.4-aem) [1.12.4-aem.0, 2.999.999) {retirejs low low}
CVE-2021-4231
  CVE-2021-4231 npm/@angular//core affected [, 11.0.5)
  CVE-2021-4232 npm/@angular//core affected [, 11.0.5)
`

func TestParse(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(retirejs.Feed(), strings.NewReader(repository))
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, want)
	}
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, retirejs.Feed(), []feedtest.Sample{ // bad are ranges that end before they begin
		{Path: "npm/retirejs/jsrepository-v5.json", Records: 723, Bad: 1},
		{Path: "npm/retirejs/npmrepository.json", Records: 545, Bad: 2},
	})
}

func TestBad(t *testing.T) {
	for _, tt := range [][3]string{
		{`"low"`, `"dire"`, `unknown severity "dire"`},
		{`"below": "2.999.999", `, ``, "neither below nor atOrAbove"},
		{`"below": "2.999.999"`, `"below": 3`, "jquery: vulnerabilities[1]: json"},
		{`"1.11.3"`, `"x"`, "invalid version"},
		{`{"npmname": "jquery", "vulnerabilities": [`, `{"npmname": 3, "vulnerabilities": [`, "jquery: json"},
		{`"atOrAbove": "1.4.0"`, `"atOrAbove": "1.14.0"`, "CVE-2015-9251: no version satisfies the constraints"},
	} {
		recs, bad, fatal := feedtest.Parse(retirejs.Feed(), strings.NewReader(strings.Replace(repository, tt[0], tt[1], 1)))
		if len(bad) != 1 || fatal != nil || !strings.Contains(bad[0].Error(), tt[2]) || recs[len(recs)-1].ID != "CVE-2021-4231" {
			t.Errorf("%v: %v, %v, %v", tt, recs, bad, fatal)
		}
	}
	feedtest.Damage(t, retirejs.Feed(), repository, true)
	feedtest.Endless(t, retirejs.Feed(), `{"jquery": "`)
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, retirejs.Feed(), repository) }

func ExampleFeed() {
	for rec, err := range retirejs.Feed().Parse(strings.NewReader(repository)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Namespace, a.Key.Name, len(a.Ranges))
		}
	}
	// Output:
	// CVE-2015-9251  jquery 1
	// RETIREJS-jquery-649f5ddd  jquery 3
	// CVE-2021-4231 @angular core 1
	// CVE-2021-4232 @angular core 1
}
