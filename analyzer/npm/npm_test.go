package npm

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		file string
		want place
	}{
		{"node_modules/a/package.json", installed},
		{"x/node_modules/@s/a/package.json", installed},
		{"x/node_modules/a/node_modules/b/package.json", installed},
		{"usr/share/nodejs/a/package.json", installed},
		{"usr/share/nodejs/@s/a/package.json", installed},
		{"usr/lib/nodejs/a/package.json", installed},
		{"usr/lib/aarch64-linux-gnu/nodejs/a/package.json", installed},
		{"node_modules/a/lib/package.json", within},
		{"node_modules/@s/a/lib/package.json", within},
		{"node_modules/@s/package.json", within},
		{"node_modules/.cache/package.json", within},
		{"usr/share/nodejs/a/lib/package.json", within},
		{"node_modules/package.json", application},
		{"package.json", application},
		{"srv/app/package.json", application},
		{"srv/nodejs/app/package.json", application},
		{"srv/@s/a/package.json", application},
	} {
		if got := placeOf(c.file); got != c.want {
			t.Errorf("%s: place %d, want %d", c.file, got, c.want)
		}
	}
}

func TestRelease(t *testing.T) {
	for _, c := range []struct {
		dir, name, version string
		want               bool
	}{
		{"opt/yarn-v1.22.22", "yarn", "1.22.22", true},
		{"opt/node-gyp-10.0.0", "node-gyp", "10.0.0", true},
		{"opt/a-1.0.0-beta.1", "a", "1.0.0-beta.1", true},
		{"corepack/v1/pnpm/9.1.0", "pnpm", "9.1.0", true},
		{"opt/yarn-v1.22.22", "yarn", "1.22.21", false},
		{"opt/yarn-v1.22.22", "yarns", "1.22.22", false},
		{"opt/app", "app", "1.0.0", false},
		{"1.0.0", "app", "1.0.0", false},
		{"opt/app", "app", "", false},
	} {
		p, _ := newPackage(c.name, c.version)
		if got := isRelease(c.dir, &p); got != c.want {
			t.Errorf("%s: %s %s: %t", c.dir, c.name, c.version, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"lodash", " lodash"},
		{"@types/node", "@types node"},
		{"JSONStream", " JSONStream"},
		{"@a", ""}, {"@/a", ""}, {"a/b", ""}, {"@a/b/c", ""}, {"", ""}, {".bin", ""}, {"a b", ""}, {"@a/.b", ""}, {"a\x00", ""}, {"a?b", ""},
		{strings.Repeat("a", maxName+1), ""},
	} {
		got := ""
		if p, ok := newPackage(c.name, ""); ok {
			got = p.Namespace + " " + p.Name
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, c := range []struct{ name, specifier, want string }{
		{"a", "^1.0.0", "a"},
		{"a", "npm:b@^1.0.0", "b"},
		{"a", "npm:@s/b@^1.0.0", "@s/b"},
		{"a", "npm:@s/b", "@s/b"},
		{"a", "npm:b", "b"},
		{"a", "npm:^1.0.0", "a"},
		{"a", "npm:1.0.0", "a"},
		{"a", "npm:", "a"},
		{"a", "git+https://git.example/b.git", "a"},
	} {
		if got := aliased(c.name, c.specifier); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.name, c.specifier, got, c.want)
		}
	}
}

func TestSource(t *testing.T) {
	for _, c := range []struct{ resolved, want string }{
		{"https://registry.example/a/-/a-1.0.0.tgz", "map[]"},
		{"https://registry.example/a/-/a-1.0.0.tgz?cache=0#sha", "map[]"},
		{"https://forge.example/download/@s/a/1.0.0/0123", "map[]"},
		{"https://forge.example/s/a/releases/download/v1/a.tgz", "map[download_url:https://forge.example/s/a/releases/download/v1/a.tgz]"},
		{"https://forge.example/s/a/-/archive/v1/a.tar.gz", "map[download_url:https://forge.example/s/a/-/archive/v1/a.tar.gz]"},
		{"https://user:secret@files.example/a.tgz#sha", "map[download_url:https://files.example/a.tgz]"},
		{"git+ssh://git@git.example/a/b.git#0123", "map[vcs_url:git+ssh://git@git.example/a/b.git@0123]"},
		{"git+https://token@git.example/a/b.git", "map[vcs_url:git+https://git.example/a/b.git]"},
		{"https://git.example/a/b.git#commit=0123", "map[vcs_url:git+https://git.example/a/b.git@0123]"},
		{"https://git.example/a/b.git#workspace=w&commit=0123", "map[vcs_url:git+https://git.example/a/b.git@0123]"},
		{"git@git.example:a/b.git#0123", "map[vcs_url:git+ssh://git@git.example/a/b.git@0123]"},
		{"github:a/b#0123", "map[vcs_url:git+https://github.com/a/b.git@0123]"},
		{"bitbucket:a/b#0123", "map[vcs_url:git+https://bitbucket.org/a/b.git@0123]"},
		{"git://git.example/a.git#semver:^1", "map[vcs_url:git://git.example/a.git]"},
		{"file:a.tgz", "map[]"},
		{"git:", "map[]"},
		{"http://", "map[]"},
		{"", "map[]"},
	} {
		var p analyzer.Package
		setSource(&p, c.resolved)
		if got := fmt.Sprint(p.Qualifiers); got != c.want {
			t.Errorf("%s: got %s, want %s", c.resolved, got, c.want)
		}
	}
}

func TestIntegrity(t *testing.T) {
	const sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="
	for _, c := range []struct{ integrity, want string }{
		{sha1, "map[sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709]"},
		{"md5-1B2M2Y8AsgTpgAmY7PhCfg==?x " + sha1, "map[md5:d41d8cd98f00b204e9800998ecf8427e sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709]"},
		{"sha512-" + strings.TrimPrefix(sha1, "sha1-"), "map[]"},
		{"sha1-!", "map[]"}, {"crc-AAAA", "map[]"}, {"sha1", "map[]"}, {"", "map[]"},
	} {
		var p analyzer.Package
		setIntegrity(&p, c.integrity)
		if got := fmt.Sprint(p.Hashes); got != c.want {
			t.Errorf("%s: got %s, want %s", c.integrity, got, c.want)
		}
	}
}

func TestPNPMKey(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"/a/1.0.0", "a 1.0.0"},
		{"/@s/a/1.0.0", "@s/a 1.0.0"},
		{"/a/1.0.0_b@2.0.0+@t+c@3.0.0", "a 1.0.0"},
		{"/a/1.0.0/b@2.0.0", "a 1.0.0"},
		{"/@s/a/1.0.0_0123abcd", "@s/a 1.0.0"},
		{"registry.example/a/1.0.0", "a 1.0.0"},
		{"registry.example/@s/a/1.0.0_b@2.0.0", "@s/a 1.0.0"},
		{"/a@1.0.0", "a 1.0.0"},
		{"/@s/a@1.0.0(b@2.0.0)(@t/c@3.0.0(d@4.0.0))", "@s/a 1.0.0"},
		{"registry.example/a@1.0.0", "a 1.0.0"},
		{"a@1.0.0", "a 1.0.0"},
		{"@s/a@1.0.0(b@2.0.0)", "@s/a 1.0.0"},
		{"a@1.0.0(patch_hash=0123)", "a 1.0.0"},
		{"a@https://files.example/a.tgz", "a "},
		{"@s/a@file:a.tgz", "@s/a "},
		{"file:packages/a", " "}, {"github.com/a/b/0123", " "}, {"/a/b", " "}, {"a", " "}, {"/", " "}, {"", " "}, {"@", " "}, {"(", " "},
	} {
		name, version := pnpmKey(c.key)
		if got := name + " " + version; got != c.want {
			t.Errorf("%s: got %q, want %q", c.key, got, c.want)
		}
	}
}

