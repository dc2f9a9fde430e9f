package kev_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/kev"
)

const catalogue = `{"title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2025.08.25",
	"dateReleased": "2025-08-25T17:04:19.9796Z", "count": 2, "vulnerabilities": [
	{"cveID": "CVE-2025-48384", "product": "Git", "dateAdded": "2025-08-25", "knownRansomwareCampaignUse": "Unknown", "cwes": ["CWE-59", "CWE-436"]},
	{"cveID": "CVE-2021-38647", "product": "OMI", "dateAdded": "2021-11-03", "knownRansomwareCampaignUse": "Known", "cwes": []}]}`

const table = `"cveID","vendorProject","dateAdded","knownRansomwareCampaignUse","cwes"
CVE-2025-48384,Git,2025-08-25,Unknown,"CWE-59, CWE-436"
CVE-2021-38647,"Microsoft
Corporation",2021-11-03,Known,
`

const want = `CVE-2025-48384 modified 2025-08-25T00:00:00Z
  enrichment CVE-2025-48384 exploited since 2025-08-25 [CWE-59 CWE-436]
CVE-2021-38647 modified 2021-11-03T00:00:00Z
  enrichment CVE-2021-38647 exploited since 2021-11-03 for ransomware
`

func TestParse(t *testing.T) {
	for _, doc := range []string{catalogue, table} {
		recs, bad, fatal := feedtest.Parse(kev.Feed(), strings.NewReader(doc))
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, want)
		}
	}
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, kev.Feed(), []feedtest.Sample{
		{Path: "kev/known_exploited_vulnerabilities.json", Records: 1404},
		{Path: "kev/known_exploited_vulnerabilities.csv", Records: 1404},
		{Path: "kev/vulnerablecode-kev_data.json", Records: 1},
	})
	recs, _, err := feedtest.Parse(kev.Feed(), strings.NewReader(string(feedtest.Read(t, "kev/known_exploited_vulnerabilities.json"))))
	byTable, _, err2 := feedtest.Parse(kev.Feed(), strings.NewReader(string(feedtest.Read(t, "kev/known_exploited_vulnerabilities.csv"))))
	if err != nil || err2 != nil || feedtest.Format(recs) != feedtest.Format(byTable) {
		t.Errorf("JSON and CSV differ: %v, %v", err, err2)
	}
}

func TestBad(t *testing.T) {
	for doc, want := range map[string]string{
		strings.Replace(catalogue, `"Known"`, `"Perhaps"`, 1):                        `CVE-2021-38647: unknown knownRansomwareCampaignUse "Perhaps"`,
		strings.Replace(catalogue, "2021-11-03", "yesterday", 1):                     `CVE-2021-38647: dateAdded "yesterday"`,
		strings.Replace(catalogue, "CVE-2021-38647", "2021-38647", 1):                `2021-38647: "2021-38647" is not a CVE identifier`,
		strings.Replace(catalogue, `"cwes": []`, `"cwes": 3`, 1):                     "cannot unmarshal",
		strings.Replace(table, "Known,\n", "Known,\nCVE-2020-1234,,2020-01-02\n", 1): "CVE-2020-1234: record on line 5: wrong number of fields",
		strings.Replace(catalogue, `{"cveID": "CVE-2021`, `[], {"c":"`, 1):           "cannot unmarshal array",
	} {
		recs, bad, _ := feedtest.Parse(kev.Feed(), strings.NewReader(doc))
		if len(bad) == 0 || !strings.Contains(bad[0].Error(), want) || recs[0].ID != "CVE-2025-48384" {
			t.Errorf("%v, want %q", bad, want)
		}
	}
	for doc, want := range map[string]string{
		strings.Replace(catalogue, `"count": 2`, `"count": 3`, 1): "2 entries in a catalogue that states 3",
		`{}`:            `no "vulnerabilities"`,
		`[]`:            "instead of an object",
		catalogue + "x": "invalid character",
		"":              "unexpected EOF",
		"cveID,x\n":     `no column "dateAdded"`,
	} {
		if _, _, fatal := feedtest.Parse(kev.Feed(), strings.NewReader(doc)); fatal == nil || !strings.Contains(fatal.Error(), want) {
			t.Errorf("%.40q: %v, want %q", doc, fatal, want)
		}
	}
	feedtest.Damage(t, kev.Feed(), catalogue, true)
	feedtest.Damage(t, kev.Feed(), table, false)
	feedtest.Endless(t, kev.Feed(), `{"x": "`, `{"vulnerabilities": [{"cveID": "`, `cveID,dateAdded`+"\n")
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, kev.Feed(), catalogue, table) }

func ExampleFeed() {
	for rec, err := range kev.Feed().Parse(strings.NewReader(catalogue)) {
		if err != nil {
			fmt.Println(err)
		}
		for cve, t := range rec.Enrichments {
			fmt.Println(cve, t.Exploited.Format("2006-01-02"), t.Ransomware, t.Weaknesses)
		}
	}
	// Output:
	// CVE-2025-48384 2025-08-25 false [CWE-59 CWE-436]
	// CVE-2021-38647 2021-11-03 true []
}
