package suse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/suse"
)

func definitions(criteria string) string {
	return `<oval_definitions><definitions><definition class="vulnerability"><metadata><title>CVE-2021-29154</title>
	<reference ref_id="Mitre CVE-2021-29154" source="CVE"/><advisory><severity>Important</severity>
	<cve impact="important" cvss3="7/CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H">CVE-2021-29154</cve></advisory></metadata>` + criteria + `</definition></definitions>
	<tests>
	<rpminfo_test id="t:1"><object object_ref="o:1"/><state state_ref="s:1"/></rpminfo_test>
	<rpminfo_test id="t:2"><object object_ref="o:1"/><state state_ref="s:2"/></rpminfo_test>
	<rpminfo_test id="t:3"><object object_ref="o:1"/><state state_ref="s:3"/></rpminfo_test>
	<rpminfo_test id="t:0"><object object_ref="o:1"/><state state_ref="s:0"/></rpminfo_test>
	<rpminfo_test id="t:any"><object object_ref="o:1"/></rpminfo_test></tests>
	<objects><rpminfo_object id="o:1"><name>krb5</name></rpminfo_object></objects>
	<states><rpminfo_state id="s:1"><evr operation="less than">0:1.15.2-4.25</evr></rpminfo_state>
	<rpminfo_state id="s:2"><evr operation="less than">0:1.15.2-4.30</evr></rpminfo_state>
	<rpminfo_state id="s:3"><evr operation="less than">0:1.15.2-4.2.TDC.1</evr></rpminfo_state>
	<rpminfo_state id="s:0"><version operation="equals">0</version></rpminfo_state></states></oval_definitions>`
}

func on(product, test string) string {
	return `<criteria operator="AND"><criterion comment="` + product + ` is installed"/><criterion comment="krb5-1 is installed" test_ref="t:` + test + `"/></criteria>`
}

func either(criteria ...string) string {
	return `<criteria operator="OR">` + strings.Join(criteria, "") + `</criteria>`
}

const cvss = ` {suse high important CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H}`

func TestDefinitions(t *testing.T) {
	for _, tt := range []struct{ name, criteria, want string }{
		{"fixed", on("SUSE Linux Enterprise Server 15 SP1", "1"), "sles/15.1/krb5 fixed [, 0:1.15.2-4.25)"},
		{"the last fix counts", either(on("SUSE Linux Enterprise Server 15 SP1", "1"), on("SUSE Linux Enterprise Module for Basesystem 15 SP1", "2")),
			"sles/15.1/krb5 fixed [, 0:1.15.2-4.25) [, 0:1.15.2-4.30)"},
		{"with a contract only", either(on("SUSE Linux Enterprise Server 15 SP1-LTSS", "1"), on("SUSE Linux Enterprise Server for SAP Applications 15 SP1", "1")),
			`sles/15.1/krb5 fixed [, 0:1.15.2-4.25) "SUSE Linux Enterprise Server 15 SP1-LTSS, SUSE Linux Enterprise Server for SAP Applications 15 SP1"`},
		{"for Teradata", either(on("SUSE Linux Enterprise Server 12 SP3-LTSS", "1"), on("SUSE Linux Enterprise Server 12 SP3-TERADATA", "3")),
			`sles/12.3/krb5 fixed [, 0:1.15.2-4.25) "SUSE Linux Enterprise Server 12 SP3-LTSS"` + cvss +
				"\n  CVE-2021-29154 rpm/" + `sles/12.3/teradata/krb5 fixed [, 0:1.15.2-4.2.TDC.1) "SUSE Linux Enterprise Server 12 SP3-TERADATA"`},
		{"not affected", on("openSUSE Leap 15.3", "0"), "opensuse-leap/15.3/krb5 not-affected"},
		{"affected", on("openSUSE Tumbleweed", "any"), "opensuse-tumbleweed//krb5 affected"},
		{"affected in one product", either(on("SUSE Linux Enterprise Server 12 SP5", "1"), on("SUSE Linux Enterprise Server 12 SP5-LTSS", "any")), "sles/12.5/krb5 affected"},
		{"not affected in one product", either(on("SUSE Linux Enterprise Server 12 SP5", "1"), on("SUSE Linux Enterprise Server 12 SP5", "0")), "sles/12.5/krb5 fixed [, 0:1.15.2-4.25)"},
	} {
		recs, bad, fatal := feedtest.Parse(suse.Feed(), strings.NewReader(definitions(tt.criteria)))
		if got, want := feedtest.Format(recs), "CVE-2021-29154\n  CVE-2021-29154 rpm/"+tt.want+cvss+"\n"; got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\ngot  %swant %s", tt.name, bad, fatal, got, want)
		}
	}
	feedtest.Damage(t, suse.Feed(), definitions(on("openSUSE Leap 15.3", "1")), true)
	feedtest.Endless(t, suse.Feed(), "<oval_definitions><definitions><definition id='", "<cvrfdoc><DocumentTitle>")
}

