package clair

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// ErrNotFound reports a manifest or a notification that the service does not have.
var ErrNotFound = errors.New("not found")

// A Manifest names an image by the addresses of its layers.
type Manifest struct {
	Hash   string  `json:"hash"`
	Layers []Layer `json:"layers"`
}

// A Layer is a layer in a Manifest. The headers are for its URI only, and are secret.
type Layer struct {
	Hash      string              `json:"hash"`
	URI       string              `json:"uri"`
	Headers   map[string][]string `json:"headers,omitempty"`
	MediaType string              `json:"media_type,omitempty"`
}

// A Progress says how far the analysis of a manifest is.
type Progress struct {
	Done   bool
	Failed string // the reason for a person if it failed; it has no secrets
}

// A Backend is the service.
type Backend interface {
	// Index submits a manifest, unless it is analyzed already with the analyzers of the current State.
	Index(ctx context.Context, m Manifest) error

	// Wait returns the progress of a manifest when its analysis ends, or after a time, or ErrNotFound.
	Wait(ctx context.Context, digest string, most time.Duration) (Progress, error)

	// Assess assesses an analyzed manifest, or returns ErrNotFound.
	Assess(ctx context.Context, digest string) (*report.Assessment, error)

	// Forget deletes manifests, and returns those that existed.
	Forget(ctx context.Context, digests []string) ([]string, error)

	// State returns a token that changes when manifests should be indexed again, such as a hash of the analyzers' versions.
	State(ctx context.Context) (string, error)

	// Delivery returns a delivery by its [webhook.ClairID], or ErrNotFound, also after Acknowledge.
	Delivery(ctx context.Context, id string) (*webhook.Delivery, error)

	// Acknowledge forgets a delivery. An unknown one is no error.
	Acknowledge(ctx context.Context, id string) error
}

const (
	maxBody     = 4 << 20
	maxLayers   = 1000
	maxHeaders  = 64 << 10 // bytes of the headers of a layer
	defaultWait = time.Minute
	defaultPage = 500
	maxPage     = 5000
)

// A Handler serves Clair's API. It may be used by many goroutines at once.
type Handler struct {
	Backend Backend
	Keys    *Keys // nil if the program that serves the Handler authenticates requests
	Log     *slog.Logger
	Wait    time.Duration // for the analysis of a submitted manifest; a minute if zero
}

// A failure is an error for the client.
type failure struct {
	status  int
	code    string
	message string
}

func (f *failure) Error() string { return f.message }

func bad(message string) error { return &failure{http.StatusBadRequest, "bad-request", message} }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h.serve(w, r)
	if err == nil {
		return
	}
	f, ok := errors.AsType[*failure](err)
	switch {
	case ok:
	case errors.Is(err, ErrNotFound):
		f = &failure{http.StatusNotFound, "not-found", "not found"}
	case errors.Is(err, errToken):
		w.Header().Set("WWW-Authenticate", "Bearer")
		f = &failure{http.StatusUnauthorized, "unauthorized", "no valid token"}
	case r.Context().Err() != nil:
		f = &failure{http.StatusServiceUnavailable, "canceled", "canceled"}
	default:
		log := h.Log
		if log == nil {
			log = slog.Default()
		}
		log.ErrorContext(r.Context(), "request of a client of Clair failed", "path", r.URL.Path, "error", err)
		f = &failure{http.StatusInternalServerError, "internal-error", "internal error"}
	}
	w.Header().Del("Link")
	_ = send(w, f.status, "application/json", map[string]string{"code": f.code, "message": f.message}) // has no error to marshal
}

func send(w http.ResponseWriter, status int, kind string, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // the client may be gone
	return nil
}

