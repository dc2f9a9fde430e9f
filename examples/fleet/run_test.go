package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/seal"
)

// process is the variable of the environment that makes this binary the program, for tests that run it as a process.
const process = "FLEET_TEST_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(process) != "" {
		main()
	}
	fleettest.Main(m)
}

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

// start runs fleet serve with a configuration, to which it adds the address, the directories and flags. It ends with the test.
func start(t *testing.T, database, text string, env map[string]string, flags ...string) *run {
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
		done <- p.run(ctx, append([]string{"serve", "--config", filepath.Join(r.dir, "fleet.yaml"), "--listen", "127.0.0.1:0"}, flags...))
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

// TestTelemetry: the flag, the file and OpenTelemetry's variables name the collector, in this order. Without any there are no spans, and mistakes
// end the program before it listens.
func TestTelemetry(t *testing.T) {
	flagged, filed, standard := fleettest.NewCollector(t), fleettest.NewCollector(t), fleettest.NewCollector(t)
	file := "telemetry: {endpoint: " + filed.URL + ", service: from-file, headers: {Api-Key: \"${API_KEY:-none}\"}}\n"
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": standard.URL, "OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=from-environment", "OTEL_SERVICE_NAME": "from-environment", "API_KEY": "from-file"}
	tests := []struct {
		name, text   string
		env          map[string]string
		flags        []string
		to           *fleettest.Collector
		service, key string
	}{
		{"nothing", "", nil, nil, nil, "", ""},
		{"the variables", "", env, nil, standard, "from-environment", "from-environment"},
		{"the file", file, env, nil, filed, "from-file", "from-file"},
		{"the flags", file, env, []string{"--telemetry", flagged.URL, "--telemetry-service", "from-flag"}, flagged, "from-flag", "from-file"},
	}
	all := []*fleettest.Collector{flagged, filed, standard}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := make(map[*fleettest.Collector]int)
			for _, c := range all {
				before[c] = len(c.Spans())
			}
			t.Run("run", func(t *testing.T) { // ends the service
				r := start(t, "", "advisories: {file: none.db}\nrole: api\n"+test.text, test.env, test.flags...)
				fleettest.NewClient(t, r.url, "").Do("GET", "/v1/health", nil).Want(200)
			})
			for _, c := range all {
				added := c.Spans()[before[c]:]
				if (len(added) > 0) != (c == test.to) {
					t.Errorf("%d spans", len(added))
				}
				if len(added) > 0 && (added[0].Service != test.service || c.Requests()[0].Get("Api-Key") != test.key) {
					t.Errorf("service %s, headers %v", added[0].Service, c.Requests()[0])
				}
			}
		})
	}
	for want, env := range map[string]map[string]string{
		"fleet: telemetry: OTEL_EXPORTER_OTLP_PROTOCOL: want http/protobuf\n":                 {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
		"fleet: telemetry: want http://HOST:PORT or https://HOST:PORT, with a path or none\n": {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector.example:4317"},
	} {
		if _, stderr, code := new(run).fleet(t, env, "serve", "--data", t.TempDir()); code != 1 || stderr != want {
			t.Errorf("exit code %d, %s, want %s", code, stderr, want)
		}
	}
	if _, stderr, code := new(run).fleet(t, nil, "serve", "--telemetry", "collector.example:4317"); code != 1 || !strings.Contains(stderr, "--telemetry: want http://HOST:PORT") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
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

// TestTLS: the API has TLS with the certificate of the files, also after they are replaced, and the command checks it.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	name, key := filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key")
	fleettest.WriteCertificate(t, name, key, 1)
	r := start(t, "", "advisories: {file: none.db}\ntls: {certificate: "+name+", key: "+key+"}\n", nil)
	if !strings.HasPrefix(r.url, "https://") {
		t.Fatal(r.url)
	}
	token, _, _ := r.fleet(t, nil, "token", "create", "--config", filepath.Join(r.dir, "fleet.yaml"))
	env := map[string]string{"FLEET_TOKEN": token, "FLEET_SERVER": r.url}
	list := func(args ...string) (string, int) {
		_, stderr, code := r.fleet(t, env, append([]string{"image", "list"}, args...)...)
		return stderr, code
	}
	if stderr, code := list(); code != 1 || !strings.Contains(stderr, "certificate") {
		t.Errorf("without the certificate: exit code %d, %s", code, stderr)
	}
	if stderr, code := list("--ca", name); code != 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	fleettest.WriteCertificate(t, name, key, 2)
	fleettest.Eventually(t, "the new certificate", func() bool {
		_, code := list("--ca", name)
		return code == 0
	})
	if response, err := http.Get("http" + strings.TrimPrefix(r.url, "https") + "/v1/health"); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: status %d", response.StatusCode)
		}
	}
}

