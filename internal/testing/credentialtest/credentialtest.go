// Package credentialtest is for tests that no credential reaches an error: it makes servers that send back the credentials they get, in
// every place of a response, and looks for them in errors.
package credentialtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Credentials that a test uses, and that a Server gives out.
const (
	Username  = "ada"
	Password  = `corr"ect/horse&battery<staple`
	Token     = "bearer-token-0123456789"
	Signature = "signature-of-a-url-0123"
)

// digest is one of no document.
const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// A Server is a registry that asks for credentials, or a server of files, and that echoes them in one way.
type Server struct {
	*httptest.Server
	Way Way

	// Inner answers requests that are not echoed.
	Inner http.Handler

	// Stage is a part of the method and path of requests that are echoed: "/token", "/blobs/", "PUT /v2/".
	Stage string

	mu   sync.Mutex
	said []string
}

// A Way puts a text into a response.
type Way struct {
	Name string
	do   func(w http.ResponseWriter, r *http.Request, text string)
}

// Start starts the server.
func (s *Server) Start(t testing.TB) *Server {
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Host returns the host of the server with its port.
func (s *Server) Host() string { return strings.TrimPrefix(s.URL, "http://") }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := s.recordCredentials(r)
	switch echoed := s.Stage != "" && strings.Contains(r.Method+" "+r.URL.Path, s.Stage); {
	case echoed && (r.Header.Get("Authorization") != "" || r.URL.RawQuery != ""):
		s.Way.do(w, r, text)
	case r.URL.Path == "/token":
		fmt.Fprintf(w, `{"token":%q}`, Token)
	case strings.HasPrefix(r.URL.Path, "/v2/") && r.Header.Get("Authorization") != "Bearer "+Token:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q", s.URL+"/token", "echo"))
		w.WriteHeader(http.StatusUnauthorized)
	case strings.Contains(s.Stage, "/cdn/") && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/"):
		http.Redirect(w, r, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/cdn/x?X-Amz-Signature="+Signature, http.StatusTemporaryRedirect)
	default:
		s.Inner.ServeHTTP(w, r)
	}
}

// recordCredentials returns all credentials that requests had so far.
func (s *Server) recordCredentials(r *http.Request) string {
	user, password, _ := r.BasicAuth()
	b, _ := io.ReadAll(io.LimitReader(r.Body, 1000))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(b)), r.Body), r.Body}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range []string{password, user, r.Header.Get("Authorization"), r.URL.Query().Get("X-Amz-Signature"), r.URL.Query().Get("token")} {
		if text != "" && !strings.Contains(strings.Join(s.said, " "), text) {
			s.said = append(s.said, text)
		}
	}
	return strings.Join(s.said, " ")
}

