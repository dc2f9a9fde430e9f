package table

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher"
)

func TestWriteAdvisories(t *testing.T) {
	var got strings.Builder
	err := WriteAdvisories(&got, []matcher.Advisory{
		{
			ID: "CVE-1", Feed: "debian", Status: matcher.Fixed, Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "bash"},
			Ranges: []matcher.Range{{Introduced: "0", Fixed: "2"}}, Reason: "no-dsa\x1b",
		},
		{
			ID: "EX-1", Feed: "osv", Status: matcher.Affected, Key: matcher.Key{Type: "npm", Name: "a"}, Summary: "a summary",
			Ranges:     []matcher.Range{{Introduced: "1", LastAffected: "3"}, {}},
			Versions:   []string{"7", "8"},
			Severities: []matcher.Severity{{Source: "a", Level: matcher.Low}, {Source: "b", Level: matcher.High}},
		},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `ID     RELEASE  STATUS    AFFECTED                    SEVERITY  FEED    SUMMARY
CVE-1  12       fixed     < 2                                   debian  no-dsa\x1b
EX-1            affected  >= 1 <= 3, all, 2 versions  high      osv     a summary
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
