package clair_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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

	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/examples/fleet/internal/openapitest"
	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const digest = "sha256:fc84b5febd328eccaa913807716887b3eb5ed08bc22cc6933a9ebf82766725e3"

var (
	once     sync.Once
	answer   *report.Assessment
	document *openapitest.Document
)

// A service is a fake backend whose manifests have the contents of the image of package sampletest.
type service struct {
	t          *testing.T
	handler    *clair.Handler
	log        strings.Builder
	manifests  map[string]clair.Manifest
	progress   clair.Progress
	deliveries map[string]*webhook.Delivery
}

func newService(t *testing.T) *service {
	once.Do(func() {
		answer = sampletest.Assess(t)
		document = openapitest.Read(t, "testdata/openapi.yaml")
	})
	s := &service{t: t, manifests: make(map[string]clair.Manifest), progress: clair.Progress{Done: true}, deliveries: make(map[string]*webhook.Delivery)}
	s.handler = &clair.Handler{Backend: s, Log: slog.New(slog.NewTextHandler(&s.log, nil))}
	return s
}

func (s *service) Index(ctx context.Context, m clair.Manifest) error {
	s.manifests[m.Hash] = m
	return nil
}

func (s *service) Wait(ctx context.Context, digest string, most time.Duration) (clair.Progress, error) {
	if _, ok := s.manifests[digest]; !ok {
		return clair.Progress{}, clair.ErrNotFound
	}
	return s.progress, nil
}

func (s *service) Assess(ctx context.Context, digest string) (*report.Assessment, error) {
	if _, ok := s.manifests[digest]; !ok || !s.progress.Done {
		return nil, fmt.Errorf("assess: %w", clair.ErrNotFound)
	}
	return answer, nil
}

func (s *service) Forget(ctx context.Context, digests []string) (done []string, err error) {
	for _, d := range digests {
		if _, ok := s.manifests[d]; ok {
			delete(s.manifests, d)
			done = append(done, d)
		}
	}
	return done, nil
}

func (s *service) State(ctx context.Context) (string, error) { return "state1", nil }

func (s *service) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	if d := s.deliveries[id]; d != nil {
		return d, nil
	}
	return nil, clair.ErrNotFound
}

func (s *service) Acknowledge(ctx context.Context, id string) error {
	delete(s.deliveries, id)
	return nil
}

// call sends a request, validates the response, and returns it. The operation is the path in Clair's document.
func (s *service) call(operation, method, path string, header map[string]string, body string) (*http.Response, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	res := w.Result()
	document.Response(s.t, method, operation, res, valid(w.Body.Bytes()))
	return res, w.Body.String()
}

// valid returns a body without the two fields of notifications that Clair's program and the example of its document have, and its schema has not.
func valid(body []byte) []byte {
	var page map[string]any
	if json.Unmarshal(body, &page) != nil || page["notifications"] == nil {
		return body
	}
	for _, n := range page["notifications"].([]any) {
		v := n.(map[string]any)["vulnerability"].(map[string]any)
		delete(v, "description")
		delete(v, "links")
	}
	b, _ := json.Marshal(page)
	return b
}

const (
	indexPath  = "/indexer/api/v1/index_report"
	reportPath = "/matcher/api/v1/vulnerability_report"
	noticePath = "/notifier/api/v1/notification"
)

func manifest(hash string) string {
	return `{"hash": "` + hash + `", "layers": [
		{"hash": "sha256:2f077db56abccc19f16f140f629ae98e904b4b7d563957a7fc319bd11b82ba36", "uri": "https://storage.example/blob/1", "headers": {"Authorization": ["Bearer hunter2"]}},
		{"hash": "sha256:2f077db56abccc19f16f140f629ae98e904b4b7d563957a7fc319bd11b82ba36", "uri": "https://storage.example/blob/1"}]}`
}

func (s *service) post(body string) (*http.Response, string) {
	s.t.Helper()
	return s.call(indexPath, http.MethodPost, indexPath, nil, body)
}

func decoded[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return v
}

// TestIndex submits a manifest in which a layer occurs twice, as in https://github.com/quay/clair/issues/388, and reads its reports.
func TestIndex(t *testing.T) {
	s := newService(t)
	res, body := s.post(manifest(digest))
	type index struct {
		Hash         string `json:"manifest_hash"`
		State        string
		Success      bool
		Packages     map[string]struct{ Name, Version string }
		Environments map[string][]struct {
			Database   string   `json:"package_db"`
			Distro     string   `json:"distribution_id"`
			Repos      []string `json:"repository_ids"`
			Introduced string   `json:"introduced_in"`
		}
	}
	out := decoded[index](t, body)
	if res.StatusCode != http.StatusCreated || out.Hash != digest || out.State != "IndexFinished" || !out.Success || len(out.Packages) != 4 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if res.Header.Get("Location") != indexPath+"/"+digest || res.Header.Get("Etag") != `"state1"` || len(res.Header["Link"]) != 2 {
		t.Errorf("headers %v", res.Header)
	}
	for id, p := range out.Packages {
		e := out.Environments[id]
		if len(e) != 1 || e[0].Introduced == "" || (p.Name == "lodash") != slices.Equal(e[0].Repos, []string{"npm"}) || (p.Name == "lodash") == (e[0].Distro == "1") {
			t.Errorf("%s: %+v", p.Name, e)
		}
	}
	if m := s.manifests[digest]; len(m.Layers) != 2 || m.Layers[0].Headers["Authorization"][0] != "Bearer hunter2" {
		t.Errorf("submitted %+v", m)
	}
	_, again := s.call(indexPath+"/{digest}", http.MethodGet, indexPath+"/"+digest, nil, "")
	if again != body {
		t.Errorf("the index report is another one: %s", again)
	}
	// Clients repeat a manifest only if the state has changed.
	if res, _ := s.call(indexPath, http.MethodPost, indexPath, map[string]string{"If-None-Match": `"state1"`}, manifest(digest)); res.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("status %d", res.StatusCode)
	}
	if res, body := s.call("/indexer/api/v1/index_state", http.MethodGet, "/indexer/api/v1/index_state", nil, ""); body != "{\"state\":\"state1\"}\n" || res.Header.Get("Etag") != `"state1"` {
		t.Errorf("state %s", body)
	}
	if res, _ := s.call("/indexer/api/v1/index_state", http.MethodGet, "/indexer/api/v1/index_state", map[string]string{"If-None-Match": `"state1"`}, ""); res.StatusCode != http.StatusNotModified {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestVulnerabilityReport(t *testing.T) {
	s := newService(t)
	s.post(manifest(digest))
	for _, accept := range []string{"", "application/json", "application/vnd.clair.vulnerability_report.v1+json, application/json;q=0.5", "*/*"} {
		header := map[string]string{}
		if accept != "" {
			header["Accept"] = accept
		}
		res, body := s.call(reportPath+"/{digest}", http.MethodGet, reportPath+"/"+digest, header, "")
		out := decoded[struct {
			Packages        map[string]struct{ Name, Version string }
			Vulnerabilities map[string]struct {
				Name, Updater string
				Severity      string `json:"normalized_severity"`
				Fixed         string `json:"fixed_in_version"`
			}
			Of          map[string][]string `json:"package_vulnerabilities"`
			Enrichments map[string][]any
		}](t, body)
		var got []string
		for p, list := range out.Of {
			for _, v := range list {
				x := out.Vulnerabilities[v]
				got = append(got, fmt.Sprintf("%s %s: %s %s %q by %s", out.Packages[p].Name, out.Packages[p].Version, x.Name, x.Severity, x.Fixed, x.Updater))
			}
		}
		slices.Sort(got)
		want := []string{
			`bash 5.2.15-2+b2: CVE-2022-3715 Negligible "" by debian`,
			`libssl3 3.0.11-1~deb12u2: CVE-2024-5535 Critical "3.0.14-1~deb12u1" by debian`,
			`lodash 4.17.15: CVE-2021-23337 High "4.17.21" by osv`,
			`openssl 3.0.11-1~deb12u2: CVE-2024-5535 Critical "3.0.14-1~deb12u1" by debian`,
		}
		if res.StatusCode != http.StatusCreated || !slices.Equal(got, want) || len(out.Enrichments) != 1 {
			t.Errorf("%q: %d %q", accept, res.StatusCode, got)
		}
	}
}

// TestProgress lists states of a manifest, and what clients see.
func TestProgress(t *testing.T) {
	s := newService(t)
	if res, _ := s.call(indexPath+"/{digest}", http.MethodGet, indexPath+"/"+digest, nil, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("unknown: %d", res.StatusCode)
	}
	s.progress = clair.Progress{}
	if res, body := s.post(manifest(digest)); res.StatusCode != http.StatusCreated || !strings.Contains(body, `"state":"ScanLayers","success":false`) {
		t.Errorf("waiting: %d %s", res.StatusCode, body)
	}
	if res, _ := s.call(reportPath+"/{digest}", http.MethodGet, reportPath+"/"+digest, nil, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("report of a waiting one: %d", res.StatusCode)
	}
	s.progress = clair.Progress{Failed: "a layer has another digest"}
	if res, body := s.call(indexPath+"/{digest}", http.MethodGet, indexPath+"/"+digest, nil, ""); res.StatusCode != http.StatusOK || !strings.Contains(body, `"state":"IndexError","err":"a layer has another digest","success":false`) {
		t.Errorf("failed: %d %s", res.StatusCode, body)
	}
}

func TestForget(t *testing.T) {
	s := newService(t)
	other := strings.Replace(digest, "f", "0", 1)
	s.post(manifest(digest))
	s.post(manifest(other))
	if res, body := s.call(indexPath, http.MethodDelete, indexPath, nil, `["`+digest+`", "`+strings.Replace(digest, "f", "1", 1)+`"]`); res.StatusCode != 200 || body != `["`+digest+"\"]\n" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for range 2 { // the second deletes nothing
		if res, body := s.call(indexPath+"/{digest}", http.MethodDelete, indexPath+"/"+other, nil, ""); res.StatusCode != http.StatusNoContent || body != "" {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	}
	if len(s.manifests) > 0 {
		t.Errorf("left: %v", s.manifests)
	}
}

// TestErrors lists requests that are refused.
func TestErrors(t *testing.T) {
	base := manifest(digest)
	tests := []struct {
		name, body string
	}{
		{"no JSON", "{"},
		{"null", "null"},
		{"no hash", strings.Replace(base, digest, "", 1)},
		{"a short hash", strings.Replace(base, digest, "sha256:ab", 1)},
		{"a hash without its algorithm, as in https://github.com/quay/claircore/pull/97", strings.Replace(base, digest, digest[7:], 1)},
		{"a layer without an algorithm", strings.Replace(base, `"sha256:2f07`, `"2f07`, 1)},
		{"no layers, as in https://github.com/quay/quay/pull/561", `{"hash": "` + digest + `", "layers": []}`},
		{"layers that are null", `{"hash": "` + digest + `", "layers": null}`},
		{"too many layers", `{"hash": "` + digest + `", "layers": [` + strings.Repeat(`{},`, 1000) + `{}]}`},
		{"a file", strings.Replace(base, "https://storage.example/blob/1", "file:///etc/passwd", 1)},
		{"a header with a line break", strings.Replace(base, "Bearer hunter2", `x\r\nHost: y`, 1)},
		{"long headers", strings.Replace(base, "Bearer hunter2", strings.Repeat("x", 70<<10), 1)},
		{"a wrong type", `{"hash": "` + digest + `", "layers": [{"headers": {"Authorization": "Bearer hunter2"}}]}`},
		{"too large", `"` + strings.Repeat("x", 5<<20) + `"`},
	}
	s := newService(t)
	for _, test := range tests {
		if res, body := s.post(test.body); res.StatusCode != http.StatusBadRequest || strings.Contains(body, "hunter2") || len(s.manifests) > 0 || len(res.Header["Link"]) > 0 {
			t.Errorf("%s: %d %s", test.name, res.StatusCode, body)
		}
	}
	if res, _ := s.call(indexPath, http.MethodPost, indexPath, map[string]string{"Content-Type": "text/plain"}, base); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a body of another type: %d", res.StatusCode)
	}
	if res, _ := s.call(reportPath+"/{digest}", http.MethodGet, reportPath+"/"+digest, map[string]string{"Accept": "text/html"}, ""); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("another type: %d", res.StatusCode)
	}
	if res, _ := s.call(reportPath+"/{digest}", http.MethodGet, reportPath+"/latest", nil, ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a tag: %d", res.StatusCode)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodPut, indexPath, nil))
	if w.Code != http.StatusMethodNotAllowed || len(w.Header()["Allow"]) != 2 {
		t.Errorf("PUT: %d", w.Code)
	}
}

// token returns a signed token.
func token(key, header, claims string) string {
	e := base64.RawURLEncoding
	text := e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(claims))
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return text + "." + e.EncodeToString(h.Sum(nil))
}

func TestKeys(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	keys := &clair.Keys{Key: []byte("secret"), Issuers: []string{"quay", "clairctl"}, Now: func() time.Time { return now }}
	const header = `{"alg": "HS256", "typ": "JWT"}`
	claims := func(format string, args ...any) string {
		return token("secret", header, fmt.Sprintf(format, args...))
	}
	unsigned := token("secret", `{"alg": "none"}`, `{"iss": "quay"}`)
	good := claims(`{"iss": "quay"}`)
	tests := []struct {
		name, header string
		valid        bool
	}{
		{"good", "Bearer " + good, true},
		{"a scheme in small letters", "bearer " + good, true},
		{"not expired", "Bearer " + claims(`{"iss": "quay", "exp": %d}`, now.Unix()+1), true},
		{"expired within the leeway", "Bearer " + claims(`{"iss": "quay", "exp": %d}`, now.Unix()-10), true},
		{"expired", "Bearer " + claims(`{"iss": "quay", "exp": %d}`, now.Unix()-60), false},
		{"not valid yet", "Bearer " + claims(`{"iss": "quay", "nbf": %d}`, now.Unix()+60), false},
		{"issued within the leeway", "Bearer " + claims(`{"iss": "quay", "iat": %d}`, now.Unix()+10), true},
		{"issued in the future", "Bearer " + claims(`{"iss": "quay", "iat": %d}`, now.Unix()+60), false},
		{"times with fractions", "Bearer " + claims(`{"iss": "clairctl", "iat": 1699999999.5, "exp": 1700000060.25}`), true},
		{"a time that is a text", "Bearer " + claims(`{"iss": "quay", "exp": "never"}`), false},
		{"another issuer", "Bearer " + claims(`{"iss": "other"}`), false},
		{"no issuer", "Bearer " + claims(`{}`), false},
		{"claims that are null", "Bearer " + claims(`null`), false},
		{"another key", "Bearer " + token("other", header, `{"iss": "quay"}`), false},
		{"no algorithm", "Bearer " + unsigned, false},
		{"no signature", "Bearer " + unsigned[:strings.LastIndex(unsigned, ".")+1], false},
		{"HS512", "Bearer " + token("secret", `{"alg": "HS512"}`, `{"iss": "quay"}`), false},
		{"critical extensions", "Bearer " + token("secret", `{"alg": "HS256", "crit": ["b64"], "b64": false}`, `{"iss": "quay"}`), false},
		{"four parts", "Bearer " + good + ".x", false},
		{"padding", "Bearer " + good + "=", false},
		{"basic", "Basic " + good, false},
		{"none", "", false},
		{"long", "Bearer " + strings.Repeat("x", 10<<10), false},
	}
	s := newService(t)
	s.handler.Keys = keys
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "/indexer/api/v1/index_state", nil)
		r.Header.Set("Authorization", test.header)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != test.valid || !test.valid && w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body.String())
		}
	}
	// The example of RFC 7515, appendix A.1.
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	rfc := &clair.Keys{Key: key, Issuers: []string{"joe"}, Now: func() time.Time { return time.Unix(1300819379, 0) }}
	issuer, err := rfc.Check(&http.Request{Header: http.Header{"Authorization": {"Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." +
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}}})
	if issuer != "joe" || err != nil {
		t.Errorf("the example of the RFC: %q, %v", issuer, err)
	}
	keys.Key = nil
	if _, err := keys.Check(&http.Request{Header: http.Header{"Authorization": {"Bearer " + token("", header, `{"iss": "quay"}`)}}}); err == nil {
		t.Error("an empty key is taken")
	}
}

// delivery has messages about several kinds of changes in n images, one of which has two tags.
func delivery(n int) *webhook.Delivery {
	var images []webhook.Image
	for i := range n {
		images = append(images, webhook.Image{Digest: fmt.Sprintf("sha256:%064x", i), Repository: "registry.example/web", Tag: fmt.Sprint(i)})
	}
	images = append(images, webhook.Image{Digest: images[0].Digest, Repository: "registry.example/web", Tag: "latest"})
	openssl := webhook.Package{Type: "deb", Namespace: "debian", Release: "12", Name: "openssl"}
	high, critical := webhook.State{Status: matcher.Affected, Level: matcher.High}, webhook.State{Status: matcher.Affected, Level: matcher.Critical}
	return &webhook.Delivery{ID: "msg_1", Messages: []webhook.Message{
		{ID: "1", Kind: watch.Appeared, Vulnerability: "CVE-2024-5535", Package: openssl, New: critical, Images: images},
		{ID: "2", Kind: watch.SeverityChanged, Vulnerability: "CVE-2024-1", Package: webhook.Package{Type: "npm", Namespace: "@angular", Name: "core"}, Old: high, New: critical, Images: images[:1]},
		{ID: "3", Kind: watch.Disappeared, Vulnerability: "CVE-2024-2", Package: openssl, Old: high, Images: images[:1]},
		{ID: "4", Kind: watch.Renamed, Vulnerability: "CVE-2024-3", Was: "TEMP-1", Package: openssl, Old: high, New: high, Images: images[:1]},
		{ID: "5", Kind: webhook.VerdictChanged, Images: images},
	}}
}

// TestNotifications reads a delivery page by page, as Quay does.
func TestNotifications(t *testing.T) {
	s := newService(t)
	id := webhook.ClairID("msg_1")
	s.deliveries[id] = delivery(4)
	var got []string
	next, pages := "", 0
	for {
		res, body := s.call(noticePath+"/{id}", http.MethodGet, noticePath+"/"+id+"?page_size=4&next="+next, nil, "")
		out := decoded[struct {
			Page struct {
				Size int
				Next string
			}
			Notifications []struct {
				ID, Manifest, Reason string
				Vulnerability        struct {
					Name     string
					Severity string `json:"normalized_severity"`
					Package  struct{ Name string }
				}
			}
		}](t, body)
		if res.StatusCode != http.StatusOK || out.Page.Size != len(out.Notifications) || out.Page.Size > 4 {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		for _, n := range out.Notifications {
			v := n.Vulnerability
			got = append(got, fmt.Sprintf("%s %s %s %s %s", n.Manifest[len(n.Manifest)-1:], n.Reason, v.Name, v.Severity, v.Package.Name))
		}
		if pages++; out.Page.Next == "" {
			break
		}
		next = out.Page.Next
	}
	want := []string{"0 added CVE-2024-5535 Critical openssl", "1 added CVE-2024-5535 Critical openssl", "2 added CVE-2024-5535 Critical openssl", "3 added CVE-2024-5535 Critical openssl",
		"0 removed CVE-2024-1 High @angular/core", "0 added CVE-2024-1 Critical @angular/core", "0 removed CVE-2024-2 High openssl",
		"0 removed TEMP-1 High openssl", "0 added CVE-2024-3 High openssl"}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%d pages: %q", pages, got)
	}
	for query, status := range map[string]int{"?page_size=x": 400, "?page_size=-1": 400, "?page_size=0": 200, "?page_size=99999999": 200, "?page_size=99999999999999999999": 400,
		"?next=x": 400, "?next=" + id: 404} {
		if res, body := s.call(noticePath+"/{id}", http.MethodGet, noticePath+"/"+id+query, nil, ""); res.StatusCode != status && status != 404 {
			t.Errorf("%s: %d %s", query, res.StatusCode, body)
		}
	}
	// A client whose first request had no answer deletes again: https://github.com/quay/clair/issues/1716.
	for range 2 {
		if res, body := s.call(noticePath+"/{id}", http.MethodDelete, noticePath+"/"+id, nil, ""); res.StatusCode != http.StatusOK || body != "" {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	}
	for _, path := range []string{noticePath + "/1", noticePath + "/../x", noticePath + "/" + id + "/x"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(manifest(digest), "Bearer x.y.z")
	f.Add(`{"hash": "`+digest+`", "layers": [{"hash": "`+digest+`", "uri": "http://[::1"}]}`, "Bearer "+token("k", `{"alg": "HS256"}`, `{"iss": "quay", "exp": 1e999}`))
	f.Fuzz(func(t *testing.T, body, auth string) {
		s := &service{t: t, manifests: make(map[string]clair.Manifest)}
		h := &clair.Handler{Backend: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		for _, keys := range []*clair.Keys{nil, {Key: []byte("k"), Issuers: []string{"quay"}}} {
			h.Keys = keys
			r := httptest.NewRequest(http.MethodPost, indexPath, strings.NewReader(body))
			r.Header["Authorization"] = []string{auth}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%d %s", w.Code, w.Body.String())
			}
		}
	})
}
