// Package distribution is a client of registries. It implements the OCI distribution specification with the options of package
// registry.
package distribution

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// A Repository is the repository of a reference, in its registry and in the mirrors of that. It may be used by several goroutines.
type Repository struct {
	Ref name.Reference

	secrets credmask.Masker
	options registry.Options
	base    http.RoundTripper
	own     *http.Transport // base, unless Options.Transport is
	hosts   []*host         // the mirrors, and then the registry

	mu     sync.Mutex
	places map[v1.Hash]place
}

// Open parses a reference, such as "registry.example/app:1". It makes no request.
func Open(ref string, o registry.Options) (*Repository, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, new(credmask.Masker).Error(err)
	}
	r := &Repository{options: o, places: make(map[v1.Hash]place)}
	if r.options.Keychain == nil {
		r.options.Keychain = authn.DefaultKeychain
	}
	if r.base = o.Transport; r.base == nil {
		r.own = newTransport(o)
		r.base = r.own
	} else if o.RootCAs != nil || o.ConnectTimeout != 0 {
		return nil, errors.New("the option Transport is set together with RootCAs or ConnectTimeout")
	}
	origin := parsed.Context().RegistryStr()
	if r.Ref, err = name.ParseReference(ref, r.nameOptions(origin)...); err != nil {
		return nil, r.secrets.Error(err)
	}
	for _, mirror := range lookUp(o.Mirrors, origin) {
		at, prefix, _ := strings.Cut(mirror, "/")
		registry, err := name.NewRegistry(at, r.nameOptions(at)...)
		if err != nil {
			return nil, r.secrets.Errorf("mirror %s: %w", mirror, err)
		}
		h := r.newHost(registry.Repo(prefix, parsed.Context().RepositoryStr()))
		h.transport.Policy = mirrorPolicy
		r.hosts = append(r.hosts, h)
	}
	r.hosts = append(r.hosts, r.newHost(r.Ref.Context()))
	return r, nil
}

// Close ends connections that are kept for further requests.
func (r *Repository) Close() {
	if r.own != nil {
		r.own.CloseIdleConnections()
	}
}

// Host returns the host of the registry.
func (r *Repository) Host() string { return r.Ref.Context().RegistryStr() }

func (r *Repository) insecure(host string) bool {
	return httpretry.Loopback(host) || slices.ContainsFunc(aliases(host), func(h string) bool { return slices.Contains(r.options.Insecure, h) })
}

func (r *Repository) nameOptions(host string) []name.Option {
	if r.insecure(host) {
		return []name.Option{name.Insecure}
	}
	return nil
}

// aliases returns the names of a host: Docker Hub has two.
func aliases(host string) []string {
	if host == name.DefaultRegistry {
		return []string{host, "docker.io"}
	}
	return []string{host}
}

func lookUp(mirrors map[string][]string, host string) []string {
	for _, h := range aliases(host) {
		if list := mirrors[h]; list != nil {
			return list
		}
	}
	return nil
}

// mirrorPolicy gives up a mirror sooner than the registry, because another host follows.
var mirrorPolicy = httpretry.Policy{Attempts: 2, MaxWait: 5 * time.Second, Impatient: true}

// A host is a registry, or a mirror of one, that has the repository.
type host struct {
	name.Repository
	in        *Repository
	transport *httpretry.Transport

	mu     sync.Mutex
	client *http.Client // logged in to pull
	down   error        // why a mirror is not used again

	keyless atomic.Pointer[string] // why there are no credentials, if finding them failed
}

func (r *Repository) newHost(at name.Repository) *host {
	return &host{Repository: at, in: r, transport: &httpretry.Transport{
		Policy: httpretry.Policy{Impatient: true}, Base: r.base, Stall: r.options.StallTimeout, PlainHTTP: r.insecure(at.RegistryStr()), Secrets: &r.secrets, Notify: r.notify,
	}}
}

// loggedIn returns a client that has logged in to read.
func (h *host) loggedIn(ctx context.Context) (*http.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.logIn(ctx)
}

// logInAgain returns a client that has logged in after the registry rejected the token of another one.
func (h *host) logInAgain(ctx context.Context, rejected *http.Client) (*http.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client == rejected {
		h.client = nil
	}
	return h.logIn(ctx)
}

func (h *host) logIn(ctx context.Context) (*http.Client, error) {
	if h.client != nil || h.down != nil {
		return h.client, h.down
	}
	t, err := h.authenticate(ctx, transport.PullScope, greeting{h.transport})
	if err != nil {
		err = h.explain(logIn, err)
		if ctx.Err() == nil && h.in.isMirror(h) {
			h.down = err
		}
		return nil, err
	}
	h.client = &http.Client{Transport: t, CheckRedirect: h.transport.CheckRedirect}
	return h.client, nil
}

func (r *Repository) isMirror(h *host) bool { return h != r.hosts[len(r.hosts)-1] }

// authenticate returns a transport that sends credentials to the host, through another one.
func (h *host) authenticate(ctx context.Context, scope string, through http.RoundTripper) (http.RoundTripper, error) {
	auth, config, err := h.credentials(ctx)
	if err != nil && (ctx.Err() != nil || scope != transport.PullScope) {
		return nil, err
	}
	if err != nil { // such as a helper that is not installed, which a public image does not need
		reason := err.Error()
		h.keyless.Store(&reason)
		auth, config = authn.Anonymous, new(authn.AuthConfig)
	}
	h.in.secrets.Add(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	var t http.RoundTripper
	err = h.transport.Policy.Do(ctx, func() (err error) {
		t, err = transport.NewWithContext(ctx, h.Registry, auth, transport.NewUserAgent(through, "hullmark"), []string{h.Scope(scope)})
		return err
	})
	return t, err
}

// credentials asks the keychain.
func (h *host) credentials(ctx context.Context) (authn.Authenticator, *authn.AuthConfig, error) {
	auth, err := authn.Resolve(ctx, h.in.options.Keychain, h.Repository)
	if err != nil {
		return nil, nil, err
	}
	config, err := authn.Authorization(ctx, auth)
	return auth, config, err
}

// each calls f for the mirrors and the registry, in this order, until it succeeds. Its error is that of the registry, with the
// text of the others.
func (r *Repository) each(ctx context.Context, hosts []*host, operation string, f func(h *host, client *http.Client) error) error {
	var missed []string
	for _, h := range hosts {
		client, err := h.loggedIn(ctx)
		if err == nil {
			err = f(h, client)
			if tokenRejected(err) {
				if client, err = h.logInAgain(ctx, client); err == nil {
					err = f(h, client)
				}
			}
			if err == nil {
				return nil
			}
			err = h.explain(operation, err)
		}
		if ctx.Err() != nil || !r.isMirror(h) {
			if len(missed) > 0 {
				return r.secrets.Wrap(fmt.Sprintf("%v (%s)", err, strings.Join(missed, "; ")), err)
			}
			return err
		}
		missed = append(missed, "mirror "+err.Error())
	}
	return nil // not reached: the registry is the last one
}
