package scan

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/hullmark/hullmark/internal/executable"
)

// A parts has some spans of the content of a file.
type parts struct {
	size   int64
	spans  []span      // sorted, with gaps between them
	missed atomic.Bool // a reader asked for other bytes
	spare  *spare      // gives memory

	named bool // the scan looked for tables of names
	names []executable.NameTable
}

type span struct {
	start int64
	data  []byte
}

// A spare has the memory of parts that no analyzer wanted.
type spare [][]byte

// take returns an empty slice, with memory if there is some.
func (s *spare) take() []byte {
	n := len(*s)
	if n == 0 {
		return nil
	}
	b := (*s)[n-1]
	*s = (*s)[:n-1]
	return b
}

// put takes back the memory of parts.
func (s *spare) put(p *parts) {
	for _, part := range slices.Backward(p.spans) {
		*s = append(*s, part.data[:0])
	}
}

// keep keeps bytes of the file. Their offset is not below those that were kept before.
func (p *parts) keep(start int64, data []byte) {
	if n := len(p.spans) - 1; n >= 0 && p.spans[n].start+int64(len(p.spans[n].data)) == start {
		p.spans[n].data = append(p.spans[n].data, data...)
		return
	}
	p.spans = append(p.spans, span{start, append(p.spare.take(), data...)})
}

// end returns the offset after the last byte that is kept.
func (p *parts) end() int64 {
	if len(p.spans) == 0 {
		return 0
	}
	s := &p.spans[len(p.spans)-1]
	return s.start + int64(len(s.data))
}

// Names returns the tables of names that the parts have, if the scan looked for them.
func (p *parts) Names() ([]executable.NameTable, bool) { return p.names, p.named }

// kept returns the number of bytes that the parts have.
func (p *parts) kept() (n int64) {
	for _, s := range p.spans {
		n += int64(len(s.data))
	}
	return n
}

var errMissed = errors.New("bytes that the scan did not keep")

// ReadAt implements io.ReaderAt.
func (p *parts) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	for n < len(b) {
		if off >= p.size {
			return n, io.EOF
		}
		i := slices.IndexFunc(p.spans, func(s span) bool { return s.start <= off && off < s.start+int64(len(s.data)) })
		if i < 0 {
			p.missed.Store(true)
			return n, errMissed
		}
		k := copy(b[n:], p.spans[i].data[off-p.spans[i].start:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}
