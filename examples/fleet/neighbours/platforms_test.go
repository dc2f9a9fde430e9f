package neighbours_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
)

// A review is the answer to a review.
type review struct {
	Allowed bool
	Status  struct{ Message string }
	Patch   []byte
}

// review reviews a pod. Spec has further fields of its specification, `"nodeSelector": {...}, `. The namespace strict denies unknown images, and
// others scan them.
func (f *fleet) review(path, namespace, spec, reference string) review {
	f.t.Helper()
	status, body, _ := f.ask("POST", path, "", nil, `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "kind": {"version": "v1", "kind": "Pod"}, "operation": "CREATE",
		"namespace": "`+namespace+`", "userInfo": {"username": "jane"}, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {`+spec+`"containers": [{"name": "app", "image": "`+reference+`"}]}}}}`)
	var out struct{ Response review }
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != http.StatusOK {
		f.t.Fatalf("%d %s", status, body)
	}
	return out.Response
}

// settled waits until the images of an index have their verdicts, so that admission can read them.
func (f *fleet) settled(digest string) {
	f.t.Helper()
	var x struct {
		Platforms []struct{ Digest, State string }
	}
	f.client.Get("/v1/images/"+digest, &x)
	for _, p := range x.Platforms {
		if p.State == "analyzed" {
			f.client.Get("/v1/images/"+p.Digest+"/verdict", nil)
		}
	}
}

// good and bad are images of a platform. Each has a content of its own.
func good(t *testing.T, platform string) v1.Image { return image(t, platform, "2.36-9+deb12u1") }
func bad(t *testing.T, platform string) v1.Image  { return image(t, platform, "2.36-9") }

func image(t *testing.T, platform, version string) v1.Image {
	return fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 "+version+" glibc"), fleettest.Layer(t, "number", fmt.Sprint(made.Add(1)))), platform)
}

var made atomic.Int64 // images

// add adds an image to an index with another descriptor than that of its configuration.
func add(index v1.ImageIndex, img v1.Image, d v1.Descriptor) v1.ImageIndex {
	return mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: d})
}

const (
	amd64 = `"nodeSelector": {"kubernetes.io/arch": "amd64"}, `
	arm64 = `"nodeSelector": {"kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux"}, `
	linux = `"os": {"name": "linux"}, `
)

func affinity(operator, values string) string {
	return `"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "` + operator + `", "values": [` + values + `]}]}]}}}, `
}

