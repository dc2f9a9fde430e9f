package all_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// A madeLayer is a layer that is made anew whenever it is read.
type madeLayer struct {
	v1.Layer
	diffID v1.Hash
	write  func(w *tar.Writer) error
}

func newMadeLayer(t *testing.T, write func(*tar.Writer) error) madeLayer {
	t.Helper()
	l := madeLayer{write: write}
	rc, _ := l.Uncompressed()
	h := sha256.New()
	if _, err := io.Copy(h, rc); err != nil {
		t.Fatal(err)
	}
	l.diffID = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
	return l
}

func (l madeLayer) DiffID() (v1.Hash, error) { return l.diffID, nil }

func (l madeLayer) Uncompressed() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		t := tar.NewWriter(w)
		err := l.write(t)
		if err == nil {
			err = t.Close()
		}
		w.CloseWithError(err)
	}()
	return r, nil
}

// Compressed returns the same: a pipe.
func (l madeLayer) Compressed() (io.ReadCloser, error) { return l.Uncompressed() }

// A madeImage is an image of such layers.
type madeImage struct {
	v1.Image
	layers []madeLayer
}

func (i madeImage) Layers() ([]v1.Layer, error) {
	list := make([]v1.Layer, len(i.layers))
	for k, l := range i.layers {
		list[k] = l
	}
	return list, nil
}

func (i madeImage) ConfigFile() (*v1.ConfigFile, error) {
	c := new(v1.ConfigFile)
	for _, l := range i.layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.diffID)
	}
	return c, nil
}

// addFile adds a file that consists of the texts that part returns for 0 to n-1, all of one length.
func addFile(w *tar.Writer, name string, n int, part func(i int) string) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(n) * int64(len(part(0)))}); err != nil {
		return err
	}
	var b strings.Builder
	for i := range n {
		if b.WriteString(part(i)); b.Len() > 1<<20 || i == n-1 {
			if _, err := io.WriteString(w, b.String()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return nil
}

// TestLargeInput scans images of the size of the largest real ones. No default limit may refuse them.
func TestLargeInput(t *testing.T) {
	corpus.Slow(t)
	osRelease := func(w *tar.Writer) error {
		return addFile(w, "etc/os-release", 1, func(int) string { return "ID=debian\nVERSION_ID=12\n" })
	}
	for _, c := range []struct {
		name    string
		layers  int
		write   func(layer int, w *tar.Writer) error
		want    int // packages
		entries int64
	}{
		{"2,000,000 entries in a layer", 1, func(_ int, w *tar.Writer) error {
			for i := range 2_000_000 {
				if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("srv/data/%05d/file-%d.txt", i/100, i), Mode: 0o644}); err != nil {
					return err
				}
			}
			return addFile(w, "app/node_modules/a/package.json", 1, func(int) string { return `{"name":"a","version":"1.0.0"}` })
		}, 1, 2_000_001},
		{"1,024 layers", 1024, func(layer int, w *tar.Writer) error {
			return addFile(w, fmt.Sprintf("app/node_modules/p%d/package.json", layer), 1, func(int) string { return fmt.Sprintf(`{"name":"p%d","version":"1.0.0"}`, layer) })
		}, 1024, 1024},
		{"200,000 packages in a dpkg status of 64 MB", 1, func(_ int, w *tar.Writer) error {
			if err := osRelease(w); err != nil {
				return err
			}
			return addFile(w, "var/lib/dpkg/status", 200_000, func(i int) string {
				return fmt.Sprintf("Package: package-%06d\nStatus: install ok installed\nPriority: optional\nMaintainer: Debian Developers <d@example.org>\nArchitecture: amd64\nVersion: 1.2.3-4+deb12u1\nDepends: libc6 (>= 2.36), libexample%06d\nDescription: a package\n%s\n", i, i, strings.Repeat(" A line that describes the package further.\n", 2))
			})
		}, 200_000, 2},
		{"200,000 npm packages", 1, func(_ int, w *tar.Writer) error {
			for i := range 200_000 {
				if err := addFile(w, fmt.Sprintf("app/node_modules/p%d/package.json", i), 1, func(int) string { return fmt.Sprintf(`{"name":"p%d","version":"1.0.0"}`, i) }); err != nil {
					return err
				}
			}
			return nil
		}, 200_000, 200_000},
		{"a package of 500,000 files", 1, func(_ int, w *tar.Writer) error {
			if err := osRelease(w); err != nil {
				return err
			}
			if err := addFile(w, "var/lib/dpkg/status", 1, func(int) string {
				return "Package: big\nStatus: install ok installed\nMaintainer: Debian Developers <d@example.org>\nArchitecture: all\nVersion: 1-1\n\n"
			}); err != nil {
				return err
			}
			return addFile(w, "var/lib/dpkg/info/big.list", 500_000, func(i int) string {
				return fmt.Sprintf("/usr/share/big/directory-%03d/some-file-name-%06d.html\n", i/1000, i)
			})
		}, 1, 3},
		{"a program of 250 MB", 1, func(_ int, w *tar.Writer) error {
			if err := addFile(w, "usr/bin/program", 250, func(i int) string {
				if i == 0 {
					return "\x7fELF" + strings.Repeat("\x00", 1<<20-4)
				}
				return strings.Repeat("\x90", 1<<20)
			}); err != nil {
				return err
			}
			return addFile(w, "app/node_modules/a/package.json", 1, func(int) string { return `{"name":"a","version":"1.0.0"}` })
		}, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := madeImage{Image: empty.Image}
			for i := range c.layers {
				img.layers = append(img.layers, newMadeLayer(t, func(w *tar.Writer) error { return c.write(i, w) }))
			}
			start := time.Now()
			var found *analyzer.Report
			var err error
			peak := hostile.Peak(func() { found, err = scan.Scanner{Analyzers: all.All()}.Scan(t.Context(), img) })
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d MiB, %v", peak>>20, time.Since(start).Round(time.Millisecond))
			if len(found.Components) != c.want {
				t.Errorf("%d packages, want %d: %v", len(found.Components), c.want, found.Diagnostics)
			}
			entries := int64(0)
			for _, l := range found.Layers {
				entries += l.Entries
			}
			if entries != c.entries {
				t.Errorf("%d entries, want %d", entries, c.entries)
			}
			for _, d := range found.Diagnostics {
				if d.Code != analyzer.Malformed { // the program has no sections
					t.Errorf("%v", d)
				}
			}
		})
	}
}
