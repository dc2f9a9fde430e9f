package source

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
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
}

// openDockerArchive opens an archive, or a directory into which one was unpacked.
func openDockerArchive(ctx context.Context, name string, o Options) (_ *Image, err error) {
	s, tag, err := openStore(name)
	if err != nil {
		return nil, err
	}
	defer closer(&err, s.close)
	list, err := dockerManifests(ctx, s)
	if err != nil {
		return nil, err
	}
	m, err := chooseDocker(list, tag)
	if err != nil {
		return nil, err
	}
	img, err := dockerImage(ctx, s, m)
	if err != nil {
		return nil, err
	}
	if err := checkPlatform(img, o.Platform); err != nil {
		return nil, err
	}
	return &Image{Image: img, close: s.close}, nil
}

// openStore opens a directory or a tar file, after whose name there may be a colon and the name of one of its images.
func openStore(name string) (s store, tag string, err error) {
	info, err := os.Stat(name)
	if err != nil {
		i := strings.LastIndexByte(name, ':')
		for i > 0 {
			if info, err2 := os.Stat(name[:i]); err2 == nil {
				return openStoreAt(name[:i], info, name[i+1:])
			}
			i = strings.LastIndexByte(name[:i], ':') // the name of an image may have a colon itself
		}
		if i := strings.LastIndexByte(name, '@'); i > 0 {
			if info, err2 := os.Stat(name[:i]); err2 == nil {
				return openStoreAt(name[:i], info, name[i:])
			}
		}
		return nil, "", err
	}
	return openStoreAt(name, info, "")
}

func openStoreAt(name string, info os.FileInfo, tag string) (store, string, error) {
	var s store
	var err error
	if info.IsDir() {
		s, err = openDir(name)
	} else {
		s, err = openArchive(name)
	}
	return s, strings.TrimSuffix(tag, "/"), err
}

func dockerManifests(ctx context.Context, s store) ([]dockerManifest, error) {
	if _, _, ok := s.find(dockerManifestFile); !ok {
		return nil, fmt.Errorf("%w: it has no %s, as docker save writes it", ErrNotFound, dockerManifestFile)
	}
	b, err := document(ctx, s, dockerManifestFile)
	if err != nil {
		return nil, err
	}
	var list []dockerManifest
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", dockerManifestFile, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %s lists no image", ErrNotFound, dockerManifestFile)
	}
	return list, nil
}

// chooseDocker finds the image of an archive that has a tag, or the only one.
func chooseDocker(list []dockerManifest, tag string) (dockerManifest, error) {
	var names []string
	for _, m := range list {
		for _, t := range m.RepoTags {
			if tag != "" && (t == tag || t == tag+":latest" || strings.HasSuffix(t, "/"+tag)) {
				return m, nil
			}
		}
		names = append(names, m.RepoTags...)
	}
	slices.Sort(names)
	if tag != "" {
		return dockerManifest{}, fmt.Errorf("%w as %s; it has %s", ErrNotFound, tag, strings.Join(names, ", "))
	}
	if len(list) > 1 {
		return dockerManifest{}, fmt.Errorf("it has %d images; choose one by adding a colon and its name, of %s", len(list), strings.Join(names, ", "))
	}
	return list[0], nil
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
	return nil, fmt.Errorf("layer %s: %w", h, ErrNotFound)
}

func dockerImage(ctx context.Context, s store, m dockerManifest) (v1.Image, error) {
	if _, _, ok := s.find(m.Config); !ok {
		return nil, missing("the configuration", m.Config)
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
		if _, _, ok := s.find(name); !ok {
			return nil, missing(fmt.Sprintf("layer %d", i), name)
		}
		blob := &plainBlob{ctx: ctx, store: s, name: name, diffID: ids[i]}
		core.layers[ids[i]] = blob
		layer, err := partial.UncompressedToLayer(blob)
		if err != nil {
			return nil, err
		}
		img.layers = append(img.layers, &storedLayer{Layer: layer, store: s, name: name})
	}
	img.Image, err = partial.UncompressedToImage(core)
	return img, err
}
