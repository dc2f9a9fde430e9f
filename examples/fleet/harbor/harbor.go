// Package harbor is a scanner of Harbor: it serves version 1.2 of the pluggable scanner API. Images whose digest is known are answered at
// once, others are submitted.
//
// A scan request has no state here. Its identifier says which artifact and which submission it is about, so any server answers for it, also
// after a restart. The program that serves a [Handler] authenticates requests, and puts the tenant into their context for the [Backend].
package harbor

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/matcher/report"
	jsonreport "github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// ErrNotFound reports an image that is not analyzed, or a submission that does not exist.
var ErrNotFound = errors.New("not found")

// ErrIndex reports the digest of an index. Harbor asks about each of its images.
var ErrIndex = errors.New("an index")

// A Submission is an image to analyze. Authorization is for pulling this image only: a Backend neither keeps it in clear text nor uses it for
// other images.
type Submission struct {
	Reference     string // with the digest
	Insecure      bool   // the registry has no TLS
	Authorization string // the header for the registry; "" without one
}

// A Progress says how far a submission is.
type Progress struct {
	Done   bool
	Failed string // the reason for a person if it failed; it has no secrets
}

// A Backend is the service.
type Backend interface {
	// Known reports whether an image is analyzed. It returns ErrIndex for an index.
	Known(ctx context.Context, digest string) (bool, error)

	// Submit submits an image and returns the identifier of the submission.
	Submit(ctx context.Context, s Submission) (id string, err error)

	// Progress returns how far a submission is, or ErrNotFound.
	Progress(ctx context.Context, id string) (Progress, error)

	// Assess assesses an analyzed image, or returns ErrNotFound or ErrIndex.
	Assess(ctx context.Context, digest string) (*report.Assessment, error)

	// Updated returns the date of the advisories, zero without advisories.
	Updated(ctx context.Context) (time.Time, error)
}

// Types of documents.
const (
	typeMetadata10 = "application/vnd.scanner.adapter.metadata+json; version=1.0"
	typeMetadata11 = "application/vnd.scanner.adapter.metadata+json; version=1.1"
	typeRequest    = "application/vnd.scanner.adapter.scan.request+json"
	typeResponse   = "application/vnd.scanner.adapter.scan.response+json; version=1.0"
	typeError      = "application/vnd.scanner.adapter.error+json; version=1.0"
	typeHarbor     = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0"
	typeReport     = "application/vnd.security.vulnerability.report; version=1.1"
	typeRaw        = "application/vnd.scanner.adapter.vuln.report.raw"
	typeSBOM       = "application/vnd.security.sbom.report+json; version=1.0"

	typeSPDX      = "application/spdx+json"
	typeCycloneDX = "application/vnd.cyclonedx+json"
)

// consumed are the types of artifacts.
var consumed = []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}

const (
	maxRequest = 1 << 20
	maxID      = 4096
	refresh    = 5 * time.Second
)

// A Handler serves the API below the path /api/v1. It may be used by many goroutines at once.
type Handler struct {
	Backend Backend
	Version string // the program's, for the metadata
	Log     *slog.Logger
	Now     func() time.Time // the current time if nil
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	id, isReport := strings.CutPrefix(r.URL.Path, "/api/v1/scan/")
	id, hasReport := strings.CutSuffix(id, "/report")
	switch {
	case r.URL.Path == "/api/v1/metadata" && r.Method == http.MethodGet:
		err = h.metadata(w, r)
	case r.URL.Path == "/api/v1/scan" && r.Method == http.MethodPost:
		err = h.scan(w, r)
	case isReport && hasReport && r.Method == http.MethodGet:
		err = h.report(w, r, id)
	default:
		err = &failure{http.StatusNotFound, "no such operation"}
	}
	if err == nil {
		return
	}
	f, ok := errors.AsType[*failure](err)
	switch {
	case ok:
	case r.Context().Err() != nil:
		f = &failure{http.StatusServiceUnavailable, "canceled"}
	default:
		log := h.Log
		if log == nil {
			log = slog.Default()
		}
		log.ErrorContext(r.Context(), "request of Harbor failed", "path", r.URL.Path, "error", err)
		f = &failure{http.StatusInternalServerError, "internal error"}
	}
	send(w, f.status, typeError, map[string]any{"error": map[string]any{"message": f.message}})
}

// A failure is an error for the client.
type failure struct {
	status  int
	message string
}

func (f *failure) Error() string { return f.message }

var errIndex = &failure{http.StatusNotImplemented, "the artifact is an index; scan its images"}

func send(w http.ResponseWriter, status int, kind string, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	w.Write(b.Bytes()) // the client may be gone
	return nil
}

type scanner struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor"`
	Version string `json:"version"`
}

func (h *Handler) scanner() scanner {
	v := h.Version
	if v == "" {
		v = "devel"
	}
	return scanner{"Hullmark", "Hullmark", v}
}

