package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

const (
	serverAttempts = 5
	serverPause    = time.Minute // the longest between two of them
	serverAnswer   = 1 << 30     // bytes
)

// serverFlags let a service analyze and judge an image, such as examples/fleet.
type serverFlags struct{ url, tokenFile string }

func (f *serverFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "server", "", "let the service at `URL` analyze and judge the image, with its advisories, statements and policy")
	c.Flags().StringVar(&f.tokenFile, "token-file", "", "`FILE` of the token for --server (default: the token is in $FLEET_TOKEN)")
}

// open returns the service.
func (f *serverFlags) open(m *matchFlags) (*server, error) {
	for _, given := range []struct {
		flag string
		set  bool
	}{{"--db", m.database != ""}, {"--policy", m.policy != ""}, {"--vex", len(m.vex) > 0}} {
		if given.set {
			return nil, fmt.Errorf("%s and --server exclude each other: the service has its own", given.flag)
		}
	}
	token := os.Getenv("FLEET_TOKEN")
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return nil, err
		}
		token = string(text)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, errors.New("--server needs a token; set $FLEET_TOKEN, or pass --token-file FILE")
	}
	return &server{strings.TrimSuffix(f.url, "/"), token}, nil
}

// A server is a service with the API of examples/fleet.
type server struct{ url, token string }

// do sends a request and returns the answer. It repeats a request that the service has no time for. Body is called for each attempt, and may be nil.
func (s *server) do(ctx context.Context, method, path string, query url.Values, body func() (io.ReadCloser, error)) ([]byte, error) {
	key := rand.Text() // a repeated request is the same one
	for try := 1; ; try++ {
		answer, wait, err := s.send(ctx, method, path+"?"+query.Encode(), key, body)
		if err == nil || wait == 0 || wait > serverPause || try == serverAttempts {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
	}
}

// send sends a request once. After an error that may pass it returns the time to wait.
func (s *server) send(ctx context.Context, method, path, key string, body func() (io.ReadCloser, error)) (answer []byte, wait time.Duration, err error) {
	var content io.Reader
	if body != nil {
		b, err := body()
		if err != nil {
			return nil, 0, err
		}
		content = b
	}
	q, err := http.NewRequestWithContext(ctx, method, s.url+path, content)
	if err != nil {
		return nil, 0, err
	}
	q.Header.Set("Authorization", "Bearer "+s.token)
	if body != nil {
		q.Header.Set("Idempotency-Key", key)
		q.Header.Set("Content-Type", "application/octet-stream")
		if strings.HasPrefix(path, "/v1/submissions") {
			q.Header.Set("Content-Type", "application/json")
		}
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, time.Second, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(r.Body, serverAnswer+1))
	if err == nil && len(answer) > serverAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", s.url, err)
	}
	if r.StatusCode < 400 {
		return answer, 0, nil
	}
	var p struct{ Title, Detail string }
	_ = stdjson.Unmarshal(answer, &p) // a proxy answers otherwise
	err = fmt.Errorf("%s answers %d: %s", s.url, r.StatusCode, terminal.Escape(cmp.Or(p.Detail, p.Title, http.StatusText(r.StatusCode))))
	if r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable {
		seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
		wait = max(time.Second, time.Duration(seconds)*time.Second)
	}
	return nil, wait, err
}

// submit submits an image in a registry, or the content of a file.
func (s *server) submit(ctx context.Context, ref string) (image string, err error) {
	name := strings.TrimPrefix(strings.TrimPrefix(ref, "docker-archive:"), "oci-archive:")
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return "", fmt.Errorf("%s: --server takes images in registries, archives and SBOMs", name)
		}
		path := "/v1/uploads"
		if isDocument(name) {
			path = "/v1/sboms"
		}
		return s.upload(ctx, path, "", func() (io.ReadCloser, error) { return os.Open(name) })
	}
	text, err := stdjson.Marshal(map[string]string{"reference": strings.TrimPrefix(ref, "registry:")})
	if err != nil {
		return "", err
	}
	return s.upload(ctx, "/v1/submissions", "", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
}

// upload sends a submission, waits until it is analyzed, and returns the digest of the image.
func (s *server) upload(ctx context.Context, path, name string, body func() (io.ReadCloser, error)) (string, error) {
	query := make(url.Values)
	if name != "" {
		query.Set("reference", name)
	}
	answer, err := s.do(ctx, http.MethodPost, path, query, body)
	var m struct{ ID, State, Reason, Message, Image string }
	for err == nil {
		if err = stdjson.Unmarshal(answer, &m); err != nil {
			return "", fmt.Errorf("%s: %w", s.url, err)
		}
		switch m.State {
		case "analyzed":
			return m.Image, nil
		case "failed":
			return "", fmt.Errorf("%s: the analysis failed: %s: %s", s.url, terminal.Escape(m.Reason), terminal.Escape(m.Message))
		}
		answer, err = s.do(ctx, http.MethodGet, "/v1/submissions/"+url.PathEscape(m.ID), url.Values{"wait": {"50"}}, nil)
	}
	return "", err
}

// asked shows and judges the answer of a service about an image.
func (a *app) asked(ctx context.Context, s *server, name string, f *matchFlags, submit func() (string, error)) error {
	p := assess.Pipeline{Name: name, Now: a.now()}
	if err := f.verdictFlags.apply(&p); err != nil {
		return err
	}
	if err := f.viewFlags.apply(a, &p); err != nil {
		return err
	}
	out, err := f.formatFlags.open(a)
	if err != nil {
		return err
	}
	defer out.discard()
	image, err := submit()
	if err != nil {
		return err
	}
	answer, err := s.do(ctx, http.MethodGet, "/v1/images/"+url.PathEscape(image)+"/report", url.Values{"format": {"json"}}, nil)
	if err != nil {
		return err
	}
	x, err := json.Read(bytes.NewReader(answer))
	if err != nil {
		return fmt.Errorf("%s: %w", s.url, err)
	}
	x = report.New(x.Report, x.Result, report.Options{Name: x.Name, Tool: x.Tool, Time: x.Time, Database: x.Database, Declared: true, Base: x.Base, VEX: x.VEX, Verdict: x.Verdict,
		View: p.View, Gate: p.Gate})
	if err := out.commit(x); err != nil {
		return err
	}
	return a.judge(ctx, &f.verdictFlags, x)
}

// sendInside sends the packages of a root file system to a service, as an SBOM.
func (a *app) sendInside(ctx context.Context, s *server, f *matchFlags, read func() (*analyzer.Report, error)) (string, error) {
	found, err := read()
	if err != nil {
		return "", err
	}
	name := ""
	if len(f.names) > 0 {
		name = f.names[0]
	}
	var document bytes.Buffer
	if err := sbom.Encode(&document, report.New(found, nil, report.Options{Name: name, Declared: true}), sbom.Options{Name: name, Timestamp: a.now()}); err != nil {
		return "", err
	}
	return s.upload(ctx, "/v1/sboms", name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(document.Bytes())), nil })
}
