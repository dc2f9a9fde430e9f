package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// openAll scans everything that a reference names, each image after all were opened, and opens each again by its Ref.
func openAll(t *testing.T, ref string) (found []string, errs []error) {
	t.Helper()
	var images []*source.Image
	for img, err := range source.OpenAll(t.Context(), ref, source.Options{}) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		images = append(images, img)
	}
	for _, img := range images {
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{words}}.Scan(t.Context(), img)
		if err = errors.Join(err, img.Close()); err != nil {
			errs = append(errs, err)
			continue
		}
		again, _, err := packagesOf(t, img.Ref, source.Options{})
		if err != nil || !strings.HasPrefix(again, report.Components[0].Name) {
			t.Errorf("%s opened again: found %q, error %v", img.Ref, again, err)
		}
		found = append(found, report.Components[0].Name)
	}
	return found, errs
}

// multiPlatform is an index of three images and an attestation.
func multiPlatform(t *testing.T) v1.ImageIndex {
	t.Helper()
	add := func(mark, os, arch string, annotations map[string]string) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: platform(testImage(t, mark), t, os, arch, ""), Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: os, Architecture: arch}, Annotations: annotations,
		}}
	}
	return mutate.AppendManifests(empty.Index, add("amd", "linux", "amd64", nil), add("arm", "linux", "arm64", nil), add("z", "linux", "s390x", nil),
		add("attestation", "unknown", "unknown", map[string]string{"vnd.docker.reference.type": "attestation-manifest"}))
}

func TestOpenAll(t *testing.T) {
	dir := t.TempDir()
	index := multiPlatform(t)
	if _, err := layout.Write(dir+"/multi", mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})); err != nil {
		t.Fatal(err)
	}
	archive := tarDir(t, dir+"/multi", dir+"/multi.tar")
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/one:1": testImage(t, "one"), "example.com/two:2": testImage(t, "two")})
	host := serve(t)
	push(t, host+"/multi:1", index)
	write(t, dir+"/root/a.list", []byte("root"))
	for _, c := range []struct {
		ref  string
		want []string
	}{
		{dir + "/multi", []string{"amd0", "arm0", "z0"}},
		{archive, []string{"amd0", "arm0", "z0"}},
		{compress(t, archive, dir+"/multi.tar.gz"), []string{"amd0", "arm0", "z0"}},
		{docker, []string{"one0", "two0"}},
		{"docker-archive:" + docker + ":example.com/two:2", []string{"two0"}},
		{host + "/multi:1", []string{"amd0", "arm0", "z0"}},
		{"rootfs:" + dir + "/root", []string{"root"}},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(c.ref, dir, ""), "/", "_"), func(t *testing.T) {
			if !strings.Contains(c.ref, host) {
				leak.Check(t)
			}
			got, errs := openAll(t, c.ref)
			slices.Sort(got)
			if !slices.Equal(got, c.want) || errs != nil {
				t.Errorf("found %q, errors %v, want %q", got, errs, c.want)
			}
		})
	}
}

// An image that cannot be opened is an error of its own; who stops early leaves nothing open.
func TestOpenAllErrors(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	index := multiPlatform(t)
	if _, err := layout.Write(dir+"/multi", index); err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/multi/blobs/sha256/" + m.Manifests[1].Digest.Hex); err != nil {
		t.Fatal(err)
	}
	got, errs := openAll(t, dir+"/multi")
	if !slices.Equal(got, []string{"amd0", "z0"}) || len(errs) != 1 || !errors.Is(errs[0], fs.ErrNotExist) {
		t.Errorf("found %q, errors %v", got, errs)
	}
	for img, err := range source.OpenAll(t.Context(), dir+"/multi", source.Options{}) {
		if err != nil || img.Close() != nil {
			t.Error(err)
		}
		break
	}
	for _, ref := range []string{"", "oci:" + dir + "/nothing", "oci:" + writeLayout(t, dir+"/empty")} {
		if got, errs := openAll(t, ref); got != nil || len(errs) != 1 {
			t.Errorf("%q: found %q, errors %v", ref, got, errs)
		}
	}
}

