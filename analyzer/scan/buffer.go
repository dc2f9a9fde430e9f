package scan

import "sync"

// A bufferPool lends the buffers that file contents are read into. Most wanted files are small, and there are many; a few,
// such as programs, are large.
type bufferPool struct{ small, large sync.Pool }

const (
	maxSmall  = 64 << 10 // capacity of what small lends, at most
	maxPooled = 4 << 20  // capacity above which a buffer is left to the garbage collector
)

// get returns an empty buffer of at least the given capacity.
func (p *bufferPool) get(size int) []byte {
	pool, capacity := &p.small, max(size, 4096)
	if size > maxSmall {
		pool, capacity = &p.large, max(size, 1<<20)
	}
	if b, ok := pool.Get().(*[]byte); ok && cap(*b) >= size {
		return (*b)[:0]
	}
	return make([]byte, 0, capacity)
}

// put takes a buffer back, which nobody may use any more.
func (p *bufferPool) put(b []byte) {
	b = b[:0]
	switch c := cap(b); {
	case c == 0 || c > maxPooled:
	case c > maxSmall:
		p.large.Put(&b)
	default:
		p.small.Put(&b)
	}
}