func (h *Handler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

type capability struct {
	Type       string              `json:"type"`
	Consumes   []string            `json:"consumes_mime_types"`
	Produces   []string            `json:"produces_mime_types"`
	Attributes map[string][]string `json:"additional_attributes,omitempty"`
}

// metadata offers one form of vulnerability reports. Harbor asks for each form that a scanner offers, and shows the older one, without scores,
// if there are two: https://github.com/goharbor/harbor/issues/15623. Clients that ask for the older one get it nevertheless.
func (h *Handler) metadata(w http.ResponseWriter, r *http.Request) error {
	properties := map[string]string{"harbor.scanner-adapter/scanner-type": "os-package-vulnerability"}
	updated, err := h.Backend.Updated(r.Context())
	if err != nil {
		return err
	}
	if !updated.IsZero() {
		properties["harbor.scanner-adapter/vulnerability-database-updated-at"] = updated.UTC().Format(time.RFC3339)
	}
	kind := negotiate(r.Header.Values("Accept"), typeMetadata11, typeMetadata10)
	if kind == "" {
		kind = typeMetadata11
	}
	return send(w, http.StatusOK, kind, map[string]any{
		"scanner": h.scanner(),
		"capabilities": []capability{
			{"vulnerability", consumed, []string{typeReport}, nil},
			{"sbom", consumed, []string{typeSBOM}, map[string][]string{"sbom_media_types": {typeSPDX, typeCycloneDX}}},
		},
		"properties": properties,
	})
}

// negotiate returns the first type that a client accepts, the first of types if it accepts any, or "".
func negotiate(accept []string, types ...string) string {
	any := true
	for _, line := range accept {
		for _, text := range strings.Split(line, ",") {
			if strings.TrimSpace(text) == "" {
				continue
			}
			any = false
			kind, params, err := mime.ParseMediaType(text)
			if err != nil {
				continue
			}
			if kind == "*/*" || kind == "application/*" {
				return types[0]
			}
			for _, t := range types {
				name, own, err := mime.ParseMediaType(t)
				if err == nil && name == kind && (params["version"] == "" || params["version"] == own["version"]) {
					return t
				}
			}
		}
	}
	if any {
		return types[0]
	}
	return ""
}

// An artifact is an image as Harbor names it.
type artifact struct {
	Repository string `json:"repository,omitempty"`
	Digest     string `json:"digest,omitempty"`
	Tag        string `json:"tag,omitempty"`
	Type       string `json:"mime_type,omitempty"`
}

type scanRequest struct {
	Registry *struct {
		URL           string `json:"url"`
		Authorization string `json:"authorization"`
	} `json:"registry"`
	Artifact     *artifact `json:"artifact"`
	Capabilities []struct {
		Type     string   `json:"type"`
		Produces []string `json:"produces_mime_types"`
	} `json:"enabled_capabilities"`
}

func (h *Handler) scan(w http.ResponseWriter, r *http.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && (kind != typeRequest || !slices.Contains([]string{"", "1.0", "1.1"}, params["version"])) {
		return &failure{http.StatusBadRequest, "the type of the body is not supported"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return &failure{http.StatusBadRequest, "the body cannot be read, or has more than " + strconv.Itoa(maxRequest) + " bytes"}
	}
	var in scanRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return &failure{http.StatusBadRequest, "the body is malformed"} // the error may have the credentials
	}
	submission, err := in.submission()
	if err != nil {
		return err
	}
	known, err := h.Backend.Known(r.Context(), in.Artifact.Digest)
	if errors.Is(err, ErrIndex) {
		return errIndex
	}
	if err != nil {
		return err
	}
	ticket := ticket{Artifact: *in.Artifact}
	if !known {
		if ticket.Submission, err = h.Backend.Submit(r.Context(), submission); err != nil {
			return err
		}
	}
	id, err := ticket.id()
	if err != nil {
		return err
	}
	return send(w, http.StatusAccepted, typeResponse, map[string]string{"id": id})
}

// repository is the form of names of repositories. Package name takes "../other", too, which would lead a client out of the API's path.
var repository = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// submission returns what to submit for a request.
func (in *scanRequest) submission() (Submission, error) {
	invalid := func(message string) (Submission, error) {
		return Submission{}, &failure{http.StatusUnprocessableEntity, message}
	}
	if in.Registry == nil || in.Artifact == nil {
		return invalid("registry and artifact are required")
	}
	host, insecure, err := registryHost(in.Registry.URL)
	if err != nil {
		return invalid("registry.url: " + err.Error())
	}
	a := in.Artifact
	if len(a.Repository)+len(a.Tag)+len(a.Type) > 1024 {
		return invalid("artifact: too long")
	}
	if _, err := v1.NewHash(a.Digest); err != nil {
		return invalid("artifact.digest is malformed")
	}
	ref, err := name.NewDigest(host+"/"+a.Repository+"@"+a.Digest, name.StrictValidation)
	if err != nil || ref.RepositoryStr() != a.Repository || !repository.MatchString(a.Repository) {
		return invalid("artifact.repository is malformed")
	}
	if a.Type != "" && !slices.Contains(consumed, a.Type) {
		return Submission{}, &failure{http.StatusNotImplemented, "artifacts of this type cannot be scanned"}
	}
	for _, c := range in.Capabilities {
		offered := map[string][]string{"vulnerability": {typeReport, typeHarbor, typeRaw}, "sbom": {typeSBOM}}[c.Type]
		if offered == nil {
			return Submission{}, &failure{http.StatusNotImplemented, "the scanner does not have the capability"}
		}
		for _, p := range c.Produces { // without any, all
			if negotiate([]string{p}, offered...) == "" {
				return Submission{}, &failure{http.StatusNotImplemented, "the scanner does not produce a type that the request has"}
			}
		}
	}
	return Submission{Reference: ref.Name(), Insecure: insecure, Authorization: in.Registry.Authorization}, nil
}

// registryHost returns the host of a registry's URL. Harbor sends its internal or external URL; other clients have sent a host alone, see
// https://github.com/aquasecurity/harbor-scanner-trivy/issues/5.
func registryHost(text string) (host string, insecure bool, err error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", false, errors.New("no URL of a registry")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" && strings.Trim(u.Path, "/") != "v2" {
		return "", false, errors.New("more than the address of a registry")
	}
	if strings.Contains(u.Host, "[") {
		return "", false, errors.New("an address of IPv6, which references cannot have")
	}
	if u.Port() == "" {
		// A reference has no scheme, and its first part is a registry only if it has a dot or a port, as core and localhost don't.
		u.Host += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	}
	return u.Host, u.Scheme == "http", nil
}

// A ticket is the content of the identifier of a scan request.
type ticket struct {
	Submission string   `json:"s,omitempty"` // "" for an image that was known
	Artifact   artifact `json:"a"`
}

func (t *ticket) id() (string, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func readTicket(id string) (*ticket, error) {
	unknown := &failure{http.StatusNotFound, "no such scan request"}
	if len(id) > maxID {
		return nil, unknown
	}
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return nil, unknown
	}
	var t ticket
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, unknown
	}
	if _, err := v1.NewHash(t.Artifact.Digest); err != nil {
		return nil, unknown
	}
	return &t, nil
}

