package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"testing"
	"time"
)

// TestReports decodes what users of other decoders reported. The wanted output and error were written down before the first run.
func TestReports(t *testing.T) {
	litLen, dist := fixedCodes()
	build := func(f func(b *builder)) []byte {
		b := new(builder)
		f(b)
		return b.out
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	a, b := member(t, 0, "", []byte("AAAAAAAA")), member(t, 0, "", []byte("BB"))
	wrongSize := member(t, 0, "", []byte{1, 2, 3, 4, 5, 6})
	wrongSize[len(wrongSize)-4] = 3
	zeros := make([]byte, 3<<20)
	allDistances, err := base64.StdEncoding.DecodeString("CB0F34EAAAAAABDh804IAAAAAQ==")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		report string
		format Format
		stored []byte
		want   []byte
		err    error // nil, an error, or any flate.CorruptInputError
	}{
		{"ebiggers/libdeflate#31: several members", Gzip, join(a, b), []byte("AAAAAAAABB"), nil},
		{"101arrowz/fflate#287: several members", GzipLenient, join(a, b), []byte("AAAAAAAABB"), nil},
		{"101arrowz/fflate#181: a wrong size does not shorten the output", Gzip, wrongSize, []byte{1, 2, 3, 4, 5, 6}, gzip.ErrChecksum},
		{"onekey-sec/unblob#314: zeros after the last member", GzipLenient, join(a, make([]byte, 1000)), []byte("AAAAAAAA"), nil},
		{"opencontainers/umoci#360: other bytes after the last member", GzipLenient, join(a, []byte("trailer")), []byte("AAAAAAAA"), nil},
		{"moby/moby#18226: a layer of no bytes", GzipLenient, nil, nil, nil},
		{"golang/go#11030: no distance code, and none used", Deflate,
			[]byte{0x05, 0xc0, 0x07, 0x06, 0, 0, 0, 0x80, 0x40, 0x0f, 0xff, 0x37, 0xa0, 0xca}, nil, nil},
		{"madler/zlib#1068: 32 distance codes", Zlib, allDistances, nil, flate.CorruptInputError(0)},
		{"Frommi/miniz_oxide#130: 288 codes for literals and lengths", Deflate,
			build(func(b *builder) { b.header(true, 2).bits(31, 5).bits(0, 5).bits(15, 4).bits(0, 99) }), nil, flate.CorruptInputError(0)},
		{"google/wuffs#66: one distance code of one bit", Deflate, build(func(b *builder) {
			l, d := b.dynamic(true, append(append(repeat(8, 254), 0, 0), 8, 8), []uint8{1})
			b.symbol(l, 'a').match(l, d, 3, 1).symbol(l, 256)
		}), []byte("aaaa"), nil},
		{"richgel999/miniz#229: a symbol without bits", Deflate, build(func(b *builder) {
			b.dynamic(true, append(repeat(0, 256), 2), []uint8{0})
			b.bits(0, 99)
		}), nil, flate.CorruptInputError(0)},
		{"kim-em/lean-zip#2571: an incomplete code of literals", Deflate, build(func(b *builder) {
			b.dynamic(true, append(repeat(9, 256), 9), []uint8{1, 1})
			b.bits(0, 99)
		}), nil, flate.CorruptInputError(0)},
		{"apache/commons-compress#785: the fixed code of symbol 286", Deflate,
			build(func(b *builder) { b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 286).bits(0, 99) }), []byte("a"), flate.CorruptInputError(0)},
		{"image-rs/fdeflate#26: no distance code, and the end in the last bits", Deflate, build(func(b *builder) {
			l, _ := b.dynamic(true, append(append(repeat(8, 254), 0, 0), 8, 8), []uint8{0})
			b.symbol(l, 'a').symbol(l, 'b').symbol(l, 256)
		}), []byte("ab"), nil},
		{"guzba/zippy#108: 258 bytes as the last length of symbol 284", Deflate, build(func(b *builder) {
			b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 284).bits(31, 5).symbol(dist, 0).symbol(litLen, 'b').symbol(litLen, 256)
		}), append(bytes.Repeat([]byte("a"), 259), 'b'), nil},
		{"libarchive/libarchive#748: output remains when all input is read", Deflate, pack(t, zeros, nil)[2:], zeros, nil},
		{"icsharpcode/SharpZipLib#837: the last byte of the sum is missing", Zlib, cutLast(pack(t, []byte("content"), nil), 1), []byte("content"), io.ErrUnexpectedEOF},
		{"sile/libflate#56: the sum is missing", Zlib, cutLast(pack(t, []byte("content"), nil), 4), []byte("content"), io.ErrUnexpectedEOF},
	} {
		same(t, c.format, c.stored)
		got, err := inflate(bytes.NewReader(c.stored), c.format, ways[0])
		var corrupt flate.CorruptInputError
		if _, wantCorrupt := c.err.(flate.CorruptInputError); !bytes.Equal(got, c.want) || wantCorrupt != errors.As(err, &corrupt) || !wantCorrupt && err != c.err {
			t.Errorf("%s: %d bytes, %v, want %d, %v", c.report, len(got), err, len(c.want), c.err)
		}
	}
}

func cutLast(b []byte, n int) []byte { return b[:len(b)-n] }

// TestCutOff cuts a member off inside its stream: mxmlnkn/rapidgzip#71 took some for the end of the file.
func TestCutOff(t *testing.T) {
	line := make([]byte, 0, 97)
	var content []byte
	for x, y := 12345, 54321; len(content) < 400<<10; {
		line = line[:0]
		for range 96 {
			x, y = (25173*x+13849)%65536, (17431*y+1237)%65536
			line = append(line, byte(33+(x+3*y)%94))
		}
		content = append(content, append(line, '\n')...)
	}
	whole := member(t, 0, "", content)
	for n := len(whole) - 1; n > 0; n -= 1 + n%4001 {
		for _, f := range []Format{Gzip, GzipLenient, GzipMember} {
			if got, err := inflate(bytes.NewReader(whole[:n]), f, ways[0]); err != io.ErrUnexpectedEOF || !bytes.HasPrefix(content, got) {
				t.Fatalf("%d of %d bytes: %d bytes of output, %v", n, len(whole), len(got), err)
			}
		}
	}
}

// TestManyBlocks decodes blocks without content. Their codes cost the most for each byte of input: ebiggers/libdeflate#33 made 4 MB/s
// of them, and ebiggers/libdeflate#157 never ended.
func TestManyBlocks(t *testing.T) {
	b := new(builder)
	lens := append(append(repeat(8, 254), 0, 0), 8, 8)
	for len(b.out) < 1<<20 {
		l, _ := b.dynamic(false, lens, []uint8{1})
		b.symbol(l, 256)
	}
	seconds := func(f func() error) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			if err := f(); err != io.ErrUnexpectedEOF {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	ours := seconds(func() error { _, err := inflate(bytes.NewReader(b.out), Deflate, ways[0]); return err })
	theirs := seconds(func() error { _, err := standard(bytes.NewReader(b.out), Deflate); return err })
	t.Logf("%d bytes of empty blocks: %v, the standard library %v", len(b.out), ours, theirs)
	if ours > 3*theirs {
		t.Errorf("%v, the standard library %v", ours, theirs)
	}
}
