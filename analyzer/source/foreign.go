package source

import (
	"context"
	"io"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/credmask"
)

// foreign reports whether a layer may be stored elsewhere than the rest of its image.
func foreign(d v1.Descriptor) bool {
	return len(d.URLs) > 0 || d.MediaType != "" && !d.MediaType.IsDistributable()
}

// foreignLayer makes the error for a foreign layer that is not stored with the others. It is never fetched from the URLs that the
// image names, because an attacker may have chosen them.
func foreignLayer(d v1.Descriptor) error {
	if len(d.URLs) == 0 {
		return &walk.AbsentError{Err: new(credmask.Masker).Errorf("%s is not stored with the image (%s)", d.Digest, d.MediaType)}
	}
	return &walk.AbsentError{Err: new(credmask.Masker).Errorf("%s is stored only at %q, outside the image", d.Digest, d.URLs)}
}

// An absentStore lacks a foreign layer. Only reading the layer fails, so that the other layers can be read.
type absentStore struct{ layer v1.Descriptor }

func (absentStore) find(string) (int64, int64, error) { return 0, 0, fs.ErrNotExist }

func (s absentStore) open(context.Context, string) (io.ReadCloser, error) {
	return nil, foreignLayer(s.layer)
}

func (absentStore) close() error { return nil }
