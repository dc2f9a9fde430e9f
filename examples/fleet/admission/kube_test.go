package admission_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/examples/fleet/admission"
)

// A kube is a kube-apiserver with an etcd, and webhooks that it calls.
type kube struct {
	t      *testing.T
	url    string
	client *http.Client
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// run starts a program that ends with the test, with its output in a file.
func run(t *testing.T, log, program string, args ...string) {
	t.Helper()
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		out.Close()
	})
}

// startKube starts the API server that the environment names, with arguments.
func startKube(t *testing.T, args ...string) *kube {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	accounts := write("accounts.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	tokens := write("tokens.csv", []byte("admin,admin,1,system:masters\ndeveloper,developer,2,devs\n"))
	etcd, peer, port := "http://127.0.0.1:"+freePort(t), "http://127.0.0.1:"+freePort(t), freePort(t)
	run(t, filepath.Join(dir, "etcd.log"), "etcd", "--data-dir="+filepath.Join(dir, "etcd"), "--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	log := filepath.Join(dir, "apiserver.log")
	run(t, log, os.Getenv("HULLMARK_KUBE_APISERVER"), append([]string{"--etcd-servers=" + etcd, "--bind-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + filepath.Join(dir, "certs"),
		"--service-account-issuer=https://issuer.example", "--service-account-key-file=" + accounts, "--service-account-signing-key-file=" + accounts,
		"--token-auth-file=" + tokens, "--authorization-mode=AlwaysAllow", "--disable-admission-plugins=ServiceAccount", "--service-cluster-ip-range=10.0.0.0/24",
		"--watch-cache=false"}, args...)...) // the cache needs an etcd of 3.4.31 or later, and Debian 12 has 3.4.23
	k := &kube{t, "https://127.0.0.1:" + port, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} // its certificate is its own
	for deadline := time.Now().Add(2 * time.Minute); ; {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.url+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer admin")
		if res, err := k.client.Do(r); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return k
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			t.Fatalf("the API server is not ready:\n%s", text[max(0, len(text)-4000):])
		}
		<-time.After(100 * time.Millisecond)
	}
}

// call sends a request as a user.
func (k *kube) call(user, method, path, kind string, body any) (status int, header http.Header, answer string) {
	k.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		k.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(k.t.Context(), method, k.url+path, bytes.NewReader(b))
	if err != nil {
		k.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+user)
	r.Header.Set("Content-Type", kind)
	res, err := k.client.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

func (k *kube) create(user, path string, object any) (status int, header http.Header, answer string) {
	k.t.Helper()
	return k.call(user, http.MethodPost, path, "application/json", object)
}

// install creates the webhooks of a file of the kustomize folder, with a URL instead of a service.
func (k *kube) install(file, kind, url string, authority []byte) {
	k.t.Helper()
	raw, err := os.ReadFile(filepath.Join("kustomize", file))
	if err != nil {
		k.t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.Unmarshal(raw, &m); err != nil {
		k.t.Fatal(err)
	}
	for _, w := range m["webhooks"].([]any) {
		w := w.(map[string]any)
		path := w["clientConfig"].(map[string]any)["service"].(map[string]any)["path"].(string)
		w["clientConfig"] = map[string]any{"url": url + path, "caBundle": base64.StdEncoding.EncodeToString(authority)}
	}
	if status, _, answer := k.create("admin", "/apis/admissionregistration.k8s.io/v1/"+kind, m); status != http.StatusCreated {
		k.t.Fatalf("%s: %d %s", file, status, answer)
	}
}

// TestKubernetes runs pods through a real API server: HULLMARK_KUBE_APISERVER names the program, and etcd is in the path. The step
// kubernetes of .ci/slow builds it.
func TestKubernetes(t *testing.T) {
	if os.Getenv("HULLMARK_KUBE_APISERVER") == "" {
		t.Skip("HULLMARK_KUBE_APISERVER is not set")
	}
	c := newCluster(t, `
rules:
  - {name: warned, select: {namespaces: [warned]}, mode: warn}
  - {name: pinned, select: {namespaces: [pinned]}, pinned: true}
  - {name: others}
breakGlass: {annotation: hullmark.image-policy.k8s.io/break-glass, users: [admin]}
`)
	var mu sync.Mutex
	var times []time.Duration
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c.handler.ServeHTTP(w, r)
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Since(start))
	}))
	defer server.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})

	// The plugin ImagePolicyWebhook is on, too; its rules are about the namespace that the webhooks leave out.
	review, err := admission.ReadConfig(strings.NewReader(`{rules: [{name: reviewed, select: {namespaces: [hullmark]}}, {name: others, mode: record}]}`))
	if err != nil {
		t.Fatal(err)
	}
	reviews := httptest.NewTLSServer(&admission.Handler{Config: review, Verdicts: c, Resolver: c, Log: c.handler.Log})
	defer reviews.Close()
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	kubeconfig := write("kubeconfig", fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a}],
clusters: [{name: a, cluster: {server: "%s/image-review", certificate-authority-data: %s}}]}`,
		reviews.URL, base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: reviews.Certificate().Raw}))))
	raw, err := os.ReadFile("kustomize/imagepolicy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plugins := write("imagepolicy.yaml", strings.Replace(string(raw), "/etc/kubernetes/hullmark.kubeconfig", kubeconfig, 1))
	k := startKube(t, "--enable-admission-plugins=ImagePolicyWebhook", "--admission-control-config-file="+plugins)
	k.install("webhook.yaml", "validatingwebhookconfigurations", server.URL, authority)
	for _, ns := range []string{"warned", "pinned", "hullmark"} {
		if status, _, answer := k.create("admin", "/api/v1/namespaces", map[string]any{"metadata": map[string]any{"name": ns}}); status != http.StatusCreated {
			t.Fatalf("%d %s", status, answer)
		}
	}
	podIn := func(name, image string) map[string]any {
		p := pod(image)
		p["apiVersion"], p["metadata"] = "v1", map[string]any{"name": name}
		return p
	}
	template := func(image string) map[string]any {
		return map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "a"}}, "spec": map[string]any{"restartPolicy": "Always", "containers": []any{map[string]any{"name": "c0", "image": image}}}}
	}
	// The API server uses new webhooks after a moment.
	for i, deadline := 0, time.Now().Add(30*time.Second); ; i++ {
		if status, _, _ := k.create("admin", "/api/v1/namespaces/default/pods", podIn(fmt.Sprint("early", i), "registry.example/bad:1")); status == http.StatusForbidden {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the webhook is not called")
		}
		<-time.After(100 * time.Millisecond)
	}

	const pods, apps = "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/"
	workload := func(image string) map[string]any {
		return map[string]any{"metadata": map[string]any{"name": "w" + fmt.Sprint(len(image))}, "spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "a"}}, "serviceName": "a", "template": template(image)}}
	}
	job := func(image string) map[string]any {
		spec := template(image)
		spec["spec"].(map[string]any)["restartPolicy"] = "Never"
		return map[string]any{"template": spec}
	}
	replicas := func(image string) map[string]any {
		w := workload(image)
		delete(w["spec"].(map[string]any), "serviceName")
		return w
	}
	for _, test := range []struct {
		name, path string
		object     func(image string) map[string]any
	}{
		{"Pod", pods, func(image string) map[string]any { return podIn("p"+fmt.Sprint(len(image)), image) }},
		{"Deployment", apps + "deployments", replicas},
		{"ReplicaSet", apps + "replicasets", replicas},
		{"DaemonSet", apps + "daemonsets", replicas},
		{"StatefulSet", apps + "statefulsets", workload},
		{"Job", "/apis/batch/v1/namespaces/default/jobs", func(image string) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "j" + fmt.Sprint(len(image))}, "spec": job(image)}
		}},
		{"CronJob", "/apis/batch/v1/namespaces/default/cronjobs", func(image string) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "j" + fmt.Sprint(len(image))}, "spec": map[string]any{"schedule": "0 * * * *", "jobTemplate": map[string]any{"spec": job(image)}}}
		}},
		{"ReplicationController", "/api/v1/namespaces/default/replicationcontrollers", func(image string) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "r" + fmt.Sprint(len(image))}, "spec": map[string]any{"selector": map[string]any{"app": "a"}, "template": template(image)}}
		}},
		{"PodTemplate", "/api/v1/namespaces/default/podtemplates", func(image string) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "t" + fmt.Sprint(len(image))}, "template": template(image)}
		}},
	} {
		if status, _, answer := k.create("developer", test.path, test.object("registry.example/good:1")); status != http.StatusCreated {
			t.Errorf("%s with a good image: %d %s", test.name, status, answer)
		}
		if status, _, answer := k.create("developer", test.path, test.object("registry.example/bad:1")); status != http.StatusForbidden || !strings.Contains(answer, "CVE-2024-5535 in openssl, fixed in 3.0.14-1~deb12u1") {
			t.Errorf("%s with a bad image: %d %s", test.name, status, answer)
		}
		if status, _, answer := k.create("developer", test.path, test.object("registry.example/new:1")); status != http.StatusForbidden || !strings.Contains(answer, "not analyzed") {
			t.Errorf("%s with a new image: %d %s", test.name, status, answer)
		}
	}

	debug := map[string]any{"spec": map[string]any{"ephemeralContainers": []any{map[string]any{"name": "debugger", "image": "registry.example/bad:1"}}}}
	const strategic = "application/strategic-merge-patch+json"
	name := pods + "/p" + fmt.Sprint(len("registry.example/good:1"))
	if status, _, answer := k.call("developer", http.MethodPatch, name+"/ephemeralcontainers", strategic, debug); status != http.StatusForbidden {
		t.Errorf("kubectl debug: %d %s", status, answer)
	}
	if status, header, answer := k.create("developer", "/api/v1/namespaces/warned/pods", podIn("w", "registry.example/bad:1")); status != http.StatusCreated || !strings.Contains(strings.Join(header["Warning"], ""), "hullmark: container c0: registry.example/bad:1: CVE") {
		t.Errorf("warned: %d %q %s", status, header["Warning"], answer)
	}
	// A pod that was admitted and whose image is stopped now can be labelled and deleted.
	label := map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": "b"}, "finalizers": []string{"example.com/x"}}}
	if status, _, answer := k.call("developer", http.MethodPatch, "/api/v1/namespaces/warned/pods/w", strategic, label); status != http.StatusOK {
		t.Errorf("a label: %d %s", status, answer)
	}
	glass := podIn("glass", "registry.example/bad:1")
	glass["metadata"].(map[string]any)["annotations"] = map[string]any{"hullmark.image-policy.k8s.io/break-glass": "outage 7"}
	if status, _, answer := k.create("developer", pods, glass); status != http.StatusForbidden {
		t.Errorf("break-glass by a developer: %d %s", status, answer)
	}
	c.events = nil
	if status, _, answer := k.create("admin", pods, glass); status != http.StatusCreated || len(c.events) != 1 || c.events[0].Outcome != admission.BrokenGlass || c.events[0].User != "admin" {
		t.Errorf("break-glass: %d %s, %+v", status, answer, c.events)
	}
	c.events = nil
	if status, _, answer := k.create("developer", pods+"?dryRun=All", podIn("dry", "registry.example/bad:1")); status != http.StatusForbidden || len(c.events) > 0 {
		t.Errorf("a dry run: %d %s, %+v", status, answer, c.events)
	}
	// Only the plugin ImagePolicyWebhook sees this namespace.
	for image, want := range map[string]int{"registry.example/good:1": http.StatusCreated, "registry.example/bad:1": http.StatusForbidden} {
		if status, _, answer := k.create("developer", "/api/v1/namespaces/hullmark/pods", podIn("r"+fmt.Sprint(len(image)), image)); status != want {
			t.Errorf("ImageReview of %s: %d %s", image, status, answer)
		}
	}

	if status, _, _ := k.create("developer", "/api/v1/namespaces/pinned/pods", podIn("tag", "registry.example/good:1")); status != http.StatusForbidden {
		t.Errorf("a tag without the mutating webhook: %d", status)
	}
	k.install("pin/webhook.yaml", "mutatingwebhookconfigurations", server.URL, authority)
	for i, deadline := 0, time.Now().Add(30*time.Second); ; i++ {
		status, _, answer := k.create("developer", "/api/v1/namespaces/pinned/pods", podIn(fmt.Sprint("pinned", i), "registry.example/good:1"))
		if status == http.StatusCreated {
			if !strings.Contains(answer, `"image":"registry.example/good:1@`+clean+`"`) {
				t.Errorf("pinned: %s", answer)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not pinned: %d %s", status, answer)
		}
		<-time.After(100 * time.Millisecond)
	}

	// A pod with an image whose registry does not answer is refused in time.
	start := time.Now()
	if status, _, answer := k.create("developer", pods, podIn("down", "down.example/a:1")); status != http.StatusForbidden || !strings.Contains(answer, "in time") {
		t.Errorf("a registry that is down: %d %s", status, answer)
	}
	t.Logf("with a registry that is down: %v", time.Since(start))
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { k.create("developer", pods, podIn(fmt.Sprint("many", i), "registry.example/good:1")) })
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(times)
	t.Logf("%d reviews: median %v, longest %v", len(times), times[len(times)/2], times[len(times)-1])
	server.Close()
	if status, _, answer := k.create("developer", pods, podIn("closed", "registry.example/good:1")); status < 400 {
		t.Errorf("without the service: %d %s", status, answer)
	}
}
