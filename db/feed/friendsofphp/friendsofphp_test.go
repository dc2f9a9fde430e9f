package friendsofphp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/friendsofphp"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const advisory = `title:     XSS
link:      https://example.org/advisory
cve:       CVE-2018-11386
branches:
    2.7.x:
        time:     2018-05-25 10:15:34
        versions: ['>=2.7.0', '<2.7.48']
    master:
        time:     ~
        versions: ['>=3.0', '<=3.1.2']
reference: composer://Symfony/http-foundation
`

func TestParse(t *testing.T) {
	for _, tt := range []struct{ doc, want, bad string }{
		{advisory, `CVE-2018-11386 modified 2018-05-25T10:15:34Z
  CVE-2018-11386 composer/symfony//http-foundation affected [2.7.0, 2.7.48) [3.0, 3.1.2] "not fixed in every branch"
`, ""},
		{"link: https://github.com/a/b/security/advisories/GHSA-ABCD-efgh-ijkl\ncve: ~\nbranches: {m: {time: 2020-01-02, versions: ['>1.0', '<2']}}\nreference: composer://a/b\n",
			"GHSA-abcd-efgh-ijkl modified 2020-01-02T00:00:00Z\n  GHSA-abcd-efgh-ijkl composer/a//b affected [1.0.0.0-p1, 2)\n", ""},
		{"link: https://example.org/x\nbranches: {m: {time: ~, versions: ['<2']}}\nreference: composer://a/b\n",
			"FOP-a/b-bc7ad374\n  FOP-a/b-bc7ad374 composer/a//b affected [, 2) \"not fixed in every branch\"\n", ""},
		{strings.Replace(advisory, "composer:", "pear:", 1), "CVE-2018-11386\n", `reference "pear://Symfony/http-foundation" is not composer://vendor/name`},
		{strings.Replace(advisory, "'>=3.0'", "'>=9.0'", 1), "CVE-2018-11386 modified 2018-05-25T10:15:34Z\n  CVE-2018-11386 composer/symfony//http-foundation affected [2.7.0, 2.7.48)\n",
			"CVE-2018-11386: branch master: no version satisfies the constraints"},
		{strings.Replace(advisory, "2018-05-25 10:15:34", "soon", 1), "CVE-2018-11386\n  CVE-2018-11386 composer/symfony//http-foundation affected [2.7.0, 2.7.48) [3.0, 3.1.2] \"not fixed in every branch\"\n", `"soon" is not a time`},
		{strings.Replace(advisory, "['>=3.0', '<=3.1.2']", "[]", 1), "CVE-2018-11386 modified 2018-05-25T10:15:34Z\n  CVE-2018-11386 composer/symfony//http-foundation affected [2.7.0, 2.7.48)\n", "branch master: no versions"},
		{"cve: CVE-2020-1234\nreference: composer://a/b\n", "CVE-2020-1234\n", "no branches"},
	} {
		recs, bad, fatal := feedtest.Parse(friendsofphp.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || fatal != nil {
			t.Errorf("%s: got\n%s%v, want\n%s", tt.doc, got, fatal, tt.want)
		}
		if tt.bad == "" && len(bad) > 0 || tt.bad != "" && (len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.bad)) {
			t.Errorf("%s: %v, want %q", tt.doc, bad, tt.bad)
		}
	}
	for _, doc := range []string{"", "title: [\n", "branches: 3\n"} {
		if recs, _, fatal := feedtest.Parse(friendsofphp.Feed(), strings.NewReader(doc)); fatal == nil {
			t.Errorf("%.20q is accepted: %v", doc, recs)
		}
	}
	feedtest.Endless(t, friendsofphp.Feed(), "title: ")
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, friendsofphp.Feed(), []feedtest.Sample{{Path: "php/security-advisories.tar.zst", Records: 1592}})
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, friendsofphp.Feed(), advisory) }

func ExampleFeed() {
	for rec, err := range friendsofphp.Feed().Parse(strings.NewReader(advisory)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Namespace, a.Key.Name, a.Ranges[0].Introduced, a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2018-11386 symfony http-foundation 2.7.0 2.7.48
}
