package secrets_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/secrets"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

var (
	//lint:ignore SA1019 go test runs on the machine that built it
	benchText    = flag.String("secrets.text", filepath.Join(runtime.GOROOT(), "src"), "a directory whose text files the benchmarks search")
	benchSize    = flag.Int("secrets.bytes", defaultBenchSize, "bytes of text that the benchmarks search")
	benchFloor   = flag.String("secrets.floor", "20,4", "least megabytes a second of processor time that TestSpeed accepts: own rules, rules in gitleaks' form")
	gitleaksFile = flag.String("secrets.gitleaks", "testdata/gitleaks.toml", "rules in gitleaks' form for the benchmarks")
)

const defaultBenchSize = 8 << 20

// A sample is a file in memory.
type sample struct {
	name string
	data []byte
}

// texts returns text files below a directory with at least some bytes together.
func texts(tb testing.TB, dir string, most int) (list []sample, size int64) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if !utf8.Valid(data) || len(data) == 0 {
			return nil
		}
		list, size = append(list, sample{p, data}), size+int64(len(data))
		if size >= int64(most) {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return list, size
}

// speed searches files, and returns megabytes for each second of processor time.
func speed(tb testing.TB, a analyzer.Analyzer, list []sample) float64 {
	size := 0
	took := cputime.Of(func() {
		for _, s := range list {
			size += len(s.data)
			if _, err := a.Analyze(tb.Context(), analyzer.NewFile(s.name, 0o644, s.data)); err != nil {
				tb.Fatal(err)
			}
		}
	})
	return float64(size) / 1e6 / max(took, time.Microsecond).Seconds()
}

// BenchmarkText searches text with the rules of this package, with rules in gitleaks' form, and with both. MB/cpu-s counts processor time: other
// programs of a busy machine change it less than MB/s.
func BenchmarkText(b *testing.B) {
	list, size := texts(b, *benchText, *benchSize)
	rules := readGitleaks(b, *gitleaksFile)
	for _, c := range []struct {
		name string
		o    secrets.Options
	}{{"own", secrets.Options{}}, {"gitleaks", secrets.Options{Rules: rules, Only: true}}, {"both", secrets.Options{Rules: rules}}} {
		b.Run(c.name, func(b *testing.B) {
			a := secrets.New(c.o)
			b.SetBytes(size)
			b.ReportAllocs()
			rate := 0.0
			for b.Loop() {
				rate = max(rate, speed(b, a, list))
			}
			b.ReportMetric(rate, "MB/cpu-s")
		})
	}
}

// TestSpeed searches text as BenchmarkText does. The floor is low by default, since the machine may be busy and the first pass compiles expressions;
// .ci/slow asks for more.
func TestSpeed(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes ten times as long")
	}
	size := *benchSize
	if size == defaultBenchSize {
		size = 1 << 20
	}
	list, n := texts(t, *benchText, size)
	var floors [2]float64
	if _, err := fmt.Sscanf(*benchFloor, "%f,%f", &floors[0], &floors[1]); err != nil {
		t.Fatal(err)
	}
	for i, o := range []secrets.Options{{}, {Rules: readGitleaks(t, *gitleaksFile), Only: true}} {
		a, best := secrets.New(o), 0.0
		for range 3 {
			best = max(best, speed(t, a, list))
		}
		t.Logf("%.0f MB a second of processor time over %.1f MB of text with %s", best, float64(n)/1e6, []string{"all own rules", "222 rules in gitleaks' form"}[i])
		if best < floors[i] {
			t.Errorf("want at least %.0f", floors[i])
		}
	}
}

func readGitleaks(tb testing.TB, name string) []*secrets.Rule {
	tb.Helper()
	f, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rules, refused, err := secrets.ReadGitleaks(f)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("%d rules, refused %v", len(rules), refused)
	return rules
}
