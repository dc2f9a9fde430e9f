package updateinfo_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/updateinfo"
)

var (
	amazon       = feedtest.Find(updateinfo.Feeds(), "amazon")
	rocky        = feedtest.Find(updateinfo.Feeds(), "rocky")
	bottlerocket = feedtest.Find(updateinfo.Feeds(), "bottlerocket")
)

// doc has a security update with modules, one without a CVE, and bug fixes with and without one.
const doc = `<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update from="releng@rocky.example" status="final" type="security" version="2">
    <id>RLSA-2021:2575</id><title>Moderate: nginx update</title>
    <issued date="2021-07-22 03:13:55"></issued><updated date="2021-06-29 00:00:00"/>
    <release>Rocky Linux 8</release><severity>Moderate</severity>
    <references>
      <reference href="https://cve.example/1" id="CVE-2021-3520" type="cve" title=""/>
      <reference href="https://cve.example/2" id="CVE-2021-3521" type="cve" title=""/>
      <reference href="https://errata.example" id="RHSA-2021:2575" type="erratum" title=""/>
    </references>
    <pkglist>
      <collection short="RL8"><name>Rocky Linux 8</name>
        <package name="lz4" version="1.8.3" release="3.el8_4" epoch="0" arch="x86_64" src="lz4-1.8.3-3.el8_4.src.rpm"/>
        <package name="lz4" version="1.8.3" release="3.el8_4" epoch="0" arch="aarch64" src="lz4-1.8.3-3.el8_4.src.rpm"/>
      </collection>
      <collection short="RL8-nginx"><name>Rocky Linux 8 - AppStream</name>
        <package name="nginx" version="1.16.1" release="2.module+el8.4.0+543+efbf198b.1" epoch="1" arch="x86_64"/>
        <module name="nginx" stream="1.16" version="8040020210809113510" context="9f9e2e7e" arch="x86_64"/>
      </collection>
    </pkglist>
  </update>
  <update type="security"><id>RLSA-2021:1</id><release>Rocky Linux 9</release><severity>Important</severity>
    <pkglist><collection><name>Rocky Linux 9 BaseOS x86_64</name>
      <package name="a" version="1" release="1" arch="x86_64"/></collection></pkglist></update>
  <update type="bugfix"><id>RLBA-2021:1</id><severity>None</severity>
    <pkglist><collection><name>Rocky Linux 9</name><package name="a" version="1" release="1" epoch="0" arch="x86_64"/></collection></pkglist></update>
  <update type="enhancement"><id>RLEA-2021:1</id><severity>None</severity>
    <references><reference href="" id="CVE-2020-1111" type="cve"/></references>
    <pkglist><collection><name>Rocky Linux 9</name><package name="b" version="1" release="1" epoch="0" arch="x86_64"/></collection></pkglist></update>
</updates>
`

const want = `RLSA-2021:2575 modified 2021-06-29T00:00:00Z
  CVE-2021-3520 rpm/rocky/8/lz4 fixed [, 0:1.8.3-3.el8_4) {rocky medium Moderate} updates [RLSA-2021:2575]
  CVE-2021-3520 rpm/rocky/8/nginx:1.16/nginx fixed [, 1:1.16.1-2.module+el8.4.0+543+efbf198b.1) {rocky medium Moderate} updates [RLSA-2021:2575]
  CVE-2021-3521 rpm/rocky/8/lz4 fixed [, 0:1.8.3-3.el8_4) {rocky medium Moderate} updates [RLSA-2021:2575]
  CVE-2021-3521 rpm/rocky/8/nginx:1.16/nginx fixed [, 1:1.16.1-2.module+el8.4.0+543+efbf198b.1) {rocky medium Moderate} updates [RLSA-2021:2575]
RLSA-2021:1
  RLSA-2021:1 rpm/rocky/9/a fixed [, 1-1) {rocky high Important} updates [RLSA-2021:1]
RLBA-2021:1
RLEA-2021:1
  CVE-2020-1111 rpm/rocky/9/b fixed [, 0:1-1) {rocky negligible None} updates [RLEA-2021:1]
`

func TestUpdates(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(rocky, strings.NewReader(doc))
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, rocky, doc, true)
	feedtest.Endless(t, rocky, "<updates><update><id>", `<updates><update type="`)
}

// TestReleases says which release an update is about.
func TestReleases(t *testing.T) {
	for _, tt := range []struct {
		feed           feed.Feed
		id, collection string
		want           string
	}{
		{amazon, "ALAS-2021-001", "Amazon Linux", "amzn/2018"},
		{amazon, "ALAS2-2018-939", "Amazon Linux 2", "amzn/2"},
		{amazon, "ALAS2DOCKER-2021-001", "Amazon Linux 2", "amzn/2"},
		{amazon, "ALAS2NITRO-ENCLAVES-2022-020", "Amazon Linux 2", "amzn/2"},
		{amazon, "ALAS2022-2021-001", "Amazon Linux 2022", "amzn/2022"},
		{amazon, "ALAS2023-2023-001", "Amazon Linux 2023", "amzn/2023"},
		{amazon, "ALAS2023LIVEPATCH-2023-001", "Amazon Linux 2023", "amzn/2023"},
		{rocky, "RLSA-2021:1", "Rocky Linux 8.4", "rocky/8"},
		{bottlerocket, "BRSA-1bwujdrkn6nc", "Bottlerocket", "bottlerocket/1"},
	} {
		doc := `<updates><update type="security"><id>` + tt.id + `</id><pkglist><collection><name>` + tt.collection +
			`</name><package name="a" version="1" release="2"/></collection></pkglist></update></updates>`
		recs, bad, fatal := feedtest.Parse(tt.feed, strings.NewReader(doc))
		if len(recs) != 1 || len(bad) > 0 || fatal != nil || len(recs[0].Advisories) != 1 {
			t.Errorf("%s: %v, %v, %v", tt.id, recs, bad, fatal)
			continue
		}
		if k := recs[0].Advisories[0].Key; k.Namespace+"/"+k.Release != tt.want {
			t.Errorf("%s: %v, want %s", tt.id, k, tt.want)
		}
	}
}

