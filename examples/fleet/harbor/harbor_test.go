package harbor_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/harbor"
	"github.com/hullmark/hullmark/examples/fleet/internal/openapitest"
	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

const (
	anyReport = "application/vnd.security.vulnerability.report; version=1.1"
	fresh     = "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b" // not analyzed
)

// A service is a fake backend that has analyzed the image of package sampletest.
type service struct {
	t        *testing.T
	handler  *harbor.Handler
	document *openapitest.Document
	digest   string
	answer   *report.Assessment
	log      strings.Builder

	mu          sync.Mutex
	submissions []harbor.Submission
	progress    map[string]harbor.Progress
	broken      error
	none        bool // there are no advisories
}

var (
	once     sync.Once
	digest   string
	answer   *report.Assessment
	document *openapitest.Document
)

func newService(t *testing.T) *service {
	once.Do(func() {
		digest, answer = sampletest.Digest(t), sampletest.Assess(t)
		document = openapitest.Read(t, "testdata/scanner-adapter-openapi-v1.2.yaml")
	})
	s := &service{t: t, digest: digest, answer: answer, progress: make(map[string]harbor.Progress), document: document}
	s.handler = &harbor.Handler{Backend: s, Version: "1.0", Now: func() time.Time { return sampletest.Now }, Log: slog.New(slog.NewTextHandler(&s.log, nil))}
	return s
}

func (s *service) Known(ctx context.Context, digest string) (bool, error) {
	return digest == s.digest, s.broken
}

func (s *service) Submit(ctx context.Context, m harbor.Submission) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.submissions = append(s.submissions, m)
	id := fmt.Sprintf("sub%d", len(s.submissions))
	s.progress[id] = harbor.Progress{}
	return id, nil
}

func (s *service) Progress(ctx context.Context, id string) (harbor.Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.progress[id]
	if !ok {
		return p, harbor.ErrNotFound
	}
	return p, nil
}

func (s *service) Assess(ctx context.Context, digest string) (*report.Assessment, error) {
	if digest == s.digest || s.progress["sub1"].Done && digest == fresh {
		return s.answer, nil
	}
	return nil, harbor.ErrNotFound
}

func (s *service) Updated(ctx context.Context) (time.Time, error) {
	if s.none {
		return time.Time{}, nil
	}
	return sampletest.Now, s.broken
}

// call sends a request, validates the response, and returns it.
func (s *service) call(operation, method, path string, header map[string]string, body string) (*http.Response, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	res := w.Result()
	s.document.Response(s.t, method, operation, res, w.Body.Bytes())
	return res, w.Body.String()
}

func (s *service) scan(body string) (*http.Response, string) {
	s.t.Helper()
	return s.call("/scan", http.MethodPost, "/scan", map[string]string{"Content-Type": "application/vnd.scanner.adapter.scan.request+json; version=1.1"}, body)
}

// accept submits a request and returns the identifier.
func (s *service) accept(body string) string {
	s.t.Helper()
	res, answer := s.scan(body)
	var out struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &out); err != nil || res.StatusCode != http.StatusAccepted || out.ID == "" {
		s.t.Fatalf("%d %s", res.StatusCode, answer)
	}
	return out.ID
}

func (s *service) report(id, kind, query string) (*http.Response, string) {
	s.t.Helper()
	header := map[string]string{}
	if kind != "" {
		header["Accept"] = kind
	}
	return s.call("/scan/{scan_request_id}/report", http.MethodGet, "/scan/"+id+"/report"+query, header, "")
}

// request is one that Harbor sends, with fields that the specification does not have, as in https://github.com/goharbor/harbor-helm/issues/547.
func request(digest string) string {
	return `{"registry": {"url": "http://harbor-harbor-core", "authorization": "Basic cm9ib3Q6c2VjcmV0"},
		"artifact": {"namespace_id": 1, "repository": "library/web", "tag": "", "digest": "` + digest + `", "mime_type": "application/vnd.docker.distribution.manifest.v2+json", "size": 977},
		"enabled_capabilities": [{"type": "vulnerability", "produces_mime_types": ["application/vnd.security.vulnerability.report; version=1.1"]}]}`
}

