package feed_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/osv"
)

const text = `{"id":"X-1","modified":"2021-05-18T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1"]}]}` + "\n"

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func zst(s string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

// Made with bzip2 and xz; both hold "compressed text\n".
const (
	bz2Text = "QlpoOTFBWSZTWUEe2AYAAAFRgAAQQAAOAtxAIAAiABkEDQNAy9E0NBvO5/F3JFOFCQQR7YBg"
	xzText  = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAPY29tcHJlc3NlZCB0ZXh0CgBKVK2egryT9AABKBDlC2xgH7bzfQEAAAAABFla"
)

func unbase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A member is a file of an archive.
type member struct{ name, content string }

func tarOf(ms ...member) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range ms {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.content)), Format: tar.FormatUSTAR}); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func zipOf(ms ...member) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range ms {
		w, err := z.Create(m.name)
		if err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func save(t *testing.T, dir, name, content string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// documents returns what a location holds as "name=content", in order.
func documents(ctx context.Context, location string, limits feed.Limits) ([]string, *feed.Data, error) {
	d, err := feed.Open(ctx, location, nil, limits)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	var docs []string
	for doc, err := range d.Documents(func(name string) bool { return !strings.HasSuffix(name, ".md") }) {
		if err != nil {
			return docs, d, err
		}
		b, err := io.ReadAll(doc.Reader)
		if err != nil {
			b = []byte("error: " + err.Error())
		}
		docs = append(docs, doc.Name+"="+string(b))
	}
	return docs, d, nil
}

// TestForms reads every form from a file, and from a server, whatever its name.
func TestForms(t *testing.T) {
	members := []member{{"b/two.json", "2"}, {"a/one.json", "1"}, {"README.md", "no record"}}
	of := []string{"b/two.json=2", "a/one.json=1"}
	for _, tt := range []struct {
		name, content string
		want          []string
		skipped       int
	}{
		{"plain", "text", []string{"=text"}, 0},
		{"empty", "", []string{"="}, 0},
		{"gzip", gz("text"), []string{"=text"}, 0},
		{"gzip, two members", gz("te") + gz("xt"), []string{"=text"}, 0},
		{"bzip2", unbase64(bz2Text), []string{"=compressed text\n"}, 0},
		{"xz", unbase64(xzText), []string{"=compressed text\n"}, 0},
		{"zstd", zst("text"), []string{"=text"}, 0},
		{"tar", tarOf(members...), of, 1},
		{"tar.gz", gz(tarOf(members...)), of, 1},
		{"tar.zst", zst(tarOf(members...)), of, 1},
		{"zip", zipOf(members...), of, 1},
		{"zip.gz", gz(zipOf(members...)), of, 1},
		{"zip in tar", tarOf(member{"in.zip", zipOf(members...)}), []string{"in.zip/b/two.json=2", "in.zip/a/one.json=1"}, 1},
		{"gzip in zip", zipOf(member{"x.json.gz", gz("1")}), []string{"x.json=1"}, 0},
		{"names that climb", tarOf(member{"../../x.json", "1"}), []string{"x.json=1"}, 0},
		{"bad gzip in tar", tarOf(member{"a.gz", "\x1f\x8b\x08"}, member{"b", "1"}), []string{"a.gz=error: unexpected EOF", "b=1"}, 0},
		{"bad zip in tar", tarOf(member{"a.zip", "PK\x03\x04"}, member{"b", "1"}), []string{"a.zip=error: zip: not a valid zip file", "b=1"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				io.WriteString(w, tt.content)
			}))
			defer server.Close()
			for _, location := range []string{save(t, t.TempDir(), "data", tt.content), server.URL + "/data"} {
				got, d, err := documents(t.Context(), location, feed.Limits{})
				if err != nil || !slices.Equal(got, tt.want) {
					t.Fatalf("%s: got %q, %v; want %q", location, got, err, tt.want)
				}
				if d.Skipped != tt.skipped || d.Read() != int64(len(tt.content)) {
					t.Errorf("%s: skipped %d, read %d of %d bytes", location, d.Skipped, d.Read(), len(tt.content))
				}
			}
		})
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "b.json", "2")
	save(t, dir, "a/c.json.gz", gz("1"))
	save(t, dir, "a/x.zip", zipOf(member{"y.json", "3"}))
	save(t, dir, "README.md", "no record")
	save(t, dir, ".git/config", "no record")
	save(t, dir, ".hidden", "no record")
	newest := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, name := range []string{"README.md", "a/c.json.gz", "a/x.zip", "b.json"} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, newest.Add(-time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	got, d, err := documents(t.Context(), dir, feed.Limits{})
	if want := []string{"a/c.json=1", "a/x.zip/y.json=3", "b.json=2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if d.Skipped != 2 || !d.Modified.Equal(newest) {
		t.Errorf("skipped %d, modified %v", d.Skipped, d.Modified)
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	nested := long
	for range 10 {
		nested = gz(nested)
	}
	for _, tt := range []struct {
		name, content string
		limits        feed.Limits
		want          string
	}{
		{"decompressed", gz(long), feed.Limits{Decompressed: 5000}, "error: too large: decompresses to more than 5000 bytes"},
		{"document", tarOf(member{"a", long}, member{"b", "1"}), feed.Limits{Document: 5000},
			"a=error: too large: document of more than 5000 bytes b=1"},
		{"memory", gz(zipOf(member{"a", "1"})), feed.Limits{Memory: 50}, "error: too large: zip archive in memory of more than 50 bytes"},
		{"all members", zipOf(member{"a", long}, member{"b", long}, member{"c", long}), feed.Limits{Decompressed: 15_000}, "error: b: too large"},
		{"nesting", nested, feed.Limits{}, "error: more than 4 archives"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			location := save(t, t.TempDir(), "data", tt.content)
			got, _, err := documents(t.Context(), location, tt.limits)
			if err != nil {
				got = append(got, "error: "+strings.TrimPrefix(err.Error(), "feed: "+location+": "))
			}
			if got := strings.Join(got, " "); !strings.Contains(got, tt.want) {
				t.Errorf("got %.200q, want %q", got, tt.want)
			}
		})
	}
}