// TestProducts says what SUSE's names of products stand for in os-release(5).
func TestProducts(t *testing.T) {
	for product, want := range map[string]string{
		"SUSE Linux Enterprise Server 11 SP4-LTSS":                      "sles/11.4",
		"SUSE Linux Enterprise Server 15":                               "sles/15",
		"SUSE Linux Enterprise Server 15-LTSS":                          "sles/15",
		"SUSE Linux Enterprise Server 15 SP1-BCL":                       "sles/15.1",
		"SUSE Linux Enterprise Server 16.0":                             "sles/16.0",
		"SUSE Linux Enterprise Server for SAP Applications 12 SP1":      "sles/12.1",
		"SUSE Linux Enterprise Desktop 12 SP3":                          "sled/12.3",
		"SUSE Linux Enterprise High Performance Computing 15 SP2":       "sle_hpc/15.2",
		"SUSE Linux Enterprise High Performance Computing 15 SP2-ESPOS": "sle_hpc/15.2",
		"SUSE Linux Enterprise Module for Basesystem 15 SP2":            "sles/15.2",
		"SUSE Linux Enterprise Module for Legacy Software 12":           "sles/12",
		"SUSE Linux Enterprise Module for Realtime packages 15 SP1":     "sles/15.1",
		"SUSE Linux Enterprise Workstation Extension 15 SP3":            "sles/15.3",
		"SUSE Linux Enterprise Software Development Kit 11 SP4":         "sles/11.4",
		"SUSE Linux Enterprise Real Time Extension 12 SP4":              "sles/12.4",
		"SUSE Linux Enterprise Point of Sale 11 SP3":                    "sles/11.3",
		"SUSE Linux Enterprise Micro 5.3":                               "sle-micro/5.3",
		"SUSE Linux Micro 6.0":                                          "sl-micro/6.0",
		"SUSE Manager Server 4.1":                                       "sles/suse-manager-server-4.1",
		"SUSE Linux Enterprise Storage 7":                               "sles/suse-linux-enterprise-storage-7",
		"openSUSE 13.1":                                                 "opensuse/13.1",
		"openSUSE Leap 42.3":                                            "opensuse-leap/42.3",
		"openSUSE Leap 15.0":                                            "opensuse-leap/15.0",
		"openSUSE Leap 15.5 NonFree":                                    "opensuse-leap/15.5",
		"openSUSE Tumbleweed":                                           "opensuse-tumbleweed/",
	} {
		recs, _, _ := feedtest.Parse(suse.Feed(), strings.NewReader(definitions(on(product, "1"))))
		if len(recs) != 1 || len(recs[0].Advisories) != 1 {
			t.Errorf("%s: %+v", product, recs)
			continue
		}
		if k := recs[0].Advisories[0].Key; k.Namespace+"/"+k.Release != want {
			t.Errorf("%s: %s/%s, want %s", product, k.Namespace, k.Release, want)
		}
	}
}

