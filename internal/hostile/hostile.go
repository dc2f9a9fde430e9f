// Package hostile helps to test readers with documents that take as much memory as they can.
package hostile

import (
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Repeat returns a document that consists of head, size bytes of repetitions of body, and tail. "#" in the body stands for the number of the
// repetition.
func Repeat(head, body, tail string, size int64) io.Reader {
	return &repeater{body: body, tail: tail, left: size, now: head, counts: strings.Contains(body, "#")}
}

type repeater struct {
	body, tail string
	left       int64
	n          int
	now        string
	counts     bool
}

func (r *repeater) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.now == "" && !r.next() {
			break
		}
		k := copy(p[n:], r.now)
		r.now = r.now[k:]
		n += k
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// next sets now to the next part of the document.
func (r *repeater) next() bool {
	switch {
	case r.left > 0:
		r.n++
		r.now = r.body
		if r.counts {
			r.now = strings.ReplaceAll(r.body, "#", strconv.Itoa(r.n))
		}
		r.left -= int64(len(r.now))
	case r.tail != "":
		r.now, r.tail = r.tail, ""
	default:
		return false
	}
	return true
}

// Peak calls f and returns by how many bytes the heap grew at most. It samples the heap a hundred times a second.
func Peak(f func()) uint64 {
	runtime.GC()
	before := inUse()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for peak := uint64(0); ; {
			peak = max(peak, inUse())
			select {
			case <-stop:
				most <- peak
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	peak := max(<-most, inUse())
	return peak - min(before, peak)
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
