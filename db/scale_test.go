package db_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/matcher"
)

// TestScale builds, opens and reads a database of 500,000 advisories and 300,000 rated vulnerabilities, prints what it took,
// and holds the aims. What a machine does besides makes everything take longer, so that the time of look-ups is that of the
// processors, and counts as if both of two were at work; of several runs the fastest counts.
func TestScale(t *testing.T) {
	corpus.Slow(t)
	src, keys, asked := scaleSource(t)
	runtime.GC()
	before := heap()
	name := filepath.Join(t.TempDir(), "a.db")
	start := cputime.Used()
	peak := peakOf(t, func() {
		b := new(db.Builder)
		for _, f := range src.Info().Feeds {
			b.AddFeed(f)
		}
		for a, err := range src.All() {
			if err == nil {
				err = b.Add(a)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for k, err := range src.AllEnrichments() {
			if err == nil {
				err = b.AddEnrichment(k.Feed, k.CVE, k.Enrichment)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.WriteTo(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}) - before
	took := cputime.Used() - start
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, file)
	i := d.Info()
	per := float64(i.Size) / float64(i.Ranges)
	t.Logf("%d advisories, %d ranges, %d rated vulnerabilities: %d bytes (index %d, root %d; %d blocks), %.1f bytes a range",
		i.Advisories, i.Ranges, i.Enrichments[0].Vulnerabilities, i.Size, i.IndexSize, i.TailSize, i.Blocks, per)
	t.Logf("built in %v of processor time with %d MiB", took.Round(time.Millisecond), peak>>20)
	if i.Advisories < 500_000 || per > 60 || took > time.Minute || peak > 512<<20 {
		t.Errorf("want 500,000 advisories, at most 60 bytes a range, a minute and 512 MiB")
	}

	opening := fastest(20, func() { open(t, file) })
	cold := cheapest(10, func() { count(t, open(t, file), asked) })
	single := cheapest(10, func() { countEach(t, open(t, file), asked) })
	worst := cheapest(10, func() { count(t, open(t, file), keys) })
	t.Logf("opened in %v; 1,000 look-ups of what images ask for, with %d advisories: %v after opening, %v one by one; "+
		"of packages that all have advisories, %d: %v", opening, count(t, d, asked), cold, single, count(t, d, keys), worst)
	if opening > 5*time.Millisecond {
		t.Errorf("opening took %v, want 5 ms", opening)
	}
	if cold > 20*time.Millisecond && !raceEnabled() { // twice the aim: others on the same cores slow even processor time down
		t.Errorf("1,000 look-ups took %v, want 10 ms", cold)
	}
}

// scaleSource returns a database of 500,000 advisories, the keys of 1,000 of them, and 1,000 that images ask for.
func scaleSource(t *testing.T) (d *db.DB, keys, asked []matcher.Key) {
	t.Helper()
	w := dbtest.New(1)
	keys = make([]matcher.Key, 1000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range keys {
		keys[i] = w.Advisories[r.IntN(len(w.Advisories))].Key
	}
	for i := 0; len(asked) < 1000; i++ {
		asked = append(asked, w.Image(i)...)
	}
	var b db.Builder
	if err := w.Fill(&b); err != nil {
		t.Fatal(err)
	}
	return open(t, write(t, &b)), keys, asked[:1000]
}

func countEach(t *testing.T, d *db.DB, keys []matcher.Key) {
	for i := range keys {
		count(t, d, keys[i:i+1])
	}
}

func count(t *testing.T, d *db.DB, keys []matcher.Key) (n int) {
	for _, err := range d.Advisories(t.Context(), keys) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// cheapest returns half the processor time of f.
func cheapest(n int, f func()) time.Duration {
	best := time.Hour
	for range n {
		start := cputime.Used()
		f()
		best = min(best, (cputime.Used()-start)/2)
	}
	return best
}

func fastest(n int, f func()) time.Duration {
	best := time.Hour
	for range n {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// peakOf returns the most of the heap that is seen while f runs, with a collector that keeps close to what lives.
func peakOf(t *testing.T, f func()) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	stop := make(chan struct{})
	var peak uint64
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				peak = max(peak, heap())
			}
		}
	})
	f()
	close(stop)
	wg.Wait()
	return peak
}

// raceEnabled reports whether this is a build with the race detector, which takes many times as long.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			return true
		}
	}
	return false
}
