package databases

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// A job is the work of a process: it stores images, writes an index, compares two days of advisories, and delivers all events.
type job struct {
	Dialect sqlstore.Dialect
	Source  string // of the database
	Index   string // file
	URL     string // of the receiver
	Images  int
	Run     int // number of the process: each begins a day after the one before, when no subscription is held
	Kill    int // the step at which the process kills itself; negative for none
}

const (
	jobVariable = "HULLMARK_CRASH_JOB"
	secret      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// TestWorker is the worker process.
func TestWorker(t *testing.T) {
	text := os.Getenv(jobVariable)
	if text == "" {
		t.Skip("only in the process of a worker")
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatal(err)
	}
	if err := j.work(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A killer counts steps and kills the process, as kill -9 does, when it reaches one.
type killer struct {
	mu       sync.Mutex
	left     int
	steps    int
	enabled  bool
	requests http.RoundTripper
}

func (k *killer) step() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left == 0 && k.enabled {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	k.left--
	k.steps++
}

// RoundTrip sends a request. The process may end before it, or when the answer is there.
func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	k.step()
	res, err := k.requests.RoundTrip(r)
	k.step()
	return res, err
}

// A connector opens connections whose commits are steps.
type connector struct {
	of     driver.Driver
	source string
	k      *killer
}

func (c connector) Driver() driver.Driver { return c.of }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.of.Open(c.source)
	if err != nil {
		return nil, err
	}
	return connection{conn, c.k}, nil
}

// A connection is one of the driver's, with the optional interfaces that both drivers have.
type connection struct {
	driver.Conn
	k *killer
}

func (c connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	commit := query == "COMMIT"
	if commit {
		c.k.step()
	}
	res, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	if commit {
		c.k.step()
	}
	return res, err
}

func (c connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c connection) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// Advisories of two days about packages of the images.
func days() (list [2]*db.DB, err error) {
	for day := range list {
		var b db.Builder
		b.AddFeed(db.FeedInfo{Name: "debian", Date: time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)})
		for i := range 6 {
			fixed := ""
			if day == 1 {
				fixed = "9"
			}
			a := matcher.Advisory{
				ID: fmt.Sprintf("CVE-2026-%d", 1000+i), Feed: "debian", Status: matcher.Affected, Ranges: []matcher.Range{{Fixed: fixed}},
				Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: fmt.Sprintf("base-0-%d", i)},
			}
			if err := b.Add(a); err != nil {
				return list, err
			}
		}
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			return list, err
		}
		if list[day], err = db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len())); err != nil {
			return list, err
		}
	}
	return list, nil
}

func (j *job) work(ctx context.Context) error {
	k := &killer{left: j.Kill, enabled: j.Kill >= 0, requests: http.DefaultTransport}
	name := map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "pgx", sqlstore.SQLite: "sqlite"}[j.Dialect]
	plain, err := sql.Open(name, j.Source)
	if err != nil {
		return err
	}
	defer plain.Close()
	pool := sql.OpenDB(connector{plain.Driver(), j.Source, k})
	defer pool.Close()
	s, err := sqlstore.Open(ctx, pool, j.Dialect)
	if err != nil {
		return err
	}
	at := time.Date(2026, 2, 1+j.Run, 0, 0, 0, 0, time.UTC)
	log := &journal.Journal{Store: s, Now: func() time.Time { return at }}
	if err := j.analyze(ctx, log); err != nil {
		return err
	}
	index, err := j.index(ctx, s, k)
	if err != nil {
		return err
	}
	list, err := events(ctx, index)
	if err != nil {
		return err
	}
	if err := log.Advisories(ctx, list, index); err != nil {
		return err
	}
	sender := webhook.Sender{
		Outbox: s.Outbox(), Client: &http.Client{Transport: k}, Parallel: 1, Now: func() time.Time { return at },
		Find: func(context.Context, string) (*webhook.Subscription, error) { return j.subscription(), nil },
	}
	if err := log.Deliver(ctx, &sender, []webhook.Subscription{*j.subscription()}, index); err != nil {
		return err
	}
	return sender.Send(ctx)
}

// analyze stores the images, each with a tag that moves to it. It stores all of them again after a crash.
func (j *job) analyze(ctx context.Context, log *journal.Journal) error {
	for i := range j.Images {
		tag := catalog.Tag{Name: "registry.example/app:latest", Digest: sum("image", i), Since: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC)}
		if err := log.Analyzed(ctx, catalog.Image{Digest: tag.Digest, Added: tag.Since}, image(i), []catalog.Tag{tag}); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) subscription() *webhook.Subscription {
	return &webhook.Subscription{ID: "all", URL: j.URL, Secrets: []string{secret}}
}

