package admission_test

import (
	"bytes"
	"context"
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

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/examples/fleet/admission"
	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

const (
	clean = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" // passes
	part  = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" // is an index, and not analyzed for linux/arm64
	other = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" // is not analyzed
)

// A cluster is a handler with a fake service: registry.example/bad:1 is the image of package sampletest, whose severe findings stop it,
// good:1 passes, and new:1 is not analyzed. The host down.example does not answer.
type cluster struct {
	t       *testing.T
	handler *admission.Handler
	bad     string

	mu        sync.Mutex
	submitted []string
	events    []admission.Event
	deadlines []time.Duration
	verdict   *admission.Verdict
	asked     []admission.Platforms
}

func newCluster(t *testing.T, config string) *cluster {
	t.Helper()
	c := &cluster{t: t, bad: sampletest.Digest(t), verdict: stopped(t)}
	read, err := admission.ReadConfig(strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	c.handler = &admission.Handler{Config: read, Verdicts: c, Resolver: c, Submit: c, Recorder: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return c
}

var (
	once   sync.Once
	stored admission.Verdict
)

// stopped returns the verdict about the image of package sampletest.
func stopped(t *testing.T) *admission.Verdict {
	t.Helper()
	once.Do(func() {
		for _, f := range sampletest.Assess(t).Findings {
			if f.Severity.Level >= matcher.High {
				stored.Action = report.Stop
				stored.Reasons = append(stored.Reasons, fmt.Sprintf("%s in %s, fixed in %s", f.ID, f.Subject.Name, f.Fixed))
			}
		}
	})
	return &stored
}

func (c *cluster) Verdict(ctx context.Context, digest, policy string, on admission.Platforms) (*admission.Verdict, error) {
	c.mu.Lock()
	c.asked = append(c.asked, on)
	c.mu.Unlock()
	if policy == "broken" {
		return nil, errors.New("the database is gone")
	}
	switch digest {
	case c.bad:
		return c.verdict, nil
	case part:
		return nil, &admission.LackError{Text: "linux/arm64 was not analyzed", Platforms: []string{"linux/arm64"}}
	case clean:
		return &admission.Verdict{Action: report.Warn, Reasons: []string{"runs as root"}}, nil
	}
	return nil, fmt.Errorf("verdict: %w", admission.ErrUnknown)
}

func (c *cluster) Resolve(ctx context.Context, ref name.Reference) (string, error) {
	if at, ok := ctx.Deadline(); ok {
		c.mu.Lock()
		c.deadlines = append(c.deadlines, time.Until(at))
		c.mu.Unlock()
	}
	switch ref.Name() {
	case "registry.example/bad:1":
		return c.bad, nil
	case "registry.example/good:1", "index.docker.io/library/nginx:latest":
		return clean, nil
	case "registry.example/new:1":
		return other, nil
	case "down.example/a:1":
		<-ctx.Done()
		return "", ctx.Err()
	}
	return "", admission.ErrUnknown
}

func (c *cluster) Submit(ctx context.Context, reference string, platforms []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if platforms != nil {
		reference += " " + fmt.Sprint(platforms)
	}
	c.submitted = append(c.submitted, reference)
	return nil
}

func (c *cluster) Record(ctx context.Context, e *admission.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, *e)
	return nil
}

// post sends a body and returns the status and the answer.
func (c *cluster) post(path, body string) (int, string) {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

type response struct {
	UID     string
	Allowed bool
	Status  struct {
		Code    int
		Message string
	}
	Patch            []byte
	PatchType        string
	Warnings         []string
	AuditAnnotations map[string]string
}

// review sends a request and returns the response.
func (c *cluster) review(path string, request map[string]any) response {
	c.t.Helper()
	if request["uid"] == nil {
		request["uid"] = "705ab4f5-6393-11e8-b7cc-42010a800002"
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	if err != nil {
		c.t.Fatal(err)
	}
	code, answer := c.post(path, string(body))
	var out struct {
		APIVersion, Kind string
		Response         *response
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil || code != http.StatusOK {
		c.t.Fatalf("%d %s", code, answer)
	}
	if out.APIVersion != "admission.k8s.io/v1" || out.Kind != "AdmissionReview" || out.Response == nil || out.Response.UID != request["uid"] {
		c.t.Fatalf("malformed answer: %s", answer)
	}
	if !out.Response.Allowed && (out.Response.Status.Code < 400 || out.Response.Status.Message == "") {
		c.t.Errorf("a refusal without a reason: %s", answer)
	}
	return *out.Response
}

// object decodes YAML-like JSON.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func pod(images ...string) map[string]any {
	var containers []any
	for i, image := range images {
		containers = append(containers, map[string]any{"name": fmt.Sprint("c", i), "image": image})
	}
	return map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "p"}, "spec": map[string]any{"containers": containers}}
}

func create(object map[string]any) map[string]any {
	return map[string]any{"operation": "CREATE", "namespace": "prod-1", "object": object}
}

const enforce = `{rules: [{name: all}]}`

// TestKinds has a stopped image at every place of every kind that makes pods.
func TestKinds(t *testing.T) {
	specs := map[string]string{
		"containers":          `{"containers": [{"name": "a", "image": "registry.example/good:1"}, {"name": "b", "image": "registry.example/bad:1"}]}`,
		"initContainers":      `{"initContainers": [{"name": "b", "image": "registry.example/bad:1"}], "containers": [{"name": "a", "image": "registry.example/good:1"}]}`,
		"ephemeralContainers": `{"ephemeralContainers": [{"name": "b", "image": "registry.example/bad:1"}], "containers": [{"name": "a", "image": "registry.example/good:1"}]}`,
		"image volumes":       `{"volumes": [{"name": "b", "image": {"reference": "registry.example/bad:1"}}], "containers": [{"name": "a", "image": "registry.example/good:1"}]}`,
	}
	forms := map[string]string{
		"Pod":                   `{"kind": "Pod", "spec": SPEC}`,
		"Deployment":            `{"kind": "Deployment", "spec": {"template": {"spec": SPEC}}}`,
		"ReplicaSet":            `{"kind": "ReplicaSet", "spec": {"template": {"spec": SPEC}}}`,
		"StatefulSet":           `{"kind": "StatefulSet", "spec": {"template": {"spec": SPEC}}}`,
		"DaemonSet":             `{"kind": "DaemonSet", "spec": {"template": {"spec": SPEC}}}`,
		"Job":                   `{"kind": "Job", "spec": {"template": {"spec": SPEC}}}`,
		"ReplicationController": `{"kind": "ReplicationController", "spec": {"template": {"spec": SPEC}}}`,
		"CronJob":               `{"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}}`,
		"PodTemplate":           `{"kind": "PodTemplate", "template": {"spec": SPEC}}`,
		"Rollout":               `{"kind": "Rollout", "spec": {"template": {"spec": SPEC}}}`, // a custom resource of the same form
	}
	c := newCluster(t, enforce)
	for kind, form := range forms {
		for place, spec := range specs {
			t.Run(kind+"/"+place, func(t *testing.T) {
				a := c.review("/validate", create(object(t, strings.Replace(form, "SPEC", spec, 1))))
				if a.Allowed || !strings.Contains(a.Status.Message, "registry.example/bad:1: CVE-2024-5535 in openssl, fixed in 3.0.14-1~deb12u1; CVE-2021-23337 in lodash, fixed in 4.17.21") || strings.Contains(a.Status.Message, "good") {
					t.Errorf("%+v", a)
				}
				good := strings.Replace(form, "SPEC", strings.Replace(spec, "bad", "good", 1), 1)
				if a := c.review("/validate", create(object(t, good))); !a.Allowed || len(a.Warnings) > 0 {
					t.Errorf("with good images: %+v", a)
				}
			})
		}
	}
	for _, text := range []string{`{"kind": "Service", "spec": {"ports": []}}`, `{"kind": "ConfigMap"}`, `{"kind": "Rollout", "spec": {"workloadRef": {"name": "web"}}}`} {
		if a := c.review("/validate", create(object(t, text))); !a.Allowed {
			t.Errorf("%s: %+v", text, a)
		}
	}
}

// TestModes has all modes, and all ways to treat images without a verdict.
func TestModes(t *testing.T) {
	const stop = "hullmark: container c0: registry.example/bad:1: "
	tests := []struct {
		rule, image string
		allowed     bool
		message     string // part of the message or of the warnings
		outcome     admission.Outcome
		submitted   string
	}{
		{"mode: enforce", "registry.example/bad:1", false, "CVE-2024-5535 in openssl", admission.Refused, ""},
		{"mode: enforce", "registry.example/good:1", true, "", "", ""},
		{"mode: warn", "registry.example/bad:1", true, stop, admission.Warned, ""},
		{"mode: record", "registry.example/bad:1", true, "", admission.Warned, ""},
		{"unknown: deny", "registry.example/new:1", false, "not analyzed", admission.Refused, ""},
		{"unknown: deny", "registry.example/nowhere:1", false, "not analyzed", admission.Refused, ""},
		{"unknown: allow", "registry.example/new:1", true, "", admission.Admitted, ""},
		{"unknown: scan", "registry.example/new:1", true, "", admission.Admitted, "registry.example/new@" + other},
		{"unknown: scan", "registry.example/nowhere:1", true, "", admission.Admitted, "registry.example/nowhere:1"},
		{"unknown: deny, mode: warn", "registry.example/new:1", true, "not analyzed", admission.Warned, ""},
		{"failure: closed", "down.example/a:1", false, "in time", admission.Refused, ""},
		{"failure: open", "down.example/a:1", true, "", admission.Admitted, ""},
		{"failure: closed, unknown: scan", "down.example/a:1", false, "in time", admission.Refused, ""},
		{"policy: broken", "registry.example/good:1", false, "cannot be read", admission.Refused, ""},
		{"policy: broken, failure: open", "registry.example/good:1", true, "", admission.Admitted, ""},
		{"pinned: true", "registry.example/good:1", false, "no digest", admission.Refused, ""},
		{"pinned: true", "registry.example/good@" + clean, true, "", "", ""},
		{"pinned: true", "registry.example/good:1@" + clean, true, "", "", ""},
		{"failure: open, unknown: allow", "registry.example/UPPER", false, "malformed", admission.Refused, ""},
		{"failure: open, unknown: allow", "registry.example/../../other/web:1", false, "malformed", admission.Refused, ""},
		{"failure: open, unknown: allow", "", false, "malformed", admission.Refused, ""},
		{"", "nginx", true, "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.image, func(t *testing.T) {
			c := newCluster(t, "{rules: [{name: all, "+test.rule+"}]}")
			a := c.review("/validate", create(pod(test.image)))
			said := a.Status.Message + strings.Join(a.Warnings, "\n")
			if a.Allowed != test.allowed || !strings.Contains(said, test.message) || test.message == "" && said != "" {
				t.Errorf("%+v", a)
			}
			if got := strings.Join(c.submitted, " "); got != test.submitted {
				t.Errorf("submitted %q", got)
			}
			var outcome admission.Outcome
			if len(c.events) > 0 {
				outcome = c.events[0].Outcome
			}
			if outcome != test.outcome {
				t.Errorf("events %+v", c.events)
			}
			// A dry run has the same answer without effects.
			c.submitted, c.events = nil, nil
			request := create(pod(test.image))
			request["dryRun"] = true
			if a := c.review("/validate", request); a.Allowed != test.allowed || len(c.submitted) > 0 || len(c.events) > 0 {
				t.Errorf("a dry run: %+v, %v, %v", a, c.submitted, c.events)
			}
		})
	}
}

// TestSelectors lists workloads and the rule that judges them.
func TestSelectors(t *testing.T) {
	c := newCluster(t, `
rules:
  - {name: system, select: {namespaces: [kube-*, istio-system]}, mode: record}
  - {name: builder, select: {namespaces: [ci], serviceAccounts: [build-*]}, mode: warn}
  - {name: labelled, select: {labels: {tier: test*}}, mode: warn}
  - {name: annotated, select: {annotations: {example.com/owner: "team/a*"}}, mode: warn}
  - {name: others}
`)
	const spec = `"spec": {"containers": [{"image": "registry.example/bad:1"}]}`
	tests := []struct{ namespace, object, rule string }{
		{"prod", `{` + spec + `}`, "others"},
		{"kube-system", `{` + spec + `}`, "system"},
		{"ci", `{"spec": {"serviceAccountName": "build-1", "containers": [{"image": "registry.example/bad:1"}]}}`, "builder"},
		{"ci", `{` + spec + `}`, "others"}, // the service account default
		{"prod", `{"spec": {"serviceAccountName": "build-1", "containers": [{"image": "registry.example/bad:1"}]}}`, "others"},
		{"prod", `{"metadata": {"labels": {"tier": "testing"}}, ` + spec + `}`, "labelled"},
		{"prod", `{"metadata": {"labels": {"tier": "prod"}}, ` + spec + `}`, "others"},
		{"prod", `{"metadata": {"annotations": {"example.com/owner": "team/alpha/x"}}, ` + spec + `}`, "annotated"},
		{"prod", `{"spec": {"template": {"metadata": {"labels": {"tier": "test"}}, ` + spec + `}}}`, "labelled"},
		// The pod's own label counts where the workload has another.
		{"prod", `{"metadata": {"labels": {"tier": "test"}}, "spec": {"template": {"metadata": {"labels": {"tier": "prod"}}, ` + spec + `}}}`, "others"},
		// The namespace of the request counts, since the object's may be missing.
		{"prod", `{"metadata": {"namespace": "kube-system"}, ` + spec + `}`, "others"},
	}
	for _, test := range tests {
		request := create(object(t, test.object))
		request["namespace"] = test.namespace
		if a := c.review("/validate", request); a.AuditAnnotations["rule"] != test.rule {
			t.Errorf("%s in %s: rule %q, not %q", test.object, test.namespace, a.AuditAnnotations["rule"], test.rule)
		}
	}
}

// TestBreakGlass lists users who break the glass.
func TestBreakGlass(t *testing.T) {
	const annotation = "hullmark.image-policy.k8s.io/break-glass"
	all := `{rules: [{name: all}], breakGlass: {annotation: ` + annotation + `}}`
	some := `{rules: [{name: all}], breakGlass: {annotation: ` + annotation + `, users: [alice], groups: [oncall-*]}}`
	tests := []struct {
		name, config, reason, user string
		groups                     []string
		owned, allowed             bool
	}{
		{"everyone", all, "outage 7", "bob", nil, false, true},
		{"no reason", all, " ", "bob", nil, false, false},
		{"another user", some, "outage 7", "bob", []string{"devs"}, false, false},
		{"a listed user", some, "outage 7", "alice", nil, false, true},
		{"a listed group", some, "outage 7", "bob", []string{"devs", "oncall-eu"}, false, true},
		{"a controller, for a workload that was admitted", some, "outage 7", "system:serviceaccount:kube-system:replicaset-controller", nil, true, true},
		{"a controller, without an owner", some, "outage 7", "system:serviceaccount:kube-system:replicaset-controller", nil, false, false},
		{"a controller of a user", some, "outage 7", "system:serviceaccount:default:replicaset-controller", nil, true, false},
		{"not configured", enforce, "outage 7", "alice", nil, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCluster(t, test.config)
			p := pod("registry.example/bad:1")
			meta := p["metadata"].(map[string]any)
			meta["annotations"] = map[string]any{annotation: test.reason}
			if test.owned {
				meta["ownerReferences"] = []any{map[string]any{"kind": "ReplicaSet"}}
			}
			request := create(p)
			request["userInfo"] = map[string]any{"username": test.user, "groups": test.groups}
			a := c.review("/validate", request)
			if a.Allowed != test.allowed {
				t.Errorf("%+v", a)
			}
			if len(c.events) != 1 {
				t.Fatalf("events %+v", c.events)
			}
			if e := c.events[0]; test.allowed && (e.Outcome != admission.BrokenGlass || e.Reason != test.reason || e.User != test.user || len(a.Warnings) == 0) {
				t.Errorf("event %+v, warnings %q", e, a.Warnings)
			}
		})
	}
}

// TestChanges lists requests for objects that exist.
func TestChanges(t *testing.T) {
	bad, good := pod("registry.example/bad:1"), pod("registry.example/good:1")
	debugged := pod("registry.example/good:1")
	debugged["spec"].(map[string]any)["ephemeralContainers"] = []any{map[string]any{"name": "debugger", "image": "registry.example/bad:1"}}
	deleted := pod("registry.example/bad:1")
	deleted["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	tests := []struct {
		name    string
		request map[string]any
		allowed bool
	}{
		{"a new image", map[string]any{"operation": "UPDATE", "object": bad, "oldObject": good}, false},
		{"a label of a pod whose image is stopped now", map[string]any{"operation": "UPDATE", "object": bad, "oldObject": bad}, true},
		{"a finalizer of a deleted pod", map[string]any{"operation": "UPDATE", "object": deleted, "oldObject": good}, true},
		// https://github.com/kubernetes/kubernetes/pull/118356: the plugin ImagePolicyWebhook ignored the subresource.
		{"kubectl debug", map[string]any{"operation": "UPDATE", "subResource": "ephemeralcontainers", "object": debugged, "oldObject": good}, false},
		{"delete", map[string]any{"operation": "DELETE", "object": nil, "oldObject": bad}, true},
		{"status", map[string]any{"operation": "UPDATE", "subResource": "status", "object": bad, "oldObject": good}, true},
		{"exec", map[string]any{"operation": "CONNECT", "subResource": "exec", "object": map[string]any{"kind": "PodExecOptions"}}, true},
		{"an old object that is null", map[string]any{"operation": "UPDATE", "object": bad, "oldObject": nil}, false},
	}
	c := newCluster(t, enforce)
	for _, test := range tests {
		if a := c.review("/validate", test.request); a.Allowed != test.allowed {
			t.Errorf("%s: %+v", test.name, a)
		}
	}
}

// TestExactNames has a custom resource with a second, similar field, which encoding/json would decode into the same field of a struct.
func TestExactNames(t *testing.T) {
	c := newCluster(t, enforce)
	a := c.review("/validate", create(object(t, `{"kind": "Rollout", "spec": {"template": {"spec": {"containers": [{"image": "registry.example/bad:1", "Image": "registry.example/good:1"}], "Containers": []}}}}`)))
	if a.Allowed {
		t.Errorf("%+v", a)
	}
}

// TestMutate pins images by adding digests to their tags.
func TestMutate(t *testing.T) {
	c := newCluster(t, enforce)
	p := object(t, `{"kind": "Pod", "spec": {
		"initContainers": [{"name": "a", "image": "registry.example/new:1"}],
		"containers": [{"name": "b", "image": "nginx"}, {"name": "c", "image": "registry.example/good@`+clean+`"}, {"name": "d", "image": "registry.example/nowhere:1"}, {"name": "e", "image": "NOT VALID"}],
		"volumes": [{"name": "f"}, {"name": "g", "image": {"reference": "registry.example/bad:1"}}]}}`)
	a := c.review("/mutate", create(p))
	want := `[{"op":"replace","path":"/spec/initContainers/0/image","value":"registry.example/new:1@` + other + `"},` +
		`{"op":"replace","path":"/spec/containers/0/image","value":"nginx@` + clean + `"},` +
		`{"op":"replace","path":"/spec/volumes/1/image/reference","value":"registry.example/bad:1@` + c.bad + `"}]`
	if string(a.Patch) != want || a.PatchType != "JSONPatch" || !a.Allowed {
		t.Errorf("got %s", a.Patch)
	}
	if a := c.review("/mutate", create(pod("registry.example/good@"+clean))); a.Patch != nil || a.PatchType != "" || !a.Allowed {
		t.Errorf("a pinned pod: %+v", a)
	}
}

// TestImageReview has the example of the documentation of Kubernetes, with other images.
func TestImageReview(t *testing.T) {
	review := func(image string) string {
		return `{"apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview", "metadata": {"creationTimestamp": null}, "spec": {
			"containers": [{"image": "registry.example/good:1"}, {"image": "` + image + `"}],
			"annotations": {"mycluster.image-policy.k8s.io/ticket-1234": "break-glass"}, "namespace": "mynamespace"}}`
	}
	c := newCluster(t, `{rules: [{name: all}], breakGlass: {annotation: hullmark.image-policy.k8s.io/break-glass}}`)
	tests := []struct {
		body    string
		allowed bool
		reason  string
	}{
		{review("registry.example/good:1"), true, ""},
		{review("registry.example/bad:1"), false, "container 2: registry.example/bad:1: CVE-2024-5535 in openssl"},
		{review("registry.example/new:1"), false, "not analyzed"},
		{strings.Replace(review("registry.example/bad:1"), `"annotations": {`, `"annotations": {"hullmark.image-policy.k8s.io/break-glass": "outage", `, 1), true, ""},
	}
	for _, test := range tests {
		code, answer := c.post("/image-review", test.body)
		var out struct {
			APIVersion, Kind string
			Status           struct {
				Allowed bool
				Reason  string
			}
		}
		if err := json.Unmarshal([]byte(answer), &out); err != nil || code != http.StatusOK || out.APIVersion != "imagepolicy.k8s.io/v1alpha1" || out.Kind != "ImageReview" ||
			out.Status.Allowed != test.allowed || !strings.Contains(out.Status.Reason, test.reason) {
			t.Errorf("%d %s", code, answer)
		}
	}
}

// TestDeadline requires that what the service asks for ends before the API server would wait 100 ms.
func TestDeadline(t *testing.T) {
	c := newCluster(t, enforce)
	a := c.review("/validate", create(pod("down.example/a:1", "registry.example/good:1", "down.example/a:1")))
	if a.Allowed || len(c.deadlines) != 3 {
		t.Errorf("%+v, %v", a, c.deadlines)
	}
	for _, d := range c.deadlines {
		if d > 90*time.Millisecond {
			t.Errorf("a deadline of %v", d)
		}
	}
}

// TestMalformed lists requests that get no review.
func TestMalformed(t *testing.T) {
	c := newCluster(t, enforce)
	tests := []struct {
		path, body string
		code       int
	}{
		{"/validate", "", 400},
		{"/validate", "[]", 400},
		{"/validate", `{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "1"}}`, 400},
		{"/validate", `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}`, 400},
		{"/validate", `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}}`, 400},
		{"/mutate", "{", 400},
		{"/image-review", `{"apiVersion": "imagepolicy.k8s.io/v1", "kind": "ImageReview"}`, 400},
		{"/image-review", "null", 400},
		{"/other", "{}", 404},
		{"/validate", `"` + strings.Repeat("x", 9<<20) + `"`, 413},
	}
	for _, test := range tests {
		if code, answer := c.post(test.path, test.body); code != test.code {
			t.Errorf("%s %.80s: %d %s", test.path, test.body, code, answer)
		}
	}
	many := make([]string, 501)
	for i := range many {
		many[i] = "registry.example/good:1"
	}
	for name, p := range map[string]map[string]any{"too many images": pod(many...), "an object that is a list": nil} {
		request := create(p)
		if p == nil {
			request["object"] = []any{}
		}
		if a := c.review("/validate", request); a.Allowed {
			t.Errorf("%s: %+v", name, a)
		}
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/validate", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	w = httptest.NewRecorder()
	c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/validate", strings.NewReader("a=b")))
	if w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("without a type: %d", w.Code)
	}
}

// TestWarnings requires few and short warnings, without control characters, which kubectl writes to terminals.
func TestWarnings(t *testing.T) {
	c := newCluster(t, `{rules: [{name: all, mode: warn}]}`)
	images := make([]string, 30)
	for i := range images {
		images[i] = fmt.Sprintf("registry.example/\x1b[2J%d%s", i, strings.Repeat("x", 200))
	}
	a := c.review("/validate", create(pod(images...)))
	if len(a.Warnings) != 21 || slices.ContainsFunc(a.Warnings, func(s string) bool { return len(s) > 120 || strings.ContainsAny(s, "\x1b\n") }) {
		t.Errorf("%q", a.Warnings)
	}
}

// TestConfigErrors lists all errors of a configuration at once.
func TestConfigErrors(t *testing.T) {
	_, err := admission.ReadConfig(strings.NewReader(`
rules:
  - {name: a}
  - {name: a, select: {namespaces: ["[a"]}, mode: block, unknown: maybe, failure: half}
  - {select: {labels: {x: "[b"}}}
breakGlass: {users: ["[c"]}
`))
	want := `admission: configuration: rule 1: selects all workloads, so later rules have no effect
rule 2: a second rule "a"
rule 2: unknown mode "block"
rule 2: "maybe" for unknown images
rule 2: unknown failure "half"
rule 2: malformed pattern "[a"
rule 3: no name
rule 3: malformed pattern "[b"
rule 3: the last rule must select all workloads
breakGlass: malformed pattern "[c"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"", "rules: []", "rules: [{name: a, moode: warn}]", strings.Repeat("#", 2<<20)} {
		if _, err := admission.ReadConfig(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q has no error", text)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`{"kind": "Pod", "spec": {"containers": [{"image": "registry.example/good:1"}]}}`))
	f.Add([]byte(`{"spec": {"template": {"metadata": {"labels": {"a": 1}}, "spec": {"volumes": [{"image": {"reference": "x"}}]}}}}`))
	f.Add([]byte(`{"metadata": [], "spec": {"containers": {}, "template": null}}`))
	config, err := admission.ReadConfig(strings.NewReader(`{rules: [{name: some, select: {labels: {a: b}}}, {name: all}], breakGlass: {annotation: a}}`))
	if err != nil {
		f.Fatal(err)
	}
	none := &cluster{}
	h := &admission.Handler{Config: config, Verdicts: none, Resolver: none, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || bytes.Contains(raw, []byte("down.example")) {
			t.Skip()
		}
		for _, path := range []string{"/validate", "/mutate"} {
			body := fmt.Sprintf(`{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "operation": "UPDATE", "object": %s, "oldObject": %[1]s}}`, raw)
			body = strings.Replace(body, `"oldObject": `, `"oldObject": null, "x": `, len(raw)%2)
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%d %s", w.Code, w.Body.String())
			}
		}
	})
}

// TestPlatformsOfPods has pods and the platforms on which they may run, as the handler asks the service about them.
func TestPlatformsOfPods(t *testing.T) {
	terms := func(list ...string) string {
		return `"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [` + strings.Join(list, ", ") + `]}}}, `
	}
	in := func(label string, values string) string {
		return `{"matchExpressions": [{"key": "kubernetes.io/` + label + `", "operator": "In", "values": [` + values + `]}]}`
	}
	for _, test := range []struct{ spec, want string }{
		{"", "/"},
		{`"nodeSelector": {"kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux"}, `, "linux/arm64"},
		{`"os": {"name": "windows"}, `, "windows/"},
		{`"os": {"name": "windows"}, "nodeSelector": {"kubernetes.io/os": "linux"}, `, "/"}, // no node
		{terms(in("arch", `"arm64", "amd64", "arm64"`)), "/amd64,arm64"},
		{terms(in("arch", `"arm64"`), in("arch", `"amd64"`)), "/amd64,arm64"},
		{terms(in("arch", `"arm64"`), `{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}`), "/"}, // one of two is enough
		{terms(in("arch", `"arm64", "amd64"`)) + `"nodeSelector": {"kubernetes.io/arch": "arm64"}, `, "/arm64"},
		{terms(`{"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "NotIn", "values": ["arm64"]}]}`), "/"},
		{terms(`{"matchExpressions": {}}`, `7`, `null`), "/"},
		{terms(in("arch", ``)), "/"},
		{`"nodeSelector": {"kubernetes.io/arch": ""}, `, "/"},
		{`"nodeSelector": ["kubernetes.io/arch"], "affinity": 1, "os": "linux", `, "/"},
		{`"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"preference": ` + in("arch", `"arm64"`) + `}]}}, `, "/"},
	} {
		for _, form := range []string{`{"kind": "Pod", "spec": SPEC}`, `{"kind": "Deployment", "spec": {"template": {"spec": SPEC}}}`} {
			c := newCluster(t, enforce)
			c.review("/validate", create(object(t, strings.Replace(form, "SPEC", `{`+test.spec+`"containers": [{"image": "registry.example/good:1"}]}`, 1))))
			if len(c.asked) != 1 || c.asked[0].String() != test.want {
				t.Errorf("%s: %v, want %s", test.spec, c.asked, test.want)
			}
		}
	}
	for _, test := range []struct {
		on       admission.Platforms
		platform string
		want     bool
	}{
		{admission.Platforms{}, "linux/amd64", true},
		{admission.Platforms{OS: []string{"linux"}, Architectures: []string{"arm"}}, "linux/arm/v7", true},
		{admission.Platforms{OS: []string{"linux"}, Architectures: []string{"arm"}}, "linux/arm64", false},
		{admission.Platforms{OS: []string{"linux"}}, "windows/amd64:10.0.1", false},
		{admission.Platforms{Architectures: []string{"amd64"}}, "windows/amd64:10.0.1", true},
		{admission.Platforms{OS: []string{"linux"}, Architectures: []string{"amd64"}}, "", true},
		{admission.Platforms{OS: []string{"linux"}, Architectures: []string{"amd64"}}, "linux", true},
	} {
		if got := test.on.Selects(test.platform); got != test.want {
			t.Errorf("%s: %s is %t", test.on, test.platform, got)
		}
	}
}

// TestPlatformChanges: an update to other platforms is reviewed, as another image may run there.
func TestPlatformChanges(t *testing.T) {
	deployment := func(architecture string) map[string]any {
		return object(t, `{"kind": "Deployment", "spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/arch": "`+architecture+`"}, "containers": [{"image": "registry.example/bad:1"}]}}}}`)
	}
	c := newCluster(t, enforce)
	for architecture, allowed := range map[string]bool{"amd64": true, "arm64": false} {
		request := map[string]any{"operation": "UPDATE", "namespace": "prod", "object": deployment(architecture), "oldObject": deployment("amd64")}
		if a := c.review("/validate", request); a.Allowed != allowed {
			t.Errorf("%s: %+v", architecture, a)
		}
	}
}

// TestLack: what follows if platforms of an index lack a verdict.
func TestLack(t *testing.T) {
	for _, test := range []struct {
		rule      string
		allowed   bool
		submitted string
	}{{"unknown: deny", false, ""}, {"unknown: allow", true, ""}, {"unknown: scan", true, "registry.example/part@" + part + " [linux/arm64]"}} {
		c := newCluster(t, "{rules: [{name: all, "+test.rule+"}]}")
		a := c.review("/validate", create(pod("registry.example/part@"+part)))
		if a.Allowed != test.allowed || !strings.Contains(a.Status.Message+a.AuditAnnotations["unchecked"], "linux/arm64 was not analyzed") || strings.Join(c.submitted, " ") != test.submitted {
			t.Errorf("%s: %+v, submitted %v", test.rule, a, c.submitted)
		}
	}
}
