package neighbours_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

const policy = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: 'update for ${match.id}'}
default: {policies: [severe]}
`

// A fleet is a running service with all neighbours.
type fleet struct {
	*fleettest.Service
	t        *testing.T
	client   *fleettest.Client
	registry *fleettest.Registry
	key      []byte
	told     chan string // bodies that the receiver of Clair's notifications got
}

func start(t *testing.T, address string) *fleet {
	dir := t.TempDir()
	f := &fleet{t: t, key: []byte("a key of sixteen bytes or more"), registry: fleettest.NewRegistry(t)}
	f.told = make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.told <- string(body)
	}))
	t.Cleanup(receiver.Close)
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	f.Service = fleettest.Start(t, serve.Options{Database: address, ReviewTime: time.Minute, Neighbours: serve.Neighbours{
		Admission: write("admission.yaml", "rules:\n  - {name: strict, select: {namespaces: [strict]}}\n  - {name: all, mode: enforce, unknown: scan}\n"), Harbor: true, Falco: true,
		Clair: write("clair.yaml", "key: "+base64.StdEncoding.EncodeToString(f.key)+"\nissuers: [quay]\ncallback: https://fleet.example\nwebhook: "+receiver.URL+"\n"),
	}})
	fleettest.WriteAdvisories(t, f.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-9+deb12u1", matcher.High))
	f.client = f.Client(t, "default")
	f.client.Do("PUT", "/v1/policies/severe", map[string]any{"document": policy}).Want(http.StatusCreated)
	f.client.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "severe"}]}`).Want(http.StatusOK)
	return f
}

// ask sends a request that is not of the service's own API.
func (f *fleet) ask(method, path, authorization string, header map[string]string, body string) (int, string, http.Header) {
	f.t.Helper()
	q, err := http.NewRequestWithContext(f.t.Context(), method, f.URL+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		q.Header.Set("Authorization", authorization)
	}
	for k, v := range header {
		q.Header.Set(k, v)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Do(q)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return r.StatusCode, string(text), r.Header
}

func both(t *testing.T, run func(t *testing.T, f *fleet)) {
	fleettest.Databases(t, func(t *testing.T, address string) { run(t, start(t, address)) })
}

func (f *fleet) image(packages ...string) (reference, digest string) {
	return f.registry.Push(f.t, "team/app:1", fleettest.Image(f.t, fleettest.Debian(f.t, packages...)))
}

// TestKubernetes: an unknown image is admitted and scanned, and then refused by its verdict.
func TestKubernetes(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		ref, _ := f.image("libc6 2.36-9 glibc")
		review := func() (allowed bool, text string) {
			t.Helper()
			status, body, _ := f.ask("POST", "/validate", "", nil, `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "kind": {"version": "v1", "kind": "Pod"}, "operation": "CREATE",
				"namespace": "prod", "userInfo": {"username": "jane"}, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"containers": [{"name": "app", "image": "`+ref+`"}]}}}}`)
			var out struct{ Response struct{ Allowed bool } }
			if err := json.Unmarshal([]byte(body), &out); err != nil || status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
			return out.Response.Allowed, body
		}
		if allowed, body := review(); !allowed {
			t.Errorf("an unknown image: %s", body)
		}
		var body string
		fleettest.Eventually(t, "the image is refused", func() bool {
			allowed := true
			allowed, body = review()
			return !allowed
		})
		if !strings.Contains(body, "update for CVE-2026-0001") {
			t.Errorf("%s", body)
		}
		var events struct{ Items []struct{ Kind, Text string } }
		f.client.Get("/v1/events?kind=admission", &events)
		if len(events.Items) == 0 || !strings.Contains(events.Items[len(events.Items)-1].Text, "refused") {
			t.Errorf("%+v", events)
		}
	})
}

// TestHarbor: a scan with a credential of the request, until the report is there. The credential is not kept.
func TestHarbor(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		_, digest := f.image("libc6 2.36-9 glibc")
		bearer := "Bearer " + f.client.Secret
		body := `{"registry": {"url": "http://` + f.registry.Host + `", "authorization": "Basic ` + base64.StdEncoding.EncodeToString([]byte("robot:hunter2")) + `"},
			"artifact": {"repository": "team/app", "tag": "1", "digest": "` + digest + `", "mime_type": "application/vnd.docker.distribution.manifest.v2+json"}, "enabled_capabilities": [{"type": "vulnerability", "produces_mime_types": ["application/vnd.security.vulnerability.report; version=1.1"]}]}`
		header := map[string]string{"Content-Type": "application/vnd.scanner.adapter.scan.request+json; version=1.1"}
		for authorization, want := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer " + f.Client(t, "default", "read").Secret: 403} {
			if status, text, _ := f.ask("POST", "/api/v1/scan", authorization, header, body); status != want {
				t.Errorf("%s: %d %s", authorization, status, text)
			}
		}
		status, text, _ := f.ask("POST", "/api/v1/scan", bearer, header, body)
		var scan struct{ ID string }
		if err := json.Unmarshal([]byte(text), &scan); err != nil || status != http.StatusAccepted || scan.ID == "" {
			t.Fatalf("%d %s", status, text)
		}
		fleettest.Eventually(t, "the report is there", func() bool {
			status, text, _ = f.ask("GET", "/api/v1/scan/"+scan.ID+"/report", bearer, map[string]string{"Accept": "application/vnd.security.vulnerability.report; version=1.1"}, "")
			return status != http.StatusFound
		})
		if status != http.StatusOK || !strings.Contains(text, "CVE-2026-0001") {
			t.Errorf("%d %s", status, text)
		}
		if status, text, _ := f.ask("GET", "/api/v1/scan/"+scan.ID+"/report", "Bearer "+f.Client(t, "other").Secret, map[string]string{"Accept": "application/vnd.security.vulnerability.report; version=1.1"}, ""); status == http.StatusOK {
			t.Errorf("another tenant: %d %s", status, text)
		}
		var secrets int
		if err := f.Store.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM fleet_submissions WHERE secret IS NOT NULL").Scan(&secrets); err != nil || secrets != 0 {
			t.Errorf("%d secrets are left, %v", secrets, err)
		}
	})
}

// token returns a token of a client of Clair.
func (f *fleet) token() string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			f.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	now := time.Now().Unix()
	text := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(map[string]any{"iss": "quay", "iat": now, "nbf": now - 10, "exp": now + 300})
	h := hmac.New(sha256.New, f.key)
	io.WriteString(h, text)
	return "Bearer " + text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// TestClair: a manifest with the addresses of its layers is indexed and matched. It is found by the hash that it states, by its tenant only.
func TestClair(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		_, digest := f.image("libc6 2.36-9 glibc", "zlib1g 1.2 zlib")
		var layers []string
		r, err := http.Get("http://" + f.registry.Host + "/v2/team/app/manifests/" + digest)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var manifest struct{ Layers []struct{ Digest string } }
		if err := json.NewDecoder(r.Body).Decode(&manifest); err != nil {
			t.Fatal(err)
		}
		for _, l := range manifest.Layers {
			layers = append(layers, fmt.Sprintf(`{"hash": %q, "uri": "http://%s/v2/team/app/blobs/%s", "headers": {"X-Secret": ["hunter2"]}}`, l.Digest, f.registry.Host, l.Digest))
		}
		claimed := "sha256:" + strings.Repeat("ab", 32)
		body := `{"hash": "` + claimed + `", "layers": [` + strings.Join(layers, ", ") + `]}`
		if status, text, _ := f.ask("POST", "/indexer/api/v1/index_report", "Bearer wrong", nil, body); status != http.StatusUnauthorized {
			t.Errorf("%d %s", status, text)
		}
		status, text, _ := f.ask("POST", "/indexer/api/v1/index_report", f.token(), nil, body)
		if status != http.StatusCreated || !strings.Contains(text, `"IndexFinished"`) || !strings.Contains(text, "libc6") {
			t.Fatalf("%d %s", status, text)
		}
		status, text, _ = f.ask("GET", "/matcher/api/v1/vulnerability_report/"+claimed, f.token(), nil, "")
		if status != http.StatusCreated || !strings.Contains(text, "CVE-2026-0001") {
			t.Errorf("%d %s", status, text)
		}
		f.Client(t, "other").Do("GET", "/v1/images/"+claimed, nil).Want(http.StatusNotFound)
		if status, text, _ := f.ask("DELETE", "/indexer/api/v1/index_report/"+claimed, f.token(), nil, ""); status != http.StatusNoContent && status != http.StatusOK {
			t.Errorf("%d %s", status, text)
		}
		if status, text, _ := f.ask("GET", "/matcher/api/v1/vulnerability_report/"+claimed, f.token(), nil, ""); status != http.StatusNotFound {
			t.Errorf("deleted: %d %s", status, text)
		}
	})
}

