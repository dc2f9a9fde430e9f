package distribution

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// maxPages is the most pages of referrers that are read.
const maxPages = 100

// Referrers returns the manifests that refer to the manifest with a digest, from the first host that lists any. A registry without
// the referrers API lists them in an index under the tag that the specification names.
func (r *Repository) Referrers(ctx context.Context, digest string) ([]v1.Descriptor, error) {
	var list []v1.Descriptor
	err := r.each(ctx, r.hosts, "referrers of "+digest, func(h *host, client *http.Client) (err error) {
		err = h.transport.Policy.Do(ctx, func() error {
			list, err = h.referrers(ctx, client, digest)
			return err
		})
		if err == nil && len(list) == 0 && h.in.isMirror(h) {
			return errors.New("none")
		}
		return err
	})
	return list, err
}

func (h *host) referrers(ctx context.Context, client *http.Client, digest string) (list []v1.Descriptor, err error) {
	res, err := h.get(ctx, client, "referrers", digest, http.Header{"Accept": {string(types.OCIImageIndex)}})
	for pages := 1; ; pages++ {
		if err != nil {
			return nil, err
		}
		if pages == 1 && lacksReferrers(res) {
			return h.taggedReferrers(ctx, client, digest, res)
		}
		var page []v1.Descriptor
		if page, err = referrersOf(res, digest); err != nil {
			return nil, err
		}
		list = append(list, page...)
		next := nextPage(res)
		if next == nil {
			return list, nil
		}
		if next.Host != res.Request.URL.Host || next.Scheme != res.Request.URL.Scheme || pages == maxPages {
			return nil, fmt.Errorf("page %d of referrers at %s", pages+1, next.Host)
		}
		res, err = get(ctx, client, next.String(), http.Header{"Accept": {string(types.OCIImageIndex)}})
	}
}

// taggedReferrers reads the index that replaces the referrers API, after the response of a registry without that API.
func (h *host) taggedReferrers(ctx context.Context, client *http.Client, digest string, res *http.Response) ([]v1.Descriptor, error) {
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	tag := strings.Replace(digest, ":", "-", 1)
	res, err := h.get(ctx, client, "manifests", tag, http.Header{"Accept": {string(types.OCIImageIndex)}})
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusNotFound {
		return nil, res.Body.Close() // no manifest refers to it yet
	}
	return referrersOf(res, digest)
}

// referrersOf reads an index of the referrers of a manifest. It returns none if the index is that manifest itself: a registry may take
// the tag that replaces the API for a digest.
func referrersOf(res *http.Response, digest string) ([]v1.Descriptor, error) {
	defer res.Body.Close()
	if err := transport.CheckError(res, http.StatusOK); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, MaxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("larger than %d bytes", MaxManifest)
	}
	if got, _, err := v1.SHA256(bytes.NewReader(b)); err != nil || got.String() == digest {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(b, &index); err != nil {
		return nil, err
	}
	return index.Manifests, nil
}

var nextLink = lazyregexp.New(`<([^>]*)>\s*;\s*rel="?next"?`)

// nextPage returns the URL of the page after a response, nil if it is the last one.
func nextPage(res *http.Response) *url.URL {
	m := nextLink.FindStringSubmatch(res.Header.Get("Link"))
	if m == nil {
		return nil
	}
	u, err := res.Request.URL.Parse(m[1])
	if err != nil {
		return nil
	}
	return u
}
