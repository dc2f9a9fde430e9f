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
	return &repeater{body: strings.Split(body, "#"), tail: tail, left: size, now: []byte(head)}
}

type repeater struct {
	body []string // its parts between the numbers
	tail string
	left int64
	n    int
	now  []byte // the rest of the part of the document that buf holds
	buf  []byte // a chunk
}

// chunk is the number of bytes that the repeater makes at a time.
const chunk = 16 << 10

func (r *repeater) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.now) == 0 && !r.next() {
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
	if len(r.buf) < chunk || len(r.body) > 1 || r.left < chunk { // else the chunk is the last one again
		r.buf = r.buf[:0]
	}
	for int64(len(r.buf)) < min(r.left, chunk) {
		r.n++
		for i, part := range r.body {
			if i > 0 {
				r.buf = strconv.AppendInt(r.buf, int64(r.n), 10)
			}
			r.buf = append(r.buf, part...)
		}
	}
	r.left -= int64(len(r.buf))
	if r.now = r.buf; len(r.now) == 0 {
		r.now, r.tail = []byte(r.tail), ""
	}
	return len(r.now) > 0
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
