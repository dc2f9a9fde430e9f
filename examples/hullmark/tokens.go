package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// hosts lists the publishers that throttle anonymous requests, with the environment variables that have tokens.
var hosts = []struct{ variable, host, header string }{
	{"GITHUB_TOKEN", "github.com", ""},
	{"GITLAB_TOKEN", "gitlab.com", "PRIVATE-TOKEN"},
	{"NVD_API_KEY", "services.nvd.nist.gov", "apiKey"},
}

// tokens returns the tokens in the environment.
func tokens() (list []feed.Token) {
	for _, h := range hosts {
		if value := os.Getenv(h.variable); value != "" {
			list = append(list, feed.Token{Host: h.host, Header: h.header, Value: value})
		}
	}
	return list
}

// tokenAdvice says which variable helps against a rate limit, or "".
func tokenAdvice(err error) string {
	var limit *httpretry.RateLimitError
	if !errors.As(err, &limit) {
		return ""
	}
	for _, h := range hosts {
		of := limit.Host == h.host || strings.HasSuffix(limit.Host, "."+h.host) || h.host == "github.com" && strings.HasSuffix(limit.Host, ".githubusercontent.com")
		if of && os.Getenv(h.variable) == "" {
			return fmt.Sprintf(" (a token in %s raises the limit)", h.variable)
		}
	}
	return ""
}
