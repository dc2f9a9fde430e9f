package pip

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// show lists packages in short: name version, "dev", hashes, dependencies and where they are from.
func show(pkgs []analyzer.Package) string {
	var rows []string
	for _, p := range pkgs {
		row := p.Name + " " + p.Version
		if p.Dev {
			row += " dev"
		}
		if p.Depends != nil {
			row += fmt.Sprint(" ", p.Depends)
		}
		if p.Hashes != nil {
			row += fmt.Sprint(" ", p.Hashes)
		}
		if p.Qualifiers != nil {
			row += fmt.Sprint(" ", p.Qualifiers)
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "; ")
}

func TestLocks(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"srv/uv.lock", `
version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [ { name = "a" } ]
[package.dev-dependencies]
dev = [ { name = "c" } ]
[[package]]
name = "a"
version = "1"
source = { registry = "https://registry.example/simple" }
dependencies = [ { name = "b", marker = "sys_platform == 'win32'" } ]
sdist = { url = "https://files.example/a.tar.gz", hash = "sha256:ab" }
[[package]]
name = "b"
version = "2"
source = { git = "https://git.example/b?rev=main#0123" }
[[package]]
name = "c"
version = "3"
dependencies = [ { name = "b" }, { name = "d" } ]
[[package]]
name = "d"
version = "4"
`, "a 1 [b] map[sha256:ab]; b 2 map[vcs_url:git+https://git.example/b@0123]; c 3 dev [b d]; d 4 dev"},
		{"srv/poetry.lock", `
[[package]]
name = "Old"
version = "1"
category = "dev"
optional = false
[package.dependencies]
b = ">=1"
"C.c" = {version = "*", optional = true}
[[package]]
name = "b"
version = "2"
groups = ["main", "dev"]
files = [ {file = "b-2.whl", hash = "sha256:cd"} ]
[[package]]
name = "g"
version = "3"
groups = ["test"]
[package.source]
type = "git"
url = "https://git.example/g"
resolved_reference = "456"
[[package]]
name = "local"
version = "0"
[package.source]
type = "directory"
url = "../local"
`, "Old 1 dev [b c-c]; b 2 map[sha256:cd]; g 3 dev map[vcs_url:git+https://git.example/g@456]"},
		{"srv/pdm.lock", `
[[package]]
name = "a"
version = "1"
groups = ["default", "dev"]
dependencies = ["b>=1; python_version < '3'"]
[[package]]
name = "b"
version = "2"
groups = ["dev"]
`, "a 1 [b]; b 2 dev"},
		{"srv/pylock.dev.toml", `
lock-version = "1.0"
[[packages]]
name = "a"
version = "1"
dependencies = [{name = "b"}]
wheels = [{url = "https://files.example/a.whl", hashes = {sha256 = "ef"}}]
[[packages]]
name = "b"
version = "2"
vcs = {type = "git", url = "https://git.example/b", commit-id = "789"}
[[packages]]
name = "unversioned"
vcs = {type = "git", url = "https://git.example/c", commit-id = "789"}
[[packages]]
name = "here"
directory = {path = "."}
`, "a 1 [b] map[sha256:ef]; b 2 map[vcs_url:git+https://git.example/b@789]"},
		{
			"srv/Pipfile.lock", `{"_meta": {}, "default": {"a": {"version": "==1", "hashes": ["sha256:ab"]}, "path": {"editable": true}},
			"develop": {"a": {"version": "==1"}, "b": {"version": "==2", "hashes": ["sha256:ab", "sha256:cd"]}, "g": {"git": "https://git.example/g", "ref": "12"}}}`,
			"a 1 map[sha256:ab]; b 2 dev",
		},
		{"srv/dev-requirements.txt", "# comment\n-r other.txt\n--index-url https://registry.example\nCelery[redis, pytest] == 4.4.7 # why\n" +
			"a===1.0+local ; python_version < '3'\nb>=1,==1.5\nc>=2\nd==1.*\ne==${VERSION}\nf @ https://files.example/f.whl\nhttps://files.example/g.whl\n./local\n" +
			"h==1 \\\n  --hash=sha256:ab\ni==1 --hash=sha256:ab --hash=sha256:cd\nl==1 -C k=v\nj (==2)\nk-x==3\\\n", "Celery 4.4.7; a 1.0+local; b 1.5; h 1 map[sha256:ab]; i 1; l 1; j 2; k-x 3"},
		{"usr/lib/python3/dist-packages/pip/_vendor/vendor.txt", "CacheControl==0.13.1  # with a comment\nrequests==2.31.0\n    idna==3.4\n", "CacheControl 0.13.1; requests 2.31.0; idna 3.4"},
		{"srv/requirements.txt", "\xff\xfea\x00=\x00=\x001\x00\r\x00\n\x00", "a 1"},
	} {
		r, err := run(t, c.path, c.text)
		if got := show(r.Packages); got != c.want || err != nil {
			t.Errorf("%s: error %v\n got %s\nwant %s", c.path, err, got, c.want)
		}
		for _, p := range r.Packages {
			if p.Declared == strings.Contains(c.path, "_vendor/") || p.Type != "pypi" {
				t.Errorf("%s: %+v is not a declared package", c.path, p)
			}
		}
	}
}

