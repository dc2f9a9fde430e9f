// Package advice has the texts that the command adds to the errors of the library: the flag to add, or the command to run.
package advice

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source/daemon"
	"github.com/hullmark/hullmark/analyzer/source/registry"
)

// LogIn is the advice about a registry that denies access.
const LogIn = "; log in with docker login, or name a user with --username"

// Open returns what to do about an image that cannot be opened, "" if there is no advice. It begins with "; ".
func Open(err error) string {
	var answer *transport.Error
	var request *url.Error
	var limit *registry.RateLimitError
	var operation *net.OpError
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "; HTTPS_PROXY and HTTP_PROXY name the proxy, and NO_PROXY the hosts that need none"
	case Denied(err):
		return LogIn
	case Untrusted(err):
		return "; to trust a certificate, pass the file of its authority as --ca-file"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "; to allow a registry without TLS, pass its host as --insecure"
	case errors.Is(err, context.Canceled), errors.As(err, &answer), errors.As(err, &limit):
		return ""
	case errors.Is(err, daemon.ErrNoDaemon):
		return "; start Docker or Podman, or name the image in its registry"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "; raise the limit with ulimit -n, or read fewer layers at once with --parallel"
	case errors.Is(err, fs.ErrPermission):
		return "; run hullmark as a user with permission to read it"
	case errors.As(err, &request):
		return "; a local image needs no registry: docker save writes a file, and hullmark --help lists the forms of an image"
	}
	return "; hullmark --help lists the forms of an image"
}

// Denied reports whether a registry denied access.
func Denied(err error) bool {
	var answer *transport.Error
	return errors.Is(err, fs.ErrPermission) && errors.As(err, &answer)
}

// Untrusted reports whether a server has a certificate that no known authority signed.
func Untrusted(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// Scan returns what to do about an image that cannot be read, "" if there is no advice. It begins with "; ".
func Scan(err error) string {
	var limit *analyzer.LimitError
	var digest *analyzer.DigestError
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return Open(err)
	case errors.As(err, &digest):
		return "; the image is damaged or was changed: fetch it again"
	case errors.As(err, &limit):
		return "; no real image is like this: do not run it before you know why"
	}
	return ""
}
