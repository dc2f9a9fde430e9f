package table

import (
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

func TestWriteAdvisories(t *testing.T) {
	var got strings.Builder
	err := WriteAdvisories(&got, []matcher.Advisory{
		{
			ID: "CVE-1", Feed: "debian", Status: matcher.Fixed, Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "bash"},
			Ranges: []matcher.Range{{Introduced: "0", Fixed: "2"}}, Reason: "no-dsa\x1b", Updates: []string{"DSA-1-1", "DSA-2-1"},
		},
		{
			ID: "EX-1", Feed: "osv", Status: matcher.Affected, Kind: matcher.Malware, Key: matcher.Key{Type: "npm", Name: "a"}, Summary: "a summary",
			Ranges:     []matcher.Range{{Introduced: "1", LastAffected: "3"}, {}},
			Versions:   []string{"7", "8"},
			Severities: []matcher.Severity{{Source: "a", Level: matcher.Low}, {Source: "b", Level: matcher.High}},
		},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `ID     PACKAGE   RELEASE  STATUS         FIXED BY          AFFECTED                    SEVERITY  FEED    SUMMARY
CVE-1  deb bash  12       fix available  DSA-1-1, DSA-2-1  < 2                                   debian  no-dsa\x1b
EX-1   npm a              malware                          >= 1 <= 3, all, 2 versions  high      osv     a summary
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestWriteEnrichments(t *testing.T) {
	var got strings.Builder
	err := WriteEnrichments(&got, map[string]matcher.Enrichment{
		"EDB-7":      {Exploits: []string{"EDB-7"}, Aliases: []string{"OSVDB-1"}, Title: "x\x1b"},
		"CVE-2003-1": {Aliases: []string{"BID-8732"}, Exploited: time.Date(2021, 11, 3, 0, 0, 0, 0, time.UTC)},
	}, Options{})
	want := `ID          EXPLOITED         EXPLOITS  ALSO KNOWN AS  TITLE
CVE-2003-1  since 2021-11-03            BID-8732
EDB-7                         EDB-7     OSVDB-1        x\x1b
`
	if got.String() != want || err != nil {
		t.Errorf("got\n%s\nwant\n%s%v", got.String(), want, err)
	}
	if err := WriteEnrichments(&got, nil, Options{}); err != nil || got.String() != want {
		t.Errorf("nothing: %v %s", err, got.String())
	}
}
