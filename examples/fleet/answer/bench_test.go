package answer_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// BenchmarkPage selects and assesses the packages of a page of an image with 100,000 findings in 10,000 packages.
func BenchmarkPage(b *testing.B) {
	file := filepath.Join(b.TempDir(), "advisories.db")
	var list []matcher.Advisory
	for i := range 100_000 {
		list = append(list, fleettest.NPM(fmt.Sprintf("X-%d", i), fmt.Sprint("p", i/10), "2.0.0", matcher.Level(2+i%4)))
	}
	fleettest.WriteAdvisories(b, file, list...)
	source, err := db.OpenFile(file)
	if err != nil {
		b.Fatal(err)
	}
	defer source.Close()
	memory := new(catalog.Memory)
	image := &store.Image{Digest: "sha256:00"}
	if err := catalog.Put(b.Context(), memory, catalog.Image{Digest: image.Digest}, npm(10_000)); err != nil {
		b.Fatal(err)
	}
	a := answer.New(memory)
	r := &answer.Request{Image: image, Source: source, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := a.Findings(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	q := answer.Query{BySeverity: true, Limit: 50}
	for b.Loop() {
		f, err := a.Findings(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		page, total := f.Page(&q)
		if total != 100_000 {
			b.Fatal(total)
		}
		r.Only = make(map[string]bool)
		for _, x := range page {
			r.Only[x.Component()] = true
		}
		if _, err := a.Assess(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
