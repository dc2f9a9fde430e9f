package shelltest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// A Network is a proxy that answers for every host. A path below /v2/ belongs to the registry of the host, all others to files.
type Network struct {
	// URL is the address of the proxy.
	URL string
	// Files has the answers of publishers below the names of their hosts, as the flag --mirror of db update wants them. Unknown files
	// are not found.
	Files string

	authority []byte // in PEM

	mu         sync.Mutex
	registries map[string]http.Handler
	accounts   map[string]account
	requests   []Request
}

type account struct{ user, password string }

// A Request is a request that the network has answered.
type Request struct {
	Method, URL string
	Code        int
}

func newNetwork(t testing.TB) *Network {
	n := &Network{Files: t.TempDir(), registries: map[string]http.Handler{}, accounts: map[string]account{}}
	issue := n.certificates(t)
	intercepted := newPipe()
	inner := &http.Server{Handler: n, ErrorLog: quiet}
	go inner.Serve(tls.NewListener(intercepted, &tls.Config{GetCertificate: issue, NextProtos: []string{"http/1.1"}}))
	outer := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			n.ServeHTTP(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			conn.Close()
			return
		}
		intercepted.add(conn)
	}))
	outer.Config.ErrorLog = quiet
	outer.Start()
	t.Cleanup(func() {
		inner.Close()
		outer.Close()
	})
	n.URL = outer.URL
	return n
}

var quiet = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

// ServeHTTP answers for the host of a request.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := strings.TrimSuffix(r.Host, ":443")
	recorder := &codeWriter{ResponseWriter: w, code: http.StatusOK}
	if strings.HasPrefix(r.URL.Path, "/v2/") {
		if n.allowed(host, r) {
			n.registry(host).ServeHTTP(recorder, r)
		} else {
			recorder.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			recorder.WriteHeader(http.StatusUnauthorized)
		}
	} else {
		n.serveFile(recorder, r, host)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests = append(n.requests, Request{r.Method, "https://" + host + r.URL.Path, recorder.code})
}

func (n *Network) serveFile(w http.ResponseWriter, r *http.Request, host string) {
	f, err := os.Open(filepath.Join(n.Files, host, filepath.FromSlash(path.Clean("/"+r.URL.Path))))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// Requests returns the answered requests to a host.
func (n *Network) Requests(host string) []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []Request
	for _, r := range n.requests {
		if strings.HasPrefix(r.URL, "https://"+host+"/") {
			found = append(found, r)
		}
	}
	return found
}

// Account makes the registry of a host require a user and a password.
func (n *Network) Account(host, user, password string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.accounts[host] = account{user, password}
}

func (n *Network) allowed(host string, r *http.Request) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	want, ok := n.accounts[host]
	user, password, _ := r.BasicAuth()
	return !ok || want == account{user, password}
}

// registry returns the registry of a host.
func (n *Network) registry(host string) http.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.registries[host]
	if r == nil {
		r = registry.New(registry.Logger(quiet), registry.WithReferrersSupport(true))
		n.registries[host] = r
	}
	return r
}

// Publish stores a file as the answer of a publisher.
func (n *Network) Publish(t testing.TB, at string, content []byte) {
	t.Helper()
	file := filepath.Join(n.Files, filepath.FromSlash(at))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// certificates makes an authority, and returns a function that issues the certificate of a host.
func (n *Network) certificates(t testing.TB) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shelltest"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	n.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
		if err != nil {
			return nil, err
		}
		leaf := &x509.Certificate{
			SerialNumber: serial, DNSNames: []string{hello.ServerName}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key)
		if err != nil {
			return nil, err
		}
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
	}
}

// A codeWriter remembers the code of an answer.
type codeWriter struct {
	http.ResponseWriter
	code int
}

func (w *codeWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// A pipe is a listener for connections that exist already.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipe() *pipe { return &pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipe) add(c net.Conn) {
	select {
	case p.conns <- c:
	case <-p.done:
		c.Close()
	}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }
