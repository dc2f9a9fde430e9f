package inflate

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

func pack(t testing.TB, content, dictionary []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevelDict(&b, 6, dictionary)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZlib(t *testing.T) {
	content := []byte("some content, some content")
	good := pack(t, content, nil)
	badSum := bytes.Clone(good)
	badSum[len(good)-1]++
	for _, c := range []struct {
		name   string
		stored []byte
		err    error
	}{
		{"good", good, nil},
		{"bytes behind it", append(bytes.Clone(good), "other bytes"...), nil},
		{"nothing", nil, io.ErrUnexpectedEOF},
		{"wrong sum", badSum, zlib.ErrChecksum},
		{"no sum", good[:len(good)-4], io.ErrUnexpectedEOF},
		{"dictionary", pack(t, content, []byte("content")), zlib.ErrDictionary},
		{"empty dictionary", pack(t, content, []byte{}), nil},
		{"dictionary, cut off", pack(t, content, []byte("content"))[:5], io.ErrUnexpectedEOF},
		{"gzip", member(t, 0, "", content), zlib.ErrHeader},
	} {
		same(t, Zlib, c.stored)
		got, err := inflate(bytes.NewReader(c.stored), Zlib, ways[0])
		if !errors.Is(err, c.err) || err == nil && !bytes.Equal(got, content) {
			t.Errorf("%s: %q, %v, want %v", c.name, got, err, c.err)
		}
	}
	for h := range 1 << 16 {
		stored := bytes.Clone(good)
		binary.BigEndian.PutUint16(stored, uint16(h))
		if sameIn(t, Zlib, stored, ways[:1]); t.Failed() {
			t.Fatalf("header %04x", h)
		}
	}
}
