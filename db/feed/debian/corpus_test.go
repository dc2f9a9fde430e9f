package debian_test

import (
	"bytes"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// tracker returns the tracker's JSON of 2019-09-01.
func tracker(t testing.TB) []byte {
	t.Helper()
	return corpus.Read(t, "feeds/debian/tracker-2019-09-01/data.json.zst")
}

// TestCorpus holds the parser against counts of the data of 2019-09-01 that were made without it.
func TestCorpus(t *testing.T) {
	data := tracker(t)
	sources := make(map[string]bool)
	entries := 0
	byStatus := make(map[matcher.Status]int)
	var b db.Builder
	for rec, err := range debian.Feed().Parse(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
		for _, a := range rec.Advisories {
			sources[a.Key.Name] = true
			byStatus[a.Status]++
			if err := b.Add(a); err != nil {
				t.Fatal(err)
			}
		}
	}
	total := 0
	for _, n := range byStatus {
		total += n
	}
	if len(sources) != 2806 || entries != 28890 || total != 107065 {
		t.Errorf("%d sources, %d entries, %d releases; want 2806, 28890, 107065", len(sources), entries, total)
	}
	if n := byStatus[matcher.NotAffected]; n != 12102 {
		t.Errorf("%d not affected, want 12102", n)
	}
	if n := byStatus[matcher.UnderInvestigation]; n != 388 {
		t.Errorf("%d undetermined, want 388", n)
	}
	t.Log(byStatus)
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	i := d.Info()
	t.Logf("%d bytes, index %d, %d blocks, %d advisories, %d ranges", i.Size, i.IndexSize, i.Blocks, i.Advisories, i.Ranges)
	if err := d.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}
