package oci_test

import (
	"bytes"
	"io"
	"log"
	"path/filepath"
	"testing"

	fake "github.com/google/go-containerregistry/pkg/registry"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/testing/credentialtest"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
)

// TestNoCredentials has a registry send credentials back in every place. They are in no error and no event.
func TestNoCredentials(t *testing.T) {
	file, other := build(t, dbtest.New(0.01)), build(t, dbtest.New(0.011))
	for _, stage := range []string{"/manifests/", "GET /v2/advisories/blobs/", "/cdn/", "PUT /v2/"} {
		for _, way := range credentialtest.Ways() {
			t.Run(stage+" "+way.Name, func(t *testing.T) {
				t.Parallel()
				s := (&credentialtest.Server{Way: way, Inner: fake.New(fake.Logger(log.New(io.Discard, "", 0)))}).Start(t)
				ref := s.Host() + "/advisories:1"
				o := oci.Options{Registry: registry.Options{Keychain: keychain{credentialtest.Username, credentialtest.Password}, Progress: func(e registry.Event) {
					credentialtest.Text(t, e.String())
					credentialtest.Check(t, e.Err)
				}}}
				push := func(file []byte) error {
					_, err := oci.Push(t.Context(), ref, bytes.NewReader(file), int64(len(file)), o)
					return err
				}
				if err := push(file); err != nil {
					t.Fatal(err)
				}
				s.Stage = stage
				d, _, openErr := oci.Open(t.Context(), ref, o)
				if openErr == nil {
					d.Close()
				}
				credentialtest.Check(t, openErr)
				_, pullErr := oci.Pull(t.Context(), ref, filepath.Join(t.TempDir(), "a.db"), o)
				credentialtest.Check(t, pullErr)
				if stage[0] == '/' && (openErr == nil || pullErr == nil) || stage[0] == 'G' && openErr == nil {
					t.Errorf("no error: %v, %v", openErr, pullErr)
				}
				credentialtest.Check(t, push(other))
			})
		}
	}
}