const (
	indexPath  = "/indexer/api/v1/index_report"
	statePath  = "/indexer/api/v1/index_state"
	reportPath = "/matcher/api/v1/vulnerability_report"
	noticePath = "/notifier/api/v1/notification"
)

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	if h.Keys != nil {
		if _, err := h.Keys.Check(r); err != nil {
			return err
		}
	}
	path, last := r.URL.Path, ""
	for _, p := range []string{indexPath, reportPath, noticePath} {
		if rest, ok := strings.CutPrefix(r.URL.Path, p+"/"); ok {
			path, last = p+"/", rest
		}
	}
	operations := map[string]map[string]func(http.ResponseWriter, *http.Request, string) error{
		indexPath:        {http.MethodPost: h.index, http.MethodDelete: h.forget},
		indexPath + "/":  {http.MethodGet: h.indexReport, http.MethodDelete: h.forgetOne},
		statePath:        {http.MethodGet: h.state},
		reportPath + "/": {http.MethodGet: h.vulnerabilityReport},
		noticePath + "/": {http.MethodGet: h.notification, http.MethodDelete: h.acknowledge},
	}[path]
	if operations == nil {
		return &failure{http.StatusNotFound, "not-found", "no such path"}
	}
	run := operations[r.Method]
	if run == nil {
		for method := range operations {
			w.Header().Add("Allow", method)
		}
		return &failure{http.StatusMethodNotAllowed, "method-not-allowed", "the path has no such method"}
	}
	if strings.HasPrefix(path, indexPath+"/") || path == reportPath+"/" {
		if _, err := v1.NewHash(last); err != nil {
			return bad("the digest is malformed")
		}
	}
	return run(w, r, last)
}

// accept returns the type of the response: Clair's own or plain JSON.
func accept(r *http.Request, own string) (string, error) {
	lines := r.Header.Values("Accept")
	if len(lines) == 0 {
		return own, nil
	}
	for _, text := range strings.Split(strings.Join(lines, ","), ",") {
		kind, _, err := mime.ParseMediaType(text)
		switch {
		case err != nil:
		case kind == own, kind == "application/json":
			return kind, nil
		case kind == "*/*", kind == "application/*":
			return own, nil
		}
	}
	return "", &failure{http.StatusUnsupportedMediaType, "unsupported-media-type", "the response has the types " + own + " and application/json"}
}

// decode reads the body, of Clair's own type or plain JSON.
func decode(w http.ResponseWriter, r *http.Request, own string, target any) error {
	if text := r.Header.Get("Content-Type"); text != "" {
		if kind, _, err := mime.ParseMediaType(text); err != nil || kind != own && kind != "application/json" {
			return &failure{http.StatusUnsupportedMediaType, "unsupported-media-type", "the body must be " + own + " or application/json"}
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return bad("the body cannot be read, or has more than " + strconv.Itoa(maxBody) + " bytes")
	}
	if json.Unmarshal(body, target) != nil {
		return bad("the body is malformed") // the error may have parts of secret headers
	}
	return nil
}

const (
	typeManifest      = "application/vnd.clair.manifest.v1+json"
	typeIndexReport   = "application/vnd.clair.index_report.v1+json"
	typeIndexState    = "application/vnd.clair.index_state.v1+json"
	typeVulnerability = "application/vnd.clair.vulnerability_report.v1+json"
	typeNotification  = "application/vnd.clair.notification_page.v1+json"
	typeBulkDelete    = "application/vnd.clair.bulk_delete.v1+json"
)

func (h *Handler) index(w http.ResponseWriter, r *http.Request, _ string) error {
	kind, err := accept(r, typeIndexReport)
	if err != nil {
		return err
	}
	var m Manifest
	if err := decode(w, r, typeManifest, &m); err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return bad("the manifest: " + err.Error())
	}
	state, err := h.Backend.State(r.Context())
	if err != nil {
		return err
	}
	etag := `"` + state + `"`
	w.Header().Add("Link", "<"+indexPath+"/"+m.Hash+`>; rel="https://projectquay.io/clair/v1/index_report"`)
	w.Header().Add("Link", "<"+reportPath+"/"+m.Hash+`>; rel="https://projectquay.io/clair/v1/vulnerability_report"`)
	if holds(r, etag) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return nil
	}
	if err := h.Backend.Index(r.Context(), m); err != nil {
		return err
	}
	limit := h.Wait
	if limit == 0 {
		limit = defaultWait
	}
	p, err := h.Backend.Wait(r.Context(), m.Hash, limit)
	if err != nil {
		return err
	}
	out, err := h.indexOf(r.Context(), m.Hash, p)
	if err != nil {
		return err
	}
	w.Header().Set("Etag", etag)
	w.Header().Set("Location", indexPath+"/"+m.Hash)
	return send(w, http.StatusCreated, kind, out)
}

