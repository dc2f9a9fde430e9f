package azurelinux_test

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/azurelinux"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

func definition(publisher, patchable, criteria string) string {
	return `<oval_definitions><definitions><definition class="vulnerability" id="oval:com.microsoft.` + publisher + `:def:1"><metadata>
		<title>A title</title><reference ref_id="CVE-2023-29404" ref_url="https://cve.example" source="CVE"/><patchable>` + patchable + `</patchable>
		<advisory_date>2023-05-03T16:24:32Z</advisory_date><severity>Critical</severity><description>Text. No patch is available currently.</description>
		</metadata><criteria operator="AND">` + criteria + `</criteria></definition></definitions></oval_definitions>`
}

const (
	earlier = `<criterion comment="Package golang is earlier than 1.20.7-1, affected by CVE-2023-29404"/>`
	greater = `<criterion comment="Package golang is greater than 1.19.0, affected by CVE-2023-29404"/>`
	upTo    = `<criterion comment="Package golang is installed with version 1.20.6-2 or earlier"/>`
)

func TestDefinitions(t *testing.T) {
	for _, tt := range []struct{ name, document, doc, want string }{
		{"fixed", "azurelinux-3.0-oval.xml", definition("azurelinux", "true", earlier), "azurelinux/3/golang fixed [, 1.20.7-1)"},
		{"no name", "", definition("azurelinux", "true", earlier), "azurelinux/3/golang fixed [, 1.20.7-1)"},
		{"from, to", "cbl-mariner-2.0-oval.xml", definition("cbl-mariner", "true", earlier+greater), "mariner/2/golang fixed [1.19.0, 1.20.7-1)"},
		{"no fix", "x/cbl-mariner-1.0-oval.xml", definition("cbl-mariner", "false", upTo), `mariner/1/golang affected [, 1.20.6-2] "No patch is available currently."`},
		{"not applicable", "cbl-mariner-2.0-oval.xml", definition("cbl-mariner", "Not Applicable", upTo), "mariner/2/golang not-affected"},
		{"by its version", "", definition("cbl-mariner", "true", strings.Replace(earlier, "1.20.7-1", "1.20.7-1.cm1", 1)), "mariner/1/golang fixed [, 1.20.7-1.cm1)"},
	} {
		recs, bad, fatal := feedtest.Parse(azurelinux.Feed(), feedtest.Named(strings.NewReader(tt.doc), tt.document))
		want := "CVE-2023-29404 modified 2023-05-03T16:24:32Z\n  CVE-2023-29404 rpm/" + tt.want + " {azurelinux critical Critical}\n"
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s", tt.name, bad, fatal, got)
		}
		feedtest.Damage(t, azurelinux.Feed(), definition("azurelinux", "true", earlier), true)
	}
	_, bad, fatal := feedtest.Parse(azurelinux.Feed(), strings.NewReader(definition("cbl-mariner", "true", earlier)))
	if len(bad) != 1 || fatal != nil || !strings.Contains(bad[0].Error(), "no release") {
		t.Errorf("no release: %v, %v", bad, fatal)
	}
}

// TestCorpus reads real data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, azurelinux.Feed(), []feedtest.Sample{
		{Path: "azure/azurelinux-3.0-oval.xml.zst", Records: 1222},
		{Path: "azure/vunnel-fixtures", Records: 8},
	})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, azurelinux.Feed(), "azure/vunnel-fixtures/azure-linux-truncated-3.0-oval.xml", "azurelinux.golden", nil)
	feedtest.Golden(t, named("cbl-mariner-2.0-oval.xml"), "azure/vunnel-fixtures/mariner-truncated-2.0-oval.xml", "mariner.golden", nil)
}

// named returns the feed for documents with a name.
func named(name string) feed.Feed {
	f := azurelinux.Feed()
	parse := f.Parse
	f.Parse = func(r io.Reader) iter.Seq2[feed.Record, error] { return parse(feedtest.Named(r, name)) }
	return f
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, named("cbl-mariner-2.0-oval.xml"), definition("azurelinux", "true", earlier+greater), definition("cbl-mariner", "Not Applicable", upTo))
}

func ExampleFeed() {
	document := feedtest.Named(strings.NewReader(definition("cbl-mariner", "true", earlier)), "cbl-mariner-2.0-oval.xml")
	for rec, err := range azurelinux.Feed().Parse(document) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in", a.Key.Namespace, a.Key.Release, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2023-29404 golang in mariner 2 before 1.20.7-1
}
