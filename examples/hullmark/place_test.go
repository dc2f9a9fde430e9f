package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPlaces lists the packages of an SBOM and of the JSON form by their place.
func TestPlaces(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{
		"app/node_modules/a/package.json",
		"app/node_modules/a/test/node_modules/tested/package.json",
		"root/.npm/_npx/1ecc6299db9ec823/node_modules/cached/package.json",
	} {
		name := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		text := `{"name": "` + filepath.Base(filepath.Dir(file)) + `", "version": "1.0.0"}`
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ include, want string }{
		{"", "a"}, {"cached", "a cached"}, {"cached, test-data", "a cached tested"}, {"installed", "unknown place"},
	} {
		args := []string{"sbom", "--quiet", "--cache", "off", "--declared", "rootfs:" + root}
		if c.include != "" {
			args = append(args, "--include", c.include)
		}
		out, stderr, code := hullmark(t, args...)
		if code != exitOK {
			if !strings.Contains(stderr, c.want) {
				t.Errorf("--include %q: exit code %d, %s", c.include, code, stderr)
			}
			continue
		}
		var doc struct{ Components []struct{ Name string } }
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, k := range doc.Components {
			names = append(names, k.Name)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("--include %q: got %s, want %s", c.include, got, c.want)
		}
	}
	out, stderr, code := hullmark(t, "scan", "--quiet", "--cache", "off", "--format", "json", "rootfs:"+root)
	if code != exitOK {
		t.Fatal(stderr)
	}
	for _, want := range []string{`"place": "installed"`, `"place": "cached",` + "\n      " + `"omitted": true`, `"place": "test-data",` + "\n      " + `"omitted": true`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}
