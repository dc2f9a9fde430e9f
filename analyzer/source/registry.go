package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/distribution"
)

// findRegistry finds the images of a reference in a registry.
func findRegistry(ctx context.Context, at location, o Options) (_ *set, err error) {
	client, err := distribution.Open(at.name, o.Registry)
	if err != nil {
		return nil, fmt.Errorf("not a reference to an image in a registry: %w", err)
	}
	r := &repository{client}
	end := func() error { r.Close(); return nil }
	defer closer(&err, end)
	id := r.Ref.Identifier()
	raw, desc, err := r.manifest(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := named(ctx, r.get, desc, raw)
	if err != nil {
		return nil, r.Explain("manifest "+id, err)
	}
	found := &set{
		how: "its digest as @sha256:...", close: end,
		explain: func(err error) error { return r.Explain("manifest "+id, err) },
	}
	for _, m := range images(list) {
		found.members = append(found.members, r.member(m.Descriptor, raw, desc.Digest))
	}
	if len(list) != 1 || list[0].Digest != desc.Digest {
		found.index = desc.Digest.String()
	}
	listed := make(map[string]bool)
	for _, m := range list {
		key := m.Digest.String()
		if m.Platform != nil {
			if isAttestation(m.Descriptor) {
				continue
			}
			key += " " + m.Platform.String()
		}
		if !listed[key] {
			listed[key] = true
			found.listed = append(found.listed, r.member(m.Descriptor, raw, desc.Digest))
		}
	}
	return found, nil
}

// A repository reads the documents and layers of images in a registry.
type repository struct{ *distribution.Repository }

// member is an image of a repository. Its manifest is top if it has that digest.
func (r *repository) member(d v1.Descriptor, top []byte, digest v1.Hash) member {
	ref := r.Ref.Context().String() + "@" + d.Digest.String()
	artifact := func(ctx context.Context) bool {
		raw, err := r.get(ctx, "manifest", d)
		return err == nil && isArtifact(raw)
	}
	states := func(ctx context.Context) (*v1.Platform, error) {
		p, err := r.states(ctx, d)
		if err != nil {
			err = r.Explain("manifest "+d.Digest.String(), err)
		}
		return p, err
	}
	return member{name: d.Digest.String(), ref: ref, platform: d.Platform, artifact: artifact, states: states, open: func(ctx context.Context) (*Image, error) {
		img, err := r.open(ctx, d, top, digest)
		if err != nil {
			return nil, r.Explain("manifest "+d.Digest.String(), err)
		}
		return &Image{Image: img, digest: d.Digest.String()}, nil
	}}
}

// states returns the platform that the configuration of a manifest states, or nil.
func (r *repository) states(ctx context.Context, d v1.Descriptor) (*v1.Platform, error) {
	raw, err := r.get(ctx, "manifest", d)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil || m.Config.Digest.Hex == "" {
		return nil, nil // no runtime can run it
	}
	config, err := r.get(ctx, "configuration", v1.Descriptor{Digest: m.Config.Digest, Size: m.Config.Size, Data: m.Config.Data})
	if err != nil {
		return nil, err
	}
	c, err := v1.ParseConfigFile(bytes.NewReader(config))
	if err != nil || c.OS == "" || c.Architecture == "" {
		return nil, nil
	}
	return c.Platform(), nil
}

func (r *repository) open(ctx context.Context, d v1.Descriptor, top []byte, digest v1.Hash) (v1.Image, error) {
	raw := top
	if d.Digest != digest {
		var err error
		if raw, err = r.get(ctx, "manifest", d); err != nil {
			return nil, err
		}
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return ociImage(ctx, newRegistryStore(r, m), r.get, d, raw)
}

// manifest reads an image manifest or an index by a tag or a digest.
func (r *repository) manifest(ctx context.Context, id string) (raw []byte, d v1.Descriptor, err error) {
	accept := []types.MediaType{types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2}
	err = r.ReadManifest(ctx, id, accept, func(t types.MediaType, body io.Reader) (err error) {
		if raw, err = readDocument(body); err != nil {
			return err
		}
		d.Size, d.MediaType = int64(len(raw)), t
		if strings.Contains(id, ":") { // not a tag
			if d.Digest, err = v1.NewHash(id); err != nil {
				return err
			}
			return checkDigest(d.Digest, raw)
		}
		d.Digest, _, err = v1.SHA256(bytes.NewReader(raw))
		return err
	})
	return raw, d, err
}

// get is a getter.
func (r *repository) get(ctx context.Context, what string, d v1.Descriptor) ([]byte, error) {
	if len(d.Data) > 0 {
		return checked(what, d, d.Data)
	}
	if d.MediaType.IsIndex() || d.MediaType.IsImage() || what == "manifest" {
		b, _, err := r.manifest(ctx, d.Digest.String())
		return b, err
	}
	if d.Size > maxDocument {
		return nil, fmt.Errorf("%s: %w", what, documentTooLarge())
	}
	body, err := r.Blob(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	b, err := readDocument(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return checked(what, d, b)
}

// readDocument reads an index, a manifest or a configuration.
func readDocument(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if n > maxDocument {
		return nil, documentTooLarge()
	}
	return b.Bytes(), nil
}

// A registryStore is the layers of one image in a repository, in the order of the manifest.
type registryStore struct {
	repository  *repository
	layers      map[string]extent // the offset is the index
	descriptors map[string]v1.Descriptor
}

func newRegistryStore(r *repository, m *v1.Manifest) *registryStore {
	s := &registryStore{r, make(map[string]extent), make(map[string]v1.Descriptor)}
	for i, d := range m.Layers {
		name := blobName(d.Digest.String())
		if _, twice := s.layers[name]; !twice {
			s.layers[name], s.descriptors[name] = extent{int64(i), d.Size}, d
		}
	}
	return s
}

func (s *registryStore) find(name string) (int64, int64, error) {
	e, ok := s.layers[name]
	if !ok {
		return 0, 0, fs.ErrNotExist
	}
	return e.offset, e.size, nil
}

func (s *registryStore) open(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.openRange(ctx, name, 0, s.descriptors[name].Size)
}

func (s *registryStore) openRange(ctx context.Context, name string, offset, n int64) (io.ReadCloser, error) {
	d, ok := s.descriptors[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	b, err := s.repository.BlobRange(ctx, d, offset, n)
	if errors.Is(err, fs.ErrNotExist) && foreign(d) {
		return nil, s.repository.Explain("blob "+d.Digest.String(), foreignLayer(d))
	}
	return b, err
}

func (s *registryStore) close() error { return nil }
