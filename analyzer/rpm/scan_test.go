package rpm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// The databases of internal/rpmdb, as Berkeley DB and SQLite wrote them: package0 to package6, and the log of one
// transaction that removes the first three and adds "late".
func database(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "internal", "rpmdb", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Databases in every place, and the write-ahead log beside one, reach the analyzer through the engine.
func TestScan(t *testing.T) {
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"Berkeley DB", fstest.MapFS{"var/lib/rpm/Packages": {Data: database(t, "hash-be-512")}},
			[]string{"package0", "package1", "package2", "package3", "package4", "package5", "package6"}},
		{"SQLite", fstest.MapFS{"usr/lib/sysimage/rpm/rpmdb.sqlite": {Data: database(t, "vacuum.sqlite")}},
			[]string{"package0", "package1", "package2", "package3", "package4", "package5", "package6"}},
		{"SQLite with a log", fstest.MapFS{
			"usr/share/rpm/rpmdb.sqlite":     {Data: database(t, "vacuum.sqlite")},
			"usr/share/rpm/rpmdb.sqlite-wal": {Data: database(t, "vacuum.sqlite-wal")},
		}, []string{"late", "package3", "package4", "package5", "package6"}},
	} {
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.ScanFS(t.Context(), c.files)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, p := range report.Components {
			got = append(got, p.Name)
			if p.Version != "1.0-1" || p.Arch != "noarch" || p.SourcePackage == nil || !slices.Equal(p.Licenses, []string{"MIT"}) {
				t.Errorf("%s: got %+v", c.name, p)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) || len(report.Diagnostics) > 0 {
			t.Errorf("%s: got %q and %+v, want %q", c.name, got, report.Diagnostics, c.want)
		}
	}
}

// A rollback journal is no part of the database, but says that it may be wrong.
func TestJournal(t *testing.T) {
	for content, want := range map[string][]analyzer.Diagnostic{
		journalMagic + "and more":      {{Code: analyzer.Unsupported, Message: "rpmdb.sqlite-journal: interrupted transaction: unsupported"}},
		"\x00\x00\x00\x00 it is spent": nil,
		"":                             nil,
	} {
		journal := analyzer.NewFile("var/lib/rpm/"+journalName, 0o644, []byte(content))
		r, err := New().Analyze(t.Context(), analyzer.NewFile("var/lib/rpm/rpmdb.sqlite", 0o644, database(t, "vacuum.sqlite"), journal))
		if len(r.Packages) != 7 || err != nil || !slices.Equal(r.Diagnostics, want) {
			t.Errorf("%q: got %d packages, %v and error %v, want 7 and %v", content, len(r.Packages), r.Diagnostics, err, want)
		}
	}
}

// What can be read of a damaged database is found, and what is damaged is said, up to a bound.
func TestDamaged(t *testing.T) {
	db := database(t, "hash-le-512")
	for p := 512; p < len(db); p += 512 {
		if db[p+25] == 7 { // an overflow page
			copy(db[p+16:], db[p+8:p+12]) // follows itself
		}
	}
	r, err := New().Analyze(t.Context(), analyzer.NewFile("var/lib/rpm/Packages", 0o644, db))
	if err = diagnostic.Err(r, err); err == nil || !strings.Contains(err.Error(), "used twice") {
		t.Errorf("got error %v", err)
	}
	if len(r.Packages) == 0 || len(r.Packages) >= 7 {
		t.Errorf("got %d packages", len(r.Packages))
	}

	empty := bytes.Repeat([]byte("1\n"), 1000)
	r, err = New().Analyze(t.Context(), analyzer.NewFile("var/lib/rpmmanifest/container-manifest-2", 0o644, empty))
	if n := len(r.Diagnostics); err != nil || n != diagnostic.Max+1 {
		t.Errorf("%d diagnostics, error %v, want %d", n, err, diagnostic.Max+1)
	}
}

func TestCancelled(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	r, err := New().Analyze(ctx, analyzer.NewFile("var/lib/rpm/Packages", 0o644, database(t, "hash-le-512")))
	if r != nil || !errors.Is(err, stopped) {
		t.Errorf("got %+v and error %v", r, err)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	for _, c := range []string{"rpm-bdb/centos7-plain/var/lib/rpm/Packages.xz", "rpm-bdb/ubi8-s390x/var/lib/rpm/Packages.xz",
		"rpm-ndb/opensuse-leap-15.5/usr/lib/sysimage/rpm/Packages.db.xz", "rpm-sqlite/fedora35-plus-mongo/usr/share/rpm/rpmdb.sqlite.xz"} {
		b.Run(strings.Split(c, "/")[1], func(b *testing.B) {
			content := corpus.Read(b, "fixtures/"+c)
			name := strings.TrimSuffix(c[strings.Index(c, "/")+1:], ".xz")
			f := analyzer.NewFile(name[strings.Index(name, "/")+1:], 0o644, content)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r, err := New().Analyze(b.Context(), f)
				if err != nil {
					b.Fatal(err)
				}
				n = len(r.Packages)
			}
			b.ReportMetric(float64(n), "packages")
		})
	}
}
