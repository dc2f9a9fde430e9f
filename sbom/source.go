package sbom

import (
	"net/url"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/internal/idlink"
)

// sourceOf returns the publisher of an identifier and its page, as the examples of CycloneDX do. It returns the feed if neither is known.
func sourceOf(id, feed string) *cyclonedx.Source {
	if publisher, address := idlink.Of(id); address != "" {
		return &cyclonedx.Source{Name: publisher, URL: address}
	}
	if feed == "" {
		feed = "unknown"
	}
	return &cyclonedx.Source{Name: feed}
}

// reference returns an address with all characters percent-encoded that RFC 3987 does not allow in their place. Other text
// becomes the path of a relative address.
func reference(address string) string {
	address = strings.TrimSpace(address)
	var b strings.Builder
	slashes := 0
	for i := range len(address) {
		c := address[i]
		escape := c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0
		switch c {
		case '%':
			escape = i+2 >= len(address) || !isHex(address[i+1:i+3])
		case '/':
			slashes++
		case '[', ']':
			escape = slashes != 2 // else an IPv6 address
		}
		if escape {
			percent(&b, c)
		} else {
			b.WriteByte(c)
		}
	}
	if _, err := url.Parse(b.String()); err != nil {
		return url.QueryEscape(address)
	}
	return b.String()
}

func percent(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}
