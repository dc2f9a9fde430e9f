package osv

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

// TestFetchChanges gets an archive, then the records that have changed.
func TestFetchChanges(t *testing.T) {
	record := func(id, at string) string {
		return fmt.Sprintf(`{"id":%q,"modified":%q,"affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]}]}`, id, at)
	}
	const first, second, third = "2026-01-01T00:00:00.5Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
	bodies := map[string]string{
		"/npm/all.zip":         record("A-1", first) + record("A-2", first),
		"/npm/modified_id.csv": first + ",A-2\n" + first + ",A-1\n",
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/npm/"))
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, len(body)))
		io.WriteString(w, body)
	}))
	defer server.Close()
	f := Feed()
	for _, s := range f.Datasets {
		if s.Name == "npm" {
			s.URLs = []string{server.URL + "/npm/all.zip"}
			f.Datasets = []feed.Dataset{s}
		}
	}
	f.Discover = nil
	file := filepath.Join(t.TempDir(), "a.db")
	now := time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)
	step := func(want, asks string) {
		t.Helper()
		asked = nil
		r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Now: now, MayShrink: true})
		if err != nil || feedtest.State(&r.Datasets[0]) != want {
			t.Fatalf("%+v, %v; want %s", r, err, want)
		}
		slices.Sort(asked)
		if got := strings.Join(asked, " "); got != asks {
			t.Errorf("asked for %s, want %s", got, asks)
		}
	}
	bodies["/npm/A-1.json"], bodies["/npm/A-2.json"] = record("A-1", first), record("A-2", first)
	step("renewed", "all.zip modified_id.csv")
	step("renewed", "A-1.json A-2.json modified_id.csv") // the archive may be older than the list
	step("unchanged", "modified_id.csv")
	bodies["/npm/modified_id.csv"] = second + ",A-3\n" + bodies["/npm/modified_id.csv"]
	step("unchanged", "A-3.json modified_id.csv") // which is missing
	bodies["/npm/A-3.json"] = record("A-3", second)
	step("renewed", "A-3.json modified_id.csv")
	step("unchanged", "modified_id.csv")
	bodies["/npm/modified_id.csv"] = third + ",A-1\n" + bodies["/npm/modified_id.csv"]
	bodies["/npm/A-1.json"] = strings.Replace(record("A-1", third), "{", `{"withdrawn":"2026-01-03T00:00:00Z",`, 1)
	step("renewed", "A-1.json modified_id.csv")
	now = now.AddDate(0, 2, 0)
	step("renewed", "all.zip modified_id.csv")
	bodies["/npm/modified_id.csv"] = "soon,A-1"
	r, err := feed.Update(t.Context(), file, []feed.Feed{f}, feed.UpdateOptions{Now: now})
	if err == nil || !strings.Contains(err.Error(), `"soon,A-1" is not a time and a record`) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDiscover finds ecosystems that had no records. Of a list that is none it reports an error, and the known datasets stay.
func TestDiscover(t *testing.T) {
	for list, want := range map[string]struct {
		names     string // of the datasets that may be unpublished
		fallbacks int
	}{
		"npm\nDebian\nDebian:12\n":                          {"", 0},
		"npm\nBioconductor\nBioconductor:3.18\nPhoton OS\n": {"osv/Bioconductor", 0}, // Photon OS has a feed of its own, so it is optional
		"Sign in\n": {"", 1},
		"":          {"", 1},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/ecosystems.txt") {
				w.WriteHeader(http.StatusNotFound)
			}
			io.WriteString(w, list)
		}))
		r, _ := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{Feed()}, feed.UpdateOptions{Mirror: server.URL})
		server.Close()
		var names []string
		npm := false
		for _, d := range r.Datasets {
			npm = npm || d.Dataset == "osv/npm"
			if slices.Contains(unpublished, strings.TrimPrefix(d.Dataset, "osv/")) {
				names = append(names, d.Dataset)
			}
		}
		if got := strings.Join(names, " "); got != want.names || !npm || len(r.Fallbacks) != want.fallbacks {
			t.Errorf("%q: %q, npm %v, %v; want %+v", list, got, npm, r.Fallbacks, want)
		}
	}
	all := datasets(func(string) bool { return true })
	if !slices.ContainsFunc(all, func(d feed.Dataset) bool { return d.Name == "Photon OS" && d.Optional }) {
		t.Error("Photon OS is not optional")
	}
}

func FuzzChanged(f *testing.F) {
	f.Add("2026-01-01T00:00:00.5Z,A-2\n2026-01-01T00:00:00Z,A-1\n")
	f.Fuzz(func(t *testing.T, list string) {
		changes, newest, _, err := changed(strings.NewReader(list), time.Time{})
		for id, at := range changes {
			if err != nil || !recordID.MatchString(id) || at.After(newest) {
				t.Errorf("%q %v %v", id, at, err)
			}
		}
	})
}
