package admission_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/examples/fleet/admission"
)

type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Resources  []string
	Webhooks   []struct {
		AdmissionReviewVersions []string `yaml:"admissionReviewVersions"`
		FailurePolicy           string   `yaml:"failurePolicy"`
		ReinvocationPolicy      string   `yaml:"reinvocationPolicy"`
		SideEffects             string   `yaml:"sideEffects"`
		TimeoutSeconds          int      `yaml:"timeoutSeconds"`
		ClientConfig            struct {
			Service struct{ Name, Namespace, Path string }
		} `yaml:"clientConfig"`
		Rules []struct {
			APIGroups  []string `yaml:"apiGroups"`
			Operations []string
			Resources  []string
		}
	}
}

func manifests(t *testing.T, name string) []manifest {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("kustomize", name))
	if err != nil {
		t.Fatal(err)
	}
	var list []manifest
	for d := yaml.NewDecoder(bytes.NewReader(raw)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, m)
	}
}

// TestKustomize requires that the manifests name every file and send every kind that the handler reads. A rule for pods alone misses
// ephemeral containers, as in https://github.com/deckhouse/deckhouse/pull/22398.
func TestKustomize(t *testing.T) {
	var kinds []string
	for _, file := range manifests(t, "kustomization.yaml")[0].Resources {
		for _, m := range manifests(t, file) {
			kinds = append(kinds, m.Kind)
			for _, w := range m.Webhooks {
				if w.ClientConfig.Service.Path != "/validate" || !slices.Equal(w.AdmissionReviewVersions, []string{"v1"}) || w.SideEffects != "NoneOnDryRun" || w.TimeoutSeconds > 5 {
					t.Errorf("%s: %+v", file, w)
				}
				var sent []string
				for _, r := range w.Rules {
					if !slices.Contains(r.Operations, "CREATE") || !slices.Contains(r.Operations, "UPDATE") {
						t.Errorf("%s: operations %q", file, r.Operations)
					}
					sent = append(sent, r.Resources...)
				}
				slices.Sort(sent)
				want := []string{"cronjobs", "daemonsets", "deployments", "jobs", "pods", "pods/ephemeralcontainers", "podtemplates", "replicasets", "replicationcontrollers", "statefulsets"}
				if !slices.Equal(sent, want) {
					t.Errorf("%s sends %q", file, sent)
				}
			}
		}
	}
	for _, kind := range []string{"Namespace", "Deployment", "Service", "ValidatingWebhookConfiguration"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no %s", kind)
		}
	}
	// Another webhook may add containers with tags after this one: https://github.com/sigstore/policy-controller/pull/76.
	if w := manifests(t, "pin/webhook.yaml")[0].Webhooks[0]; w.ClientConfig.Service.Path != "/mutate" || w.ReinvocationPolicy != "IfNeeded" || !slices.Equal(w.Rules[0].Resources, []string{"pods", "pods/ephemeralcontainers"}) {
		t.Errorf("%+v", w)
	}
	config, err := os.Open("kustomize/admission.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer config.Close()
	if _, err := admission.ReadConfig(config); err != nil {
		t.Error(err)
	}
}
