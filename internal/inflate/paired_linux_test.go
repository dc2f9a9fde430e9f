package inflate

import (
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkPaired decodes each workload with this package and another one in turn, a slice at a time, and reports the ratio
// of processor times: the median of slices, and that of the sums. What else the machine does hits both alike.
func BenchmarkPaired(b *testing.B) {
	for _, w := range workloads(b) {
		for _, other := range []string{"klauspost", "standard"} {
			b.Run("content="+w.name+"/to="+other, func(b *testing.B) { paired(b, w, other) })
		}
	}
}

func paired(b *testing.B, w workload, other string) {
	const slice = 512 << 10
	streams := w.load(b)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var ratios []float64
	var ours, theirs time.Duration
	size := 0.0
	for i := 0; b.Loop(); i++ {
		runs := [2]*run{newRun("inflate", streams), newRun(other, streams)}
		for more := true; more; {
			var took [2]time.Duration
			var n [2]int
			for j := range runs {
				k := (i + j) & 1 // the first one finds colder caches
				start := threadTime(b)
				var err error
				n[k], err = runs[k].step(slice)
				took[k] = threadTime(b) - start
				if more = err == nil; err != nil && err != io.EOF {
					b.Fatal(err)
				}
			}
			if n[0] != n[1] {
				b.Fatal(n)
			}
			if n[0] > 0 {
				ratios = append(ratios, float64(took[1])/float64(took[0]))
				ours, theirs = ours+took[0], theirs+took[1]
				size += float64(n[0]) / 1e6
			}
			i++
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(size/ours.Seconds(), "ours-MB/s")
	b.ReportMetric(size/theirs.Seconds(), "theirs-MB/s")
	b.ReportMetric(ratios[len(ratios)/2], "median")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "total")
}

// threadTime returns how much processor time this thread has taken.
func threadTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
