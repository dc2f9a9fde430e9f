package main

import (
	"os"

	"github.com/hullmark/hullmark/db/feed"
)

// tokens returns the tokens in the environment for publishers that throttle anonymous requests.
func tokens() (list []feed.Token) {
	for _, t := range []struct{ variable, host, header string }{
		{"GITHUB_TOKEN", "github.com", ""}, {"GITLAB_TOKEN", "gitlab.com", "PRIVATE-TOKEN"}, {"NVD_API_KEY", "services.nvd.nist.gov", "apiKey"},
	} {
		if value := os.Getenv(t.variable); value != "" {
			list = append(list, feed.Token{Host: t.host, Header: t.header, Value: value})
		}
	}
	return list
}
