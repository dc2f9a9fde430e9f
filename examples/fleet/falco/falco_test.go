package falco_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/examples/fleet/falco"
	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
	"github.com/hullmark/hullmark/matcher/report"
)

const (
	digest = "sha256:fc84b5febd328eccaa913807716887b3eb5ed08bc22cc6933a9ebf82766725e3"
	next   = "sha256:0000000000000000000000000000000000000000000000000000000000000002" // a later build
	config = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	index  = "sha256:2222222222222222222222222222222222222222222222222222222222222222" // an image for several platforms
)

var (
	once   sync.Once
	stored *report.Assessment
)

// A host is an intake whose images are those of package sampletest.
type host struct {
	t       *testing.T
	intake  *falco.Intake
	handler http.Handler
	images  map[string]bool // analyzed
	broken  error
	log     bytes.Buffer
}

func newHost(t *testing.T, s falco.Store) *host {
	t.Helper()
	if s == nil {
		s = open(t, sqlite(t), sqlstore.SQLite)
	}
	h := &host{t: t, images: map[string]bool{digest: true, next: true}}
	h.intake = &falco.Intake{Store: s, Images: h, Log: slog.New(slog.NewTextHandler(&h.log, nil)), Now: func() time.Time { return sampletest.Now }, Poll: 10 * time.Millisecond}
	h.handler = (&falco.Handler{Intake: h.intake, Tenant: func(w http.ResponseWriter, r *http.Request) (string, bool) {
		if r.Header.Get("Tenant") == "nobody" {
			w.WriteHeader(http.StatusUnauthorized)
			return "", false
		}
		return "t" + r.Header.Get("Tenant"), true
	}}).Handler()
	return h
}

func sqlite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "fleet.db")+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t *testing.T, db *sql.DB, d sqlstore.Dialect) *falco.SQL {
	t.Helper()
	for range 2 { // the second finds the tables
		if _, err := falco.OpenSQL(t.Context(), db, d); err != nil {
			t.Fatal(err)
		}
	}
	s, err := falco.OpenSQL(t.Context(), db, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *host) Find(ctx context.Context, tenant string, n falco.ImageName) (string, error) {
	switch {
	case h.broken != nil:
		return "", h.broken
	case n.Digest == config || "sha256:"+n.ID == config:
		return digest, nil
	case n.Digest == index || n.Digest == "" && n.Repository == "registry.example/shop/multi":
		switch {
		case n.ID != "" && strings.HasPrefix(config[7:], n.ID):
			return digest, nil
		case n.Platform == "linux/arm64":
			return next, nil
		}
		return "", fmt.Errorf("find: %w", falco.ErrPlatform)
	case n.Digest != "" && h.images[n.Digest]:
		return n.Digest, nil
	case n.Digest == "" && n.Repository == "registry.example/shop/web" && n.Tag == "1":
		return digest, nil
	case n.Digest == "" && n.Repository == "registry.example/shop/web" && n.Tag == "2":
		return next, nil
	}
	return "", fmt.Errorf("find: %w", falco.ErrUnknown)
}

func (h *host) Assess(ctx context.Context, tenant, digest string) (*report.Assessment, error) {
	once.Do(func() { stored = sampletest.Assess(h.t) })
	return stored, nil
}

// call sends a request of a tenant and decodes the response.
func call[T any](h *host, method, path, body string, status int) T {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	var v T
	if w.Code != status {
		h.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body.String())
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			h.t.Fatalf("%v: %s", err, w.Body.String())
		}
	}
	return v
}

type page[T any] struct {
	Items []T
	Next  string
}

func (h *host) post(body string) falco.Tally {
	h.t.Helper()
	return call[falco.Tally](h, http.MethodPost, "/v1/falco/alerts", body, http.StatusOK)
}

func (h *host) events(query string) []falco.Event {
	h.t.Helper()
	return call[page[falco.Event]](h, http.MethodGet, "/v1/falco/events"+query, "", http.StatusOK).Items
}

// alert returns an alert in Falco's form with fields.
func alert(fields string) string {
	return `{"hostname":"node1","output":"20:55:40.524063855: Notice A shell was spawned","priority":"Notice","rule":"Terminal shell in container","source":"syscall",` +
		`"tags":["container","shell"],"time":"2026-02-09T20:55:40.524063855Z","output_fields":` + fields + `}`
}

