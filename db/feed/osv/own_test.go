package osv_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

const (
	ownJSON = `{"id":"ACME-2026-1","modified":"2026-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"acme-ui"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`
	ownYAML = "id: ACME-2026-2\nmodified: 2026-01-03T00:00:00Z\naffected:\n- package:\n    ecosystem: Debian:12\n    name: acme-agent\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: '0'\n"
)

func TestOpen(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		path  string
		want  string // identifiers
		err   string
	}{
		{"JSON", map[string]string{"a.json": ownJSON}, "a.json", "ACME-2026-1", ""},
		{"YAML", map[string]string{"a.yaml": ownYAML}, "a.yaml", "ACME-2026-2", ""},
		{"a directory", map[string]string{"a.json": ownJSON, "more/b.yml": ownYAML, "README.md": "# Advisories\n"}, "", "ACME-2026-1 ACME-2026-2", ""},
		{"withdrawn", map[string]string{"a.json": ownJSON, "b.json": strings.Replace(ownJSON, `"modified"`, `"withdrawn":"2026-02-01T00:00:00Z","modified"`, 1)}, "b.json", "", ""},
		{"no file", nil, "a.json", "", "no such file"},
		{"nothing", nil, "", "", "no documents"},
		{"cut off", map[string]string{"a.json": ownJSON[:80]}, "a.json", "", "a.json"},
		{"cut off among others", map[string]string{"a.json": ownJSON[:80], "b.yaml": ownYAML}, "", "", "a.json"},
		{"an ecosystem that nobody knows", map[string]string{"a.json": strings.Replace(ownJSON, `"npm"`, `"npn"`, 1)}, "a.json", "", `"npn"`},
		{"an event that is none", map[string]string{"a.json": strings.Replace(ownJSON, `"fixed"`, `"fixd"`, 1)}, "a.json", "", "ACME-2026-1"},
		{"another format", map[string]string{"a.json": `{"bomFormat":"CycloneDX","specVersion":"1.6"}`}, "a.json", "", "a.json"},
		{"a URL", nil, "https://advisories.example/a.json", "", "not a file or a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				name = filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			path := tt.path
			if !strings.Contains(path, "://") {
				path = filepath.Join(dir, path)
			}
			s, err := osv.Open(t.Context(), path)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), path) {
					t.Errorf("%v, want %q of %s", err, tt.err, path)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			keys := []matcher.Key{{Type: "npm", Name: "acme-ui"}, {Type: "deb", Namespace: "debian", Release: "12", Name: "acme-agent"}}
			var ids []string
			for a, err := range s.Advisories(t.Context(), keys) {
				if err != nil || a.Feed != "own" {
					t.Errorf("%+v, %v", a, err)
				}
				ids = append(ids, a.ID)
			}
			slices.Sort(ids)
			if got := strings.Join(ids, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			rows, err := s.Coverage(t.Context(), keys)
			for _, c := range rows {
				if err != nil || (c.Feed != "") != c.Sampled {
					t.Errorf("coverage: %+v, %v", c, err)
				}
			}
		})
	}
}