func TestPlainJSON(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a": [1, 2, ], }`, `{"a": [1, 2  ]  }`},
		{"{// c, ]\n\"a\": 1}", "{       \n\"a\": 1}"},
		{`{"a"/* , */: 1 /**/, /* ] */}`, `{"a"` + strings.Repeat(" ", 7) + `: 1` + strings.Repeat(" ", 14) + `}`},
		{`{"// no": "/* no */, ]", "\"": ","}`, `{"// no": "/* no */, ]", "\"": ","}`},
		{`"open`, `"open`}, {`"open\`, `"open\`}, {`/* open`, `       `}, {`/`, `/`}, {``, ``},
	} {
		if got := string(plainJSON([]byte(c.text))); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestGraph(t *testing.T) {
	g := graph{"a": {"b", "c"}, "b": {"a"}, "d": {"c", "e"}, "f": {"f"}}
	got := slices.Sorted(maps.Keys(g.developmentOnly([]string{"a"}, []string{"d", "x"})))
	if want := []string{"d", "e", "x"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCache reads archives of yarn's cache, in which a package lies as it would below node_modules.
func TestCache(t *testing.T) {
	archive := func(files ...string) []byte {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for i := 0; i < len(files); i += 2 {
			w, err := z.Create(files[i])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, files[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	for _, c := range []struct {
		content   []byte
		want, err string
	}{
		{
			archive("node_modules/@s/a/package.json", `{"name": "@s/a", "version": "1.0.0"}`, "node_modules/@s/a/lib/package.json", `{"name": "x", "version": "1"}`,
				"node_modules/@s/a/node_modules/b/package.json", `{"name": "b", "version": "2.0.0"}`),
			"@s/a 1.0.0 node_modules/@s/a/package.json b 2.0.0 node_modules/@s/a/node_modules/b/package.json", "",
		},
		{archive("node_modules/a/package.json", `{"name": "a"`), "", "node_modules/a/package.json: unexpected end of JSON input"},
		{archive("node_modules/a/package.json", `{"name": "a"`+strings.Repeat(" ", maxManifest)), "", "too large"},
		{archive("readme", ""), "", ""},
		{[]byte("PK"), "", "npm: archive: not a zip archive: "},
	} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("app/.yarn/cache/a-npm-1.0.0-0123-10c0.zip", 0o644, c.content))
		err = diagnostic.Err(r, err)
		var got []string
		for _, p := range r.Packages {
			got = append(got, fullName(&p), p.Version, p.ArchivePath)
		}
		if s := strings.Join(got, " "); s != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("got %s, error %v\nwant %s, error %s", s, err, c.want, c.err)
		}
	}
}

// TestBombs reads documents that are small and would be large, deep or slow.
func TestBombs(t *testing.T) {
	run := func(name, text string) (*analyzer.Result, error) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
		return r, diagnostic.Err(r, err)
	}
	deep := strings.Repeat(`{"dependencies": {"a": `, 20_000)
	aliases := "packages:\n  a@1.0.0:\n    x: &a [" + strings.Repeat("0,", 100) + "]\n"
	for i := range 9 {
		aliases += fmt.Sprintf("    x%d: &%c [%s]\n", i, 'b'+i, strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 9))
	}
	for _, c := range []struct{ name, text, want string }{
		{"package-lock.json", deep, "arrays and objects in each other"},
		{"node_modules/a/package.json", strings.Repeat("[", 1<<20), "exceeded max depth"},
		{"bun.lock", strings.Repeat("[", 1<<20), "an array where an object is expected"},
		{"pnpm-lock.yaml", "packages:\n  a@1.0.0: " + strings.Repeat("[", 100_000), "exceeded max depth"},
		{"pnpm-lock.yaml", "packages:\n  a@1.0.0: {x: '" + strings.Repeat("x", maxEntry) + "'}\n", "too large"},
		{"pnpm-lock.yaml", strings.Repeat("x\n", 100), "84 more problems"},
		{"yarn.lock", strings.Repeat("x\n", 100), "84 more problems"},
	} {
		if _, err := run(c.name, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.40q: error %v, want %q", c.name, c.text, err, c.want)
		}
	}
	if r, err := run("pnpm-lock.yaml", aliases); err != nil || len(r.Packages) != 1 {
		t.Errorf("aliases that are not followed: %v", err)
	}
	var big bytes.Buffer
	big.WriteString("packages:\n  a@1.0.0: {x: '" + strings.Repeat("x", maxEntry) + "'}\n  b@1.0.0: {}\n")
	r, err := run("pnpm-lock.yaml", big.String())
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Code != analyzer.TooLarge || len(r.Packages) != 1 || r.Packages[0].Name != "b" {
		t.Errorf("beside an entry that is too large: %+v, %v", r.Packages, err)
	}
}
