package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

var words = analyzer.Func(analyzer.Info{Name: "words", Patterns: []string{"**/*.list"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		r := new(analyzer.Result)
		for word := range strings.FieldsSeq(string(b)) {
			r.Packages = append(r.Packages, analyzer.Package{Type: "generic", Name: word, Version: "1"})
		}
		return r, nil
	})

// scan opens a reference and returns the names of what is found, or the error.
func packagesOf(t *testing.T, ref string, o source.Options) (string, *source.Image, error) {
	t.Helper()
	img, err := source.Open(t.Context(), ref, o)
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}()
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{words}, Verify: true}.Scan(t.Context(), img)
	if err != nil {
		return "", nil, err
	}
	var names []string
	for _, c := range report.Components {
		names = append(names, c.Name)
	}
	return strings.Join(names, " "), img, nil
}

// testImage has five layers, so that a compressed archive is read out of order.
func testImage(t *testing.T, mark string) v1.Image {
	t.Helper()
	var layers []*imagetest.Layer
	for i := range 5 {
		l := new(imagetest.Layer).File(fmt.Sprintf("%d.list", i), fmt.Sprintf("%s%d", mark, i))
		if i == 3 {
			l.File(".wh.1.list", "").File("big", strings.Repeat("content ", 100_000))
		}
		layers = append(layers, l)
	}
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func writeLayout(t *testing.T, dir string, images ...mutate.IndexAddendum) string {
	t.Helper()
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, images...)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeDocker(t *testing.T, file string, images map[string]v1.Image) string {
	t.Helper()
	tags := make(map[name.Tag]v1.Image)
	for tag, img := range images {
		parsed, err := name.NewTag(tag)
		if err != nil {
			t.Fatal(err)
		}
		tags[parsed] = img
	}
	if err := tarball.MultiWriteToFile(file, tags); err != nil {
		t.Fatal(err)
	}
	return file
}

// tarDir packs a directory, its files in the order in which they are named or else walked.
func tarDir(t *testing.T, dir, file string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, file, b.Bytes())
}

func write(t *testing.T, file string, b []byte) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b, 0o644)); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compress(t *testing.T, file, to string) string {
	t.Helper()
	var b bytes.Buffer
	var z io.WriteCloser = gzip.NewWriter(&b)
	if strings.HasSuffix(to, ".zst") {
		var err error
		if z, err = zstd.NewWriter(&b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := z.Write(read(t, file)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, to, b.Bytes())
}

// untar unpacks an archive that a test wrote.
func untar(t *testing.T, file, dir string) string {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(read(t, file)))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, h.Name), b)
	}
}

