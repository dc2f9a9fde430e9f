package source_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// lazyLayer is what a layer of packages looks like: about 8 MB, of which analyzers want a few files here and there, one of
// them as a hard link.
func lazyLayer() *imagetest.Layer {
	rng := rand.NewChaCha8(sha256.Sum256(nil))
	l := new(imagetest.Layer)
	for i := range 40 {
		big := make([]byte, 200<<10)
		rng.Read(big)
		l.File(fmt.Sprintf("usr/lib/lib%d.so", i), string(big))
		if i%8 == 0 {
			l.File(fmt.Sprintf("pkg/%d.list", i), fmt.Sprintf("p%d q%d", i, i))
		}
	}
	return l.File("store/data", "linked").Hardlink("pkg/link.list", "store/data").File("etc/.wh.gone", "")
}

// stargzImage has that layer as eStargz.
func stargzImage(t *testing.T) v1.Image {
	t.Helper()
	raw, err := lazyLayer().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b, err := estargz.Build(io.NewSectionReader(bytes.NewReader(raw), 0, int64(len(raw))))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	stored, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	layer, err := imagetest.Blob(stored, raw)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: layer, MediaType: types.OCILayer, Annotations: map[string]string{estargz.TOCJSONDigestAnnotation: b.TOCDigest().String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A transfer counts the bytes of answers.
type transfer struct {
	http.Transport
	bytes, requests atomic.Int64
}

func (c *transfer) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.Transport.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "/blobs/") {
		c.requests.Add(1)
		res.Body = &transferred{res.Body, c}
	}
	return res, err
}

type transferred struct {
	io.ReadCloser
	to *transfer
}

func (b *transferred) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.to.bytes.Add(int64(n))
	return n, err
}

func names(r *analyzer.Report) string {
	var list []string
	for _, c := range r.Components {
		list = append(list, c.Name)
	}
	return strings.Join(list, " ")
}

const lazyNames = "linked p0 p16 p24 p32 p8 q0 q16 q24 q32 q8"

// lazily scans an image of a registry, and returns the names of what is found.
func lazily(t *testing.T, ref string, s scan.Scanner, through http.RoundTripper) (string, error) {
	t.Helper()
	img, err := source.Open(t.Context(), ref, source.Options{Registry: registry.Options{Transport: through}})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	s.Analyzers = []analyzer.Analyzer{words}
	report, err := s.Scan(t.Context(), img)
	if err != nil {
		return "", err
	}
	return names(report), nil
}

// Of a layer with a table of contents, what is fetched is the table and what is wanted.
func TestLazy(t *testing.T) {
	img := stargzImage(t)
	g := newRogue(t, img)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	size, err := layers[0].Size()
	if err != nil {
		t.Fatal(err)
	}
	cache := scan.NewMemCache(0)
	for _, c := range []struct {
		name string
		s    scan.Scanner
		most int64 // bytes
	}{
		{"lazily", scan.Scanner{Lazy: true, Cache: cache}, size / 20},
		{"lazily again", scan.Scanner{Lazy: true, Cache: cache}, 1000},
		{"in full, since nobody has read it in full", scan.Scanner{Cache: cache}, 2*size + 1000},
		{"lazily, but in the cache as it was read in full", scan.Scanner{Lazy: true, Cache: cache}, 1000},
		{"lazily without a cache", scan.Scanner{Lazy: true}, size / 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			count := new(transfer)
			t.Cleanup(count.CloseIdleConnections)
			got, err := lazily(t, g.host()+"/app:1", c.s, count)
			if err != nil || got != lazyNames {
				t.Errorf("found %q, %v, want %q", got, err, lazyNames)
			}
			t.Logf("%d bytes of %d in %d requests", count.bytes.Load(), size, count.requests.Load())
			if n := count.bytes.Load(); n > c.most {
				t.Errorf("%d bytes of %d were fetched", n, size)
			}
		})
	}
}

// A registry that cannot give parts, or gives other bytes, costs time or the scan, but no truth.
func TestLazyMisbehaves(t *testing.T) {
	img := stargzImage(t)
	whole := layerBytes(t, img)
	size := len(whole)
	// change changes a byte of what is sent of the footer, the table or a file.
	change := func(what string) func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			a := answer(next, r)
			b := a.Body.Bytes()
			var from, to int
			if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n > 0 {
				part, at := "file", 12 // behind the header of a gzip member
				switch {
				case from == size-51:
					part, at = "footer", len(b)/2
				case to == size-52:
					part, at = "table", len(b)/2
				}
				if part == what {
					b[at] ^= 1
				}
			}
			maps.Copy(w.Header(), a.Header())
			w.WriteHeader(a.Code)
			w.Write(b)
		}
	}
	for _, c := range []struct {
		name string
		do   func(w http.ResponseWriter, r *http.Request, next http.Handler)
		err  string
	}{
		{"as it should", change("nothing"), ""},
		{"no ranges", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.Header.Del("Range")
			next.ServeHTTP(w, r)
		}, ""},
		{"ranges refused", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			next.ServeHTTP(w, r)
		}, ""},
		{"another footer", change("footer"), ""},
		{"another table", change("table"), ""},
		{"another file", change("file"), "layer 0: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			g := newRogue(t, img)
			g.do = c.do
			got, err := lazily(t, g.host()+"/app:1", scan.Scanner{Lazy: true}, nil)
			if c.err == "" && (err != nil || got != lazyNames) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("found %q, error %v, want %q", got, err, c.err)
			}
		})
	}
}

// Layers as containers/storage writes them are read by their tables, too.
func TestLazyChunked(t *testing.T) {
	if _, err := exec.LookPath("skopeo"); err != nil {
		t.Skip("skopeo is not installed, which makes zstd:chunked layers")
	}
	img, err := imagetest.Image(lazyLayer())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p, err := layout.Write(filepath.Join(dir, "a"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "skopeo", "--policy", policy, "copy", "--quiet", "--dest-compress-format", "zstd:chunked", "oci:"+dir+"/a", "oci:"+dir+"/b:t")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("skopeo cannot do it: %v: %s", err, out)
	}
	for _, lazy := range []bool{false, true} {
		for _, c := range []scan.Cache{nil, scan.NewMemCache(0)} {
			var read int64
			s := scan.Scanner{Lazy: lazy, Cache: c, Progress: func(e scan.Event) {
				if e.Bytes > 0 && !e.Done {
					read = e.Bytes
				}
			}}
			if got, err := lazily(t, "oci:"+dir+"/b", s, nil); err != nil || got != lazyNames {
				t.Errorf("lazily %v: found %q, %v, want %q", lazy, got, err, lazyNames)
			}
			if lazy && read > 1<<20 {
				t.Errorf("%d bytes were read", read)
			}
		}
	}
}