func TestMetadata(t *testing.T) {
	s := newService(t)
	res, _ := s.call("/metadata", http.MethodGet, "/metadata", map[string]string{"Accept": "application/vnd.scanner.adapter.metadata+json; version=1.0"}, "")
	if res.Header.Get("Content-Type") != "application/vnd.scanner.adapter.metadata+json; version=1.0" {
		t.Errorf("type %q", res.Header.Get("Content-Type"))
	}
	_, body := s.call("/metadata", http.MethodGet, "/metadata", nil, "")
	var out struct {
		Scanner      map[string]string
		Capabilities []struct {
			Type       string
			Produces   []string            `json:"produces_mime_types"`
			Attributes map[string][]string `json:"additional_attributes"`
		}
		Properties map[string]string
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	if out.Properties["harbor.scanner-adapter/vulnerability-database-updated-at"] != "2026-03-01T12:00:00Z" || len(out.Capabilities) != 2 ||
		!slices.Equal(out.Capabilities[1].Attributes["sbom_media_types"], []string{"application/spdx+json", "application/vnd.cyclonedx+json"}) {
		t.Errorf("got %s", body)
	}
	// Of two forms, Harbor shows the one without scores: https://github.com/goharbor/harbor/issues/15623.
	if !slices.Equal(out.Capabilities[0].Produces, []string{anyReport}) {
		t.Errorf("offers %q", out.Capabilities[0].Produces)
	}
	// Harbor asks for each type as a report of its own. A scanner that offered those of documents failed: https://github.com/goharbor/harbor/issues/23014.
	if !slices.Equal(out.Capabilities[1].Produces, []string{"application/vnd.security.sbom.report+json; version=1.0"}) {
		t.Errorf("offers %q", out.Capabilities[1].Produces)
	}
	// A scanner that seems to be ill lets Harbor pull all images: https://github.com/goharbor/harbor/issues/22143. It is well without advisories, too.
	s.none = true
	if res, body := s.call("/metadata", http.MethodGet, "/metadata", nil, ""); res.StatusCode != http.StatusOK || strings.Contains(body, "updated-at") {
		t.Errorf("without advisories: %d %s", res.StatusCode, body)
	}
	// A client that expects JSON fails at a page: https://github.com/anchore/harbor-scanner-adapter/issues/35.
	r := httptest.NewRequest(http.MethodGet, "/api/v1/metadata/", nil)
	w := httptest.NewRecorder()
	if s.handler.ServeHTTP(w, r); w.Code != http.StatusNotFound || !json.Valid(w.Body.Bytes()) {
		t.Errorf("another path: %d %s", w.Code, w.Body)
	}
}

// TestKnown answers for a known digest at once, in all forms.
func TestKnown(t *testing.T) {
	s := newService(t)
	id := s.accept(request(s.digest))
	if len(s.submissions) > 0 {
		t.Errorf("submitted %+v", s.submissions)
	}
	for _, kind := range []string{"", "*/*", anyReport, "application/vnd.security.vulnerability.report; version=1.1, application/json", "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
		"application/vnd.scanner.adapter.vuln.report.harbor+json;version=1.0"} {
		res, body := s.report(id, kind, "")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%q: %d %s", kind, res.StatusCode, body)
		}
		var out struct {
			Artifact        struct{ Repository, Digest string }
			Severity        string
			Vulnerabilities []struct {
				ID, Package, Version, Severity string
				Fixed                          string `json:"fix_version"`
				CVSS                           struct {
					Score  float64 `json:"score_v3"`
					Vector string  `json:"vector_v3"`
				} `json:"preferred_cvss"`
				Links []string
				CWE   []string `json:"cwe_ids"`
			}
		}
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range out.Vulnerabilities {
			got = append(got, fmt.Sprintf("%s %s %s %s %q %.1f %q %q", v.ID, v.Package, v.Version, v.Severity, v.Fixed, v.CVSS.Score, v.Links, v.CWE))
		}
		slices.Sort(got)
		want := []string{
			`CVE-2021-23337 lodash 4.17.15 High "4.17.21" 7.2 ["https://advisories.example/GHSA-35jh-r3h4-6jhm"] []`,
			`CVE-2022-3715 bash 5.2.15-2+b2 Negligible "" 0.0 [] []`,
			`CVE-2024-5535 libssl3 3.0.11-1~deb12u2 Critical "3.0.14-1~deb12u1" 9.1 ["https://security-tracker.example/CVE-2024-5535"] ["CWE-200"]`,
			`CVE-2024-5535 openssl 3.0.11-1~deb12u2 Critical "3.0.14-1~deb12u1" 9.1 ["https://security-tracker.example/CVE-2024-5535"] ["CWE-200"]`,
		}
		if !slices.Equal(got, want) || out.Severity != "Critical" || out.Artifact.Digest != s.digest || out.Artifact.Repository != "library/web" {
			t.Errorf("%q: %s", kind, body)
		}
	}
	if res, body := s.report(id, "application/vnd.scanner.adapter.vuln.report.raw", ""); res.StatusCode != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("raw: %d %.200s", res.StatusCode, body)
	}
	for _, media := range []string{"application/spdx+json", "application/vnd.cyclonedx+json"} {
		res, body := s.report(id, "application/vnd.security.sbom.report+json; version=1.0", "?sbom_media_type="+strings.ReplaceAll(media, "+", "%2B"))
		var out struct {
			Media string `json:"media_type"`
			SBOM  json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &out); err != nil || res.StatusCode != http.StatusOK || out.Media != media {
			t.Fatalf("%s: %d %.300s", media, res.StatusCode, body)
		}
		found, err := sbom.Decode(strings.NewReader(string(out.SBOM)), sbom.Limits{})
		if err != nil || len(found.Components) != 4 {
			t.Errorf("%s: %v", media, err)
		}
	}
}

