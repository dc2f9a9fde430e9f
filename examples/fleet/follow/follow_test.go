package follow_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/follow"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/work"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLook: the images of tags that are new or have moved are submitted, once.
func TestLook(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, database string) {
		if database == "" {
			database = filepath.Join(t.TempDir(), "fleet.db")
		}
		s, err := store.Open(t.Context(), database)
		must(t, err)
		defer s.Close()
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		queue, err := work.OpenQueue(t.Context(), s, nil, log)
		must(t, err)
		now := time.Now()
		patterns := []string{"**"}
		f := &follow.Follower{Store: s, Queue: queue, Registry: registry.Options{Transport: address.Transport(netip.MustParsePrefix("127.0.0.0/8"))}, Log: log, Now: func() time.Time { return now },
			Keychain:   func(context.Context, string) (authn.Keychain, error) { return authn.NewMultiKeychain(), nil },
			Registries: func(context.Context, string) ([]string, error) { return patterns, nil }}
		r := fleettest.NewRegistry(t)
		image := func(n int) { // pushes an image as team/app:1 and another as :N
			t.Helper()
			r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("tar 1.%d tar", n))))
			r.Push(t, fmt.Sprint("team/app:v", n), fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("bash 1.%d bash", n))))
		}
		image(1)
		reference, _ := r.Push(t, "team/app:nightly", fleettest.Image(t, fleettest.Debian(t)))
		repository := strings.TrimSuffix(reference, ":nightly")
		watch := func(tenant, tags string) {
			t.Helper()
			must(t, s.Write(t.Context(), func(tx *store.Tx) error {
				return tx.SetWatch(t.Context(), &store.Watch{Tenant: tenant, Repository: repository, Tags: tags, Every: time.Minute})
			}))
		}
		seen := make(map[string]bool)
		submitted := func(tenant string) (list []string) { // since the last call
			t.Helper()
			all, err := s.Submissions(t.Context(), tenant, "", "", 100)
			must(t, err)
			for _, m := range all {
				if !seen[m.ID] {
					seen[m.ID] = true
					list = append(list, strings.TrimPrefix(m.Reference, repository))
				}
			}
			slices.Sort(list)
			return list
		}
		want := func(tenant string, want ...string) {
			t.Helper()
			if got := submitted(tenant); !slices.Equal(got, want) {
				t.Errorf("%s submitted %v, want %v", tenant, got, want)
			}
		}
		watch("a", "*")
		watch("b", "v*")
		must(t, f.Look(t.Context()))
		want("a", ":1", ":nightly", ":v1")
		want("b", ":v1")
		image(2)
		must(t, f.Look(t.Context())) // its time has not come
		want("a")
		now = now.Add(time.Hour)
		must(t, f.Look(t.Context()))
		want("a", ":1", ":v2")
		want("b", ":v2")

		patterns = []string{"other.example"}
		now = now.Add(time.Hour)
		image(3)
		must(t, f.Look(t.Context()))
		want("a")
		list, err := s.Watches(t.Context(), "a", "", 100)
		must(t, err)
		if len(list) != 1 || !strings.Contains(list[0].Error, "not allowed") {
			t.Errorf("%+v", list)
		}
		patterns = []string{"**"}
		now = now.Add(time.Hour)
		if held, err := s.Claim(t.Context(), "follow", "another process", time.Minute); err != nil || !held {
			t.Fatal(held, err)
		}
		must(t, f.Look(t.Context()))
		want("a")
		must(t, s.Release(t.Context(), "follow", "another process"))
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteWatch(t.Context(), "b", repository) }))
		must(t, f.Look(t.Context()))
		want("a", ":1", ":v3")
		want("b")
	})
}
