// Package registry holds the options of the module's one client of registries, which analyzer/source, db/oci and sbom/attach
// share. It makes no requests itself.
//
// The client repeats a request up to five times if the registry is busy or a connection fails, waits as long as Retry-After says,
// up to two minutes, and goes on reading a blob where a connection broke. It sends credentials only to the registry and to the
// token server that the registry names, through TLS unless the registry is in Options.Insecure or on the loopback interface. No
// error and no event contains a credential, even if a server sends one back.
//
// Errors wrap fs.ErrNotExist if the registry lacks the image or blob, fs.ErrPermission if it denies access, and
// [RateLimitError].
package registry

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Options say how to reach registries. The zero value is ready to use.
type Options struct {
	// Keychain finds the credentials of registries. By default it is authn.DefaultKeychain, which reads what "docker login"
	// wrote.
	Keychain authn.Keychain

	// Transport carries requests. By default it is like http.DefaultTransport, with RootCAs and ConnectTimeout, which must
	// not be set together with Transport.
	Transport http.RoundTripper

	// RootCAs are the authorities of the registries' certificates. By default they are those of the system.
	RootCAs *x509.CertPool

	// ConnectTimeout is the most time for a connection, and again for its TLS handshake. By default it is 30 and 10 seconds.
	ConnectTimeout time.Duration

	// StallTimeout is how long a server may send less than 64 KiB before its connection is given up. The client makes no
	// further attempt if the server sent nothing at all. By default it is a minute.
	StallTimeout time.Duration

	// Insecure lists registries, as host or host:port, that may be reached by plain HTTP where they do not speak TLS.
	// Those on the loopback interface always may.
	Insecure []string

	// Mirrors lists, for the host or host:port of a registry, other registries with the same repositories. The client tries
	// them first, in order. A mirror may have a path, "mirror.example/hub", under which it keeps the repositories. Content
	// is checked against its digest, but a mirror resolves tags.
	Mirrors map[string][]string

	// Progress, if not nil, is called before each request and each pause, from several goroutines.
	Progress func(Event)
}

// An Event reports the next action of the client.
type Event struct {
	Host   string        // the server, with its port
	Action string        // "log-in", "read-manifest", "read-blob" or "push"
	Pause  time.Duration // until the action is repeated; 0 if it begins now
	Err    error         // why it is repeated; nil if it begins
}

// String returns "reading manifest from HOST", or "HOST: retrying in 4s: CAUSE".
func (e Event) String() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: retrying in %v: %v", e.Host, e.Pause.Round(100*time.Millisecond), e.Err)
	}
	switch e.Action {
	case "log-in":
		return "logging in to " + e.Host
	case "read-manifest":
		return "reading manifest from " + e.Host
	case "read-blob":
		return "reading blob from " + e.Host
	}
	return "pushing to " + e.Host
}

// A RateLimitError reports that a registry asked to retry after Wait, which is longer than the client waits.
type RateLimitError struct {
	Host string
	Wait time.Duration
}

func (e *RateLimitError) Error() string {
	return fmt.Sprintf("%s asks to retry after %v", e.Host, e.Wait.Round(time.Second))
}
