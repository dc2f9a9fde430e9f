package fedora_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/fedora"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher"
)

const page = `{"page":1,"pages":1,"total":2,"updates":[
	{"alias":"FEDORA-2022-8bd3bf5b40","type":"security","severity":"urgent","status":"stable","content_type":"rpm","title":"curl","release":{"id_prefix":"FEDORA","version":"36"},
	"date_stable":"2022-06-30 01:17:00","builds":[{"nvr":"curl-7.82.0-6.fc36","epoch":0}],"bugs":[{"title":"CVE-2022-32205 curl: x"},{"title":"CVE-2022-32205 [fedora]"}]},
	{"alias":"FEDORA-2022-2","type":"security","severity":"unspecified","status":"testing","release":{"id_prefix":"FEDORA","version":"36"},"builds":[{"nvr":"vim-8.2-1.fc36","epoch":2}]},
	{"alias":"FEDORA-2022-3","type":"bugfix","severity":"low","status":"stable","release":{"id_prefix":"FEDORA","version":"36"},"builds":[{"nvr":"a-1-1.fc36","epoch":0}]}]}`

func TestUpdates(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(fedora.Feed(), strings.NewReader(page))
	want := `FEDORA-2022-8bd3bf5b40 modified 2022-06-30T01:17:00Z
  CVE-2022-32205 rpm/fedora/36/curl fixed [, 0:7.82.0-6.fc36) {fedora critical urgent} updates [FEDORA-2022-8bd3bf5b40]
FEDORA-2022-2
  FEDORA-2022-2 rpm/fedora/36/vim affected [, 2:8.2-1.fc36) "testing" updates [FEDORA-2022-2]
FEDORA-2022-3
`
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, fedora.Feed(), page, true)
	for _, tt := range [][3]string{
		{`"alias":"FEDORA-2022-3",`, "", "without an alias"}, {`"nvr":"vim-8.2-1.fc36"`, `"nvr":"vim"`, `"vim" is not a package`}, {`"urgent"`, `"dire"`, `unknown severity "dire"`},
		{"2022-06-30 01:17:00", "soon", "not a time"}, {`"version":"36"},"builds":[{"nvr":"vim`, `"version":""},"builds":[{"nvr":"vim`, "no release"},
	} {
		_, bad, fatal := feedtest.Parse(fedora.Feed(), strings.NewReader(strings.ReplaceAll(page, tt[0], tt[1])))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), tt[2]) || fatal != nil {
			t.Errorf("without %s: %v, %v", tt[0], bad, fatal)
		}
	}
	if _, _, fatal := feedtest.Parse(fedora.Feed(), strings.NewReader("{}")); fatal == nil {
		t.Error("no list of updates is accepted")
	}
}

// TestEPEL files the minor releases of EPEL under the major one, and finds them in Bodhi's list.
func TestEPEL(t *testing.T) {
	record := string(feedtest.Read(t, "records/fedora/api/EPEL-10.0/2025/FEDORA-EPEL-2025-0d08cf47ee.json"))
	recs, bad, fatal := feedtest.Parse(fedora.Feed(), strings.NewReader(`{"updates":[`+record+`]}`))
	const want = `FEDORA-EPEL-2025-0d08cf47ee modified 2025-06-15T00:33:52Z
  CVE-2011-10007 rpm/epel/10/perl-File-Find-Rule fixed [, 0:0.35-1.el10_0) {fedora medium medium} updates [FEDORA-EPEL-2025-0d08cf47ee]
`
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/releases/") {
			io.WriteString(w, `{"pages":1,"releases":[{"name":"F44","id_prefix":"FEDORA","version":"44","state":"current"},
				{"name":"EPEL-9","id_prefix":"FEDORA-EPEL","version":"9","state":"current"},{"name":"EPEL-9N","id_prefix":"FEDORA-EPEL-NEXT","version":"9","state":"current"},
				{"name":"EPEL-10.3","id_prefix":"FEDORA-EPEL","version":"10.3","state":"current"},{"name":"EPEL-10.2","id_prefix":"FEDORA-EPEL","version":"10.2","state":"current"},
				{"name":"EPEL-10.0","id_prefix":"FEDORA-EPEL","version":"10.0","state":"archived"}]}`)
			return
		}
		asked = append(asked, r.FormValue("releases"))
		http.NotFound(w, r)
	}))
	defer server.Close()
	r, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{fedora.Feed()}, feed.UpdateOptions{Mirror: server.URL, Parallel: 1, For: []matcher.Key{{Type: "rpm", Namespace: "epel", Release: "10"}}})
	if err == nil || len(r.Datasets) != 1 || r.Datasets[0].Dataset != "fedora/epel-10" || strings.Join(asked, " ") != "EPEL-10.2,EPEL-10.3" {
		t.Errorf("%+v, %v, asked for %q", r, err, asked)
	}
}

