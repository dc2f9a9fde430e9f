package api_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestFeeds: a service updates its advisories from the publishers, says what became of it, and updates again when a person asks.
func TestFeeds(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		mirror := t.TempDir()
		f := kev.Feed()
		name := filepath.Join(mirror, strings.TrimPrefix(f.Datasets[0].URLs[0], "https://"))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		modified := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		put := func(text string) {
			t.Helper()
			modified = modified.Add(time.Minute) // publishers' times have seconds
			if err := errors.Join(os.WriteFile(name, []byte(text), 0o600), os.Chtimes(name, modified, modified)); err != nil {
				t.Fatal(err)
			}
		}
		put(`{"catalogVersion": "1", "dateReleased": "2026-06-01T00:00:00Z", "count": 1, "vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2026-05-01", "dueDate": "2026-06-01"}]}`)
		s := fleettest.Start(t, serve.Options{Database: address, Mirror: mirror, Feeds: []feed.Feed{f}})
		c := s.Client(t, "default")
		var list struct {
			Items []struct {
				Name, Error string
				Enabled     bool
				Every       int
				Records     int
			}
		}
		fleettest.Eventually(t, "the feed is updated", func() bool {
			c.Get("/v1/feeds", &list)
			return list.Items[0].Records == 1
		})
		var database struct{ Hash string }
		fleettest.Eventually(t, "the service uses the advisories", func() bool {
			a := c.Do("GET", "/v1/database", nil)
			return a.Status == http.StatusOK && a.Into(&database).Status == http.StatusOK
		})
		put("{")
		c.Do("POST", "/v1/feeds/kev/sync", nil).Want(http.StatusOK)
		fleettest.Eventually(t, "the failure is told", func() bool {
			c.Get("/v1/feeds", &list)
			return list.Items[0].Error != ""
		})
		c.Do("PUT", "/v1/feeds/kev", `{"enabled": false, "every": 86400}`).Want(http.StatusOK)
		if c.Get("/v1/feeds", &list); list.Items[0].Enabled || list.Items[0].Every != 86400 {
			t.Errorf("%+v", list)
		}
		c.Do("PUT", "/v1/feeds/kev", `{"enabled": true, "every": 1}`).Want(http.StatusBadRequest)
		c.Do("POST", "/v1/feeds/unknown/sync", nil).Want(http.StatusNotFound)
	})
}

// TestRegistryEvents: pushes that a registry reports are submitted, if the tenant may submit images of it.
func TestRegistryEvents(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File)
	c := s.Client(t, "team")
	r := fleettest.NewRegistry(t)
	reference, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "tar 1.34 tar")))
	host, _, _ := strings.Cut(reference, "/")
	c.Do("PUT", "/v1/registries", map[string]any{"patterns": []string{host}}).Want(http.StatusOK)
	for _, test := range []struct {
		name, body         string
		submitted, ignored int
	}{
		{"distribution", `{"events": [{"action": "push", "target": {"repository": "team/app", "tag": "1"}, "request": {"host": "` + host + `"}},
			{"action": "pull", "target": {"repository": "team/app", "tag": "1"}, "request": {"host": "` + host + `"}},
			{"action": "push", "target": {"repository": "team/app", "digest": "sha256:0"}, "request": {"host": "` + host + `"}},
			{"action": "push", "target": {"repository": "team/app", "tag": "1"}, "request": {"host": "other.example"}}]}`, 1, 1},
		{"harbor", `{"type": "PUSH_ARTIFACT", "occur_at": 1680502375, "operator": "jane", "event_data": {"resources": [{"digest": "sha256:0", "tag": "1", "resource_url": "` + reference + `"}],
			"repository": {"name": "app", "namespace": "team", "repo_full_name": "team/app", "repo_type": "private"}}}`, 1, 0},
		{"harbor, another event", `{"type": "PULL_ARTIFACT", "event_data": {"resources": [{"resource_url": "` + reference + `"}]}}`, 0, 0},
		{"hostile names", `{"events": [{"action": "push", "target": {"repository": "../../x", "tag": "$(id)"}, "request": {"host": "` + host + `"}}]}`, 0, 1},
		{"nothing", `{}`, 0, 0},
	} {
		var answer struct {
			Submissions []string
			Ignored     int
		}
		c.Do("POST", "/v1/registry-events", test.body).Want(http.StatusAccepted).Into(&answer)
		if len(answer.Submissions) != test.submitted || answer.Ignored != test.ignored {
			t.Errorf("%s: %+v", test.name, answer)
		}
		for _, id := range answer.Submissions {
			if m := c.Wait(id); m.Image != digest {
				t.Errorf("%s: %+v", test.name, m)
			}
		}
	}
	c.Do("PUT", "/v1/watches", map[string]any{"repository": host + "/team/app", "tags": "1*"}).Want(http.StatusOK)
	c.Do("PUT", "/v1/watches", map[string]any{"repository": "other.example/team/app"}).Want(http.StatusForbidden)
	var list struct {
		Items []struct{ Repository, Tags string }
	}
	if c.Get("/v1/watches", &list); len(list.Items) != 1 || list.Items[0].Tags != "1*" {
		t.Errorf("%+v", list)
	}
	c.Do("DELETE", "/v1/watches?repository="+list.Items[0].Repository, nil).Want(http.StatusNoContent)
	c.Do("DELETE", "/v1/watches?repository="+list.Items[0].Repository, nil).Want(http.StatusNotFound)
}

// TestDailyLimit: a token that submitted as many images as it may is told when it may again.
func TestDailyLimit(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Daily: 2})
	c, other := s.Client(t, "team"), s.Client(t, "team")
	for range 2 {
		c.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:1"}`).Want(http.StatusAccepted)
	}
	a := c.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:1"}`).Want(http.StatusTooManyRequests)
	if n, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || n < 1 || n > 24*3600 {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	c.Do("POST", "/v1/sboms", `{}`).Want(http.StatusTooManyRequests)
	other.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:1"}`).Want(http.StatusAccepted)
}
