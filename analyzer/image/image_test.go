package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/image"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// walk returns the entries of a layer with the given stored and uncompressed bytes.
func walk(ctx context.Context, stored, raw []byte, limits image.Limits) (entries []string, err error) {
	l, err := layerOf(stored, raw)
	if err != nil {
		return nil, err
	}
	err = l.Walk(ctx, limits, func(e *image.Entry) error {
		s := fmt.Sprintf("%v %s", kinds[e.Kind], e.Path)
		switch e.Kind {
		case image.Symlink, image.Hardlink:
			s += " -> " + e.Target
		case image.Refused:
			s += ": " + e.Reason
		case image.File:
			b, err := io.ReadAll(e.Reader)
			if err != nil {
				return err
			}
			s += fmt.Sprintf(" %q %v", b, e.Mode)
		}
		entries = append(entries, s)
		return nil
	})
	return entries, err
}

var kinds = map[image.Kind]string{
	image.File: "file", image.Dir: "dir", image.Symlink: "symlink", image.Hardlink: "hardlink", image.Special: "special",
	image.Whiteout: "whiteout", image.Opaque: "opaque", image.Refused: "refused",
}

func layerOf(content, raw []byte) (image.Layer, error) {
	blob, err := imagetest.Blob(content, raw)
	if err != nil {
		return image.Layer{}, err
	}
	img, err := mutate.AppendLayers(empty.Image, &stored{Layer: blob, bytes: content}) // checked by its diff ID
	if err != nil {
		return image.Layer{}, err
	}
	layers, err := image.Layers(img)
	if err != nil {
		return image.Layer{}, err
	}
	return layers[0], nil
}

func TestWalkEntries(t *testing.T) {
	l := new(imagetest.Layer)
	l.Dir("./").Dir("etc/").File("etc/motd", "hello").Symlink("etc/link", "../motd").Hardlink("etc/hard", "./etc/motd").
		File("etc/.wh.gone", "").File("var/.wh..wh..opq", "").File(".wh..wh..opq", "").File(".wh..wh.plnk/1", "").
		Add(tar.Header{Name: "dev/fifo", Typeflag: tar.TypeFifo}, nil).
		Add(tar.Header{Name: "dev/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, nil).
		Add(tar.Header{Name: "etc/overlay", Typeflag: tar.TypeChar}, nil).
		Add(tar.Header{Name: "bin/su", Mode: 0o4755}, []byte("x")).
		File("../out", "").Hardlink("in", "../out").File("etc/.wh.", "").
		Add(tar.Header{Name: strings.Repeat("long/", 30) + "name", Format: tar.FormatPAX}, []byte("pax")).
		File(strings.Repeat("d/", 20)+"deep", "")
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := walk(t.Context(), raw, raw, image.Limits{Depth: 32})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`dir .`, `dir etc`, `file etc/motd "hello" -rw-r--r--`, `symlink etc/link -> ../motd`, `hardlink etc/hard -> etc/motd`,
		`whiteout etc/gone`, `opaque var`, `opaque .`,
		`special dev/fifo`, `special dev/null`, `whiteout etc/overlay`, `file bin/su "x" urwxr-xr-x`,
		`file out "" -rw-r--r--`, `hardlink in -> out`, `refused etc/.wh.: a whiteout of nothing`,
		`file ` + strings.Repeat("long/", 30) + `name "pax" -rw-r--r--`,
		`file ` + strings.Repeat("d/", 20) + `deep "" -rw-r--r--`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\nwant:\n%s", g, w)
	}
	got, err = walk(t.Context(), raw, raw, image.Limits{Depth: 5, Path: 100})
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, "\n"); !strings.Contains(s, "its name is longer than 100 bytes") || !strings.Contains(s, "its name has more than 5 elements") {
		t.Errorf("limits on names are not kept:\n%s", s)
	}
}