func (h *Handler) report(w http.ResponseWriter, r *http.Request, id string) error {
	t, err := readTicket(id)
	if err != nil {
		return err
	}
	kind := negotiate(r.Header.Values("Accept"), typeReport, typeHarbor, typeRaw, typeSBOM)
	if kind == "" {
		return &failure{http.StatusNotImplemented, "the scanner does not produce this type"}
	}
	media := r.URL.Query().Get("sbom_media_type")
	if kind == typeSBOM && media != typeSPDX && media != typeCycloneDX {
		return &failure{http.StatusBadRequest, "sbom_media_type must be " + typeSPDX + " or " + typeCycloneDX}
	}
	if t.Submission != "" {
		p, err := h.Backend.Progress(r.Context(), t.Submission)
		switch {
		case errors.Is(err, ErrNotFound):
			return &failure{http.StatusNotFound, "no such scan request"}
		case err != nil:
			return err
		case p.Failed != "": // a scan that failed must not stay pending, see https://github.com/anchore/harbor-scanner-adapter/pull/150
			return &failure{http.StatusInternalServerError, "the image could not be analyzed: " + p.Failed}
		case !p.Done:
			w.Header().Set("Refresh-After", strconv.Itoa(int(refresh/time.Second)))
			w.WriteHeader(http.StatusFound)
			return nil
		}
	}
	a, err := h.Backend.Assess(r.Context(), t.Artifact.Digest)
	if errors.Is(err, ErrNotFound) {
		return &failure{http.StatusNotFound, "the image is not analyzed, or was deleted"}
	}
	if errors.Is(err, ErrIndex) {
		return errIndex
	}
	if err != nil {
		return err
	}
	switch kind {
	case typeRaw:
		var b bytes.Buffer
		if err := jsonreport.Write(&b, a); err != nil {
			return err
		}
		w.Header().Set("Content-Type", kind)
		w.Write(b.Bytes()) // the client may be gone
		return nil
	case typeSBOM:
		return h.sbom(w, t, a, media)
	}
	return send(w, http.StatusOK, kind, h.vulnerabilities(t, a))
}

// sbom writes an SBOM without vulnerabilities, which go out of date.
func (h *Handler) sbom(w http.ResponseWriter, t *ticket, a *report.Assessment, media string) error {
	format := sbom.CycloneDXJSON
	if media == typeSPDX {
		format = sbom.SPDXJSON
	}
	var b bytes.Buffer
	o := sbom.Options{Format: format, Compact: true, Name: a.Name, Tool: report.Tool{Name: "hullmark", Version: h.scanner().Version}, Timestamp: h.now().UTC()}
	if err := sbom.Encode(&b, &report.Assessment{Report: a.Report}, o); err != nil {
		return err
	}
	return send(w, http.StatusOK, typeSBOM, map[string]any{
		"generated_at": h.now().UTC().Format(time.RFC3339),
		"artifact":     t.Artifact,
		"scanner":      h.scanner(),
		"media_type":   media,
		"sbom":         json.RawMessage(b.Bytes()),
	})
}