// TestCorpus reads a real page. The count was made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, fedora.Feed(), []feedtest.Sample{{Path: "fedora/bodhi-F36-updates.json.1.zst", Records: 100}})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, fedora.Feed(), "fedora/bodhi-F36-updates.json.1.zst", "bodhi.golden", func(r feed.Record) bool {
		return r.ID == "FEDORA-2022-8bd3bf5b40" || r.ID == "FEDORA-2022-0142d562ca" || r.ID == "FEDORA-2022-719f3ec21b"
	})
}

// TestFetch gets two pages, and then what was pushed since. The updates before stay, though they are about the same CVE.
func TestFetch(t *testing.T) {
	update := func(alias, pkg, pushed string) string {
		return fmt.Sprintf(`{"alias":%q,"type":"security","status":"stable","content_type":"rpm","title":"CVE-2022-1000","release":{"id_prefix":"FEDORA","version":"36"},
			"date_pushed":%q,"builds":[{"nvr":"%s-1-1.fc36","epoch":0}]}`, alias, pushed, pkg)
	}
	list := func(pages int, updates ...string) string {
		return fmt.Sprintf(`{"pages":%d,"total":%d,"updates":[%s]}`, pages, len(updates), strings.Join(updates, ","))
	}
	const form = "2006-01-02 15:04:05"
	now := time.Now().UTC()
	first, second := now.AddDate(0, 0, -3).Format(form), now.AddDate(0, 0, -2).Format(form)
	answers := map[string]string{
		" 1": list(2, update("A", "a", first)), " 2": list(2, update("B", "a", first)),
		first + " 1": list(1, update("A", "a", first), update("B", "a", first)),
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.FormValue("pushed_since") + " " + r.FormValue("page")
		asked = append(asked, key)
		io.WriteString(w, answers[key])
	}))
	defer server.Close()
	f := fedora.Feed()
	f.Datasets, f.Discover = f.Datasets[:1], nil
	f.Datasets[0].URLs, f.Datasets[0].Covers[0].Release = []string{server.URL + "/updates/?releases=F36"}, "36"
	file := filepath.Join(t.TempDir(), "a.db")
	step := func(want, asks, advisories string) {
		t.Helper()
		asked = nil
		rep, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Now: now, MayShrink: true})
		if err != nil || feedtest.State(&rep.Datasets[0]) != want || strings.Join(asked, ", ") != asks {
			t.Errorf("%+v, %v, asked for %q; want %v, %q", rep, err, asked, want, asks)
		}
		d, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		updates := ""
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			updates += a.Key.Name + ": " + strings.Join(a.Updates, "; ") + " "
		}
		if updates != advisories {
			t.Errorf("%q, want %q", updates, advisories)
		}
	}
	step("renewed", " 1,  2", "a: A; B ")
	step("unchanged", first+" 1", "a: A; B ")
	answers[first+" 1"] = list(1, update("C", "c", second), update("A", "a", first), update("B", "a", first))
	answers[second+" 1"] = list(1, update("C", "c", second))
	step("renewed", first+" 1", "a: A; B c: C ")
	step("unchanged", second+" 1", "a: A; B c: C ")
	now = now.AddDate(0, 0, 31)
	step("renewed", " 1,  2", "a: A; B ")
}

func FuzzParse(f *testing.F) { feedtest.Fuzz(f, fedora.Feed(), page) }

func ExampleFeed() {
	for rec, err := range fedora.Feed().Parse(strings.NewReader(page)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Fedora", a.Key.Release, "before", a.Ranges[0].Fixed, fmt.Sprintf("%s %q", a.Updates[0], a.Reason))
		}
	}
	// Output:
	// CVE-2022-32205 curl in Fedora 36 before 0:7.82.0-6.fc36 FEDORA-2022-8bd3bf5b40 ""
	// FEDORA-2022-2 vim in Fedora 36 before 2:8.2-1.fc36 FEDORA-2022-2 "testing"
}