// index writes the index of the stored images to a file beside the old one, and renames it.
func (j *job) index(ctx context.Context, s catalog.Store, k *killer) (*catalog.Index, error) {
	var b catalog.IndexBuilder
	if err := b.AddStore(ctx, s, nil); err != nil {
		return nil, err
	}
	f, err := os.Create(j.Index + ".new")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := b.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, err
	}
	k.step()
	if err := os.Rename(f.Name(), j.Index); err != nil {
		return nil, err
	}
	k.step()
	file, err := os.ReadFile(j.Index)
	if err != nil {
		return nil, err
	}
	return catalog.OpenIndex(bytes.NewReader(file), size)
}

// events compares the two days.
func events(ctx context.Context, index *catalog.Index) ([]watch.Event, error) {
	list, err := days()
	if err != nil {
		return nil, err
	}
	u, err := list[1].Since(ctx, list[0])
	if err != nil {
		return nil, err
	}
	return watch.Compare(ctx, matcher.Matcher{}, u, index)
}

// A receiver drops the messages whose webhook-id it has seen.
type receiver struct {
	t        *testing.T
	mu       sync.Mutex
	bodies   map[string]string // by webhook-id
	repeated int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender was killed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := q.Header.Get("webhook-id")
	seconds, _ := strconv.ParseInt(q.Header.Get("webhook-timestamp"), 10, 64)
	if err := webhook.Verify(q.Header, body, time.Unix(seconds, 0), secret); err != nil {
		r.t.Errorf("%s: %v", id, err)
	}
	if before, ok := r.bodies[id]; !ok {
		r.bodies[id] = string(body)
	} else if r.repeated++; before != string(body) {
		r.t.Errorf("%s has another body when it comes again: %s, was %s", id, body, before)
	}
}

// A trial is a job that processes are killed in.
type trial struct {
	job
	receiver receiver
	store    *sqlstore.Store
	close    func()
	output   bytes.Buffer
}

func newTrial(t *testing.T, dialect sqlstore.Dialect, images int, fresh func(*testing.T) (*sql.DB, string)) *trial {
	x := &trial{receiver: receiver{t: t, bodies: make(map[string]string)}}
	server := httptest.NewServer(&x.receiver)
	t.Cleanup(server.Close)
	pool, source := fresh(t)
	x.close = func() {
		server.Close()
		_ = pool.Close()
	}
	x.job = job{Dialect: dialect, Source: source, Index: filepath.Join(t.TempDir(), "index"), URL: server.URL, Images: images, Kill: -1}
	x.store = open(t, pool, dialect)
	return x
}

// start starts the next process.
func (x *trial) start(t *testing.T, kill int) *exec.Cmd {
	t.Helper()
	x.Run++
	x.Kill = kill
	text, err := json.Marshal(x.job)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestWorker$", "-test.count=1")
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	x.output.Reset()
	cmd.Stdout, cmd.Stderr = &x.output, &x.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// killed waits for a process, and reports whether it was killed. Any other failure ends the test.
func (x *trial) killed(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	err := cmd.Wait()
	if err == nil {
		return false
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%v\n%s", err, x.output.String())
	}
	return true
}

// finish runs a process that nothing kills, and compares what there is with the results of a job without crashes.
func (x *trial) finish(t *testing.T) {
	t.Helper()
	defer x.close() // a server of PostgreSQL has a hundred connections
	ctx := t.Context()
	if x.killed(t, x.start(t, -1)) {
		t.Fatal("the process was killed")
	}
	want := make(map[string]bool)
	var memory catalog.Memory
	log := &journal.Journal{Store: &memory}
	if err := x.job.analyze(ctx, log); err != nil {
		t.Fatal(err)
	}
	for i := range x.Images {
		report, _, err := catalog.Load(ctx, x.store, sum("image", i))
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(report)
		if b, _ := json.Marshal(image(i)); !bytes.Equal(a, b) {
			t.Errorf("image %d: another report", i)
		}
	}
	got, err := x.store.Tags(ctx, "registry.example/app:latest")
	tags, _ := memory.Tags(ctx, "registry.example/app:latest")
	if err != nil || !slices.Equal(got, tags) {
		t.Errorf("tags: %v, want %v, %v", got, tags, err)
	}
	var b catalog.IndexBuilder
	if err := b.AddStore(ctx, &memory, nil); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(x.Index)
	if err != nil || !bytes.Equal(file, buf.Bytes()) {
		t.Errorf("another index, %v", err)
	}
	index, err := catalog.OpenIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	list, err := events(ctx, index)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d events, %v", len(list), err)
	}
	if err := log.Advisories(ctx, list, index); err != nil {
		t.Fatal(err)
	}
	notices, err := memory.Events(ctx, 0, 1000)
	if err != nil || len(notices) != len(list)+2*x.Images-1 {
		t.Fatalf("%d events, %v", len(notices), err)
	}
	for i := range notices {
		want[notices[i].ID] = true
	}
	delivered := make(map[string]bool)
	x.receiver.mu.Lock()
	defer x.receiver.mu.Unlock()
	for id, body := range x.receiver.bodies {
		var m struct {
			Data struct{ Events []webhook.Message }
		}
		if err := json.Unmarshal([]byte(body), &m); err != nil || len(m.Data.Events) != 1 || delivered[m.Data.Events[0].ID] {
			t.Fatalf("%s: %v, or its event came under another ID: %s", id, err, body)
		}
		delivered[m.Data.Events[0].ID] = true
	}
	if !maps.Equal(delivered, want) {
		t.Errorf("%d events were delivered, want %d", len(delivered), len(want))
	}
	if open, err := x.store.Notices(ctx, 10); err != nil || len(open) > 0 {
		t.Errorf("open notices: %v, %v", open, err)
	}
	for _, state := range []webhook.DeliveryState{webhook.Pending, webhook.Waiting, webhook.Dead} {
		if left, err := x.store.Outbox().List(ctx, state, "", 10); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", state, left, err)
		}
	}
}

