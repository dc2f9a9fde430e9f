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
	for _, size := range []int{4, packedPart, packedPart + 1, 40*packedPart - 7} {
		want := program(size)
		p, _, err := newPacked(bytes.NewReader(want), int64(size), new(bufferPool))
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
		if size > minPacked && kept > size*6/10 {
			t.Errorf("%d bytes take %d", size, kept)
		}
	}
}

// TestPackedArchive checks that a zip archive is held in parts as they are, which go back to the pool. A module of the JDK has a header before it,
// and an archive that is a program of Spring Boot has a script.
func TestPackedArchive(t *testing.T) {
	for _, head := range []string{"PK\x03\x04", "JM\x01\x00PK\x03\x04", "#!/bin/bash\nexit 0\nPK\x03\x04"} {
		want := program(3*packedPart + 5)
		copy(want, head)
		var pool bufferPool
		p, _, err := newPacked(bytes.NewReader(want), int64(len(want)), &pool)
		if err != nil || p == nil {
			t.Fatalf("%q: %v, %v", head, p, err)
		}
		if err := iotest.TestReader(io.NewSectionReader(p, 0, int64(len(want))), want); err != nil {
			t.Errorf("%q: %v", head, err)
		}
		if len(p.parts) != 4 || cap(p.parts[3]) != packedPart {
			t.Errorf("%q: %d parts, the last of %d bytes", head, len(p.parts), cap(p.parts[3]))
		}
		p.release(&pool)
		if n, err := p.ReadAt(make([]byte, 1), 0); n != 0 || err != io.EOF {
			t.Errorf("%q: after release: %d bytes, %v", head, n, err)
		}
	}
}

func TestPackedNot(t *testing.T) {
	p, head, err := newPacked(bytes.NewReader(make([]byte, 2*packedPart)), 2*packedPart, new(bufferPool))
	if p != nil || len(head) != packedPart || err != nil {
		t.Errorf("%v, %d bytes, %v", p, len(head), err)
	}
	if _, _, err := newPacked(bytes.NewReader(program(packedPart+1)), 2*packedPart, new(bufferPool)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	if _, _, err := newPacked(bytes.NewReader(nil), 1, new(bufferPool)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("empty: %v", err)
	}
}
