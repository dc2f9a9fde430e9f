package scan

import "sync"

// A bufferPool lends buffers for file contents. Most wanted files are small; a few, such as programs, are large.
type bufferPool struct{ small, large, parts sync.Pool }

const (
	maxSmall  = 64 << 10 // capacity of the largest buffer in small
	maxPooled = 4 << 20  // capacity of the largest buffer in large; others go to the garbage collector
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

// part returns a buffer of packedPart bytes.
func (p *bufferPool) part() []byte {
	if b, ok := p.parts.Get().(*[packedPart]byte); ok {
		return b[:]
	}
	return make([]byte, packedPart)
}

// putPart takes back a buffer from part. It ignores others.
func (p *bufferPool) putPart(b []byte) {
	if cap(b) == packedPart {
		p.parts.Put((*[packedPart]byte)(b[:packedPart]))
	}
}

// put takes back a buffer that is no longer in use.
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
