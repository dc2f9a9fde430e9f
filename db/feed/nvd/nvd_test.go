package nvd_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/nvd"
)

// entry is an element of "vulnerabilities" with a version that is fixed.
func entry(id, fixed string) string {
	return fmt.Sprintf(`{"cve": {"id": %q, "vulnStatus": "Analyzed", "published": "2023-09-12T15:15:24.327", "lastModified": "2023-10-18T18:00:24.900",
	"descriptions": [{"lang": "es", "value": "No"}, {"lang": "en", "value": "Heap buffer\n overflow"}],
	"metrics": {"cvssMetricV31": [
		{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "baseScore": 8.8, "baseSeverity": "HIGH"}},
		{"source": "security@example.org", "type": "Secondary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "baseScore": 7.5, "baseSeverity": "HIGH"}}]},
	"weaknesses": [{"description": [{"lang": "en", "value": "CWE-787"}]}, {"description": [{"lang": "en", "value": "NVD-CWE-noinfo"}]}],
	"configurations": [
		{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
			{"vulnerable": true, "criteria": "cpe:2.3:a:google:chrome:*:*:*:*:*:*:*:*", "versionEndExcluding": %q},
			{"vulnerable": true, "criteria": "cpe:2.3:a:webm:libwebp:1\\.2:rc1:*:*:*:*:*:*"},
			{"vulnerable": true, "criteria": "cpe:2.3:a:x:plugin:*:*:*:*:*:wordpress:*:*", "versionStartIncluding": "1", "versionEndIncluding": "2"}]}]},
		{"operator": "AND", "nodes": [
			{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:mozilla:firefox:*:*:*:*:*:*:*:*", "versionStartExcluding": "100", "versionEndExcluding": "117"}]},
			{"operator": "OR", "cpeMatch": [{"vulnerable": false, "criteria": "cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*"}]}]}]}}`, id, fixed)
}

const rejected = `{"cve": {"id": "CVE-2023-9999", "vulnStatus": "Rejected", "lastModified": "2023-10-18T18:00:24.900"}}`

func page(start, total int, entries ...string) string {
	return fmt.Sprintf(`{"resultsPerPage": %d, "startIndex": %d, "totalResults": %d, "format": "NVD_CVE", "version": "2.0", "vulnerabilities": [%s]}`,
		len(entries), start, total, strings.Join(entries, ","))
}

const old = `{"CVE_data_type": "CVE", "CVE_data_numberOfCVEs": "2", "CVE_Items": [
	{"cve": {"CVE_data_meta": {"ID": "CVE-2003-0001"}, "problemtype": {"problemtype_data": [{"description": [{"lang": "en", "value": "CWE-200"}]}]},
		"description": {"description_data": [{"lang": "en", "value": "Leak"}]}},
	 "configurations": {"nodes": [
		{"operator": "OR", "children": [], "cpe_match": [{"vulnerable": true, "cpe23Uri": "cpe:2.3:o:linux:linux_kernel:2.4.1:*:*:*:*:*:*:*"}]},
		{"operator": "AND", "cpe_match": [], "children": [
			{"operator": "OR", "cpe_match": [{"vulnerable": true, "cpe23Uri": "cpe:2.3:o:x:firmware:*:*:*:*:*:*:*:*"}]},
			{"operator": "OR", "cpe_match": [{"vulnerable": false, "cpe23Uri": "cpe:2.3:h:x:router:-:*:*:*:*:*:*:*"}]}]}]},
	 "impact": {"baseMetricV2": {"cvssV2": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:N/A:N", "baseScore": 5.0}, "severity": "MEDIUM"}},
	 "publishedDate": "2003-01-17T05:00Z", "lastModifiedDate": "2019-04-30T14:27Z"},
	{"cve": {"CVE_data_meta": {"ID": "CVE-2003-9999"}, "description": {"description_data": [{"lang": "en", "value": "** REJECT ** No."}]}}}]}`

