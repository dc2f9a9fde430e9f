package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/seal"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// A buffer is written and read by several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A run is a run of the program's command serve, in this process.
type run struct {
	url string
	log *buffer
	dir string
}

// fleet runs another command.
func (r *run) fleet(t *testing.T, env map[string]string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{stdout: &out, stderr: &errs, stdin: strings.NewReader(""), getenv: func(name string) string { return env[name] }}
	code = p.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// start runs fleet serve with a configuration, to which it adds the address and the directories. It ends with the test.
func start(t *testing.T, database, text string, env map[string]string) *run {
	t.Helper()
	r := &run{dir: t.TempDir(), log: new(buffer)}
	r.configure(t, database, text)
	if database != "" {
		if _, err := seal.Load(filepath.Join(r.dir, "data", "key"), true); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	p := &program{stdout: in, stderr: r.log, stdin: strings.NewReader(""), getenv: func(name string) string { return env[name] }}
	done := make(chan int, 1)
	go func() {
		done <- p.run(ctx, []string{"serve", "--config", filepath.Join(r.dir, "fleet.yaml"), "--listen", "127.0.0.1:0"})
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d\n%s", code, r.log)
		}
	})
	var line string
	if _, err := fmt.Fscanf(out, "listening on %s\n", &line); err != nil {
		t.Fatalf("%v\n%s", err, r.log)
	}
	r.url = line
	return r
}

// configure writes the configuration.
func (r *run) configure(t *testing.T, database, text string) {
	t.Helper()
	all := fmt.Sprintf("data: %s\nlog: {level: \"${LEVEL:-info}\"}\n", filepath.Join(r.dir, "data"))
	if database != "" {
		all += "database: " + database + "\n"
	}
	if err := os.MkdirAll(filepath.Join(r.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "fleet.yaml"), []byte(all+text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload sends SIGHUP and waits for a message.
func (r *run) reload(t *testing.T, message string) {
	t.Helper()
	before := strings.Count(r.log.String(), message)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	fleettest.Eventually(t, message, func() bool { return strings.Count(r.log.String(), message) > before })
}

// TestReload: SIGHUP changes what can change without a restart, names what cannot, and a file with errors changes nothing.
func TestReload(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, database string) {
		common := "advisories: {file: none.db}\n"
		r := start(t, database, common+"registries: {allow: [other.example]}\n", nil)
		token, stderr, code := r.fleet(t, nil, "token", "create", "--config", filepath.Join(r.dir, "fleet.yaml"))
		if code != 0 {
			t.Fatal(stderr)
		}
		c := fleettest.NewClient(t, r.url, strings.TrimSpace(token))
		registry := fleettest.NewRegistry(t)
		ref, _ := registry.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		c.Do("POST", "/v1/submissions", map[string]any{"reference": ref}).Want(403)
		r.configure(t, database, common+"registries: {allow: ['127.0.0.1:*'], addresses: [127.0.0.0/8]}\nworkers: 9\n")
		r.reload(t, `values=workers`)
		if got := c.Wait(c.Submit(ref).ID); got.State != "analyzed" {
			t.Errorf("%+v", got)
		}
		r.configure(t, database, common+"registries: {allow: [other.example]}\ncolour: red\n")
		r.reload(t, ": colour: unknown key")
		c.Do("POST", "/v1/submissions", map[string]any{"reference": ref}).Want(202)
		r.configure(t, database, common+"registries: {allow: ['**']}\ndaily: 1\noperators: [other]\n")
		r.reload(t, "was reloaded")
		c.Do("POST", "/v1/submissions", map[string]any{"reference": ref}).Want(429)
		c.Do("POST", "/v1/feeds/debian/sync", nil).Want(403)
	})
}

// TestFeeds: the file turns feeds on and off and sets their schedules, and leaves the others as the API set them.
func TestFeeds(t *testing.T) {
	empty := t.TempDir()
	r := start(t, "", "advisories: {mirror: "+empty+", feeds: {debian: {enabled: false}, kev: {every: 36h}}}\n", nil)
	token, _, _ := r.fleet(t, nil, "token", "create", "--config", filepath.Join(r.dir, "fleet.yaml"))
	c := fleettest.NewClient(t, r.url, strings.TrimSpace(token))
	feed := func(name string) string {
		var list struct {
			Items []struct {
				Name    string
				Enabled bool
				Every   int
			}
		}
		c.Get("/v1/feeds", &list)
		for _, f := range list.Items {
			if f.Name == name {
				return fmt.Sprint(f.Enabled, f.Every/3600)
			}
		}
		return ""
	}
	for name, want := range map[string]string{"debian": "false 6", "kev": "true 36", "osv": "true 6"} {
		if got := feed(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	c.Do("PUT", "/v1/feeds/osv", `{"enabled": false, "every": 7200}`).Want(200)
	r.configure(t, "", "advisories: {mirror: "+empty+", feeds: {kev: {every: 12h}}}\n")
	r.reload(t, "was reloaded")
	for name, want := range map[string]string{"debian": "false 6", "kev": "true 12", "osv": "false 2"} {
		if got := feed(name); got != want {
			t.Errorf("after a reload, %s: %s, want %s", name, got, want)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	r := &run{dir: t.TempDir()}
	name := filepath.Join(r.dir, "fleet.yaml")
	r.configure(t, "", "workers: many\ntls: {key: a}\n")
	_, stderr, code := r.fleet(t, nil, "config", "check", name)
	if want := name + ":3: workers: want a whole number\n" + name + ":4: tls: want both a certificate and a key\nfleet: 2 errors in " + name + "\n"; code != 1 || stderr != want {
		t.Errorf("exit code %d, %s, want %s", code, stderr, want)
	}
	r.configure(t, "", "workers: 3\n")
	if _, stderr, code := r.fleet(t, nil, "config", "check", name); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	// A flag overrides the file, and a repeatable one replaces the list.
	r.configure(t, "", "workers: 3\nrole: worker\nregistries: {allow: [a, b]}\nlisten: 127.0.0.1:1\n")
	c := &call{command: &commandList[0], args: []string{"--config", name, "--workers", "5", "--registry", "c", "--registry", "d"}}
	c.flags = c.again().flags
	p := &program{stderr: io.Discard, getenv: func(string) string { return "" }}
	f, err := p.configure(c)
	if err != nil || f.Workers != 5 || f.Role != "worker" || strings.Join(f.Registries.Allow, " ") != "c d" || f.Listen != "127.0.0.1:1" {
		t.Errorf("%+v, %v", f, err)
	}
}