// TestNew submits an image that is not analyzed, and polls until the report is there.
func TestNew(t *testing.T) {
	s := newService(t)
	id := s.accept(request(fresh))
	want := harbor.Submission{Reference: "harbor-harbor-core:80/library/web@" + fresh, Insecure: true, Authorization: "Basic cm9ib3Q6c2VjcmV0"}
	if len(s.submissions) != 1 || s.submissions[0] != want {
		t.Fatalf("submitted %+v", s.submissions)
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || strings.Contains(string(raw), "cm9ib3Q6c2VjcmV0") {
		t.Errorf("the identifier has the credentials: %s", raw)
	}
	res, body := s.report(id, anyReport, "")
	if res.StatusCode != http.StatusFound || res.Header.Get("Refresh-After") != "5" || body != "" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	// Another server answers, too: the handler keeps nothing.
	s.handler = &harbor.Handler{Backend: s, Now: s.handler.Now}
	s.progress["sub1"] = harbor.Progress{Done: true}
	if res, body := s.report(id, anyReport, ""); res.StatusCode != http.StatusOK || !strings.Contains(body, "CVE-2024-5535") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestSeveral submits images at the same time; each identifier is about its own.
func TestSeveral(t *testing.T) {
	s := newService(t)
	var wg sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		wg.Go(func() { ids[i] = s.accept(request(fmt.Sprintf("sha256:%064x", i))) })
	}
	wg.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 20 || len(s.submissions) != 20 {
		t.Errorf("%d submissions", len(s.submissions))
	}
}

// TestFailed requires an error for a scan that failed: Harbor polls until it gets 200 or 500.
// See https://github.com/anchore/harbor-scanner-adapter/pull/150.
func TestFailed(t *testing.T) {
	s := newService(t)
	id := s.accept(request(fresh))
	s.progress["sub1"] = harbor.Progress{Failed: "the registry refused the credentials"}
	for _, kind := range []string{anyReport, "application/vnd.scanner.adapter.vuln.report.raw"} {
		if res, body := s.report(id, kind, ""); res.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "refused the credentials") {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	}
}

// TestRegistries lists URLs that clients send.
func TestRegistries(t *testing.T) {
	tests := []struct {
		url, reference string // without the digest; "" is an error
		insecure       bool
	}{
		{"https://core.harbor.domain", "core.harbor.domain:443/library/web", false},
		{"https://core.harbor.domain/", "core.harbor.domain:443/library/web", false},
		{"http://core:8080", "core:8080/library/web", true},
		{"http://core", "core:80/library/web", true},
		{"https://[2001:db8::1]:8443", "", false},         // references have no such hosts
		{"10.16.1.2", "10.16.1.2:443/library/web", false}, // https://github.com/aquasecurity/harbor-scanner-trivy/issues/5
		{"10.16.1.2:5000", "10.16.1.2:5000/library/web", false},
		{"https://core.harbor.domain/v2/", "core.harbor.domain:443/library/web", false},
		{"https://user:secret@core.harbor.domain", "", false},
		{"https://core.harbor.domain/other", "", false},
		{"https://core.harbor.domain?x=1", "", false},
		{"ftp://core", "", false},
		{"https://", "", false},
		{"", "", false},
		{"https://a b", "", false},
	}
	for _, test := range tests {
		s := newService(t)
		body := strings.Replace(request(fresh), "http://harbor-harbor-core", test.url, 1)
		res, answer := s.scan(body)
		if test.reference == "" {
			if res.StatusCode != http.StatusUnprocessableEntity || strings.Contains(answer, "secret") {
				t.Errorf("%s: %d %s", test.url, res.StatusCode, answer)
			}
			continue
		}
		if len(s.submissions) != 1 || s.submissions[0].Reference != test.reference+"@"+fresh || s.submissions[0].Insecure != test.insecure {
			t.Errorf("%s: %+v", test.url, s.submissions)
		}
	}
}

// TestRequests lists requests that are refused, and some that only seem to be wrong.
func TestRequests(t *testing.T) {
	base := request(fresh)
	tests := []struct {
		name, body string
		status     int
	}{
		{"no JSON", "{", 400},
		{"a wrong type", `{"registry": "x"}`, 400},
		{"null", "null", 422},
		{"no artifact", `{"registry": {"url": "https://a.example"}}`, 422},
		{"no digest", strings.Replace(base, fresh, "", 1), 422},
		{"a tag as digest", strings.Replace(base, fresh, "latest", 1), 422},
		{"a repository that leaves the registry", strings.Replace(base, "library/web", "../../other/web", 1), 422},
		{"a repository with a host", strings.Replace(base, "library/web", "Evil.example/web", 1), 422},
		{"no repository", strings.Replace(base, "library/web", "", 1), 422},
		{"a long tag", strings.Replace(base, `"tag": ""`, `"tag": "`+strings.Repeat("x", 2000)+`"`, 1), 422},
		{"a chart", strings.Replace(base, "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.cncf.helm.config.v1+json", 1), 501},
		{"another capability", strings.Replace(base, `"type": "vulnerability"`, `"type": "malware"`, 1), 501},
		{"another report", strings.Replace(base, "vulnerability.report; version=1.1", "vulnerability.report; version=9.9", 1), 501},
		{"too large", `{"x": "` + strings.Repeat("x", 2<<20) + `"}`, 400},
		// Without this field a scanner takes all types; https://github.com/aquasecurity/harbor-scanner-trivy/issues/443 failed.
		{"no types of reports", strings.Replace(base, `, "produces_mime_types": ["application/vnd.security.vulnerability.report; version=1.1"]`, "", 1), 202},
		{"capabilities that are null, as in https://github.com/goharbor/harbor/issues/20321", base[:strings.Index(base, `"enabled`)] + `"enabled_capabilities": null}`, 202},
		{"no capabilities, as before version 1.2", base[:strings.Index(base, `"enabled`)] + `"x": 1}`, 202},
		{"no type of the artifact", strings.Replace(base, `"mime_type": "application/vnd.docker.distribution.manifest.v2+json"`, `"mime_type": ""`, 1), 202},
	}
	for _, test := range tests {
		s := newService(t)
		if res, answer := s.scan(test.body); res.StatusCode != test.status || strings.Contains(answer, "cm9ib3Q6c2VjcmV0") {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, answer)
		}
	}
	s := newService(t)
	for kind, status := range map[string]int{"application/vnd.scanner.adapter.scan.request+json; version=1.0": 202, "application/json": 202, "text/plain": 400, "": 400,
		"application/vnd.scanner.adapter.scan.request+json; version=7": 400} {
		if res, _ := s.call("/scan", http.MethodPost, "/scan", map[string]string{"Content-Type": kind}, base); res.StatusCode != status {
			t.Errorf("type %q: %d", kind, res.StatusCode)
		}
	}
}