func TestParse(t *testing.T) {
	for _, tt := range []struct{ doc, want string }{
		{page(0, 2, entry("CVE-2023-4863", "116.0"), rejected), `CVE-2023-4863 modified 2023-10-18T18:00:24Z
  CVE-2023-4863 cpe/google//chrome affected [, 116.0)
  CVE-2023-4863 cpe/webm//libwebp affected versions [1.2-rc1]
  CVE-2023-4863 cpe/x//plugin affected [1, 2] "for wordpress"
  CVE-2023-4863 cpe/mozilla//firefox affected [100, 117) "with microsoft windows"
  enrichment CVE-2023-4863 {nvd high HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H 8.8} {security@example.org high HIGH CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H 7.5} [CWE-787]
CVE-2023-9999 withdrawn modified 2023-10-18T18:00:24Z
`},
		{old, `CVE-2003-0001 modified 2019-04-30T14:27:00Z
  CVE-2003-0001 cpe/linux//linux_kernel affected versions [2.4.1]
  CVE-2003-0001 cpe/x//firmware affected "with x router"
  enrichment CVE-2003-0001 {nvd medium MEDIUM AV:N/AC:L/Au:N/C:P/I:N/A:N 5} [CWE-200]
CVE-2003-9999 withdrawn
`},
		{`{"resultsPerPage": 0, "startIndex": 0, "totalResults": 0}`, ""},
		{rejected, "CVE-2023-9999 withdrawn modified 2023-10-18T18:00:24Z\n"},
	} {
		recs, bad, fatal := feedtest.Parse(nvd.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || len(bad) > 0 || fatal != nil {
			t.Errorf("got\n%s%v %v, want\n%s", got, bad, fatal, tt.want)
		}
	}
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, nvd.Feed(), []feedtest.Sample{
		{Path: "nvd/feed-1.1/nvdcve-1.1-2003.json.gz", Records: 1553},
		{Path: "nvd/feed-1.1/nvdcve-1.1-recent.json.gz", Records: 762},
		{Path: "nvd/feed-1.1/osv.dev-nvdcve-1.1-test-data.json.zst", Records: 669},
		{Path: "nvd/cve-items-1.1-2019-09-01-jessie-slim.tar.zst", Records: 161},
		{Path: "nvd/api-2.0/full-page.json", Records: 38},
		{Path: "nvd/api-2.0/nvdcve-2.0", Records: 23},
	})
}

func TestBad(t *testing.T) {
	good := page(0, 2, entry("CVE-2023-4863", "116.0"), rejected)
	for _, tt := range [][3]string{
		{"cpe:2.3:a:google", "cpe:/a:google", `CVE-2023-4863: configurations[0]: "cpe:/a:google`},
		{"2023-09-12T15:15:24.327", "yesterday", `CVE-2023-4863: published: "yesterday" is not a time`},
		{`"id": "CVE-2023-4863"`, `"id": 3`, "no id"},
		{`"versionStartIncluding": "1"`, `"versionStartIncluding": "1", "versionStartExcluding": "1"`, "two bounds at one end"},
		{`{"cvssMetricV31": [`, `{"cvssMetricV2": 3, "cvssMetricV31": [`, "CVE-2023-4863: json"},
	} {
		recs, bad, fatal := feedtest.Parse(nvd.Feed(), strings.NewReader(strings.Replace(good, tt[0], tt[1], 1)))
		if len(bad) != 1 || fatal != nil || !strings.Contains(bad[0].Error(), tt[2]) || recs[len(recs)-1].ID != "CVE-2023-9999" {
			t.Errorf("%v: %v, %v", tt, bad, fatal)
		}
	}
	for _, doc := range []string{"", "{}", "[]", "<html>", `{"error": "down"}`} {
		if _, _, fatal := feedtest.Parse(nvd.Feed(), strings.NewReader(doc)); fatal == nil {
			t.Errorf("%q is accepted", doc)
		}
	}
	feedtest.Damage(t, nvd.Feed(), good, true)
	feedtest.Damage(t, nvd.Feed(), old, true)
	feedtest.Endless(t, nvd.Feed(), `{"vulnerabilities": [{"cve": {"id": "`)
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func metaOf(date, content string) string {
	return fmt.Sprintf("lastModifiedDate:%s\r\nsize:%d\r\nsha256:%X\r\n", date, len(content), sha256.Sum256([]byte(content)))
}

// TestFetch gets all years, then what has changed, and all again when that no longer suffices.
func TestFetch(t *testing.T) {
	files := make(map[string]string)
	put := func(name, date, content string) {
		files["/nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-"+name+".meta"] = metaOf(date, content)
		files["/nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-"+name+".json.gz"] = gz(content)
	}
	for year := 2002; year <= 2024; year++ {
		put(fmt.Sprint(year), "2024-05-01T00:00:00-04:00", page(0, 1, entry(fmt.Sprintf("CVE-%d-0001", year), "1.0")))
	}
	put("modified", "2024-05-01T00:00:00-04:00", page(0, 0))
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.RawQuery != "" {
			if r.URL.Query().Get("startIndex") == "0" {
				fmt.Fprint(w, page(0, 3, entry("CVE-2023-0001", "8"), entry("CVE-2023-0002", "8")))
			} else {
				fmt.Fprint(w, page(2, 3, rejected))
			}
			return
		}
		body, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "a.db")
	update := func(now time.Time, want string, requests int) {
		t.Helper()
		asked = 0
		r, err := feed.Update(t.Context(), file, []feed.Feed{nvd.Feed()}, feed.UpdateOptions{Mirror: server.URL, Now: now})
		if (err != nil) != (want == "kept") || feedtest.State(&r.Datasets[0]) != want || asked != requests {
			t.Fatalf("%+v, %v, %d requests", r, err, asked)
		}
	}
	chrome := func() string {
		t.Helper()
		d, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		count := make(map[string]int)
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			if a.Key.Name == "chrome" {
				count[a.Ranges[0].Fixed]++
			}
		}
		threats := 0
		for range d.AllEnrichments() {
			threats++
		}
		return fmt.Sprint(count, threats)
	}
	may := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	update(may, "renewed", 1+2*23)
	update(may, "unchanged", 1)
	put("modified", "2024-05-03T00:00:00-04:00", page(0, 3, entry("CVE-2003-0001", "2.0"), entry("CVE-2024-0002", "2.0"),
		strings.Replace(rejected, "CVE-2023-9999", "CVE-2002-0001", 1)))
	update(may.AddDate(0, 0, 2), "renewed", 2)
	if got, want := chrome(), "map[1.0:21 2.0:2] 23"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	put("modified", "2024-06-01T00:00:00-04:00", page(0, 0))
	update(may.AddDate(0, 1, 0), "renewed", 1+2*23)
	if got, want := chrome(), "map[1.0:23] 23"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// A file that is not what its checksum says is not taken.
	put("modified", "2024-06-02T00:00:00-04:00", page(0, 0))
	files["/nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-modified.json.gz"] = gz(page(0, 1, rejected))
	update(may.AddDate(0, 1, 1), "kept", 1+3)
	// Without files the API has what is new.
	clear(files)
	update(may.AddDate(0, 1, 1), "renewed", 1+2)
	if got, want := chrome(), "map[1.0:22 8:2] 24"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, nvd.Feed(), page(0, 2, entry("CVE-2023-4863", "116.0"), rejected), old, rejected)
}

