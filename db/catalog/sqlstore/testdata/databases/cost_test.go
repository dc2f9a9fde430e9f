package databases

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// images returns how many images the tests of cost store: HULLMARK_CATALOG_IMAGES, or a few.
func images(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("HULLMARK_CATALOG_IMAGES"))
	if err != nil {
		return 300
	}
	return n
}

// image returns an image of 280 packages in 8 layers: 90 of one of 2,400 bases, 60 of one of 500 runtimes, 100 of one of 10,000 sets of
// libraries, 30 of its own, and four layers without packages.
func image(i int) *analyzer.Report {
	r := &analyzer.Report{
		Image:    analyzer.ImageInfo{ID: sum("config", i), Platform: "linux/amd64"},
		Distro:   &analyzer.Distro{ID: "debian", VersionID: "12"},
		Examined: []analyzer.Examination{{Analyzer: "dpkg", Version: 3, Finds: []string{"packages"}}, {Analyzer: "npm", Version: 3, Finds: []string{"packages"}}},
	}
	layer := func(name string, number, packages int, kind string) {
		r.Layers = append(r.Layers, analyzer.Layer{DiffID: sum(name, number), CreatedBy: fmt.Sprintf("RUN make %s %d", name, number), Entries: 100, Bytes: 100_000})
		for k := range packages {
			p := analyzer.Package{Type: kind, Name: fmt.Sprintf("%s-%d-%d", name, number%40, k), Version: fmt.Sprintf("1.%d.%d", number/40, k%7)}
			path := "app/package-lock.json"
			if kind == "deb" {
				p.Namespace, p.System, path = "debian", true, "var/lib/dpkg/status"
			}
			r.Components = append(r.Components, analyzer.Component{ID: fmt.Sprintf("%s-%d", name, k), Layer: len(r.Layers) - 1, Path: path, Analyzer: "dpkg", Package: p})
		}
	}
	app := i / 10 // ten builds of an application
	layer("base", app*7919%2400, 90, "deb")
	layer("runtime", app*104729%500, 60, "deb")
	layer("user", app%3, 0, "")
	layer("directory", app%3, 0, "")
	layer("libraries", (app*31+i%10/5)%10_000, 100, "npm")
	layer("copy", i, 0, "")
	layer("build", i, 30, "npm")
	layer("settings", i, 0, "")
	return r
}

func sum(name string, i int) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(fmt.Append(nil, name, i)))
}

// TestCost prints what images cost in each database: bytes by table, and the time of an image whose chunks are known.
func TestCost(t *testing.T) {
	n, fresh := images(t), postgres(t)
	for _, dialect := range []sqlstore.Dialect{sqlstore.PostgreSQL, sqlstore.SQLite} {
		t.Run(string(dialect), func(t *testing.T) {
			var db *sql.DB
			if dialect == sqlstore.SQLite {
				db = sqlite(t)
			} else {
				db = fresh(t)
			}
			s := open(t, db, dialect)
			start := time.Now()
			for i := range n {
				add(t, s, image(i), i)
			}
			t.Logf("%d images in %v", n, time.Since(start).Round(time.Millisecond))
			// The same builds under new digests: their chunks are known. Only the transaction is timed.
			var times []time.Duration
			for i := range min(n, 2000) {
				r := image(i)
				refs, _ := catalog.Divide(r)
				b := &catalog.Batch{
					Images: []catalog.Image{{Digest: sum("again", i), Info: r.Image, Added: time.Now(), Parts: refs}},
					Tags:   []catalog.Tag{{Name: fmt.Sprintf("registry.example/team/app%d:latest", i/10), Digest: sum("again", i), Since: time.Now()}},
				}
				start := time.Now()
				if err := s.Write(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			t.Logf("an image with known chunks: median %v, p99 %v", times[len(times)/2], times[len(times)*99/100])
			if dialect == sqlstore.PostgreSQL {
				sizes(t, db)
			}
		})
	}
}

// add stores the i-th image, under one of 20 tags of its application.
func add(t *testing.T, s catalog.Store, r *analyzer.Report, i int) {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
	tag := catalog.Tag{Name: fmt.Sprintf("registry.example/team/app%d:1.%d", i/10, i%10), Digest: sum("image", i), Since: at}
	if err := catalog.Put(t.Context(), s, catalog.Image{Digest: sum("image", i), Added: at}, r, tag); err != nil {
		t.Fatal(err)
	}
}

// sizes prints the bytes of each table with its indexes, and of the content of parts.
func sizes(t *testing.T, db *sql.DB) {
	ctx := context.Background()
	rest := int64(0)
	for _, table := range []string{"images", "tags", "parts", "notices"} {
		var total, rows int64
		if err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT pg_total_relation_size('hullmark_%s'), (SELECT count(*) FROM hullmark_%s)", table, table)).Scan(&total, &rows); err != nil {
			t.Fatal(err)
		}
		content := int64(0)
		if table == "parts" {
			if err := db.QueryRowContext(ctx, "SELECT COALESCE(sum(length(form)), 0) FROM hullmark_parts").Scan(&content); err != nil {
				t.Fatal(err)
			}
		}
		rest += total - content
		t.Logf("%-8s %9d rows %8.1f MB, and %8.1f MB of content", table, rows, float64(total-content)/1e6, float64(content)/1e6)
	}
	t.Logf("all tables without the content of parts: %.1f MB", float64(rest)/1e6)
}