// TestClairNotification: new advisories are a notification, whose page has the manifests of the tenant that they are about.
func TestClairNotification(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		ref, digest := f.image("libc6 2.36-9 glibc")
		f.client.Analyze(ref)
		fleettest.Eventually(t, "the advisories and the index are known", func() bool {
			var list struct{ Items []struct{ Digest string } }
			f.client.Get("/v1/affected?id=CVE-2026-0001", &list)
			before, err := f.Store.Setting(t.Context(), "advisories")
			return len(list.Items) == 1 && err == nil && before != ""
		})
		fleettest.WriteAdvisories(t, f.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-9+deb12u1", matcher.High), fleettest.Debian12("CVE-2026-0002", "glibc", "2.36-9+deb12u2", matcher.Low))
		var body string
		select {
		case body = <-f.told:
		case <-time.After(time.Minute):
			t.Fatal("no notification")
		}
		var told struct {
			ID       string `json:"notification_id"`
			Callback string
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil || told.Callback != "https://fleet.example/notifier/api/v1/notification/"+told.ID {
			t.Fatalf("%s", body)
		}
		path := "/notifier/api/v1/notification/" + told.ID
		if status, text, _ := f.ask("GET", path, f.token(), nil, ""); status != http.StatusOK || !strings.Contains(text, "CVE-2026-0002") || !strings.Contains(text, digest) {
			t.Errorf("%d %s", status, text)
		}
		if status, text, _ := f.ask("DELETE", path, f.token(), nil, ""); status/100 != 2 {
			t.Errorf("%d %s", status, text)
		}
	})
}

// TestFalco: an alert about a vulnerable package that was executed.
func TestFalco(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		ref, digest := f.image("libc6 2.36-9 glibc")
		f.client.Analyze(ref)
		repository, tag, _ := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
		repository = ref[:strings.LastIndex(ref, "/")+1] + repository
		alert := fmt.Sprintf(`{"hostname": "node", "output": "x", "priority": "Notice", "rule": "Terminal shell in container", "source": "syscall", "tags": [], "time": "2026-02-09T20:55:40.524063855Z",
			"output_fields": {"container.id": "5d2a4b8d7f06", "container.image.repository": %q, "container.image.tag": %q, "proc.exepath": "/bin/sh"}}`, repository, tag)
		alert = strings.NewReplacer("\n", " ", "\t", "").Replace(alert)
		if status, text, _ := f.ask("POST", "/v1/falco/alerts", "Bearer "+f.client.Secret, nil, alert+"\nno alert\n"); status/100 != 2 {
			t.Fatalf("%d %s", status, text)
		}
		status, text, _ := f.ask("GET", "/v1/falco/events?image="+digest, "Bearer "+f.client.Secret, nil, "")
		if status != http.StatusOK || !strings.Contains(text, "Terminal shell in container") || !strings.Contains(text, digest) {
			t.Errorf("%d %s", status, text)
		}
		if _, text, _ := f.ask("GET", "/v1/falco/events", "Bearer "+f.Client(t, "other").Secret, nil, ""); strings.Contains(text, "Terminal") {
			t.Errorf("another tenant: %s", text)
		}
		if status, _, _ := f.ask("GET", "/v1/falco/events", "", nil, ""); status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", status)
		}
		if status, text, _ := f.ask("GET", "/v1/falco/diagnostics", "Bearer "+f.client.Secret, nil, ""); status != http.StatusOK || !bytes.Contains([]byte(text), []byte("no alert")) {
			t.Errorf("%d %s", status, text)
		}
	})
}
