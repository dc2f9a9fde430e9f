package analyzer

import "sync"

// A bufferPool lends the buffers that file contents are read into. Most wanted files are small, and there are many.
type bufferPool struct{ pool sync.Pool }

// maxPooled is the capacity above which a buffer is left to the garbage collector.
const maxPooled = 1 << 20

// get returns an empty buffer of at least the given capacity.
func (p *bufferPool) get(size int) []byte {
	if b, ok := p.pool.Get().(*[]byte); ok && cap(*b) >= size {
		return (*b)[:0]
	}
	return make([]byte, 0, max(size, 4096))
}

// put takes a buffer back, which nobody may use any more.
func (p *bufferPool) put(b []byte) {
	if c := cap(b); c > 0 && c <= maxPooled {
		b = b[:0]
		p.pool.Put(&b)
	}
}
