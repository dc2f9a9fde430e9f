// Package listing reads the pages on which web servers list a directory, such as those of nginx and Apache's mod_autoindex.
package listing

import (
	"html"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

var href = lazyregexp.New(`(?i)<a\s[^<>]*?href\s*=\s*["']([^"'<>]+)["']`)

const (
	maxLinks = 100_000 // most links of a page; SUSE's has a few thousand
	maxLink  = 1000    // bytes of a link
)

// Names returns the names of the files and directories that a page links to, in its order and without duplicates. The name of a directory ends
// with a slash. Links that lead elsewhere or sort the list are left out, and so are those of more than 1,000 bytes and
// all beyond the first 100,000.
func Names(page []byte) []string {
	var names []string
	seen := make(map[string]bool)
	for _, m := range href.FindAllSubmatch(page, maxLinks) {
		if len(m[1]) > maxLink {
			continue
		}
		u, err := url.Parse(html.UnescapeString(string(m[1])))
		if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" {
			continue
		}
		name := strings.TrimPrefix(u.Path, "./")
		if base := strings.TrimSuffix(name, "/"); base == "" || base == "." || base == ".." || strings.Contains(base, "/") || seen[name] {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}
