package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options say how to open an image. The zero value is what most programs want.
type Options struct {
	// Platform chooses among the images of an index: "linux/arm64", "linux/arm/v7". By default it is linux and the
	// architecture of this program, and if an index has only one image, that one. With a platform given, an image for
	// another one is an error.
	Platform string

	// Keychain finds credentials of registries; nil means authn.DefaultKeychain, which reads what "docker login" wrote.
	Keychain authn.Keychain

	// Transport is used for registries; nil means the package's default.
	Transport http.RoundTripper
}

// An Image is an image that was opened. It is a v1.Image, unless it is a root file system: then Root returns that, and
// methods of v1.Image return ErrRootFS. An analyzer.Scanner scans both.
type Image struct {
	v1.Image
	Ref string // how the image was found: "oci:/srv/layout"

	digest string
	root   fs.FS
	close  func() error
}

// ErrRootFS is what methods of v1.Image return of a root file system.
var ErrRootFS = errors.New("source: a root file system is not an image")

// ErrNotFound says that there is no image where a reference leads.
var ErrNotFound = errors.New("no such image")

// Root returns the file system, of a root file system, else nil.
func (i *Image) Root() fs.FS { return i.root }

// ManifestDigest returns the digest of the manifest, "sha256:...", or "" where the image has none, as in docker archives.
func (i *Image) ManifestDigest() string { return i.digest }

// Close frees what Open opened.
func (i *Image) Close() error {
	if i.close == nil {
		return nil
	}
	return i.close()
}

// A kind is one way to find an image.
type kind struct {
	prefix string
	open   func(ctx context.Context, name string, o Options) (*Image, error)
}

func kinds() []kind {
	return []kind{
		{"docker-archive", openDockerArchive},
		{"oci-archive", openOCIArchive},
		{"oci", openLayout},
		{"registry", openRegistry},
		{"rootfs", openRoot},
	}
}

// Open opens the image that a reference names; see the package comment. An error says what was tried, and wraps
// ErrNotFound or fs.ErrNotExist where nothing is there.
func Open(ctx context.Context, ref string, o Options) (*Image, error) {
	if ref == "" {
		return nil, errors.New("source: empty image reference")
	}
	if o.Platform != "" {
		if _, err := parsePlatform(o.Platform); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	}
	for _, k := range kinds() {
		if name, ok := strings.CutPrefix(ref, k.prefix+":"); ok {
			if name == "" {
				return nil, fmt.Errorf("source: %s: nothing after the colon", ref)
			}
			return k.at(ctx, name, o)
		}
	}
	if _, err := os.Stat(ref); err == nil {
		k, err := recognise(ref)
		if err != nil {
			return nil, fmt.Errorf("source: %s: %w", ref, err)
		}
		return k.at(ctx, ref, o)
	} else if !errors.Is(err, fs.ErrNotExist) || looksLikePath(ref) {
		return nil, fmt.Errorf("source: %w", err)
	}
	img, err := kind{"registry", openRegistry}.at(ctx, ref, o)
	if err != nil {
		return nil, fmt.Errorf("%w (there is no file or directory of that name either)", err)
	}
	return img, nil
}

func (k kind) at(ctx context.Context, name string, o Options) (*Image, error) {
	img, err := k.open(ctx, name, o)
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", k.prefix, name, err)
	}
	img.Ref = k.prefix + ":" + name
	return img, nil
}

// looksLikePath reports whether a reference to nothing that exists was meant as a path.
func looksLikePath(ref string) bool {
	if strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, ".") {
		return true
	}
	for _, suffix := range []string{".tar", ".tgz", ".tar.gz", ".tar.zst"} {
		if strings.HasSuffix(ref, suffix) {
			return true
		}
	}
	return false
}

// recognise tells by what is at a path how to open it.
func recognise(name string) (kind, error) {
	info, err := os.Stat(name)
	if err != nil {
		return kind{}, err
	}
	if info.IsDir() {
		for _, mark := range []string{layoutFile, indexFile} {
			if _, err := os.Stat(name + "/" + mark); err == nil {
				return kind{"oci", openLayout}, nil
			}
		}
		if _, err := os.Stat(name + "/" + dockerManifestFile); err == nil {
			return kind{"docker-archive", openDockerArchive}, nil
		}
		return kind{"rootfs", openRoot}, nil
	}
	s, err := openArchive(name)
	if err != nil {
		return kind{}, err
	}
	defer s.close()
	if _, _, ok := s.find(dockerManifestFile); ok {
		return kind{"docker-archive", openDockerArchive}, nil
	}
	if _, _, ok := s.find(indexFile); ok {
		return kind{"oci-archive", openOCIArchive}, nil
	}
	return kind{}, fmt.Errorf("%w: a tar file with neither %s (docker save) nor %s (OCI archive)", ErrNotFound, dockerManifestFile, indexFile)
}

// parsePlatform reads "os/architecture[/variant]".
func parsePlatform(s string) (*v1.Platform, error) {
	p, err := v1.ParsePlatform(s)
	if err != nil || p.OS == "" || p.Architecture == "" {
		return nil, fmt.Errorf("platform %q is not of the form os/architecture[/variant], as in linux/arm64", s)
	}
	return p, nil
}

// closer closes what was opened if opening went wrong further on.
func closer(err *error, c func() error) {
	if *err != nil {
		*err = errors.Join(*err, c())
	}
}

var _ io.Closer = (*Image)(nil)
