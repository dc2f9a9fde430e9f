package compression_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/internal/compression"
)

func gz(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t testing.TB, s string, o ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, o...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(s), nil)
}

// skippable is a skippable frame, as zstd:chunked and eStargz's zstd form have them for their tables of contents.
func skippable(kind byte, content string) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{0x50 | kind, 0x2a, 0x4d, 0x18}, uint32(len(content)))
	return append(b, content...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestNewReader(t *testing.T) {
	long := strings.Repeat("0123456789", 100_000)
	// The last member of an eStargz layer is empty and has the offset of its table of contents as an extra field.
	var footer bytes.Buffer
	z, err := gzip.NewWriterLevel(&footer, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	z.Extra = []byte("SG\x16\x000000000000000000STARGZ")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dict := zst(t, "content", zstd.WithEncoderDictRaw(77, []byte(long)))
	for _, c := range []struct {
		name   string
		stored []byte
		format compression.Format
		want   string
		err    string
	}{
		{"empty", nil, compression.None, "", ""},
		{"short", []byte("x"), compression.None, "x", ""},
		{"plain", []byte("plain text"), compression.None, "plain text", ""},
		{"gzip", gz(t, long), compression.Gzip, long, ""},
		{"gzip, members", join(gz(t, "a"), gz(t, ""), gz(t, "b")), compression.Gzip, "ab", ""},
		{"gzip, eStargz", join(gz(t, "a"), gz(t, "b"), footer.Bytes()), compression.Gzip, "ab", ""},
		{"gzip, garbage behind it", join(gz(t, "a"), []byte("garbage")), compression.Gzip, "a", ""},
		{"gzip, zeros behind it", join(gz(t, "a"), make([]byte, 1000)), compression.Gzip, "a", ""},
		{"gzip, cut off", gz(t, long)[:100], compression.Gzip, "", "unexpected EOF"},
		{"gzip, cut off in its header", gz(t, long)[:5], compression.Gzip, "", "EOF"},
		{"gzip, second member cut off", join(gz(t, "a"), gz(t, long)[:50]), compression.Gzip, "", "unexpected EOF"},
		{"gzip, damaged", join(gz(t, "a")[:20], []byte{1, 2, 3, 4, 5}), compression.Gzip, "", "gzip"},
		{"zstd", zst(t, long), compression.Zstd, long, ""},
		{"zstd, frames", join(zst(t, "a"), zst(t, "b")), compression.Zstd, "ab", ""},
		{"zstd:chunked", join(zst(t, "a"), zst(t, "b"), skippable(0, "table of contents"), skippable(0, "footer")), compression.Zstd, "ab", ""},
		{"zstd, skippable frame first", join(skippable(15, "x"), zst(t, "a")), compression.Zstd, "a", ""},
		{"zstd, skippable frame that claims 4 GiB", []byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff}, compression.Zstd, "", "EOF"},
		{"zstd, dictionary", dict, compression.Zstd, "", "dictionary"},
		{"zstd, cut off", zst(t, long)[:30], compression.Zstd, "", "EOF"},
		{"zstd, garbage behind it", join(zst(t, "a"), []byte("garbage")), compression.Zstd, "", "magic"},
		// A frame whose header asks for a window of 2 GiB: descriptor without single segment, window exponent 21.
		{"zstd, window of 2 GiB", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0, 0}, compression.Zstd, "", "window"},
	} {
		for i, r := range []io.Reader{bytes.NewReader(c.stored), iotest.OneByteReader(bytes.NewReader(c.stored)), bytes.NewReader(c.stored)} {
			read := read
			if i == 2 {
				read = fill
			}
			got, format, err := read(r)
			if format != c.format {
				t.Errorf("%s: format %d, want %d", c.name, format, c.format)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%s: error %v, want %q", c.name, err, c.err)
				}
			} else if err != nil || got != c.want {
				t.Errorf("%s: %d bytes, want %d, error %v", c.name, len(got), len(c.want), err)
			}
		}
	}
}

func read(r io.Reader) (string, compression.Format, error) {
	z, format, err := compression.NewReader(r)
	if err != nil {
		return "", format, err
	}
	defer z.Close()
	b, err := io.ReadAll(io.LimitReader(z, 1<<24))
	return string(b), format, err
}

// fill is like read, with Fill.
func fill(r io.Reader) (string, compression.Format, error) {
	z, format, err := compression.NewReader(r)
	if err != nil {
		return "", format, err
	}
	defer z.Close()
	var all []byte
	for buf := make([]byte, compression.BufferSize); len(all) < 1<<24; {
		b, err := z.Fill(buf)
		all = append(all, b...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return string(all), format, err
		}
	}
	return string(all[:min(len(all), 1<<24)]), format, nil
}

func FuzzNewReader(f *testing.F) {
	f.Add(gz(f, "content"))
	f.Add(join(gz(f, "content"), []byte("garbage")))
	f.Add(zst(f, "content"))
	f.Add(skippable(0, "content"))
	f.Add(zst(f, "content", zstd.WithEncoderDictRaw(77, []byte("content of a dictionary"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, format, err := read(bytes.NewReader(b))
		second, format2, err2 := read(iotest.OneByteReader(bytes.NewReader(b)))
		if first != second || format != format2 || (err == nil) != (err2 == nil) {
			t.Errorf("read at once: %d bytes, %v; byte by byte: %d bytes, %v", len(first), err, len(second), err2)
		}
		filled, _, err3 := fill(bytes.NewReader(b))
		if first != filled || (err == nil) != (err3 == nil) {
			t.Errorf("read: %d bytes, %v; filled: %d bytes, %v", len(first), err, len(filled), err3)
		}
	})
}
