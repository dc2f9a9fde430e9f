package image

import "io"

// A pipe brings bytes from one goroutine, its source, to another, its reader, in chunks that are used again.
type pipe struct {
	size   int
	chunks chan chunk    // closed by the source after the last one
	free   chan []byte   // to fill again
	quit   chan struct{} // closed by close

	// Of the reader:
	cur  []byte // unread rest of the chunk being read
	full []byte // that chunk, whole
	err  error  // what ends the bytes once cur is empty
}

type chunk struct {
	data []byte
	err  error // after data
}

// newPipe returns a pipe that holds up to count chunks of size bytes.
func newPipe(size, count int) *pipe {
	p := &pipe{size: size, chunks: make(chan chunk, count), free: make(chan []byte, count), quit: make(chan struct{})}
	for range count {
		p.free <- nil // allocated when first needed: most layers of most images are small
	}
	return p
}

// room returns a chunk for the source to fill, or false if nobody reads any more.
func (p *pipe) room() ([]byte, bool) {
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

// put gives what room returned, as far as it was filled, to the reader. It reports false if nobody reads any more.
func (p *pipe) put(data []byte, err error) bool {
	select {
	case p.chunks <- chunk{data, err}:
		return true
	case <-p.quit:
		return false
	}
}

// next goes on to the next chunk, which may be empty, or returns the error that ends the bytes.
func (p *pipe) next() error {
	if p.err != nil {
		return p.err
	}
	if p.full != nil {
		p.free <- p.full[:cap(p.full)] // has room
		p.full = nil
	}
	c, ok := <-p.chunks
	if !ok {
		return io.ErrUnexpectedEOF
	}
	p.cur, p.full, p.err = c.data, c.data, c.err
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

// close tells the source that nobody reads any more, and waits for it to end.
func (p *pipe) close() {
	close(p.quit)
	for range p.chunks {
	}
}
