package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// A workflow is a file of .github/workflows, as far as the test runs it.
type workflow struct {
	Jobs map[string]struct {
		Env   map[string]string
		Steps []struct{ Name, Uses, Run string }
	}
}

// A privateRegistry is a registry in this process that wants a password, and counts requests for blobs.
type privateRegistry struct {
	*httptest.Server
	blobs atomic.Int64
}

func newPrivateRegistry(t *testing.T) *privateRegistry {
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r := new(privateRegistry)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, ok := req.BasicAuth(); !ok || user != "ada" || password != "secret: and long" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/sha256:") {
			r.blobs.Add(1)
		}
		inner.ServeHTTP(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

// TestWorkflow runs the steps of the workflow that builds, signs and pushes a database every day: once, again, and twice at once on different machines. Then
// it uses the database as a team does.
func TestWorkflow(t *testing.T) {
	corpus.Slow(t)
	p := newPublishers(t)
	r := newPrivateRegistry(t)
	text, err := os.ReadFile("../../.github/workflows/database.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	job, ok := w.Jobs["push"]
	if !ok || len(job.Steps) < 4 {
		t.Fatalf("%+v", w)
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	hullmark(t, "db", "keygen", key)
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(r.URL, "http://")
	env := map[string]string{
		"REGISTRY": host, "DATABASE": host + "/Team/App/advisories:latest", "SIGNING_KEY": string(private),
		"REGISTRY_USER": "ada", "REGISTRY_PASSWORD": "secret: and long", envMirror: p.URL, "HULLMARK_OFFLINE": "",
	}
	for name := range job.Env {
		if _, ok := env[name]; !ok {
			t.Errorf("the test does not set %s", name)
		}
	}
	for _, name := range []string{"PATH", "GOFLAGS", "GOPROXY"} {
		env[name] = os.Getenv(name)
	}
	for _, name := range []string{"GOENV", "GOCACHE", "GOMODCACHE", "GOPATH"} {
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env[name] = strings.TrimSpace(string(out))
	}
	// run runs the steps on a machine with a home directory of its own. It builds the command once.
	built := ""
	run := func(home, change string) string {
		var log bytes.Buffer
		for _, step := range job.Steps {
			if step.Run == "" {
				continue
			}
			if binary := filepath.Join(home, "hullmark"); step.Name == "Build the command" && built != "" {
				if err := os.Link(built, binary); err != nil && !errors.Is(err, fs.ErrExist) {
					t.Error(err)
				}
				continue
			} else if step.Name == "Build the command" {
				built = binary
			}
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: an expression in a script", step.Name)
			}
			c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			c.Dir, c.Stdout, c.Stderr = "../..", &log, &log
			all := maps.Clone(env)
			all["HOME"], all["RUNNER_TEMP"] = home, home
			if name, value, ok := strings.Cut(change, "="); ok {
				all[name] = value
			}
			for name, value := range all {
				c.Env = append(c.Env, name+"="+value)
			}
			started := time.Now()
			if err := c.Run(); err != nil {
				t.Errorf("%s: %v\n%s", step.Name, err, log.String())
			}
			t.Logf("%s: %v", step.Name, time.Since(started))
		}
		for _, name := range []string{"key", ".docker/config.json"} {
			if _, err := os.Stat(filepath.Join(home, name)); err == nil {
				t.Errorf("%s is left behind", name)
			}
		}
		return log.String()
	}
	one, two := t.TempDir(), t.TempDir()
	if log := run(one, "SIGNING_KEY="); !strings.Contains(log, "nothing to do") {
		t.Errorf("without a key: %s", log)
	}
	if log := run(one, ""); !strings.Contains(log, "pushed oci://"+host+"/team/app/advisories:latest") {
		t.Errorf("first: %s", log)
	}
	if log := run(one, ""); !strings.Contains(log, "nothing was pushed") {
		t.Errorf("again: %s", log)
	}
	p.set("osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip", p.bodies["osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"]) // some change
	p.set("security-tracker.debian.org/tracker/data/json", append(slices.Clone(p.bodies["security-tracker.debian.org/tracker/data/json"]), '\n'))
	var group sync.WaitGroup
	for _, home := range []string{one, two} {
		group.Go(func() { run(home, "") })
	}
	group.Wait()

	// A member of the team.
	config := filepath.Join(dir, "docker")
	if err := os.MkdirAll(config, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(`{"auths":{"`+host+`":{"username":"ada","password":"secret: and long"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh(t, "")
	ref := host + "/team/app/advisories:latest"
	for name, value := range map[string]string{"DOCKER_CONFIG": config, "HULLMARK_DB": ref, "HULLMARK_DB_KEY": key + ".pub"} {
		t.Setenv(name, value)
	}
	answer := func(stdout string) string {
		before, _, _ := strings.Cut(stdout, "\nnext:\n") // which repeats the flags
		return before
	}
	for _, x := range firstImages(t) {
		p.took()
		stdout, stderr, code := hullmark(t, "scan", x.ref)
		if code != 0 || !strings.Contains(stdout, x.finds) || stderr != "" && !strings.Contains(stderr, "layer") || len(p.took()) > 0 {
			t.Errorf("%s: exit code %d:\n%s%s", x.name, code, stdout, stderr)
		}
		blobs := r.blobs.Load()
		again, _, _ := hullmark(t, "scan", "--db", "oci://"+ref, x.ref)
		if n := r.blobs.Load() - blobs; answer(again) != answer(stdout) || n > 0 {
			t.Errorf("%s, again: %d requests for blobs:\n%s", x.name, n, again)
		}
	}
	t.Setenv("HULLMARK_DB_KEY", "")
	if _, stderr, code := hullmark(t, "scan", firstImages(t)[0].ref); code != 0 || !strings.Contains(stderr, "is not verified") {
		t.Errorf("without a key: exit code %d: %s", code, stderr)
	}
}
