// Package page serves the web page of the service. Its files are static and ask the API for all data, with a token that the user enters, so
// that the page can do nothing that the document of the API does not describe.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// views are the paths at which the page shows a view. The page routes them itself.
var views = []string{"/{$}", "/images", "/images/{image}", "/submissions/{submission}", "/vulnerabilities", "/vulnerabilities/{vulnerability}", "/packages", "/events",
	"/runtime", "/policies", "/policies/{policy}", "/marks", "/watches", "/subscriptions", "/feeds", "/tokens"}

// headers forbid everything that the page does without: other hosts, code and styles in the document, frames, forms that a browser sends, and
// writing markup from a script.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cache-Control":                "no-cache",
}

// A file is a file of the page.
type file struct {
	name    string
	content []byte
	etag    string
}

// ServeHTTP implements [http.Handler].
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("ETag", f.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// Handler returns a handler that serves the page, and everything else by api.
func Handler(api http.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		f := &file{path.Base(name), content, `"` + hex.EncodeToString(sum[:16]) + `"`}
		if f.name != "index.html" {
			mux.Handle("GET /page/"+f.name, f)
			return nil
		}
		for _, v := range views {
			mux.Handle("GET "+v, f)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return mux, nil
}