// TestProxy: a header names the user, if it is that of a trusted address, instead of a token.
func TestProxy(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, database string) {
		users := "  header: Remote-User\n  users:\n    - {name: alice, tenant: team-a, scopes: [read, submit]}\n    - {name: '*@b.example', tenant: team-b, scopes: [read]}\n"
		trusted := "role: api\nadvisories: {file: none.db}\nproxy:\n  addresses: [127.0.0.0/8]\n" + users
		r := start(t, database, trusted, nil)
		token, _, _ := r.fleet(t, nil, "token", "create", "--config", filepath.Join(r.dir, "fleet.yaml"), "--tenant", "team-c")
		token = "Bearer " + strings.TrimSpace(token)
		submit := func(headers ...string) int {
			t.Helper()
			q, err := http.NewRequest("POST", r.url+"/v1/submissions", strings.NewReader(`{"reference": "registry.example/app:1"}`))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(headers); i += 2 {
				q.Header.Add(headers[i], headers[i+1])
			}
			response, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			return response.StatusCode
		}
		tests := []struct {
			name            string
			headers         []string
			trusted, others int // status if the address is that of the proxy, and if it is another
		}{
			{"a user", []string{"Remote-User", "alice"}, 202, 401},
			{"a user without the scope", []string{"Remote-User", "bob@b.example"}, 403, 401},
			{"a user without a tenant", []string{"Remote-User", "mallory"}, 403, 401},
			{"an empty user", []string{"Remote-User", ""}, 401, 401},
			{"no user", nil, 401, 401},
			{"a token", []string{"Authorization", token}, 202, 202},
			{"a user and a token", []string{"Remote-User", "alice", "Authorization", token}, 401, 202},
			{"a user and a malformed token", []string{"Remote-User", "alice", "Authorization", "x"}, 401, 401},
			{"two users", []string{"Remote-User", "alice", "Remote-User", "alice"}, 401, 401},
			{"another header", []string{"X-Forwarded-User", "alice"}, 401, 401},
			{"an address in a header", []string{"Remote-User", "alice", "X-Forwarded-For", "127.0.0.1"}, 202, 401},
		}
		for _, test := range tests {
			if got := submit(test.headers...); got != test.trusted {
				t.Errorf("%s: status %d, want %d", test.name, got, test.trusted)
			}
		}
		list := func(headers ...string) int {
			c := fleettest.NewClient(t, r.url, "")
			var page struct{ Items []any }
			c.Do("GET", "/v1/submissions", nil, headers...).Want(200).Into(&page)
			return len(page.Items)
		}
		if a, b, c := list("Remote-User", "alice"), list("Remote-User", "bob@b.example"), list("Authorization", token); a != 2 || b != 0 || c != 1 {
			t.Errorf("%d, %d and %d submissions", a, b, c)
		}
		r.configure(t, database, strings.Replace(trusted, "127.0.0.0/8", "10.0.0.0/8", 1))
		r.reload(t, "was reloaded")
		for _, test := range tests {
			if got := submit(test.headers...); got != test.others {
				t.Errorf("%s from another address: status %d, want %d", test.name, got, test.others)
			}
		}
		if c := list("Remote-User", "alice", "Authorization", token); c != 3 {
			t.Errorf("%d submissions of the tenant of the token, want 3", c)
		}
	})
}

// TestSecrets runs a story with all kinds of secrets, in which most steps fail, and looks for them in the log at its most verbose level. The
// lines about a request have the ID that the answer has.
func TestSecrets(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, database string) {
		if database != "" {
			database = strings.Replace(database, "postgres://test@", "postgres://test:databasesecret@", 1)
		}
		delivered := make(chan bool, 1)
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case delivered <- true:
			default:
			}
			http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusInternalServerError)
		}))
		defer receiver.Close()
		refused := make(chan string, 10)
		registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors": [{"code": "DENIED", "message": %q}]}`, "credentials "+r.Header.Get("Authorization"))
			select {
			case refused <- r.Header.Get("Authorization"):
			default:
			}
		}))
		defer registry.Close()
		host := strings.TrimPrefix(registry.URL, "http://")
		r := start(t, database, "advisories: {file: none.db}\nregistries: {addresses: [127.0.0.0/8]}\nwebhooks: {addresses: [127.0.0.0/8]}\nlisten: 127.0.0.1:${PORT}\nneighbours: {tenant: default, harbor: true}\n",
			map[string]string{"LEVEL": "debug", "PORT": "0"})
		token, _, _ := r.fleet(t, map[string]string{"FLEET_DATABASE": database}, "token", "create", "--data", filepath.Join(r.dir, "data"))
		c := fleettest.NewClient(t, r.url, strings.TrimSpace(token))
		secrets := map[string]string{"token": c.Secret, "wrong token": "fleet_wrongsecret", "password": "passwordsecret", "encoded password": base64.StdEncoding.EncodeToString([]byte("user:passwordsecret")),
			"bearer": "bearersecret", "receiver": "pathsecret", "database": "databasesecret"}
		c.Do("POST", "/v1/credentials", map[string]any{"prefix": host, "username": "user", "password": "passwordsecret"}).Want(201)
		var made struct{ Secret string }
		c.Do("POST", "/v1/subscriptions", map[string]any{"url": receiver.URL + "/hooks/pathsecret", "bearer": "bearersecret"}).Want(201).Into(&made)
		secrets["signing secret"] = made.Secret
		var other struct{ Secret string }
		c.Do("POST", "/v1/tokens", `{"name": "other", "scopes": ["read"]}`).Want(201).Into(&other)
		secrets["made token"] = other.Secret
		key, err := os.ReadFile(filepath.Join(r.dir, "data", "key"))
		if err != nil {
			t.Fatal(err)
		}
		secrets["key"] = strings.TrimSpace(string(key))
		c.With("fleet_wrongsecret").Do("GET", "/v1/images", nil).Want(401)
		c.Do("GET", "/v1/images?unknown=passwordsecret", nil).Want(400)
		if m := c.Wait(c.Submit(host + "/team/app:1").ID); m.State != "failed" {
			t.Errorf("%+v", m)
		}
		for {
			got := <-refused
			if got != "" {
				if got != "Basic "+secrets["encoded password"] {
					t.Errorf("the registry got %q", got)
				}
				break
			}
		}
		// Harbor sends the credential of a robot with each scan.
		secrets["robot"], secrets["encoded robot"] = "robotsecret", base64.StdEncoding.EncodeToString([]byte("robot:robotsecret"))
		c.Unchecked = true
		var scan struct{ ID string }
		c.Do("POST", "/api/v1/scan", `{"registry": {"url": "`+registry.URL+`", "authorization": "Basic `+secrets["encoded robot"]+`"}, "artifact": {"repository": "team/app", "tag": "1",
			"digest": "sha256:`+strings.Repeat("1", 64)+`", "mime_type": "application/vnd.docker.distribution.manifest.v2+json"},
			"enabled_capabilities": [{"type": "vulnerability", "produces_mime_types": ["application/vnd.security.vulnerability.report; version=1.1"]}]}`,
			"Content-Type", "application/vnd.scanner.adapter.scan.request+json; version=1.1").Want(202).Into(&scan)
		asked := false
		fleettest.Eventually(t, "the registry gets the credential of the robot", func() bool {
			select {
			case got := <-refused:
				asked = asked || got == "Basic "+secrets["encoded robot"]
			default:
			}
			return asked
		})
		fleettest.Eventually(t, "the scan ends", func() bool {
			return c.Do("GET", "/api/v1/scan/"+scan.ID+"/report", nil, "Accept", "application/vnd.security.vulnerability.report; version=1.1").Status != http.StatusFound
		})
		id := c.Do("GET", "/v1/images", nil).Want(200).Header.Get("Fleet-Request")
		select {
		case <-delivered:
		case <-time.After(30 * time.Second):
			t.Error("no delivery")
		}
		r.reload(t, "was reloaded")
		log := r.log.String()
		if id == "" || !strings.Contains(log, "request="+id) || !strings.Contains(log, "operation=listImages") {
			t.Errorf("the log has no line about the request %q", id)
		}
		for name, secret := range secrets {
			if len(secret) < 8 {
				t.Errorf("the test has no %s", name)
			}
			if strings.Contains(log, secret) {
				t.Errorf("the log has the %s:\n%s", name, log)
			}
		}
	})
}
