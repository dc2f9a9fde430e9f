package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// A Proxy authenticates users. Its requests name them in a header, which counts from its addresses only.
type Proxy struct {
	Addresses []netip.Prefix
	Header    string
	Users     []ProxyUser // the first one whose pattern matches counts
}

// A ProxyUser maps names of users to a tenant.
type ProxyUser struct {
	Name   string // a pattern, see [address.Match]
	Tenant string
	Scopes []store.Scope
}

// proxied begins the IDs of tokens that stand for users of the proxy.
const proxied = "proxy/"

// maxUser limits the name of a user in bytes.
const maxUser = 200

// trusts reports whether a request comes from the proxy.
func (p *Proxy) trusts(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	from := at.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(p.Addresses, func(a netip.Prefix) bool { return a.Contains(from) })
}

var crossOrigin = http.NewCrossOriginProtection()

// sameSite refuses requests that a browser sends for the page of another site. The proxy authenticates them like all others, because the browser
// adds its cookies. Only a link to the API, which changes nothing and whose answer the other site cannot read, may come from elsewhere.
func sameSite(r *http.Request) error {
	site := r.Header.Get("Sec-Fetch-Site")
	allowed := true
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		allowed = site == "" || site == "same-origin" || site == "none" || r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	default:
		// Without TLS, browsers do not state the site. The origin is that of the page, if the proxy changes Host and states the former one. Other sites
		// cannot set the header.
		allowed = crossOrigin.Check(r) == nil
		if origin, err := url.Parse(r.Header.Get("Origin")); !allowed && site == "" && err == nil && origin.Host != "" {
			allowed = origin.Host == r.Header.Get("X-Forwarded-Host")
		}
	}
	if !allowed {
		return &problem{Status: http.StatusForbidden, Code: "cross-site", Detail: "a page of another site sent the request"}
	}
	return nil
}

// user returns the token that stands for the user of a request, or nil if the request names none and is not from the proxy.
func (p *Proxy) user(r *http.Request) (*store.Token, error) {
	if p == nil || !p.trusts(r) {
		return nil, nil
	}
	names := r.Header.Values(p.Header)
	denied := func(detail string) error {
		return &problem{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: detail}
	}
	switch {
	case len(names) == 0:
		return nil, nil
	case len(names) > 1: // the client sent one, and the proxy added its own
		return nil, denied("the request names several users")
	case r.Header.Get("Authorization") != "":
		return nil, denied("the request has a token and the name of a user")
	case names[0] == "" || len(names[0]) > maxUser || !clean(names[0]):
		return nil, denied("the name of the user is malformed")
	}
	if err := sameSite(r); err != nil {
		return nil, err
	}
	for _, u := range p.Users {
		if address.Match(u.Name, names[0]) {
			return &store.Token{ID: proxied + u.Tenant + "/" + names[0], Tenant: u.Tenant, Name: names[0], Scopes: u.Scopes}, nil
		}
	}
	return nil, &problem{Status: http.StatusForbidden, Code: "forbidden", Detail: "the user has no tenant"}
}