// holds reports whether the client has the current state.
func holds(r *http.Request, etag string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(r.Header.Get("If-None-Match"), " ", ""), ","), etag)
}

// check checks a manifest without fetching. The same layer may occur several times.
func (m *Manifest) check() error {
	if _, err := v1.NewHash(m.Hash); err != nil {
		return errors.New("the hash is malformed")
	}
	if len(m.Layers) == 0 || len(m.Layers) > maxLayers {
		return errors.New("1 to " + strconv.Itoa(maxLayers) + " layers are required")
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		where := "layer " + strconv.Itoa(i+1)
		if _, err := v1.NewHash(l.Hash); err != nil {
			return errors.New(where + ": the hash is malformed")
		}
		u, err := url.Parse(l.URI)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New(where + ": the URI is not of http or https")
		}
		size := 0
		for k, values := range l.Headers {
			for _, v := range values {
				size += len(k) + len(v)
				if strings.ContainsAny(k+v, "\r\n\x00") {
					return errors.New(where + ": a header is malformed")
				}
			}
		}
		if size > maxHeaders {
			return errors.New(where + ": the headers are too long")
		}
	}
	return nil
}

// indexOf returns the index report of a manifest.
func (h *Handler) indexOf(ctx context.Context, digest string, p Progress) (*indexReport, error) {
	switch {
	case p.Failed != "":
		return &indexReport{Manifest: digest, State: "IndexError", Error: p.Failed}, nil
	case !p.Done:
		return &indexReport{Manifest: digest, State: "ScanLayers"}, nil
	}
	a, err := h.Backend.Assess(ctx, digest)
	if err != nil {
		return nil, err
	}
	return newIndexReport(digest, a), nil
}

func (h *Handler) indexReport(w http.ResponseWriter, r *http.Request, digest string) error {
	kind, err := accept(r, typeIndexReport)
	if err != nil {
		return err
	}
	p, err := h.Backend.Wait(r.Context(), digest, 0)
	if err != nil {
		return err
	}
	out, err := h.indexOf(r.Context(), digest, p)
	if err != nil {
		return err
	}
	state, err := h.Backend.State(r.Context())
	if err != nil {
		return err
	}
	if w.Header().Set("Etag", `"`+state+`"`); p.Done && holds(r, `"`+state+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return send(w, http.StatusOK, kind, out)
}

func (h *Handler) state(w http.ResponseWriter, r *http.Request, _ string) error {
	kind, err := accept(r, typeIndexState)
	if err != nil {
		return err
	}
	state, err := h.Backend.State(r.Context())
	if err != nil {
		return err
	}
	if w.Header().Set("Etag", `"`+state+`"`); holds(r, `"`+state+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return send(w, http.StatusOK, kind, map[string]string{"state": state})
}

func (h *Handler) forget(w http.ResponseWriter, r *http.Request, _ string) error {
	kind, err := accept(r, typeBulkDelete)
	if err != nil {
		return err
	}
	var digests []string
	if err := decode(w, r, typeBulkDelete, &digests); err != nil {
		return err
	}
	for _, d := range digests {
		if _, err := v1.NewHash(d); err != nil {
			return bad("a digest is malformed")
		}
	}
	done, err := h.Backend.Forget(r.Context(), digests)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, kind, append([]string{}, done...))
}

func (h *Handler) forgetOne(w http.ResponseWriter, r *http.Request, digest string) error {
	if _, err := h.Backend.Forget(r.Context(), []string{digest}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// vulnerabilityReport answers 404 until a manifest is analyzed, as Clair does.
func (h *Handler) vulnerabilityReport(w http.ResponseWriter, r *http.Request, digest string) error {
	kind, err := accept(r, typeVulnerability)
	if err != nil {
		return err
	}
	a, err := h.Backend.Assess(r.Context(), digest)
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, kind, newVulnerabilityReport(digest, a))
}
