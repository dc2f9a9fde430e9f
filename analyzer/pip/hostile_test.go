package pip

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

const site = "usr/lib/python3/dist-packages/"

// TestLargeInput asks that a package with 500,000 files is read in full, and lock files of 5,000 packages.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const n = 500_000
	for path, body := range map[string]string{
		site + "a.dist-info/RECORD":             "a/a-directory/another-directory/file-of-some-length-#.txt,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1000\n",
		site + "a.egg-info/installed-files.txt": "../a/a-directory/another-directory/file-of-some-length-#.txt\n",
	} {
		r, err := hostile.Analyze(t, New(), path, hostile.Times(n, "", body, ""), 200<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Fragments) != 1 || len(r.Fragments[0].Files) != n {
			t.Errorf("%s: %d fragments, %v, %v", path, len(r.Fragments), r.Diagnostics, err)
		}
	}
	wheels := strings.Repeat(`    { url = "https://files.example/packages/aa/bb/cc/a-1.0.0-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:`+strings.Repeat("0", 64)+`", size = 1000 },`+"\n", 8)
	for path, body := range map[string]string{
		"uv.lock":      "[[package]]\nname = \"p#\"\nversion = \"1.0.#\"\nsource = { registry = \"https://index.example/simple\" }\ndependencies = [\n    { name = \"a\" },\n]\nwheels = [\n" + wheels + "]\n\n",
		"poetry.lock":  "[[package]]\nname = \"p#\"\nversion = \"1.0.#\"\noptional = false\nfiles = [\n" + wheels + "]\n\n[package.dependencies]\na = \">=1.0\"\n\n",
		"Pipfile.lock": `,"p#":{"hashes":["sha256:1","sha256:2","sha256:3"],"version":"==1.0.#"}`,
	} {
		head, tail, m := "", "", 5_000
		if path == "Pipfile.lock" {
			head, tail = `{"default":{"a":{}`, "}}"
		}
		r, err := hostile.Analyze(t, New(), path, hostile.Times(m, head, body, tail), 200<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != m {
			t.Errorf("%s: %d packages, %v, %v", path, len(r.Packages), r.Diagnostics, err)
		}
	}
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	deep := strings.Repeat("a.", 200)
	long := site + strings.Repeat("d/", 1000)
	for _, test := range []struct {
		name, path string
		text       []byte
	}{
		{"RECORD", site + "a.dist-info/RECORD", hostile.Times(8_000_000, "", "#,,\n", "")},
		{"RECORD in a long directory", long + "a.dist-info/RECORD", hostile.Times(1_000_000, "", "#,,\n", "")},
		{"large RECORD", site + "a.dist-info/RECORD", hostile.Times(12_000_000, "", "#,,\n", "")},
		{"installed files", long + "a.egg-info/installed-files.txt", hostile.Times(1_000_000, "", "#\n", "")},
		{"requirements of a distribution", site + "a.dist-info/METADATA", hostile.Times(5_000_000, "Name: a\nVersion: 1\n", "Requires-Dist: a#\n", "")},
		{"license", site + "a.dist-info/METADATA", []byte("Name: a\nVersion: 1\nLicense: " + strings.Repeat("MIT ", 25_000_000))},
		{"requires.txt", site + "a.egg-info/requires.txt", hostile.Times(4_000_000, "", "a\n", "")},
		{"requirements", "requirements.txt", hostile.Times(1_200_000, "", "a==#\n", "")},
		{"Pipfile", "Pipfile.lock", hostile.Times(1_000_000, `{"default":{"a":{}`, `,"a#":{}`, "}}")},
		{"sections", "Pipfile.lock", hostile.Times(1_000_000, `{"default":{"a":{}}`, `,"a#":{}`, "}")},
		{"conda", "opt/conda/conda-meta/a.json", hostile.Times(5_000_000, `{"name":"a","version":"1","files":["a"`, `,"#"`, "]}")},
		{"conda's dependencies", "opt/conda/conda-meta/a.json", hostile.Times(5_000_000, `{"name":"a","version":"1","depends":["a"`, `,"#"`, "]}")},
		{"tables", "uv.lock", hostile.Times(1_200_000, "", "[[package]]\n", "")},
		{"inline tables", "uv.lock", []byte("x='''\n[[a]]\n'''\npackage = [" + strings.Repeat("{},", 340_000) + "]\n")},
		{"values", "poetry.lock", hostile.Times(1_000_000, "[[package]]\nname='a'\nversion='1'\n[package.dependencies]\n", "a#=1\n", "")},
		{"arrays", "pdm.lock", hostile.Times(4_000_000, "[[package]]\nname='a'\nversion='1'\ndependencies=[\n", "[],\n", "]\n")},
		{"keys in a table", "poetry.lock", hostile.Times(100_000, "[[package]]\nname='a'\nversion='1'\n[package.dependencies]\n", "a#=1\n", "")},
		{"keys in a line", "poetry.lock", hostile.Times(100_000, "[[package]]\nname='a'\nversion='1'\ndependencies={", "a#=1,", "a=1}\n")},
		{"headers", "poetry.lock", hostile.Times(100_000, "", "[[package]]\n[a#]\n", "")},
		{"dotted keys", "poetry.lock", hostile.Times(30_000, "[[package]]\nname='a'\nversion='1'\n[package.dependencies]\n", "a#."+deep+"a=1\n", "")},
		{"dotted keys after a string", "poetry.lock", hostile.Times(30_000, "[[package]]\nname='a'\nversion='1'\n[package.dependencies]\n", `a#={s="""a"b""",`+deep+"a=1}\n", "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			hostile.Refused(t, New(), test.path, test.text, 256<<20)
		})
	}
}

// TestLarge asks that lock files just within the limits take little memory.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	deep := strings.Repeat("a.", 100)
	const head = "[[package]]\nname='a'\nversion='1'\n"
	for name, text := range map[string][]byte{
		"tables":      hostile.Times(60_000, "", "[[package]]\n", ""),
		"inline":      []byte("package = [" + strings.Repeat("{},", 60_000) + "]\n"),
		"values":      hostile.Times(20_000, head+"[package.dependencies]\n", "a#=1\n", ""),
		"arrays":      hostile.Times(400_000, head+"dependencies=[\n", "[],\n", "]\n"),
		"strings":     hostile.Times(900_000, head+"dependencies=[\n", "'',\n", "]\n"),
		"dotted keys": hostile.Times(2_400, head+"[package.dependencies]\n", "a#."+deep+"a=1\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := hostile.Analyze(t, New(), "poetry.lock", text, 200<<20)
			t.Log(len(r.Packages), r.Diagnostics, err)
		})
	}
}