// TestBad puts one bad update before a good one, which must not be lost.
func TestBad(t *testing.T) {
	const good = `<update type="security"><id>ALAS2-1</id><pkglist><collection><package name="a" version="1"/></collection></pkglist></update>`
	for _, tt := range []struct{ name, update, want string }{
		{"no id", `<update type="security"><title>x</title></update>`, `"x": update without an ID`},
		{"no release", `<update type="security"><id>X-1</id><pkglist><collection><name>Novel</name><package name="a" version="1"/></collection></pkglist></update>`,
			`X-1: no release in the name of collection "Novel"`},
		{"no version", `<update type="security"><id>ALAS2-2</id><pkglist><collection><package name="a"/></collection></pkglist></update>`,
			"package without a name or version"},
		{"bad time", `<update type="security"><id>ALAS2-2</id><issued date="yesterday"/></update>`, `"yesterday" is not a time`},
		{"unknown severity", `<update type="security"><id>ALAS2-2</id><severity>dire</severity></update>`, `unknown severity "dire"`},
	} {
		recs, bad, fatal := feedtest.Parse(amazon, strings.NewReader("<updates>"+tt.update+good+"</updates>"))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", tt.name, bad, fatal, tt.want)
		}
		if len(recs) == 0 || recs[len(recs)-1].ID != "ALAS2-1" || len(recs[len(recs)-1].Advisories) != 1 {
			t.Errorf("%s: the good update is lost: %v", tt.name, recs)
		}
	}
	for doc, want := range map[string]string{
		"": "unexpected EOF", "<html></html>": `"html" instead of "updates"`, "<updates></updates>x": "text after", "<updates></updates><a/>": "second document",
		"<updates><a></updates>": "unexpected end", `<?xml version="1.0" encoding="EBCDIC"?><updates/>`: "not supported",
	} {
		if _, _, fatal := feedtest.Parse(amazon, strings.NewReader(doc)); fatal == nil || !strings.Contains(fatal.Error(), want) {
			t.Errorf("%q: %v, want %q", doc, fatal, want)
		}
	}
}

// TestCorpus reads real updates. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, amazon, []feedtest.Sample{
		{Path: "amazon/updateinfo/updateinfo_1_item.xml.gz", Records: 1, CVEs: 2},
		{Path: "amazon/updateinfo/updateinfo_2_items.xml.gz", Records: 2, CVEs: 16},
		{Path: "amazon/updateinfo/updateinfo_AL2022.xml.gz", Records: 1, CVEs: 4},
		{Path: "amazon/updateinfo/updateinfo_AL2023.xml.gz", Records: 1, CVEs: 2},
		{Path: "amazon/clair-v2", Records: 4},
	})
	feedtest.Corpus(t, rocky, []feedtest.Sample{{Path: "rocky/updateinfo", Records: 4, Skipped: 1}})
	feedtest.Corpus(t, bottlerocket, []feedtest.Sample{{Path: "bottlerocket/updateinfo.xml.gz", Records: 2, CVEs: 2}})
	cut := feedtest.Read(t, "amazon/updateinfo/updateinfo_invalid.xml.gz")
	if recs, _, fatal := feedtest.Parse(amazon, bytes.NewReader(cut)); fatal == nil || len(recs) != 1 {
		t.Errorf("a document that is cut off: %v, %v", recs, fatal)
	}
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, rocky, "rocky/updateinfo/updateinfo.xml", "rocky.golden", nil)
	feedtest.Golden(t, bottlerocket, "bottlerocket/updateinfo.xml.gz", "bottlerocket.golden", nil)
	feedtest.Golden(t, amazon, "amazon/updateinfo/updateinfo_AL2023.xml.gz", "amazon.golden", nil)
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, rocky, doc, "<updates><update type='security'><id>a</id></update></updates>")
}

func ExampleFeeds() {
	amazon := updateinfo.Feeds()[0]
	doc := strings.NewReader(`<updates><update type="security"><id>ALAS2023-2023-001</id><severity>Important</severity>
		<references><reference type="cve" id="CVE-2022-24903"/></references>
		<pkglist><collection><package name="rsyslog" epoch="0" version="8.2204.0" release="3.amzn2023.0.2" arch="x86_64"/></collection></pkglist>
		</update></updates>`)
	for rec, err := range amazon.Parse(doc) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Amazon Linux", a.Key.Release, "before", a.Ranges[0].Fixed, a.Updates[0])
		}
	}
	// Output:
	// CVE-2022-24903 rsyslog in Amazon Linux 2023 before 0:8.2204.0-3.amzn2023.0.2 ALAS2023-2023-001
}
