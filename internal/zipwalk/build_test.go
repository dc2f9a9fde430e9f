package zipwalk

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"testing"
)

// A part is an entry of an archive to be built. What its fields leave zero is as it should be.
type part struct {
	name    string
	content []byte
	deflate bool
	lie     func(*zip.FileHeader)
}

func store(name, content string) part { return part{name: name, content: []byte(content)} }

func nest(name string, content []byte) part { return part{name: name, content: content} }

// build returns an archive.
func build(t testing.TB, parts ...part) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		h := &zip.FileHeader{
			Name: p.name, CRC32: crc32.ChecksumIEEE(p.content), UncompressedSize64: uint64(len(p.content)),
		}
		packed := p.content
		if p.deflate {
			h.Method, packed = zip.Deflate, pack(t, p.content)
		}
		h.CompressedSize64 = uint64(len(packed))
		if p.lie != nil {
			p.lie(h)
		}
		dst, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dst.Write(packed); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pack(t testing.TB, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A sparse file is zero but for some pieces, so that a test of gigabytes needs none.
type sparse struct {
	size   int64
	pieces []piece // in order, apart from one another
}

type piece struct {
	offset int64
	data   []byte
	repeat int64 // how often data follows itself; 0 is once
}

func (p piece) end() int64 { return p.offset + int64(len(p.data))*max(p.repeat, 1) }

func (s *sparse) add(data []byte, repeat int64) {
	s.pieces = append(s.pieces, piece{s.size, data, repeat})
	s.size = s.pieces[len(s.pieces)-1].end()
}

// ReadAt implements io.ReaderAt.
func (s *sparse) ReadAt(b []byte, at int64) (int, error) {
	n := int(max(min(int64(len(b)), s.size-at), 0))
	clear(b[:n])
	for _, p := range s.pieces {
		from, to := max(at, p.offset), min(at+int64(n), p.end())
		for from < to {
			in := (from - p.offset) % int64(len(p.data))
			from += int64(copy(b[from-at:to-at], p.data[in:]))
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
