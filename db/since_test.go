package db_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// ratings returns what decides about the exploitation and severity of vulnerabilities, by feed and identifier.
func ratings(t *testing.T, d *db.DB) map[[2]string]string {
	t.Helper()
	list := make(map[[2]string]string)
	for e, err := range d.AllEnrichments() {
		if err != nil {
			t.Fatal(err)
		}
		s := fmt.Sprint(!e.Exploited.IsZero(), e.Ransomware)
		for _, x := range e.Severities {
			s += fmt.Sprintf(" %s %.8s", x.Rate().Level, x.Vector)
		}
		if s != "false false" {
			list[[2]string{e.Feed, e.CVE}] = s
		}
	}
	return list
}

// ecosystems returns those that a database covers.
func ecosystems(d *db.DB) map[matcher.Key]bool {
	list := make(map[matcher.Key]bool)
	for _, c := range d.Info().Coverage {
		list[matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}] = true
	}
	return list
}

// TestSince compares the answers of Since with those of a look at all data, for files that change step by step.
func TestSince(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	days := []time.Time{{}, kevDay, kevDay.AddDate(0, 0, 1)}
	vectors := []string{"", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:L", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", "CVSS:4.0/AV:N"}
	entry := func(feed string, i int) matcher.Enrichment {
		var e matcher.Enrichment
		switch feed {
		case "epss":
			e.EPSS = float64(r.IntN(1000)) / 1000
		case "kev":
			e.Exploited, e.Ransomware = days[r.IntN(3)], r.IntN(3) == 0
		default:
			e.Weaknesses = []string{fmt.Sprint("CWE-", r.IntN(9))}
			for range r.IntN(3) {
				e.Severities = append(e.Severities, matcher.Severity{Source: "nvd", Level: matcher.Level(r.IntN(6)), Vector: vectors[r.IntN(len(vectors))], Word: fmt.Sprint(r.IntN(3))})
			}
		}
		return e
	}
	feeds := []string{"epss", "kev", "nvd", "other"}
	enriched := make(map[[2]string]matcher.Enrichment)
	for _, f := range feeds {
		for i := range 900 {
			enriched[[2]string{f, fmt.Sprintf("CVE-%d-%04d", 2000+i%20, i*7)}] = entry(f, i)
		}
	}
	advisories := many(300)
	build := func() *db.DB {
		var b db.Builder
		for _, a := range advisories {
			if err := b.Add(a); err != nil {
				t.Fatal(err)
			}
		}
		for at, e := range enriched {
			if err := b.AddEnrichment(at[0], at[1], e); err != nil {
				t.Fatal(err)
			}
		}
		return open(t, write(t, &b))
	}
	old, rated, covered := build(), 0, 0
	for step := range 30 {
		places := slices.SortedFunc(maps.Keys(enriched), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
		for range r.IntN(12) {
			at := places[r.IntN(len(places))]
			if r.IntN(4) == 0 {
				delete(enriched, at)
			} else {
				enriched[at] = entry(at[0], 0)
			}
			enriched[[2]string{feeds[r.IntN(4)], fmt.Sprintf("CVE-2025-%04d", step*12)}] = entry(at[0], 0)
		}
		if step%5 == 0 { // a release comes, and goes in the next step but one
			advisories = append(advisories, debian(fmt.Sprint(100+step), "a", "CVE-2025-1", "1"))
		} else if step%5 == 2 {
			advisories = advisories[:len(advisories)-1]
		}
		d := build()
		u, err := d.Since(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		was, is := ratings(t, old), ratings(t, d)
		changed := make(map[string]bool)
		for _, pair := range []struct{ a, b map[[2]string]string }{{was, is}, {is, was}} {
			for at, s := range pair.a {
				if pair.b[at] != s {
					changed[at[1]] = true
				}
			}
		}
		if want := slices.Sorted(maps.Keys(changed)); !slices.Equal(u.CVEs, want) {
			t.Errorf("step %d: identifiers %v, want %v", step, u.CVEs, want)
		}
		var want []matcher.Key
		before, after := ecosystems(old), ecosystems(d)
		for _, pair := range []struct{ a, b map[matcher.Key]bool }{{before, after}, {after, before}} {
			for k := range pair.a {
				if !pair.b[k] {
					want = append(want, k)
				}
			}
		}
		if !slices.Equal(u.Ecosystems, want) { // at most one changes
			t.Errorf("step %d: ecosystems %v, want %v", step, u.Ecosystems, want)
		}
		n := 0
		for range 2 { // Changes may be used again
			for _, err := range u.Changes {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
		if n != 2*len(diff(t, old, d)) {
			t.Errorf("step %d: %d changes", step, n/2)
		}
		rated, covered, old = rated+len(u.CVEs), covered+len(want), d
	}
	if rated < 20 || covered < 5 {
		t.Errorf("%d identifiers and %d ecosystems changed", rated, covered)
	}
	if u, err := old.Since(t.Context(), old); err != nil || u.CVEs != nil || u.Ecosystems != nil {
		t.Errorf("since itself: %v, %v, %v", u.CVEs, u.Ecosystems, err)
	}
}

// TestSinceReads requires that Since does not read blocks that both files have.
func TestSinceReads(t *testing.T) {
	list := manyEnrichments(60_000)
	build := func() (*db.DB, *countedReader) {
		file := withEnrichments(t, list)
		r := &countedReader{ReaderAt: bytes.NewReader(file)}
		d, err := db.Open(r, int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		return d, r
	}
	old, readOld := build()
	list = slices.Clone(list)
	list = append(list, said{"kev", "CVE-2019-0708", matcher.Enrichment{Exploited: kevDay}})
	d, read := build()
	u, err := d.Since(t.Context(), old)
	if err != nil || !slices.Equal(u.CVEs, []string{"CVE-2019-0708"}) {
		t.Fatalf("%v, %v", u.CVEs, err)
	}
	if blocks := d.Info().Blocks; blocks < 50 || readOld.n > blocks/3 || read.n > blocks/3 {
		t.Errorf("%d and %d reads of files with %d blocks", readOld.n, read.n, blocks)
	}
}
