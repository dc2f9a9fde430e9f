package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// TestUpgradeToIndexes: the tables of version 5 get indexes. Its tags and submissions lack them.
func TestUpgradeToIndexes(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		driver, source, bytes := "pgx", address, "BYTEA"
		if address == "" {
			address = filepath.Join(t.TempDir(), "fleet.db")
			driver, source, bytes = "sqlite", "file:"+address, "BLOB"
		}
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		exec := func(statement string) {
			t.Helper()
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		exec("CREATE TABLE fleet_schema (version BIGINT NOT NULL PRIMARY KEY)")
		for n := 1; n <= 5; n++ {
			script, err := os.ReadFile(fmt.Sprintf("migrations/%d.sql", n))
			if err != nil {
				t.Fatal(err)
			}
			for statement := range strings.SplitSeq(strings.ReplaceAll(string(script), "{bytes}", bytes), ";\n") {
				if strings.TrimSpace(statement) != "" {
					exec(statement)
				}
			}
			exec(fmt.Sprintf("INSERT INTO fleet_schema (version) VALUES (%d)", n))
		}
		exec("INSERT INTO fleet_tags (tenant, name, since, digest) VALUES ('team', 'registry.example/app:1', 1, 'sha256:a')")
		exec("INSERT INTO fleet_images (tenant, digest, kind, config, manifest, reference, platform, state, reason, message, annotations, submitted, finished, revision) VALUES ('team', 'sha256:a', 'reference', '', '', 'registry.example/app:1', 'linux/amd64', 'analyzed', '', '', '{}', 1, 1, 1)")
		exec("INSERT INTO fleet_submissions (id, tenant, kind, reference, platform, object, annotations, priority, again, state, reason, message, digest, job, attempts, submitted, started, finished) VALUES ('s', 'team', 'reference', 'r', '', '', '{}', 5, 0, 'analyzed', '', '', 'sha256:a', 0, 1, 1, 1, 1)")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := open(t, address)
		if tag, err := s.Pointed(ctx, "team", "registry.example/app:1"); err != nil || tag.Index != "" || tag.Named() != "sha256:a" {
			t.Errorf("%+v, %v", tag, err)
		}
		if m, err := s.Submission(ctx, "team", "s"); err != nil || m.Index != "" || m.Digest != "sha256:a" {
			t.Errorf("%+v, %v", m, err)
		}
		if _, err := s.Index(ctx, "team", "registry.example/app:1"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an index: %v", err)
		}
	})
}

// TestIndex: an index is as it was stored last, without losing why an image failed. Tags of it name all of its images, for its tenant only.
func TestIndex(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s, ctx := open(t, address), t.Context()
		write := func(run func(tx *store.Tx) error) {
			t.Helper()
			if err := s.Write(ctx, run); err != nil {
				t.Fatal(err)
			}
		}
		put := func(reasons ...string) {
			t.Helper()
			x := &store.Index{Tenant: "team", Digest: "sha256:i", Reference: "registry.example/app:1", More: 3}
			for i, r := range reasons {
				x.Platforms = append(x.Platforms, store.Platform{Name: fmt.Sprint("linux/", i), Digest: fmt.Sprint("sha256:", i), Reason: r})
			}
			write(func(tx *store.Tx) error { return tx.PutIndex(ctx, x) })
		}
		want := func(name, reasons string) {
			t.Helper()
			x, err := s.Index(ctx, "team", name)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range x.Platforms {
				got = append(got, x.Platforms[i].Why())
			}
			if x.More != 3 || strings.Join(got, " ") != reasons {
				t.Errorf("%s: %q, want %q", name, got, reasons)
			}
		}
		put("waiting", "waiting", "not-selected")
		want("sha256:i", "waiting waiting not-selected")
		for i, reason := range []string{"", "not-found"} {
			write(func(tx *store.Tx) error {
				return tx.EndPlatform(ctx, "team", "sha256:i", fmt.Sprint("sha256:", i), reason)
			})
		}
		put("not-selected", "not-selected", "waiting")
		want("sha256:i", "not-selected not-found waiting")
		write(func(tx *store.Tx) error { return tx.EndPlatforms(ctx, "team", "sha256:i") })
		want("sha256:i", "not-selected not-found ")

		for i := range 2 {
			write(func(tx *store.Tx) error {
				return tx.Begin(ctx, &store.Image{Tenant: "team", Digest: fmt.Sprint("sha256:", i), Kind: store.Reference})
			})
		}
		write(func(tx *store.Tx) error {
			_, err := tx.Point(ctx, "team", "registry.example/app:1", "sha256:0", "sha256:i")
			return err
		})
		want("registry.example/app:1", "analyzing analyzing ")
		names, err := s.Names(ctx, []string{"sha256:1", "sha256:0"})
		if err != nil || fmt.Sprint(names) != "[registry.example/app:1@sha256:0 registry.example/app:1@sha256:1]" {
			t.Errorf("%v, %v", names, err)
		}
		if _, err := s.Index(ctx, "other", "sha256:i"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteIndex(ctx, "other", "sha256:i") }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another tenant deletes: %v", err)
		}
		forget := func() {
			t.Helper()
			if _, _, _, err := s.Forget(ctx, time.Now().Add(time.Hour), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		forget()
		want("sha256:i", "analyzing analyzing ")
		write(func(tx *store.Tx) error {
			return tx.PutIndex(ctx, &store.Index{Tenant: "team", Digest: "sha256:unused"})
		})
		forget()
		if _, err := s.Index(ctx, "team", "sha256:unused"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an index without tags and images: %v", err)
		}
		write(func(tx *store.Tx) error { return tx.DeleteIndex(ctx, "team", "sha256:i") })
		for _, name := range []string{"sha256:i", "registry.example/app:1"} {
			if _, err := s.Index(ctx, "team", name); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Image(ctx, "team", "sha256:1"); err != nil {
			t.Errorf("an image of the index: %v", err)
		}
	})
}

// TestPlatformName: platforms are compared as runtimes do, and hostile ones are harmless.
func TestPlatformName(t *testing.T) {
	for _, test := range []struct {
		platform v1.Platform
		want     string
	}{
		{v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, "linux/arm/v7"},
		{v1.Platform{OS: "Linux", Architecture: "X86_64"}, "linux/amd64"},
		{v1.Platform{OS: "linux", Architecture: "aarch64", Variant: "v8"}, "linux/arm64/v8"},
		{v1.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.1"}, "windows/amd64:10.0.1"},
		{v1.Platform{}, ""},
		{v1.Platform{Architecture: "amd64"}, ""},
		{v1.Platform{OS: "linux", Architecture: "a\nb,\u202ec"}, "linux/a?b??c"},
		{v1.Platform{OS: "linux", Architecture: strings.Repeat("a", 1000)}, "linux/" + strings.Repeat("a", 94)},
	} {
		if got := store.PlatformName(test.platform); got != test.want {
			t.Errorf("%+v: %q, want %q", test.platform, got, test.want)
		}
	}
}
