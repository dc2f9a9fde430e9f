package remote_test

import (
	"io"
	"log"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/credentialtest"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/attach"
	"github.com/hullmark/hullmark/sbom/remote"
)

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

// TestNoCredentials attaches documents that repeat the credentials of the request, and that can't be used. They are in no error.
func TestNoCredentials(t *testing.T) {
	auth := &authn.Basic{Username: credentialtest.Username, Password: credentialtest.Password}
	s := (&credentialtest.Server{Way: credentialtest.Ways()[0], Inner: fake.New(fake.Logger(log.New(io.Discard, "", 0)), fake.WithReferrersSupport(true))}).Start(t)
	options := registry.Options{Keychain: keychain{auth}}
	for i, text := range []string{
		`{"bomFormat":"CycloneDX","specVersion":"` + credentialtest.Token + `"}`,
		`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"bom-ref":"a","type":"container","name":"a","version":"` + credentialtest.Token + `",` +
			`"properties":[{"name":"hullmark:image:digest","value":"` + credentialtest.Token + `"}]}}}`,
	} {
		tag, err := name.NewTag(s.Host() + "/app:" + string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		img, err := imagetest.Image(new(imagetest.Layer).File("a", text))
		if err != nil {
			t.Fatal(err)
		}
		if err := ggcr.Write(tag, img, ggcr.WithAuth(auth)); err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		ref := tag.Context().Digest(digest.String()).Name()
		if _, err := attach.Push(t.Context(), ref, sbom.Options{}.MediaType(), []byte(text), nil, options); err != nil {
			t.Fatal(err)
		}
		_, _, err = remote.Read(t.Context(), ref, options)
		if err == nil {
			t.Error("no error")
		}
		credentialtest.Check(t, err)
	}
}
