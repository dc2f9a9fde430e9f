// Package address limits the servers to which the service connects for a tenant: registries by an allow list, and no server with an
// address inside the network.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// ErrRegistry reports a reference to a registry, or to a repository, that a tenant's allow list does not have.
var ErrRegistry = errors.New("the registry is not allowed")

// ErrReference reports a malformed reference.
var ErrReference = errors.New("malformed reference")

// Transport returns a transport that connects only to public addresses and those in allow. It checks each address after resolution, so
// redirects and names that change are covered. It uses no proxy, because a proxy would resolve names again.
func Transport(allow ...netip.Prefix) *http.Transport {
	return TransportFunc(func() []netip.Prefix { return allow })
}

// TransportFunc is like [Transport], with the addresses that allow returns at the time of a connection.
func TransportFunc(allow func() []netip.Prefix) *http.Transport {
	control := func(network, address string, c syscall.RawConn) error {
		return webhook.Control(allow()...)(network, address, c)
	}
	d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: control}
	return &http.Transport{
		DialContext:           d.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Check parses a reference to an image in a registry and returns its full form. It returns ErrRegistry unless a pattern matches the
// registry, "registry.example", or the repository, "registry.example/team/**". In patterns, "*" is any text without a slash, and "**"
// any text.
func Check(reference string, patterns []string) (name.Reference, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fmt.Errorf("address: %q: %w", reference, ErrReference)
	}
	host := ref.Context().RegistryStr()
	for _, p := range patterns {
		if Match(p, host) || Match(p, ref.Context().Name()) {
			return ref, nil
		}
	}
	return nil, fmt.Errorf("address: %s: %w", host, ErrRegistry)
}

// Match reports whether a pattern matches a text.
func Match(pattern, text string) bool {
	e := regexp.QuoteMeta(pattern)
	e = strings.ReplaceAll(e, `\*\*`, `.*`)
	e = strings.ReplaceAll(e, `\*`, `[^/]*`)
	ok, err := regexp.MatchString("^(?s:"+e+")$", text)
	return ok && err == nil
}
