package all_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/matcher"
)

// misbehaviours are what a publisher's server may do, whatever is asked for, and what is said of it.
var misbehaviours = []struct {
	name   string
	handle http.HandlerFunc
	want   string // in the error; "" where feeds differ
	is     error
}{
	{"304", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, "304 Not Modified", nil},
	{"404", http.NotFound, "404 Not Found", fs.ErrNotExist},
	{"429", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) }, "429 Too Many Requests (tried 2 times)", nil},
	{"429, come back tomorrow", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(429)
	}, "asks to retry after 24h", nil},
	{"500", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, "500 Internal Server Error (tried 2 times)", nil},
	{"cut off", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"`)
	}, "unexpected EOF", io.ErrUnexpectedEOF},
	{"cut off in gzip", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab")
	}, "", nil},
	{"picture", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "image/png") }, `content type "image/png"`, download.ErrNotData},
	{"HTML", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "<!DOCTYPE html><html><p>Sign in")
	}, "", nil},
	{"redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "stopped after 10 redirects", nil},
	{"endless", func(w http.ResponseWriter, r *http.Request) {
		for b := bytes.Repeat([]byte(" "), 1<<16); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}, "exceeds the limit", feed.ErrTooLarge},
	{"stalled", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "stalled: sent nothing for 50ms", nil},
	{"empty", func(w http.ResponseWriter, r *http.Request) {}, "", nil},
	{"other data", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "[[[{}]]]") }, "", nil},
}

// TestServers fetches a source of every feed from a server that misbehaves. Always there is an error that says why, in
// bounded time, and the database is as it was.
func TestServers(t *testing.T) {
	for _, f := range all.Feeds() {
		for _, m := range misbehaviours {
			t.Run(f.Name+"/"+m.name, func(t *testing.T) {
				server := httptest.NewServer(m.handle)
				defer server.Close()
				file := filepath.Join(t.TempDir(), "a.db")
				was := databaseOf(t, f.Name, file)
				var o feed.UpdateOptions
				if len(f.Datasets) == 0 || len(f.Datasets[0].URLs) == 0 { // which is where the user says
					o.Inputs = []feed.Input{{Feed: f, Location: server.URL + "/data"}}
				} else {
					o.Mirror, o.Only = server.URL, []string{strings.TrimSuffix(f.Name+"/"+f.Datasets[0].Name, "/")}
				}
				o.Client = server.Client()
				o.Limits = feed.Limits{Download: 1 << 18, Retry: feed.Retry{Attempts: 2, Pause: time.Millisecond, StallTimeout: 5 * time.Second}}
				if m.name == "stalled" {
					o.Limits.Retry.StallTimeout = 50 * time.Millisecond
				}
				r, err := feed.Update(t.Context(), file, []feed.Feed{f}, o)
				if err == nil || len(r.Datasets) != 1 || r.Datasets[0].Err == nil || r.Written {
					t.Fatalf("%+v, %v", r, err)
				}
				err = r.Datasets[0].Err
				if !strings.Contains(err.Error(), m.want) || m.is != nil && !errors.Is(err, m.is) {
					t.Errorf("%v, want %q", err, m.want)
				}
				if is, err := os.ReadFile(file); err != nil || !bytes.Equal(is, was) {
					t.Errorf("the database has changed: %v", err)
				}
			})
		}
	}
}

// databaseOf makes a database that has an advisory of a feed.
func databaseOf(t *testing.T, name, file string) []byte {
	t.Helper()
	var b db.Builder
	if err := b.Add(matcher.Advisory{ID: "CVE-2020-1234", Key: matcher.Key{Type: "deb", Namespace: "x", Name: "x"}, Feed: name}); err != nil {
		t.Fatal(err)
	}
	b.AddFeed(db.FeedInfo{Name: name, URL: "https://example.org/", Records: 1})
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestSources checks what package feed asks of sources: each has a name of its own and covers what no other does.
func TestSources(t *testing.T) {
	for _, f := range all.Feeds() {
		names := make(map[string]bool)
		covered := make(map[matcher.Key]string)
		for _, s := range f.Datasets {
			if names[s.Name] || s.Name == "" && len(f.Datasets) > 1 {
				t.Errorf("%s: source %q without a name, or given twice", f.Name, s.Name)
			}
			names[s.Name] = true
			for _, u := range s.URLs {
				if !strings.HasPrefix(u, "https://") {
					t.Errorf("%s/%s: %s is not https", f.Name, s.Name, u)
				}
			}
			for _, k := range s.Covers {
				all := matcher.Key{Type: k.Type, Namespace: k.Namespace}
				for _, other := range []matcher.Key{k, all} {
					if by, ok := covered[other]; ok && (k.Namespace != "" || other == k) {
						t.Errorf("%s: %q and %q both cover %+v", f.Name, by, s.Name, k)
					}
				}
				covered[k] = s.Name
			}
		}
	}
}
