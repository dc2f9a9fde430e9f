package walk

import "io"

// A pipe carries bytes from a goroutine, its source, to another, its reader, in chunks that it reuses.
type pipe struct {
	size   int
	chunks chan chunk    // closed by the source after the last one
	free   chan []byte   // chunks to fill
	quit   chan struct{} // closed by close

	// The reader's:
	cur  []byte // unread rest of the chunk being read
	full []byte // the buffer of that chunk
	err  error  // what ends the bytes once cur is empty
}

type chunk struct {
	buf  []byte // from freeChunk
	data []byte // part of buf
	err  error  // after data
}

// newPipe returns a pipe that holds up to count chunks of size bytes.
func newPipe(size, count int) *pipe {
	p := &pipe{size: size, chunks: make(chan chunk, count), free: make(chan []byte, count), quit: make(chan struct{})}
	for range count {
		p.free <- nil // allocated when first needed: most layers of most images are small
	}
	return p
}

// freeChunk returns a chunk for the source to fill, or false after close.
func (p *pipe) freeChunk() ([]byte, bool) {
	select {
	case buf := <-p.free:
		if buf == nil {
			buf = make([]byte, p.size)
		}
		return buf, true
	case <-p.quit:
		return nil, false
	}
}

// put passes a buffer from freeChunk to the reader; data is its part to read. It returns false after close.
func (p *pipe) put(buf, data []byte, err error) bool {
	select {
	case p.chunks <- chunk{buf, data, err}:
		return true
	case <-p.quit:
		return false
	}
}

// next moves to the next chunk, which may be empty, or returns the error that ends the bytes.
func (p *pipe) next() error {
	if p.err != nil {
		return p.err
	}
	if p.full != nil {
		p.free <- p.full // has room
		p.full = nil
	}
	c, ok := <-p.chunks
	if !ok {
		return io.ErrUnexpectedEOF
	}
	p.cur, p.full, p.err = c.data, c.buf, c.err
	return nil
}

// Read implements io.Reader.
func (p *pipe) Read(b []byte) (int, error) {
	for len(p.cur) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.cur)
	p.cur = p.cur[n:]
	return n, nil
}

// close ends the source, and waits for it.
func (p *pipe) close() {
	close(p.quit)
	for range p.chunks {
	}
}
