package gctuning

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {20 << 20, 100}, {32 << 20, 12}, {1 << 40, 12}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("%d bytes: got %d, want %d", c.live, got, c.want)
		}
	}
}

// TestStart checks that every collection sets the percentage, not only the first.
func TestStart(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	Start()
	hold := make([]byte, 64<<20)
	for _, want := range []int{12, 400} {
		for end := time.Now().Add(10 * time.Second); ; {
			runtime.GC()
			now := debug.SetGCPercent(100)
			debug.SetGCPercent(now)
			if want == 12 && now == want || want != 12 && now > 100 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d percent with %d bytes held", now, len(hold))
			}
		}
		runtime.KeepAlive(hold)
		hold = nil
	}
}

// TestSet checks that other settings have precedence.
func TestSet(t *testing.T) {
	before := debug.SetGCPercent(70)
	defer debug.SetGCPercent(before)
	Start()
	if now := debug.SetGCPercent(70); now != 70 {
		t.Errorf("GOGC is %d", now)
	}
}