// TestKilled kills a process with SIGKILL before and after each commit, request and rename, and at random times, and starts others until one
// ends. Nothing is lost, and a receiver that drops messages by webhook-id has each event once. HULLMARK_CRASHES is how many times random
// processes are killed, with every step in both databases; else the test kills at some steps.
func TestKilled(t *testing.T) {
	crashes, stride, images := 2, 5, 2
	if n, err := strconv.Atoi(os.Getenv("HULLMARK_CRASHES")); err == nil {
		crashes, stride, images = n, 1, 5
	}
	for _, c := range []struct {
		dialect sqlstore.Dialect
		stride  int
	}{{sqlstore.SQLite, stride}, {sqlstore.PostgreSQL, 2*stride - 1}} {
		t.Run(string(c.dialect), func(t *testing.T) {
			fresh := func(t *testing.T) (*sql.DB, string) {
				source := filepath.Join(t.TempDir(), "catalog.db")
				pool, err := sql.Open("sqlite", source)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { pool.Close() })
				return pool, source
			}
			if c.dialect == sqlstore.PostgreSQL {
				fresh = postgresSource(t)
			}
			steps, kills, repeated := 0, 0, 0
			for at := 0; ; at += c.stride {
				x := newTrial(t, c.dialect, images, fresh)
				killed := x.killed(t, x.start(t, at))
				x.finish(t)
				repeated += x.receiver.repeated
				if t.Failed() {
					t.Fatalf("killed at step %d", at)
				}
				if !killed {
					steps = at
					break
				}
				kills++
			}
			if repeated == 0 && c.stride <= 5 {
				t.Error("no request was repeated, so no process was killed between an answer and its record")
			}
			t.Logf("%s: killed at %d of %d steps, %d messages came again", c.dialect, kills, steps, repeated)
			r := rand.New(rand.NewPCG(uint64(len(c.dialect)), 1))
			kills, repeated = 0, 0
			for trials := 1; kills < crashes; trials++ {
				x := newTrial(t, c.dialect, images, fresh)
				for range 1 + r.IntN(4) {
					cmd := x.start(t, -1)
					timer := time.AfterFunc(time.Duration(r.IntN(1000))*time.Millisecond, func() { _ = cmd.Process.Kill() })
					if x.killed(t, cmd) {
						kills++
					}
					timer.Stop()
				}
				x.finish(t)
				repeated += x.receiver.repeated
				if t.Failed() || trials > 20*crashes {
					t.Fatalf("after %d trials", trials)
				}
			}
			t.Logf("%s: killed at %d random times, %d messages came again", c.dialect, kills, repeated)
		})
	}
}

// postgresSource starts a server, and returns a function that makes an empty database and returns how to connect to it.
func postgresSource(t *testing.T) func(t *testing.T) (*sql.DB, string) {
	fresh := postgres(t)
	return func(t *testing.T) (*sql.DB, string) {
		pool := fresh(t)
		var dir, name string
		if err := pool.QueryRowContext(t.Context(), "SELECT current_setting('unix_socket_directories'), current_database()").Scan(&dir, &name); err != nil {
			t.Fatal(err)
		}
		return pool, fmt.Sprintf("host=%s user=test dbname=%s", strings.TrimSpace(dir), name)
	}
}
