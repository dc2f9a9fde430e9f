package db_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

var (
	kevDay = time.Date(2021, 11, 3, 0, 0, 0, 0, time.UTC)
	nvd    = matcher.Severity{Source: "nvd", Level: matcher.Critical, Score: 9.8, Vector: "CVSS:3.1/AV:N", Word: "CRITICAL"}
)

// A said is what one feed says of one vulnerability.
type said struct {
	feed, cve string
	matcher.Enrichment
}

func enrichments() []said {
	return []said{
		{"epss", "CVE-1999-0001", matcher.Enrichment{EPSS: 0.01151, Percentile: 0.7802}},
		{"epss", "CVE-2021-44228", matcher.Enrichment{EPSS: 0.97565, Percentile: 1}},
		{"kev", "CVE-2021-44228", matcher.Enrichment{Exploited: kevDay, Ransomware: true, Weaknesses: []string{"CWE-502"}}},
		{"kev", "CVE-2019-0708", matcher.Enrichment{Exploited: time.Date(1969, 7, 20, 0, 0, 0, 0, time.UTC)}},
		{"nvd", "CVE-2021-44228", matcher.Enrichment{Severities: []matcher.Severity{nvd, {Source: "nvd", Score: 9.3}}, Weaknesses: []string{"CWE-20"}}},
		{"exploitdb", "CVE-2021-44228", matcher.Enrichment{Exploits: []string{"EDB-50590", "EDB-50592"}}},
		{"nvd", "CVE-2021-12345678", matcher.Enrichment{Weaknesses: []string{"CWE-79"}, Aliases: []string{"BID-8732", "BID-9"}}},
		{"exploitdb", "EDB-17491", matcher.Enrichment{Exploits: []string{"EDB-17491"}, Aliases: []string{"OSVDB-73573"}, Title: "vsftpd 2.3.4 - Backdoor"}},
	}
}

func withEnrichments(t testing.TB, list []said) []byte {
	t.Helper()
	var b db.Builder
	for _, s := range list {
		if err := b.AddEnrichment(s.feed, s.cve, s.Enrichment); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, &b)
}

