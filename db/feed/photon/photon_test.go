package photon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/photon"
)

const list = `[
 {"cve_id": "CVE-2023-44487", "pkg": "httpd", "cve_score": 7.5, "aff_ver": "", "res_ver": "NA", "status": "Not Affected"},
 {"cve_id": "CVE-2023-38545", "pkg": "curl", "cve_score": 9.8, "aff_ver": "all versions before 7.88.1-4.ph4 are vulnerable", "res_ver": "7.88.1-4.ph4", "status": "Fixed"},
 {"cve_id": "CVE-2023-50447", "pkg": "python3", "cve_score": null, "aff_ver": "NA", "res_ver": "NA", "status": "Fixed"}]`

const definitions = `<oval_definitions><definitions><definition class="patch" id="oval:com.vmware.phsa:def:2020300001"><metadata>
	<title>PHSA-2020:00001 sqlite Security Update. (Important)</title>
	<reference ref_id="PHSA:00001:3.0:0036" ref_url="https://phsa.example" source="PHSA"/>
	<reference ref_id="CVE:00001:CVE-2019-16168" ref_url="https://cve.example" source="CVE"/>
	<advisory><severity>Important</severity><issued date="2019-10-23"/><updated date="2019-10-23"/><cve>CVE-2019-16168</cve></advisory></metadata>
	<criteria operator="AND"><criterion comment="Photon OS 3 is installed" test_ref="tst:1"/><criteria operator="OR">
	<criteria operator="AND"><criterion comment="sqlite is earlier than 0:3.27.2-5.ph3" test_ref="tst:2"/><criterion comment="sqlite is signed with VMware key" test_ref="tst:3"/></criteria>
	</criteria></criteria></definition></definitions>
	<tests><rpminfo_test id="tst:2"><object object_ref="obj:1"/><state state_ref="ste:1"/></rpminfo_test></tests>
	<objects><rpminfo_object id="obj:1"><name>sqlite</name></rpminfo_object></objects>
	<states><rpminfo_state id="ste:1"><evr operation="less than">0:3.27.2-5.ph3</evr></rpminfo_state></states></oval_definitions>`

func TestForms(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"list", list, `CVE-2023-44487
  CVE-2023-44487 rpm/photon/4.0/httpd not-affected {photon unknown 7.5}
CVE-2023-38545
  CVE-2023-38545 rpm/photon/4.0/curl fixed [, 7.88.1-4.ph4) {photon unknown 9.8}
CVE-2023-50447
  CVE-2023-50447 rpm/photon/4.0/python3 affected "Fixed in NA"
`},
		{"definitions", definitions, `PHSA-3.0-0036 modified 2019-10-23T00:00:00Z
  CVE-2019-16168 rpm/photon/3.0/sqlite fixed [, 0:3.27.2-5.ph3) {photon high Important} updates [PHSA-3.0-0036]
`},
	} {
		recs, bad, fatal := feedtest.Parse(photon.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s", tt.name, bad, fatal, got)
		}
		feedtest.Damage(t, photon.Feed(), tt.doc, true)
	}
	feedtest.Endless(t, photon.Feed(), `["`, `[{"cve_id": "`, "<oval_definitions><definitions><definition id='")
}

func TestBad(t *testing.T) {
	for _, tt := range []struct{ name, element, want, kept string }{
		{"unknown status", `{"cve_id":"CVE-1","pkg":"a","res_ver":"1-1.ph4","status":"Novel"}`, `CVE-1: a: unknown status "Novel"`, `a affected [, 1-1.ph4) "Novel"`},
		{"no package", `{"cve_id":"CVE-1","res_ver":"1-1.ph4","status":"Fixed"}`, "no cve_id or pkg", ""},
		{"wrong type", `{"cve_id":1}`, "cannot unmarshal", ""},
		{"score", `{"cve_id":"CVE-1","pkg":"a","cve_score":11,"res_ver":"1-1.ph4","status":"Fixed"}`, "score 11", "a fixed [, 1-1.ph4)"},
	} {
		recs, bad, fatal := feedtest.Parse(photon.Feed(), strings.NewReader(`[`+tt.element+`,{"cve_id":"CVE-2","pkg":"b","res_ver":"1-1.ph4","status":"Fixed"}]`))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", tt.name, bad, fatal, tt.want)
		}
		if got := feedtest.Format(recs); !strings.Contains(got, tt.kept) || !strings.Contains(got, "b fixed") {
			t.Errorf("%s: lost:\n%s", tt.name, got)
		}
	}
	_, bad, fatal := feedtest.Parse(photon.Feed(), strings.NewReader(`[{"cve_id":"CVE-1","pkg":"a","res_ver":"NA","status":"Fixed"}]`))
	if len(bad) != 1 || fatal != nil || !strings.Contains(bad[0].Error(), "no version in the list names the release") {
		t.Errorf("no release: %v, %v", bad, fatal)
	}
}

// TestCorpus reads real data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, photon.Feed(), []feedtest.Sample{
		{Path: "photon/com.vmware.phsa-photon3.xml.zst", Records: 222},
		{Path: "photon/vunnel-fixtures/cve_data_photon1.0.json", Records: 3, CVEs: 2},
		{Path: "photon/vunnel-fixtures/cve_data_photon4.0.json", Records: 7, CVEs: 4},
	})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, photon.Feed(), "photon/vunnel-fixtures/cve_data_photon4.0.json", "list.golden", nil)
	feedtest.Golden(t, photon.Feed(), "photon/com.vmware.phsa-photon3.xml.zst", "oval.golden", func(r feed.Record) bool {
		return strings.HasSuffix(r.ID, "-0036")
	})
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, photon.Feed(), list, definitions) }

func ExampleFeed() {
	list := strings.NewReader(`[{"cve_id": "CVE-2023-38545", "pkg": "curl", "res_ver": "7.88.1-4.ph4", "status": "Fixed"}]`)
	for rec, err := range photon.Feed().Parse(list) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Photon OS", a.Key.Release, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2023-38545 curl in Photon OS 4.0 before 7.88.1-4.ph4
}
