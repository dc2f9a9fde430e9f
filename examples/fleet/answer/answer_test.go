package answer_test

import (
	"bytes"
	"context"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// counting counts the questions about advisories.
type counting struct {
	*db.DB
	n int
}

func (c *counting) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	c.n++
	return c.DB.Advisories(ctx, keys)
}

// TestAssess compares answers about stored images with those of a scan, byte for byte, without and with matches in the cache. The chunks of a
// common base are matched once.
func TestAssess(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "advisories.db")
	fleettest.WriteAdvisories(t, file, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High), fleettest.NPM("GHSA-aaaa-bbbb-cccc", "left", "2.0.0", matcher.Critical))
	opened, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	source := &counting{DB: opened}
	base := fleettest.Debian(t, "libc6 2.36-9 glibc", "libc-bin 2.36-9 glibc", "zlib1g 1.2 zlib")
	memory := new(catalog.Memory)
	a := answer.New(memory)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	scanner := scan.Scanner{Analyzers: append(all.All(), content.All()...)}
	asked := 0
	for i, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		img := fleettest.Image(t, base, fleettest.Layer(t, "app/node_modules/left/package.json", `{"name": "left", "version": "`+version+`"}`))
		found, err := scanner.Scan(ctx, img)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if err := catalog.Put(ctx, memory, catalog.Image{Digest: digest.String()}, found); err != nil {
			t.Fatal(err)
		}
		direct, err := assess.Pipeline{Source: source, Name: "app", Tool: report.Tool{Name: "hullmark"}, Now: now}.Report(ctx, found, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Write(&want, direct); err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			before := source.n
			stored, err := a.Assess(ctx, &answer.Request{Image: &store.Image{Digest: digest.String(), Reference: "app"}, Source: source, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Write(&got, stored); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("image %d, round %d:\n%s\nwant:\n%s", i, round, &got, &want)
			}
			switch questions := source.n - before; {
			case round == 1 && questions > 0:
				t.Errorf("image %d is matched again", i)
			case round == 0 && i == 0:
				asked = questions
			case round == 0 && questions >= asked:
				t.Errorf("image %d: %d questions, as many as the first image's", i, questions)
			}
		}
	}
}
