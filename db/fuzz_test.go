package db

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

func seedFile(tb testing.TB) []byte {
	tb.Helper()
	var b Builder
	b.AddFeed(FeedInfo{Name: "debian", Records: 1})
	for _, release := range []string{"8", "9"} {
		err := b.Add(matcher.Advisory{
			ID: "CVE-2019-1", Aliases: []string{"DSA-1"}, Feed: "debian", Summary: "a summary", URLs: []string{"https://a.example"},
			Key:        matcher.Key{Type: "deb", Namespace: "debian", Release: release, Name: "glibc"},
			Ranges:     []matcher.Range{{Fixed: "1." + release}},
			Versions:   []string{"1.0", "1.1"},
			Severities: []matcher.Severity{{Source: "debian", Level: matcher.Low, Score: 3.5, Word: "low"}},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	for _, id := range []string{"CVE-2019-1000", "CVE-2019-0999"} {
		err := b.AddEnrichment("epss", id, matcher.Enrichment{
			EPSS: 0.5, Percentile: 0.99, Exploited: time.Unix(1, 0), Ransomware: true, Exploits: []string{"1"}, Weaknesses: []string{"CWE-1"},
			Severities: []matcher.Severity{{Source: "nvd", Level: matcher.Low, Score: 3.5}},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func seedDB(tb testing.TB) *DB {
	tb.Helper()
	file := seedFile(tb)
	d, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// FuzzOpen opens damaged files. One that opens and verifies must hold what its index says, also after an update of another feed.
func FuzzOpen(f *testing.F) {
	f.Add(seedFile(f))
	signature, err := seedDB(f).Sign(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), time.Unix(1, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(seedFile(f), signature...))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		if err := d.Verify(t.Context()); err != nil {
			return
		}
		n := 0
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for b, err := range d.Advisories(t.Context(), []matcher.Key{a.Key}) {
				if err != nil {
					t.Fatal(err)
				}
				found = found || b.ID == a.ID
			}
			if !found {
				t.Fatalf("%v is listed but not found", a.Key)
			}
			n++
		}
		if want := d.Info().Advisories; n != want {
			t.Fatalf("%d advisories, the index says %d", n, want)
		}
		for k, err := range d.AllEnrichments() {
			if err != nil {
				t.Fatal(err)
			}
			if found, err := d.Enrichments(t.Context(), []string{k.CVE}); err != nil || len(found) != 1 {
				t.Fatalf("%s is listed but not found: %v", k.CVE, err)
			}
		}
		var b Builder
		feeds := make(map[string]bool)
		for _, f := range d.root.feeds {
			feeds[f.Name] = true
		}
		for _, c := range d.root.coverage {
			feeds[c.Feed] = true
		}
		delete(feeds, "")
		for f := range feeds {
			if err := b.Keep(t.Context(), d, Part{Feed: f, Enrichments: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.AddEnrichment("new", "CVE-2000-0001", matcher.Enrichment{EPSS: 1}); err != nil {
			t.Fatal(err)
		}
		var now bytes.Buffer
		if _, err := b.WriteTo(&now); err != nil {
			return // a Builder has not written it
		}
		u, err := Open(bytes.NewReader(now.Bytes()), int64(now.Len()))
		if err == nil {
			err = u.Verify(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBlock decodes raw blocks, which only a hostile file with right hashes could hold, and makes every advisory of them.
func FuzzBlock(f *testing.F) {
	d := seedDB(f)
	p, err := d.page(0)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := d.read(&p.blocks[0].piece, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b block
		if err := b.parse(raw); err != nil {
			return
		}
		for f := range b.all {
			f.advisory(nil)
		}
	})
}

// FuzzEnrichmentBlock decodes raw blocks of enrichments, and makes every enrichment of them.
func FuzzEnrichmentBlock(f *testing.F) {
	d := seedDB(f)
	p, err := d.enrichmentPage(0)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := d.read(&p.blocks[0].piece, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b enrichmentBlock
		if err := b.parse(raw); err != nil {
			return
		}
		for i, c := range b.cves {
			if b.find(c) != i {
				t.Fatalf("%v is not found", c)
			}
			b.enrichment(i, nil)
		}
	})
}

// FuzzRoot decodes raw roots of indexes, and writes those that are good again: nothing may be lost.
func FuzzRoot(f *testing.F) {
	d := seedDB(f)
	f.Add(d.root.append(nil), d.footer.offset)
	f.Fuzz(func(t *testing.T, raw []byte, end int64) {
		r, err := parseRoot(raw, end)
		if err != nil {
			return
		}
		again, err := parseRoot(r.append(nil), end)
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("written again: %v", err)
		}
		r.page(name{"deb", "debian", "glibc"})
	})
}

// FuzzPage decodes raw pages of indexes, and looks packages up in those that are good.
func FuzzPage(f *testing.F) {
	d := seedDB(f)
	raw, err := d.read(&d.root.pages[0].piece, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePage(raw, &d.root.pages[0])
		if err != nil {
			return
		}
		for i := range p.blocks {
			if first, end := p.find(p.blocks[i].first); i < first || i >= end && !p.blocks[i].continues {
				t.Fatalf("block %d is not among %d to %d", i, first, end)
			}
		}
	})
}

// FuzzEnrichmentPage does so for enrichments.
func FuzzEnrichmentPage(f *testing.F) {
	d := seedDB(f)
	raw, err := d.read(&d.root.enrichments[0].piece, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parseEnrichmentPage(raw, &d.root.enrichments[0])
		if err != nil {
			return
		}
		for i := range p.blocks {
			if got := p.find(p.blocks[i].first); got != i {
				t.Fatalf("block %d is found as %d", i, got)
			}
		}
	})
}
