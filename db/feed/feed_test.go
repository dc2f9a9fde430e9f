package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/download"
)

const text = `{"id":"X-1","modified":"2021-05-18T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1"]}]}` + "\n"

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
		s := feedtest.Tar("a.json", `{}`, "b.json", strings.Repeat(" ", 10_000))
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
			feed.Options{Client: server.Client(), Limits: feed.Limits{Download: 1 << 20, Retry: feed.Retry{Pause: time.Millisecond}}})
	}
	for _, path := range []string{"/good", "/moved"} {
		rep, err := load(path)
		if err != nil || rep.Records != 1 || rep.Advisories != 1 || !rep.Date.Equal(modified) {
			t.Errorf("%s: %+v, %v", path, rep, err)
		}
	}
	for path, want := range map[string]string{
		"/404": "404 Not Found", "/500": "500 Internal Server Error", "/204": "204 No Content", "/loop": "stopped after 10 redirects",
		"/html": "a web page", "/empty": "unexpected EOF", "/truncated": "unexpected EOF", "/truncated.tar": "unexpected EOF",
		"/large": "exceeds the limit", "/endless": "body of more than 1048576 bytes",
	} {
		_, err := load(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), server.URL) || !strings.HasPrefix(err.Error(), "feed: ") {
			t.Errorf("%s: %v, want %q and the URL", path, err, want)
		}
	}
	if _, err := load("/html"); !errors.Is(err, download.ErrNotData) {
		t.Errorf("/html: %v", err)
	}
	if _, err := load("/endless"); !errors.Is(err, feed.ErrTooLarge) {
		t.Errorf("/endless: %v", err)
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
	feedtest.Save(t, dir, "x.json", text)
	feedtest.Save(t, dir, "x.zip", feedtest.Zip("x.json", text))
	for _, location := range []string{dir, filepath.Join(dir, "x.json"), filepath.Join(dir, "x.zip")} {
		if _, err := feed.Load(ctx, &b, feed.Input{Feed: osv.Feed(), Location: location}, feed.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

// TestLongErrors loads documents whose errors quote names of a megabyte.
func TestLongErrors(t *testing.T) {
	name := strings.Repeat("x", 1<<20)
	dir := t.TempDir()
	feedtest.Save(t, dir, "a.json", strings.ReplaceAll(text, `"X-1"`, `"`+name+`"`)+"{")
	feedtest.Save(t, dir, "b.json", strings.ReplaceAll(strings.ReplaceAll(text, `"X-1"`, `"`+name+`"`), `"npm"`, `"Novel"`))
	var b db.Builder
	rep, err := feed.Load(t.Context(), &b, feed.Input{Feed: osv.Feed(), Location: dir}, feed.Options{})
	if err != nil || rep.Bad == 0 {
		t.Fatalf("%d bad, %v", rep.Bad, err)
	}
	for _, err := range rep.Errors {
		if n := len(err.Error()); n > 10_000 {
			t.Errorf("an error of %d bytes: %.100v", n, err)
		}
	}
}

// TestLoad counts good, bad, withdrawn and other documents of one input.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	feedtest.Save(t, dir, "a.json", text)
	feedtest.Save(t, dir, "b.json", strings.ReplaceAll(text, `"npm"`, `"Novel"`))
	feedtest.Save(t, dir, "c.json", strings.ReplaceAll(text, `"id"`, `"withdrawn":"2021-01-01T00:00:00Z","id"`))
	feedtest.Save(t, dir, "d.json", `{"cut":`)
	feedtest.Save(t, dir, "e.json", strings.ReplaceAll(text, `"1"`, `"`+strings.Repeat("1", 100_000)+`"`))
	feedtest.Save(t, dir, "f.txt", "no record")
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
	date := time.Date(2021, 5, 18, 0, 0, 0, 0, time.UTC) // the newest record is later than the files
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
	// 2 records, 1 bad: CVE-2019-0000: glibc: buster: unknown status "what?"
}