// TestPlatforms has indexes, and pods that may run them or not. The names of cases have the reports of other tools that these recreate.
func TestPlatforms(t *testing.T) {
	const update = "update for CVE-2026-0001"
	unknown := &v1.Platform{OS: "unknown", Architecture: "unknown"}
	attestation := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	type pod struct{ spec, refused string } // refused is "" if it is admitted
	tests := []struct {
		name   string
		index  func(t *testing.T) v1.ImageIndex
		submit string // further fields of the submission
		pods   []pod
	}{
		{"all pass", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "linux/amd64"), good(t, "linux/arm64"), good(t, "linux/arm/v7"))
		}, "", []pod{{"", ""}, {amd64, ""}, {arm64, ""}}},
		{"one is stopped: harbor/pull/11897, cosign/issues/786", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "linux/amd64"), bad(t, "linux/arm64"))
		}, "", []pod{
			{"", "linux/arm64: " + update}, {amd64, ""}, {arm64, "linux/arm64: " + update},
			{affinity("In", `"amd64"`), ""}, {affinity("In", `"amd64", "arm64"`), update}, {affinity("NotIn", `"arm64"`), update},
			{`"nodeSelector": {"kubernetes.io/arch": "s390x"}, `, update}, // it can't run there, or runs another architecture
			{`"nodeSelector": {"beta.kubernetes.io/arch": "amd64"}, `, update},
			{amd64 + affinity("In", `"arm64"`), update}, // no node has both
		}},
		{"one is not analyzed: ratify/issues/101", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "linux/amd64"), good(t, "linux/arm64"))
		}, `, "platform": "linux/amd64"`, []pod{{"", "linux/arm64 was not analyzed"}, {amd64, ""}, {arm64, "linux/arm64 was not analyzed"}}},
		{"a stopped one counts although another is not analyzed", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, bad(t, "linux/amd64"), good(t, "linux/arm64"), good(t, "linux/s390x"))
		}, `, "platforms": ["linux/amd64", "linux/s390x"]`, []pod{{"", "linux/amd64: " + update}, {arm64, "linux/arm64 was not analyzed"}}},
		{"arm64 only: trivy-operator/issues/1469, kyverno/issues/16940", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, bad(t, "linux/arm64"))
		}, "", []pod{{"", update}, {arm64, update}}},
		{"windows only: kyverno/issues/17694", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "windows/amd64:10.0.17763.1"), good(t, "windows/amd64:10.0.20348.1"))
		}, "", []pod{{"", ""}}},
		{"linux and windows", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "linux/amd64"), good(t, "windows/amd64:10.0.17763.1"))
		}, "", []pod{{"", "windows/amd64:10.0.17763.1 was not analyzed: not-selected"}, {linux, ""}, {amd64, "windows/amd64"}, {linux + amd64, ""}}},
		{"attestations: harbor/issues/22408", func(t *testing.T) v1.ImageIndex {
			return add(add(fleettest.Index(t, good(t, "linux/amd64")), bad(t, "unknown/unknown"), v1.Descriptor{Platform: unknown, Annotations: attestation}),
				bad(t, "linux/mips"), v1.Descriptor{Platform: unknown})
		}, "", []pod{{"", ""}}},
		{"an image that calls itself an attestation", func(t *testing.T) v1.ImageIndex {
			return add(fleettest.Index(t, good(t, "linux/amd64")), bad(t, "linux/arm64"), v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}, Annotations: attestation, ArtifactType: "application/vnd.in-toto+json"})
		}, "", []pod{{"", "linux/arm64: " + update}, {amd64, ""}}},
		{"platforms that only configurations state", func(t *testing.T) v1.ImageIndex {
			index := add(empty.Index, good(t, "linux/amd64"), v1.Descriptor{})
			return add(index, bad(t, "linux/arm64"), v1.Descriptor{Annotations: attestation})
		}, "", []pod{{"", "linux/arm64: " + update}, {amd64, ""}, {arm64, update}}},
		{"other names of an architecture", func(t *testing.T) v1.ImageIndex {
			return add(fleettest.Index(t, good(t, "linux/arm64")), bad(t, "linux/amd64"), v1.Descriptor{Platform: &v1.Platform{OS: "Linux", Architecture: "x86_64"}})
		}, "", []pod{{"", update}, {amd64, update}, {arm64, ""}}},
		{"variants", func(t *testing.T) v1.ImageIndex {
			return fleettest.Index(t, good(t, "linux/amd64"), good(t, "linux/amd64/v2"), bad(t, "linux/amd64/v3"), good(t, "linux/arm64"))
		}, "", []pod{{amd64, "linux/amd64/v3: " + update}, {arm64, ""}}},
		{"one manifest for two platforms", func(t *testing.T) v1.ImageIndex {
			same := bad(t, "linux/amd64")
			index := add(fleettest.Index(t, good(t, "linux/arm64")), same, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}})
			return add(index, same, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "386"}})
		}, "", []pod{{`"nodeSelector": {"kubernetes.io/arch": "386"}, `, "linux/386: " + update}, {amd64, "linux/amd64: " + update}, {arm64, ""}}},
		{"indexes in an index, one twice: open-console-gateway/pull/47", func(t *testing.T) v1.ImageIndex {
			inner := fleettest.Index(t, bad(t, "linux/arm64"))
			inner = add(inner, good(t, "unknown/unknown"), v1.Descriptor{Platform: unknown, Annotations: attestation})
			outer := mutate.AppendManifests(fleettest.Index(t, good(t, "linux/amd64")), mutate.IndexAddendum{Add: inner})
			return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: outer}, mutate.IndexAddendum{Add: inner}, mutate.IndexAddendum{Add: outer})
		}, "", []pod{{"", "linux/arm64: " + update}, {amd64, ""}}},
		{"a manifest list of Docker", func(t *testing.T) v1.ImageIndex {
			docker := func(img v1.Image) v1.Image {
				return mutate.ConfigMediaType(mutate.MediaType(img, types.DockerManifestSchema2), types.DockerConfigJSON)
			}
			return mutate.IndexMediaType(fleettest.Index(t, docker(good(t, "linux/amd64")), docker(bad(t, "linux/arm64"))), types.DockerManifestList)
		}, "", []pod{{"", "linux/arm64: " + update}, {amd64, ""}}},
	}
	both(t, func(t *testing.T, f *fleet) {
		for i, test := range tests {
			f.t = t
			ref, digest := f.registry.PushIndex(t, fmt.Sprintf("team/app%d:1", i), test.index(t))
			var m fleettest.Submission
			f.client.Do("POST", "/v1/submissions", `{"reference": "`+ref+`"`+test.submit+`}`).Want(http.StatusAccepted).Into(&m)
			if m = f.client.Wait(m.ID); m.State != "analyzed" {
				t.Errorf("%s: %+v", test.name, m)
				continue
			}
			f.settled(digest)
			repository, _, _ := strings.Cut(ref[len(f.registry.Host):], ":")
			for _, p := range test.pods {
				for _, name := range []string{ref, f.registry.Host + repository + "@" + digest, ref + "@" + digest} { // all have the same answer
					a := f.review("/validate", "strict", p.spec, name)
					if a.Allowed != (p.refused == "") || !strings.Contains(a.Status.Message, p.refused) {
						t.Errorf("%s: %s%s: %+v, want %q", test.name, p.spec, name, a, p.refused)
					}
				}
			}
			if a := f.review("/mutate", "strict", "", ref); !strings.Contains(string(a.Patch), ref+"@"+digest) {
				t.Errorf("%s: pinned by %s, want the digest of the index %s (argocd-image-updater/issues/297)", test.name, a.Patch, digest)
			}
		}
	})
}

