package maven

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// padded returns an archive of so many bytes that compresses a hundredfold, with one library in it.
func padded(t testing.TB, size int, artifact string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	padding := make([]byte, size)
	random := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < size; i += 300 {
		padding[i] = byte(random.Uint32())
	}
	s := stating("org.padded", artifact, "1")
	for _, m := range []struct {
		name    string
		content []byte
	}{{"padding", padding}, {s.name, []byte(s.content)}} {
		dst, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dst.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGigabyteOfArchives scans three files at once that would inflate to more than a gigabyte each: the heap stays within
// what Limits says, and what is found does not depend on how many are analyzed at once.
func TestGigabyteOfArchives(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates gigabytes")
	}
	const size = 20 << 20
	inner := padded(t, size, "inner")
	var members []member
	for i := range 56 {
		members = append(members, member{fmt.Sprintf("lib/%02d.jar", i), inner})
	}
	outer := jar(t, members...)
	if len(outer) > size {
		t.Fatalf("%d bytes", len(outer))
	}
	layer := new(imagetest.Layer)
	for i := range 3 {
		layer.File(fmt.Sprintf("%d.war", i), outer)
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	members, inner = nil, ""

	limits := scan.Limits{Memory: 64 << 20}
	// Contents; one analyzer that holds Memory, and the others 8 MiB each; and as much again, uncollected.
	bound := uint64(2 * (limits.Memory + limits.Memory + 3*(8<<20)))
	var first string
	for _, parallel := range []int{1, 3} {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		before, most := stats.HeapAlloc, uint64(0)
		done := make(chan struct{})
		var sampling sync.WaitGroup
		sampling.Go(func() {
			for {
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc)
				select {
				case <-done:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}, Limits: limits, Parallel: parallel}.Scan(t.Context(), img)
		close(done)
		sampling.Wait()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d at once: %d MiB of heap, %d components", parallel, (most-min(before, most))>>20, len(report.Components))
		if most > before+bound {
			t.Errorf("%d at once: %d bytes of heap, more than %d", parallel, most-before, bound)
		}
		if len(report.Components) != 3*51 { // 51 of 20 MiB each are a gigabyte
			t.Errorf("%d components", len(report.Components))
		}
		for _, d := range report.Diagnostics {
			if d.Code != analyzer.TooLarge || !strings.Contains(d.Message, "more bytes in all") {
				t.Errorf("%+v", d)
			}
		}
		if len(report.Diagnostics) != 3*5 { // for each archive that is beyond
			t.Errorf("%d diagnostics", len(report.Diagnostics))
		}
		b, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		} else if first != string(b) {
			t.Errorf("the report differs with %d at once", parallel)
		}
	}
	if report, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{New()}, Limits: scan.Limits{Memory: 16 << 20}}).Scan(t.Context(), img); err != nil || len(report.Components) != 0 || len(report.Diagnostics) == 0 {
		t.Errorf("with less memory than an archive takes: %d components, %v", len(report.Components), err)
	}
}
