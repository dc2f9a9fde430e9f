package oracle_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/oracle"
)

// doc wraps definitions. Oracle's criteria say in words what the tests say, which are left out here.
func doc(definitions string) string {
	return `<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><definitions>` + definitions + `</definitions></oval_definitions>`
}

// definition is an erratum with one CVE.
func definition(id, criteria string) string {
	return `<definition id="oval:com.oracle.elsa:def:1" class="patch"><metadata><title>
` + id + `:  x security update (IMPORTANT)
</title><reference source="elsa" ref_id="` + id + `" ref_url="https://errata.example"/><advisory><severity>IMPORTANT</severity><issued date="2021-06-26"/>
<cve cvss3="7.4/CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N">CVE-2021-3449</cve></advisory></metadata>` + criteria + `</definition>`
}

func both(arch, criteria string) string {
	return `<criteria operator="AND"><criterion comment="Oracle Linux arch is ` + arch + `"/><criteria operator="OR">` + criteria + `</criteria></criteria>`
}

func earlier(name, evr string) string {
	return `<criteria operator="AND"><criterion comment="` + name + ` is earlier than ` + evr + `"/><criterion comment="` + name +
		` is signed with the Oracle Linux 8 key"/></criteria>`
}

func on(release, criteria string) string {
	return `<criteria operator="AND"><criterion comment="Oracle Linux ` + release + ` is installed"/><criteria operator="OR">` + criteria + `</criteria></criteria>`
}

// TestDefinitions says what becomes of criteria.
func TestDefinitions(t *testing.T) {
	const severity = ` {oracle high IMPORTANT CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N} updates [ELSA-2021-1]`
	for _, tt := range []struct{ name, criteria, want string }{
		{"one package", on("8", earlier("a", "0:1-2.el8")), "rpm/ol/8/a fixed [, 0:1-2.el8)"},
		{"two releases", `<criteria operator="OR">` + on("8", earlier("a", "0:1-2.el8")) + on("7", earlier("a", "0:1-2.el7")) + `</criteria>`,
			"rpm/ol/7/a fixed [, 0:1-2.el7)|rpm/ol/8/a fixed [, 0:1-2.el8)"},
		{"same for all architectures", on("8", both("aarch64", earlier("a", "0:1-2"))+both("x86_64", earlier("a", "0:1-2"))), "rpm/ol/8/a fixed [, 0:1-2)"},
		{"built anew for one", on("8", both("aarch64", earlier("a", "0:1-4"))+both("x86_64", earlier("a", "0:1-1"))),
			"rpm/ol/8/aarch64/a fixed [, 0:1-4)|rpm/ol/8/x86_64/a fixed [, 0:1-1)"},
		{"ksplice", on("8", earlier("a", "2:1-1.ksplice1.el8")+earlier("a", "1:1-1.el8")),
			"rpm/ol/8/a fixed [, 1:1-1.el8)|rpm/ol/8/ksplice/a fixed [, 2:1-1.ksplice1.el8)"},
		{"fips", on("8", earlier("gnutls", "10:3.6.16-4.0.1.el8_fips")), "rpm/ol/8/fips/gnutls fixed [, 10:3.6.16-4.0.1.el8_fips)"},
		{"module", `<criteria operator="AND"><criterion comment="Oracle Linux 8 is installed"/><criterion comment="Module nodejs:12 is enabled"/>` +
			earlier("npm", "1:6-1.module+el8+1+2") + `</criteria>`, "rpm/ol/8/nodejs:12/npm fixed [, 1:6-1.module+el8+1+2)"},
		{"a line of kernels", on("7", earlier("kernel-uek", "0:5.4.17-2136.300.7.el7uek")+earlier("kernel-uek", "0:4.14.35-2047.el7uek")),
			"rpm/ol/7/kernel-uek fixed [0:4.14, 0:4.14.35-2047.el7uek) [0:5.4, 0:5.4.17-2136.300.7.el7uek)"},
	} {
		recs, bad, fatal := feedtest.Parse(oracle.Feed(), strings.NewReader(doc(definition("ELSA-2021-1", tt.criteria))))
		want := "ELSA-2021-1\n"
		for _, w := range strings.Split(tt.want, "|") {
			want += "  CVE-2021-3449 " + w + severity + "\n"
		}
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\ngot  %swant %s", tt.name, bad, fatal, got, want)
		}
	}
}

