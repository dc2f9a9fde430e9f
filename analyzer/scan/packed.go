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
	// minPacked is the size from which on a program is kept packed.
	minPacked = 4 << 20

	packedPart = 128 << 10
)

// packed is the content of a large program, in parts that are compressed where that makes them smaller: analyzers look at a
// few bytes of it, but which ones they are its last bytes tell. It serves one reader at a time.
type packed struct {
	size  int64
	parts [][]byte // each of packedPart bytes but the last, which has the rest

	mu   sync.Mutex
	part []byte // the one that was read last
	at   int    // its number, counted from 1
}

// newPacked packs what src gives if that is a program, or returns its first bytes.
func newPacked(src io.Reader, size int64) (p *packed, head []byte, err error) {
	p = &packed{size: size}
	buf := make([]byte, packedPart)
	var scratch []byte
	for left := size; left > 0; left -= int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), left)]
		if _, err := io.ReadFull(src, buf); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, nil, err
		}
		if left == size && executable.FormatOf(bytes.NewReader(buf)) == executable.None {
			return nil, buf, nil
		}
		scratch = s2.Encode(scratch[:cap(scratch)], buf)
		part := scratch
		if len(part) >= len(buf) {
			part = buf
		}
		p.parts = append(p.parts, bytes.Clone(part))
	}
	p.part = buf[:0]
	return p, nil, nil
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
		p.part = append(p.part[:0], p.parts[i]...)
	} else if p.part, err = s2.Decode(p.part[:cap(p.part)], p.parts[i]); err != nil || len(p.part) != size {
		return fmt.Errorf("unpack: %d bytes of %d: %v", len(p.part), size, err)
	}
	p.at = i + 1
	return nil
}
