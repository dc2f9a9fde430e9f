package scan

import (
	"errors"
	"io"
	"sync/atomic"
)

// A parts is the content of a file of which the scan kept the head and the tail.
type parts struct {
	head, tail []byte
	size       int64
	missed     atomic.Bool // a reader asked for other bytes
}

var errMissed = errors.New("bytes that the scan did not keep")

// ReadAt implements io.ReaderAt.
func (p *parts) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	tail := p.size - int64(len(p.tail))
	for n < len(b) {
		switch {
		case off >= p.size:
			return n, io.EOF
		case off >= tail:
			k := copy(b[n:], p.tail[off-tail:])
			n, off = n+k, off+int64(k)
		case off < int64(len(p.head)):
			k := copy(b[n:], p.head[off:])
			n, off = n+k, off+int64(k)
		default:
			p.missed.Store(true)
			return n, errMissed
		}
	}
	return n, nil
}
