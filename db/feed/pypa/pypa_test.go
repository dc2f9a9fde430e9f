package pypa_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/pypa"
)

const record = `id: PYSEC-2021-1
details: A flaw.
aliases: [CVE-2021-0001]
affected:
- package: {name: Some_Project, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: "1.2"
  versions: ["1.0", "1.1"]
modified: "2021-05-06T07:08:09Z"
`

const want = `PYSEC-2021-1 modified 2021-05-06T07:08:09Z
  PYSEC-2021-1 pypi///some-project affected [, 1.2) versions [1.0 1.1] aliases [CVE-2021-0001]
`

func TestParse(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(pypa.Feed(), strings.NewReader(record))
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, want)
	}
	for _, a := range recs[0].Advisories {
		if a.Feed != "pypa" {
			t.Errorf("of feed %q", a.Feed)
		}
	}
	feedtest.Endless(t, pypa.Feed(), "id: ")
}

func TestCorpus(t *testing.T) {
	// The other one of 2,662 files is the allocator of identifiers.
	feedtest.Corpus(t, pypa.Feed(), []feedtest.Sample{{Path: "osv/pypi-pysec.tar.zst", Records: 2661, Skipped: 1}})
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, pypa.Feed(), record) }

func ExampleFeed() {
	for rec, err := range pypa.Feed().Parse(strings.NewReader(record)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.Feed, a.ID, a.Key.Name, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// pypa PYSEC-2021-1 some-project before 1.2
}
