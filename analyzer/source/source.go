package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

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

	// Transport carries requests to registries; nil means one like http.DefaultTransport. A custom one can bring other
	// certificates or a proxy. It need not retry: that is done above it.
	Transport http.RoundTripper

	// Insecure lists registries, as host or host:port, that are spoken to in plain HTTP where they do not speak TLS.
	// Those on the loopback interface always are.
	Insecure []string

	// Mirrors lists, for a registry's host or host:port, others that are asked first, in order, for the same
	// repositories. What a digest names is checked; what a tag means is the mirror's word.
	Mirrors map[string][]string

	// Stall is for how long a registry may send next to nothing, less than 64 KiB, before its connection is given up; 0
	// means a minute. What a blob lacks then is asked for again, a few times.
	Stall time.Duration
}

func (o Options) check() error {
	if o.Platform == "" {
		return nil
	}
	_, err := parsePlatform(o.Platform)
	return err
}

// An Image is an image that was opened. It is a v1.Image, unless it is a root file system: then Root returns that, and
// methods of v1.Image return ErrRootFS. A scan.Scanner scans both.
type Image struct {
	v1.Image
	Ref string // how the image was found: "oci:/srv/layout"

	digest string
	root   fs.FS
	close  func() error
}

// Reference returns the reference of this one image: Ref.
func (i *Image) Reference() string { return i.Ref }

// ErrRootFS is what methods of v1.Image return of a root file system.
var ErrRootFS = errors.New("source: a root file system is not an image")

// ErrNotFound says that there is no image where a reference leads.
var ErrNotFound = errors.New("no such image")

// ErrNotLayer says that an image has a layer that is no part of a root file system, such as an attestation.
var ErrNotLayer = errors.New("not a layer of a root file system")

// ErrForeignLayer says that a layer is kept elsewhere than the rest of its image, as base layers of Windows are.
var ErrForeignLayer = errors.New("foreign layers are not fetched")

// NewRoot returns an image that is a root file system, for packages that open other kinds of them. Close may be nil.
func NewRoot(ref string, root fs.FS, close func() error) *Image {
	return &Image{Image: noImage{}, Ref: ref, root: root, close: close}
}

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

// Open opens the image that a reference names; see the package comment. An error says what was tried, and wraps
// ErrNotFound or fs.ErrNotExist where nothing is there. The image can be used until ctx ends.
func Open(ctx context.Context, ref string, o Options) (*Image, error) {
	set, k, name, err := find(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	img, err := set.one(ctx, o.Platform)
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", k.prefix, name, err)
	}
	img.Ref = k.prefix + ":" + name
	return img, nil
}

// OpenAll opens every image that a reference names, one after the other: those of all platforms of an index, and all that
// an archive holds if the reference does not choose one. Options.Platform is not looked at. Each image's Ref means it
// alone, and each is closed by the caller, during the loop or after it. An image that cannot be opened is an error of its
// own, and the others follow.
func OpenAll(ctx context.Context, ref string, o Options) iter.Seq2[*Image, error] {
	return func(yield func(*Image, error) bool) {
		o.Platform = ""
		set, k, _, err := find(ctx, ref, o)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(set.members) == 0 {
			_, err := set.one(ctx, "")
			yield(nil, fmt.Errorf("source: %s: %w", ref, err))
			return
		}
		for img, err := range set.all(ctx, k.prefix) {
			if err != nil {
				err = fmt.Errorf("source: %s:%w", k.prefix, err)
			}
			if !yield(img, err) {
				return
			}
		}
	}
}

// A kind is one way to find images.
type kind struct {
	prefix string
	find   func(ctx context.Context, at location, o Options) (*set, error)
	stored bool // in a store, which is opened first
}

func kinds() []kind {
	return []kind{
		{"docker-archive", findDocker, true},
		{"oci-archive", findOCI, true},
		{"oci", findOCI, true},
		{"registry", findRegistry, false},
		{"rootfs-archive", findRootArchive, false},
		{"rootfs", findRoot, false},
	}
}

// kindOf returns the kind of a prefix, which must be one of those of kinds.
func kindOf(prefix string) kind {
	for _, k := range kinds() {
		if k.prefix == prefix {
			return k
		}
	}
	return kind{prefix: prefix}
}

// A location is where to look for images: a name in the terms of its kind, which for a store is where it is, and the
// opened store with what stood behind its name.
type location struct {
	name  string
	store store
	tag   string // a name, or "@" and a digest
}

// find finds out of which kind a reference is, and the images that it may mean.
func find(ctx context.Context, ref string, o Options) (*set, kind, string, error) {
	if ref == "" {
		return nil, kind{}, "", errors.New("source: empty image reference")
	}
	if err := o.check(); err != nil {
		return nil, kind{}, "", fmt.Errorf("source: %w", err)
	}
	for _, k := range kinds() {
		if name, ok := strings.CutPrefix(ref, k.prefix+":"); ok {
			if name == "" {
				return nil, k, "", fmt.Errorf("source: %s: nothing after the colon", ref)
			}
			set, err := k.at(ctx, name, location{name: name}, o)
			return set, k, name, err
		}
	}
	if _, err := os.Stat(ref); err == nil {
		k, at, err := recognise(ctx, ref)
		if err != nil {
			return nil, k, "", fmt.Errorf("source: %s: %w", ref, err)
		}
		set, err := k.at(ctx, ref, at, o)
		return set, k, ref, err
	} else if !errors.Is(err, fs.ErrNotExist) || looksLikePath(ref) {
		return nil, kind{}, "", fmt.Errorf("source: %w", err)
	}
	k := kindOf("registry")
	set, err := k.at(ctx, ref, location{name: ref}, o)
	if err != nil {
		err = fmt.Errorf("%w (there is no file or directory of that name either)", err)
	}
	return set, k, ref, err
}

// at finds the images at a location. It closes the location's store if there are none.
func (k kind) at(ctx context.Context, name string, at location, o Options) (_ *set, err error) {
	if k.stored && at.store == nil {
		at, err = openStore(ctx, name)
	}
	var found *set
	if err == nil {
		found, err = k.find(ctx, at, o)
	}
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", k.prefix, name, err)
	}
	return found, nil
}

// closer closes what was opened if opening went wrong further on.
func closer(err *error, c func() error) {
	if *err != nil {
		*err = errors.Join(*err, c())
	}
}

var _ io.Closer = (*Image)(nil)