func TestBad(t *testing.T) {
	good := definition("ELSA-2021-9", on("8", earlier("a", "1-1")))
	for _, tt := range []struct{ name, definition, want string }{
		{"no erratum", definition("ELSA-2021:1", on("8", earlier("a", "1-1"))), "no erratum"},
		{"no criteria", definition("ELSA-2021-1", ""), "ELSA-2021-1: no packages"},
		{"no product", definition("ELSA-2021-1", earlier("a", "1-1")), "unknown product"},
		{"a leaf of another kind", definition("ELSA-2021-1", on("8", `<criterion comment="the moon is full"/>`)), `unknown criterion "the moon is full"`},
	} {
		recs, bad, fatal := feedtest.Parse(oracle.Feed(), strings.NewReader(doc(tt.definition+good)))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil || len(recs) == 0 || recs[len(recs)-1].ID != "ELSA-2021-9" {
			t.Errorf("%s: %v, %v, %v; want %q", tt.name, recs, bad, fatal, tt.want)
		}
	}
	feedtest.Damage(t, oracle.Feed(), doc(good+good), true)
	feedtest.Endless(t, oracle.Feed(), "<oval_definitions><definitions><definition><metadata><title>")
}

// TestCorpus reads real definitions. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, oracle.Feed(), []feedtest.Sample{
		{Path: "oracle/oval-bz2/ELSA-2007-0057.xml", Records: 1, CVEs: 2},
		{Path: "oracle/oval-bz2/all-positive-data.xml.bz2", Records: 14, CVEs: 31},
		{Path: "oracle/oval-bz2/elsa-2018-1196-1.xml.bz2", Records: 1, CVEs: 1},
		{Path: "oracle/oval-bz2/invalid-title-format.xml.bz2", Records: 2},
		{Path: "oracle/vunnel-fixtures/mock_data", Records: 2},
		{Path: "oracle/vunnel-fixtures/mock_ksplice_data", Records: 1, CVEs: 2},
		{Path: "oracle/vunnel-fixtures/mock_per_arch_data", Records: 3},
	})
	broken := feedtest.Read(t, "oracle/oval-bz2/broken-oval-data.xml.bz2") // tags do not match
	if recs, _, fatal := feedtest.Parse(oracle.Feed(), bytes.NewReader(broken)); fatal == nil || len(recs) != 0 {
		t.Errorf("a broken document: %d records, %v", len(recs), fatal)
	}
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, oracle.Feed(), "oracle/vunnel-fixtures/mock_ksplice_data", "ksplice.golden", nil)
	feedtest.Golden(t, oracle.Feed(), "oracle/vunnel-fixtures/mock_per_arch_data", "arch.golden", func(r feed.Record) bool {
		return r.ID != "ELSA-2025-10073"
	})
	feedtest.Golden(t, oracle.Feed(), "oracle/oval-bz2/all-positive-data.xml.bz2", "elsa.golden", func(r feed.Record) bool {
		return r.ID == "ELSA-2007-0057" || r.ID == "ELSA-2017-3516"
	})
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, oracle.Feed(), doc(definition("ELSA-2021-9", on("8", earlier("a", "1-1")))),
		doc(definition("ELSA-2021-1", on("8", both("aarch64", earlier("a", "0:1-4"))+both("x86_64", earlier("a", "0:1-1"))))))
}

func ExampleFeed() {
	definitions := strings.NewReader(`<oval_definitions><definitions><definition class="patch"><metadata>
		<title>ELSA-2007-0057: bind security update (MODERATE)</title>
		<advisory><severity>MODERATE</severity><cve>CVE-2007-0493</cve></advisory></metadata>
		<criteria operator="AND"><criterion comment="Oracle Linux 5 is installed"/>
		<criterion comment="bind-libs is earlier than 30:9.3.3-8.el5"/></criteria></definition></definitions></oval_definitions>`)
	for rec, err := range oracle.Feed().Parse(definitions) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Oracle Linux", a.Key.Release, "before", a.Ranges[0].Fixed, a.Updates[0])
		}
	}
	// Output:
	// CVE-2007-0493 bind-libs in Oracle Linux 5 before 30:9.3.3-8.el5 ELSA-2007-0057
}