// TestServer loads from servers that misbehave.
func TestServer(t *testing.T) {
	modified := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"tag"`)
		http.ServeContent(w, r, "x", modified, strings.NewReader(`{"a":{"CVE-1":{"releases":{"jessie":{"status":"open"}}}}}`))
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/500", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) })
	mux.HandleFunc("/204", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "\n<!DOCTYPE HTML><title>Log in</title>")
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/truncated", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"a":{"CVE-1":{"releases":{"jessie":{"status":"open"}}}`)
	})
	mux.HandleFunc("/truncated.tar", func(w http.ResponseWriter, r *http.Request) {
		s := tarOf(member{"a.json", `{}`}, member{"b.json", strings.Repeat(" ", 10_000)})
		w.Header().Set("Content-Length", fmt.Sprint(len(s)))
		io.WriteString(w, s[:2000])
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "1000000000000") })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat(" ", 10_000)); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	load := func(path string) (feed.LoadResult, error) {
		var b db.Builder
		return feed.Load(t.Context(), &b, feed.Input{Feed: debian.Feed(), Location: server.URL + path},
			feed.Options{Client: server.Client(), Limits: feed.Limits{Download: 1 << 20, Patience: feed.Patience{Pause: time.Millisecond}}})
	}
	for _, path := range []string{"/good", "/moved"} {
		rep, err := load(path)
		if err != nil || rep.Records != 1 || rep.Advisories != 1 || !rep.Date.Equal(modified) {
			t.Errorf("%s: %+v, %v", path, rep, err)
		}
	}
	for path, want := range map[string]string{
		"/404": "404 Not Found", "/500": "500 Internal Server Error", "/204": "204 No Content", "/loop": "stopped after 10 redirects",
		"/html": "a page of HTML", "/empty": "unexpected EOF", "/truncated": "unexpected EOF", "/truncated.tar": "unexpected EOF",
		"/large": "too large", "/endless": "too large: body of more than 1048576 bytes",
	} {
		_, err := load(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), server.URL) || !strings.HasPrefix(err.Error(), "feed: ") {
			t.Errorf("%s: %v, want %q and the URL", path, err, want)
		}
	}
	if _, err := load("/html"); !errors.Is(err, feed.ErrNotData) {
		t.Errorf("/html: %v", err)
	}
	if _, err := load("/endless"); !errors.Is(err, feed.ErrTooLarge) {
		t.Errorf("/endless: %v", err)
	}
}

