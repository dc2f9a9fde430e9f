package catalog

import (
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/glob"
)

// A Mark is a decision of people about a vulnerability in some images: an OpenVEX document with a scope. It holds for later builds of these
// images, too.
type Mark struct {
	ID       string
	Tenant   string
	Scope    Scope
	Document []byte // OpenVEX
	Author   string
	Created  time.Time
	Expires  time.Time // last moment at which it holds; zero for no end
	Ended    bool      // its end is recorded, and is not reported again
}

// Holds reports whether the mark holds at an instant.
func (m *Mark) Holds(now time.Time) bool {
	return !m.Ended && (m.Expires.IsZero() || !now.After(m.Expires))
}

// A Scope selects images: those that one of its lists names. The zero Scope selects all.
type Scope struct {
	Images       []string // digests of manifests or configurations
	Repositories []string // patterns in which "*" is any text: "registry.example/team/*"
	Layers       []string // DiffIDs of the lowest layers: images that are built on them
}

// Has reports whether a Scope selects an image with tags that point at it, and with these layers.
func (s *Scope) Has(image *Image, tags []Tag, layers []string) bool {
	if len(s.Images)+len(s.Repositories)+len(s.Layers) == 0 {
		return true
	}
	if slices.Contains(s.Images, image.Digest) || image.Info.ID != "" && slices.Contains(s.Images, image.Info.ID) {
		return true
	}
	if n := len(s.Layers); n > 0 && n <= len(layers) && slices.Equal(s.Layers, layers[:n]) {
		return true
	}
	for i := range tags {
		repository, _ := tags[i].Split()
		if slices.ContainsFunc(s.Repositories, func(pattern string) bool { return glob.Match(pattern, repository) }) {
			return true
		}
	}
	return false
}

// Split returns the repository and the tag itself: "registry.example:5000/team/app" and "1.2" of "registry.example:5000/team/app:1.2".
func (t *Tag) Split() (repository, tag string) {
	name, _, _ := strings.Cut(t.Name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i], name[i+1:]
	}
	return name, ""
}
