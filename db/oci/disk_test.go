package oci_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
)

// Parts of a database that were fetched once are not fetched again, unless they are damaged on the disk. No state of the directory changes an answer.
func TestCache(t *testing.T) {
	w := dbtest.New(0.05)
	file := sign(t, build(t, w), day)
	s := serve(t)
	push(t, s.ref(), file)
	dir := t.TempDir()
	keys := w.Image(1)
	ask := func(dir string) (string, int64) {
		t.Helper()
		before := s.asked.Load()
		d, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Verify: trust(), Cache: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		return answer(t, d, keys), s.asked.Load() - before
	}
	want, first := ask("")
	parts := func() []string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "*", "*-*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%v, %v", names, err)
		}
		return names
	}
	for _, tt := range []struct {
		name   string
		before func()
		asks   bool
	}{
		{"empty", func() {}, true},
		{"again", func() {}, false},
		{"a damaged part", func() {
			name := parts()[0]
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-1] ^= 1
			if err := os.WriteFile(name, b, 0o666); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"mended", func() {}, false},
		{"a part that was cut off", func() { os.Truncate(parts()[0], 10) }, true},
		{"parts that lie about their place", func() {
			for _, name := range parts() {
				if err := os.Rename(name, filepath.Join(filepath.Dir(name), "999999999999-99999999")); err != nil {
					t.Fatal(err)
				}
			}
		}, true},
		{"other bytes with their checksum", func() {
			for _, name := range parts() {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				b[len(b)-1] ^= 1
				sum := sha256.Sum256(b[sha256.Size:])
				if err := os.WriteFile(name, append(sum[:], b[sha256.Size:]...), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}, true},
		{"they are replaced", func() {}, false},
		{"a directory of the name of a part", func() {
			name := parts()[0]
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(name, "x"), 0o777); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"it is replaced", func() {}, false},
		{"names that are none", func() {
			for _, name := range []string{"x", "1-", "-1-5", "01-5", "5-1x"} {
				if err := os.WriteFile(filepath.Join(filepath.Dir(parts()[0]), name), []byte("x"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.before()
			got, asked := ask(dir)
			if got != want || asked > 0 != tt.asks || asked > first {
				t.Errorf("%d requests, at most %d; the same answer: %v", asked, first, got == want)
			}
		})
	}

	t.Run("no directory can be made", func(t *testing.T) {
		name := filepath.Join(dir, "file")
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if got, asked := ask(name); got != want || asked != first {
			t.Errorf("%d requests, want %d", asked, first)
		}
	})
	t.Run("another database", func(t *testing.T) {
		old := filepath.Dir(parts()[0])
		push(t, s.ref(), sign(t, build(t, dbtest.New(0.04)), day))
		past := time.Now().AddDate(0, 0, -8)
		ask(dir)
		if err := os.Chtimes(old, past, past); err != nil {
			t.Fatal(err)
		}
		ask(dir)
		if _, err := os.Stat(old); !os.IsNotExist(err) {
			t.Errorf("after a week: %v", err)
		}
	})
}

// A wrong answer of a registry is not kept. Each answer is wrong once.
func TestCacheOfWrongAnswers(t *testing.T) {
	w := dbtest.New(0.05)
	s := serve(t)
	push(t, s.ref(), sign(t, build(t, w), day))
	keys := w.Image(1)
	var wrong, asked atomic.Int64 // the number of the wrong answer, and of the last one
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" && asked.Add(1) == wrong.Load() {
			w = flipped{w}
		}
		s.Config.Handler.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	ask := func(dir string) error {
		d, _, err := oci.Open(t.Context(), strings.TrimPrefix(proxy.URL, "http://")+"/advisories:1", oci.Options{Verify: trust(), Cache: dir})
		if err != nil {
			return err
		}
		defer d.Close()
		for _, err := range d.Advisories(t.Context(), keys) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := ask(""); err != nil {
		t.Fatal(err)
	}
	for n := range asked.Load() {
		dir := t.TempDir()
		asked.Store(0)
		wrong.Store(n + 1)
		for range 2 {
			if err := ask(dir); err != nil {
				t.Errorf("wrong answer %d: %v", n+1, err)
			}
		}
	}
}

// A flipped response has a wrong byte in every write.
type flipped struct{ http.ResponseWriter }

func (f flipped) Write(p []byte) (int, error) {
	p = append([]byte(nil), p...)
	p[len(p)/2] ^= 1
	return f.ResponseWriter.Write(p)
}