// rootTar is a tar file of a root file system.
func rootTar(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		h := &tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeDir}
		content := strings.TrimPrefix(name, "./")
		if !strings.HasSuffix(name, "/") {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			io.WriteString(w, content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A tar file of a root file system is recognised by its directories, and is an image of one layer.
func TestRootArchive(t *testing.T) {
	dir := t.TempDir()
	distro := write(t, dir+"/distro.tar", rootTar(t, "./", "./etc/", "./etc/a.list", "./usr/", "./usr/b.list", "./var/"))
	small := write(t, dir+"/small.tar", rootTar(t, "opt/c.list"))
	odd := write(t, dir+"/odd.tar", rootTar(t, "app/d.list"))
	for _, c := range []struct{ ref, found, want string }{
		{distro, "rootfs-archive:" + distro, "etc/a.list usr/b.list"},
		{compress(t, distro, dir+"/distro.tar.gz"), "rootfs-archive:" + dir + "/distro.tar.gz", "etc/a.list usr/b.list"},
		{compress(t, distro, dir+"/distro.tar.zst"), "rootfs-archive:" + dir + "/distro.tar.zst", "etc/a.list usr/b.list"},
		{small, "rootfs-archive:" + small, "opt/c.list"},
		{"rootfs-archive:" + odd, "rootfs-archive:" + odd, "app/d.list"},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(c.ref, dir, ""), "/", "_"), func(t *testing.T) {
			leak.Check(t)
			got, img, err := packagesOf(t, c.ref, source.Options{})
			if err != nil || got != c.want || img.Ref != c.found {
				t.Errorf("found %q, error %v, Ref %v", got, err, img)
			}
		})
	}
	for ref, want := range map[string]string{
		odd:                            "neither manifest.json (docker save) nor index.json",
		"docker-archive:" + distro:     "rootfs-archive: in front of its name scans it",
		"rootfs-archive:" + dir:        "not a regular file",
		"rootfs-archive:" + dir + "/x": "no such file",
		"rootfs-archive:" + write(t, dir+"/cut.tar", read(t, distro)[:700]): "unexpected EOF",
	} {
		if _, _, err := packagesOf(t, ref, source.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", ref, err, want)
		}
	}
}

// A directory of blobs without an index, such as containerd's content store, has its images by digest.
func TestContentStore(t *testing.T) {
	dir := t.TempDir()
	index := multiPlatform(t)
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(dir+"/index.json"), os.Remove(dir+"/oci-layout")); err != nil {
		t.Fatal(err)
	}
	whole, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	here := map[string]string{"amd64": "amd0", "arm64": "arm0", "s390x": "z0"}[runtime.GOARCH]
	for _, c := range []struct{ digest, platform, want, err string }{
		{"@" + m.Manifests[1].Digest.String(), "", "arm0", ""},
		{"@" + whole.String(), "", here, ""},
		{"@" + whole.String(), "linux/s390x", "z0", ""},
		{"@" + v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}.String(), "", "", "is missing"},
		{"", "", "", "name an image of a content store by its digest"},
		{":latest", "", "", "name an image of a content store by its digest"},
	} {
		got, _, err := packagesOf(t, "oci:"+dir+c.digest, source.Options{Platform: c.platform})
		first, _, _ := strings.Cut(got, " ")
		if first != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: found %q, error %v", c.digest, first, err)
		}
	}
}

// A program can bring an archive from anywhere.
func TestOpenStream(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	docker := writeDocker(t, dir+"/docker.tar", map[string]v1.Image{"example.com/one:1": testImage(t, "one"), "example.com/two:2": testImage(t, "two")})
	for _, file := range []string{docker, compress(t, docker, dir+"/docker.tar.gz"), compress(t, docker, dir+"/docker.tar.zst")} {
		open, closed := 0, 0
		img, err := source.OpenStream(t.Context(), source.Stream{
			Ref:   "bucket/object",
			Image: "example.com/two:2",
			Open: func(context.Context) (io.ReadCloser, error) {
				open++
				return os.Open(file)
			},
			Close: func() error { closed++; return nil },
		}, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{words}, Parallel: 1}.Scan(t.Context(), img)
		if err != nil || report.Components[0].Name != "two0" || img.Ref != "bucket/object" {
			t.Errorf("found %v, error %v, Ref %s", report, err, img.Ref)
		}
		if err := errors.Join(img.Close(), img.Close()); err != nil || closed != 1 || open > 2 {
			t.Errorf("opened %d times, closed %d times, error %v", open, closed, err)
		}
	}
}
