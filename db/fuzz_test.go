package db

import (
	"bytes"
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
		err := b.AddThreat("epss", id, matcher.Threat{
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

// FuzzOpen opens damaged files. One that opens and verifies must hold what its index says.
func FuzzOpen(f *testing.F) {
	f.Add(seedFile(f))
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
		for k, err := range d.AllThreats() {
			if err != nil {
				t.Fatal(err)
			}
			if found, err := d.Threats(t.Context(), []string{k.CVE}); err != nil || len(found) != 1 {
				t.Fatalf("%s is listed but not found: %v", k.CVE, err)
			}
		}
	})
}

// FuzzBlock decodes raw blocks, which only a hostile file with right hashes could hold, and makes every advisory of them.
func FuzzBlock(f *testing.F) {
	d, err := Open(bytes.NewReader(seedFile(f)), int64(len(seedFile(f))))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := d.read(&d.index.blocks[0].piece, nil)
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

// FuzzThreatBlock decodes raw blocks of threats, and makes every threat of them.
func FuzzThreatBlock(f *testing.F) {
	d, err := Open(bytes.NewReader(seedFile(f)), int64(len(seedFile(f))))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := d.read(&d.index.threats[0].piece, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b threatBlock
		if err := b.parse(raw); err != nil {
			return
		}
		for i, c := range b.cves {
			if b.find(c) != i {
				t.Fatalf("%v is not found", c)
			}
			b.threat(i, nil)
		}
	})
}

// FuzzIndex decodes raw indexes, and writes those that are good again: nothing may be lost.
func FuzzIndex(f *testing.F) {
	file := seedFile(f)
	d, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d.index.append(nil), d.footer.offset)
	f.Fuzz(func(t *testing.T, raw []byte, end int64) {
		ix, err := parseIndex(raw, end, true)
		if err != nil {
			return
		}
		again, err := parseIndex(ix.append(nil), end, len(ix.filter) > 0)
		if err != nil || len(again.blocks) != len(ix.blocks) || len(again.feeds) != len(ix.feeds) {
			t.Fatalf("written again: %v", err)
		}
		ix.find(name{"deb", "debian", "glibc"})
	})
}