// serve starts a registry in this process.
func serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(fake.New(fake.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func push(t *testing.T, ref string, img remote.Taggable) {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Push(parsed, img); err != nil {
		t.Fatal(err)
	}
}

// One image in every form gives the same answer.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	img := testImage(t, "p")
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	oci := writeLayout(t, dir+"/oci", mutate.IndexAddendum{Add: img})
	ociTar := tarDir(t, oci, dir+"/oci.tar")
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": img})
	host := serve(t)
	push(t, host+"/app:1", img)
	root := dir + "/root/"
	for i, mark := range []string{"p0", "", "p2", "p3", "p4"} {
		if mark != "" {
			write(t, fmt.Sprintf("%s%d.list", root, i), []byte(mark))
		}
	}
	for _, c := range []struct{ ref, found string }{
		{"oci:" + oci, "oci:" + oci},
		{oci, "oci:" + oci},
		{"oci-archive:" + ociTar, "oci-archive:" + ociTar},
		{ociTar, "oci-archive:" + ociTar},
		{compress(t, ociTar, dir+"/oci.tar.gz"), "oci-archive:" + dir + "/oci.tar.gz"},
		{compress(t, ociTar, dir+"/oci.tar.zst"), "oci-archive:" + dir + "/oci.tar.zst"},
		{"docker-archive:" + docker, "docker-archive:" + docker},
		{docker, "docker-archive:" + docker},
		{docker + "", "docker-archive:" + docker},
		{"docker-archive:" + docker + ":example.com/app:1", "docker-archive:" + docker + ":example.com/app:1"},
		{compress(t, docker, dir+"/docker.tgz"), "docker-archive:" + dir + "/docker.tgz"},
		{untar(t, docker, dir+"/docker"), "docker-archive:" + dir + "/docker"},
		{"registry:" + host + "/app:1", "registry:" + host + "/app:1"},
		{host + "/app:1", "registry:" + host + "/app:1"},
		{host + "/app@" + digest.String(), "registry:" + host + "/app@" + digest.String()},
		{"rootfs:" + root, "rootfs:" + root},
		{root, "rootfs:" + root},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(c.ref, dir, ""), "/", "_"), func(t *testing.T) {
			if !strings.Contains(c.ref, host) { // the server's connections end when it likes
				leak.Check(t)
			}
			got, img, err := packagesOf(t, c.ref, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != "p0 p2 p3 p4" {
				t.Errorf("found %s", got)
			}
			if img.Ref != c.found {
				t.Errorf("Ref is %s, want %s", img.Ref, c.found)
			}
			want := digest.String()
			if img.Root() != nil || strings.HasPrefix(img.Ref, "docker-archive") {
				want = ""
			}
			if img.ManifestDigest() != want {
				t.Errorf("ManifestDigest is %q, want %q", img.ManifestDigest(), want)
			}
		})
	}
}

