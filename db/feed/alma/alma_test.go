package alma_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/alma"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const doc = `[{"updateinfo_id":"ALSA-2021:3253","type":"security","severity":"Important","title":"Important: x","issued_date":{"$date":1629790196000},"updated_date":{"$date":1629790199000},
	"references":[{"type":"cve","id":"CVE-2021-3246","href":"https://cve.example"}],
	"pkglist":{"name":"almalinux-8-for-x86_64-appstream-rpms__8_0_default","module":{"name":"nodejs","stream":"12"},"packages":[
	{"name":"libsndfile","version":"1.0.28","release":"10.el8_4.1","epoch":"0","arch":"i686"},{"name":"libsndfile","version":"1.0.28","release":"10.el8_4.1","epoch":"0","arch":"x86_64"}]}},
	{"updateinfo_id":"ALBA-2021:1","type":"bugfix","severity":"None","pkglist":[{"name":"almalinux-9","packages":[{"name":"a","version":"1","release":"1","epoch":"0","arch":"x86_64"}]}]}]`

func TestErrata(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(alma.Feed(), strings.NewReader(doc))
	want := `ALSA-2021:3253 modified 2021-08-24T07:29:59Z
  CVE-2021-3246 rpm/almalinux/8/nodejs:12/libsndfile fixed [, 0:1.0.28-10.el8_4.1) {alma high Important} updates [ALSA-2021:3253]
ALBA-2021:1
`
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, alma.Feed(), doc, true)
	feedtest.Endless(t, alma.Feed(), `[{"updateinfo_id":"`)
	for _, tt := range [][3]string{
		{`"updateinfo_id":"ALSA-2021:3253",`, "", "without an ID"}, {"almalinux-8-for", "novel", "no release in the name"}, {"Important", "Dire", `unknown severity "Dire"`},
		{`"version":"1.0.28","release":"10.el8_4.1","epoch":"0","arch":"i686"`, `"arch":"i686"`, "without a name or version"}, {`{"$date":1629790199000}`, `"soon"`, "not a time"},
	} {
		_, bad, fatal := feedtest.Parse(alma.Feed(), strings.NewReader(strings.ReplaceAll(doc, tt[0], tt[1])))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt[2]) || fatal != nil {
			t.Errorf("without %s: %v, %v", tt[0], bad, fatal)
		}
	}
}

// TestCorpus reads real errata. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, alma.Feed(), []feedtest.Sample{{Path: "alma/errata.json", Records: 4}})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, alma.Feed(), "alma/errata.json", "errata.golden", nil)
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, alma.Feed(), doc) }

func ExampleFeed() {
	for rec, err := range alma.Feed().Parse(strings.NewReader(doc)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in AlmaLinux", a.Key.Release, "before", a.Ranges[0].Fixed, a.Updates[0])
		}
	}
	// Output:
	// CVE-2021-3246 nodejs:12/libsndfile in AlmaLinux 8 before 0:1.0.28-10.el8_4.1 ALSA-2021:3253
}
