package distribution

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// Pusher returns a transport for package remote that is logged in to write to the registry. Package remote adds no retries to it.
func (r *Repository) Pusher(ctx context.Context) (http.RoundTripper, error) {
	h := r.hosts[len(r.hosts)-1]
	t, err := h.authenticate(ctx, transport.PushScope, noReferrers{greeting{h.transport}})
	if err != nil {
		return nil, h.explain(logIn, err)
	}
	return t, nil
}

// noReferrers answers 404 for registries that lack the referrers API and answer otherwise, so that package remote keeps the list of
// referrers under the tag that replaces the API.
type noReferrers struct{ http.RoundTripper }

var referrersTag = lazyregexp.New(`/manifests/(sha256)-([0-9a-f]{64})$`)

// RoundTrip implements http.RoundTripper.
func (n noReferrers) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := n.RoundTripper.RoundTrip(req)
	if err != nil || req.Method != http.MethodGet {
		return res, err
	}
	missing := false
	if strings.Contains(req.URL.Path, "/referrers/") {
		missing = lacksReferrers(res)
	} else if m := referrersTag.FindStringSubmatch(req.URL.Path); m != nil && res.StatusCode == http.StatusOK {
		if missing, err = isManifest(res, m[1]+":"+m[2]); err != nil {
			return nil, errors.Join(err, res.Body.Close())
		}
	}
	if missing {
		res.StatusCode, res.Status = http.StatusNotFound, "404 Not Found"
	}
	return res, nil
}

// lacksReferrers reports whether the response to a request for referrers is that of a registry without the API.
func lacksReferrers(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusOK:
		return mediaType(res) != types.OCIImageIndex
	case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable:
		return true
	}
	return false
}

// isManifest reports whether a response has the manifest with a digest, and restores its body.
func isManifest(res *http.Response, digest string) (bool, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, MaxManifest+1))
	if err != nil {
		return false, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), res.Body), res.Body}
	got, _, err := v1.SHA256(bytes.NewReader(b))
	return got.String() == digest, err
}
