package jsonlines

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

func open(t *testing.T, b *db.Builder) *db.DB {
	t.Helper()
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func build(t *testing.T, fixed string, names ...string) *db.DB {
	t.Helper()
	var b db.Builder
	b.AddCoverage(matcher.Coverage{Type: "npm", Feed: "osv"})
	for _, name := range names {
		err := b.Add(matcher.Advisory{
			ID: "EX-" + name, Feed: "osv", Key: matcher.Key{Type: "npm", Name: name}, Status: matcher.Fixed,
			Ranges: []matcher.Range{{Fixed: fixed}}, Published: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
			Severities: []matcher.Severity{{Source: "osv", Level: matcher.High}, {Source: "vendor", Word: "bad"}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	day := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	if err := b.AddEnrichment("kev", "CVE-2024-0001", matcher.Enrichment{Exploited: day, Ransomware: true}); err != nil {
		t.Fatal(err)
	}
	return open(t, &b)
}

func TestWrite(t *testing.T) {
	var got strings.Builder
	d := build(t, "2<3", "a")
	if err := Write(t.Context(), &got, d); err != nil {
		t.Fatal(err)
	}
	want := `{"coverage":{"type":"npm","feed":"osv"}}` + "\n" +
		`{"advisory":{"id":"EX-a","package":{"type":"npm","name":"a"},"ranges":[{"fixed":"2<3"}],"status":"fixed",` +
		`"severities":[{"source":"osv","level":"high"},{"source":"vendor","word":"bad"}],"feed":"osv","published":"2024-01-02T03:04:05Z"}}` + "\n" +
		`{"threat":{"cve":"CVE-2024-0001","feed":"kev","exploited":"2024-01-02","ransomware":true}}` + "\n"
	if got.String() != want {
		t.Errorf("got  %s\nwant %s", got.String(), want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, &got, d); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
}

func TestWriteChanges(t *testing.T) {
	var got strings.Builder
	added, changed, withdrawn, err := WriteChanges(&got, build(t, "2", "b", "c").Diff(t.Context(), build(t, "1", "a", "b")))
	if err != nil {
		t.Fatal(err)
	}
	var begins []string
	for line := range strings.Lines(got.String()) {
		begin, _, _ := strings.Cut(line, `,"package"`)
		begins = append(begins, begin)
	}
	want := []string{
		`{"change":"withdrawn","was":{"id":"EX-a"`,
		`{"change":"changed","was":{"id":"EX-b"`,
		`{"change":"added","advisory":{"id":"EX-c"`,
	}
	if !slices.Equal(begins, want) {
		t.Errorf("got  %q\nwant %q", begins, want)
	}
	if added != 1 || changed != 1 || withdrawn != 1 {
		t.Errorf("%d added, %d changed, %d withdrawn, want 1 of each", added, changed, withdrawn)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteError(t *testing.T) {
	if err := WriteAdvisories(full{}, make([]matcher.Advisory, 1)); err == nil || err.Error() != "jsonlines: disk full" {
		t.Errorf("error %v", err)
	}
}
