package db

import (
	"bytes"
	"testing"

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
	})
}

// FuzzBlock decodes raw blocks, which only a hostile file with right hashes could hold, and makes every advisory of them.
func FuzzBlock(f *testing.F) {
	d, err := Open(bytes.NewReader(seedFile(f)), int64(len(seedFile(f))))
	if err != nil {
		f.Fatal(err)
	}
	e := d.index.blocks[0]
	raw, err := d.read(e.offset, e.stored, e.raw, e.hash, nil)
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