// TestPlatformScan: an admission that scans submits the platforms that lack, and only if that may help.
func TestPlatformScan(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		ref, digest := f.registry.PushIndex(t, "team/app:1", fleettest.Index(t, good(t, "linux/amd64"), bad(t, "linux/arm64"), good(t, "windows/amd64")))
		pinned := ref + "@" + digest
		if a := f.review("/validate", "scan", "", pinned); !a.Allowed {
			t.Errorf("an unknown index: %+v", a)
		}
		fleettest.Eventually(t, "the index is refused", func() bool {
			return strings.Contains(f.review("/validate", "strict", "", pinned).Status.Message, "linux/arm64: update for CVE-2026-0001")
		})
		fleettest.Eventually(t, "the other platform is admitted", func() bool { return f.review("/validate", "strict", linux+amd64, pinned).Allowed })

		// Windows is analyzed as soon as a pod may need it.
		if a := f.review("/validate", "strict", amd64, pinned); a.Allowed || !strings.Contains(a.Status.Message, "windows/amd64 was not analyzed") {
			t.Errorf("%+v", a)
		}
		if a := f.review("/validate", "scan", amd64, pinned); !a.Allowed {
			t.Errorf("%+v", a)
		}
		fleettest.Eventually(t, "all platforms are analyzed", func() bool { return f.review("/validate", "strict", amd64, pinned).Allowed })

		var events struct{ Items []struct{ Kind, Text string } }
		f.client.Get("/v1/events?kind=admission", &events)
		if text := fmt.Sprint(events.Items); !strings.Contains(text, "refused") {
			t.Errorf("%s", text)
		}
	})
}

