package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/hullmark/hullmark/internal/compression"
)

// errRootArchive reports a tar file that holds a root file system instead of an image.
var errRootArchive = errors.New("a tar file of a root file system; rootfs-archive: in front of its name scans it")

// rootSigns tells the tar file of a root file system from that of an image by the names on its top level.
type rootSigns struct {
	root  []string // names of the Filesystem Hierarchy Standard that were seen
	image bool     // a name that only the tar file of an image has
}

func (r *rootSigns) see(name string) {
	first, rest, _ := strings.Cut(name, "/")
	switch first {
	case "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var":
		if !slices.Contains(r.root, first) {
			r.root = append(r.root, first)
		}
	case dockerManifestFile, indexFile, layoutFile, "repositories", "blobs":
		r.image = r.image || rest == "" || first == "blobs"
	}
}

// likely reports whether at least n names indicate a root file system, and none an image.
func (r *rootSigns) likely(names int) bool { return !r.image && len(r.root) >= names }

// findRootArchive opens a tar file of a root file system, plain or compressed, as an image of one layer. It reads the file once to
// compute its digest; a scan reads it again.
func findRootArchive(ctx context.Context, at location, _ Options) (*set, error) {
	f, err := os.Open(at.name)
	if err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (*Image, error) {
		img, err := rootImage(ctx, f)
		if err != nil {
			return nil, err
		}
		return &Image{Image: img}, nil
	}
	return &set{members: []member{{name: at.name, ref: at.name, open: open}}, close: f.Close}, nil
}

func rootImage(ctx context.Context, f *os.File) (v1.Image, error) {
	info, _, err := inspect(f)
	if err != nil {
		return nil, err
	}
	s := &fileStore{f, info.Size()}
	diffID, err := contentDigest(ctx, s)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(v1.ConfigFile{RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID}}})
	if err != nil {
		return nil, err
	}
	blob := &plainBlob{ctx: ctx, store: s, diffID: diffID}
	layer, err := partial.UncompressedToLayer(blob)
	if err != nil {
		return nil, err
	}
	img := &layeredImage{layers: []v1.Layer{&storedLayer{Layer: layer, store: s}}}
	img.Image, err = partial.UncompressedToImage(&dockerCore{config: config, layers: map[v1.Hash]partial.UncompressedLayer{diffID: blob}})
	return img, err
}

// contentDigest returns the digest of the decompressed content of a file.
func contentDigest(ctx context.Context, s *fileStore) (v1.Hash, error) {
	z, _, err := compression.NewReader(io.NewSectionReader(s.file, 0, s.size))
	if err != nil {
		return v1.Hash{}, err
	}
	defer z.Close()
	hash := sha256.New()
	for total := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return v1.Hash{}, err
		}
		n, err := io.CopyN(hash, z, 1<<20)
		if total += n; total > maxArchive {
			return v1.Hash{}, archiveTooLarge()
		}
		if err == io.EOF {
			return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(hash.Sum(nil))}, nil
		}
		if err != nil {
			return v1.Hash{}, err
		}
	}
}

// A fileStore is a file that is one blob, whatever the name.
type fileStore struct {
	file *os.File
	size int64
}

func (s *fileStore) find(string) (int64, int64, error) { return 0, s.size, nil }
func (s *fileStore) open(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)), nil
}
func (s *fileStore) close() error { return s.file.Close() }
