package compression

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// frame returns a zstd frame of n bytes.
func frame(t testing.TB, n int, o ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, o...)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += 1 << 10 { // as a stream, whose size the encoder does not know
		w.Write(bytes.Repeat([]byte{byte(i >> 10)}, min(1<<10, n-i)))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWindows(t *testing.T) {
	encode := func(n int, o ...zstd.EOption) []byte {
		w, err := zstd.NewWriter(nil, o...)
		if err != nil {
			t.Fatal(err)
		}
		return w.EncodeAll(bytes.Repeat([]byte("x"), n), nil)
	}
	skipped := append([]byte{0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0}, "bytes"...)
	window := zstd.WithWindowSize
	for _, c := range []struct {
		name   string
		stream []byte
		want   []int64
	}{
		{"one frame", frame(t, 3<<20, window(1<<20)), []int64{1 << 20}},
		{"large", frame(t, 3<<20, window(128<<20)), []int64{128 << 20}},
		{"growing", slices.Concat(frame(t, 2<<20, window(1<<20)), frame(t, 9<<20, window(8<<20)), frame(t, 2<<20, window(1<<20))), []int64{1 << 20, 8 << 20}},
		{"skippable", slices.Concat(skipped, frame(t, 2<<20, window(1<<20)), skipped, frame(t, 3<<20, window(2<<20))), []int64{1 << 20, 2 << 20}},
		{"no checksum", slices.Concat(frame(t, 2<<20, window(1<<20), zstd.WithEncoderCRC(false)), frame(t, 3<<20, window(2<<20))), []int64{1 << 20, 2 << 20}},
		{"single segments", slices.Concat(encode(200, zstd.WithSingleSegment(true)), encode(5000, zstd.WithSingleSegment(true)), encode(100_000, zstd.WithSingleSegment(true))), []int64{200, 5000, 100_000}},
	} {
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(c.stream), "bytes": iotest.OneByteReader(bytes.NewReader(c.stream))} {
			var got []int64
			w := newWindowReader(r, func(n int64) error { got = append(got, n); return nil })
			passed, err := io.ReadAll(w)
			if err != nil || !bytes.Equal(passed, c.stream) {
				t.Errorf("%s, %s: error %v, or other bytes", c.name, name, err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: windows %d, want %d", c.name, name, got, c.want)
			}
		}
		if _, err := zstd.NewReader(bytes.NewReader(c.stream)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	refused := newWindowReader(bytes.NewReader(frame(t, 1<<20)), func(int64) error { return io.ErrShortBuffer })
	if _, err := io.ReadAll(refused); err != io.ErrShortBuffer {
		t.Errorf("error %v of the caller", err)
	}
}

// FuzzWindows compares the window of the first frame with that of the decoder.
func FuzzWindows(f *testing.F) {
	f.Add(frame(f, 100))
	f.Add(slices.Concat(frame(f, 3000, zstd.WithWindowSize(1<<10)), frame(f, 5000, zstd.WithWindowSize(2<<10))))
	for _, window := range []int{128 << 20, 512 << 20} { // a layer whose window is larger than its content
		f.Add(frame(f, 5000, zstd.WithWindowSize(window)))
	}
	var growing []byte
	for i := range 16 { // each frame asks for more
		growing = append(growing, frame(f, 2000<<(i/4), zstd.WithWindowSize(1<<(10+i)))...)
	}
	f.Add(growing)
	for _, head := range [][]byte{
		{0x00, 0xff}, // the largest window
		{0x00, 0xf8}, // without a mantissa
		{0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, // one segment of 16 EiB
		{0xe4, 0, 0, 0, 0, 1, 0, 0, 0},                         // of 4 GiB, with a checksum
		{0x20, 0},                                              // of nothing
		{0x60, 0xff, 0xff},                                     // of 64 KiB and 255 bytes
		{0xc3, 0x70, 1, 2, 3, 4, 0, 0, 0, 0, 1, 0, 0, 0},       // a dictionary, a window, and a content of another size
		{0x08, 0x50},                                           // a reserved bit
	} {
		begin := append([]byte{0x28, 0xb5, 0x2f, 0xfd}, head...)
		f.Add(append(slices.Clone(begin), 1, 0, 0))                         // an empty block, the last
		f.Add(append(slices.Clone(begin), 0x03, 0xff, 0xff, 'x'))           // a byte that repeats
		f.Add(append(slices.Clone(begin), 0xfd, 0xff, 0xff))                // a block that is cut off
		f.Add(append(slices.Clone(begin), 0x06, 0, 0, 1, 0, 0))             // a reserved block
		f.Add(append([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}, begin...)) // after a skippable frame
	}
	f.Add([]byte{0x5f, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0x28, 0xb5, 0x2f, 0xfd}) // a skippable frame of 4 GiB
	f.Fuzz(func(t *testing.T, stream []byte) {
		var windows []int64
		w := newWindowReader(bytes.NewReader(stream), func(n int64) error { windows = append(windows, n); return nil })
		passed, err := io.ReadAll(w)
		if err != nil || !bytes.Equal(passed, stream) {
			t.Fatalf("error %v, or other bytes", err)
		}
		var h zstd.Header
		if h.Decode(stream) != nil || h.Skippable {
			return
		}
		want := int64(h.WindowSize)
		if h.SingleSegment {
			want = int64(h.FrameContentSize &^ (1 << 63))
		}
		if want > 0 && (len(windows) == 0 || windows[0] != want) {
			t.Errorf("windows %d, want %d first", windows, want)
		}
	})
}

// TestLargeWindow asks that a frame of a few bytes cannot ask for more memory than maxWindow.
func TestLargeWindow(t *testing.T) {
	for name, stream := range map[string][]byte{
		"window":  {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0, 0},
		"content": {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 0x01, 0, 0},
	} {
		r, _, err := NewReader(bytes.NewReader(stream))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, errWindow) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