// TestSparseIndex: the registry lacks the image of a platform, as registries do that copy one only. It is named, and no other stands for it.
func TestSparseIndex(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		missing := good(t, "linux/arm64")
		ref, digest := f.registry.PushIndex(t, "team/app:1", fleettest.Index(t, missing, good(t, "linux/amd64")))
		h, err := missing.Digest()
		if err != nil {
			t.Fatal(err)
		}
		q, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+f.registry.Host+"/v2/team/app/manifests/"+h.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.DefaultClient.Do(q)
		if err != nil || r.StatusCode/100 != 2 {
			t.Fatal(r, err)
		}
		r.Body.Close()
		m := f.client.Wait(f.client.Submit(ref).ID)
		if m.State != "analyzed" || m.Message != "linux/arm64: not-found" {
			t.Errorf("%+v", m)
		}
		f.settled(digest)
		if a := f.review("/validate", "strict", "", ref); a.Allowed || !strings.Contains(a.Status.Message, "linux/arm64 was not analyzed: not-found") {
			t.Errorf("%+v", a)
		}
		if a := f.review("/validate", "strict", amd64, ref); !a.Allowed {
			t.Errorf("%+v", a)
		}
		submissions := func() int {
			var list struct{ Items []struct{ ID string } }
			f.client.Get("/v1/submissions", &list)
			return len(list.Items)
		}
		before := submissions()
		if a := f.review("/validate", "scan", "", ref); !a.Allowed || submissions() != before {
			t.Errorf("%+v: %d submissions, and %d before", a, submissions(), before)
		}
		var failed struct {
			Items []struct{ Images []struct{ Digest string } }
		}
		f.client.Get("/v1/events?kind=analysis-failed", &failed)
		if len(failed.Items) != 1 || failed.Items[0].Images[0].Digest != h.String() {
			t.Errorf("events: %+v", failed)
		}
	})
}

// TestManyPlatforms: an index with 1,000 images is analyzed up to a limit, stored up to another, and has no verdict.
func TestManyPlatforms(t *testing.T) {
	f := start(t, "")
	base := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9+deb12u1 glibc"))
	var images []v1.Image
	for i := range 1000 {
		images = append(images, fleettest.For(t, base, fmt.Sprintf("linux/amd64:%d", i)))
	}
	ref, digest := f.registry.PushIndex(t, "team/app:1", fleettest.Index(t, images...))
	m := f.client.Wait(f.client.Submit(ref).ID)
	if m.State != "analyzed" {
		t.Fatalf("%+v", m)
	}
	var x struct {
		More      int
		Message   string
		Platforms []struct{ State, Reason string }
	}
	f.client.Get("/v1/images/"+digest, &x)
	analyzed, limited := 0, 0
	for _, p := range x.Platforms {
		if p.State == "analyzed" {
			analyzed++
		}
		if p.Reason == "limit" {
			limited++
		}
	}
	if analyzed != 16 || limited != 184 || x.More != 800 || !strings.Contains(x.Message, "979 more platforms were not analyzed") {
		t.Errorf("%d analyzed, %d over the limit, %d more: %s", analyzed, limited, x.More, x.Message)
	}
	f.settled(digest)
	if a := f.review("/validate", "strict", amd64, ref); a.Allowed || !strings.Contains(a.Status.Message, "979 more platforms") {
		t.Errorf("%+v", a)
	}
}

// TestHarborIndex: Harbor asks about the images of an index, and not about the index itself.
func TestHarborIndex(t *testing.T) {
	f := start(t, "")
	arm := bad(t, "linux/arm64")
	ref, digest := f.registry.PushIndex(t, "team/app:1", fleettest.Index(t, good(t, "linux/amd64"), arm))
	f.client.Analyze(ref)
	child, err := arm.Digest()
	if err != nil {
		t.Fatal(err)
	}
	scan := func(digest, kind string) (int, string) {
		body := `{"registry": {"url": "http://` + f.registry.Host + `", "authorization": "Basic ` + base64.StdEncoding.EncodeToString([]byte("robot:hunter2")) + `"},
			"artifact": {"repository": "team/app", "digest": "` + digest + `"` + kind + `}}`
		status, text, _ := f.ask("POST", "/api/v1/scan", "Bearer "+f.client.Secret, map[string]string{"Content-Type": "application/vnd.scanner.adapter.scan.request+json; version=1.1"}, body)
		return status, text
	}
	status, text := scan(child.String(), "")
	var out struct{ ID string }
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	status, text, _ = f.ask("GET", "/api/v1/scan/"+out.ID+"/report", "Bearer "+f.client.Secret, map[string]string{"Accept": "application/vnd.security.vulnerability.report; version=1.1"}, "")
	if status != http.StatusOK || !strings.Contains(text, "CVE-2026-0001") {
		t.Errorf("the image of a platform: %d %s", status, text)
	}
	for _, kind := range []string{"", `, "mime_type": "application/vnd.oci.image.index.v1+json"`} { // neuvector/issues/2110: never an empty report
		if status, text := scan(digest, kind); status != http.StatusNotImplemented {
			t.Errorf("the index: %d %s", status, text)
		}
	}
}

