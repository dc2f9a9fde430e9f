package version

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// tools start the ecosystems' own implementations. Each reads lines "a TAB b" and answers each with "<", "=" or ">", or,
// where it refuses a version, with "?" and a digit for each of them, 1 if it is the one. They come from Debian's packages
// elixir, ghc, libdpkg-dev, python3-packaging or python3-pip, python3-rpm, r-base-core, ruby, php-composer-semver,
// librust-semver-dev and golang-golang-x-mod-dev, from a Go module, and, in the folder -nativedir, from npm's package semver, from
// maven-artifact 3.9, from apk-tools 3, libalpm.so.13 from pacman 6, from Conan 2 (conan/internal/model/version.py) and from opam (opamVersionCompare.ml, which
// Debian's ocaml-nox compiles). Where these are not found, their ecosystem is skipped.
var tools = map[string]func(t *testing.T) *exec.Cmd{
	"apk": func(t *testing.T) *exec.Cmd {
		lib := library(t, "libapk.a")
		return compile(t, "testdata/native/apk.c", "-I", filepath.Join(filepath.Dir(lib), "include"), lib)
	},
	"alpm": func(t *testing.T) *exec.Cmd {
		lib := library(t, "libalpm.so.13")
		return compile(t, "testdata/native/alpm.c", lib, "-Wl,-rpath,"+filepath.Dir(lib))
	},
	"bioconductor": cran,
	"bitnami": func(t *testing.T) *exec.Cmd {
		dir := t.TempDir()
		source, err := os.ReadFile("testdata/native/bitnami.go")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [...][]string{{"mod", "init", "native"}, {"mod", "tidy"}, {"build", "-o", "native"}} {
			cmd := exec.Command("go", args...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("no module go-version: %v\n%s", err, out)
			}
		}
		return exec.Command(filepath.Join(dir, "native"))
	},
	"conan": func(t *testing.T) *exec.Cmd {
		return exec.Command("python3", "testdata/native/conan.py", filepath.Dir(library(t, "conan")))
	},
	"cran": cran,
	"hackage": func(t *testing.T) *exec.Cmd {
		dir := t.TempDir()
		bin := filepath.Join(dir, "native")
		if out, err := exec.Command("ghc", "-package", "Cabal", "-O", "-outputdir", dir, "-o", bin, "testdata/native/hackage.hs").CombinedOutput(); err != nil {
			t.Fatalf("ghc: %v\n%s", err, out)
		}
		return exec.Command(bin)
	},
	"hex": func(*testing.T) *exec.Cmd { return exec.Command("elixir", "testdata/native/hex.exs") },
	"opam": func(t *testing.T) *exec.Cmd {
		dir := t.TempDir()
		var sources []string
		for _, source := range []string{library(t, "opamVersionCompare.ml"), "testdata/native/opam.ml"} {
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, filepath.Join(dir, filepath.Base(source)))
			if err := os.WriteFile(sources[len(sources)-1], text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		bin := filepath.Join(dir, "native")
		if out, err := exec.Command("ocamlopt", append([]string{"-I", dir, "-o", bin}, sources...)...).CombinedOutput(); err != nil {
			t.Fatalf("ocamlopt: %v\n%s", err, out)
		}
		return exec.Command(bin)
	},
	"cargo": func(t *testing.T) *exec.Cmd {
		crates, err := filepath.Glob("/usr/share/cargo/registry/semver-1.*/src/lib.rs")
		if err != nil || len(crates) == 0 {
			t.Skipf("no crate semver: %v", err)
		}
		dir := t.TempDir()
		for _, args := range [...][]string{
			{"--crate-type", "rlib", "--crate-name", "semver", "--cfg", `feature="std"`, "--cap-lints", "allow", crates[0]},
			{"--extern", "semver=" + filepath.Join(dir, "libsemver.rlib"), "testdata/native/cargo.rs"},
		} {
			if out, err := exec.Command("rustc", append([]string{"--edition", "2018", "-O", "--out-dir", dir}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("rustc: %v\n%s", err, out)
			}
		}
		return exec.Command(filepath.Join(dir, "cargo"))
	},
	"deb": func(t *testing.T) *exec.Cmd { return compile(t, "testdata/native/deb.c", "-ldpkg", "-lmd") },
	"golang": func(*testing.T) *exec.Cmd {
		cmd := exec.Command("go", "run", "testdata/native/golang.go")
		cmd.Env = append(os.Environ(), "GO111MODULE=off", "GOPATH=/usr/share/gocode")
		return cmd
	},
	"pypi":     func(*testing.T) *exec.Cmd { return exec.Command("python3", "testdata/native/pypi.py") },
	"rpm":      func(*testing.T) *exec.Cmd { return exec.Command("/usr/bin/python3", "testdata/native/rpm_evr.py") },
	"gem":      func(*testing.T) *exec.Cmd { return exec.Command("ruby", "testdata/native/gem.rb") },
	"composer": func(*testing.T) *exec.Cmd { return exec.Command("php", "testdata/native/composer.php") },
	"npm": func(t *testing.T) *exec.Cmd {
		return exec.Command("node", "testdata/native/npm.js", library(t, "node_modules/semver"))
	},
	"maven": func(t *testing.T) *exec.Cmd {
		return exec.Command("java", "-cp", library(t, "maven-artifact.jar"), "testdata/native/Maven.java")
	},
}

func cran(*testing.T) *exec.Cmd { return exec.Command("Rscript", "testdata/native/cran.R") }

func compile(t *testing.T, source string, args ...string) *exec.Cmd {
	bin := filepath.Join(t.TempDir(), "native")
	if out, err := exec.Command("cc", append([]string{"-o", bin, source}, args...)...).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "No such file or directory") {
			t.Skipf("a header or library is missing: %s", out)
		}
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return exec.Command(bin)
}

// library finds what has no fixed place.
func library(t *testing.T, name string) string {
	path, err := filepath.Abs(filepath.Join(*nativeDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil || *nativeDir == "" {
		t.Skipf("%s is not in -nativedir %q", name, *nativeDir)
	}
	return path
}

// defects are where this package and a tool differ and the tool, or its age, is why. A case that is not explained is a
// failure.
var defects = map[string]func(a, b string, refusedThere, refusedHere bool) (why string){
	"alpm": func(a, b string, refusedThere, refusedHere bool) string {
		separators := regexp.MustCompile(`[^0-9A-Za-z](-|$)|^([0-9]*:)?-|-$`)
		switch {
		case refusedHere:
			return "libalpm refuses nothing, not even an empty version"
		case strings.Contains(a, "-") != strings.Contains(b, "-"):
			return "libalpm takes a missing release for equal to each, so that 1-1 = 1 = 1-2"
		case separators.MatchString(a) || separators.MatchString(b):
			return "libalpm's order of separators at the end is circular: 1.0. > 1.0..a > 1.0.1 > 1.0."
		}
		return ""
	},
	"apk": func(a, b string, refusedThere, refusedHere bool) string {
		letterNumber := regexp.MustCompile(`^[0-9.]+[a-z][0-9]`)
		switch {
		case refusedThere && (letterNumber.MatchString(a) || letterNumber.MatchString(b)):
			return "apk-tools 3 refuses a number after the letter, which apk-tools 2 did not"
		case !refusedThere && !refusedHere && longNumber(a) && longNumber(b):
			return "apk-tools holds numbers in 64 bits"
		}
		return ""
	},
	"composer": func(a, b string, refusedThere, refusedHere bool) string {
		switch branch := regexp.MustCompile(`(?i)^(dev-|(master|trunk|default)(@|$))`); {
		case refusedThere || refusedHere:
			return ""
		case branch.MatchString(a) && branch.MatchString(b):
			return "composer/semver has no order of two named branches"
		case longNumber(a) && longNumber(b):
			return "PHP's version_compare reads numbers with strtol, which stops at 2^63-1"
		case stableInCapitals(a) || stableInCapitals(b):
			return "composer/semver knows the stability flag stable in any case, but takes its meaning in lower case only"
		}
		return ""
	},
	"bitnami": func(a, b string, refusedThere, refusedHere bool) string {
		other := regexp.MustCompile(`^v|^[0-9]+(\.[0-9]+)?(-|\+|$)|^[0-9.]+\.[0-9]+\.[0-9]+\.|(^|[.-])0[0-9]|[0-9]{20}`)
		long, tag := regexp.MustCompile(`[0-9]{20}`), regexp.MustCompile(`-r[0-9]+(\.|\+|$)`)
		switch {
		case refusedThere && (other.MatchString(a) || other.MatchString(b)):
			return "go-version refuses a leading v, leading zeros, numbers above 2^64-1, and other than three numbers, which are accepted here as a bound"
		case !refusedThere && !refusedHere && (long.MatchString(a) || long.MatchString(b)):
			return "go-version takes an identifier above 2^64-1 for a word"
		case !refusedThere && !refusedHere && (tag.MatchString(a) || tag.MatchString(b)):
			return "go-version takes the revision r2 for a word"
		}
		return ""
	},
	"bioconductor": cranDefects,
	"cran":         cranDefects,
	"hex": func(a, b string, refusedThere, refusedHere bool) string {
		bound := regexp.MustCompile(`^(v.*|v?[0-9]+(\.[0-9]+)?)$`)
		if refusedThere && (bound.MatchString(a) || bound.MatchString(b)) {
			return "Elixir refuses a leading v, and fewer than three numbers, which are accepted here as a bound"
		}
		return ""
	},
	"julia": func(a, b string, refusedThere, refusedHere bool) string {
		if long := regexp.MustCompile(`[0-9]{19}`); refusedThere && (long.MatchString(a) || long.MatchString(b)) {
			return "Julia refuses identifiers above 2^63-1"
		}
		return ""
	},
	"pub": func(a, b string, refusedThere, refusedHere bool) string {
		bound := regexp.MustCompile(`^(v.*|v?[0-9]+(\.[0-9]+)?)$`)
		if refusedThere && (bound.MatchString(a) || bound.MatchString(b)) {
			return "pub_semver refuses a leading v, and fewer than three numbers, which are accepted here as a bound"
		}
		return ""
	},
	"swift": func(a, b string, refusedThere, refusedHere bool) string {
		bound := regexp.MustCompile(`^v?[0-9]+([-+].*)?$`)
		if refusedThere && (bound.MatchString(a) || bound.MatchString(b)) {
			return "SwiftPM refuses a single number, which is accepted here as a bound"
		}
		return ""
	},
	"deb": func(a, b string, refusedThere, refusedHere bool) string {
		signed := regexp.MustCompile(`^[+-][0-9]+:`)
		if refusedHere && (signed.MatchString(a) || signed.MatchString(b)) {
			return "dpkg reads the epoch with strtol, and so takes a sign, which deb-version(7) does not"
		}
		return ""
	},
	"cargo": func(a, b string, refusedThere, refusedHere bool) string {
		bound := regexp.MustCompile(`^(v.*|v?[0-9]+(\.[0-9]+)?)$`)
		if refusedThere && (bound.MatchString(a) || bound.MatchString(b)) {
			return "the crate semver refuses a leading v, and fewer than three numbers, which are accepted here as a bound"
		}
		return ""
	},
	"golang": func(a, b string, refusedThere, refusedHere bool) string {
		other := regexp.MustCompile(`^([0-9]|go|v[0-9]+(\.[0-9]+)?(rc|beta)[0-9])`)
		if refusedThere && (other.MatchString(a) || other.MatchString(b)) {
			return "golang.org/x/mod/semver knows no versions of Go, and none without v, as databases spell them"
		}
		return ""
	},
	"npm": func(a, b string, refusedThere, refusedHere bool) string {
		short, splitPatch := regexp.MustCompile(`^[v=\s]*\d+(\.\d+)?$`), regexp.MustCompile(`^[v=\s]*\d+\.\d+\.\d\d+\.`)
		switch {
		case refusedThere && (short.MatchString(a) || short.MatchString(b)):
			return "node-semver refuses a version of fewer than three numbers, which is accepted here as a bound"
		case refusedHere && (splitPatch.MatchString(a) || splitPatch.MatchString(b)):
			return "node-semver's loose grammar reads 3.1.21.0 as 3.1.2 with the pre-release 1.0, which is an error here"
		case !refusedThere && !refusedHere && longNumber(a) && longNumber(b):
			return "node-semver compares numeric identifiers as floating-point numbers"
		}
		return ""
	},
}

func cranDefects(a, b string, refusedThere, refusedHere bool) string {
	if long := regexp.MustCompile(`[0-9]{10}`); long.MatchString(a) || long.MatchString(b) {
		return "R holds numbers in 32 bits"
	}
	return ""
}

// longNumber reports whether there is a number in s that does not fit into 53 bits.
func longNumber(s string) bool { return regexp.MustCompile(`\d{16}`).MatchString(s) }

func stableInCapitals(s string) bool {
	i := strings.Index(strings.ToLower(s), "stable")
	return i >= 0 && s[i:i+len("stable")] != "stable"
}

var cranSources = []source{
	{"feeds/versions/osv-scalibr-semantic/cran-versions.txt", `\S{2,}`},
	{"feeds/versions/osv-scalibr-semantic/cran-versions-generated.txt", `\S{2,}`},
	{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[\d.]*)`},
}

// A source is files of the corpus, and the versions to take from each: the last group of a regular expression.
type source struct{ glob, pattern string }

// sources say where real versions of an ecosystem are found: files of the corpus, and what to take from each.
var sources = map[string][]source{
	"alpm":         {{"feeds/versions/osv-scalibr-semantic/debian-versions-generated.txt", `[^\s~]{2,}`}}, // of the same form
	"ebuild":       {{"feeds/versions/osv-scalibr-semantic/alpine-versions-generated.txt", `[^\s~]{2,}`}}, // nearly of the same form
	"bioconductor": cranSources,
	"bitnami":      {{"feeds/osv/bitnami-subset.tar.zst", `"(?:introduced|fixed|last_affected)": ?"([^"]+)"`}},
	"conan": {
		{"feeds/versions/osv-scalibr-semantic/alpine-versions-generated.txt", `[^\s~]{2,}`}, // upstream versions with a revision
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`},
	},
	"cpe":     {{"feeds/nvd/cve-items-1.1-2019-09-01-jessie-slim.tar.zst", `"version(?:Start|End)(?:In|Ex)cluding" ?: ?"([^"]+)"`}},
	"cran":    cranSources,
	"generic": {{"feeds/nvd/cve-items-1.1-2019-09-01-jessie-slim.tar.zst", `"version(?:Start|End)(?:In|Ex)cluding" ?: ?"([^"]+)"`}},
	"github":  {{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}}, // Semantic Versioning, as for the next ones
	"hex":     {{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}},
	"julia":   {{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}},
	"swift":   {{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}},
	"hackage": {{"feeds/versions/osv-scalibr-semantic/hackage-versions.txt", `\S{2,}`}, {"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[\d.]*)`}},
	"nuget": {
		{"feeds/versions/osv-scalibr-semantic/nuget-versions.txt", `\S{2,}`},
		{"feeds/osv/ghsa-graphql/*.json", `[<>=] (\d+\.\d+\.\d[^",\s]*)`},
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`},
	},
	"opam": {{"feeds/versions/osv-scalibr-semantic/debian-versions-generated.txt", `[^\s:]{2,}`}}, // upstream versions with a revision
	"pub": {
		{"feeds/versions/osv-scalibr-semantic/pub-versions.txt", `\S{2,}`},
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`},
	},
	"deb":  {{"feeds/versions/osv-scalibr-semantic/debian-versions-generated.txt", `\S{2,}`}},
	"pypi": {{"feeds/versions/osv-scalibr-semantic/pypi-versions-generated.txt", `\S{2,}`}},
	"rpm": {
		{"feeds/redhat/*/*.json", `[^:"\s]-((?:\d+:)?\d[^"\s]*\.el\d[^"\s]*?)(?:\.(?:src|noarch|x86_64|i686|aarch64|ppc64le|s390x))?"`},
		{"fixtures/rpm-*/*/expected.json", `"version": ?"([^"\s]+)"`},
		{"feeds/versions/osv-scalibr-semantic/redhat-versions.txt", `\S{2,}`},
	},
	"apk": {{"feeds/versions/osv-scalibr-semantic/alpine-versions-generated.txt", `\S{2,}`}},
	"cargo": {
		{"feeds/osv/ghsa-graphql/*.json", `[<>=] (\d+\.\d+\.\d[^",\s]*)`},
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}, // Semantic Versioning is one
	},
	"golang": {
		{"fixtures/image/*/expected.json", `"version": ?"(v\d[^"\s]+)"`},
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`}, // with a "v" before
	},
	"gem": {{"feeds/versions/osv-scalibr-semantic/rubygems-versions-generated.txt", `\S{2,}`}},
	"npm": {
		{"feeds/versions/node-semver/*.json", `"([0-9v=][^" ]*)"`},
		{"fixtures/npm-lock/*/app/*.json", `"version": ?"(\d[^"\s]*)"`},
	},
	"composer": {{"feeds/versions/osv-scalibr-semantic/packagist-versions-generated.txt", `\S{2,}`}},
	"maven":    {{"feeds/versions/osv-scalibr-semantic/maven-versions-generated.txt", `\S{2,}`}},
}

// realVersions finds versions in the corpus, each once, in order.
func realVersions(t *testing.T, name string) []string {
	dir := os.Getenv("HULLMARK_CORPUS")
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real versions")
	}
	seen := map[string]bool{}
	for _, source := range sources[name] {
		pattern := regexp.MustCompile(source.pattern)
		files, err := fs.Glob(os.DirFS(dir), source.glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", source.glob, err, len(files))
		}
		for _, file := range files {
			f, err := os.Open(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			var r io.Reader = f
			if strings.HasSuffix(file, ".zst") {
				z, err := zstd.NewReader(f)
				if err != nil {
					t.Fatal(err)
				}
				defer z.Close()
				r = z
			}
			text, err := io.ReadAll(io.LimitReader(r, 16<<20))
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range pattern.FindAllSubmatch(text, -1) {
				version := string(m[len(m)-1])
				if name == "golang" && version[0] != 'v' {
					version = "v" + version
				}
				seen[version] = true
			}
		}
	}
	versions := make([]string, 0, len(seen))
	for v := range seen {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	if len(versions) < 50 {
		t.Fatalf("only %d real versions", len(versions))
	}
	return versions
}
