package scan_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// A plainLayer has no compressed form. partial.UncompressedToLayer makes one.
type plainLayer struct{ raw []byte }

func (l plainLayer) DiffID() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(l.raw))
	return h, err
}
func (l plainLayer) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }
func (l plainLayer) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.raw)), nil
}

// TestForeignLayers asks that layers that do not implement StoredLayer are read, however they are compressed and whatever their media type.
func TestForeignLayers(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses half a gigabyte")
	}
	leak.Check(t)
	raw := func(name string) []byte {
		b, err := new(imagetest.Layer).File(name+".list", name+" 1\n").File("zeros", strings.Repeat("\x00", 20<<20)).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	zst := func(b []byte, o ...zstd.EOption) []byte {
		var out bytes.Buffer
		w, err := zstd.NewWriter(&out, o...)
		if err == nil {
			_, err = w.Write(b)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	plain, err := partial.UncompressedToLayer(plainLayer{raw("plain")})
	if err != nil {
		t.Fatal(err)
	}
	layers := []v1.Layer{
		blob(t, gz(t, raw("gzip")), raw("gzip")), blob(t, zst(raw("zstd")), raw("zstd")), blob(t, raw("none"), raw("none")), plain,
	}
	// The media type of all is that of gzip. Their windows are as large as they may be.
	for i := range 4 {
		name := string(rune('a' + i))
		layers = append(layers, blob(t, zst(append(raw(name), make([]byte, 140<<20)...), zstd.WithWindowSize(128<<20), zstd.WithEncoderLevel(zstd.SpeedFastest)),
			append(raw(name), make([]byte, 140<<20)...)))
	}
	img := imageOf(t, layers...)
	var found *analyzer.Report
	peak := hostile.Peak(func() {
		found, err = scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Parallel: 4}.Scan(t.Context(), img)
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range found.Components {
		got = append(got, c.Name)
	}
	slices.Sort(got)
	if want := []string{"a", "b", "c", "d", "gzip", "none", "plain", "zstd"}; !slices.Equal(got, want) {
		t.Errorf("packages %q, want %q", got, want)
	}
	t.Logf("%d MiB of heap", peak>>20)
	if peak > 256<<20 {
		t.Errorf("%d MiB of heap", peak>>20)
	}
	// A window above the limit is an error.
	img = imageOf(t, blob(t, zst(raw("x"), zstd.WithWindowSize(512<<20)), raw("x")))
	if _, err := (scan.Scanner{}).Scan(t.Context(), img); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("error %v of a window of 512 MiB", err)
	}
}