// TestFalcoIndex lists alerts about containers of images of an index, and the image that each is joined to. A runtime names the digest of the index, and
// Falco the tag, so the platform must come from elsewhere; no platform stands for another.
func TestFalcoIndex(t *testing.T) {
	both(t, func(t *testing.T, f *fleet) {
		amd, arm, only := good(t, "linux/amd64"), bad(t, "linux/arm64"), good(t, "linux/s390x")
		digestOf := func(img v1.Image, config bool) string {
			h, err := img.Digest()
			if config {
				h, err = img.ConfigName()
			}
			if err != nil {
				t.Fatal(err)
			}
			return h.String()
		}
		ref, index := f.registry.PushIndex(t, "team/app:1", fleettest.Index(t, amd, arm, good(t, "windows/amd64")))
		f.client.Analyze(ref)
		single, _ := f.registry.PushIndex(t, "team/single:1", fleettest.Index(t, only, good(t, "windows/amd64")))
		f.client.Analyze(single)
		part, partIndex := f.registry.PushIndex(t, "team/part:1", fleettest.Index(t, amd, bad(t, "linux/arm64")))
		var m fleettest.Submission
		f.client.Do("POST", "/v1/submissions", `{"reference": "`+part+`", "platform": "linux/amd64"}`).Want(http.StatusAccepted).Into(&m)
		f.client.Wait(m.ID)
		for id, image := range map[string]string{"aaaaaaaaaaaa": digestOf(arm, true), "bbbbbbbbbbbb": index} {
			f.client.Do("PUT", "/v1/falco/containers/"+id+strings.Repeat("0", 52), `{"image": "`+image+`"}`).Want(http.StatusNoContent)
		}
		named := func(reference string) string {
			repository, tag, _ := strings.Cut(strings.TrimPrefix(reference, f.registry.Host), ":")
			return `"container.id": "5d2a4b8d7f06", "container.image.repository": "` + f.registry.Host + repository + `", "container.image.tag": "` + tag + `"`
		}
		config := strings.TrimPrefix(digestOf(arm, true), "sha256:")
		tests := []struct {
			name, query, fields string
			image               v1.Image // nil if it is not joined
			gap                 string   // without an image
		}{
			{"a tag", "", named(ref), nil, "platform"},
			{"a tag and the platform", "", named(ref) + `, "host.platform": "linux/arm64"`, arm, ""},
			{"a tag and another name of the platform", "", named(ref) + `, "host.platform": "linux/x86_64"`, amd, ""},
			{"a tag, and the platform from the sender", "?platform=linux/amd64", named(ref), amd, ""},
			{"the alert's platform counts before that of the sender", "?platform=linux/amd64", named(ref) + `, "host.platform": "linux/arm64"`, arm, ""},
			{"a platform that the index lacks", "?platform=linux/riscv64", named(ref), nil, "platform"},
			{"a malformed platform", "", named(ref) + `, "host.platform": "arm"`, nil, "platform"},
			{"the digest of the index", "", named(ref) + `, "container.image.digest": "` + index + `"`, nil, "platform"},
			{"the digest of the index and the platform", "?platform=linux/arm64", `"container.id": "5d2a4b8d7f06", "container.image.digest": "` + index + `"`, arm, ""},
			{"the digest of the index and the identifier of the image", "?platform=linux/amd64", `"container.id": "5d2a4b8d7f06", "container.image.id": "` + config + `", "container.image.digest": "` + index + `"`, arm, ""},
			{"a tag and the beginning of the identifier", "", named(ref) + `, "container.image.id": "` + config[:12] + `"`, arm, ""},
			{"a tag that has moved, by the identifier", "?platform=linux/arm64", named(ref) + `, "container.image.id": "` + strings.Repeat("0", 12) + `"`, nil, "unknown-image"},
			{"the digest of the image", "?platform=linux/amd64", named(ref) + `, "container.image.digest": "` + digestOf(arm, false) + `"`, arm, ""},
			{"a container of the agent", "", `"container.id": "aaaaaaaaaaaa", "container.image.digest": "` + index + `"`, arm, ""},
			{"a container of the agent, whose daemon names the index", "", `"container.id": "bbbbbbbbbbbb"`, nil, "platform"},
			{"the same, and the platform", "?platform=linux/arm64", `"container.id": "bbbbbbbbbbbb"`, arm, ""},
			{"the only image for Linux", "", named(single), only, ""},
			{"the only image for Linux, which another platform emulates", "?platform=linux/arm64", named(single), only, ""},
			{"a platform that is not analyzed", "?platform=linux/arm64", named(part), nil, "unknown-image"},
			{"one that is, beside it", "?platform=linux/amd64", named(part), amd, ""},
			{"a tag with one analyzed platform", "", named(part), nil, "platform"},
		}
		type event struct{ Rule, Digest, Gap string }
		events := func() map[string]event {
			var list struct{ Items []event }
			f.client.Get("/v1/falco/events?limit=500", &list)
			all := make(map[string]event)
			for _, e := range list.Items {
				all[e.Rule] = e
			}
			return all
		}
		send := func(name, query, fields string) {
			t.Helper()
			text, err := json.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			f.client.Do("POST", "/v1/falco/alerts"+query, []byte(`{"rule": `+string(text)+`, "priority": "Notice", "time": "2026-11-01T00:00:00Z", "output_fields": {`+fields+`, "proc.exepath": "/bin/sh"}}`)).Want(http.StatusOK)
		}
		for _, test := range tests {
			send(test.name, test.query, test.fields)
		}
		got := events()
		for _, test := range tests {
			want := event{test.name, "", test.gap}
			if test.image != nil {
				want = event{test.name, digestOf(test.image, false), "no-owner"}
			}
			if got[test.name] != want {
				t.Errorf("%+v, want %+v", got[test.name], want)
			}
		}
		f.client.Do("POST", "/v1/images/"+partIndex+"/analyze", nil).Want(http.StatusAccepted).Into(&m)
		f.client.Wait(m.ID)
		send("later", "?platform=linux/arm64", named(part))
		send("later, a tag", "", named(part))
		if e := events(); e["later"].Digest == "" || e["later, a tag"].Gap != "platform" {
			t.Errorf("when all platforms are analyzed: %+v, %+v", e["later"], e["later, a tag"])
		}
	})
}
