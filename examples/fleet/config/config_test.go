package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/archive"
)

var feeds = []string{"debian", "osv"}

// environment is the environment of tests.
func environment(name string) (string, bool) {
	v, ok := map[string]string{"DATABASE": "postgres://fleet:hunter2@db.example/fleet", "PORT": "8443", "EMPTY": "", "MANY": "7", "ON": "false", "SECRET": "hunter2"}[name]
	return v, ok
}

func TestRead(t *testing.T) {
	off := false
	tests := []struct {
		text string
		want func(*File)
	}{
		{"", func(*File) {}},
		{"# nothing\n", func(*File) {}},
		{"listen: 0.0.0.0:${PORT}", func(f *File) { f.Listen = "0.0.0.0:8443" }},
		{"listen: ${HOST:-127.0.0.1}:${EMPTY:-80}", func(f *File) { f.Listen = "127.0.0.1:80" }},
		{"database: ${DATABASE}", func(f *File) { f.Database = "postgres://fleet:hunter2@db.example/fleet" }},
		{"key: a$$b", func(f *File) { f.Key = "a$b" }},
		{"workers: ${MANY}", func(f *File) { f.Workers = 7 }},
		{"workers:", func(*File) {}},
		{"max-upload: 5GiB", func(f *File) { f.MaxUpload = 5 << 30 }},
		{"max-upload: 1000", func(f *File) { f.MaxUpload = 1000 }},
		{"operators: [a, b]", func(f *File) { f.Operators = []string{"a", "b"} }},
		{"operators: []", func(f *File) { f.Operators = []string{} }},
		{"registries: {allow: ['registry.example/**'], addresses: [10.1.2.3/8]}", func(f *File) {
			f.Registries = Registries{Allow: []string{"registry.example/**"}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
		}},
		{"advisories: {every: 12h, feeds: {osv: {enabled: '${ON}'}, debian: {every: 2d}}}", func(f *File) {
			f.Advisories = Advisories{Every: 12 * time.Hour, Feeds: map[string]Feed{"osv": {Enabled: &off}, "debian": {Every: 48 * time.Hour}}}
		}},
		{"archive:\n  rules:\n    - {repositories: ['*/team/**'], older-than: 90d, newer-tags: 3, keep: 10}", func(f *File) {
			f.Archive.Rules = []archive.Rule{{Repositories: []string{"*/team/**"}, OlderThan: 90 * 24 * time.Hour, NewerTags: 3, Keep: 10}}
		}},
		{"telemetry: {endpoint: 'http://collector.example:4318', service: fleet-eu, headers: {Api-Key: '${SECRET}'}, ca: ca.pem}", func(f *File) {
			f.Telemetry = Telemetry{"http://collector.example:4318", "fleet-eu", map[string]string{"Api-Key": "hunter2"}, "ca.pem"}
		}},
		{"log: {level: debug, format: json}", func(f *File) { f.Log = Log{slog.LevelDebug, "json"} }},
		{"proxy: {addresses: ['::1/128'], header: X-User, users: [{name: '*@team.example', tenant: team, scopes: [read, submit]}]}", func(f *File) {
			f.Proxy = Proxy{[]netip.Prefix{netip.MustParsePrefix("::1/128")}, "X-User", []User{{"*@team.example", "team", []string{"read", "submit"}}}}
		}},
	}
	for _, test := range tests {
		got, err := Read(strings.NewReader(test.text), environment, feeds)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		got.lines = nil
		want := Default()
		test.want(want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", test.text, got, want)
		}
	}
}

// TestErrors: one run reports all errors with their lines, and no value, because values may be secrets.
func TestErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"colour: red\nworkers: many\nlog: {level: loud}", ":1: colour: unknown key\n:2: workers: want a whole number\n:3: log.level: want one of debug, info, warn, error"},
		{"listen: 8080", ":1: listen: want a text"},
		{"workers: '4'", ":1: workers: want a whole number"},
		{"workers: 4.5", ":1: workers: want a whole number"},
		{"workers: 0", ":1: workers: want at least 1"},
		{"workers: [4]", ":1: workers: want a single value"},
		{"daily: -1", ":1: daily: want at least 0"},
		{"workers: ${SECRET}", ":1: workers: want a whole number"},
		{"database: ${SECRET}", ":1: database: want postgres://..."},
		{"key: ${MISSING}", ":1: key: the environment has no variable MISSING"},
		{"key: ${not a name}", ":1: key: want ${NAME} or ${NAME:-default}"},
		{"role: both", ":1: role: want one of api, worker, all"},
		{"role: api\nrole: worker", ":2: role: the key is there twice, or is no text"},
		{"operators: default", ":1: operators: want a list"},
		{"operators: [a, ~]", ":1: operators[1]: an empty item"},
		{"tls: on", ":1: tls: want keys and values"},
		{"tls:\n  certificate: a.pem", ":2: tls: want both a certificate and a key"},
		{"- a", ":1: want keys and values"},
		{"listen: '8080'", ":1: listen: want HOST:PORT"},
		{"key: a\n---\nkey: b", ":2: a second document"},
		{"key: &a x\ndata: *a", ":1: key: aliases and anchors are not supported\n:2: data: aliases and anchors are not supported"},
		{"a: [", ":1: did not find expected node content"},
		{"advisories:\n  feeds:\n    debian: {}\n    none: {}", ":4: advisories.feeds.none: no such feed"},
		{"advisories: {every: 10s}", ":1: advisories.every: want at least 1m"},
		{"advisories: {file: a.db, mirror: b}", ":1: advisories.mirror: a file of another program has no mirror and no feeds"},
		{"registries:\n  addresses:\n    - 10.0.0.0/8\n    - 10.0.0.1", ":4: registries.addresses[1]: want addresses, such as 10.0.0.0/8"},
		{"archive:\n  rules:\n    - {repositories: [a]}", ":3: archive.rules[0]: a rule needs older-than, newer-tags or keep"},
		{"keep-events: -3d", ":1: keep-events: want a duration, such as 30m, 6h or 90d"},
		{"proxy:\n  header: X-User", ":2: proxy: want addresses, the name of a header, and users"},
		{"proxy:\n  addresses: [10.0.0.1/32]\n  header: authorization\n  users:\n    - {name: a, tenant: b, scopes: [all]}",
			":3: proxy.header: the header of tokens cannot name users\n:5: proxy.users[0].scopes[0]: want one of read, submit, decide, admin"},
		{"objects: file:///x", ":1: objects: want s3://BUCKET/PREFIX?endpoint=URL"},
		{"telemetry:\n  endpoint: collector.example:4317", ":2: telemetry.endpoint: want http://HOST:PORT or https://HOST:PORT, with a path or none"},
		{"telemetry:\n  endpoint: https://user:${SECRET}@collector.example", ":2: telemetry.endpoint: want http://HOST:PORT or https://HOST:PORT, with a path or none"},
		{"telemetry:\n  headers:\n    'a b': ${SECRET}", ":3: telemetry.headers: the name of a header is malformed"},
		{"telemetry:\n  headers: [a]", ":2: telemetry.headers: want keys and values"},
		{"max-upload: 99999999TiB", ":1: max-upload: want a number of bytes, such as 512MiB or 10GiB"},
		{strings.Repeat("#", maxSize+1), fmt.Sprintf(":1: more than %d bytes", maxSize)},
	}
	for _, test := range tests {
		_, err := Read(strings.NewReader(test.text), environment, feeds)
		if err == nil || err.Error() != test.want {
			t.Errorf("%.100s:\n%v, want\n%s", test.text, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error has a secret: %v", test.text, err)
		}
	}
}

func TestLoad(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fleet.yaml")
	if _, err := Load(name, environment, feeds); err == nil || !strings.HasPrefix(err.Error(), "config: ") {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(name, []byte("\nx: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(name, environment, feeds); err == nil || err.Error() != name+":2: x: unknown key" {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"listen: 127.0.0.1:${PORT:-80}", "archive: {rules: [{keep: 3}]}", "a: &a [*a]", "? [x]\n: y", "<<: {}", "log: {level: debug+3}", "proxy: {users: [{name: x}]}",
		"advisories: {feeds: {? a : ~}}", "{1: 2, !!binary a: b}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Read(strings.NewReader(text), environment, feeds)
		if (c == nil) != (err != nil) {
			t.Errorf("%v, %v", c, err)
		}
		if list, ok := err.(Errors); ok {
			for _, e := range list {
				if e.Line < 1 || e.Text == "" {
					t.Errorf("%+v", e)
				}
			}
		}
	})
}
