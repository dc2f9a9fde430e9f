package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

// member returns a member with a header of these flags and fields.
func member(t testing.TB, flags byte, fields string, content []byte) []byte {
	t.Helper()
	b := append([]byte{0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255}, fields...)
	if flags&flagHeaderSum != 0 {
		b = binary.LittleEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b)))
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 6)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b = append(b, packed.Bytes()...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(b, uint32(len(content)))
}

func field(n int) string {
	return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) + strings.Repeat("e", n)
}

func TestGzipHeaders(t *testing.T) {
	content := []byte("content")
	name := func(n int) string { return strings.Repeat("n", n) + "\x00" }
	for _, c := range []struct {
		flags  byte
		fields string
		err    error
	}{
		{0, "", nil},
		{1 << 0, "", nil},
		{flagHeaderSum, "", nil},
		{flagExtra, field(0), nil},
		{flagExtra, field(65535), nil},
		{flagName, name(0), nil},
		{flagName, name(511), nil},
		{flagName, name(512), gzip.ErrHeader},
		{flagComment, name(511), nil},
		{flagComment, name(600), gzip.ErrHeader},
		{flagExtra | flagName | flagComment | flagHeaderSum, field(300) + name(20) + name(30), nil},
		{flagExtra | flagHeaderSum, field(50_000), nil},
		{0xe0, "", nil}, // reserved
	} {
		b := member(t, c.flags, c.fields, content)
		got := same(t, Gzip, b)
		if _, err := standard(bytes.NewReader(b), Gzip); !errors.Is(err, c.err) || err == nil && !bytes.Equal(got, content) {
			t.Errorf("flags %#x, %d bytes of fields: %d bytes, %v", c.flags, len(c.fields), len(got), err)
		}
		for n := 0; n < min(len(b), 1000); n++ {
			b[n]++ // damaged
			same(t, Gzip, b)
			b[n]--
			same(t, Gzip, b[:n])
			if t.Failed() {
				t.Fatalf("flags %#x, byte %d", c.flags, n)
			}
			if n > 100 {
				n += 97
			}
		}
	}
}

func TestGzipMembers(t *testing.T) {
	a, b, empty := member(t, 0, "", []byte("first")), member(t, flagName, "name\x00", []byte("second")), member(t, 0, "", nil)
	far := bytes.Clone(a) // a second member that refers to the first one
	w := new(builder)
	litLen, dist := fixedCodes()
	w.header(true, 1).symbol(litLen, 'x').match(litLen, dist, 3, 2).symbol(litLen, 256)
	far = append(append(far, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0), w.out...)
	badSum, badSize := bytes.Clone(a), bytes.Clone(a)
	badSum[len(a)-8]++
	badSize[len(a)-1]++
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range []struct {
		name    string
		stored  []byte
		want    string // members that are right
		strict  error  // of Gzip
		lenient error  // of GzipLenient
	}{
		{"none", nil, "", nil, nil},
		{"one", a, "first", nil, nil},
		{"two", join(a, b), "firstsecond", nil, nil},
		{"empty ones", join(empty, a, empty, empty, b, empty), "firstsecond", nil, nil},
		{"garbage", join(a, []byte("garbage behind it")), "first", gzip.ErrHeader, nil},
		{"one byte", join(a, []byte{0x1f}), "first", io.ErrUnexpectedEOF, nil},
		{"zeros", join(a, make([]byte, 512)), "first", gzip.ErrHeader, nil},
		{"two bytes", join(a, gzipMagic), "first", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		{"other method", join(a, gzipMagic, make([]byte, 20)), "first", gzip.ErrHeader, gzip.ErrHeader},
		{"cut off", join(a, b[:12]), "first", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		{"trailer cut off", a[:len(a)-1], "first", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		{"wrong sum", join(badSum, b), "first", gzip.ErrChecksum, gzip.ErrChecksum},
		{"wrong size", join(badSize, b), "first", gzip.ErrChecksum, gzip.ErrChecksum},
		{"distance into another member", far, "firstx", flate.CorruptInputError(3), flate.CorruptInputError(3)},
	} {
		for _, f := range []Format{Gzip, GzipLenient, GzipMember} {
			same(t, f, c.stored)
			got, err := inflate(bytes.NewReader(c.stored), f, ways[0])
			want, wantErr := c.want, map[Format]error{Gzip: c.strict, GzipLenient: c.lenient}[f]
			if f == GzipMember {
				want = want[:min(len(want), 5)]
				if c.name == "empty ones" {
					want = ""
				}
				if wantErr = nil; c.strict == gzip.ErrChecksum || c.name == "trailer cut off" {
					wantErr = c.strict
				}
			}
			if string(got) != want || !errors.Is(err, wantErr) {
				t.Errorf("%s, format %d: %q, %v, want %q, %v", c.name, f, got, err, want, wantErr)
			}
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
}

// TestManyMembers reads members of many sizes, as eStargz has one for each file or piece of one.
func TestManyMembers(t *testing.T) {
	all := contents()["mixed"]
	for _, size := range []int{1, 2000, 8 << 10, 70_001} {
		var stored []byte
		content := all[:min(len(all), 300*size)]
		for p := range slices.Chunk(content, size) {
			stored = append(stored, member(t, 0, "", p)...)
		}
		if got := same(t, Gzip, stored); !bytes.Equal(got, content) {
			t.Errorf("members of %d bytes: %d bytes, want %d", size, len(got), len(content))
		}
	}
}

func ExampleReader() {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, "content")
	w.Close()
	z := NewReader(&b, Gzip)
	defer z.Close()
	for {
		chunk, err := z.Next()
		if err == io.EOF {
			return
		}
		fmt.Printf("%s %v\n", chunk, err)
	}
	// Output: content <nil>
}
