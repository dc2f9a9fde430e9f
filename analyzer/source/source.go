package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/credmask"
)

// Options say how to open an image. The zero value suits most programs.
type Options struct {
	// Platform chooses among the images of an index: "linux/arm64", "linux/arm/v7". By default it is linux and the
	// architecture of this program, or the only image of an index. If Platform is set, an image for another one is an
	// error.
	Platform string

	// Kinds restricts references to these kinds, named by their prefixes: "registry", "docker-archive", "oci-archive", "oci", "rootfs-archive"
	// and "rootfs". By default Open takes all of them, so that a reference from a user reads any file or directory that the
	// program can read. A service that takes references from users sets Kinds to "registry"; without a kind of local files, Open
	// does not look for files at all.
	Kinds []string

	// Registry says how to reach registries.
	Registry registry.Options
}

// ErrKind reports a reference of a kind that Options.Kinds does not have.
var ErrKind = errors.New("kind of reference not allowed")

func (o *Options) allows(k kind) bool { return len(o.Kinds) == 0 || slices.Contains(o.Kinds, k.prefix) }

// local reports whether a kind of local files is allowed.
func (o *Options) local() bool {
	return slices.ContainsFunc(kinds(), func(k kind) bool { return k.prefix != registryKind && o.allows(k) })
}

func (o Options) check() error {
	for _, prefix := range o.Kinds {
		if kindOf(prefix).find == nil {
			return fmt.Errorf("no kind %q", prefix)
		}
	}
	if o.Platform == "" {
		return nil
	}
	_, err := parsePlatform(o.Platform)
	return err
}

// An Image is an opened image. It is a v1.Image, or a root file system: then Root returns that, and the methods of v1.Image
// return errors.ErrUnsupported. A scan.Scanner scans both.
type Image struct {
	v1.Image
	Ref string // "oci:/srv/layout"

	digest string
	root   fs.FS
	close  func() error
}

// Reference returns the reference of this one image: Ref.
func (i *Image) Reference() string { return i.Ref }

// errNotFound is an fs.ErrNotExist.
var errNotFound = notFoundError{}

type notFoundError struct{}

func (notFoundError) Error() string        { return "no such image" }
func (notFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// NewRoot returns an image that is a root file system, for packages that open other kinds of root file systems. Close may be
// nil.
func NewRoot(ref string, root fs.FS, close func() error) *Image {
	return &Image{Image: noImage{}, Ref: ref, root: root, close: close}
}

// Root returns the file system of a root file system. It returns nil for other images.
func (i *Image) Root() fs.FS { return i.root }

// ManifestDigest returns the digest of the manifest, "sha256:...". It is "" if there is no manifest, as in docker archives.
func (i *Image) ManifestDigest() string { return i.digest }

// Close closes the image.
func (i *Image) Close() error {
	if i.close == nil {
		return nil
	}
	return i.close()
}

// Open opens the image that a reference names; see the package comment. The image can be used until ctx ends.
//
// The error wraps fs.ErrNotExist if there is no such image, errors.ErrUnsupported if a layer is encrypted, or is not part of a
// file system, and those of package registry. Reading a foreign layer that is not stored with the image fails with
// errors.ErrUnsupported; a scan reports it and reads the others.
func Open(ctx context.Context, ref string, o Options) (*Image, error) {
	set, k, name, err := find(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	img, err := set.openPlatform(ctx, o.Platform)
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", k.prefix, name, err)
	}
	img.Ref = k.prefix + ":" + name
	return img, nil
}

// OpenAll opens every image that a reference names, one after the other: those of all platforms of an index, and all images of an
// archive if the reference does not choose one. It ignores Options.Platform. Each image's Ref names it alone. The caller closes
// each image, during the loop or after it. If an image cannot be opened, OpenAll yields the error and goes on.
func OpenAll(ctx context.Context, ref string, o Options) iter.Seq2[*Image, error] {
	return func(yield func(*Image, error) bool) {
		o.Platform = ""
		set, k, _, err := find(ctx, ref, o)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(set.members) == 0 {
			_, err := set.openPlatform(ctx, "")
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
	stored bool // at opens the store first
}

const registryKind = "registry"

func kinds() []kind {
	return []kind{
		{"docker-archive", findDocker, true},
		{"oci-archive", findOCI, true},
		{"oci", findOCI, true},
		{registryKind, findRegistry, false},
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

// A location says where to look for images: a name, or the path of a store with the opened store and the name of an image in it.
type location struct {
	name  string
	store store
	tag   string // a name, or "@" and a digest
}

// find returns the images that a reference may mean, its kind, and the reference without the kind.
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
			if !o.allows(k) {
				return nil, k, "", fmt.Errorf("source: %s: %w", k.prefix, ErrKind)
			}
			set, err := k.at(ctx, name, location{name: name}, o)
			return set, k, name, err
		}
	}
	if o.local() {
		if _, err := os.Stat(ref); err == nil {
			return findLocal(ctx, ref, o)
		} else if !errors.Is(err, fs.ErrNotExist) || looksLikePath(ref) {
			return nil, kind{}, "", fmt.Errorf("source: %w", err)
		}
	}
	k := kindOf(registryKind)
	if !o.allows(k) {
		return nil, k, "", fmt.Errorf("source: no file %s, and %s: %w", ref, k.prefix, ErrKind)
	}
	set, err := k.at(ctx, ref, location{name: ref}, o)
	if err != nil && o.local() {
		err = fmt.Errorf("%w (and no file has this name)", err)
	}
	return set, k, ref, err
}

// findLocal returns the images in a file or directory of any allowed kind.
func findLocal(ctx context.Context, ref string, o Options) (*set, kind, string, error) {
	k, at, err := recognise(ctx, ref)
	if err == nil && !o.allows(k) {
		err = fmt.Errorf("%s: %w", k.prefix, ErrKind)
		if at.store != nil {
			err = errors.Join(err, at.store.close())
		}
	}
	if err != nil {
		return nil, k, "", fmt.Errorf("source: %s: %w", ref, err)
	}
	set, err := k.at(ctx, ref, at, o)
	return set, k, ref, err
}

// at returns the images at a location. If that fails, it closes the location's store.
func (k kind) at(ctx context.Context, name string, at location, o Options) (_ *set, err error) {
	if k.stored && at.store == nil {
		at, err = openStore(ctx, name)
	}
	var found *set
	if err == nil {
		found, err = k.find(ctx, at, o)
	}
	if err != nil {
		if !k.stored { // the name may be a URL with a password
			name = new(credmask.Masker).Text(name)
		}
		return nil, fmt.Errorf("source: %s:%s: %w", k.prefix, name, err)
	}
	return found, nil
}

// closer calls c if a function fails.
func closer(err *error, c func() error) {
	if *err != nil {
		*err = errors.Join(*err, c())
	}
}

var _ io.Closer = (*Image)(nil)
