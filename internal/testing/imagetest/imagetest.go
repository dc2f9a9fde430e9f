// Package imagetest creates container images in memory, from txtar archives or entry by entry. Tests and the demo image use it.
package imagetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Layer builds the tar stream of a layer.
type Layer struct {
	CreatedBy string

	buf bytes.Buffer
	tar *tar.Writer
	err error

	files map[string]tar.Header // by name
}

// Add appends an entry. It sets the size of a regular file, and a missing mode to 0644. A hard link without a mode has that of its file, as tar(1)
// writes it: runtimes set it again.
func (l *Layer) Add(h tar.Header, content []byte) *Layer {
	if l.tar == nil {
		l.tar = tar.NewWriter(&l.buf)
	}
	if h.Typeflag == 0 {
		h.Typeflag = tar.TypeReg
	}
	if of, ok := l.files[h.Linkname]; ok && h.Typeflag == tar.TypeLink && h.Mode == 0 {
		h.Mode = of.Mode
		if h.Uid == 0 && h.Gid == 0 {
			h.Uid, h.Gid = of.Uid, of.Gid
		}
		if h.PAXRecords == nil {
			h.PAXRecords, h.Format = of.PAXRecords, of.Format
		}
	}
	if h.Mode == 0 {
		h.Mode = 0o644
	}
	if l.files == nil {
		l.files = make(map[string]tar.Header)
	}
	l.files[h.Name] = h
	if h.Typeflag == tar.TypeReg {
		h.Size = int64(len(content))
	}
	if l.err == nil {
		l.err = l.tar.WriteHeader(&h)
	}
	if l.err == nil && len(content) > 0 {
		_, l.err = l.tar.Write(content)
	}
	return l
}

// File appends a regular file.
func (l *Layer) File(name, content string) *Layer {
	return l.Add(tar.Header{Name: name}, []byte(content))
}

// Dir appends a directory.
func (l *Layer) Dir(name string) *Layer {
	return l.Add(tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, nil)
}

// Symlink appends a symbolic link.
func (l *Layer) Symlink(name, target string) *Layer {
	return l.Add(tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}, nil)
}

// Hardlink appends a hard link.
func (l *Layer) Hardlink(name, target string) *Layer {
	return l.Add(tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, nil)
}

// Bytes closes the stream and returns it.
func (l *Layer) Bytes() ([]byte, error) {
	if l.tar == nil {
		l.tar = tar.NewWriter(&l.buf)
	}
	if l.err == nil {
		l.err = l.tar.Close()
	}
	return l.buf.Bytes(), l.err
}

// Image returns an image of layers, bottom first, for linux/amd64. It compresses the layers with gzip.
func Image(layers ...*Layer) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, err
	}
	add := make([]mutate.Addendum, len(layers))
	for i, l := range layers {
		raw, err := l.Bytes()
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		layer, err := Gzip(raw)
		if err != nil {
			return nil, err
		}
		add[i] = mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: l.CreatedBy}, MediaType: types.OCILayer}
	}
	return mutate.Append(img, add...)
}

// Gzip returns a layer with a tar stream that it compresses with gzip.
func Gzip(raw []byte) (v1.Layer, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return Blob(b.Bytes(), raw)
}

// Blob returns a layer with the given stored bytes and the diff ID of raw. For a hostile layer, raw differs from the
// decompressed bytes.
func Blob(stored, raw []byte) (v1.Layer, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(stored))
	if err != nil {
		return nil, err
	}
	diffID, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return partial.CompressedToLayer(&blob{stored, digest, diffID, size})
}

type blob struct {
	stored         []byte
	digest, diffID v1.Hash
	size           int64
}

func (b *blob) Digest() (v1.Hash, error)            { return b.digest, nil }
func (b *blob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b *blob) Size() (int64, error)                { return b.size, nil }
func (b *blob) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (b *blob) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.stored)), nil
}
