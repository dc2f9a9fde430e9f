package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// An entry is one of a tar file that a test writes.
type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry { return entry{tar.Header{Name: name}, content} }

func link(name, to string) entry {
	return entry{tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}, ""}
}

func tarFile(t *testing.T, name string, entries ...entry) string {
	t.Helper()
	var l imagetest.Layer
	for _, e := range entries {
		l.Add(e.Header, []byte(e.content))
	}
	b, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return write(t, name, b)
}

// dockerEntries are an archive of one image with one layer, which has one word.
func dockerEntries(t *testing.T, word string) []entry {
	t.Helper()
	raw, err := new(imagetest.Layer).File("a.list", word).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return []entry{
		file("config.json", fmt.Sprintf(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[%q]}}`, digest)),
		file("layer.tar", string(raw)),
		file("manifest.json", `[{"Config":"config.json","Layers":["layer.tar"]}]`),
	}
}

// huge is the beginning of an archive whose only entry claims 2^60 bytes.
func huge(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: 1 << 60, Mode: 0o644, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Archives that nobody's tool wrote are read as unpacking would have it, or refused, in little time and memory.
func TestHostileArchives(t *testing.T) {
	dir := t.TempDir()
	a, b := dockerEntries(t, "a"), dockerEntries(t, "b")
	chain := []entry{a[0], a[2], file("20", a[1].content)}
	for i := range 20 {
		chain = append(chain, link(fmt.Sprint(i), fmt.Sprint(i+1)))
	}
	many := make([]entry, 100_001)
	for i := range many {
		many[i] = file(fmt.Sprint(i), "")
	}
	with := func(manifest string, more ...entry) []entry {
		return append([]entry{a[0], a[1], file("manifest.json", manifest)}, more...)
	}
	var limit *analyzer.LimitError
	for _, c := range []struct {
		name string
		file string
		want string
		is   error
		as   any
		err  string
	}{
		{name: "an image", file: tarFile(t, dir+"/0", a...), want: "a"},
		{name: "names with dots", file: tarFile(t, dir+"/1", a[0], a[1], file("./x/../manifest.json", a[2].content)), want: "a"},
		{name: "two manifests: the last one counts", file: tarFile(t, dir+"/2", append(a, file("b.json", b[0].content), file("b.tar", b[1].content), file("manifest.json", `[{"Config":"b.json","Layers":["b.tar"]}]`))...), want: "b"},
		{name: "two layers of a name: the last one counts", file: tarFile(t, dir+"/3", append(b, a...)...), want: "a"},
		{name: "the wrong one of two layers", file: tarFile(t, dir+"/4", append(a, b[1])...), err: "layer 0: its content has digest"},
		{name: "the layer is a link", file: tarFile(t, dir+"/5", a[0], a[2], link("layer.tar", "x/../y"), file("y", a[1].content)), want: "a"},
		{name: "the manifest is a link", file: tarFile(t, dir+"/6", a[0], a[1], link("manifest.json", "m"), file("m", a[2].content)), want: "a"},
		{name: "a link in a circle", file: tarFile(t, dir+"/7", a[0], a[2], link("layer.tar", "y"), link("y", "layer.tar")), is: fs.ErrNotExist, err: "layer 0: layer.tar is missing"},
		{name: "a link out of the archive", file: tarFile(t, dir+"/8", a[0], a[2], link("layer.tar", "../../../../../../etc/passwd")), is: fs.ErrNotExist, err: "layer 0: layer.tar is missing"},
		{name: "a chain of links", file: tarFile(t, dir+"/9", append(chain, link("layer.tar", "0"))...), is: fs.ErrNotExist, err: "layer 0: layer.tar is missing"},
		{name: "a name out of the archive", file: tarFile(t, dir+"/10", with(`[{"Config":"../../config.json","Layers":["/../layer.tar"]}]`)...), want: "a"},
		{name: "the manifest is a directory", file: tarFile(t, dir+"/11", a[0], a[1], entry{tar.Header{Name: "manifest.json/", Typeflag: tar.TypeDir}, ""}), is: fs.ErrNotExist},
		{name: "no layers named", file: tarFile(t, dir+"/12", with(`[{"Config":"config.json"}]`)...), err: "manifest.json lists 0 layers, but the configuration names 1"},
		{name: "null", file: tarFile(t, dir+"/13", with(`[null]`)...), is: fs.ErrNotExist, err: "the configuration"},
		{name: "no list", file: tarFile(t, dir+"/14", with(`{"Config":"config.json"}`)...), err: "manifest.json: json: cannot unmarshal object"},
		{name: "a digest that is none", file: tarFile(t, dir+"/15", append(a, file("config.json", `{"rootfs":{"diff_ids":["sha256:x"]}}`))...), err: "configuration config.json: "},
		{name: "a digest of another kind", file: tarFile(t, dir+"/16", append(a, file("config.json", `{"rootfs":{"diff_ids":["md5:00000000000000000000000000000000"]}}`))...), err: "unsupported"},
		{name: "deep JSON", file: tarFile(t, dir+"/17", with(strings.Repeat("[", 1<<20))...), err: "exceeded max depth"},
		{name: "a manifest that is too large", file: tarFile(t, dir+"/18", with("["+strings.Repeat(" ", 9<<20)+"]")...), as: &limit, err: "bytes in an index, manifest or configuration"},
		{name: "too many entries", file: tarFile(t, dir+"/19", many...), as: &limit, err: "more than 100000 entries in an archive"},
		{name: "2^60 bytes", file: write(t, dir+"/20", huge(t, "layer.tar")), as: &limit, err: "more than 1099511627776 bytes in an archive"},
		{name: "a manifest of 2^60 bytes", file: write(t, dir+"/21", huge(t, "manifest.json")), as: &limit, err: "more than 1099511627776 bytes in an archive"},
		{name: "a layer of 2^60 bytes inside", file: tarFile(t, dir+"/22", layerOf(t, huge(t, "a.list"))...), err: "layer 0: "},
		{name: "a layer that is no tar file", file: tarFile(t, dir+"/23", layerOf(t, bytes.Repeat([]byte("text"), 500))...), is: tar.ErrHeader, err: "layer 0: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{c.file, compress(t, c.file, c.file+".gz"), compress(t, c.file, c.file+".zst")} {
				leak.Check(t)
				got, _, err := packagesOf(t, "docker-archive:"+name, source.Options{})
				if got != c.want || (err != nil) != (c.want == "") {
					t.Errorf("found %q, error %v, want %q", got, err, c.want)
				}
				if err != nil && (!strings.Contains(err.Error(), c.err) || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as)) {
					t.Errorf("error %v, want %q that is %v or a %T", err, c.err, c.is, c.as)
				}
			}
		})
	}
}

// layerOf is an archive of one image whose layer is given.
func layerOf(t *testing.T, raw []byte) []entry {
	t.Helper()
	list := dockerEntries(t, "a")
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	list[0].content = fmt.Sprintf(`{"rootfs":{"diff_ids":[%q]}}`, digest)
	list[1].content = string(raw)
	return list
}

// An archive that is cut off anywhere is an error, or, once all that is needed is there, the image.
func TestTruncated(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	plain := tarFile(t, dir+"/plain", dockerEntries(t, "a")...)
	for _, name := range []string{plain, compress(t, plain, dir+"/a.gz"), compress(t, plain, dir+"/a.zst")} {
		b := read(t, name)
		for n := 0; n < len(b); n += 1 + len(b)/200 {
			got, _, err := packagesOf(t, "docker-archive:"+write(t, dir+"/cut", b[:n]), source.Options{})
			if err == nil && got != "a" {
				t.Errorf("%s, %d of %d bytes: found %q", name, n, len(b), got)
			}
		}
	}
}

// A bomb in a layer stops at the limit that the scanner has.
func TestLayerBomb(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "zeros", Size: 1 << 28, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 1<<28); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	layer, err := imagetest.Blob(b.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layer)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := source.Open(t.Context(), writeLayout(t, dir, mutate.IndexAddendum{Add: img}), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{words}}
	s.Limits.LayerSize = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = s.Scan(t.Context(), opened)
	runtime.ReadMemStats(&after)
	var limit *analyzer.LimitError
	if !errors.As(err, &limit) {
		t.Errorf("error %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("allocated %d bytes", n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// As many layers as Docker allows, each of which removes what the one below it brought, in every form.
func TestManyLayers(t *testing.T) {
	dir := t.TempDir()
	var layers []*imagetest.Layer
	for i := range 127 {
		l := new(imagetest.Layer).File(fmt.Sprintf("%d.list", i), fmt.Sprint("p", i))
		if i > 0 {
			l.File(fmt.Sprintf(".wh.%d.list", i-1), "")
		}
		layers = append(layers, l)
	}
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	oci := writeLayout(t, dir+"/oci", mutate.IndexAddendum{Add: img})
	opened, err := source.Open(t.Context(), oci, source.Options{}) // quicker to copy than one that was put together
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": opened})
	host := serve(t)
	push(t, host+"/app:1", opened)
	for _, ref := range []string{oci, docker, compress(t, docker, dir+"/docker.tgz"), host + "/app:1"} {
		if got, _, err := packagesOf(t, ref, source.Options{}); err != nil || got != "p126" {
			t.Errorf("%s: found %q, error %v", ref, got, err)
		}
	}
}

// Indexes may be nested, wide and full of repetitions, within bounds.
func TestHostileIndexes(t *testing.T) {
	dir := t.TempDir()
	img := testImage(t, "p")
	layoutOf := func(name string, top v1.IndexManifest, others ...[]byte) string {
		t.Helper()
		l := writeLayout(t, dir+"/"+name, mutate.IndexAddendum{Add: img})
		for _, b := range others {
			digest, _, err := v1.SHA256(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			write(t, l+"/blobs/sha256/"+digest.Hex, b)
		}
		write(t, l+"/index.json", marshal(t, top))
		return "oci:" + l
	}
	descriptor := func(b []byte, media types.MediaType) v1.Descriptor {
		digest, size, err := v1.SHA256(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return v1.Descriptor{MediaType: media, Digest: digest, Size: size}
	}
	index := func(list ...v1.Descriptor) v1.IndexManifest {
		return v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: list}
	}
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	image := descriptor(raw, types.OCIManifestSchema1)
	deep, blobs := index(image), [][]byte(nil)
	for range 500 {
		blobs = append(blobs, marshal(t, deep))
		deep = index(descriptor(blobs[len(blobs)-1], types.OCIImageIndex))
	}
	inner := marshal(t, index(image))
	var same, wide []v1.Descriptor
	for i := range 9_000 {
		same = append(same, descriptor(inner, types.OCIImageIndex))
		wide = append(wide, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)}, Size: 2})
	}
	lies := image
	lies.MediaType = types.OCIImageIndex
	escape := image
	escape.Digest.Hex = "../../../../../../../../etc/passwd"
	for _, c := range []struct{ name, ref, err string }{
		{"500 deep", layoutOf("deep", deep, blobs...), ""},
		{"9,000 times the same", layoutOf("same", index(same...), inner), ""},
		{"9,000 images", layoutOf("wide", index(wide...)), "it has 9000 images; choose one"},
		{"18,000 images", layoutOf("wider", index(append(wide, wide...)...)), "index.json: more than 10000 manifests"},
		{"a manifest as an index", layoutOf("lies", index(lies)), "the index lists no image"},
		{"a digest that leads out", layoutOf("escape", index(escape)), "index.json: "},
		{"a digest of another kind", layoutOf("md5", index(v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: v1.Hash{Algorithm: "md5", Hex: strings.Repeat("0", 32)}})), "index.json: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			got, _, err := packagesOf(t, c.ref, source.Options{})
			if c.err == "" && (err != nil || got != "p0 p2 p3 p4") {
				t.Errorf("found %q, error %v", got, err)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A link in a layout's directory leads to nothing outside of it.
func TestLayoutLinks(t *testing.T) {
	dir := t.TempDir()
	img := testImage(t, "p")
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	l := writeLayout(t, dir+"/oci", mutate.IndexAddendum{Add: img})
	name := l + "/blobs/sha256/" + digest.Hex
	if err := errors.Join(os.Rename(name, dir+"/outside"), os.Symlink("../../../outside", name)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := packagesOf(t, "oci:"+l, source.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(os.Rename(dir+"/outside", l+"/inside"), os.Remove(name), os.Symlink("../../inside", name)); err != nil {
		t.Fatal(err)
	}
	if got, _, err := packagesOf(t, "oci:"+l, source.Options{}); err != nil || got != "p0 p2 p3 p4" {
		t.Errorf("found %q, error %v", got, err)
	}
}

// Cancelled at any instant, opening and scanning end soon, and leave nothing open.
func TestCancelAtAnyInstant(t *testing.T) {
	dir := t.TempDir()
	img := bigImage(t)
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": img})
	g := newRogue(t, img)
	refs := []string{docker, compress(t, docker, dir+"/docker.tar.gz"), writeLayout(t, dir+"/oci", mutate.IndexAddendum{Add: img}), "rootfs:" + dir, g.host() + "/app:1"}
	if _, _, err := packagesOf(t, refs[4], source.Options{}); err != nil { // so that the server has its goroutines
		t.Fatal(err)
	}
	t.Cleanup(g.CloseClientConnections)
	leak.Check(t)
	random := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		var at time.Time
		after := time.Duration(random.Int64N(int64(60 * time.Millisecond)))
		time.AfterFunc(after, func() {
			at = time.Now()
			cancel()
		})
		_, err := scanContext(ctx, refs[i%len(refs)], source.Options{})
		end := time.Now()
		<-ctx.Done() // and so at is set
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled after %v: error %v", refs[i%len(refs)], after, err)
		}
		if err != nil {
			took = append(took, end.Sub(at))
		}
	}
	if len(took) == 0 {
		t.Fatal("nothing was cancelled")
	}
	slices.Sort(took)
	// Of a machine that others use too, no single one of 200 says much.
	if at := took[len(took)*9/10]; at > 100*time.Millisecond {
		t.Errorf("9 of 10 returned within %v after they were cancelled, want 100 ms; the slowest after %v", at, took[len(took)-1])
	}
}

// A layer that inflates more than any real one does is given up soon after its first gigabyte.
func TestRatioBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates a gigabyte")
	}
	leak.Check(t)
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	const size = 3 << 30
	if err := w.WriteHeader(&tar.Header{Name: "zeros", Size: size, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	layer, err := imagetest.Blob(b.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layer)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := source.Open(t.Context(), writeLayout(t, t.TempDir(), mutate.IndexAddendum{Add: img}), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	_, err = scan.Scanner{Analyzers: []analyzer.Analyzer{words}}.Scan(t.Context(), opened)
	var limit *analyzer.LimitError
	if !errors.As(err, &limit) || limit.Limit != 1200 {
		t.Errorf("%d bytes for %d: error %v", b.Len(), int64(size), err)
	}
}
