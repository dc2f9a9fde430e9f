package epss_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/epss"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

const scores = `#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z
cve,epss,percentile
CVE-1999-0001,0.01151,0.7802
CVE-2025-9970,7e-05,0.00428
`

const want = `CVE-1999-0001 modified 2025-08-25T12:55:00Z
  enrichment CVE-1999-0001 probability 0.01151 percentile 0.7802
CVE-2025-9970 modified 2025-08-25T12:55:00Z
  enrichment CVE-2025-9970 probability 7e-05 percentile 0.00428
`

func TestParse(t *testing.T) {
	for _, doc := range []string{
		scores,
		strings.Replace(scores, "Z\n", "+0000\n", 1),
		strings.Replace(scores, "cve,epss,percentile", "percentile,cve,epss", 1),
		scores[strings.Index(scores, "cve"):],
		strings.Replace(scores, ",score_date:2025-08-25T12:55:00Z", "", 1),
	} {
		recs, bad, fatal := feedtest.Parse(epss.Feed(), strings.NewReader(doc))
		if strings.Contains(doc, "percentile,cve") {
			if len(bad) != 2 {
				t.Errorf("columns by their names: %v", bad)
			}
			continue
		}
		want := want
		if !strings.Contains(doc, "score_date") {
			want = strings.ReplaceAll(want, " modified 2025-08-25T12:55:00Z", "")
		}
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, want)
		}
	}
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, epss.Feed(), []feedtest.Sample{
		{Path: "epss/claircore-data.csv", Records: 29},
		{Path: "epss/epss_scores-2025-x-x.csv", Records: 27},
		{Path: "epss/vunnel/example-1.csv", Records: 5},
		{Path: "epss/vunnel/missing-date.csv", Records: 5},
	})
	if _, _, err := feedtest.Parse(epss.Feed(), strings.NewReader(string(feedtest.Read(t, "epss/vunnel/invalid-header.csv")))); err == nil || !strings.Contains(err.Error(), `no column "cve"`) {
		t.Errorf("got %v", err)
	}
}

func TestBad(t *testing.T) {
	for _, tt := range [][2]string{
		{"7e-05,", "NaN,"}, {"7e-05,", "2,"}, {"0.00428", "-1"}, {"0.00428", ""}, {"CVE-2025-9970", "x"}, {"0.00428", "0.1,more"},
	} {
		recs, bad, fatal := feedtest.Parse(epss.Feed(), strings.NewReader(strings.Replace(scores, tt[0], tt[1], 1)))
		if len(bad) != 1 || fatal != nil || len(recs) != 2 || len(recs[1].Enrichments) > 0 || !strings.Contains(bad[0].Error(), "line 4") {
			t.Errorf("%v: %v, %v, %v", tt, recs, bad, fatal)
		}
	}
	for _, doc := range []string{"", "#model", "#score_date:now\ncve,epss,percentile\n", "#" + strings.Repeat("x", 5000), "cve,epss\n", "#x\n"} {
		if _, _, fatal := feedtest.Parse(epss.Feed(), strings.NewReader(doc)); fatal == nil {
			t.Errorf("%.20q is accepted", doc)
		}
	}
	feedtest.Damage(t, epss.Feed(), scores, false)
	feedtest.Endless(t, epss.Feed(), "#", "cve,epss,percentile\n\"")
}

// Where there are no current scores, those of the last day are taken.
func TestFetch(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if !strings.HasSuffix(r.URL.Path, "-2025-08-25.csv.gz") {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(scores))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "a.db")
	o := feed.UpdateOptions{Mirror: server.URL, Now: time.Date(2025, 8, 27, 0, 0, 0, 0, time.UTC)}
	for _, want := range []string{"renewed", "unchanged"} {
		r, err := feed.Update(t.Context(), file, []feed.Feed{epss.Feed()}, o)
		if err != nil || feedtest.State(&r.Datasets[0]) != want || want == "renewed" && r.Datasets[0].Records != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if len(asked) != 4+3 {
		t.Errorf("asked for %q", asked)
	}
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, epss.Feed(), scores) }

func ExampleFeed() {
	for rec, err := range epss.Feed().Parse(strings.NewReader(scores)) {
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(rec.ID, rec.Enrichments[rec.ID].EPSS, rec.Enrichments[rec.ID].Percentile)
	}
	// Output:
	// CVE-1999-0001 0.01151 0.7802
	// CVE-2025-9970 7e-05 0.00428
}
