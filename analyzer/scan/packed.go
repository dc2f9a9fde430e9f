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
	// minPacked is the size of the smallest program that is held packed.
	minPacked = 4 << 20

	packedPart = 128 << 10
)

// A packed holds the content of a large program in parts, compressed if that makes them smaller. Analyzers need only a few bytes
// of a program, but the last bytes tell which. A packed serves one reader at a time.
type packed struct {
	size  int64
	parts [][]byte // each of packedPart bytes, except the last

	mu   sync.Mutex
	part []byte // the part that was read last
	at   int    // its number, counted from 1
}

// newPacked packs the content of src if it is a program, or returns its first bytes.
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
