package feed

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/limit"
)

// ErrTooLarge reports data that exceeds one of the Limits, or a bound of its format.
var ErrTooLarge error = limit.ErrExceeded

// ErrUnchanged reports that the publisher still has the former state. A Dataset's Fetch returns it.
var ErrUnchanged error = download.ErrUnchanged

// Retry says how to deal with servers that are slow, busy or broken. Zero fields mean the defaults.
type Retry struct {
	Attempts     int           // in a row that bring nothing; 5
	Pause        time.Duration // before the second attempt, doubled before each later one; 1 s
	MaxWait      time.Duration // longest pause that a server may ask for in Retry-After; 2 min
	StallTimeout time.Duration // in which a server must send 64 KiB; 1 min
}

// A Token authorizes requests to a host by https: code hosts throttle anonymous downloads, and NVD has keys for its API. Redirects to other
// hosts and mirrors do not get it.
type Token struct {
	Host   string // and its subdomains: "github.com", "services.nvd.nist.gov". That of github.com is for githubusercontent.com, too
	Header string // that has Value; if empty, it is Authorization with "Bearer " before Value
	Value  string
}

// fits reports whether requests to a URL get the token.
func (t *Token) fits(u *url.URL) bool {
	if t.Host == "" || t.Value == "" || u.Scheme != "https" {
		return false
	}
	of := func(domain string) bool { return u.Host == domain || strings.HasSuffix(u.Host, "."+domain) }
	return of(t.Host) || t.Host == "github.com" && of("githubusercontent.com")
}

// An authorizer sends requests with tokens.
type authorizer struct {
	base   http.RoundTripper
	tokens []Token
}

// RoundTrip implements http.RoundTripper.
func (a *authorizer) RoundTrip(r *http.Request) (*http.Response, error) {
	for i := range a.tokens {
		t := &a.tokens[i]
		if !t.fits(r.URL) {
			continue
		}
		r = r.Clone(r.Context())
		if t.Header != "" {
			r.Header.Set(t.Header, t.Value)
		} else {
			r.Header.Set("Authorization", "Bearer "+t.Value)
		}
		break
	}
	return a.base.RoundTrip(r)
}

// newClient returns a client that calls notify, which may be nil, before pauses, and adds credentials of requests to secrets.
func newClient(o *Options, secrets *credmask.Masker, notify func(pause time.Duration, reason error)) download.Client {
	limits := o.Limits.withDefaults()
	r := limits.Retry
	client := o.Client
	if len(o.Tokens) > 0 {
		h := *cmp.Or(client, http.DefaultClient)
		if h.Transport == nil {
			h.Transport = http.DefaultTransport
		}
		h.Transport = &authorizer{h.Transport, o.Tokens}
		client = &h
		for _, t := range o.Tokens {
			secrets.Add(t.Value)
		}
	}
	return download.Client{
		HTTP: client, Limit: limits.Download, Stall: r.StallTimeout, Notify: notify, Secrets: secrets,
		Policy: httpretry.Policy{Attempts: r.Attempts, Pause: cmp.Or(r.Pause, time.Second), MaxWait: r.MaxWait, Persistent: true},
	}
}

// Limits bound the data that is read from one location. Zero fields mean the defaults. The package documentation lists the limits of feeds on
// one document, which are fixed.
type Limits struct {
	Download     int64 // bytes of a body, as sent; 2 GiB
	Decompressed int64 // bytes of all decompressed data together; 16 GiB
	Document     int64 // bytes of one document of a directory or an archive; 64 MiB
	Memory       int64 // bytes of a zip archive that is not a plain local file, which is read into memory; 1 GiB

	Retry Retry // of requests
}

func (l Limits) withDefaults() Limits {
	def := func(v *int64, to int64) {
		if *v == 0 {
			*v = to
		}
	}
	def(&l.Download, 2<<30)
	def(&l.Decompressed, 16<<30)
	def(&l.Document, 64<<20)
	def(&l.Memory, 1<<30)
	return l
}

// location returns the limits of package location.
func (l Limits) location() location.Limits {
	return location.Limits{Download: l.Download, Decompressed: l.Decompressed, Document: l.Document, Memory: l.Memory}
}
