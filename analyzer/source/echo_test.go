package source_test

import (
	"io"
	"log"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/credentialtest"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestNoCredentials has a registry send credentials back in every place. They are in no error and no event.
func TestNoCredentials(t *testing.T) {
	img, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a"))
	if err != nil {
		t.Fatal(err)
	}
	auth := &authn.Basic{Username: credentialtest.Username, Password: credentialtest.Password}
	for _, stage := range []string{"/token", "/manifests/", "/blobs/", "/cdn/"} {
		for _, way := range credentialtest.Ways() {
			t.Run(stage+" "+way.Name, func(t *testing.T) {
				t.Parallel()
				s := (&credentialtest.Server{Way: way, Inner: fake.New(fake.Logger(log.New(io.Discard, "", 0)))}).Start(t)
				ref, err := name.ParseReference(s.Host() + "/app:1")
				if err != nil {
					t.Fatal(err)
				}
				if err := remote.Write(ref, img, remote.WithAuth(auth)); err != nil {
					t.Fatal(err)
				}
				s.Stage = stage
				o := registry.Options{Keychain: keychain{auth}, Progress: func(e registry.Event) {
					credentialtest.Text(t, e.String())
					credentialtest.Check(t, e.Err)
				}}
				_, err = scanContext(t.Context(), s.Host()+"/app:1", source.Options{Registry: o})
				if err == nil {
					t.Error("no error")
				}
				credentialtest.Check(t, err)
			})
		}
	}
}

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }
