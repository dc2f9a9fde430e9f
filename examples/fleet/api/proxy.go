package api

import (
	"net/http"
	"net/netip"
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
	for _, u := range p.Users {
		if address.Match(u.Name, names[0]) {
			return &store.Token{ID: "proxy/" + u.Tenant + "/" + names[0], Tenant: u.Tenant, Name: names[0], Scopes: u.Scopes}, nil
		}
	}
	return nil, &problem{Status: http.StatusForbidden, Code: "forbidden", Detail: "the user has no tenant"}
}
