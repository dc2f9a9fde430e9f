package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// dockerManifestFile lists the images of an archive that "docker save" wrote; the format is described in the Moby project's
// image specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
const dockerManifestFile = "manifest.json"

type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string

	LayerSources map[v1.Hash]v1.Descriptor // of foreign layers, by DiffID
}

// findDocker finds the images of an archive or of an unpacked archive.
func findDocker(ctx context.Context, at location, _ Options) (_ *set, err error) {
	s := at.store
	defer closer(&err, s.close)
	list, err := dockerManifests(ctx, s)
	if err != nil {
		return nil, err
	}
	found := &set{how: "adding a colon and its name", close: s.close}
	for _, m := range list {
		name, ref := m.id(), at.name+"@"+m.id()
		if len(m.RepoTags) > 0 {
			name, ref = m.RepoTags[0], at.name+":"+m.RepoTags[0]
		}
		if at.tag != "" && !m.tagged(at.tag) {
			continue
		}
		found.members = append(found.members, member{name: name, ref: ref, open: func(ctx context.Context) (*Image, error) {
			img, err := dockerImage(ctx, s, m)
			if err != nil {
				return nil, err
			}
			return &Image{Image: img}, nil
		}})
	}
	if len(found.members) == 0 {
		return nil, fmt.Errorf("%w as %s; it has %s", errNotFound, at.tag, some(dockerNames(list)))
	}
	if at.tag != "" {
		found.members = found.members[:1] // the tag moved from the second image to the first
	}
	return found, nil
}

// id returns the image's ID: the digest of its configuration, which is also the name of its file.
func (m dockerManifest) id() string {
	return "sha256:" + strings.TrimSuffix(path.Base(m.Config), ".json")
}

// tagged reports whether an image has a tag, which may leave out the registry and ":latest", or "@" and an ID.
func (m dockerManifest) tagged(tag string) bool {
	return tag == "@"+m.id() || slices.ContainsFunc(m.RepoTags, func(t string) bool {
		return t == tag || t == tag+":latest" || strings.HasSuffix(t, "/"+tag)
	})
}

func dockerNames(list []dockerManifest) (names []string) {
	for _, m := range list {
		names = append(names, m.RepoTags...)
		if len(m.RepoTags) == 0 {
			names = append(names, m.id())
		}
	}
	slices.Sort(names)
	return names
}

func dockerManifests(ctx context.Context, s store) ([]dockerManifest, error) {
	b, err := document(ctx, s, dockerManifestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: no %s, which docker save writes", errNotFound, dockerManifestFile)
	case err != nil:
		return nil, err
	}
	var list []dockerManifest
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", dockerManifestFile, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %s lists no image", errNotFound, dockerManifestFile)
	}
	return list, nil
}

// dockerCore implements partial.UncompressedImageCore.
type dockerCore struct {
	config []byte
	layers map[v1.Hash]partial.UncompressedLayer
}

func (c *dockerCore) RawConfigFile() ([]byte, error)      { return c.config, nil }
func (c *dockerCore) MediaType() (types.MediaType, error) { return types.DockerManifestSchema2, nil }
func (c *dockerCore) LayerByDiffID(h v1.Hash) (partial.UncompressedLayer, error) {
	if l, ok := c.layers[h]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("layer %s: %w", h, errNotFound)
}

func dockerImage(ctx context.Context, s store, m dockerManifest) (v1.Image, error) {
	if err := missingBlob(s, "the configuration", m.Config); err != nil {
		return nil, err
	}
	config, err := document(ctx, s, m.Config)
	if err != nil {
		return nil, err
	}
	var parsed v1.ConfigFile
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", m.Config, err)
	}
	ids := parsed.RootFS.DiffIDs
	if len(ids) != len(m.Layers) {
		return nil, fmt.Errorf("%s lists %d layers, but the configuration names %d", dockerManifestFile, len(m.Layers), len(ids))
	}
	core := &dockerCore{config: config, layers: make(map[v1.Hash]partial.UncompressedLayer)}
	img := &layeredImage{}
	for i, name := range m.Layers {
		from := s
		if err := missingBlob(s, fmt.Sprintf("layer %d", i), name); err != nil {
			d, ok := m.LayerSources[ids[i]]
			if !ok || !foreign(d) || !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			from = absentStore{d}
		}
		blob := &plainBlob{ctx: ctx, store: from, name: name, diffID: ids[i]}
		core.layers[ids[i]] = blob
		layer, err := partial.UncompressedToLayer(blob)
		if err != nil {
			return nil, err
		}
		img.layers = append(img.layers, &storedLayer{Layer: layer, store: from, name: name})
	}
	img.Image, err = partial.UncompressedToImage(core)
	return img, err
}