func TestConda(t *testing.T) {
	r, err := run(t, "opt/env/conda-meta/numpy-1.26.4-py312_0.json", `{"name": "numpy", "version": "1.26.4", "build": "py312_0",
		"channel": "https://conda.example/pkgs/main/linux-64", "subdir": "linux-64", "fn": "numpy-1.26.4-py312_0.conda", "license": "BSD-3-Clause",
		"depends": ["python >=3.12,<3.13.0a0", "libgcc-ng"], "files": ["lib/x.so", "../../etc/passwd"], "sha256": "ab"}`)
	if err != nil || len(r.Packages) != 1 {
		t.Fatalf("got %+v, error %v", r.Packages, err)
	}
	p := r.Packages[0]
	const want = "numpy 1.26.4 [libgcc-ng python] map[sha256:ab] map[build:py312_0 channel:main subdir:linux-64 type:conda]"
	if got := show(r.Packages); got != want || p.Type != "conda" || p.Declared {
		t.Errorf("got %s (%s)\nwant %s", got, p.Type, want)
	}
	if got := fmt.Sprintf("%q %q", p.Files, p.Licenses); got != `["opt/env/lib/x.so" "etc/passwd"] ["BSD-3-Clause"]` {
		t.Errorf("got %s", got)
	}
}

func TestMalformedLocks(t *testing.T) {
	deep := "a = " + strings.Repeat("[", 500_000)
	for _, c := range []struct{ path, text, want string }{
		{"uv.lock", "this is not TOML\n", "line 1: "},
		{"uv.lock", "[[package]]\nname = 'a b'\nversion = '1'\n", `package 1: not a name: "a b"`},
		{"uv.lock", deep, "nested"},
		{"uv.lock", strings.Repeat("a.", 1<<20) + "a = 1", "line 1: longer than 1048576 bytes"},
		{"Pipfile.lock", "", "pip: Pipfile.lock: unexpected end of JSON input"},
		{"Pipfile.lock", `{"default": [], "develop": {}}`, "Pipfile.lock: default: "},
		{"requirements.txt", "a==1\n==2\nc d\ne[f\n", "line 2: not a requirement: \"==2\"\nline 3: not a requirement: \"c d\"\nline 4: extras not closed: \"e[f\""},
		{"conda-meta/x.json", "{}", `pip: conda-meta: no name or no version: "" ""`},
	} {
		if _, err := run(t, c.path, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.40q: error %v, want %s", c.path, c.text, err, c.want)
		}
	}
	if _, err := run(t, "uv.lock", strings.Repeat("#\n", maxLock/2+1)); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("error %v, want one that is ErrTooLarge", err)
	}
}

// TestCorpusDeclared compares what is read from lock files and requirements with what tomllib, json and pip read.
func TestCorpusDeclared(t *testing.T) {
	formats := []string{"uv-lock", "poetry-lock", "pdm-lock", "pylock", "pipfile-lock", "python-requirements"}
	corpus.Cases(t, formats, func(t *testing.T, c *corpus.Case) {
		results, errs := corpus.Analyze(t, c.Files, New())
		if c.Format != "python-requirements" || c.Want.Error == "expected" { // no word is expected of lines that are no requirements
			c.Want.CheckErrors(t, errs...)
		}
		found := make(map[string]analyzer.Package)
		for _, name := range slices.Sorted(maps.Keys(results)) {
			for _, p := range results[name].Packages {
				found[normalName(p.Name)+" "+p.Version] = p
			}
		}
		key := func(w corpus.Package) string { return normalName(w.Name) + " " + w.Version }
		corpus.Compare(t, &c.Want, found, key, func(p analyzer.Package, w corpus.Package) {
			if normalName(w.Name) != w.Normalized {
				t.Errorf("the normal form of %s is %s, not %s", w.Name, w.Normalized, normalName(w.Name))
			}
			if p.Dev != w.Dev && c.Format != "uv-lock" { // of uv.lock nothing is asserted
				t.Errorf("%s: Dev = %t, want %t", key(w), p.Dev, w.Dev)
			}
		})
	})
}

func BenchmarkLock(b *testing.B) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "[[package]]\nname = \"package%d\"\nversion = \"1.%d\"\nsource = { registry = \"https://registry.example/simple\" }\n", i, i)
		text.WriteString("dependencies = [\n    { name = \"package1\" },\n    { name = \"package2\" },\n]\nwheels = [\n")
		for k := range 8 {
			fmt.Fprintf(&text, "    { url = \"https://files.example/packages/package%d-%d.whl\", hash = \"sha256:%064d\", size = 14210 },\n", i, k, k)
		}
		text.WriteString("]\n\n")
	}
	f := analyzer.NewFile("uv.lock", 0o644, []byte(text.String()))
	a := New()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Analyze(b.Context(), f); err != nil || len(r.Packages) != 500 {
			b.Fatal(err)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte("[[package]]\nname = 'a'\nversion = '1'\nsource = { git = 'https://x?y#z' }\ndependencies = [{ name = 'b' }]\n[package.dev-dependencies]\ndev = [{ name = 'a' }]\n"))
	f.Add([]byte("[[packages]]\nname = 'a'\nvcs = { type = 'git', url = 'x' }\nwheels = [{ hashes = { sha256 = 'ab' } }]\n"))
	f.Add([]byte(`{"default": {"a": {"version": "==1"}}}`))
	f.Add([]byte(`{"name": "a", "version": "1", "depends": ["b >1"], "files": ["../x"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []func([]byte, *membudget.Meter) (*analyzer.Result, error){parseLock, parsePipfileLock} {
			r, err := parse(text, nil)
			if err != nil {
				continue
			}
			for _, p := range r.Packages {
				if p.Name == "" {
					t.Errorf("nameless: %+v", p)
				}
			}
		}
		if p, err := parseConda(text, "env", nil); err == nil && p.Name == "" {
			t.Error("neither a package nor an error")
		}
	})
}

func FuzzRequirements(f *testing.F) {
	f.Add([]byte("a[b]==1 ; x\\\n --hash=sha256:ab\n-r c\n"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parseRequirements(text, nil)
		for _, p := range r.Packages {
			if !isName(p.Name) || !isPin(p.Version) {
				t.Errorf("%+v", p)
			}
		}
	})
}
