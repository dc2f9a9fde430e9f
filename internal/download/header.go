package download

import (
	"net/http"
	"strings"
)

// fingerprint returns what tells the state of a body from others.
func fingerprint(h http.Header) string {
	if tag := h.Get("ETag"); isTag(tag) {
		return tag
	}
	if m := h.Get("Last-Modified"); m != "" {
		if _, err := http.ParseTime(m); err == nil {
			return m
		}
	}
	return ""
}

func isTag(fingerprint string) bool {
	return strings.HasPrefix(fingerprint, `"`) || strings.HasPrefix(fingerprint, "W/")
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

// isData reports whether advisories may come as a media type. Many servers call them text/plain or application/octet-stream;
// web pages and pictures are not data.
func isData(mediaType string) bool {
	switch mediaType {
	case "text/html", "application/xhtml+xml":
		return false
	}
	kind, _, _ := strings.Cut(mediaType, "/")
	return kind != "image" && kind != "audio" && kind != "video" && kind != "font"
}
