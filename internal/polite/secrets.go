package polite

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Secrets are what must not appear in an error, though a server may send it back in one.
type Secrets struct {
	mu   sync.Mutex
	list []string
}

const (
	maxSecrets = 64  // tokens are renewed, and old ones soon worth nothing
	maxText    = 400 // bytes of an error's text
)

// Add adds secrets.
func (s *Secrets) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if len(v) < 4 || slices.Contains(s.list, v) { // "***" for every "a" would hide the error, not the secret
			continue
		}
		if len(s.list) == maxSecrets {
			s.list = s.list[1:]
		}
		s.list = append(s.list, v)
	}
}

// addHeader adds what a header Authorization carries.
func (s *Secrets) addHeader(value string) {
	scheme, token, ok := strings.Cut(value, " ")
	if !ok {
		return
	}
	s.Add(token)
	if strings.EqualFold(scheme, "Basic") {
		if b, err := base64.StdEncoding.DecodeString(token); err == nil {
			_, password, _ := strings.Cut(string(b), ":")
			s.Add(password)
		}
	}
}

// query is that of an address in a text; the addresses that registries redirect to are signed in it.
var query = regexp.MustCompile(`(/[^\s"?]*)\?[^\s"]*`)

// Scrub returns the first line of a text without secrets and of bounded length.
func (s *Secrets) Scrub(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = query.ReplaceAllString(text, "$1?...")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.list {
		text = strings.ReplaceAll(text, v, "***")
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return text
}
