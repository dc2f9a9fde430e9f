package db_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// feeds returns a file or directory of real advisories, or skips.
func feeds(t testing.TB, path string) string {
	t.Helper()
	return filepath.Join(corpus.Dir(t), "feeds", path)
}

func load(t testing.TB, b *db.Builder, name, location string) {
	t.Helper()
	feeds := all.Feeds()
	i := slices.IndexFunc(feeds, func(f feed.Feed) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no feed %q", name)
	}
	date := time.Date(2019, 9, 1, 0, 0, 0, 0, time.UTC)
	if _, err := feed.Load(t.Context(), b, feed.Input{Feed: feeds[i], Location: location, Date: date}, feed.Options{}); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, b *db.Builder) []byte {
	t.Helper()
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func open(t testing.TB, file []byte) *db.DB {
	t.Helper()
	d, err := db.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSize prints how many bytes a range takes, and holds the aim of 60.
func TestSize(t *testing.T) {
	for _, tt := range []struct {
		name  string
		feeds [][2]string
	}{
		{"debian", [][2]string{{"debian", "debian/tracker-2019-09-01/data.json.zst"}}},
		{"osv", [][2]string{{"osv", "osv"}, {"osv", "alma/osv-almalinux8-2022-2023.tar.zst"}}},
	} {
		for _, facts := range []bool{true, false} {
			b := &db.Builder{Facts: facts}
			for _, f := range tt.feeds {
				load(t, b, f[0], feeds(t, f[1]))
			}
			i := open(t, write(t, b)).Info()
			per := float64(i.Size) / float64(i.Ranges)
			t.Logf("%-6s facts %-5v: %7d bytes (index %5d, %3d blocks), %6d advisories, %6d ranges: %4.1f bytes a range",
				tt.name, facts, i.Size, i.IndexSize, i.Blocks, i.Advisories, i.Ranges, per)
			if facts && per > 60 {
				t.Errorf("%s: %.1f bytes a range, want at most 60", tt.name, per)
			}
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	src := &db.Builder{}
	load(b, src, "debian", feeds(b, "debian/tracker-2019-09-01/data.json.zst"))
	var all []matcher.Advisory
	for a, err := range open(b, write(b, src)).All() {
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, a)
	}
	b.ReportAllocs()
	for b.Loop() {
		dst := &db.Builder{Facts: true}
		for _, a := range all {
			if err := dst.Add(a); err != nil {
				b.Fatal(err)
			}
		}
		n, err := dst.WriteTo(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
	b.ReportMetric(float64(len(all)), "advisories")
}

// benchmarkFile returns a database and 1,000 random keys of it.
func benchmarkFile(b *testing.B) ([]byte, []matcher.Key) {
	dst := &db.Builder{Facts: true}
	load(b, dst, "debian", feeds(b, "debian/tracker-2019-09-01/data.json.zst"))
	load(b, dst, "osv", feeds(b, "osv"))
	file := write(b, dst)
	var keys []matcher.Key
	seen := make(map[matcher.Key]bool)
	for a, err := range open(b, file).All() {
		if err != nil {
			b.Fatal(err)
		}
		if !seen[a.Key] {
			seen[a.Key] = true
			keys = append(keys, a.Key)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return file, keys[:1000]
}

func BenchmarkOpen(b *testing.B) {
	file, _ := benchmarkFile(b)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		open(b, file)
	}
}

// BenchmarkLookup looks 1,000 random packages up: all at once, one by one, and with nothing cached.
func BenchmarkLookup(b *testing.B) {
	file, keys := benchmarkFile(b)
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			d := open(b, file)
			b.StartTimer()
			if _, err := lookUp(b.Context(), d, keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("warm", func(b *testing.B) {
		d := open(b, file)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := lookUp(b.Context(), d, keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("single", func(b *testing.B) {
		d := open(b, file)
		b.ReportAllocs()
		for b.Loop() {
			for i := range keys {
				if _, err := lookUp(b.Context(), d, keys[i:i+1]); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