// An image in an archive is a whole v1.Image, also for programs that ask for what costs work.
func TestImageMethods(t *testing.T) {
	dir := t.TempDir()
	made := testImage(t, "p")
	for _, ref := range []string{
		writeLayout(t, dir+"/oci", mutate.IndexAddendum{Add: made}),
		writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": made}),
	} {
		img, err := source.Open(t.Context(), ref, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		copied, err := tarball.Image(func() (io.ReadCloser, error) {
			var b bytes.Buffer
			err := tarball.Write(name.MustParseReference("example.com/copy:1"), img, &b)
			return io.NopCloser(&b), err
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err1 := img.ConfigName()
		got, err2 := copied.ConfigName()
		if err := errors.Join(err1, err2, img.Close()); err != nil || got != want {
			t.Errorf("%s: copied as %s, want %s, error %v", ref, got, want, err)
		}
	}
	root, err := source.Open(t.Context(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := root.Layers(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Layers of a root file system: error %v", err)
	}
}

func platform(img v1.Image, t *testing.T, os, arch, variant string) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = os, arch, variant
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// Of several images the right one is chosen by platform, name or digest; attestations beside them do not count.
func TestChoice(t *testing.T) {
	dir := t.TempDir()
	other := "s390x"
	if runtime.GOARCH == other {
		other = "ppc64le"
	}
	add := func(mark, os, arch, variant string, annotations map[string]string) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: platform(testImage(t, mark), t, os, arch, variant), Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: os, Architecture: arch, Variant: variant}, Annotations: annotations,
		}}
	}
	attestation := add("attestation", "unknown", "unknown", "", map[string]string{"vnd.docker.reference.type": "attestation-manifest"})
	index := mutate.AppendManifests(empty.Index,
		add("here", "linux", runtime.GOARCH, "", nil), add("there", "linux", other, "", nil), add("seven", "linux", "arm", "v7", nil), attestation)
	multi := dir + "/multi"
	if _, err := layout.Write(multi, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})); err != nil {
		t.Fatal(err)
	}
	single := writeLayout(t, dir+"/single", add("there", "linux", other, "", nil), attestation)
	one, two := testImage(t, "one"), testImage(t, "two")
	digest, err := two.Digest()
	if err != nil {
		t.Fatal(err)
	}
	named := writeLayout(t, dir+"/named",
		mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Annotations: map[string]string{"org.opencontainers.image.ref.name": "first"}}},
		mutate.IndexAddendum{Add: two, Descriptor: v1.Descriptor{Annotations: map[string]string{"io.containerd.image.name": "example.com/app:second"}}})
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/one:1": one, "example.com/two:2": two})
	host := serve(t)
	push(t, host+"/multi:1", index)
	push(t, host+"/single:1", platform(testImage(t, "there"), t, "linux", other, ""))
	for _, c := range []struct{ ref, platform, want, err string }{
		{multi, "", "here0", ""},
		{multi, "linux/" + other, "there0", ""},
		{multi, "linux/arm/v7", "seven0", ""},
		{multi, "windows/amd64", "", "no such image for windows/amd64; it has linux/" + runtime.GOARCH + ", linux/" + other + ", linux/arm/v7"},
		{multi, "linux", "", `platform "linux" is not of the form os/architecture[/variant]`},
		{single, "", "there0", ""},
		{single, "linux/arm64", "", "no such image for linux/arm64: it is for linux/" + other},
		{named, "", "", "it has 2 images; choose one by adding a colon and its name, or its digest as @sha256:...: first, example.com/app:second"},
		{"oci:" + named + ":first", "", "one0", ""},
		{"oci:" + named + ":example.com/app:second", "", "two0", ""},
		{"oci:" + named + "@" + digest.String(), "", "two0", ""},
		{"oci:" + named + ":third", "", "", "no such image as third; it has first, example.com/app:second"},
		{docker, "", "", "it has 2 images; choose one by adding a colon and its name: example.com/one:1, example.com/two:2"},
		{"docker-archive:" + docker + ":example.com/two:2", "", "two0", ""},
		{"docker-archive:" + docker + ":three", "", "", "no such image as three; it has example.com/one:1, example.com/two:2"},
		{host + "/multi:1", "", "here0", ""},
		{host + "/multi:1", "linux/" + other, "there0", ""},
		{host + "/multi:1", "windows/amd64", "", "no such image for windows/amd64; it has linux/" + runtime.GOARCH},
		{host + "/single:1", "", "there0", ""},
		{host + "/single:1", "linux/arm64", "", "it is for linux/" + other},
	} {
		got, _, err := packagesOf(t, c.ref, source.Options{Platform: c.platform})
		first, _, _ := strings.Cut(got, " ")
		if first != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s for %q: got %q, error %v\nwant %q, %q", strings.ReplaceAll(c.ref, dir, ""), c.platform, first, err, c.want, c.err)
		}
	}
}

