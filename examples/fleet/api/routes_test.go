package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

func TestDocument(t *testing.T) {
	if ok, errs := fleettest.Validator(t).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s", e.Message, e.Reason)
		}
	}
}

// A route is an operation of the document.
type route struct {
	id, method, path, scope string // scope "" is public, and "any" is for tokens of any scope
}

// routes reads the document without the code that the server has for it.
func routes(t *testing.T) (list []route) {
	var d struct {
		Paths map[string]map[string]struct {
			OperationID string                `yaml:"operationId"`
			Security    []map[string][]string `yaml:"security"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(api.Document, &d); err != nil {
		t.Fatal(err)
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			r := route{o.OperationID, strings.ToUpper(method), path, ""}
			if len(o.Security) == 1 {
				r.scope = "any"
				if scopes := o.Security[0]["token"]; len(scopes) > 0 {
					r.scope = scopes[0]
				}
			} else if o.Security == nil {
				t.Errorf("%s has no security", r.id)
			}
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b route) int { return strings.Compare(a.id, b.id) })
	return list
}

var parameter = regexp.MustCompile(`\{\w+\}`)

// bodies are valid bodies of the operations that need one.
func bodies(ref string) map[string]any {
	return map[string]any{
		"submit":          map[string]any{"reference": ref},
		"upload":          []byte("x"),
		"importSBOM":      `{}`,
		"changeImage":     `{"annotations": {}}`,
		"createToken":     `{"name": "x", "scopes": ["read"]}`,
		"setRegistries":   `{"patterns": ["**"]}`,
		"setCredential":   `{"prefix": "registry.example", "username": "u", "password": "p"}`,
		"setPolicy":       map[string]any{"document": policy},
		"evaluateDraft":   map[string]any{"document": policy},
		"setMappings":     `{"items": []}`,
		"addMark":         `{"vulnerability": "CVE-2026-0001", "packages": ["pkg:deb/debian/libc6"], "status": "not-affected", "justification": "vulnerable_code_not_present"}`,
		"addSubscription": `{"url": "https://receiver.example/"}`,
		"setFeed":         `{"enabled": true, "every": 3600}`,
		"setWatch":        `{"repository": "registry.example/team/app"}`,
		"registryEvents":  `{}`,
		"archive":         `{"rules": []}`,
		"sendAlerts":      alert,
		"setContainer":    `{"image": "x"}`,
		"setMonitoring":   `{"name": "registry.example/team/app", "on": true}`,
		"addAlertMark":    `{"rule": "Terminal shell in container", "reason": "entry point", "author": "alice"}`,
		"setAdvisory":     `{"id": "X-1", "modified": "2026-11-01T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.0"]}]}`,
	}
}

const alert = `{"rule": "Terminal shell in container", "priority": "Notice", "time": "2026-11-01T00:00:00Z", "output": "a shell", "output_fields": {"container.id": "host"}}`

const policy = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}
default: {policies: [severe]}
`

// TestAccess sends a request to every route of the document with each kind of wrong token. Another tenant sees nothing of an image, a
// submission, a policy, a mark, a subscription, an advisory or a token.
func TestAccess(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Neighbours: serve.Neighbours{Falco: true}})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High), fleettest.Debian12("CVE-2026-0002", "tar", "", matcher.Low))
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc")))
		owner := s.Client(t, "owner")
		m := owner.Wait(owner.Submit(ref).ID)
		all := bodies(ref)
		var token struct{ Token struct{ ID string } }
		owner.Do("POST", "/v1/tokens", all["createToken"]).Want(201).Into(&token)
		var mark struct{ ID string }
		owner.Do("POST", "/v1/marks", all["addMark"]).Want(201).Into(&mark)
		var sub struct{ Subscription struct{ ID string } }
		owner.Do("POST", "/v1/subscriptions", all["addSubscription"]).Want(201).Into(&sub)
		var alertMark struct{ ID string }
		owner.Do("POST", "/v1/falco/marks", all["addAlertMark"]).Want(201).Into(&alertMark)
		owner.Do("POST", "/v1/falco/alerts", all["sendAlerts"]).Want(200)
		owner.Do("PUT", "/v1/policies/p", all["setPolicy"]).Want(201)
		owner.Do("PUT", "/v1/advisories/X-1", all["setAdvisory"]).Want(201)
		values := map[string]string{"{image}": digest, "{submission}": m.ID, "{token}": token.Token.ID, "{mark}": mark.ID, "{subscription}": sub.Subscription.ID,
			"{policy}": "p", "{advisory}": "X-1", "{delivery}": "none", "{feed}": "none", "{vulnerability}": "CVE-2026-0002",
			"{alertMark}": alertMark.ID, "{container}": "5d2a4b8d7f06"}
		expired := client(t, s, &store.Token{Tenant: "owner", Name: "old", Scopes: store.Scopes(), Expires: time.Now().Add(-time.Minute)})
		stranger := s.Client(t, "stranger")
		scoped := make(map[string]*fleettest.Client)
		for _, scope := range store.Scopes() {
			scoped[string(scope)] = s.Client(t, "owner", slices.DeleteFunc(store.Scopes(), func(x store.Scope) bool { return x == scope })...)
		}
		for _, o := range routes(t) {
			path := parameter.ReplaceAllStringFunc(o.path, func(p string) string { return values[p] })
			if strings.Contains(path, "//") || strings.HasSuffix(path, "/") {
				t.Fatalf("%s: a parameter has no value in the test", o.path)
			}
			do := func(c *fleettest.Client) int { return c.Do(o.method, path, all[o.id]).Status }
			if o.scope == "" {
				if got := do(owner.With("")); got != 200 {
					t.Errorf("%s without a token: status %d", o.id, got)
				}
				continue
			}
			none, unknown := owner.With(""), owner.With("fleet_unknown")
			if got := do(none); got != http.StatusUnauthorized {
				t.Errorf("%s without a token: status %d", o.id, got)
			}
			if got := do(unknown); got != http.StatusUnauthorized {
				t.Errorf("%s with an unknown token: status %d", o.id, got)
			}
			if got := do(expired); got != http.StatusUnauthorized {
				t.Errorf("%s with an expired token: status %d", o.id, got)
			}
			if o.scope == "any" {
				if got := do(scoped["read"]); got != http.StatusOK {
					t.Errorf("%s with any token: status %d", o.id, got)
				}
				continue
			}
			if got := do(scoped[o.scope]); got != http.StatusForbidden {
				t.Errorf("%s without the scope %s: status %d", o.id, o.scope, got)
			}
			if o.id == "setPolicy" || o.id == "setAdvisory" || o.id == "setContainer" {
				continue // a stranger adds one of the same name
			}
			switch answer := stranger.Do(o.method, path, all[o.id]); {
			case o.id == "setFeed" || o.id == "syncFeed": // what all tenants share
				if answer.Status != http.StatusForbidden {
					t.Errorf("%s by a tenant that does not operate the service: status %d", o.id, answer.Status)
				}
			case o.id == "getVulnerability": // advisories are public
				if answer.Status != http.StatusOK {
					t.Errorf("%s: status %d", o.id, answer.Status)
				}
			case strings.Contains(o.path, "{"):
				if answer.Status != http.StatusNotFound {
					t.Errorf("%s of another tenant: status %d", o.id, answer.Status)
				}
			case o.method == "GET" && o.id != "listAudit":
				for name, secret := range values {
					if secret != "p" && strings.Contains(string(answer.Body), secret) && o.id != "metrics" {
						t.Errorf("%s shows a stranger %s: %s", o.id, name, answer.Body)
					}
				}
			}
		}
	})
}

// client returns a client with a token that the test describes.
func client(t *testing.T, s *fleettest.Service, token *store.Token) *fleettest.Client {
	secret, err := s.Store.NewToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return s.Client(t, token.Tenant).With(secret)
}
