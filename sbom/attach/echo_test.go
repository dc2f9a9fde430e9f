package attach_test

import (
	"io"
	"log"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/credentialtest"
	"github.com/hullmark/hullmark/sbom/attach"
)

// TestNoCredentials has a registry send credentials back in every place. They are in no error and no event.
func TestNoCredentials(t *testing.T) {
	auth := &authn.Basic{Username: credentialtest.Username, Password: credentialtest.Password}
	for _, stage := range []string{"/manifests/", "/referrers/", "GET /v2/app/blobs/", "POST /v2/", "PATCH /v2/", "PUT /v2/"} {
		for _, way := range credentialtest.Ways() {
			t.Run(stage+" "+way.Name, func(t *testing.T) {
				t.Parallel()
				s := (&credentialtest.Server{Way: way, Inner: fake.New(fake.Logger(log.New(io.Discard, "", 0)), fake.WithReferrersSupport(true))}).Start(t)
				img, err := random.Image(10, 1)
				if err != nil {
					t.Fatal(err)
				}
				ref, err := name.ParseReference(s.Host() + "/app:1")
				if err != nil {
					t.Fatal(err)
				}
				if err := remote.Write(ref, img, remote.WithAuth(auth)); err != nil {
					t.Fatal(err)
				}
				digest, err := img.Digest()
				if err != nil {
					t.Fatal(err)
				}
				image := ref.Context().Digest(digest.String()).Name()
				o := registry.Options{Keychain: keychain{auth}, Progress: func(e registry.Event) {
					credentialtest.Text(t, e.String())
					credentialtest.Check(t, e.Err)
				}}
				push := func(document string) error {
					_, err := attach.Push(t.Context(), image, "application/spdx+json", []byte(document), nil, o)
					return err
				}
				if err := push("one"); err != nil {
					t.Fatal(err)
				}
				list, err := attach.Find(t.Context(), image, o)
				if err != nil || len(list) != 1 {
					t.Fatal(list, err)
				}
				s.Stage = stage
				_, findErr := attach.Find(t.Context(), image, o)
				credentialtest.Check(t, findErr)
				r, openErr := list[0].Open(t.Context())
				if openErr == nil {
					_, openErr = io.Copy(io.Discard, r)
					r.Close()
				}
				credentialtest.Check(t, openErr)
				pushErr := push("two")
				credentialtest.Check(t, pushErr)
				if findErr == nil && openErr == nil && pushErr == nil && stage != "/referrers/" {
					t.Error("no error")
				}
			})
		}
	}
}

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }
