package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A set is the images that a reference may mean. Closing the last image closes the set.
type set struct {
	members []member
	how     string // how to name one of the images

	index  string   // digest of the index in a registry, or ""
	listed []member // all that a runtime may take from the index

	close func() error

	// explain removes the credentials of requests from an error, because the documents of a registry may repeat them; may be nil.
	explain func(error) error

	mu   sync.Mutex
	uses int
}

// A member is one image of a set.
type member struct {
	name     string       // in the archive, layout or repository
	ref      string       // a reference, without the kind, to this image alone
	platform *v1.Platform // nil if it is not known before opening
	open     func(ctx context.Context) (*Image, error)

	// artifact reports whether the member is another artifact than an image, from its manifest alone; nil if it cannot be one.
	artifact func(ctx context.Context) bool

	states func(ctx context.Context) (*v1.Platform, error) // the platform in the configuration, or nil; for registries only
}

// openPlatform opens the image that the platform chooses.
func (s *set) openPlatform(ctx context.Context, platform string) (_ *Image, err error) {
	s.uses = 1
	defer func() {
		if err != nil && s.explain != nil {
			err = s.explain(err)
		}
	}()
	defer closer(&err, s.done)
	img, err := s.open(ctx, platform)
	if err != nil && s.dropArtifacts(ctx, platform) {
		img, err = s.open(ctx, platform)
	}
	if err != nil {
		return nil, err
	}
	if err := checkPlatform(img, platform); err != nil {
		return nil, errors.Join(err, img.Close())
	}
	s.closeWith(img)
	return img, nil
}

func (s *set) open(ctx context.Context, platform string) (*Image, error) {
	m, err := s.choose(platform)
	if err != nil {
		return nil, err
	}
	return m.open(ctx)
}

// all opens the images one after the other.
func (s *set) all(ctx context.Context, prefix string) iter.Seq2[*Image, error] {
	return func(yield func(*Image, error) bool) {
		s.uses = 1
		var stopped, found bool
		defer func() {
			if err := s.done(); err != nil && !stopped {
				yield(nil, err)
			}
		}()
		for i, m := range s.members {
			img, err := m.open(ctx)
			if err != nil && (found || i < len(s.members)-1) && m.artifact != nil && m.artifact(ctx) {
				continue // the last one is an error if all are artifacts
			}
			found = true
			if err != nil {
				if stopped = !yield(nil, fmt.Errorf("%s: %w", m.ref, err)); stopped {
					return
				}
				continue
			}
			s.retain()
			s.closeWith(img)
			img.Ref = prefix + ":" + m.ref
			if stopped = !yield(img, nil); stopped {
				return
			}
		}
	}
}

// closeWith makes the image's Close release the set.
func (s *set) closeWith(img *Image) {
	var once sync.Once
	inner := img.close
	img.close = func() (err error) {
		once.Do(func() {
			if inner != nil {
				err = inner()
			}
			err = errors.Join(err, s.done())
		})
		return err
	}
}

func (s *set) retain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses++
}

func (s *set) done() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uses--; s.uses > 0 || s.close == nil {
		return nil
	}
	return s.close()
}

// choose picks the only image, or the only one for the platform.
func (s *set) choose(platform string) (member, error) {
	switch len(s.members) {
	case 0:
		return member{}, fmt.Errorf("%w: the index lists no image", errNotFound)
	case 1:
		return s.members[0], nil
	}
	want, err := wantedPlatform(platform)
	if err != nil {
		return member{}, err
	}
	var found []member
	var names, platforms []string
	seen := make(map[string]bool)
	for _, m := range s.members {
		if !seen[m.name] {
			seen[m.name] = true
			names = append(names, m.name)
		}
		if m.platform == nil {
			continue
		}
		if p := m.platform.String(); !slices.Contains(platforms, p) {
			platforms = append(platforms, p)
		}
		if m.platform.Satisfies(want) {
			found = append(found, m)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && len(platforms) > 0:
		return member{}, fmt.Errorf("%w for %s; it has %s", errNotFound, want.String(), some(platforms))
	}
	return member{}, fmt.Errorf("it has %d images; choose one by %s: %s", max(len(found), len(s.members)), s.how, some(names))
}

// maxInspected bounds how many manifests dropArtifacts reads.
const maxInspected = 64

// dropArtifacts removes members that are charts, signatures, attestations and the like, and reports whether it removed any and left
// others. It reads only manifests that the platform does not rule out.
func (s *set) dropArtifacts(ctx context.Context, platform string) bool {
	want, err := wantedPlatform(platform)
	if err != nil {
		return false
	}
	inspected := 0
	rest := slices.DeleteFunc(slices.Clone(s.members), func(m member) bool {
		if m.artifact == nil || m.platform != nil && !m.platform.Satisfies(want) || inspected == maxInspected {
			return false
		}
		inspected++
		return m.artifact(ctx)
	})
	if len(rest) == 0 || len(rest) == len(s.members) {
		return false
	}
	s.members = rest
	return true
}

// some lists names in an error, at most 20.
func some(names []string) string {
	const most = 20
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
