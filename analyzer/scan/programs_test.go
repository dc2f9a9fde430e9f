//go:build unix

package scan_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

// A streamLayer is an uncompressed layer that can only be read from its start.
type streamLayer struct{ *storedLayer }

func (l streamLayer) Stored(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.blob)), nil
}

// streamImage returns an image of one such layer with the tar stream raw.
func streamImage(raw []byte) (v1.Image, error) {
	sum, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	layer := streamLayer{&storedLayer{blob: raw, diffID: sum, digest: sum}}
	return mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{Layer: layer, MediaType: types.OCIUncompressedLayer})
}

// BenchmarkLibraries measures what looking for programs in directories with few of them costs. It reports the processor time for each GB of the
// programs and shared libraries of this machine, beside that of a scan without analyzers of programs. The directories are none of those to which
// a scan was once limited, such as /usr/bin, and have libraries of the system, a browser, compilers and providers of Terraform.
func BenchmarkLibraries(b *testing.B) {
	const perTree, perFile = 256 << 20, 128 << 20
	home, _ := os.UserHomeDir()
	var raw bytes.Buffer
	t := tar.NewWriter(&raw)
	size := 0
	for _, root := range []string{"/usr/lib/x86_64-linux-gnu", "/usr/lib/chromium", "/usr/lib/llvm-14", "/usr/lib/jvm", "/usr/lib", "/usr/local/lib", "/opt",
		filepath.Join(home, ".rustup"), filepath.Join(home, ".pyenv")} {
		room := perTree
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			if info, err := d.Info(); err != nil || info.Size() > perFile || info.Size() > int64(room) {
				return nil
			}
			data, err := os.ReadFile(p)
			if err != nil || !bytes.HasPrefix(data, []byte("\x7fELF")) {
				return nil
			}
			room -= len(data)
			size += len(data)
			if err := t.WriteHeader(&tar.Header{Name: p[1:], Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
				return err
			}
			_, err = t.Write(data)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if t.Close() != nil || size < 10<<20 {
		b.Skip("this machine has no shared libraries")
	}
	img, err := streamImage(raw.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	others := slices.DeleteFunc(all.All(), func(a analyzer.Analyzer) bool { return len(a.Info().Contains) > 0 })
	measure := func(list []analyzer.Analyzer) float64 {
		before := cputime.Used()
		if _, err := (scan.Scanner{Analyzers: list}).Scan(b.Context(), img); err != nil {
			b.Fatal(err)
		}
		return (cputime.Used() - before).Seconds()
	}
	without, with := math.Inf(1), math.Inf(1)
	for b.Loop() {
		without = min(without, measure(others))
		with = min(with, measure(all.All()))
	}
	b.SetBytes(int64(size))
	b.ReportMetric((with-without)/float64(size)*1e9, "s/GB")
	b.ReportMetric(without/float64(size)*1e9, "s/GB-without")
}