// Errors say what was tried, and leave nothing open.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	host := serve(t)
	img := testImage(t, "p")
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := layers[2].Digest()
	if err != nil {
		t.Fatal(err)
	}
	copyOf := 0
	broken := func(file string, content []byte) string { // a layout with one file replaced, or removed
		copyOf++
		l := writeLayout(t, fmt.Sprintf("%s/broken%d", dir, copyOf), mutate.IndexAddendum{Add: img})
		if content == nil {
			if err := os.Remove(l + "/" + file); err != nil {
				t.Fatal(err)
			}
			return "oci:" + l
		}
		write(t, l+"/"+file, content)
		return "oci:" + l
	}
	name := func(h v1.Hash) string { return "blobs/sha256/" + h.Hex }
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": img})
	cut := read(t, docker)
	tarOf := func(file string, entries ...string) string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := 0; i < len(entries); i += 2 {
			if err := w.WriteHeader(&tar.Header{Name: entries[i], Size: int64(len(entries[i+1])), Mode: 0o644}); err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, entries[i+1])
		}
		w.Close()
		return write(t, dir+"/"+file, b.Bytes())
	}
	for _, c := range []struct {
		ref  string
		is   error
		want string
	}{
		{"", nil, "empty image reference"},
		{"oci:", nil, "nothing after the colon"},
		{dir + "/nothing", fs.ErrNotExist, "no such file"},
		{"nothing.tar", fs.ErrNotExist, "no such file"},
		{"oci:" + dir + "/nothing", fs.ErrNotExist, "no such file"},
		{"UPPER case", nil, "not a reference to an image in a registry"},
		{"registry:user:secret@registry.example/app:1", nil, "source: registry:***@registry.example/app:1: not a reference"},
		{"https://user:secret@registry.example/app", nil, "source: registry:https://***@registry.example/app: not a reference"},
		{host + "/missing:1", fs.ErrNotExist, host + ": manifest 1: not found (and no file has this name)"},
		{"localhost:1/app:1", nil, "localhost:1/app:1: localhost:1: log in: Get"},
		{write(t, dir+"/text", []byte(strings.Repeat("text ", 500))), tar.ErrHeader, "not a tar file"},
		{write(t, dir+"/empty", nil), fs.ErrNotExist, "neither manifest.json (docker save) nor index.json (OCI archive)"},
		{write(t, dir+"/cut.tar", cut[:len(cut)/2]), io.ErrUnexpectedEOF, ""},
		{"docker-archive:" + tarOf("a.tar", "x", "y"), fs.ErrNotExist, "no manifest.json"},
		{tarOf("b.tar", "manifest.json", "[]"), fs.ErrNotExist, "manifest.json lists no image"},
		{tarOf("c.tar", "manifest.json", "{"), nil, "manifest.json: unexpected end of JSON input"},
		{tarOf("d.tar", "manifest.json", `[{"Config":"c","Layers":[]}]`), fs.ErrNotExist, "the configuration: c is missing"},
		{tarOf("e.tar", "manifest.json", `[{"Config":"c","Layers":["l"]}]`, "c", `{"rootfs":{"diff_ids":[]}}`), nil, "manifest.json lists 1 layers, but the configuration names 0"},
		{"oci-archive:" + tarOf("f.tar", "x", "y"), fs.ErrNotExist, "no index.json"},
		{broken("index.json", []byte(`{"schemaVersion":2,"manifests":[]}`)), fs.ErrNotExist, "the index lists no image"},
		{broken("index.json", []byte(`not json`)), nil, "index.json: invalid character"},
		{broken(name(digest), nil), fs.ErrNotExist, "manifest: blobs/sha256/" + digest.Hex + " is missing"},
		{broken(name(digest), []byte("{}")), nil, "manifest: its content has digest sha256:44136fa"},
		{broken(name(config), []byte("{}")), nil, "configuration: its content has digest sha256:44136fa"},
		{broken(name(layer), nil), fs.ErrNotExist, "layer 2: blobs/sha256/" + layer.Hex + " is missing"},
		{broken(name(layer), []byte("other")), nil, "layer 2: "},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(c.ref, dir, ""), "/", "_"), func(t *testing.T) {
			if !strings.Contains(c.ref, host) {
				leak.Check(t)
			}
			_, _, err := packagesOf(t, c.ref, source.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want %q that is %v", err, c.want, c.is)
			}
		})
	}
}

