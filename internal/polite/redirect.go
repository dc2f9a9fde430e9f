package polite

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Loopback reports whether a registry is on this machine.
func Loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Redirects says which redirections a client follows: never many, and never from a public registry into a private network.
// Credentials do not follow to another host: they are added for the registry's own only.
func Redirects(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirections")
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
