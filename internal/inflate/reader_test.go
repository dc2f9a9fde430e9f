package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	content := contents()["mixed"]
	stored := member(t, 0, "", content)
	z := new(Reader)
	if _, err := z.Next(); err != errClosed {
		t.Error(err)
	}
	for range 3 { // Reset, after success and failure
		z.Reset(bytes.NewReader(stored), Gzip)
		if err := iotest.TestReader(z, content); err != nil {
			t.Error(err)
		}
		z.Reset(bytes.NewReader(stored[:1000]), Gzip)
		if _, err := io.Copy(io.Discard, z); err != io.ErrUnexpectedEOF {
			t.Error(err)
		}
		z.Reset(bytes.NewReader(stored), Deflate)
		if _, err := z.Next(); err == nil {
			t.Error("a header is no stream")
		}
	}
	z.Reset(bytes.NewReader(stored), Gzip)
	var head [10]byte
	if n, err := z.Read(head[:0]); n != 0 || err != nil {
		t.Error(n, err)
	}
	io.ReadFull(z, head[:])
	var rest bytes.Buffer
	chunk, err := z.Next() // continues where Read stopped
	if err != nil || !bytes.HasPrefix(content[10:], chunk) {
		t.Errorf("%d bytes, %v", len(chunk), err)
	}
	rest.Write(chunk)
	n, err := z.WriteTo(&rest)
	if err != nil || n != int64(rest.Len()-len(chunk)) || !bytes.Equal(append(head[:], rest.Bytes()...), content) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := z.Read(head[:]); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	for range 2 {
		if err := z.Close(); err != nil {
			t.Error(err)
		}
		if _, err := z.Read(head[:]); err != errClosed {
			t.Error(err)
		}
	}
	z.Reset(bytes.NewReader(stored), Gzip) // opens it again
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Fill uses any number of buffers in turn, and leaves chunks in the others alone.
func TestFill(t *testing.T) {
	content := contents()["mixed"]
	for count := 1; count <= 3; count++ {
		z := NewReader(bytes.NewReader(member(t, 0, "", content)), Gzip)
		buffers, chunks, next := make([][]byte, count), make([][]byte, count), 0
		var got []byte
		for i := 0; ; i++ {
			if i >= count {
				got = append(got, chunks[next]...) // as late as possible
			} else {
				buffers[next] = make([]byte, WindowSize)
			}
			var err error
			if chunks[next], err = z.Fill(buffers[next]); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			next = (next + 1) % count
		}
		for range count - 1 {
			next = (next + 1) % count
			got = append(got, chunks[next]...)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("%d buffers: %d bytes, want %d", count, len(got), len(content))
		}
		z.Close()
		if _, err := z.Fill(buffers[0]); err != errClosed {
			t.Error(err)
		}
	}
}

func TestWriteTo(t *testing.T) {
	stored := member(t, 0, "", contents()["mixed"])
	failed := errors.New("failed")
	z := NewReader(bytes.NewReader(stored), Gzip)
	defer z.Close()
	if _, err := z.WriteTo(writer(func(p []byte) (int, error) { return 0, failed })); err != failed {
		t.Error(err)
	}
	if n, err := z.WriteTo(writer(func(p []byte) (int, error) { return len(p) - 1, nil })); n == 0 || err != io.ErrShortWrite {
		t.Error(n, err)
	}
	z.Reset(bytes.NewReader(stored[:len(stored)-1]), Gzip)
	if _, err := z.WriteTo(io.Discard); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A source that gives neither bytes nor an error is not asked forever.
func TestNoProgress(t *testing.T) {
	z := NewReader(&sizes{nil, []int{0}, 0}, Gzip)
	defer z.Close()
	if _, err := z.Next(); err != io.ErrNoProgress {
		t.Error(err)
	}
}

func TestMemory(t *testing.T) {
	if got := reflect.TypeFor[decoder]().Size() + reflect.TypeFor[windowBuffer]().Size(); got > Memory {
		t.Errorf("a decoder takes %d bytes, more than %d", got, Memory)
	}
	stored := member(t, 0, "", []byte("content"))
	src := bytes.NewReader(nil)
	var buf [10]byte
	z := NewReader(src, Gzip)
	defer z.Close()
	if n := testing.AllocsPerRun(100, func() {
		src.Reset(stored)
		z.Reset(src, Gzip)
		if n, err := z.Read(buf[:]); n != 7 || err != nil {
			t.Error(n, err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// TestLayers compares all compressed layers of real images.
func TestLayers(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus(t), "images", "*", "blobs", "sha256", "*"))
	if err != nil {
		t.Fatal(err)
	}
	layers := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want, err := gzip.NewReader(f)
		if err != nil {
			continue
		}
		layers++
		g, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		z := NewReader(g, Gzip)
		defer z.Close()
		var buf []byte
		for {
			chunk, err := z.Next()
			buf = append(buf[:0], chunk...)
			n, wantErr := io.ReadFull(want, buf)
			if n < len(chunk) || !bytes.Equal(buf, chunk) {
				t.Fatalf("%s: the content differs", file)
			}
			if err == io.EOF {
				if n, wantErr = want.Read(make([]byte, 1)); n != 0 || wantErr != io.EOF {
					t.Fatalf("%s: ends too early", file)
				}
				break
			}
			if err != nil || wantErr != nil {
				t.Fatalf("%s: %v, %v", file, err, wantErr)
			}
		}
	}
	if layers < 60 {
		t.Errorf("%d layers", layers)
	}
}