func ExampleFeed() {
	for rec, err := range nvd.Feed().Parse(strings.NewReader(old)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Printf("%s %s %s %v %q\n", a.ID, a.Key.Namespace, a.Key.Name, a.Versions, a.Reason)
		}
		for _, s := range rec.Enrichments[rec.ID].Severities {
			fmt.Println(rec.ID, s.Source, s.Word, s.Vector)
		}
	}
	// Output:
	// CVE-2003-0001 linux linux_kernel [2.4.1] ""
	// CVE-2003-0001 x firmware [] "with x router"
	// CVE-2003-0001 nvd MEDIUM AV:N/AC:L/Au:N/C:P/I:N/A:N
}

// TestReferences keeps the references and the weaknesses of both models with the advisories.
func TestReferences(t *testing.T) {
	var many strings.Builder
	for i := range 200 {
		fmt.Fprintf(&many, `,{"url":"https://example.com/%d"}`, i)
	}
	refs := `[{"url":"https://example.com/0"},{"url":"ftp://example.com/"},{"url":""}` + many.String() + `]`
	for _, doc := range []string{
		strings.Replace(page(0, 1, entry("CVE-2023-4863", "116.0")), `"weaknesses"`, `"references":`+refs+`,"weaknesses"`, 1),
		strings.Replace(old, `"problemtype"`, `"references":{"reference_data":`+refs+`},"problemtype"`, 1),
	} {
		recs, bad, fatal := feedtest.Parse(nvd.Feed(), strings.NewReader(doc))
		if len(bad) > 0 || fatal != nil || len(recs[0].Advisories) == 0 {
			t.Fatal(recs, bad, fatal)
		}
		for _, a := range recs[0].Advisories {
			if len(a.URLs) != 100 || a.URLs[0] != "https://example.com/0" || a.URLs[99] != "https://example.com/99" || !slices.Equal(a.Weaknesses, recs[0].Enrichments[a.ID].Weaknesses) {
				t.Errorf("%d URLs, %q", len(a.URLs), a.Weaknesses)
			}
		}
	}
}