const update = `<?xml version="1.0"?><cvrfdoc xmlns="http://www.icasi.org/CVRF/schema/cvrf/1.1"><DocumentTitle>Security update for x</DocumentTitle>
	<DocumentTracking><Identification><ID>SUSE-SU-2019:1608-1</ID></Identification>
	<InitialReleaseDate>2019-06-21T08:27:12Z</InitialReleaseDate><CurrentReleaseDate>2019-06-22T08:27:12Z</CurrentReleaseDate></DocumentTracking>
	<ProductTree><Relationship ProductReference="libopenssl0_9_8-0.9.8j-106.12.1" RelatesToProductReference="SUSE Linux Enterprise Desktop 12 SP3">
	<FullProductName ProductID="a:b">x</FullProductName></Relationship></ProductTree>
	<Vulnerability><CVE>CVE-2019-1559</CVE><ProductStatuses><Status Type="Fixed"><ProductID>a:b</ProductID></Status></ProductStatuses>
	<Threats><Threat Type="Impact"><Description>moderate</Description></Threat></Threats>
	<CVSSScoreSets><ScoreSet><BaseScore>4.3</BaseScore><Vector>AV:N/AC:M/Au:N/C:P/I:N/A:N</Vector></ScoreSet></CVSSScoreSets></Vulnerability></cvrfdoc>`

func TestUpdates(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(suse.Feed(), strings.NewReader(update))
	want := `SUSE-SU-2019:1608-1 modified 2019-06-22T08:27:12Z
  CVE-2019-1559 rpm/sled/12.3/libopenssl0_9_8 fixed [, 0.9.8j-106.12.1) {suse medium moderate AV:N/AC:M/Au:N/C:P/I:N/A:N} updates [SUSE-SU-2019:1608-1]
`
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, suse.Feed(), update, true)
	for _, bad := range [][2]string{{"<ID>SUSE-SU-2019:1608-1</ID>", "without an ID"}, {"<CVE>CVE-2019-1559</CVE>", "without a CVE"},
		{`<FullProductName ProductID="a:b">x</FullProductName>`, `"a:b" is not a package`}, {"2019-06-21T08:27:12Z", "is not a time"}} {
		doc := strings.Replace(update, bad[0], strings.Repeat("<x>?</x>", 0), 1)
		if bad[1] == "is not a time" {
			doc = strings.Replace(update, bad[0], "soon", 1)
		}
		if _, errs, fatal := feedtest.Parse(suse.Feed(), strings.NewReader(doc)); len(errs) != 1 || !strings.Contains(errs[0].Error(), bad[1]) || fatal != nil {
			t.Errorf("without %s: %v, %v", bad[0], errs, fatal)
		}
	}
}

// TestCorpus reads real data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, suse.Feed(), []feedtest.Sample{
		{Path: "suse/oval/suse_truncated.xml", Records: 4},
		{Path: "suse/oval/vulnerablecode/org.opensuse.CVE-2008-5679.xml", Records: 1, CVEs: 1},
		{Path: "suse/oval/vulnerablecode/org.opensuse.CVE-2008-5679-modified-versions.xml", Records: 1, CVEs: 1},
		{Path: "suse/cvrf", Records: 11, CVEs: 58},
	})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, suse.Feed(), "suse/oval/suse_truncated.xml", "oval.golden", nil)
	feedtest.Golden(t, suse.Feed(), "suse/oval/vulnerablecode/org.opensuse.CVE-2008-5679.xml", "opensuse.golden", nil)
	feedtest.Golden(t, suse.Feed(), "suse/cvrf/cvrf-opensuse-su-2018-1633-1.xml", "cvrf.golden", nil)
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, suse.Feed(), definitions(either(on("openSUSE Leap 15.3", "1"), on("SUSE Linux Enterprise Server 15 SP1-LTSS", "0"))), update)
}

func ExampleFeed() {
	for rec, err := range suse.Feed().Parse(strings.NewReader(update)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in", a.Key.Namespace, a.Key.Release, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2019-1559 libopenssl0_9_8 in sled 12.3 before 0.9.8j-106.12.1
}
