package inflate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

// A workload is gzip streams that are read one after the other.
type workload struct {
	name string
	load func(testing.TB) [][]byte
}

// workloads returns layers of the images in $HULLMARK_IMAGES, as images/build/all of the corpus leaves them, or else of the
// corpus itself, and what is made of the first one's content.
func workloads(b *testing.B) []workload {
	b.Helper()
	dir := os.Getenv("HULLMARK_IMAGES")
	if dir == "" {
		dir = filepath.Join(corpus(b), "images")
	}
	var list []workload
	for _, image := range []string{"debian-base", "debian-app", "many-layers"} {
		list = append(list, layers(b, dir, image)...)
	}
	if len(list) == 0 {
		b.Skipf("no images in %s", dir)
	}
	content := sync.OnceValue(func() []byte {
		content, err := readAll(NewReader(bytes.NewReader(list[0].load(b)[0]), Gzip))
		if err != nil {
			b.Fatal(err)
		}
		return content
	})
	for _, size := range []int{32 << 10, 8 << 10, 2 << 10, 512} {
		list = append(list, workload{fmt.Sprintf("members-%d", size), func(b testing.TB) [][]byte {
			var stored []byte
			for piece := range slices.Chunk(content(), size) {
				stored = append(stored, member(b, 0, "", piece)...)
			}
			return [][]byte{stored}
		}})
	}
	list = append(list, workload{"streams", func(b testing.TB) [][]byte { return streams(b, content()) }})
	list = append(list, workload{"random-streams", func(b testing.TB) [][]byte {
		noise := make([]byte, 1<<20)
		r := rand.New(rand.NewPCG(9, 10))
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		return streams(b, noise)
	}})
	for _, level := range []int{kgzip.BestSpeed, kgzip.DefaultCompression, kgzip.BestCompression} {
		list = append(list, workload{fmt.Sprintf("klauspost gzip %d", level), func(b testing.TB) [][]byte {
			var stored bytes.Buffer
			w, err := kgzip.NewWriterLevel(&stored, level)
			if err != nil {
				b.Fatal(err)
			}
			w.Write(content()) // a bytes.Buffer has no errors
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			return [][]byte{stored.Bytes()}
		}})
	}
	for _, e := range encoders() {
		if e.format == Gzip {
			list = append(list, workload{e.name, func(b testing.TB) [][]byte { return [][]byte{e.encode(b, content())} }})
		}
	}
	return list
}

// layers returns the layers of an image, the small ones as one workload.
func layers(b *testing.B, dir, image string) []workload {
	b.Helper()
	var list []workload
	var small []string
	for _, blobs := range []string{"blobs", "oci/blobs"} {
		files, err := filepath.Glob(filepath.Join(dir, image, blobs, "sha256", "*"))
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range files {
			stored, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			if !bytes.HasPrefix(stored, gzipMagic) {
				continue
			}
			if len(stored) < 1<<20 {
				small = append(small, file)
				continue
			}
			name := fmt.Sprintf("%s-%s", image, filepath.Base(file)[:6])
			list = append(list, workload{name, func(b testing.TB) [][]byte { return read(b, file) }})
		}
	}
	if small != nil {
		list = append(list, workload{image + "-small", func(b testing.TB) [][]byte { return read(b, small...) }})
	}
	return list
}

func read(b testing.TB, files ...string) [][]byte {
	b.Helper()
	var list [][]byte
	for _, file := range files {
		stored, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, stored)
	}
	return list
}

// streams returns 1,000 streams of 64 bytes to 64 KiB of some content.
func streams(b testing.TB, content []byte) [][]byte {
	b.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	var list [][]byte
	for range 1000 {
		size := 64 << r.IntN(10)
		size += r.IntN(size)
		at := r.IntN(len(content) - size)
		list = append(list, member(b, 0, "", content[at:at+size]))
	}
	return list
}

// openers return what opens streams with one decoder after the other that is used again, as a scanner would.
var openers = map[string]func() func(stored []byte) io.Reader{
	"inflate": func() func([]byte) io.Reader {
		z, src := NewReader(nil, Gzip), new(bytes.Reader)
		return func(stored []byte) io.Reader {
			src.Reset(stored)
			z.Reset(src, Gzip)
			return z
		}
	},
	"klauspost": func() func([]byte) io.Reader {
		return buffered(new(kgzip.Reader))
	},
	"standard": func() func([]byte) io.Reader {
		return buffered(new(gzip.Reader))
	},
}

func buffered(z interface {
	io.Reader
	Reset(io.Reader) error
}) func([]byte) io.Reader {
	src, br := new(bytes.Reader), bufio.NewReaderSize(nil, 64<<10)
	return func(stored []byte) io.Reader {
		src.Reset(stored)
		br.Reset(src)
		if err := z.Reset(br); err != nil {
			panic(err)
		}
		return z
	}
}

// A run decodes a workload in steps.
type run struct {
	open func([]byte) io.Reader
	rest [][]byte
	r    io.Reader
	buf  []byte
}

// step decodes n bytes, or fewer at the end.
func (r *run) step(n int) (int, error) {
	done := 0
	for done < n {
		if r.r == nil {
			if len(r.rest) == 0 {
				return done, io.EOF
			}
			r.r, r.rest = r.open(r.rest[0]), r.rest[1:]
		}
		m, err := r.r.Read(r.buf[:min(len(r.buf), n-done)])
		done += m
		if err == io.EOF {
			r.r = nil
		} else if err != nil {
			return done, err
		}
	}
	return done, nil
}

func newRun(name string, streams [][]byte) *run {
	return &run{open: openers[name](), rest: streams, buf: make([]byte, 256<<10)}
}

func BenchmarkInflate(b *testing.B) {
	for _, w := range workloads(b) {
		for _, name := range []string{"inflate", "klauspost", "standard"} {
			b.Run("content="+w.name+"/with="+name, func(b *testing.B) {
				streams := w.load(b)
				size, err := newRun("inflate", streams).step(math.MaxInt)
				if err != io.EOF {
					b.Fatal(err)
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if n, err := newRun(name, streams).step(math.MaxInt); n != size || err != io.EOF {
						b.Fatal(n, err)
					}
				}
			})
		}
	}
}
