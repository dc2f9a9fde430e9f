package httpretry

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A RateLimitError reports that a server asked to retry after Wait, which exceeds Policy.MaxWait.
type RateLimitError struct {
	Host string
	Wait time.Duration
}

func (e *RateLimitError) Error() string {
	return fmt.Sprintf("%s asks to retry after %v", e.Host, e.Wait.Round(time.Second))
}

// busy reports whether the same request may succeed later.
func busy(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusForbidden: // a rate limit of GitHub
		return res.Header.Get("Retry-After") != "" || exhausted(res.Header)
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return res.StatusCode >= 500
}

// exhausted reports whether a code host has no requests left for the client: GitHub's X-RateLimit-Remaining, GitLab's RateLimit-Remaining.
func exhausted(h http.Header) bool {
	return h.Get("X-RateLimit-Remaining") == "0" || h.Get("RateLimit-Remaining") == "0"
}

// RetryAfter reads the header Retry-After of RFC 9110, section 10.2.3: seconds or a date. Without it, it reads the time at which a code host has
// requests left again, in seconds of Unix time: X-RateLimit-Reset or RateLimit-Reset. Without a valid one it returns 0.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(s, 10, 63); err == nil {
		return time.Duration(min(seconds, 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(at.Sub(now), 0)
	}
	if s == "" && exhausted(h) {
		reset := cmp.Or(h.Get("X-RateLimit-Reset"), h.Get("RateLimit-Reset"))
		if at, err := strconv.ParseInt(reset, 10, 40); err == nil {
			return max(time.Unix(at, 0).Sub(now), 0)
		}
	}
	return 0
}