// A root file system reads like os.DirFS, in any order, however deep, but no link leads out of it.
func TestRootFS(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	deep := strings.Repeat("d/", 80) + "deep.list"
	write(t, dir+"/outside", []byte("secret"))
	for _, name := range []string{"a.list", ".hidden/b.list", ".hidden/.c/d.list", "x/y/z.list", deep} {
		write(t, dir+"/root/"+name, []byte(name))
	}
	if err := os.Symlink("x/y", dir+"/root/in"); err != nil {
		t.Fatal(err)
	}
	img, err := source.Open(t.Context(), dir+"/root", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := fstest.TestFS(img.Root(), "a.list", ".hidden/b.list", ".hidden/.c/d.list", "x/y/z.list", deep); err != nil {
		t.Error(err)
	}
	if err := os.Symlink("../outside", dir+"/root/out"); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(img.Root(), "out"); err == nil {
		t.Error("a link led out of the root")
	}
	if target, err := fs.ReadLink(img.Root(), "in"); err != nil || target != "x/y" {
		t.Errorf("ReadLink: %q, %v", target, err)
	}
}

// The kernel's own file systems are no part of a root file system.
func TestRootLeavesOutKernelFileSystems(t *testing.T) {
	if _, err := os.Stat("/proc/self/mountinfo"); err != nil {
		t.Skip("no /proc here: ", err)
	}
	img, err := source.Open(t.Context(), "rootfs:/", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	list, err := fs.ReadDir(img.Root(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() == "proc" {
			t.Error("/proc is in the root file system")
		}
	}
}

// A compressed archive that is asked for its layers in any order, by several scans at once, gives each the right bytes.
func TestCompressedArchiveInAnyOrder(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	ref := compress(t, writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/app:1": testImage(t, "p")}), dir+"/docker.tar.gz")
	img, err := source.Open(t.Context(), ref, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for i := range 20 {
		go func() {
			l := layers[(i*3)%len(layers)]
			want, err := l.DiffID()
			if err != nil {
				errs <- err
				return
			}
			rc, err := l.Uncompressed()
			if err != nil {
				errs <- err
				return
			}
			defer rc.Close()
			got, _, err := v1.SHA256(rc)
			if err == nil && got != want {
				err = fmt.Errorf("layer has digest %s, want %s", got, want)
			}
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// FuzzOpen opens and scans an archive of arbitrary bytes, and one with arbitrary documents in it.
func FuzzOpen(f *testing.F) {
	f.Add("manifest.json", []byte(`[{"Config":"c","Layers":["l"]}]`), []byte(`{"rootfs":{"diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}`))
	f.Add("index.json", []byte(`{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":2}]}`), []byte("{}"))
	f.Add("index.json", []byte(`{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","data":"e30=","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}]}`), []byte("{}"))
	f.Fuzz(func(t *testing.T, file string, document, other []byte) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, e := range []struct {
			name    string
			content []byte
		}{{file, document}, {"c", other}, {"l", other}} {
			if w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: 0o644}) == nil {
				w.Write(e.content)
			}
		}
		w.Flush()
		for _, raw := range [][]byte{b.Bytes(), document} {
			img, err := source.OpenStream(t.Context(), source.Stream{Ref: "fuzz", Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(raw)), nil
			}}, source.Options{})
			if err != nil {
				continue
			}
			scan.Scanner{Analyzers: []analyzer.Analyzer{words}}.Scan(t.Context(), img)
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestKinds checks that a program can keep references from its files.
func TestKinds(t *testing.T) {
	dir := t.TempDir()
	root := dir + "/root"
	if err := os.MkdirAll(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	archive := write(t, dir+"/root.tar", rootTar(t, "etc/", "etc/a.list"))
	for _, c := range []struct {
		kinds, ref string
		want       error
		text       string
	}{
		{"registry", "rootfs:" + root, source.ErrKind, "rootfs: kind"},
		{"registry", root, nil, "could not parse reference"}, // read as the name of an image
		{"registry", archive, nil, "could not parse reference"},
		{"rootfs-archive", root, source.ErrKind, "rootfs: kind"},
		{"rootfs", archive, source.ErrKind, "rootfs-archive: kind"},
		{"rootfs", "oci:" + dir, source.ErrKind, "oci: kind"},
		{"rootfs", "debian:12", source.ErrKind, "no file debian:12"},
		{"rootfs-archive rootfs", root, nil, ""},
		{"rootfs-archive rootfs", archive, nil, ""},
		{"daemon", root, nil, `no kind "daemon"`},
	} {
		img, err := source.Open(t.Context(), c.ref, source.Options{Kinds: strings.Fields(c.kinds)})
		if err == nil {
			err = img.Close()
		}
		switch {
		case c.want == nil && c.text == "":
			if err != nil {
				t.Errorf("%s, %s: %v", c.kinds, c.ref, err)
			}
		case err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text):
			t.Errorf("%s, %s: error %v, want %q", c.kinds, c.ref, err, c.text)
		}
	}
}
