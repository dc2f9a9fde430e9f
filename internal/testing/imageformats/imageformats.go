// Package imageformats writes an image in every form that tools use for image files, so that tests can read all of them.
package imageformats

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// A Format is a format of an image in a file or directory.
type Format struct {
	Name  string // name of the file or directory that Write creates
	Kind  string // prefix of its reference
	Same  bool   // the digest of the manifest does not change
	write func(img v1.Image, to string) error
}

// All returns every form.
func All() []Format {
	return []Format{
		{"oci", "oci", true, func(img v1.Image, to string) error { return layout(img, to, compressor{}) }},
		{"oci-zstd", "oci", false, func(img v1.Image, to string) error { return layout(img, to, zstdCompressor()) }},
		{"oci-plain", "oci", false, func(img v1.Image, to string) error { return layout(img, to, noCompressor()) }},
		{"oci.tar", "oci-archive", true, packed(compressor{}, noCompressor())},
		{"oci.tar.gz", "oci-archive", true, packed(compressor{}, gzipCompressor())},
		{"oci-zstd.tar.zst", "oci-archive", false, packed(zstdCompressor(), zstdCompressor())},
		{"docker.tar", "docker-archive", false, archived(noCompressor())},
		{"docker.tar.gz", "docker-archive", false, archived(gzipCompressor())},
		{"docker.tar.zst", "docker-archive", false, archived(zstdCompressor())},
	}
}

// Write writes an image into a directory and returns its reference.
func (f Format) Write(img v1.Image, dir string) (ref string, err error) {
	to := filepath.Join(dir, f.Name)
	if err := f.write(img, to); err != nil {
		return "", fmt.Errorf("forms: %s: %w", f.Name, err)
	}
	return f.Kind + ":" + to, nil
}

// A compressor compresses a stream. suffix is its suffix in the media types of OCI layers. The zero value keeps the stored
// compression of layers.
type compressor struct {
	suffix string
	open   func(io.Writer) (io.WriteCloser, error)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func noCompressor() compressor {
	return compressor{"", func(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil }}
}

func gzipCompressor() compressor {
	return compressor{"+gzip", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) }}
}

func zstdCompressor() compressor {
	return compressor{"+zstd", func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}}
}

// layout writes an OCI image layout into a directory. c compresses the layers again unless it is zero.
func layout(img v1.Image, dir string, c compressor) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	m = m.DeepCopy()
	for i, l := range layers {
		if m.Layers[i], err = layerBlob(l, m.Layers[i], blobs, c); err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
	}
	if c.open != nil {
		if raw, err = json.Marshal(m); err != nil {
			return err
		}
	}
	desc, err := blob(blobs, raw)
	if err != nil {
		return err
	}
	desc.MediaType = types.OCIManifestSchema1
	if _, err := blob(blobs, config); err != nil {
		return err
	}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{desc}})
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644),
		os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
}

// blob writes a blob.
func blob(dir string, b []byte) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(b))
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{Digest: digest, Size: size}, os.WriteFile(filepath.Join(dir, digest.Hex), b, 0o644)
}

// layerBlob writes a layer and returns its descriptor.
func layerBlob(l v1.Layer, desc v1.Descriptor, dir string, c compressor) (_ v1.Descriptor, err error) {
	open := l.Compressed
	if c.open != nil {
		open = l.Uncompressed
	}
	rc, err := open()
	if err != nil {
		return desc, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	var b bytes.Buffer // images of tests are small
	if c.open == nil {
		_, err = io.Copy(&b, rc)
	} else {
		desc.MediaType = types.MediaType("application/vnd.oci.image.layer.v1.tar" + c.suffix)
		err = compress(&b, rc, c)
	}
	if err != nil {
		return desc, err
	}
	written, err := blob(dir, b.Bytes())
	desc.Digest, desc.Size = written.Digest, written.Size
	return desc, err
}

func compress(to io.Writer, from io.Reader, c compressor) error {
	z, err := c.open(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(z, from)
	return errors.Join(err, z.Close())
}

// packed writes an OCI image layout as a tar file.
func packed(layers, whole compressor) func(v1.Image, string) error {
	return func(img v1.Image, to string) error {
		if err := layout(img, to+".dir", layers); err != nil {
			return err
		}
		return create(to, whole, func(w *tar.Writer) error { return w.AddFS(os.DirFS(to + ".dir")) })
	}
}

// archived writes the format of "docker save" before version 25, with uncompressed layers and the manifest at the end.
func archived(whole compressor) func(v1.Image, string) error {
	return func(img v1.Image, to string) error {
		return create(to, whole, func(w *tar.Writer) error { return archive(img, w) })
	}
}

func create(name string, c compressor, write func(*tar.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := c.open(f)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	return errors.Join(write(w), w.Close(), z.Close())
}

func archive(img v1.Image, w *tar.Writer) error {
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	manifest := []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{{Config: id.Hex + ".json", RepoTags: []string{"example.com/app:1"}}}
	written := make(map[v1.Hash]string)
	for i, l := range layers {
		diffID, err := l.DiffID()
		if err != nil {
			return err
		}
		name := strings.Repeat("0", 60) + fmt.Sprintf("%04d/layer.tar", i)
		manifest[0].Layers = append(manifest[0].Layers, name)
		if first, ok := written[diffID]; ok {
			err = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: "../" + first})
		} else {
			err = plainLayer(l, name, w)
		}
		if err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
		written[diffID] = name
	}
	b, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	return errors.Join(entry(w, id.Hex+".json", config), entry(w, "manifest.json", b))
}

func plainLayer(l v1.Layer, name string, w *tar.Writer) (err error) {
	rc, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	var b bytes.Buffer
	if _, err := io.Copy(&b, rc); err != nil {
		return err
	}
	return entry(w, name, b.Bytes())
}

func entry(w *tar.Writer, name string, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}
