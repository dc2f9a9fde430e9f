package auto_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/filelock"
)

// TestReports recreates what people have reported about the databases of other scanners. Each row says what went wrong there.
func TestReports(t *testing.T) {
	python, node := image("pypi jinja"), image("npm lodash")
	for _, tt := range []struct {
		report, fault string
		run           func(t *testing.T, p *publisher, file string)
	}{
		{"anchore/grype#572", "a download fails, because there is no room in the directory for temporary files", func(t *testing.T, p *publisher, file string) {
			t.Setenv("TMPDIR", filepath.Join(file, "none"))
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
		}},
		{"anchore/grype#2680", "there is no update, and no database either", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
			os.Remove(file)
			want(t, p, file, 1, "pypi jinja", "PYSEC-1")
		}},
		{"aquasecurity/trivy#288", "after an interrupted download every run fails until the cache is removed", func(t *testing.T, p *publisher, file string) {
			ctx, cancel := context.WithCancel(t.Context())
			p.odd = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000")
				io.WriteString(w, "PK")
				w.(http.Flusher).Flush()
				cancel()
				<-r.Context().Done()
			}
			if _, err := p.database(file, 0).Open(ctx, python); !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: %v", err)
			}
			p.odd = nil
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
		}},
		{"anchore/grype#870", "an old database is an error, although updates are off", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
			p.took()
			d := p.database(file, 50_000)
			d.Renew = -1
			if answers, asked, s := open(t, p, d, python); answers != "PYSEC-1" || asked != "" || s.Err != nil || !s.Renewed.Equal(start) {
				t.Errorf("answers %q, asked for %q, renewed %v, %v", answers, asked, s.Renewed, s.Err)
			}
		}},
		{"aquasecurity/trivy#8454", "of several processes at once, some use an empty database and find nothing", func(t *testing.T, p *publisher, file string) {
			var group sync.WaitGroup
			for i := range 6 {
				group.Go(func() {
					name, id := "pypi jinja", "PYSEC-1"
					if i%2 == 1 {
						name, id = "npm lodash", "CVE-2020-0001, GHSA-1"
					}
					want(t, p, file, 0, name, id)
				})
			}
			group.Wait()
		}},
		{"aquasecurity/trivy#10688", "a scan fails after 5 seconds, because another process holds the lock", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
			for _, name := range []string{file + ".lock", file + ".renew"} {
				unlock, err := filelock.Lock(t.Context(), name, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer unlock()
			}
			want(t, p, file, 1, "pypi jinja", "PYSEC-1") // readers need no lock
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			waited := false
			d := p.database(file, 1)
			d.Update.Waiting = func() { waited = true }
			if _, err := d.Open(ctx, node); !errors.Is(err, context.DeadlineExceeded) || !waited {
				t.Errorf("who has to fetch waits as long as the caller wants: %v", err)
			}
		}},
		{"ossf/cve-bin-tool#1081", "a server sends a web page instead of gzip, and nothing is updated any more", func(t *testing.T, p *publisher, file string) {
			p.set(retire, "<html><body>Request unsuccessful.</body></html>")
			want(t, p, file, 0, "npm lodash", "GHSA-1, no retirejs for npm")
		}},
		{"aquasecurity/trivy#1313", "a database that was copied to a machine without a network is refused, because the file beside it is missing", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p.Close()
			other := filepath.Join(t.TempDir(), "b.db")
			if err := os.WriteFile(other, b, 0o444); err != nil {
				t.Fatal(err)
			}
			d := p.database(other, 100)
			d.Offline = true
			if answers, _, s := open(t, p, d, python); answers != "PYSEC-1" || s.Err != nil {
				t.Errorf("answers %q, %v", answers, s.Err)
			}
			if answers, _, s := open(t, p, p.database(other, 100), python); answers != "PYSEC-1" || s.Err == nil {
				t.Errorf("without a network: answers %q, %v", answers, s.Err)
			}
		}},
		{"anchore/grype-db#440", "one publisher is out of order for days, and the whole database counts as too old", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "npm lodash", "CVE-2020-0001, GHSA-1")
			p.set(retire, "")
			p.set(npm, archive(t, "GHSA-22", "npm", "lodash"))
			want(t, p, file, 200, "npm lodash", "CVE-2020-0001, GHSA-22")
		}},
		{"aquasecurity/trivy-db#442", "a server that limits requests asks to try again at once, and the scan fails", func(t *testing.T, p *publisher, file string) {
			var n atomic.Int64
			p.odd = func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1)%2 == 1 {
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				p.mu.Lock()
				body, ok := p.bodies[r.URL.Path]
				p.mu.Unlock()
				if !ok {
					http.NotFound(w, r)
					return
				}
				io.WriteString(w, body)
			}
			d := p.database(file, 0)
			d.Update.Limits.Retry = feed.Retry{Pause: time.Millisecond}
			if answers, _, s := open(t, p, d, python); answers != "PYSEC-1" || s.Err != nil {
				t.Errorf("answers %q, %v", answers, s.Err)
			}
		}},
		{"aquasecurity/trivy-java-db#47", "thousands of images need thousands of requests, until the server limits them", func(t *testing.T, p *publisher, file string) {
			for i := range 100 {
				want(t, p, file, float64(i)/5, "pypi jinja", "PYSEC-1")
			}
			if n := len(p.asked); n != 3 {
				t.Errorf("%d requests", n)
			}
		}},
		{"anchore/grype#2382", "a download that stands still never ends", func(t *testing.T, p *publisher, file string) {
			body := p.bodies[pypi] + strings.Repeat("\x00", 1<<20)
			p.odd = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != pypi {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				io.WriteString(w, body[:100_000])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
			d := p.database(file, 0)
			d.Update.Limits.Retry = feed.Retry{Attempts: 1, StallTimeout: 50 * time.Millisecond}
			if _, err := d.Open(t.Context(), python); err == nil || !strings.Contains(err.Error(), "stalled") {
				t.Errorf("%v", err)
			}
		}},
		{"anchore/grype#2507", "the copy of the data in a directory is refused: unsupported protocol scheme", func(t *testing.T, p *publisher, file string) {
			dir := t.TempDir()
			for path, body := range p.bodies {
				name := filepath.Join(dir, filepath.FromSlash(path))
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			d := p.database(file, 0)
			d.Update.Mirror = dir
			if answers, asked, s := open(t, p, d, image("npm lodash", "pypi jinja")); answers != "CVE-2020-0001, GHSA-1, PYSEC-1" || asked != "" || s.Err != nil {
				t.Errorf("answers %q, asked for %q, %v", answers, asked, s.Err)
			}
		}},
		{"ossf/cve-bin-tool#5805", "a mirror has not changed for weeks, and its data looks new", func(t *testing.T, p *publisher, file string) {
			want(t, p, file, 0, "pypi jinja", "PYSEC-1")
			_, _, s := open(t, p, p.database(file, 1000), python)
			again, err := p.database(file, 1000).Open(t.Context(), python)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			rows, err := again.Coverage(t.Context(), feed.Ecosystems(python))
			if err != nil || len(rows) != 1 || rows[0].Date.Format(time.DateOnly) != "2024-05-06" || s.Renewed.Before(start.Add(999*time.Hour)) {
				t.Errorf("%v, %v; asked at %v", rows, err, s.Renewed)
			}
		}},
	} {
		t.Run(tt.report, func(t *testing.T) {
			t.Log(tt.fault)
			tt.run(t, newPublisher(t), filepath.Join(t.TempDir(), "a.db"))
		})
	}
}

// want opens a database some hours after the start for an image of one package, and compares what it answers.
func want(t *testing.T, p *publisher, file string, hours float64, name, answers string) {
	t.Helper()
	s, err := p.database(file, hours).Open(t.Context(), image(name))
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	if got := answer(t, s, image(name)); got != answers {
		t.Errorf("%s: answers %q, want %q", name, got, answers)
	}
}
