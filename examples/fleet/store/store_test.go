package store_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

func open(t *testing.T, address string) *store.Store {
	t.Helper()
	if address == "" {
		address = filepath.Join(t.TempDir(), "fleet.db")
	}
	s, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestOpen: many processes start at once, and an old program refuses the tables of a newer one.
func TestOpen(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		if address == "" {
			address = filepath.Join(t.TempDir(), "fleet.db")
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := store.Open(t.Context(), address)
				if err != nil {
					t.Error(err)
					return
				}
				s.Close()
			})
		}
		wg.Wait()
		s := open(t, address)
		if _, err := s.DB.ExecContext(t.Context(), "INSERT INTO fleet_schema (version) VALUES (99)"); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), "version 99") {
			t.Errorf("newer tables: %v", err)
		}
	})
	if _, err := store.Open(t.Context(), "postgres://user:secret@/x?sslmode=wrong"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a malformed address: %v", err)
	}
}

// TestSpan: a submission has the span of its request.
func TestSpan(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := open(t, address)
		m := &store.Submission{Tenant: "team", Kind: store.Reference, Reference: "registry.example/app:1", Trace: "a span"}
		if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.Submit(t.Context(), m) }); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Submission(t.Context(), "team", m.ID); err != nil || got.Trace != "a span" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestClaim: one holder at a time, until the time ends or the holder releases it.
func TestClaim(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := open(t, address)
		claim := func(holder string, d time.Duration, want bool) {
			t.Helper()
			if got, err := s.Claim(t.Context(), "x", holder, d); err != nil || got != want {
				t.Errorf("%s: %v, %v; want %v", holder, got, err, want)
			}
		}
		claim("a", time.Hour, true)
		claim("b", time.Hour, false)
		claim("a", time.Hour, true)
		if err := s.Release(t.Context(), "x", "b"); err != nil { // not its own
			t.Error(err)
		}
		claim("b", time.Hour, false)
		if err := s.Release(t.Context(), "x", "a"); err != nil {
			t.Error(err)
		}
		claim("b", time.Microsecond, true)
		fleettest.Eventually(t, "the claim ends", func() bool {
			held, err := s.Claim(t.Context(), "x", "c", time.Hour)
			return err == nil && held
		})
	})
}

// TestLayers: the least recently used layers are deleted first.
func TestLayers(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		if _, err := s.Layer(ctx, "none"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no layer: %v", err)
		}
		for _, name := range []string{"a", "b", "c"} {
			if err := s.PutLayer(ctx, name, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.PutLayer(ctx, "a", []byte("new")); err != nil { // used last
			t.Fatal(err)
		}
		if n, err := s.TrimLayers(ctx, 150); n != 1 || err != nil {
			t.Errorf("%d layers deleted, %v", n, err)
		}
		if v, err := s.Layer(ctx, "a"); string(v) != "new" || err != nil {
			t.Errorf("a: %q, %v", v, err)
		}
		if _, err := s.Layer(ctx, "b"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("b: %v", err)
		}
	})
}

// TestTokens: a token is found by its secret, of which the database has a hash.
func TestTokens(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		secret, err := s.NewToken(ctx, &store.Token{Tenant: "team", Name: "x", Scopes: []store.Scope{store.Read}})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		token, err := s.TokenOf(ctx, secret, now)
		if err != nil || token.Tenant != "team" || !token.Has(store.Read) || token.Has(store.Admin) {
			t.Errorf("%+v, %v", token, err)
		}
		if token, err = s.TokenOf(ctx, secret, now); err != nil || token.Used.IsZero() {
			t.Errorf("used: %+v, %v", token, err)
		}
		if _, err := s.TokenOf(ctx, secret+"x", now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another secret: %v", err)
		}
		var hash []byte
		if err := s.DB.QueryRowContext(ctx, "SELECT hash FROM fleet_tokens").Scan(&hash); err != nil || strings.Contains(secret, string(hash)) || len(hash) != 32 {
			t.Errorf("hash %x, %v", hash, err)
		}
		if address != "" { // another process
			other := open(t, address)
			if _, err := other.TokenOf(ctx, secret, now); err != nil {
				t.Error(err)
			}
			defer func() {
				if _, err := other.TokenOf(ctx, secret, now.Add(time.Second)); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("deleted by another process: %v", err)
				}
			}()
		}
		if err := s.DeleteToken(ctx, "team", token.ID, "test"); err != nil {
			t.Error(err)
		}
		if _, err := s.TokenOf(ctx, secret, now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
		for _, tenant := range []string{"", "A", "a/b", "../a", strings.Repeat("a", 64)} {
			if _, err := s.NewToken(ctx, &store.Token{Tenant: tenant}); err == nil {
				t.Errorf("the tenant %q is accepted", tenant)
			}
		}
	})
}

// TestPointAfterLaterClock: a tag moves although the process that stored its former image has a clock that is an hour ahead.
func TestPointAfterLaterClock(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		point := func(digest string) (before string) {
			t.Helper()
			err := s.Write(ctx, func(tx *store.Tx) (err error) {
				t, err := tx.Point(ctx, "team", "app:1", digest, "")
				before = t.Digest
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return before
		}
		point("old")
		if _, err := s.DB.ExecContext(ctx, "UPDATE fleet_tags SET since = since + 3600000000"); err != nil {
			t.Fatal(err)
		}
		if before := point("new"); before != "old" {
			t.Errorf("before: %q", before)
		}
		if tag, err := s.Pointed(ctx, "team", "app:1"); err != nil || tag.Digest != "new" {
			t.Errorf("%+v, %v", tag, err)
		}
		if before := point("new"); before != "new" {
			t.Errorf("repeated: %q", before)
		}
	})
}

// TestNotIndexed: an image waits for the index until a generation has it, also while one is built.
func TestNotIndexed(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		if err := errors.Join(s.Write(ctx, func(tx *store.Tx) error { return errors.Join(tx.Unindexed(ctx, "a"), tx.Unindexed(ctx, "b")) }), s.Build(ctx, []string{"a"})); err != nil {
			t.Fatal(err)
		}
		check := func(want ...string) {
			t.Helper()
			got, err := s.NotIndexed(ctx, []string{"a", "b", "c"})
			if slices.Sort(got); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
		}
		check("a", "b")
		if err := s.ReplaceGenerations(ctx, nil, store.Generation{ID: "g", Object: "index/g", Images: 1}, []string{"a"}); err != nil {
			t.Fatal(err)
		}
		check("b")
	})
}
