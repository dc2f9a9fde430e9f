package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/polite"
)

// A repository is read with the pull operations of the OCI distribution specification.
type repository struct {
	name.Repository
	ref       name.Reference // that was asked for
	transport *polite.Transport
	client    *http.Client
}

// connect logs in.
func (r *repository) connect(ctx context.Context, keychain authn.Keychain) error {
	auth, err := authn.Resolve(ctx, keychain, r.Repository)
	if err != nil {
		return err
	}
	if config, err := authn.Authorization(ctx, auth); err == nil {
		r.transport.Secrets.Add(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	} else {
		return err
	}
	t, err := transport.NewWithContext(ctx, r.Registry, auth, transport.NewUserAgent(r.transport, "hullmark"), []string{r.Scope(transport.PullScope)})
	if err != nil {
		return err
	}
	r.client = &http.Client{Transport: t, CheckRedirect: polite.Redirects}
	return nil
}

// do asks for something of the repository.
func (r *repository) do(ctx context.Context, what, id string, header http.Header) (*http.Response, error) {
	u := url.URL{Scheme: r.Scheme(), Host: r.RegistryStr(), Path: fmt.Sprintf("/v2/%s/%s/%s", r.RepositoryStr(), what, id)}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Accept-Encoding", "identity") // a digest is of the bytes as they are kept
	return r.client.Do(req)
}

// manifest reads an image manifest or an index, by tag or digest.
func (r *repository) manifest(ctx context.Context, id string) ([]byte, v1.Descriptor, error) {
	var accept []string
	for _, t := range []types.MediaType{types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2} {
		accept = append(accept, string(t))
	}
	var b []byte
	var media types.MediaType
	err := polite.Again(ctx, func() error {
		res, err := r.do(ctx, "manifests", id, http.Header{"Accept": {strings.Join(accept, ", ")}})
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if err := transport.CheckError(res, http.StatusOK); err != nil {
			return err
		}
		kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		media = types.MediaType(strings.TrimSpace(kind))
		b, err = readDocument(res.Body, "manifest "+id)
		return err
	})
	if err != nil {
		return nil, v1.Descriptor{}, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(b))
	return b, v1.Descriptor{Digest: digest, Size: size, MediaType: media}, err
}

// get is a getter.
func (r *repository) get(ctx context.Context, what string, d v1.Descriptor) ([]byte, error) {
	var b []byte
	var err error
	switch {
	case len(d.Data) > 0:
		b = d.Data
	case d.MediaType.IsIndex() || d.MediaType.IsImage() || what == "manifest":
		b, _, err = r.manifest(ctx, d.Digest.String())
	default:
		if d.Size > maxDocument {
			return nil, fmt.Errorf("%s: %w", what, documentTooLarge())
		}
		var blob io.ReadCloser
		if blob, err = r.open(ctx, d); err == nil {
			b, err = readDocument(blob, what)
			err = errors.Join(err, blob.Close())
		}
	}
	if err != nil {
		return nil, err
	}
	return checked(what, d, b)
}

// readDocument reads what must be small.
func readDocument(r io.Reader, what string) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if n > maxDocument {
		return nil, fmt.Errorf("%s: %w", what, documentTooLarge())
	}
	return b.Bytes(), nil
}

// store returns the layers that a manifest names as a store.
func (r *repository) store(manifest []byte) (*registryStore, error) {
	m, err := v1.ParseManifest(bytes.NewReader(manifest))
	if err != nil {
		return nil, err
	}
	s := &registryStore{r, make(map[string]extent), make(map[string]v1.Descriptor)}
	for i, d := range m.Layers {
		name := blobName(d.Digest.String())
		if _, twice := s.layers[name]; !twice {
			s.layers[name], s.descriptors[name] = extent{int64(i), d.Size}, d
		}
	}
	return s, nil
}

// explain says what was asked of which registry, without secrets, and without the page of HTML that a server may have sent.
func (r *repository) explain(err error) error {
	var already *explained
	if errors.As(err, &already) || errors.Is(err, ErrNotFound) {
		return err
	}
	text := r.transport.Secrets.Scrub(err.Error())
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound:
			return fmt.Errorf("%w: %s says that it has no %s", ErrNotFound, r.RegistryStr(), r.ref)
		case http.StatusUnauthorized, http.StatusForbidden:
			return &explained{fmt.Sprintf("%s refuses access to %s; log in with docker login or the like: %s", r.RegistryStr(), r.ref, text), err}
		}
	}
	return &explained{fmt.Sprintf("%s from %s: %s", r.ref, r.RegistryStr(), text), err}
}

// An explained error is another one in words that can be shown.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }
