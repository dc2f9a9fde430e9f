package oci_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/matcher"
)

// A machine renews the database of a registry from its own copy. Its updates add an advisory of a feed.
type machine struct {
	t    *testing.T
	file string
	key  ed25519.PrivateKey
	now  time.Time
}

func newMachine(t *testing.T) *machine {
	return &machine{t, filepath.Join(t.TempDir(), "cache", "a.db"), key, day}
}

// add makes an update that adds an advisory, none if name is empty.
func (m *machine) add(name string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		if name == "" {
			return false, nil
		}
		var b db.Builder
		old, err := db.OpenFile(m.file)
		if err == nil {
			defer old.Close()
			for _, f := range old.Info().Feeds {
				if f.Name == name {
					return false, nil
				}
				if err := b.Keep(ctx, old, db.Part{Feed: f.Name}); err != nil {
					return false, err
				}
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err := b.Add(matcher.Advisory{ID: name, Feed: name, Key: matcher.Key{Type: "npm", Name: name}}); err != nil {
			return false, err
		}
		b.AddFeed(db.FeedInfo{Name: name, Records: 1, Date: m.now})
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			return false, err
		}
		return true, os.WriteFile(m.file, buf.Bytes(), 0o666)
	}
}

func (m *machine) renew(ref, name string) (oci.Renewed, error) {
	return oci.Renew(m.t.Context(), ref, oci.Renewal{File: m.file, Update: m.add(name), Key: m.key, Now: m.now}, oci.Options{})
}

// feeds returns the feeds of the database in a registry, which must be signed.
func feeds(t *testing.T, ref string) string {
	t.Helper()
	d, _, err := oci.Open(t.Context(), ref, oci.Options{Verify: trust()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	var names []string
	for _, f := range d.Info().Feeds {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestRenew(t *testing.T) {
	s := serve(t)
	one, other := newMachine(t), newMachine(t)
	for _, tt := range []struct {
		name   string
		m      *machine
		hours  int
		adds   string
		begun  bool
		pushed bool
		feeds  string
	}{
		{"the first time", one, 0, "a", true, true, "a"},
		{"again, without a change", one, 1, "", false, false, "a"},
		{"a change", one, 2, "b", false, true, "a b"},
		{"another machine, without a copy", other, 3, "c", false, true, "a b c"},
		{"over an old copy", one, 4, "d", false, true, "a b c d"},
		{"the same change", other, 5, "d", false, false, "a b c d"},
		{"a day later, without a change", one, 30, "", false, true, "a b c d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.m.now = day.Add(time.Duration(tt.hours) * time.Hour)
			r, err := tt.m.renew(s.ref(), tt.adds)
			if err != nil || r.Begun != tt.begun || r.Pushed != tt.pushed || r.Rounds != 1 || !strings.HasPrefix(r.Digest, "sha256:") {
				t.Fatalf("%+v, %v", r, err)
			}
			if got := feeds(t, s.ref()); got != tt.feeds {
				t.Errorf("feeds %q, want %q", got, tt.feeds)
			}
		})
	}

	t.Run("a month without a change", func(t *testing.T) {
		for range 30 {
			one.now = one.now.AddDate(0, 0, 1)
			if r, err := one.renew(s.ref(), ""); err != nil || !r.Pushed {
				t.Fatalf("%+v, %v", r, err)
			}
		}
	})
	t.Run("an update that fails", func(t *testing.T) {
		fault := errors.New("no publisher")
		_, err := oci.Renew(t.Context(), s.ref(), oci.Renewal{File: one.file, Key: key, Update: func(context.Context) (bool, error) { return false, fault }}, oci.Options{})
		if !errors.Is(err, fault) || feeds(t, s.ref()) != "a b c d" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a database that others have put there", func(t *testing.T) {
		stranger := newMachine(t)
		stranger.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
		if _, err := stranger.renew(s.ref(), "x"); !errors.Is(err, db.ErrUntrusted) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no registry", func(t *testing.T) {
		if _, err := newMachine(t).renew("127.0.0.1:1/a:1", "x"); err == nil {
			t.Error("no error")
		}
	})
}

// Machines that renew at the same time lose nothing: one of them begins again.
func TestRenewAtOnce(t *testing.T) {
	s := serve(t)
	first := newMachine(t)
	if _, err := first.renew(s.ref(), "a"); err != nil {
		t.Fatal(err)
	}
	slow, fast := newMachine(t), newMachine(t)
	rounds := 0
	r, err := oci.Renew(t.Context(), s.ref(), oci.Renewal{File: slow.file, Key: key, Now: day.Add(time.Hour), Update: func(ctx context.Context) (bool, error) {
		if rounds++; rounds == 1 {
			if _, err := fast.renew(s.ref(), "fast"); err != nil {
				return false, err
			}
		}
		return slow.add("slow")(ctx)
	}}, oci.Options{})
	if err != nil || r.Rounds != 2 || !r.Pushed {
		t.Errorf("%+v, %v", r, err)
	}
	if got := feeds(t, s.ref()); got != "a fast slow" {
		t.Errorf("feeds: %s", got)
	}

	var group sync.WaitGroup // on one machine they wait for one another
	for _, name := range []string{"p", "q", "r"} {
		group.Go(func() {
			if _, err := first.renew(s.ref(), name); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := feeds(t, s.ref()); got != "a fast p q r slow" {
		t.Errorf("feeds: %s", got)
	}
}
