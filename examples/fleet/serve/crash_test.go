package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/webhooks"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// crashing is the variable of the environment that makes this program a process for TestKilled, in JSON.
const crashing = "FLEET_TEST_CRASH"

// A crash is a process that kills itself.
type crash struct {
	Data, Database string
	Kill           int64 // the step at which it does; 0 for never
}

// step counts steps of the database: commits of SQLite, messages to PostgreSQL. The process ends at one of them as by kill -9.
func (c *crash) step() func() {
	var steps atomic.Int64
	return func() {
		if steps.Add(1) == c.Kill {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// run is the process: an API server and a worker.
func (c *crash) run(ctx context.Context) error {
	step := c.step()
	o := serve.Options{Data: c.Data, Database: c.Database, Key: filepath.Join(c.Data, "key"), Advisories: filepath.Join(c.Data, "advisories.db"), Allow: fleettest.Loopback, Receivers: fleettest.Loopback, Workers: 2,
		Lease: 2 * time.Second, Look: 100 * time.Millisecond, Pauses: []time.Duration{10 * time.Millisecond}, Log: slog.New(slog.DiscardHandler)}
	if c.Database == "" {
		sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
			conn.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 {
				step()
				return 0
			})
			return nil
		})
	} else {
		proxy, err := forward(c.Database, step)
		if err != nil {
			return err
		}
		o.Database = proxy
	}
	s, err := serve.Open(ctx, o)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return s.Run(ctx, l)
}

// forward returns the address of a proxy of a database that calls step before it forwards what a client sends.
func forward(address string, step func()) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	socket := filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", socket)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				io.Copy(client, server)
				client.Close()
			}()
			go func() {
				defer server.Close()
				b := make([]byte, 64<<10)
				for {
					n, err := client.Read(b)
					if n > 0 {
						step()
						server.Write(b[:n])
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return "postgres://test@" + l.Addr().String() + u.Path + "?sslmode=disable", nil
}

// A trial is a service whose processes are killed.
type trial struct {
	t         *testing.T
	crash     crash
	registry  *fleettest.Registry
	c         *fleettest.Client
	store     *store.Store
	mu        sync.Mutex
	cmd       *exec.Cmd
	received  map[string]bool // IDs of events
	onReceive func()          // called once, before the answer
	ids       []string        // of submissions
	refs      map[string]string
}

func newTrial(t *testing.T, database string) *trial {
	x := &trial{t: t, crash: crash{Data: t.TempDir(), Database: database}, registry: fleettest.NewRegistry(t), received: make(map[string]bool), refs: make(map[string]string)}
	key, err := seal.Load(filepath.Join(x.crash.Data, "key"), true)
	if err != nil {
		t.Fatal(err)
	}
	x.advisories(1)
	address := database
	if address == "" {
		address = filepath.Join(x.crash.Data, "fleet.db")
	}
	if x.store, err = store.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.store.Close() })
	secret, err := x.store.NewToken(t.Context(), &store.Token{Tenant: "team", Name: "test", Scopes: store.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	x.c = &fleettest.Client{Secret: secret, Unchecked: true}
	receiver := httptest.NewServer(http.HandlerFunc(x.receive))
	t.Cleanup(receiver.Close)
	hooks := &webhooks.Webhooks{Store: x.store, Key: key}
	m, err := hooks.New("team", &webhooks.Settings{URL: receiver.URL, Format: "json"}, &webhooks.Secrets{Sign: webhook.NewSecret()})
	if err == nil {
		err = x.store.Write(t.Context(), func(tx *store.Tx) error {
			d := &store.Document{Name: "p", Format: "hullmark", Changed: time.Now(), Body: "version: 2\npolicies:\n  - name: p\n    otherwise: go\n    rules:\n      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}\ndefault: {policies: [p]}\n"}
			if _, err := tx.SetDocument(t.Context(), store.Policies, "team", d, 0); err != nil {
				return err
			}
			if err := tx.SetMappings(t.Context(), "team", []store.Mapping{{Pattern: "**", Policy: "p"}}); err != nil {
				return err
			}
			return tx.AddSubscription(t.Context(), m)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// advisories writes the advisories of a day: those of later days are about packages of all images.
func (x *trial) advisories(days int) {
	var list []matcher.Advisory
	for i := range days {
		list = append(list, fleettest.Debian12(fmt.Sprintf("CVE-2026-%04d", i), "glibc", fmt.Sprintf("2.36-9+deb12u%d", i+1), matcher.Low))
	}
	fleettest.WriteAdvisories(x.t, filepath.Join(x.crash.Data, "advisories.db"), list...)
}

func (x *trial) receive(w http.ResponseWriter, q *http.Request) {
	var m struct {
		Data struct{ Events []webhook.Message }
	}
	body, err := io.ReadAll(q.Body)
	if err != nil || json.Unmarshal(body, &m) != nil {
		return // the sender was killed
	}
	x.mu.Lock()
	do := x.onReceive
	x.onReceive = nil
	x.mu.Unlock()
	if do != nil {
		do() // the process does not learn that the message arrived
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range m.Data.Events {
		x.received[e.ID] = true
	}
}

// start starts a process.
func (x *trial) start(kill int64) {
	x.t.Helper()
	x.crash.Kill = kill
	text, err := json.Marshal(x.crash)
	if err != nil {
		x.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashing+"="+string(text), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	x.cmd, x.c.URL = cmd, ""
	if lines := bufio.NewScanner(out); lines.Scan() { // unless it was killed before it listened
		x.c.URL = "http://" + lines.Text()
	}
}

// submit submits an image unless the process ends before it answers. The key makes another attempt the same submission.
func (x *trial) submit(i int) bool {
	name := fmt.Sprintf("team/app%d:1", i)
	if x.refs[name] == "" {
		image := fleettest.Image(x.t, fleettest.Debian(x.t, "libc6 2.36-9 glibc"), fleettest.Layer(x.t, "own", fmt.Sprint(i)))
		x.refs[name], _ = x.registry.Push(x.t, name, image)
	}
	if x.c.URL == "" {
		return false
	}
	q, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, x.c.URL+"/v1/submissions", strings.NewReader(`{"reference":"`+x.refs[name]+`"}`))
	if err != nil {
		x.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+x.c.Secret)
	q.Header.Set("Idempotency-Key", name)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return false
	}
	defer a.Body.Close()
	var m fleettest.Submission
	if json.NewDecoder(a.Body).Decode(&m) != nil || a.StatusCode != http.StatusAccepted {
		return false
	}
	x.ids = append(x.ids, m.ID)
	return true
}

// ends waits until the process has ended, for some time. Then it kills the process, and reports false.
func (x *trial) ends(wait time.Duration) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.cmd.Wait()
	}()
	select {
	case <-done:
		return true
	case <-time.After(wait):
		x.cmd.Process.Kill()
		<-done
		return false
	}
}

// finish lets a process run until all is done, and looks whether it is: every submission is analyzed, has one event and a verdict, and the
// receiver has every event.
func (x *trial) finish(days int) {
	ctx := x.t.Context()
	x.start(0)
	deadline := time.Now().Add(3 * time.Minute)
	var problem string
	for tick := time.NewTicker(500 * time.Millisecond); time.Now().Before(deadline); <-tick.C {
		if problem = x.unfinished(ctx, days); problem == "" {
			break
		}
	}
	if problem != "" {
		x.t.Error(problem)
	}
	x.cmd.Process.Signal(syscall.SIGTERM)
	for _, id := range x.ids {
		if m, err := x.store.Submission(ctx, "team", id); err != nil || m.State != store.Analyzed {
			x.t.Errorf("%+v, %v", m, err)
		}
	}
}

// unfinished returns what is missing.
func (x *trial) unfinished(ctx context.Context, days int) string {
	images := make(map[string]bool)
	for _, id := range x.ids {
		m, err := x.store.Submission(ctx, "team", id)
		if err != nil || m.State != store.Analyzed && m.State != store.Failed {
			return fmt.Sprintf("%+v, %v", m, err)
		}
		images[m.Digest] = true
	}
	for digest := range images {
		if list, err := x.store.Catalog.Verdicts(ctx, "team", digest); err != nil || len(list) == 0 {
			return fmt.Sprintf("image %s has no verdict, %v", digest, err)
		}
	}
	kinds := make(map[string]int)
	var after int64
	for {
		list, err := x.store.Catalog.Events(ctx, after, 1000)
		if err != nil {
			return err.Error()
		}
		if len(list) == 0 {
			break
		}
		for _, n := range list {
			kinds[n.Kind]++
			x.mu.Lock()
			got := x.received[n.ID]
			x.mu.Unlock()
			if !got {
				return fmt.Sprintf("the receiver has no event %d %s of %v", n.Number, n.Kind, kinds)
			}
			after = n.Number
		}
	}
	if kinds["image-analyzed"] != len(images) || kinds["vulnerability-appeared"] < days-1 {
		return fmt.Sprintf("events: %v, want %d images and %d vulnerabilities", kinds, len(images), days-1)
	}
	return ""
}

// TestKilled kills processes, each an API server and a worker, at a step of the database, at a send of an event before it is recorded, and at random
// instants. Each submits images, and some get new advisories. FLEET_CRASHES is the number of kills, 3 by default.
func TestKilled(t *testing.T) {
	kills := 3
	if text := os.Getenv("FLEET_CRASHES"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	fleettest.Databases(t, func(t *testing.T, address string) {
		t.Parallel() // it waits for claims to end
		x := newTrial(t, address)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		days, image, killed := 1, 0, 0
		for n := range kills {
			kill := int64(0)
			switch n % 3 {
			case 0:
				kill = int64(20 + random.IntN(60))
				if address != "" {
					kill = 100 + random.Int64N(600) // messages are more than commits
				}
			case 1:
				x.mu.Lock()
				x.onReceive = func() { x.cmd.Process.Kill() }
				x.mu.Unlock()
			}
			x.start(kill)
			if n%4 == 3 && x.c.URL != "" {
				days++
				x.advisories(days)
			}
			for range 3 {
				if x.submit(image) {
					image++
				}
			}
			wait := 2 * time.Second
			if n%3 == 2 {
				wait = time.Duration(random.IntN(1500)) * time.Millisecond
			}
			if x.ends(wait) {
				killed++
			}
		}
		x.mu.Lock()
		x.onReceive = nil
		x.mu.Unlock()
		t.Logf("seed %d: %d submissions, %d of %d processes ended themselves", seed, len(x.ids), killed, kills)
		if len(x.ids) == 0 {
			t.Fatal("no submission")
		}
		x.finish(days)
	})
}
