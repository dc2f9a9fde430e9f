package webhook

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// ErrAddress reports that the host of a URL has an address that is not public. The text does not have the address, which a subscriber might
// want to learn.
var ErrAddress = errors.New("the address of the host is not allowed")

// notPublic are ranges beside those that package netip knows. Several carry addresses of IPv4, which a gateway may translate to private ones.
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fec0::/10")

func prefixes(list ...string) []netip.Prefix {
	p := make([]netip.Prefix, len(list))
	for i, s := range list {
		p[i] = netip.MustParsePrefix(s)
	}
	return p
}

// Control returns a function for the field Control of a net.Dialer. It refuses every address that is not public with ErrAddress: loopback,
// private, link-local, shared, multicast and reserved ones, and those of the metadata services of clouds. Addresses in allow are let through.
// The function sees each address after resolution, so a name cannot change between the check and the connection.
func Control(allow ...netip.Prefix) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrAddress
		}
		ip := at.Addr().Unmap().WithZone("")
		within := func(p netip.Prefix) bool { return p.Contains(ip) }
		switch {
		case slices.ContainsFunc(allow, within):
			return nil
		case !ip.IsGlobalUnicast(), ip.IsPrivate(), slices.ContainsFunc(notPublic, within):
			return ErrAddress
		}
		return nil
	}
}

// NewClient returns a client that connects only to public addresses and those in allow, by [Control]. It uses no proxy, because a proxy would
// resolve names again.
func NewClient(allow ...netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: Control(allow...)}
	return &http.Client{Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}
}
