package download

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads the header of that name: seconds, or a date. Without any it is 0.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		return time.Duration(min(max(n, 0), 1<<30)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(time.Until(t), 0)
	}
	return 0
}

// isPermanent reports whether asking again would give the same error.
func isPermanent(err error) bool {
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.Is(err, errRedirects) || errors.As(err, &cert) || errors.As(err, &dns) && dns.IsNotFound
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

// isData reports whether advisories may come as a media type. Many servers call them text/plain or
// application/octet-stream; pages for people and pictures are none.
func isData(mediaType string) bool {
	switch mediaType {
	case "text/html", "application/xhtml+xml":
		return false
	}
	kind, _, _ := strings.Cut(mediaType, "/")
	return kind != "image" && kind != "audio" && kind != "video" && kind != "font"
}