// Ways returns the ways in which servers echo.
func Ways() []Way {
	status := func(code int, contentType string, body func(text string) string) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, r *http.Request, text string) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(code)
			io.WriteString(w, body(text))
		}
	}
	header := func(code int, name string, value func(text string) string) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, r *http.Request, text string) {
			w.Header().Set(name, value(text))
			w.WriteHeader(code)
			io.WriteString(w, "{}")
		}
	}
	raw := func(response string) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, r *http.Request, text string) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			fmt.Fprintf(c, response, strings.ReplaceAll(text, "\n", " "))
			c.Close()
		}
	}
	same := func(text string) string { return text }
	sprintf := func(format string, change func(string) string) func(string) string {
		return func(text string) string { return fmt.Sprintf(format, change(text)) }
	}
	quoted := func(text string) string {
		b, _ := json.Marshal(text) // a string
		return string(b)
	}
	return []Way{
		{"body", status(403, "text/plain", sprintf("you sent %s", same))},
		{"body of an error that passes", status(400, "text/html", sprintf("<html>you sent %s", same))},
		{"JSON error", status(401, "application/json", sprintf(`{"errors":[{"code":"DENIED","message":%s,"detail":{"sent":"x"}}]}`, quoted))},
		{"JSON detail", status(404, "application/json", sprintf(`{"errors":[{"code":"DENIED","message":"","detail":{"sent":%s}}]}`, quoted))},
		{"page", status(200, "text/html", sprintf("<html>%s", same))},
		{"text", status(200, "application/json", same)},
		{"media type in a document", status(200, "application/json", sprintf(`{"schemaVersion":2,"mediaType":%s,"config":{"mediaType":%[1]s},"layers":[{"mediaType":%[1]s}]}`, quoted))},
		{"digest in a document", status(200, "application/json", sprintf(`{"schemaVersion":2,"layers":[{"digest":%s}]}`, quoted))},
		{"platform in an index", status(200, "application/vnd.oci.image.index.v1+json", sprintf(`{"schemaVersion":2,"manifests":[`+
			`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+digest+`","size":2,"platform":{"os":%s,"architecture":%[1]s}},`+
			`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+strings.Replace(digest, "0", "1", 1)+`","size":2,"platform":{"os":%[1]s,"architecture":"x"}}]}`, quoted))},
		{"layer in a manifest", status(200, "application/vnd.oci.image.manifest.v1+json", sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
			`"artifactType":%s,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"`+digest+`","size":2},`+
			`"layers":[{"mediaType":%[1]s,"digest":"`+digest+`","size":2,"urls":[%[1]s],"annotations":{"a":%[1]s}}]}`, quoted))},
		{"configuration", status(200, "application/json", sprintf(`{"os":%s,"architecture":%[1]s,"rootfs":{"type":%[1]s,"diff_ids":[%[1]s]},"history":[{"created":%[1]s}]}`, quoted))},
		{"token", status(200, "application/json", sprintf(`{"refresh_token":%s}`, quoted))},
		{"query", status(403, "text/plain", sprintf("bad request: https://x.example/?text=%s", url.QueryEscape))},
		{"base64", status(403, "text/plain", func(text string) string {
			return base64.StdEncoding.EncodeToString([]byte(strings.Split(text, " ")[0]))
		})},
		{"challenge without a realm", header(401, "WWW-Authenticate", sprintf(`Bearer service=%s`, quoted))},
		{"challenge", header(401, "WWW-Authenticate", sprintf(`Bearer realm="http://user:%s@127.0.0.1:1/?token=x"`, url.PathEscape))},
		{"another challenge", header(401, "WWW-Authenticate", same)},
		{"redirect", header(307, "Location", sprintf("http://user:%s@localhost:1/?token=%[1]s", url.PathEscape))},
		{"redirect to nowhere", header(307, "Location", sprintf("http://%%zz/%s", same))},
		{"redirect to a file", header(307, "Location", sprintf("file:///%s", url.PathEscape))},
		{"media type", header(200, "Content-Type", same)},
		{"encoding", header(200, "Content-Encoding", same)},
		{"range", func(w http.ResponseWriter, r *http.Request, text string) {
			w.Header().Set("Content-Range", text)
			w.WriteHeader(http.StatusPartialContent)
		}},
		{"retry", func(w http.ResponseWriter, r *http.Request, text string) {
			w.Header().Set("Retry-After", "100000")
			http.Error(w, text, http.StatusTooManyRequests)
		}},
		{"status", raw("HTTP/1.1 403 %s\r\nContent-Length: 0\r\n\r\n")},
		{"status of a server", raw("HTTP/1.1 501 %s\r\nContent-Length: 0\r\n\r\n")},
		{"no status", raw("%s\r\n\r\n")},
		{"broken header", raw("HTTP/1.1 200 OK\r\n%s\r\n\r\n")},
		{"broken length", raw("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n")},
		{"link", func(w http.ResponseWriter, r *http.Request, text string) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			w.Header().Set("Link", "<http://"+url.PathEscape(text)+".example/?token=x>; rel=next")
			io.WriteString(w, `{"schemaVersion":2,"manifests":[]}`)
		}},
	}
}