// TestReports lists requests for reports that get none.
func TestReports(t *testing.T) {
	s := newService(t)
	id := s.accept(request(s.digest))
	lost := s.accept(request(fresh))
	delete(s.progress, "sub1")
	tests := []struct {
		id, kind, query string
		status          int
	}{
		{"x", anyReport, "", 404},
		{strings.Repeat("x", 5000), anyReport, "", 404},
		{base64.RawURLEncoding.EncodeToString([]byte(`{"a": {"digest": "latest"}}`)), anyReport, "", 404},
		{base64.RawURLEncoding.EncodeToString([]byte(`{"a": {"digest": "` + fresh + `"}}`)), anyReport, "", 404},
		{lost, anyReport, "", 404},
		{id, "text/html", "", 501},
		{id, "application/vnd.security.vulnerability.report; version=2.0", "", 501},
		{id, "application/vnd.security.sbom.report+json; version=1.0", "", 400},
		{id, "application/vnd.security.sbom.report+json; version=1.0", "?sbom_media_type=text/plain", 400},
	}
	for _, test := range tests {
		if res, body := s.report(test.id, test.kind, test.query); res.StatusCode != test.status {
			t.Errorf("%.60s %s %s: %d %s", test.id, test.kind, test.query, res.StatusCode, body)
		}
	}
	s.broken = errors.New("the password of the database is wrong")
	if res, body := s.call("/metadata", http.MethodGet, "/metadata", nil, ""); res.StatusCode != 500 || strings.Contains(body, "password") || !strings.Contains(s.log.String(), "password") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestEmpty requires a list without a finding, not null (https://github.com/goharbor/harbor/issues/11131), and a severity of the specification
// (https://github.com/goharbor/pluggable-scanner-spec/issues/20).
func TestEmpty(t *testing.T) {
	s := newService(t)
	s.answer = &report.Assessment{}
	if _, body := s.report(s.accept(request(s.digest)), anyReport, ""); !strings.Contains(body, `"severity":"Unknown","vulnerabilities":[]`) {
		t.Errorf("got %s", body)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(request(fresh), "x")
	f.Add(`{"registry": {"url": "https://[::1"}, "artifact": {"digest": "`+fresh+`"}}`, base64.RawURLEncoding.EncodeToString([]byte(`{"s": "sub1", "a": {"digest": "`+fresh+`"}}`)))
	f.Fuzz(func(t *testing.T, body, id string) {
		s := &service{t: t, progress: map[string]harbor.Progress{}, answer: &report.Assessment{}}
		h := &harbor.Handler{Backend: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		r := httptest.NewRequest(http.MethodPost, "/api/v1/scan", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError || w.Code == http.StatusAccepted && len(s.submissions) != 1 {
			t.Errorf("%d %s", w.Code, w.Body.String())
		}
		r = httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = "/api/v1/scan/" + id + "/report"
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%d %s", w.Code, w.Body.String())
		}
	})
}
