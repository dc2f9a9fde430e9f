package location_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
)

const text = "a text"

func withDefaults(l location.Limits) location.Limits {
	return location.Limits{
		Download: cmp.Or(l.Download, 1<<30), Decompressed: cmp.Or(l.Decompressed, 1<<30), Document: cmp.Or(l.Document, 1<<30), Memory: cmp.Or(l.Memory, 1<<30),
	}
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

// documents returns the documents of a location as "name=content".
func documents(ctx context.Context, name string, limits location.Limits) ([]string, *location.Data, error) {
	d, err := location.Open(ctx, name, download.Client{}, withDefaults(limits))
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	var docs []string
	for doc, err := range d.Documents(func(name string) bool { return !strings.HasSuffix(name, ".md") }) {
		if err != nil {
			return docs, d, err
		}
		b, err := io.ReadAll(doc)
		if err != nil {
			b = []byte("error: " + err.Error())
		}
		docs = append(docs, doc.Member+"="+string(b))
	}
	return docs, d, nil
}

// TestForms reads every form from a file and from a server.
func TestForms(t *testing.T) {
	members := []string{"b/two.json", "2", "a/one.json", "1", "README.md", "no record"}
	of := []string{"b/two.json=2", "a/one.json=1"}
	for _, tt := range []struct {
		name, content string
		want          []string
		skipped       int
	}{
		{"plain", "text", []string{"=text"}, 0},
		{"empty", "", []string{"="}, 0},
		{"gzip", feedtest.Gzip("text"), []string{"=text"}, 0},
		{"gzip, two members", feedtest.Gzip("te") + feedtest.Gzip("xt"), []string{"=text"}, 0},
		{"bzip2", unbase64(bz2Text), []string{"=compressed text\n"}, 0},
		{"xz", unbase64(xzText), []string{"=compressed text\n"}, 0},
		{"zstd", feedtest.Zstd("text"), []string{"=text"}, 0},
		{"tar", feedtest.Tar(members...), of, 1},
		{"tar.gz", feedtest.Gzip(feedtest.Tar(members...)), of, 1},
		{"tar.zst", feedtest.Zstd(feedtest.Tar(members...)), of, 1},
		{"zip", feedtest.Zip(members...), of, 1},
		{"zip.gz", feedtest.Gzip(feedtest.Zip(members...)), of, 1},
		{"zip in tar", feedtest.Tar("in.zip", feedtest.Zip(members...)), []string{"in.zip/b/two.json=2", "in.zip/a/one.json=1"}, 1},
		{"gzip in zip", feedtest.Zip("x.json.gz", feedtest.Gzip("1")), []string{"x.json=1"}, 0},
		{"names that climb", feedtest.Tar("../../x.json", "1"), []string{"x.json=1"}, 0},
		{"bad gzip in tar", feedtest.Tar("a.gz", "\x1f\x8b\x08", "b", "1"), []string{"a.gz=error: unexpected EOF", "b=1"}, 0},
		{"bad zip in tar", feedtest.Tar("a.zip", "PK\x03\x04", "b", "1"), []string{"a.zip=error: zip: not a valid zip file", "b=1"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				io.WriteString(w, tt.content)
			}))
			defer server.Close()
			for _, name := range []string{feedtest.Save(t, t.TempDir(), "data", tt.content), server.URL + "/data"} {
				got, d, err := documents(t.Context(), name, location.Limits{})
				if err != nil || !slices.Equal(got, tt.want) {
					t.Fatalf("%s: got %q, %v; want %q", name, got, err, tt.want)
				}
				if d.Skipped != tt.skipped || d.Read() != int64(len(tt.content)) {
					t.Errorf("%s: skipped %d, read %d of %d bytes", name, d.Skipped, d.Read(), len(tt.content))
				}
			}
		})
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	feedtest.Save(t, dir, "b.json", "2")
	feedtest.Save(t, dir, "a/c.json.gz", feedtest.Gzip("1"))
	feedtest.Save(t, dir, "a/x.zip", feedtest.Zip("y.json", "3"))
	feedtest.Save(t, dir, "README.md", "no record")
	feedtest.Save(t, dir, ".git/config", "no record")
	feedtest.Save(t, dir, ".hidden", "no record")
	newest := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, name := range []string{"README.md", "a/c.json.gz", "a/x.zip", "b.json"} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, newest.Add(-time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	got, d, err := documents(t.Context(), dir, location.Limits{})
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
		nested = feedtest.Gzip(nested)
	}
	for _, tt := range []struct {
		name, content string
		limits        location.Limits
		want          string
	}{
		{"decompressed", feedtest.Gzip(long), location.Limits{Decompressed: 5000}, "error: decompressed data of more than 5000 bytes: exceeds the limit"},
		{"document", feedtest.Tar("a", long, "b", "1"), location.Limits{Document: 5000},
			"a=error: document of more than 5000 bytes: exceeds the limit b=1"},
		{"memory", feedtest.Gzip(feedtest.Zip("a", "1")), location.Limits{Memory: 50}, "error: zip archive in memory of more than 50 bytes: exceeds the limit"},
		{"all members", feedtest.Zip("a", long, "b", long, "c", long), location.Limits{Decompressed: 15_000}, "error: b: decompressed data of more than 15000 bytes"},
		{"nesting", nested, location.Limits{}, "error: more than 4 archives"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := feedtest.Save(t, t.TempDir(), "data", tt.content)
			got, _, err := documents(t.Context(), name, tt.limits)
			if err != nil {
				got = append(got, "error: "+strings.TrimPrefix(err.Error(), name+": "))
			}
			if got := strings.Join(got, " "); !strings.Contains(got, tt.want) {
				t.Errorf("got %.200q, want %q", got, tt.want)
			}
		})
	}
}

func TestPasswordIsNotKept(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := location.Open(t.Context(), strings.Replace(server.URL, "://", "://user:secret@", 1), download.Client{}, withDefaults(location.Limits{}))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestMissing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if _, err := location.Open(t.Context(), name, download.Client{}, withDefaults(location.Limits{})); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, s := range []string{
		text, feedtest.Gzip(text), feedtest.Zstd(text), unbase64(bz2Text), unbase64(xzText), feedtest.Tar("a.json", text), feedtest.Zip("a.json", text),
		feedtest.Gzip(feedtest.Tar("a.zip", feedtest.Zip("b.gz", feedtest.Gzip(text)))),
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		name := filepath.Join(dir, "data")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		docs, _, _ := documents(t.Context(), name, location.Limits{Decompressed: 1 << 20, Document: 1 << 20, Memory: 1 << 20})
		total := 0
		for _, d := range docs {
			total += len(d)
		}
		if total > 8<<20 {
			t.Fatalf("%d bytes of %d", total, len(content))
		}
	})
}
