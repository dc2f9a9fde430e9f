package databases

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// document returns the report that an SBOM of an image gives: the same packages without layers, in the order of their names, so that the
// packages of a build lie between those of its libraries.
func document(i int) *analyzer.Report {
	r := image(i)
	r.Layers, r.Examined = nil, nil
	for k := range r.Components {
		c := &r.Components[k]
		c.Layer, c.Analyzer = -1, ""
		if c.Type == "npm" {
			c.Name = sum(c.Name, 0)[7:11] + "-" + c.Name
		}
	}
	slices.SortFunc(r.Components, func(a, b analyzer.Component) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
	})
	return r
}

// TestCost prints what images cost in each database: bytes by table, and the time of an image whose chunks are known. With 100,000 images, it
// fails if they take more than 250 MB, or 400 MB as SBOMs, apart from the content of parts.
func TestCost(t *testing.T) {
	n, fresh := images(t), postgresSource(t)
	for _, c := range []struct {
		name    string
		dialect sqlstore.Dialect
		report  func(int) *analyzer.Report
		goal    int64
	}{
		{"scanned, postgresql", sqlstore.PostgreSQL, image, 250e6}, {"SBOMs, postgresql", sqlstore.PostgreSQL, document, 400e6}, {"scanned, sqlite", sqlstore.SQLite, image, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var db *sql.DB
			if c.dialect == sqlstore.SQLite {
				db = sqlite(t)
			} else {
				var source string
				db, source = fresh(t)
				fast(t, source)
			}
			s := open(t, db, c.dialect)
			start := time.Now()
			for i := range n {
				add(t, s, c.report(i), i)
			}
			t.Logf("%d images in %v", n, time.Since(start).Round(time.Millisecond))
			if c.dialect == sqlstore.PostgreSQL {
				rest := sizes(t, db)
				t.Logf("all tables without the content of parts: %.1f MB, for 100,000 images in proportion %.1f MB; goal %d MB", float64(rest)/1e6, float64(rest)/1e6/float64(n)*1e5, c.goal/1e6)
				if n >= 100_000 && rest > c.goal {
					t.Errorf("%d bytes, want at most %d", rest, c.goal)
				}
				durable(t, db)
			}
			again(t, s, c.report, min(n, 2000))
		})
	}
}

// again stores builds under new digests, whose chunks are known. It times the transaction, and not the division before it.
func again(t *testing.T, s catalog.Store, report func(int) *analyzer.Report, n int) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sync"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var times, divisions, syncs []time.Duration
	for i := range n {
		r := report(i)
		start := time.Now()
		refs, _ := catalog.Divide(r)
		divisions = append(divisions, time.Since(start))
		b := &catalog.Batch{
			Images: []catalog.Image{{Digest: sum("again", i), Info: r.Image, Added: time.Now(), Parts: refs}},
			Tags:   []catalog.Tag{{Name: fmt.Sprintf("registry.example/team/app%d:latest", i/10), Digest: sum("again", i), Since: time.Now()}},
		}
		start = time.Now()
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(start))
		start = time.Now() // what the disk takes at least
		if _, err := f.Write(make([]byte, 8192)); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		syncs = append(syncs, time.Since(start))
	}
	for _, list := range [][]time.Duration{times, divisions, syncs} {
		slices.Sort(list)
	}
	at := func(list []time.Duration, percent int) time.Duration {
		return list[len(list)*percent/100].Round(10 * time.Microsecond)
	}
	t.Logf("an image with known chunks: median %v, p99 %v; goals 5ms, 25ms", at(times, 50), at(times, 99))
	t.Logf("a write of 8 kB to this disk, alone: median %v, p99 %v", at(syncs, 50), at(syncs, 99))
	t.Logf("the division before it: median %v, p99 %v", at(divisions, 50), at(divisions, 99))
}

// fast lets new connections to a database commit without waiting for the disk, and durable undoes that.
func fast(t *testing.T, source string) {
	t.Helper()
	db, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	commitMode(t, db, "off")
}

func durable(t *testing.T, db *sql.DB) {
	t.Helper()
	commitMode(t, db, "on")
	db.SetMaxIdleConns(0) // the old connections
	db.SetMaxIdleConns(8)
	var mode string
	if err := db.QueryRowContext(t.Context(), "SHOW synchronous_commit").Scan(&mode); err != nil || mode != "on" {
		t.Fatalf("synchronous_commit is %s, %v", mode, err)
	}
}

func commitMode(t *testing.T, db *sql.DB, mode string) {
	t.Helper()
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "ALTER DATABASE "+name+" SET synchronous_commit = "+mode); err != nil {
		t.Fatal(err)
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

// sizes prints the bytes of each table with its indexes and of the content of parts, and returns the sum without that.
func sizes(t *testing.T, db *sql.DB) int64 {
	t.Helper()
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
	return rest
}
