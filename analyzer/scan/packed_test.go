package scan

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// program returns bytes that begin as an ELF file does, half of which can be made smaller.
func program(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{})
	for i := 0; i < size; i += 2 * packedPart {
		r.Read(b[i:min(size, i+packedPart)])
	}
	copy(b, "\x7fELF")
	return b
}

func TestPacked(t *testing.T) {
	for _, size := range []int{4, packedPart, packedPart + 1, 10*packedPart - 7} {
		want := program(size)
		p, _, err := newPacked(bytes.NewReader(want), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(io.NewSectionReader(p, 0, int64(size)), want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		for range 100 {
			from := rand.IntN(size)
			got := make([]byte, rand.IntN(size-from+1))
			if _, err := p.ReadAt(got, int64(from)); err != nil || !bytes.Equal(got, want[from:from+len(got)]) {
				t.Fatalf("%d bytes: %d from %d: %v", size, len(got), from, err)
			}
		}
		kept := 0
		for _, part := range p.parts {
			kept += len(part)
		}
		if size > 4*packedPart && kept > size*6/10 {
			t.Errorf("%d bytes take %d", size, kept)
		}
	}
}

func TestPackedNot(t *testing.T) {
	p, head, err := newPacked(bytes.NewReader(make([]byte, 2*packedPart)), 2*packedPart)
	if p != nil || len(head) != packedPart || err != nil {
		t.Errorf("%v, %d bytes, %v", p, len(head), err)
	}
	if _, _, err := newPacked(bytes.NewReader(program(packedPart+1)), 2*packedPart); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	if _, _, err := newPacked(bytes.NewReader(nil), 1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("empty: %v", err)
	}
}
