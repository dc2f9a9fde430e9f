package npm

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/digestsize"
)

// checkPackages asks that whatever a file held, what is made of it are names and digests.
func checkPackages(t *testing.T, packages []analyzer.Package) {
	for _, p := range packages {
		name := p.Name
		if p.Namespace != "" {
			name = p.Namespace + "/" + p.Name
		}
		if q, ok := newPackage(name, p.Version); !ok || q.Name != p.Name || q.Namespace != p.Namespace {
			t.Errorf("not a name: %q %q", p.Namespace, p.Name)
		}
		for _, d := range p.Depends {
			if !validName(d) {
				t.Errorf("%s depends on what is no name: %q", name, d)
			}
		}
		for algorithm, sum := range p.Hashes {
			if len(sum) != 2*digestsize.Of(algorithm) {
				t.Errorf("%s: not a digest: %s %s", name, algorithm, sum)
			}
		}
		for _, u := range p.Qualifiers {
			if !strings.Contains(u, "://") {
				t.Errorf("%s: not a URL: %q", name, u)
			}
		}
	}
}

// FuzzMembers compares with encoding/json.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(` { "a" : [ 1 , {"b": "}"} ] , "a\u0062" : "x\\" ,"a": true, "": {} } `))
	f.Add([]byte(`{"a": "\ud800", "b": 1e5}`))
	f.Fuzz(func(t *testing.T, source []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(source, &want) != nil || want == nil {
			return
		}
		got := make(map[string]string)
		for key, value := range members(source) {
			got[key] = string(value)
		}
		for key, value := range want {
			if strings.TrimSpace(key) != key {
				return
			}
			if got[key] != string(value) {
				t.Errorf("%q: got %q, want %q", key, got[key], value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("got %d members, want %d", len(got), len(want))
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"name": "@s/a", "version": "1.0.0", "license": {"type": "MIT"}, "licenses": [{"type": "ISC"}, "BSD"], "dependencies": {"b": "npm:c@1"}, "_resolved": "github:a/b#1"}`))
	f.Add([]byte(`{"name": 1, "peerDependencies": {"a": "*"}, "peerDependenciesMeta": {"a": {"optional": true}}, "_integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parseManifest(text)
		if err == nil && !json.Valid(text) {
			t.Error("no error for what is no JSON")
		}
		if p.Name != "" {
			checkPackages(t, []analyzer.Package{p})
		}
	})
}

func FuzzLock(f *testing.F) {
	f.Add([]byte(`{"packages": {"": {}, "node_modules/a/node_modules/@s/b": {"version": "1.0.0", "resolved": "git+https://h/x.git#1", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "license": "MIT"}}}`))
	f.Add([]byte(`{"dependencies": {"a": {"version": "npm:b@1.0.0", "requires": {"c": "1"}, "dependencies": {"c": {"version": "1.0.0", "resolved": false}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseLock(text, nil)
		checkPackages(t, r.Packages)
		if err == nil && !json.Valid([]byte(strings.TrimPrefix(string(text), "\ufeff"))) {
			t.Error("no error for what is no JSON")
		}
	})
}

func FuzzYarn(f *testing.F) {
	f.Add([]byte("\"@s/a@^1\", \"@s/a@^2\":\n  version \"1.0.0\"\n  resolved \"https://h/a/-/a.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709\"\n  dependencies:\n    b \"npm:c@1\"\n"))
	f.Add([]byte("__metadata:\n  version: 8\n\"a@npm:^1, b@npm:a@^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fh%2Fa\"\n  dependencies:\n    \"@s/b\": \"npm:^2\"\n? \"x\"\n:\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parseYarn(text, nil)
		checkPackages(t, r.Packages)
	})
}

func FuzzPNPM(f *testing.F) {
	f.Add([]byte("lockfileVersion: 5.3\npackages:\n  /@s/a/1.0.0_b@2.0.0:\n    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}\n    dependencies: {b: /c/2.0.0}\n    dev: true\n"))
	f.Add([]byte("---\nimporters:\n  .:\n    devDependencies:\n      a: {specifier: ^1, version: 1.0.0(b@2.0.0)}\npackages:\n  a@1.0.0:\n    resolution: {type: git, repo: https://h/a.git, commit: '1'}\n    version: 1.0.0\nsnapshots:\n  a@1.0.0(b@2.0.0):\n    dependencies: {c: d@1.0.0}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parsePNPM(text, nil)
		checkPackages(t, r.Packages)
	})
}

func FuzzBun(f *testing.F) {
	f.Add([]byte(`{"workspaces": {"": {"devDependencies": {"a": "1"},},}, /* c */ "packages": {"a": ["a@1.0.0", "", {"dependencies": {"b": "1"}}, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="], "a/b": ["@s/b@github:x/y#1", {}, "x"],}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parseBun(text, nil)
		checkPackages(t, r.Packages)
	})
}
