package distribution

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// A hostError has the host and the operation in its text, and no credentials.
type hostError struct{ error }

func (e *hostError) Unwrap() error { return e.error }

// Explain returns err without credentials, and with the registry and the operation, such as "push 1", in its text. It wraps
// fs.ErrNotExist, fs.ErrPermission or *registry.RateLimitError if the registry answered so. It returns errors of other methods of r
// unchanged.
func (r *Repository) Explain(operation string, err error) error {
	return r.hosts[len(r.hosts)-1].explain(operation, err)
}

const logIn = "log in"

// tokenRejected reports whether a registry answered 400 instead of 401 to an expired token, as ECR Public does. Package transport gets
// a new token after 401.
func tokenRejected(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest &&
		slices.ContainsFunc(answer.Errors, func(d transport.Diagnostic) bool {
			return d.Code == transport.DeniedErrorCode || d.Code == transport.UnauthorizedErrorCode
		})
}

func (h *host) explain(operation string, err error) error {
	var known *hostError
	if err == nil || errors.As(err, &known) {
		return err
	}
	var limit *httpretry.RateLimitError
	var answer *transport.Error
	var certificate *tls.CertificateVerificationError
	prefix := h.RegistryStr() + ": " + operation + ": "
	wrap := func(text string, causes ...error) error { return &hostError{h.in.secrets.Wrap(prefix+text, causes...)} }
	switch {
	case errors.As(err, &limit):
		limited := registry.RateLimitError(*limit)
		return wrap(limited.Error(), &limited)
	case errors.As(err, &certificate): // even if the host also answered by plain HTTP
		return wrap(err.Error(), certificate)
	case errors.As(err, &answer):
		status := &transport.Error{StatusCode: answer.StatusCode} // without the request, whose header has credentials
		plain := *answer
		plain.Request = nil
		switch code := answer.StatusCode; {
		case (code == http.StatusNotFound || code == http.StatusGone) && operation != logIn:
			return wrap("not found", fs.ErrNotExist, status)
		case code == http.StatusUnauthorized || code == http.StatusForbidden || tokenRejected(answer):
			text := "access denied: " + plain.Error()
			if reason := h.keyless.Load(); reason != nil {
				text += " (no credentials: " + *reason + ")"
			}
			return wrap(text, fs.ErrPermission, status)
		}
		return wrap(plain.Error(), status)
	}
	return wrap(err.Error(), err)
}
