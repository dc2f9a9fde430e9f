package credmask

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// encodings returns the forms of a credential in a text: plain, quoted, and encoded for URLs, JSON, HTML and base64.
func encodings(credential string) []string {
	list := []string{credential}
	add := func(s string) {
		if len(s) > 0 && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, s := range []string{url.QueryEscape(credential), url.PathEscape(credential), url.UserPassword("", credential).String()[1:]} {
		add(s)
		add(escapes.Get().ReplaceAllStringFunc(s, strings.ToLower))
	}
	quoted := strconv.Quote(credential)
	add(quoted[1 : len(quoted)-1])
	if b, err := json.Marshal(credential); err == nil {
		add(string(b[1 : len(b)-1]))
	}
	add(html.EscapeString(credential))
	if len(credential) >= 4 {
		add(base64.RawStdEncoding.EncodeToString([]byte(credential)))
		add(base64.RawURLEncoding.EncodeToString([]byte(credential)))
	}
	return list
}

// harmless are the names of parameters whose values are shown.
var harmless = map[string]bool{
	"account": true, "artifactType": true, "client_id": true, "digest": true, "from": true, "grant_type": true, "last": true,
	"mount": true, "n": true, "origin": true, "scope": true, "service": true,
}

var escapes = lazyregexp.New(`%[0-9A-F]{2}`)

// Request adds the credentials that a request carries: in its headers, its URL and its form.
func (s *Masker) Request(r *http.Request) {
	for name, values := range r.Header {
		if secretName.MatchString(name) {
			for _, v := range values {
				s.observe(headerCredentials(v)...)
			}
		}
	}
	s.URL(r.URL)
	if r.GetBody != nil && r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" && r.ContentLength < 1<<16 {
		if body, err := r.GetBody(); err == nil {
			b := make([]byte, r.ContentLength)
			n, _ := body.Read(b) // a form that cannot be read is not sent either
			body.Close()
			s.form(string(b[:n]))
		}
	}
}

// URL adds the credentials in a URL.
func (s *Masker) URL(u *url.URL) {
	if u.User != nil {
		password, ok := u.User.Password()
		if !ok {
			password = u.User.Username() // a token
		}
		s.observe(password)
	}
	if u.RawQuery != "" {
		s.form(u.RawQuery)
	}
}

// headerCredentials returns the credentials in the value of a header such as Authorization.
func headerCredentials(value string) []string {
	scheme, token, ok := strings.Cut(value, " ")
	if !ok {
		return []string{value}
	}
	list := []string{token}
	if strings.EqualFold(scheme, "Basic") {
		if b, err := base64.StdEncoding.DecodeString(token); err == nil {
			_, password, _ := strings.Cut(string(b), ":")
			list = append(list, password)
		}
	}
	return list
}

// form adds the values of a query or a form, except those that the protocols of registries need: any other may be a signature.
func (s *Masker) form(query string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		if len(value) >= 8 && !harmless[name] || secretName.MatchString(name) {
			s.observe(value)
		}
	}
}
