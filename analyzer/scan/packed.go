package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/hullmark/hullmark/internal/executable"
)

const (
	// minParts is the size of the smallest program or zip archive that is held in parts.
	minParts = 1 << 20

	// minPacked is the size of the smallest program that is held packed.
	minPacked = 4 << 20

	packedPart = 128 << 10
)

// A packed holds the content of a large program or zip archive in parts, which a bufferPool lends. Those of the largest programs are
// compressed if that makes them smaller: analyzers need only a few bytes of a program, but the last bytes tell which. A packed serves
// one reader at a time.
type packed struct {
	size  int64
	parts [][]byte // each of packedPart bytes, except the last

	mu      sync.Mutex
	part    []byte // the part that was read last
	at      int    // its number, counted from 1
	scratch []byte // for decompression
}

// newPacked holds the content of src in parts if it is a program or a zip archive, or returns its first bytes.
func newPacked(src io.Reader, size int64, pool *bufferPool) (p *packed, head []byte, err error) {
	p = &packed{size: size}
	compress := false
	buf := pool.part()
	var scratch []byte
	for left := size; left > 0; {
		buf = buf[:min(packedPart, left)]
		if _, err := io.ReadFull(src, buf); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, nil, err
		}
		if left == size {
			program := executable.FormatOf(bytes.NewReader(buf)) != executable.None
			if !program && !bytes.Contains(buf, []byte("PK\x03\x04")) { // modules of the JDK have a header before the archive
				return nil, buf, nil
			}
			compress = program && size > minPacked
		}
		left -= int64(len(buf))
		if compress {
			if scratch = s2.Encode(scratch[:cap(scratch)], buf); len(scratch) < len(buf) {
				p.parts = append(p.parts, bytes.Clone(scratch))
				continue
			}
		}
		p.parts = append(p.parts, buf)
		buf = pool.part()
	}
	pool.putPart(buf)
	return p, nil, nil
}

// release gives the parts back to the pool.
func (p *packed) release(pool *bufferPool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range p.parts {
		pool.putPart(part)
	}
	p.parts, p.part, p.at, p.size = nil, nil, 0, 0
}

// ReadAt implements io.ReaderAt.
func (p *packed) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < len(b) {
		if off >= p.size {
			return n, io.EOF
		}
		if err := p.unpack(int(off / packedPart)); err != nil {
			return n, err
		}
		k := copy(b[n:], p.part[off%packedPart:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

func (p *packed) unpack(i int) (err error) {
	if p.at == i+1 {
		return nil
	}
	size := int(min(packedPart, p.size-int64(i)*packedPart))
	if p.at = 0; len(p.parts[i]) == size {
		p.part = p.parts[i]
	} else {
		if p.scratch, err = s2.Decode(p.scratch[:cap(p.scratch)], p.parts[i]); err != nil || len(p.scratch) != size {
			return fmt.Errorf("unpack: %d bytes of %d: %v", len(p.scratch), size, err)
		}
		p.part = p.scratch
	}
	p.at = i + 1
	return nil
}