// bytesOf is a small layer.
func bytesOf(t testing.TB) []byte {
	l := new(imagetest.Layer)
	for i := range 50 {
		l.File(fmt.Sprintf("f%d", i), strings.Repeat("content ", 100))
	}
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func gzipped(t testing.TB, raw []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, raw []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(raw, nil)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestWalkForms(t *testing.T) {
	raw := bytesOf(t)
	gz, zst := gzipped(t, raw), zstded(t, raw)
	half := len(raw) / 2
	for _, c := range []struct {
		name   string
		stored []byte
		raw    []byte
	}{
		{"plain", raw, raw},
		{"gzip", gz, raw},
		{"zstd", zst, raw},
		{"gzip of several members", join(gzipped(t, raw[:half]), gzipped(t, raw[half:])), raw},
		{"zstd of several frames", join(zstded(t, raw[:half]), zstded(t, raw[half:])), raw},
		{"zstd after a skippable frame", join([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'}, zst), raw},
		{"gzip before something else", join(gz, []byte("trailing garbage")), raw},
		{"bytes behind the end of the archive", gzipped(t, join(raw, make([]byte, 4096))), join(raw, make([]byte, 4096))},
		{"no end of archive", raw[:len(raw)-1024], raw[:len(raw)-1024]},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			if entries, err := walk(t.Context(), c.stored, c.raw, image.Limits{}); err != nil || len(entries) != 50 {
				t.Errorf("%d entries, error %v, want 50 and none", len(entries), err)
			}
		})
	}
	if entries, err := walk(t.Context(), nil, nil, image.Limits{}); err != nil || len(entries) != 0 {
		t.Errorf("empty layer: %d entries, error %v, want none", len(entries), err)
	}
}

func TestWalkErrors(t *testing.T) {
	raw := bytesOf(t)
	gz := gzipped(t, raw)
	huge := new(imagetest.Layer)
	huge.File("first", "x")
	lie, err := huge.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	copy(lie[124:136], "\x80\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00") // base-256: 2^60 bytes
	var sum uint64
	copy(lie[148:156], "        ")
	for _, b := range lie[:512] {
		sum += uint64(b)
	}
	copy(lie[148:156], fmt.Sprintf("%06o\x00 ", sum))
	var limit *analyzer.LimitError
	var digest *analyzer.DigestError
	for _, c := range []struct {
		name   string
		stored []byte
		raw    []byte
		limits image.Limits
		want   any // an error, or a pointer for errors.As
		text   string
	}{
		{"truncated gzip", gz[:len(gz)/2], raw, image.Limits{}, io.ErrUnexpectedEOF, "layer 0: offset"},
		{"truncated plain", raw[:2500], raw[:2500], image.Limits{}, io.ErrUnexpectedEOF, "offset"},
		{"other bytes", gzipped(t, raw[:1536]), raw, image.Limits{}, &digest, "its content has digest sha256:"},
		{"damaged gzip", join(gz[:len(gz)-8], []byte("12345678")), raw, image.Limits{}, nil, "gzip: invalid checksum"},
		{"no tar", []byte(strings.Repeat("no tar ", 1000)), nil, image.Limits{}, tar.ErrHeader, "invalid tar header"},
		{"size 2^60", lie, lie, image.Limits{}, io.ErrUnexpectedEOF, "offset"},
		{"too many entries", gz, raw, image.Limits{Entries: 49}, &limit, "more than 49 tar entries"},
		{"too many bytes", gz, raw, image.Limits{Bytes: 1000}, &limit, "more than 1000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			_, err := walk(t.Context(), c.stored, c.raw, c.limits)
			switch want := c.want.(type) {
			case error:
				if !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
			case **analyzer.LimitError:
				if !errors.As(err, want) {
					t.Errorf("error %v, want a LimitError", err)
				}
			case **analyzer.DigestError:
				if !errors.As(err, want) {
					t.Errorf("error %v, want a DigestError", err)
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want one that contains %q", err, c.text)
			}
		})
	}
}

// A StoredLayer is checked against the digest of its stored bytes, whatever the configuration says of them.
func TestWalkStored(t *testing.T) {
	raw := bytesOf(t)
	gz := gzipped(t, raw)
	good, err := imagetest.Blob(gz, raw)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := good.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		stored []byte
		want   string
	}{
		{"as named", gz, ""},
		{"other compression of the same content", zstded(t, raw), "its content has digest"},
		{"bytes behind the end", join(gz, []byte("more")), "its content has digest"},
		{"truncated", gz[:len(gz)/2], "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			img, err := mutate.AppendLayers(empty.Image, &stored{Layer: good, digest: digest, bytes: c.stored})
			if err != nil {
				t.Fatal(err)
			}
			layers, err := image.Layers(img)
			if err != nil {
				t.Fatal(err)
			}
			err = layers[0].Walk(t.Context(), image.Limits{}, func(*image.Entry) error { return nil })
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

type stored struct {
	v1.Layer
	digest v1.Hash
	bytes  []byte
}

func (s *stored) Stored(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s.bytes)), nil
}
func (s *stored) StoredDigest() v1.Hash        { return s.digest }
func (s *stored) Extent() (offset, size int64) { return 0, int64(len(s.bytes)) }

// Walk returns soon after its context ends, whatever it is doing, also if the source has stalled.
func TestWalkCancel(t *testing.T) {
	raw := bytesOf(t)
	gz := gzipped(t, raw)
	blob, err := imagetest.Blob(gz, raw)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := blob.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(gz); at += max(len(gz)/20, 1) {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			leak.Check(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := &stalled{stored: stored{Layer: blob, digest: digest, bytes: gz[:at]}, stop: cancel}
			img, err := mutate.AppendLayers(empty.Image, l)
			if err != nil {
				t.Fatal(err)
			}
			layers, err := image.Layers(img)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			err = layers[0].Walk(ctx, image.Limits{}, func(*image.Entry) error { return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// stalled is a layer that cancels the walk when its bytes are used up, and never says that it has no more.
type stalled struct {
	stored
	stop func()
}

func (s *stalled) Stored(context.Context) (io.ReadCloser, error) {
	return &stall{r: bytes.NewReader(s.bytes), stop: s.stop, closed: make(chan struct{})}, nil
}

type stall struct {
	r      io.Reader
	stop   func()
	closed chan struct{}
	gone   bool
}

func (s *stall) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err == io.EOF {
		s.stop()
		<-s.closed
		return n, fs.ErrClosed
	}
	return n, err
}

func (s *stall) Close() error {
	if !s.gone {
		s.gone = true
		close(s.closed)
	}
	return nil
}

// What the function returns ends the walk.
func TestWalkStop(t *testing.T) {
	leak.Check(t)
	raw := bytesOf(t)
	l, err := layerOf(raw, raw)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	calls := 0
	err = l.Walk(t.Context(), image.Limits{}, func(*image.Entry) error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		t.Errorf("error %v after %d calls, want %v after 3", err, calls, stop)
	}
}

func FuzzWalk(f *testing.F) {
	raw := bytesOf(f)[:4096]
	f.Add(raw)
	f.Add(gzipped(f, raw))
	f.Add(zstded(f, raw))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := walk(t.Context(), b, b, image.Limits{Bytes: 1 << 24})
		_ = err // any error is right; a crash or a hang is not
		if entries, err := walk(t.Context(), b, b, image.Limits{Bytes: 1 << 24, Entries: 1}); err == nil && len(entries) > 1 {
			t.Errorf("%d entries in spite of the limit", len(entries))
		}
	})
}

func ExampleLayer_Walk() {
	layer := new(imagetest.Layer).File("etc/motd", "hello\n").File("etc/.wh.issue", "")
	img, err := imagetest.Image(layer)
	if err != nil {
		fmt.Println(err)
		return
	}
	layers, err := image.Layers(img)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range layers {
		err := l.Walk(context.Background(), image.Limits{}, func(e *image.Entry) error {
			switch e.Kind {
			case image.File:
				fmt.Println("file", e.Path, e.Size)
			case image.Whiteout:
				fmt.Println("deletes", e.Path)
			}
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// file etc/motd 6
	// deletes etc/issue
}
