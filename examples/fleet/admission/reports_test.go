package admission_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/admission"
)

// TestReferences has references that other admission controllers refused or read wrongly. An unknown image is submitted by its reference, so the
// submission shows how it was read.
func TestReferences(t *testing.T) {
	for reference, want := range map[string]string{
		"private-registry:30005/kibana:5.6.8":                       "private-registry:30005/kibana:5.6.8",  // connaisseur/issues/114
		"nexus.example:18079/hello-world:test":                      "nexus.example:18079/hello-world:test", // connaisseur/issues/6
		"registry.example/example/image/test:1.0-SNAPSHOT":          "registry.example/example/image/test:1.0-SNAPSHOT",
		"registry.example/repo/app:0.152.2-20220208T143249Z.master": "registry.example/repo/app:0.152.2-20220208T143249Z.master", // connaisseur/issues/548 and 392
		"registry.localhost:5000/sample-web":                        "registry.localhost:5000/sample-web:latest",                 // fluxcd/image-automation-controller/issues/858
		"localhost:5000/team/app":                                   "localhost:5000/team/app:latest",                            // google/containerregistry/issues/83
		"registry/app":                                              "index.docker.io/registry/app:latest",                       // a user of Docker Hub
		"registry.example/app:v1.2.3@" + other:                      "registry.example/app@" + other,                             // connaisseur/issues/749
		"registry.example:5000/app:v1.2.3@" + other:                 "registry.example:5000/app@" + other,                        // devantler-tech/platform/pull/4039
	} {
		c := newCluster(t, "{rules: [{name: all, unknown: scan}]}")
		if a := c.review("/validate", create(pod(reference))); !a.Allowed || !slices.Equal(c.submitted, []string{want}) {
			t.Errorf("%s: submitted %q, want %q: %+v", reference, c.submitted, want, a)
		}
	}
}

// TestReports has further reports about other admission controllers.
func TestReports(t *testing.T) {
	bad := pod("registry.example/bad:1")
	finalized := maps.Clone(bad)
	finalized["metadata"] = map[string]any{"name": "p", "finalizers": []any{"batch.kubernetes.io/job-tracking"}}
	dying := pod("registry.example/bad:1")
	dying["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	controller := map[string]any{"username": "system:serviceaccount:kube-system:job-controller"}
	tests := []struct {
		name    string
		request map[string]any
		allowed bool
		says    string
	}{
		{"the job controller removes its finalizer: kyverno/issues/8815", map[string]any{"operation": "UPDATE", "object": bad, "oldObject": finalized, "userInfo": controller}, true, ""},
		{"a stopped pod is deleted: kyverno/issues/2343", map[string]any{"operation": "DELETE", "oldObject": bad}, true, ""},
		{"a pod that claims to be deleted is created", create(dying), false, "registry.example/bad:1"},
		{"an image that cannot be read does not hide another: trivy-operator/issues/1901", create(pod("registry.example/new:1", "registry.example/bad:1", "down.example/a:1")), false,
			"container c1: registry.example/bad:1: CVE-2024-5535"},
		{"the tag beside a digest is shown: trivy-operator/issues/2411", create(pod("registry.example/bad:1@" + newCluster(t, enforce).bad)), false, "registry.example/bad:1@sha256:"},
		{"a digest that is too short: trivy-operator/issues/1920", create(pod("registry.example/app@sha256:1d07")), false, "the reference is malformed"},
		{"a cron job: gatekeeper/issues/3166", create(object(t, `{"kind": "CronJob", "apiVersion": "batch/v1", "spec": {"schedule": "0 0 * * *", "jobTemplate": {"metadata": {}, "spec": {"template": {"spec": {
			"containers": [{"name": "a", "image": "registry.example/bad:1"}]}}}}}}`)), false, "registry.example/bad:1"},
		{"kubectl debug of a pod that is being deleted", map[string]any{"operation": "UPDATE", "subResource": "ephemeralcontainers", "object": dying, "oldObject": pod()}, true, ""}, // it starts no container
	}
	for _, test := range tests {
		c := newCluster(t, enforce)
		if a := c.review("/validate", test.request); a.Allowed != test.allowed || !strings.Contains(a.Status.Message, test.says) {
			t.Errorf("%s: %+v", test.name, a)
		}
	}

	c := newCluster(t, "{rules: [{name: all, unknown: scan}]}")
	a := c.review("/validate", create(pod("registry.example/new:1", "registry.example/bad:1")))
	if a.Allowed || len(c.submitted) != 1 || len(c.events) != 1 || c.events[0].Outcome != admission.Refused || c.events[0].Images[0].Note != "not analyzed yet" {
		t.Errorf("an unknown image beside a stopped one: %+v, submitted %q, %+v", a, c.submitted, c.events)
	}
}

// TestOrder: a patch names places and leaves the order of containers. Some may be pinned already, have equal images, or come from another webhook in a second
// round: kyverno/issues/9863, 3294, 12552 and 4521.
func TestOrder(t *testing.T) {
	c := newCluster(t, enforce)
	patched := func(text string) string { return string(c.review("/mutate", create(object(t, text))).Patch) }
	replace := func(path, value string) string {
		return `{"op":"replace","path":"` + path + `","value":"` + value + `"}`
	}
	got := patched(`{"kind": "Pod", "spec": {"initContainers": [{"name": "c", "image": "registry.example/good:1@` + clean + `"}, {"name": "b", "image": "registry.example/new:1"}, {"name": "a", "image": "registry.example/good:1"}],
		"containers": [{"name": "main", "image": "registry.example/good:1"}, {"name": "twin", "image": "registry.example/good:1"}]}}`)
	want := "[" + replace("/spec/initContainers/1/image", "registry.example/new:1@"+other) + "," + replace("/spec/initContainers/2/image", "registry.example/good:1@"+clean) + "," +
		replace("/spec/containers/0/image", "registry.example/good:1@"+clean) + "," + replace("/spec/containers/1/image", "registry.example/good:1@"+clean) + "]"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = patched(`{"kind": "Pod", "spec": {"containers": [{"name": "main", "image": "registry.example/good:1@` + clean + `"}, {"name": "proxy", "image": "nginx"}]}}`)
	if want := "[" + replace("/spec/containers/1/image", "nginx@"+clean) + "]"; got != want {
		t.Errorf("a second round: got %s, want %s", got, want)
	}
	got = patched(`{"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "nginx"}]}}}}}}`)
	if want := "[" + replace("/spec/jobTemplate/spec/template/spec/containers/0/image", "nginx@"+clean) + "]"; got != want {
		t.Errorf("a cron job: got %s, want %s", got, want)
	}
}
