package httpretry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Loopback reports whether a host, with or without a port, is this machine.
func Loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// CheckRedirect refuses redirects, as http.Client.CheckRedirect does: more than 10, from a public host to a private address, and from
// HTTPS to HTTP unless PlainHTTP.
func (t *Transport) CheckRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" && !t.PlainHTTP {
		return fmt.Errorf("redirected from HTTPS to %s", req.URL.Scheme)
	}
	from, to := via[0].URL.Hostname(), net.ParseIP(req.URL.Hostname())
	if to != nil && req.URL.Hostname() != from && !private(net.ParseIP(from)) && !Loopback(from) && (private(to) || to.IsLoopback()) {
		return fmt.Errorf("redirected to the private address %s", to)
	}
	return nil
}

func private(ip net.IP) bool {
	return ip != nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}