// TestJoin lists alerts with what they are joined to.
func TestJoin(t *testing.T) {
	openssl := []string{"CVE-2024-5535"}
	const web = `"container.image.repository":"registry.example/shop/web","container.image.tag":"1"`
	tests := []struct {
		name, fields string
		component    string
		ids          []string
		gap          falco.Gap
	}{
		{"a vulnerable package is executed", `{"container.id":"5d2a4b8d7f06",` + web + `,"proc.exepath":"/usr/bin/openssl","evt.time":1631220940524063855}`, "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12", openssl, ""},
		{"a file of a vulnerable package", `{"container.id":"5d2a4b8d7f06",` + web + `,"proc.exepath":"/opt/tool","fd.name":"/usr/lib/x86_64-linux-gnu/libssl.so.3"}`, "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl", openssl, ""},
		{"bin is a link to usr/bin", `{"container.id":"5d2a4b8d7f06",` + web + `,"proc.exepath":"/usr/bin/bash"}`, "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12", []string{"CVE-2022-3715"}, ""},
		{"a file of a package of npm", `{"container.id":"5d2a4b8d7f06",` + web + `,"fd.name":"/srv/app/node_modules/lodash/fp/../lodash.js"}`, "pkg:npm/lodash@4.17.15", []string{"CVE-2021-23337"}, ""},
		{"a program of no package", `{"container.id":"5d2a4b8d7f06",` + web + `,"proc.exepath":"/opt/tool"}`, "", nil, falco.NoOwner},
		{"no path", `{"container.id":"5d2a4b8d7f06",` + web + `,"proc.exepath":"<NA>","proc.exe":"openssl"}`, "", nil, falco.NoOwner},
		{"by the digest", `{"container.id":"5d2a4b8d7f06","container.image.digest":"` + digest + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"by the configuration", `{"container.id":"5d2a4b8d7f06","container.image.id":"` + config[7:] + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"by the image's name", `{"container.id":"5d2a4b8d7f06","container.image":"registry.example/shop/web:1","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		// The runtime was given only an identifier: https://github.com/falcosecurity/falco/issues/431 and 1187.
		{"by an identifier as the name", `{"container.id":"5d2a4b8d7f06","container.image":"` + config + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"by an identifier as repository and tag", `{"container.id":"5d2a4b8d7f06","container.image.repository":"sha256","container.image.tag":"` + config[7:] + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"by a digest in the name", `{"container.id":"5d2a4b8d7f06","container.image":"registry.example/other:1@` + digest + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"an index by its tag", `{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/shop/multi","container.image.tag":"1","proc.exepath":"/usr/bin/openssl"}`, "", nil, falco.NoPlatform},
		{"an index by its digest", `{"container.id":"5d2a4b8d7f06","container.image.digest":"` + index + `","container.image.repository":"registry.example/shop/web","container.image.tag":"1"}`, "", nil, falco.NoPlatform},
		{"an index and the platform", `{"container.id":"5d2a4b8d7f06","container.image.digest":"` + index + `","host.platform":"linux/aarch64","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"an index and an identifier", `{"container.id":"5d2a4b8d7f06","container.image.digest":"` + index + `","container.image.id":"111111111111","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"an index and a known container", `{"container.id":"1c626dd1ab1b","container.image.digest":"` + index + `","proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"an unknown identifier", `{"container.id":"5d2a4b8d7f06","container.image.id":"<NA>","container.image.digest":"` + index + `"}`, "", nil, falco.NoPlatform},
		// https://github.com/falcosecurity/falco/issues/3533
		{"empty identifiers and times as numbers", `{"container.id":"","container.image.repository":null,"container.image.tag":null,"evt.time":1744850154402867700,"fd.name":"","k8s.ns.name":null}`, "", nil, falco.NoContainer},
		{"an image that is not analyzed", `{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/other","container.image.tag":"1"}`, "", nil, falco.NoImage},
		// Falco could not reach the runtime, and knows the identifier only: https://github.com/falcosecurity/falco/issues/1726.
		{"by the container, with a prefix", `{"container.id":"1c626dd1ab1b","container.image.repository":null,"container.image.tag":null,"container.name":null,"proc.exepath":"/usr/bin/openssl"}`, "openssl", openssl, ""},
		{"an unknown container", `{"container.id":"ffffffffffff","container.image.repository":null}`, "", nil, falco.NoImage},
		{"a prefix of two containers", `{"container.id":"aaaaaaaaaaaa","proc.exepath":"/usr/bin/openssl"}`, "", nil, falco.Ambiguous},
		// https://github.com/falcosecurity/falco/issues/2700
		{"a process of the host", `{"container.id":"host","container.image.repository":null,"evt.arg.uid":"<NA>","proc.cmdline":"<NA>","proc.pid":1591192,"proc.pname":null,"user.uid":4294967295}`, "", nil, falco.OnHost},
		{"a container that Falco does not know", `{"container.id":"<NA>","proc.exepath":"<NA>"}`, "", nil, falco.NoContainer},
		// https://github.com/falcosecurity/falco/issues/1845
		{"fields that are null", `null`, "", nil, falco.NoContainer},
		{"no fields", `{}`, "", nil, falco.NoContainer},
		{"fields of other types", `{"container.id":7,"container.image.repository":["x"],"proc.exepath":{"a":1}}`, "", nil, falco.NoContainer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t, nil)
			for id, image := range map[string]string{"1c626dd1ab1b" + strings.Repeat("0", 52): digest, "aaaaaaaaaaaa" + strings.Repeat("0", 52): digest, "aaaaaaaaaaaa" + strings.Repeat("1", 52): next} {
				call[any](h, http.MethodPut, "/v1/falco/containers/"+id, `{"image": "`+image+`"}`, http.StatusNoContent)
			}
			if n := h.post(alert(test.fields)); n != (falco.Tally{Stored: 1}) {
				t.Fatalf("%+v", n)
			}
			e := h.events("")[0]
			if !strings.Contains(e.Component, test.component) || (e.Component == "") != (test.component == "") || !slices.Equal(e.Vulnerabilities, test.ids) || e.Gap != test.gap {
				t.Errorf("%+v", e)
			}
			if string(e.Alert) != alert(test.fields) || e.Rule != "Terminal shell in container" || e.Priority != "Notice" || e.Host != "node1" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestMalformed lists lines that are no alerts. Each is kept with its reason.
func TestMalformed(t *testing.T) {
	for line, reason := range map[string]string{
		"20:55:40.524063855: Notice A shell was spawned in a container": "no JSON", // without json_output
		`{"rule": "x"`: "no JSON",
		`{"rule": "x", "time": "2026-02-09T20:55:40Z"}`: "no rule, priority or time",
		`"x"`:  "a field has a wrong type",
		`null`: "no rule, priority or time",
		`{"rule": 1, "priority": "Notice", "time": "2026-02-09T20:55:40Z"}`:   "a field has a wrong type",
		`{"rule": "x", "priority": "Loud", "time": "2026-02-09T20:55:40Z"}`:   "an unknown priority",
		`{"rule": "x", "priority": "Notice", "time": "20:55:40"}`:             "a malformed time",
		`{"rule": "x", "priority": "Notice", "time": "0001-01-01T00:00:00Z"}`: "a malformed time",
		`{"rule": "` + strings.Repeat("x", 300<<10) + `"}`:                    "too long",
		"{\"rule\": \"\xff\x00": "no JSON",
	} {
		h := newHost(t, nil)
		if n := h.post(line); n != (falco.Tally{Malformed: 1}) {
			t.Errorf("%.60s: %+v", line, n)
		}
		d := call[page[falco.Diagnostic]](h, http.MethodGet, "/v1/falco/diagnostics", "", http.StatusOK).Items
		if len(d) != 1 || d[0].Reason != reason || len(line) < 1000 && d[0].Line != strings.NewReplacer("\xff", "\uFFFD", "\x00", "\uFFFD").Replace(line) || len(d[0].Line) > 1100 || d[0].Source != "http" {
			t.Errorf("%.60s: %+v", line, d)
		}
	}
}

// TestBodies lists forms of a request with two alerts.
func TestBodies(t *testing.T) {
	a := alert(`{"container.id":"5d2a4b8d7f06"}`)
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(a), "", "  "); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]falco.Tally{
		a + "\n" + a + "\n":      {Stored: 2},
		a + "\r\n\r\n" + a:       {Stored: 2},
		"[" + a + ", " + a + "]": {Stored: 2},
		indented.String():        {Stored: 1},
		a + "\n{\n" + a:          {Stored: 2, Malformed: 1},
		"":                       {},
		"[]":                     {},
	} {
		if n := newHost(t, nil).post(body); n != want {
			t.Errorf("%.40q: %+v", body, n)
		}
	}
	h := newHost(t, nil)
	call[any](h, http.MethodPost, "/v1/falco/alerts", strings.Repeat("x", 17<<20), http.StatusRequestEntityTooLarge)
	call[any](h, http.MethodPost, "/v1/falco/alerts", strings.Repeat("x\n", 20_000), http.StatusRequestEntityTooLarge)
}

// TestForms lists forms of alerts that others refused.
func TestForms(t *testing.T) {
	h := newHost(t, nil)
	for _, line := range []string{
		`{"priority":"Notice","rule":"x","time":"2026-02-09T20:55:40Z","output_fields":{"container.id":"host"}}`, // without output: https://github.com/falcosecurity/falcosidekick/issues/370
		`{"priority":"notice","rule":"x","time":"2026-02-09T20:55:40.1+02:00","output_fields":null,"uuid":"f2b2","tags":null,"hostname":""}`,
	} {
		if n := h.post(line); n != (falco.Tally{Stored: 1}) {
			t.Errorf("%s: %+v", line, n)
		}
	}
}

// TestSenderPlatform: the sender states the platform of hosts for alerts that do not, and it is still known when events are joined later.
func TestSenderPlatform(t *testing.T) {
	h := newHost(t, nil)
	const fields = `{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/shop/multi","proc.exepath":"/usr/bin/openssl"}`
	post := func(query, fields string) {
		call[falco.Tally](h, http.MethodPost, "/v1/falco/alerts"+query, alert(fields), http.StatusOK)
	}
	h.broken = errors.New("not now")
	post("?platform=linux/arm64", fields)
	post("?platform=linux/arm64", strings.Replace(fields, "{", `{"host.platform":"linux/amd64",`, 1))
	h.broken = nil
	if n, err := h.intake.Rejoin(t.Context(), "t"); n != 1 || err != nil {
		t.Errorf("joined %d: %v", n, err)
	}
	if e := h.events(""); e[0].Digest != next || e[0].Platform != "linux/arm64" || e[0].Gap != "" || e[1].Digest != "" || e[1].Platform != "linux/amd64" {
		t.Errorf("%+v", e)
	}
}

// replay returns 10,000 lines: alerts of several rules, malformed ones, and such without a container; and how many there are of each.
func replay() (lines []string, malformed, without int) {
	for i := range 10_000 {
		switch {
		case i%97 == 0:
			malformed++
			lines = append(lines, fmt.Sprintf(`{"broken": %d`, i))
		case i%31 == 0:
			without++
			lines = append(lines, alert(`{"container.id":null,"evt.num":`+fmt.Sprint(i)+`}`))
		case i%3 == 0:
			lines = append(lines, strings.Replace(alert(`{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/shop/web","container.image.tag":"1","proc.exepath":"/usr/bin/openssl"}`), `"Notice"`, `"Critical"`, 1))
		default:
			lines = append(lines, alert(`{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/shop/web","container.image.tag":"1"}`)) // the same many times
		}
	}
	return lines, malformed, without
}

// check reads everything back and requires that no line of the replay is lost.
func (h *host) check() {
	h.t.Helper()
	lines, malformed, without := replay()
	var stored, gaps int
	rest := make(map[string]int)
	for _, l := range lines {
		rest[l]++
	}
	for cursor := ""; ; {
		p := call[page[falco.Event]](h, http.MethodGet, "/v1/falco/events?limit=1000&cursor="+cursor, "", http.StatusOK)
		for _, e := range p.Items {
			stored++
			rest[string(e.Alert)]--
			if e.Gap == falco.NoContainer {
				gaps++
			}
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	var bad int
	for cursor := ""; ; {
		p := call[page[falco.Diagnostic]](h, http.MethodGet, "/v1/falco/diagnostics?limit=1000&cursor="+cursor, "", http.StatusOK)
		for _, d := range p.Items {
			bad++
			rest[d.Line]--
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if stored != len(lines)-malformed || bad != malformed || gaps != without {
		h.t.Errorf("%d events, %d diagnostics, %d without a container", stored, bad, gaps)
	}
	for l, n := range rest {
		if n != 0 {
			h.t.Fatalf("%d of %s are lost", n, l)
		}
	}
	total := 0
	for _, c := range call[page[falco.Count]](h, http.MethodGet, "/v1/falco/counts", "", http.StatusOK).Items {
		total += c.Events
	}
	if total != stored {
		h.t.Errorf("counts of %d events", total)
	}
}

// TestReplay sends 10,000 generated alerts over HTTP.
func TestReplay(t *testing.T) {
	h := newHost(t, nil)
	lines, malformed, _ := replay()
	var n falco.Tally
	for group := range slices.Chunk(lines, 700) {
		m := h.post(strings.Join(group, "\n"))
		n.Stored, n.Malformed = n.Stored+m.Stored, n.Malformed+m.Malformed
	}
	if n.Stored != len(lines)-malformed || n.Malformed != malformed {
		t.Errorf("%+v", n)
	}
	h.check()
}

// TestFollow has a file with 10,000 generated alerts that grows by parts of lines, is rotated and truncated, while the intake ends and starts again.
func TestFollow(t *testing.T) {
	h := newHost(t, nil)
	name := filepath.Join(t.TempDir(), "events.txt")
	lines, _, _ := replay()
	write := func(text string, flags int) {
		t.Helper()
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var cancel context.CancelFunc
	var done chan error
	start := func() {
		var ctx context.Context
		ctx, cancel = context.WithCancel(t.Context())
		done = make(chan error, 1)
		go func() { done <- h.intake.Follow(ctx, "t", name) }()
	}
	stop := func() {
		t.Helper()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	// wait waits until a number of lines is stored.
	wait := func(n int) {
		t.Helper()
		for deadline := time.After(30 * time.Second); ; {
			p, err := h.intake.Store.Position(t.Context(), "t", name)
			if err != nil {
				t.Fatal(err)
			}
			if int(p.Offset) == n {
				return
			}
			select {
			case <-deadline:
				t.Fatalf("%d bytes of %d are read", p.Offset, n)
			case err := <-done:
				t.Fatal(err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	text := func(from, to int) string { return strings.Join(lines[from:to], "\n") + "\n" }
	start() // before the file exists
	first := text(0, 3000)
	write(first[:100_007], os.O_APPEND) // ends within a line
	write(first[100_007:], os.O_APPEND)
	wait(len(first))
	stop()
	second := text(3000, 5000)
	write(second[:len(second)-1], os.O_APPEND) // the last line has no end yet
	start()
	wait(len(first) + len(second) - 1 - len(lines[4999]))
	write("\n", os.O_APPEND)
	wait(len(first) + len(second))
	// logrotate renames the file, and Falco writes a last line into the old one.
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name+".1", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, lines[5000]); err != nil {
		t.Fatal(err)
	}
	f.Close()
	third := text(5001, 8000)
	write(third, 0)
	wait(len(third))
	// copytruncate: the new content begins in the same way, and is shorter.
	fourth := text(8000, 10_000)
	write(fourth, os.O_TRUNC)
	wait(len(fourth))
	stop()
	h.check()
}

// TestLongLine has a line in a file that exceeds the limit. The lines around it count.
func TestLongLine(t *testing.T) {
	h := newHost(t, nil)
	name := filepath.Join(t.TempDir(), "events.txt")
	a := alert(`{}`)
	if err := os.WriteFile(name, []byte(a+"\n"+strings.Repeat("x", 3<<20)+"\n"+a+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go h.intake.Follow(ctx, "t", name)
	for len(h.events("")) < 2 {
		if ctx.Err() != nil {
			t.Fatal("the test ends")
		}
	}
	if d := call[page[falco.Diagnostic]](h, http.MethodGet, "/v1/falco/diagnostics", "", http.StatusOK).Items; len(d) != 1 || d[0].Reason != "too long" || d[0].Source != "events.txt" {
		t.Errorf("%+v", d)
	}
}

// TestMonitoring turns images and containers off and on. Alerts that are not stored are counted.
func TestMonitoring(t *testing.T) {
	h := newHost(t, nil)
	web := func(container, tag string) string {
		return alert(`{"container.id":"` + container + `","container.image.repository":"registry.example/shop/web","container.image.tag":"` + tag + `"}`)
	}
	set := func(name string, on bool) {
		call[any](h, http.MethodPut, "/v1/falco/monitoring", fmt.Sprintf(`{"name": %q, "on": %v}`, name, on), http.StatusNoContent)
	}
	expect := func(container, tag string, stored bool) {
		t.Helper()
		if n := h.post(web(container, tag)); (n.Stored == 1) != stored || (n.Ignored == 1) == stored {
			t.Errorf("%s %s: %+v", container, tag, n)
		}
	}
	expect("5d2a4b8d7f06", "1", true)
	set("registry.example/shop/web", false)
	expect("5d2a4b8d7f06", "1", false)
	expect("5d2a4b8d7f06", "2", false)
	set(digest, true) // one image of the repository
	expect("5d2a4b8d7f06", "1", true)
	expect("5d2a4b8d7f06", "2", false)
	set("5d2a4b8d7f06"+strings.Repeat("0", 52), false) // one container of the image, by its whole identifier
	expect("5d2a4b8d7f06", "1", false)
	expect("777777777777", "1", true)
	got := fmt.Sprint(call[page[falco.Target]](h, http.MethodGet, "/v1/falco/monitoring", "", http.StatusOK).Items)
	if want := fmt.Sprintf("[{5d2a4b8d7f06%s false 1} {registry.example/shop/web false 3} {%s true 0}]", strings.Repeat("0", 52), digest); got != want {
		t.Errorf("got %s", got)
	}
	if n := len(h.events("?container=5d2a")); n != 2 {
		t.Errorf("%d events of the container", n)
	}
	if n := len(h.events("?image=" + digest)); n != 3 {
		t.Errorf("%d events of the image", n)
	}
	if c := call[page[falco.Count]](h, http.MethodGet, "/v1/falco/counts?image="+digest, "", http.StatusOK).Items; len(c) != 1 || c[0].Events != 3 {
		t.Errorf("%+v", c)
	}
}

// TestMarks marks a false positive, which carries over to later builds of the image and ends.
func TestMarks(t *testing.T) {
	h := newHost(t, nil)
	post := func(tag string) {
		h.post(alert(`{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/shop/web","container.image.tag":"` + tag + `","proc.exepath":"/bin/bash"}`))
	}
	marked := func() (list []bool) {
		for _, e := range h.events("") {
			list = append(list, e.FalsePositive != "")
		}
		return list
	}
	post("1")
	m := call[falco.Mark](h, http.MethodPost, "/v1/falco/marks",
		`{"image": "registry.example/shop/web", "rule": "Terminal shell in container", "path": "/bin/bash", "reason": "our entry point", "author": "alice", "expires": "2026-04-01T00:00:00Z"}`, http.StatusCreated)
	post("2")
	h.post(alert(`{"container.id":"5d2a4b8d7f06","container.image.repository":"registry.example/other","proc.exepath":"/bin/bash"}`))
	if got := fmt.Sprint(marked()); got != "[true true false]" {
		t.Errorf("marked %s", got)
	}
	if list := call[page[falco.Mark]](h, http.MethodGet, "/v1/falco/marks", "", http.StatusOK).Items; len(list) != 1 || list[0] != m || m.Author != "alice" {
		t.Errorf("%+v", list)
	}
	h.intake.Now = func() time.Time { return sampletest.Now.AddDate(1, 0, 0) }
	if got := fmt.Sprint(marked()); got != "[false false false]" {
		t.Errorf("after its end: %s", got)
	}
	call[any](h, http.MethodDelete, "/v1/falco/marks/"+m.ID, "", http.StatusNoContent)
	call[any](h, http.MethodDelete, "/v1/falco/marks/"+m.ID, "", http.StatusNotFound)
}

// TestMarkLimits: a mark has not expired when it is made, and a tenant has so many.
func TestMarkLimits(t *testing.T) {
	h := newHost(t, nil)
	call[any](h, http.MethodPost, "/v1/falco/marks", `{"rule": "x", "reason": "y", "author": "z", "expires": "2020-01-01T00:00:00Z"}`, http.StatusBadRequest)
	for range 1000 {
		call[any](h, http.MethodPost, "/v1/falco/marks", `{"rule": "x", "reason": "y", "author": "z"}`, http.StatusCreated)
	}
	call[any](h, http.MethodPost, "/v1/falco/marks", `{"rule": "x", "reason": "y", "author": "z"}`, http.StatusConflict)
}

// TestStream: a stream has each event that its query selects after its cursor, once, and with the mark that holds.
func TestStream(t *testing.T) {
	h := newHost(t, nil)
	server := httptest.NewServer(h.handler)
	t.Cleanup(server.Close) // after the streams
	post := func(rule string, n int) {
		h.post(strings.Repeat(strings.Replace(alert(`{"container.id":"host"}`), "Terminal shell in container", rule, 1)+"\n", n))
	}
	stream := func(query string, headers ...string) *bufio.Scanner {
		q, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1/falco/events"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Accept", "text/event-stream")
		for i := 0; i < len(headers); i += 2 {
			q.Header.Set(headers[i], headers[i+1])
		}
		a, err := http.DefaultClient.Do(q)
		if err != nil || a.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%+v, %v", a, err)
		}
		t.Cleanup(func() { a.Body.Close() })
		s := bufio.NewScanner(a.Body)
		s.Buffer(nil, 1<<20)
		return s
	}
	read := func(s *bufio.Scanner, n int) (list []falco.Event) {
		for len(list) < n && s.Scan() {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				var e falco.Event
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				list = append(list, e)
			}
		}
		if s.Err() != nil || len(list) < n {
			t.Fatalf("%d events, want %d: %v", len(list), n, s.Err())
		}
		return list
	}
	post("a", 250)
	all, some := stream(""), stream("?rule=b")
	list := read(all, 250)
	again := stream("?cursor="+list[3].ID, "Last-Event-ID", list[247].ID)
	m := call[falco.Mark](h, http.MethodPost, "/v1/falco/marks", `{"rule": "b", "reason": "y", "author": "z"}`, http.StatusCreated)
	post("a", 3)
	post("b", 1)
	list = append(list, read(all, 4)...)
	seen := make(map[string]bool)
	for i := range list {
		if seen[list[i].ID] || i > 0 && list[i].ID <= list[i-1].ID {
			t.Errorf("event %d is %s", i, list[i].ID)
		}
		seen[list[i].ID] = true
	}
	for name, got := range map[string][]falco.Event{"of a rule": read(some, 1), "after the last one that the client had": read(again, 6)[5:]} {
		if got[0].ID != list[253].ID || got[0].FalsePositive != m.ID {
			t.Errorf("%s: %+v", name, got[0])
		}
	}
}

// TestRejoin analyzes an image after its alerts arrived, and has a service that fails for a while.
func TestRejoin(t *testing.T) {
	h := newHost(t, nil)
	delete(h.images, digest)
	a := alert(`{"container.id":"5d2a4b8d7f06","container.image.digest":"` + digest + `","proc.exepath":"/usr/bin/openssl"}`)
	h.post(a)
	h.broken = errors.New("the database is gone")
	h.post(a)
	if e := h.events(""); e[0].Gap != falco.NoImage || e[1].Gap != falco.Failed || !strings.Contains(h.log.String(), "database is gone") {
		t.Errorf("%+v", e)
	}
	rejoin := func(want int) {
		t.Helper()
		if n, err := h.intake.Rejoin(t.Context(), "t"); n != want || err != nil {
			t.Errorf("joined %d: %v", n, err)
		}
	}
	rejoin(0)
	h.broken, h.images[digest] = nil, true
	rejoin(2)
	rejoin(0)
	for _, e := range h.events("?image=" + digest) {
		if e.Gap != "" || !slices.Equal(e.Vulnerabilities, []string{"CVE-2024-5535"}) {
			t.Errorf("%+v", e)
		}
	}
}

// TestTenants requires that a tenant sees nothing of another.
func TestTenants(t *testing.T) {
	h := newHost(t, nil)
	h.post(alert(`{}`) + "\n{")
	call[any](h, http.MethodPut, "/v1/falco/monitoring", `{"name": "x", "on": false}`, http.StatusNoContent)
	call[any](h, http.MethodPost, "/v1/falco/marks", `{"rule": "x", "reason": "y", "author": "z"}`, http.StatusCreated)
	for _, path := range []string{"events", "diagnostics", "monitoring", "marks", "counts"} {
		for tenant, want := range map[string]int{"": 1, "other": 0} {
			r := httptest.NewRequest(http.MethodGet, "/v1/falco/"+path, nil)
			r.Header.Set("Tenant", tenant)
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			var p page[json.RawMessage]
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || len(p.Items) != want {
				t.Errorf("%s of tenant %q: %s", path, tenant, w.Body.String())
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/v1/falco/events", nil)
	r.Header.Set("Tenant", "nobody")
	w := httptest.NewRecorder()
	if h.handler.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}
}

// TestRequests lists requests that are refused.
func TestRequests(t *testing.T) {
	h := newHost(t, nil)
	for _, test := range []struct{ method, path, body string }{
		{"POST", "/v1/falco/alerts?platform=linux", ""},
		{"POST", "/v1/falco/alerts?platform=linux/a/b/c", ""},
		{"GET", "/v1/falco/events?limit=0", ""},
		{"GET", "/v1/falco/events?limit=9999", ""},
		{"GET", "/v1/falco/events?container=host%25", ""},
		{"PUT", "/v1/falco/containers/abc", `{"image": "` + digest + `"}`},
		{"PUT", "/v1/falco/containers/5d2a4b8d7f06", `{}`},
		{"PUT", "/v1/falco/monitoring", `{"name": "x"}`},
		{"PUT", "/v1/falco/monitoring", `{"name": "x", "on": true, "off": true}`},
		{"POST", "/v1/falco/marks", `{"rule": "x"}`},
		{"POST", "/v1/falco/marks", `[`},
	} {
		call[any](h, test.method, test.path, test.body, http.StatusBadRequest)
	}
	// Texts that PostgreSQL refuses are found nowhere, and are no errors.
	for _, q := range []string{"?cursor=%00", "?image=%ff", "?rule=%00"} {
		if e := h.events(q); len(e) != 0 {
			t.Errorf("%s: %v", q, e)
		}
	}
	if h.events("?cursor=" + url.QueryEscape(strings.Repeat("z", 5000))); h.log.Len() > 0 {
		t.Errorf("logged %s", h.log.String())
	}
}

func FuzzAlert(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `{"container.id":"host"}`, `{"proc.exepath":"/usr/bin/\u0000","container.image":"a:b@c","container.image.digest":"` + digest + `"}`} {
		f.Add([]byte(alert(s)))
	}
	f.Add([]byte("[1, {\n\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		h := newHost(t, &memory{})
		r := httptest.NewRequest(http.MethodPost, "/v1/falco/alerts", bytes.NewReader(body))
		w := httptest.NewRecorder()
		if h.handler.ServeHTTP(w, r); w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body.String())
		}
	})
}

// A memory takes batches and checks that databases can store them.
type memory struct{ falco.Store }

func (*memory) Targets(context.Context, string) ([]falco.Target, error) { return nil, nil }

func (*memory) Containers(context.Context, string, string) ([]string, error) { return nil, nil }

func (*memory) Write(_ context.Context, _ string, b *falco.Batch) error {
	for _, e := range b.Events {
		if !json.Valid(e.Alert) || strings.ContainsAny(e.Rule+e.Host+e.Container+e.Image+e.Executable+e.File+e.Digest, "\x00") || len(e.Rule) > 1100 {
			return fmt.Errorf("%+v", e)
		}
	}
	for _, d := range b.Diagnostics {
		if strings.Contains(d.Line, "\x00") || len(d.Line) > 1100 {
			return fmt.Errorf("%+v", d)
		}
	}
	return nil
}
