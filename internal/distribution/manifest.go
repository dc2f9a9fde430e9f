package distribution

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// MaxManifest is the most bytes of a manifest that Manifest reads. Registries must accept this many.
const MaxManifest = 4 << 20

// get requests a manifest, blob or list of referrers from one host.
func (h *host) get(ctx context.Context, client *http.Client, kind, id string, header http.Header) (*http.Response, error) {
	u := url.URL{Scheme: h.Scheme(), Host: h.RegistryStr(), Path: fmt.Sprintf("/v2/%s/%s/%s", h.RepositoryStr(), kind, id)}
	return get(ctx, client, u.String(), header)
}

func get(ctx context.Context, client *http.Client, address string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Accept-Encoding", "identity") // digests are of the stored bytes
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if e := res.Header.Get("Content-Encoding"); e != "" && e != "identity" && res.StatusCode < 400 {
		return nil, errors.Join(fmt.Errorf("sent with Content-Encoding %q, which was not asked for", e), res.Body.Close())
	}
	return res, nil
}

// Manifest reads a manifest or an index of at most MaxManifest bytes by a tag or a digest. Its media type is that of the response.
func (r *Repository) Manifest(ctx context.Context, id string, accept ...types.MediaType) (raw []byte, d v1.Descriptor, err error) {
	err = r.ReadManifest(ctx, id, accept, func(t types.MediaType, body io.Reader) (err error) {
		if raw, err = io.ReadAll(io.LimitReader(body, MaxManifest+1)); err != nil {
			return err
		}
		if len(raw) > MaxManifest {
			return fmt.Errorf("larger than %d bytes", MaxManifest)
		}
		d.MediaType = t
		if strings.Contains(id, ":") { // not a tag
			if d.Digest, err = v1.NewHash(id); err != nil {
				return err
			}
			d.Size, err = io.Copy(io.Discard, verify(bytes.NewReader(raw), d.Digest))
			return err
		}
		d.Digest, d.Size, err = v1.SHA256(bytes.NewReader(raw))
		return err
	})
	return raw, d, err
}

// ReadManifest calls read with the body of a manifest or an index. If read fails, it calls read again with the body of another attempt
// or mirror.
func (r *Repository) ReadManifest(ctx context.Context, id string, accept []types.MediaType, read func(t types.MediaType, body io.Reader) error) error {
	return r.each(ctx, r.hosts, "manifest "+id, func(h *host, client *http.Client) error {
		return h.transport.Policy.Do(ctx, func() error { return h.manifest(ctx, client, id, accept, read) })
	})
}

func (h *host) manifest(ctx context.Context, client *http.Client, id string, accept []types.MediaType, read func(t types.MediaType, body io.Reader) error) error {
	var names []string
	for _, t := range accept {
		names = append(names, string(t))
	}
	res, err := h.get(ctx, client, "manifests", id, http.Header{"Accept": {strings.Join(names, ", ")}})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := transport.CheckError(res, http.StatusOK); err != nil {
		return err
	}
	body := bufio.NewReader(res.Body)
	if first, _ := body.Peek(1); string(first) == "<" { // the Content-Type may be wrong
		return errors.New("a web page, not a manifest")
	}
	return read(mediaType(res), body)
}

// mediaType returns the media type that a response names, without parameters.
func mediaType(res *http.Response) types.MediaType {
	t, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	return types.MediaType(strings.TrimSpace(t))
}
