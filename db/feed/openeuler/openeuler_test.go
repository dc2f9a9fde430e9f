package openeuler_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/openeuler"
)

const doc = `<cvrfdoc><DocumentTitle>An update for sane</DocumentTitle>
	<DocumentTracking><Identification><ID>openEuler-SA-2021-1033</ID></Identification>
	<InitialReleaseDate>2021-02-05</InitialReleaseDate><CurrentReleaseDate>2021-02-05</CurrentReleaseDate></DocumentTracking>
	<ProductTree><Branch Type="Product Name" Name="openEuler">
	<FullProductName ProductID="openEuler-20.03-LTS" CPE="cpe:/a:openEuler:openEuler:20.03-LTS">openEuler-20.03-LTS</FullProductName>
	<FullProductName ProductID="openEuler-20.03-LTS-SP1" CPE="cpe:/a:openEuler:openEuler:20.03-LTS-SP1">openEuler-20.03-LTS-SP1</FullProductName></Branch>
	<Branch Type="Package Arch" Name="aarch64">
	<FullProductName ProductID="sane-1.0.28-9" CPE="cpe:/a:openEuler:openEuler:20.03-LTS">sane-1.0.28-9.oe1.aarch64.rpm</FullProductName>
	<FullProductName ProductID="sane-1.0.28-11" CPE="cpe:/a:openEuler:openEuler:20.03-LTS-SP1">sane-1.0.28-11.oe1.aarch64.rpm</FullProductName></Branch>
	</ProductTree>
	<Vulnerability><CVE>CVE-2020-12867</CVE><ProductStatuses><Status Type="Fixed"><ProductID>openEuler-20.03-LTS</ProductID>
	<ProductID>openEuler-20.03-LTS-SP1</ProductID></Status></ProductStatuses>
	<Threats><Threat Type="Impact"><Description>Medium</Description></Threat></Threats>
	<CVSSScoreSets><ScoreSet><BaseScore>5.5</BaseScore><Vector>AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H</Vector></ScoreSet></CVSSScoreSets></Vulnerability></cvrfdoc>`

func TestDocument(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(openeuler.Feed(), strings.NewReader(doc))
	want := `openEuler-SA-2021-1033 modified 2021-02-05T00:00:00Z
  CVE-2020-12867 rpm/openEuler/20.03/sane fixed [, 1.0.28-9.oe1) [, 1.0.28-11.oe1) {openeuler medium Medium CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H} updates [openEuler-SA-2021-1033]
`
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, openeuler.Feed(), doc, true)
	for _, tt := range []struct{ old, new, want string }{
		{"<CVE>CVE-2020-12867</CVE>", "", "without a CVE"},
		{"<ID>openEuler-SA-2021-1033</ID>", "", "without an ID"},
		{"sane-1.0.28-9.oe1.aarch64.rpm", "sane", `"sane" is not a package`},
		{`<Status Type="Fixed">`, `<Status Type="Novel">`, "no fixed package"},
		{"Medium", "Novel", `unknown severity "Novel"`},
	} {
		_, bad, fatal := feedtest.Parse(openeuler.Feed(), strings.NewReader(strings.ReplaceAll(doc, tt.old, tt.new)))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("without %s: %v, %v", tt.old, bad, fatal)
		}
	}
}

// TestCorpus reads real documents. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, openeuler.Feed(), []feedtest.Sample{{Path: "openeuler", Records: 4, CVEs: 13}})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, openeuler.Feed(), "openeuler/cvrf-openEuler-SA-2022-1693.xml", "openeuler.golden", nil)
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, openeuler.Feed(), doc) }

func ExampleFeed() {
	for rec, err := range openeuler.Feed().Parse(strings.NewReader(doc)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in openEuler", a.Key.Release, "before", a.Ranges[1].Fixed, a.Updates[0])
		}
	}
	// Output:
	// CVE-2020-12867 sane in openEuler 20.03 before 1.0.28-11.oe1 openEuler-SA-2021-1033
}