func TestPasswordIsNotKept(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := feed.Open(t.Context(), strings.Replace(server.URL, "://", "://user:secret@", 1), nil, feed.Limits{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "[")
		w.(http.Flusher).Flush()
		close(started)
		<-r.Context().Done()
	}))
	defer server.Close()
	go func() { <-started; cancel() }()
	var b db.Builder
	if _, err := feed.Load(ctx, &b, feed.Input{Feed: osv.Feed(), Location: server.URL}, feed.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("server: %v", err)
	}
	dir := t.TempDir()
	save(t, dir, "x.json", text)
	save(t, dir, "x.zip", zipOf(member{"x.json", text}))
	for _, location := range []string{dir, filepath.Join(dir, "x.json"), filepath.Join(dir, "x.zip")} {
		if _, err := feed.Load(ctx, &b, feed.Input{Feed: osv.Feed(), Location: location}, feed.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func TestMissing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if _, err := feed.Open(t.Context(), name, nil, feed.Limits{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
}

// TestLoad counts good, bad, withdrawn and other documents of one input.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "a.json", text)
	save(t, dir, "b.json", strings.ReplaceAll(text, `"npm"`, `"Novel"`))
	save(t, dir, "c.json", strings.ReplaceAll(text, `"id"`, `"withdrawn":"2021-01-01T00:00:00Z","id"`))
	save(t, dir, "d.json", `{"cut":`)
	save(t, dir, "e.json", strings.ReplaceAll(text, `"1"`, `"`+strings.Repeat("1", 100_000)+`"`))
	save(t, dir, "f.txt", "no record")
	var b db.Builder
	var last feed.Progress
	in := feed.Input{Feed: osv.Feed(), Location: dir}
	rep, err := feed.Load(t.Context(), &b, in, feed.Options{Errors: 2, Progress: func(p feed.Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Records != 5 || rep.Withdrawn != 1 || rep.Bad != 3 || rep.Advisories != 1 || rep.Skipped != 1 || len(rep.Errors) != 2 {
		t.Errorf("%+v", rep)
	}
	if want := `b.json: X-1: affected[0]: unknown ecosystem "Novel"`; rep.Errors[0].Error() != want {
		t.Errorf("got %q, want %q", rep.Errors[0], want)
	}
	if last.Records != 5 || last.Read == 0 || last.Size != -1 {
		t.Errorf("progress: %+v", last)
	}
	date := time.Date(2021, 5, 18, 0, 0, 0, 0, time.UTC) // of the newest record, not of the files
	if !rep.Date.Equal(date) {
		t.Errorf("date %v", rep.Date)
	}
	in.Date = date.AddDate(1, 0, 0)
	if rep, err = feed.Load(t.Context(), &b, in, feed.Options{}); err != nil || !rep.Date.Equal(in.Date) {
		t.Errorf("date %v, %v", rep.Date, err)
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	i := d.Info()
	if len(i.Feeds) != 2 || i.Feeds[0].Bad != 3 || i.Feeds[0].URL != "" || len(i.Coverage) != 1 || !i.Coverage[0].Date.Equal(date) {
		t.Errorf("%+v", i)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, s := range []string{
		text, gz(text), zst(text), unbase64(bz2Text), unbase64(xzText), tarOf(member{"a.json", text}), zipOf(member{"a.json", text}),
		gz(tarOf(member{"a.zip", zipOf(member{"b.gz", gz(text)})})),
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		name := filepath.Join(dir, "data")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		docs, _, _ := documents(t.Context(), name, feed.Limits{Decompressed: 1 << 20, Document: 1 << 20, Memory: 1 << 20})
		total := 0
		for _, d := range docs {
			total += len(d)
		}
		if total > 8<<20 {
			t.Fatalf("%d bytes of %d", total, len(content))
		}
	})
}

func ExampleLoad() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"glibc": {"CVE-2019-9169": {"releases": {"buster": {"status": "resolved", "fixed_version": "2.28-9"}}},
			"CVE-2019-0000": {"releases": {"buster": {"status": "what?"}}}}}`)
	}))
	defer server.Close()

	var b db.Builder
	report, err := feed.Load(context.Background(), &b, feed.Input{Feed: debian.Feed(), Location: server.URL}, feed.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Records, "records,", report.Bad, "bad:", report.Errors[0])
	// Output:
	// 2 records, 1 bad: glibc: CVE-2019-0000: buster: unknown status "what?"
}