func TestEnrichments(t *testing.T) {
	d := open(t, withEnrichments(t, enrichments()))
	got, err := d.Enrichments(t.Context(), []string{
		"CVE-2021-44228", "CVE-1999-0001", "CVE-2021-44228", "CVE-1999-0002", "CVE-2030-0001", "CVE-1998-0001", "GHSA-1", "CVE-2021-12345678", "", "EDB-17491", "EDB-017491", "EDB-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]matcher.Enrichment{
		"CVE-1999-0001": {EPSS: 0.01151, Percentile: 0.7802},
		"CVE-2021-44228": {
			Exploited: kevDay, Ransomware: true, EPSS: 0.97565, Percentile: 1, Exploits: []string{"EDB-50590", "EDB-50592"},
			Severities: []matcher.Severity{{Source: "nvd", Score: 9.3}, nvd}, Weaknesses: []string{"CWE-20", "CWE-502"},
		},
		"CVE-2021-12345678": {Weaknesses: []string{"CWE-79"}, Aliases: []string{"BID-8732", "BID-9"}},
		"EDB-17491":         {Exploits: []string{"EDB-17491"}, Aliases: []string{"OSVDB-73573"}, Title: "vsftpd 2.3.4 - Backdoor"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if i := d.Info(); !slices.Equal(i.Enrichments, []db.EnrichmentInfo{{"epss", 2}, {"exploitdb", 2}, {"kev", 2}, {"nvd", 2}}) || i.Blocks != 4 {
		t.Errorf("%+v", i)
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// many EPSS scores and severities, enough for several blocks, each added twice with what differs.
func manyEnrichments(n int) []said {
	r := rand.New(rand.NewPCG(1, 1))
	var list []said
	for i := range n {
		id := fmt.Sprintf("CVE-%d-%04d", 2000+i%20, 1+i*7)
		p := math.Round(1e5*math.Exp(-10*r.Float64())) / 1e5
		list = append(list, said{"epss", id, matcher.Enrichment{EPSS: p, Percentile: math.Round(p*1e4) / 1e4}})
		if i%2 == 0 {
			list = append(list, said{"nvd", id, matcher.Enrichment{Severities: []matcher.Severity{{Source: "nvd", Level: matcher.Level(i % 6), Score: float64(i%100) / 10}}}},
				said{"nvd", id, matcher.Enrichment{Weaknesses: []string{fmt.Sprintf("CWE-%d", i%50)}}})
		}
	}
	return list
}

func TestManyEnrichments(t *testing.T) {
	list := manyEnrichments(5000)
	file := withEnrichments(t, list)
	d := open(t, file)
	if n := d.Info().Blocks; n < 5 {
		t.Fatalf("only %d blocks: too few to prove anything", n)
	}
	want := make(map[string]matcher.Enrichment)
	for _, s := range list {
		w := want[s.cve]
		w.EPSS, w.Percentile = max(w.EPSS, s.EPSS), max(w.Percentile, s.Percentile)
		w.Severities = append(w.Severities, s.Severities...)
		w.Weaknesses = append(w.Weaknesses, s.Weaknesses...)
		want[s.cve] = w
	}
	got, err := d.Enrichments(t.Context(), slices.Collect(maps.Keys(want)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%d enrichments, want %d; %v", len(got), len(want), err)
	}
	for id, w := range want {
		if got, err := d.Enrichments(t.Context(), []string{id}); err != nil || !reflect.DeepEqual(got, map[string]matcher.Enrichment{id: w}) {
			t.Fatalf("%s: got %+v, want %+v; %v", id, got, w, err)
		}
	}
	n := 0
	for _, err := range d.AllEnrichments() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 7500 {
		t.Errorf("%d enrichments of feeds, want 7500", n)
	}
	for i := range 3 {
		rand.New(rand.NewPCG(uint64(i), 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if !bytes.Equal(withEnrichments(t, list), file) {
			t.Fatal("another order, other bytes")
		}
	}
}

func TestAddEnrichmentRefuses(t *testing.T) {
	for _, s := range []said{
		{"", "CVE-2019-0001", matcher.Enrichment{}},
		{"nvd", "GHSA-xx65-cc7g-9pfp", matcher.Enrichment{}},
		{"nvd", "CVE-2019-1", matcher.Enrichment{}},
		{"nvd", "CVE-2019-00001", matcher.Enrichment{}},
		{"nvd", "CVE-2019-XXXX", matcher.Enrichment{}},
		{"nvd", "CVE-2019-+123", matcher.Enrichment{}},
		{"nvd", "CVE-2019-1234567890", matcher.Enrichment{}},
		{"nvd", "CVE-19-0001", matcher.Enrichment{}},
		{"epss", "CVE-2019-0001", matcher.Enrichment{EPSS: math.NaN()}},
		{"epss", "CVE-2019-0001", matcher.Enrichment{EPSS: 1.1}},
		{"epss", "CVE-2019-0001", matcher.Enrichment{Percentile: -0.1}},
		{"nvd", "CVE-2019-0001", matcher.Enrichment{Severities: []matcher.Severity{{Level: 99}}}},
		{"nvd", "CVE-2019-0001", matcher.Enrichment{Exploits: []string{strings.Repeat("x", 1<<20)}}},
	} {
		var b db.Builder
		err := b.AddEnrichment(s.feed, s.cve, s.Enrichment)
		if err == nil || errors.Is(err, limit.ErrExceeded) != (len(s.Exploits) > 0) {
			t.Errorf("%q %q %.80v: %v", s.feed, s.cve, s.Enrichment, err)
		}
		if i := open(t, write(t, &b)).Info(); len(i.Enrichments) > 0 {
			t.Errorf("%q: but kept", s.cve)
		}
	}
}

// TestEnrichmentSize prints what EPSS takes, by scores that are spread as real ones are: most are low, and many are the same.
func TestEnrichmentSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var b db.Builder
	const n = 300_000
	for i := range n {
		p := math.Round(1e5*min(1, 0.0004*math.Exp(2*math.Abs(r.NormFloat64())))) / 1e5
		err := b.AddEnrichment("epss", fmt.Sprintf("CVE-%d-%04d", 2000+i%25, 1+i/25+r.IntN(2)), matcher.Enrichment{EPSS: p, Percentile: math.Round(p/(p+0.001)*1e5) / 1e5})
		if err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	i := open(t, write(t, &b)).Info()
	per := float64(i.Size) / n
	t.Logf("%d bytes (index %d, %d blocks), %.2f bytes a score, written in %v", i.Size, i.IndexSize, i.Blocks, per, time.Since(start).Round(time.Millisecond))
	if per > 4 {
		t.Errorf("%.2f bytes a score, want at most 4", per)
	}
}

func TestFindEnrichments(t *testing.T) {
	d := open(t, withEnrichments(t, enrichments()))
	for id, want := range map[string]string{
		"CVE-2021-44228": "CVE-2021-44228", "EDB-50592": "CVE-2021-44228", "EDB-17491": "EDB-17491", "OSVDB-73573": "EDB-17491",
		"BID-9": "CVE-2021-12345678", "CWE-79": "", "EDB-1": "", "": "",
	} {
		got, err := d.FindEnrichments(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all, err := d.Enrichments(t.Context(), []string{want})
		if err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%s: got %v, want that of %q, %v", id, got, want, err)
		}
	}
}
