package npm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/npm"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// published are the packages of a registry, a package.json each. What wrap bundles lies in its archive.
var published = []string{
	`{"name": "left", "version": "1.4.0", "license": "MIT"}`,
	`{"name": "left", "version": "2.0.0-rc.1+build.5", "license": "MIT"}`,
	`{"name": "@acme/tool", "version": "1.2.3", "dependencies": {"left": "^1.0.0"}, "bin": "index.js"}`,
	`{"name": "real", "version": "0.9.0"}`,
	`{"name": "real", "version": "1.1.0", "dependencies": {"again": "npm:real@^0.9.0"}}`,
	`{"name": "wrap", "version": "3.0.0", "dependencies": {"left": "^2.0.0-rc.1", "inner": "*"}, "bundleDependencies": ["inner"]}`,
	`{"name": "watch", "version": "0.0.1", "dependencies": {"glob": "^1.0.0"}}`,
	`{"name": "glob", "version": "1.0.0"}`,
	`{"name": "plugin", "version": "1.0.0", "peerDependencies": {"host": "*"}}`,
	`{"name": "host", "version": "5.0.0"}`,
	`{"name": "elsewhere", "version": "1.0.0", "os": ["none"]}`,
}

const inner = `{"name": "inner", "version": "0.1.0"}`

// application has every kind of dependency that npm installs without a forge.
var application = map[string]string{
	"package.json": `{"name": "app", "version": "1.0.0", "workspaces": ["packages/*"],
		"dependencies": {"left": "^1.0.0", "@acme/tool": "*", "other": "npm:real@^1.0.0", "wrap": "3", "local": "file:vendor/local", "plugin": "*"},
		"devDependencies": {"watch": "*"}, "optionalDependencies": {"elsewhere": "*"}}`,
	"packages/w/package.json":   `{"name": "@acme/w", "version": "0.1.0", "dependencies": {"left": "^2.0.0-rc.1", "glob": "*"}}`,
	"vendor/local/package.json": `{"name": "local", "version": "7.0.0"}`,
}

// serve is a registry of the published packages, and returns its address.
func serve(t *testing.T) string {
	type packument struct {
		Name     string                     `json:"name"`
		Tags     map[string]string          `json:"dist-tags"`
		Versions map[string]json.RawMessage `json:"versions"`
	}
	packuments := make(map[string]*packument)
	archives := make(map[string][]byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/"))
		if p := packuments[name]; err == nil && p != nil {
			if err := json.NewEncoder(w).Encode(p); err != nil {
				t.Error(err)
			}
		} else if b := archives[name]; b != nil {
			if _, err := w.Write(b); err != nil {
				t.Error(err)
			}
		} else {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for _, text := range published {
		var doc map[string]any
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		name, version := doc["name"].(string), doc["version"].(string)
		files := map[string]string{"package/package.json": text, "package/index.js": ""}
		if name == "wrap" {
			files["package/node_modules/inner/package.json"] = inner
		}
		file := fmt.Sprintf("%s/-/%s-%s.tgz", name, path.Base(name), version)
		archives[file] = archive(t, files)
		doc["dist"] = map[string]string{"tarball": server.URL + "/" + file}
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if packuments[name] == nil {
			packuments[name] = &packument{name, map[string]string{"latest": version}, map[string]json.RawMessage{}}
		}
		packuments[name].Versions[version] = b
	}
	return server.URL
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	w := tar.NewWriter(zip)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []interface{ Close() error }{w, zip} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

// A listing is one package of npm ls, with those below it.
type listing struct {
	Name, Version, Path string
	Resolved            string
	Dev                 bool
	Dependencies        map[string]listing
}

// collect gives keep each package below one. What is a link to a directory of the application is no package of a registry;
// an optional one that is not for this platform has no version.
func (l listing) collect(keep func(listing)) {
	for _, d := range l.Dependencies {
		if alias, ok := strings.CutPrefix(d.Version, "npm:"); ok { // as lock files of version 1 have it
			at := strings.LastIndexByte(alias, '@')
			d.Name, d.Version = alias[:at], alias[at+1:]
		}
		if d.Version != "" && !strings.HasPrefix(d.Resolved, "file:") {
			keep(d)
		}
		d.collect(keep)
	}
}

// TestNativeInstall lets npm install an application, and compares the tree and each version of the lock file with what
// npm ls lists of it.
func TestNativeInstall(t *testing.T) {
	tool, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: nothing to compare with")
	}
	registry := serve(t)
	for _, version := range []string{"1", "2", "3"} {
		t.Run("lockfile-version="+version, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range application {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cache := t.TempDir()
			run := func(args ...string) []byte {
				cmd := exec.CommandContext(t.Context(), tool, append(args, "--no-audit", "--no-fund", "--no-update-notifier", "--registry="+registry)...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "npm_config_cache="+cache)
				var stderr strings.Builder
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if err != nil && !(version == "1" && args[0] == "ls") { // npm finds fault with the aliases of version 1 that it wrote itself
					t.Fatalf("npm %v: %v\n%s", args, err, &stderr)
				}
				return out
			}
			list := func(args ...string) (l listing) {
				if err := json.Unmarshal(run(append([]string{"ls", "--all", "--json", "--long"}, args...)...), &l); err != nil {
					t.Fatal(err)
				}
				return l
			}
			run("install", "--lockfile-version", version)
			tree, locked := make(map[string]string), make(map[string]string)
			list().collect(func(l listing) {
				rel, err := filepath.Rel(dir, l.Path)
				if err != nil {
					t.Fatal(err)
				}
				tree[filepath.ToSlash(rel)] = l.Name + "@" + l.Version
			})
			list("--package-lock-only").collect(func(l listing) { locked[l.Name+"@"+l.Version] = fmt.Sprintf("dev %t", l.Dev) })
			if len(tree) < 10 || len(locked) < 10 {
				t.Fatalf("npm ls lists %d installed, and %d locked", len(tree), len(locked))
			}

			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{npm.New()}}.ScanFS(t.Context(), os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range report.Diagnostics {
				t.Errorf("%s: %s", d.Path, d.Message)
			}
			found, declared := make(map[string]string), make(map[string]string)
			for _, c := range report.Components {
				p := path.Join(c.Namespace, c.Name) + "@" + c.Version
				if c.Declared {
					declared[p] = fmt.Sprintf("dev %t", c.Dev)
				} else {
					found[path.Dir(c.Path)] = p
				}
			}
			compare(t, "installed", found, tree)
			compare(t, "locked", declared, locked)
		})
	}
}

func compare(t *testing.T, what string, got, npm map[string]string) {
	t.Helper()
	for k, v := range npm {
		if got[k] != v {
			t.Errorf("%s: %s: %q, npm says %q", what, k, got[k], v)
		}
	}
	for k, v := range got {
		if npm[k] == "" {
			t.Errorf("%s: %s: %q, of which npm does not know", what, k, v)
		}
	}
}
