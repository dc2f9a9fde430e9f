//go:build unix

package scan_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

// benchImage is a generated image of four layers, 100 MB each uncompressed, that holds what a Debian image with a Python
// application holds: a status file that grows from layer to layer, a list of files and a copyright for each package,
// distributions of Python, and much that nobody wants to see.
var benchImage = sync.OnceValues(func() (v1.Image, error) {
	const layers, layerSize = 4, 100 << 20
	var img v1.Image = mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	status := new(strings.Builder)
	for l := range layers {
		rng := rand.New(rand.NewPCG(uint64(l), 1))
		var raw bytes.Buffer
		t := tar.NewWriter(&raw)
		add := func(name, content string) error {
			if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
				return err
			}
			_, err := io.WriteString(t, content)
			return err
		}
		if err := add("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"); err != nil {
			return nil, err
		}
		for p := range 100 {
			name := fmt.Sprintf("lib%d-%d", l, p)
			fmt.Fprintf(status, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.%d-%d\nMaintainer: A <a@example.com>\nDescription: a library\n %s\n\n", name, l, p, strings.Repeat("long ", 60))
			if err := add("var/lib/dpkg/info/"+name+".list", "/.\n/usr\n"+strings.Repeat("/usr/share/"+name+"/file\n", 100)); err != nil {
				return nil, err
			}
			if err := add("usr/share/doc/"+name+"/copyright", "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: A\nLicense: GPL-2+\n"+strings.Repeat(" text of the licence\n", 100)); err != nil {
				return nil, err
			}
			if err := add(fmt.Sprintf("usr/lib/python3/dist-packages/%s-1.%d.dist-info/METADATA", name, l), "Metadata-Version: 2.1\nName: "+name+"\nVersion: 1."+fmt.Sprint(l)+"\nLicense: MIT\n\n"+strings.Repeat("A description. ", 300)); err != nil {
				return nil, err
			}
		}
		if err := add("var/lib/dpkg/status", status.String()); err != nil {
			return nil, err
		}
		for f := 0; raw.Len() < layerSize; f++ {
			if err := add(fmt.Sprintf("usr/lib/d%d/file%d-%d.so", f%200, l, f), machineCode(rng, rng.IntN(1<<(6+rng.IntN(14))))); err != nil {
				return nil, err
			}
		}
		if err := t.Close(); err != nil {
			return nil, err
		}
		layer, err := newStoredLayer(raw.Bytes())
		if err != nil {
			return nil, err
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layer, MediaType: types.OCILayer}); err != nil {
			return nil, err
		}
	}
	return img, nil
})

// machineCode returns bytes that gzip compresses about as well, and about as slowly to undo, as it does real layers: a
// little below half, in short matches.
func machineCode(rng *rand.Rand, size int) string {
	b := make([]byte, 0, size+16)
	for len(b) < size {
		if r := rng.Uint64(); r&7 < 3 || len(b) < 32 {
			b = append(b, byte(r>>8)&byte(r>>16), byte(r>>24)&0x3f)
		} else {
			at := len(b) - 1 - int(r>>8)%min(len(b)-16, 8000) - 14
			b = append(b, b[max(at, 0):max(at, 0)+4+int(r>>40)%10]...)
		}
	}
	return string(b[:size])
}

// A storedLayer is a gzip layer in memory that implements image.StoredLayer, as layers of package source do.
type storedLayer struct {
	v1.Layer
	blob   []byte
	diffID v1.Hash
	digest v1.Hash
}

func newStoredLayer(raw []byte) (*storedLayer, error) {
	diffID, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(b.Bytes()))
	return &storedLayer{blob: b.Bytes(), diffID: diffID, digest: digest}, err
}

func (l *storedLayer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *storedLayer) Size() (int64, error)                { return int64(len(l.blob)), nil }
func (l *storedLayer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l *storedLayer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *storedLayer) StoredDigest() v1.Hash               { return l.digest }
func (l *storedLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.blob)), nil
}
func (l *storedLayer) Uncompressed() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(l.blob))
}
func (l *storedLayer) Stored(context.Context) (io.ReadCloser, error) { return l.Compressed() }
func (l *storedLayer) Extent() (int64, int64)                        { return 0, int64(len(l.blob)) }

// floor decompresses every layer, several at once, and walks the tar headers: what no scanner can do without.
func floor(img v1.Image) (bytes int64, err error) {
	layers, err := img.Layers()
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, l := range layers {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			n, e := floorLayer(l)
			mu.Lock()
			defer mu.Unlock()
			bytes += n
			if e != nil {
				err = e
			}
		})
	}
	wg.Wait()
	return bytes, err
}

func floorLayer(l v1.Layer) (int64, error) {
	rc, err := l.Compressed()
	if err != nil {
		return 0, err
	}
	defer rc.Close()
	z, err := gzip.NewReader(rc)
	if err != nil {
		return 0, err
	}
	n := &counter{r: z}
	for t := tar.NewReader(n); ; {
		if _, err := t.Next(); err == io.EOF {
			_, err := io.Copy(io.Discard, n)
			return n.n, err
		} else if err != nil {
			return n.n, err
		}
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// BenchmarkFloor is what BenchmarkScan is measured against.
func BenchmarkFloor(b *testing.B) {
	img, err := benchImage()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n, err := floor(img)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

// BenchmarkScan scans the generated image. Every scan is paired with a run of the floor, since machines are noisy; x-floor
// is the ratio of their times, x-floor-cpu that of the processor time they took, and peak-MB what the heap grew by at most during scans.
func BenchmarkScan(b *testing.B) {
	img, err := benchImage()
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	var scans, floors, scansCPU, floorsCPU time.Duration
	peak := watchHeap()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		start, cpu := time.Now(), cputime.Used()
		n, err := floor(img)
		if err != nil {
			b.Fatal(err)
		}
		floors += time.Since(start)
		floorsCPU += cputime.Used() - cpu
		b.SetBytes(n)
		runtime.GC()
		peak.reset()
		b.StartTimer()
		start, cpu = time.Now(), cputime.Used()
		report, err := scan.Scanner{Analyzers: all.All()}.Scan(ctx, img)
		if err != nil {
			b.Fatal(err)
		}
		scans += time.Since(start)
		scansCPU += cputime.Used() - cpu
		peak.note()
		if len(report.Components) != 800 || len(report.Diagnostics) != 0 {
			b.Fatalf("%d components, diagnostics %v", len(report.Components), report.Diagnostics)
		}
	}
	b.ReportMetric(float64(scans)/float64(floors), "x-floor")
	b.ReportMetric(float64(scansCPU)/float64(floorsCPU), "x-floor-cpu")
	b.ReportMetric(float64(peak.stop())/1e6, "peak-MB")
}

// A heapWatch samples how much the live and not yet collected heap has grown.
type heapWatch struct {
	mu   sync.Mutex
	base uint64
	max  uint64
	done chan struct{}
}

func watchHeap() *heapWatch {
	w := &heapWatch{done: make(chan struct{})}
	go func() {
		for {
			select {
			case <-w.done:
				return
			case <-time.After(10 * time.Millisecond):
				w.note()
			}
		}
	}()
	return w
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (w *heapWatch) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = heapBytes()
}

func (w *heapWatch) note() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := heapBytes(); w.base != 0 && h > w.base {
		w.max = max(w.max, h-w.base)
	}
}

func (w *heapWatch) stop() uint64 {
	close(w.done)
	return w.max
}
