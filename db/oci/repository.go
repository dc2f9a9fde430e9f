package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/polite"
)

// maxManifest bounds manifests, as registries do themselves.
const maxManifest = 4 << 20

// A repository is one that is spoken with by the OCI distribution specification.
type repository struct {
	ref       name.Reference
	auth      authn.Authenticator
	transport *polite.Transport
	client    *http.Client // logged in to pull
}

// connect finds the registry of a reference and, to pull, logs in. What it returns is to be closed.
func connect(ctx context.Context, ref string, o *Options, pull bool) (*repository, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, fmt.Errorf("oci: not a reference: %w", err)
	}
	host := parsed.Context().RegistryStr()
	insecure := slices.Contains(o.Insecure, host)
	if insecure {
		if parsed, err = name.ParseReference(ref, name.Insecure); err != nil {
			return nil, fmt.Errorf("oci: not a reference: %w", err)
		}
	}
	r := &repository{ref: parsed, transport: polite.NewTransport(o.Transport, insecure || polite.Loopback(host))}
	if err := r.logIn(ctx, o.Keychain, pull); err != nil {
		r.close()
		return nil, r.explain(err)
	}
	return r, nil
}

func (r *repository) logIn(ctx context.Context, keychain authn.Keychain, pull bool) error {
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	auth, err := authn.Resolve(ctx, keychain, r.ref.Context())
	if err != nil {
		return err
	}
	config, err := authn.Authorization(ctx, auth)
	if err != nil {
		return err
	}
	r.auth = auth
	r.transport.Secrets.Add(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	if !pull {
		return nil
	}
	t, err := transport.NewWithContext(ctx, r.ref.Context().Registry, auth, transport.NewUserAgent(r.transport, userAgent),
		[]string{r.ref.Scope(transport.PullScope)})
	if err != nil {
		return err
	}
	r.client = &http.Client{Transport: t, CheckRedirect: polite.Redirects}
	return nil
}

const userAgent = "hullmark"

func (r *repository) close() { r.transport.Close() }

func (r *repository) do(ctx context.Context, what, id string, header http.Header) (*http.Response, error) {
	repo := r.ref.Context()
	u := url.URL{Scheme: repo.Scheme(), Host: repo.RegistryStr(), Path: fmt.Sprintf("/v2/%s/%s/%s", repo.RepositoryStr(), what, id)}
	return r.get(ctx, u.String(), header)
}

func (r *repository) get(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Accept-Encoding", "identity") // hashes are of the bytes as they are kept
	return r.client.Do(req)
}

// An artifact is a database as its manifest describes it.
type artifact struct {
	digest v1.Hash // of the manifest
	layer  v1.Descriptor
	pinned bool // the reference names the digest
}

// artifact reads the manifest.
func (r *repository) artifact(ctx context.Context) (a artifact, err error) {
	var raw []byte
	err = polite.Again(ctx, func() error {
		res, err := r.do(ctx, "manifests", r.ref.Identifier(), http.Header{"Accept": {string(types.OCIManifestSchema1)}})
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if err := transport.CheckError(res, http.StatusOK); err != nil {
			return err
		}
		raw, err = io.ReadAll(io.LimitReader(res.Body, maxManifest+1))
		return err
	})
	if err != nil {
		return a, r.explain(err)
	}
	if len(raw) > maxManifest {
		return a, fmt.Errorf("oci: %s: manifest of more than %d bytes", r.ref, maxManifest)
	}
	if a.digest, _, err = v1.SHA256(bytes.NewReader(raw)); err != nil {
		return a, err
	}
	if _, a.pinned = r.ref.(name.Digest); a.pinned && a.digest.String() != r.ref.Identifier() {
		return a, fmt.Errorf("oci: %s: the registry sent a manifest with another digest, %s", r.ref, a.digest)
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return a, fmt.Errorf("oci: %s: %w: its manifest: %w", r.ref, ErrNotDatabase, err)
	}
	if len(m.Layers) != 1 || m.Layers[0].MediaType != LayerType {
		kind := m.MediaType
		if len(m.Layers) > 0 {
			kind = m.Layers[0].MediaType
		}
		return a, fmt.Errorf("oci: %s: %w, but of %s", r.ref, ErrNotDatabase, kind)
	}
	a.layer = m.Layers[0]
	return a, nil
}

// tail returns how many bytes at the end of the file to bring first.
func (a *artifact) tail() int64 {
	n, err := strconv.ParseInt(a.layer.Annotations[TailAnnotation], 10, 64)
	if err != nil || n <= 0 || n > maxTail {
		n = 64 << 10
	}
	return min(n, a.layer.Size)
}

const maxTail = 16 << 20

// explain says what was asked of which registry, without secrets.
func (r *repository) explain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrNoRanges) || errors.Is(err, errLie) {
		return fmt.Errorf("oci: %s: %w", r.ref, err)
	}
	e := &explained{err: err}
	text := r.transport.Secrets.Scrub(err.Error())
	registry := r.ref.Context().RegistryStr()
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound:
			return fmt.Errorf("oci: %w: %s has no %s", ErrNotFound, registry, r.ref)
		case http.StatusUnauthorized, http.StatusForbidden:
			e.text = fmt.Sprintf("oci: %s refuses access to %s; log in with docker login or the like: %s", registry, r.ref, text)
			return e
		}
	}
	e.text = fmt.Sprintf("oci: %s from %s: %s", r.ref, registry, text)
	return e
}

// An explained error is another one in words that can be shown.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }
