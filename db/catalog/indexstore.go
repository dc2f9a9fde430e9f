package catalog

import (
	"context"

	"github.com/hullmark/hullmark/matcher"
)

// AddStore adds all images of a store, except those for which skip returns true. It reads each chunk that the builder lacks once. An image whose
// digest is not a SHA-256 is an error.
func (b *IndexBuilder) AddStore(ctx context.Context, s Store, skip func(digest string) bool) error {
	for image, err := range s.Images(ctx) {
		if err != nil {
			return err
		}
		if skip != nil && skip(image.Digest) {
			continue
		}
		raw, err := digestOf(image.Digest)
		if err != nil {
			return err
		}
		var hashes, unknown []Hash
		for i := range image.Parts {
			if image.Parts[i].Kind != Chunk {
				continue
			}
			h := image.Parts[i].Hash
			hashes = append(hashes, h)
			if _, ok := b.byHash[h]; !ok {
				unknown = append(unknown, h)
			}
		}
		parts, err := s.Parts(ctx, unknown)
		if err != nil {
			return err
		}
		for i := range parts {
			if _, err := b.addPart(&parts[i]); err != nil {
				return err
			}
		}
		list := make([]uint32, len(hashes))
		for i, h := range hashes {
			list[i] = b.byHash[h]
		}
		b.add(raw, list)
	}
	return nil
}

// subjects returns the subjects of a chunk.
func (p *Part) subjects() ([]matcher.Subject, error) {
	var c chunk
	if err := p.decode(&c); err != nil {
		return nil, err
	}
	return c.subjects(), nil
}