// TestSlowAPI waits for pages longer than for other data.
func TestSlowAPI(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/cves/2.0") {
			http.NotFound(w, r)
			return
		}
		time.Sleep(400 * time.Millisecond)
		fmt.Fprint(w, page(0, 1, entry("CVE-2023-0001", "2")))
	}))
	defer server.Close()
	o := feed.UpdateOptions{Mirror: server.URL}
	o.Limits.Retry = feed.Retry{Attempts: 1, StallTimeout: 100 * time.Millisecond}
	r, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{nvd.Feed()}, o)
	if err != nil || r.Datasets[0].Records != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAPIErrors meets a refusal in the middle of an update, https://github.com/dependency-check/DependencyCheck/issues/6195, and a page that fails,
// after which the state in the database must be the former one, https://github.com/anchore/anchore-engine/issues/406.
func TestAPIErrors(t *testing.T) {
	nvd.SetWindow(t, time.Millisecond)
	var refuse, fail int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch start := r.FormValue("startIndex"); {
		case !strings.HasSuffix(r.URL.Path, "/cves/2.0"):
			http.NotFound(w, r)
		case start == "1" && refuse > 0:
			refuse--
			w.WriteHeader(http.StatusForbidden)
		case start == "1" && fail > 0:
			fail--
			w.WriteHeader(http.StatusInternalServerError)
		case start == "1":
			fmt.Fprint(w, page(1, 2, entry("CVE-2023-0002", "2")))
		default:
			fmt.Fprint(w, page(0, 2, entry("CVE-2023-0001", "2")))
		}
	}))
	defer server.Close()
	o := feed.UpdateOptions{Mirror: server.URL, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	o.Limits.Retry = feed.Retry{Attempts: 1, Pause: time.Millisecond}
	file := filepath.Join(t.TempDir(), "a.db")
	fingerprint := func() string {
		t.Helper()
		d, err := db.OpenFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		return d.Info().Feeds[0].Fingerprint
	}
	for _, step := range []struct {
		refuse, fail int
		want         string
		fingerprint  string
	}{
		{1, 0, "renewed", "2026-01-01T00:00:00Z"},
		{2, 0, "kept", "2026-01-01T00:00:00Z"},
		{0, 1, "kept", "2026-01-01T00:00:00Z"},
		{0, 0, "renewed", "2026-01-04T00:00:00Z"},
	} {
		refuse, fail = step.refuse, step.fail
		r, _ := feed.Update(t.Context(), file, []feed.Feed{nvd.Feed()}, o)
		if got := feedtest.State(&r.Datasets[0]); got != step.want || fingerprint() != step.fingerprint {
			t.Errorf("%+v: %s, %s", step, got, fingerprint())
		}
		o.Now = o.Now.AddDate(0, 0, 1)
	}
}

// TestBugTraq finds the identifiers of BugTraq among the references of both models.
func TestBugTraq(t *testing.T) {
	const refs = `[{"url":"http://www.securityfocus.com/bid/8732"},{"url":"https://www.securityfocus.com/bid/00009/info"},
		{"url":"http://www.securityfocus.com/archive/1/8732"},{"url":"https://example.com/bid/7"},{"url":"http://www.securityfocus.com/bid/8732x"}]`
	for _, doc := range []string{
		`{"vulnerabilities":[{"cve":{"id":"CVE-2003-1","references":` + refs + `}}]}`,
		`{"CVE_Items":[{"cve":{"CVE_data_meta":{"ID":"CVE-2003-1"},"references":{"reference_data":` + refs + `}}}]}`,
	} {
		recs, bad, fatal := feedtest.Parse(nvd.Feed(), strings.NewReader(doc))
		if len(bad) > 0 || fatal != nil || len(recs) != 1 {
			t.Fatal(recs, bad, fatal)
		}
		if got := recs[0].Enrichments["CVE-2003-1"].Aliases; !slices.Equal(got, []string{"BID-8732", "BID-9"}) {
			t.Errorf("got %q", got)
		}
	}
}

// TestBugTraqCorpus counts the CVEs of 2003 that BugTraq lists.
func TestBugTraqCorpus(t *testing.T) {
	n, all := 0, 0
	recs, _, fatal := feedtest.Parse(nvd.Feed(), bytes.NewReader(feedtest.Read(t, "nvd/feed-1.1/nvdcve-1.1-2003.json.gz")))
	if fatal != nil {
		t.Fatal(fatal)
	}
	for _, r := range recs {
		all++
		for _, e := range r.Enrichments {
			if len(e.Aliases) > 0 {
				n++
			}
		}
	}
	if all != 1553 || n != 882 {
		t.Errorf("%d of %d, want 882 of 1553", n, all)
	}
}
