package shelltest

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// version is that of this module in the scripts.
const version = "v0.0.1"

// moduleProxy returns a GOPROXY with this working tree, at its only version, and the modules that it needs from the
// module cache of this machine.
func moduleProxy(t testing.TB) string {
	t.Helper()
	root := filepath.Dir(goEnv(t, "GOMOD"))
	download(t, root)
	name, text := module(t, root)
	dir := t.TempDir()
	at := filepath.Join(dir, filepath.FromSlash(name), "@v")
	if err := os.MkdirAll(at, 0o777); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		"list": version + "\n", version + ".mod": text, version + ".info": `{"Version":"` + version + `","Time":"2026-01-01T00:00:00Z"}`,
	} {
		if err := os.WriteFile(filepath.Join(at, file), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := pack(root, name, filepath.Join(at, version+".zip")); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(dir) + ",file://" + filepath.ToSlash(filepath.Join(goEnv(t, "GOMODCACHE"), "cache/download"))
}

var downloaded sync.Once

// download fills the module cache: the tests of this module need less than its users.
func download(t testing.TB, root string) {
	t.Helper()
	downloaded.Do(func() {
		c := exec.Command("go", "mod", "download")
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			t.Skipf("shell lines of documents were not run: go mod download: %v: %s", err, out)
		}
	})
}

// Tidy fetches the modules that go mod tidy wants for a program, which are more than those that build it. It skips the test if they
// cannot be had.
func Tidy(t testing.TB, program string) {
	t.Helper()
	mod := goEnv(t, "GOMOD")
	sum, err := os.ReadFile(strings.TrimSuffix(mod, ".mod") + ".sum")
	if err != nil {
		t.Fatal(err)
	}
	name, _ := module(t, filepath.Dir(mod))
	dir := t.TempDir()
	for file, content := range map[string]string{
		"main.go": program, "go.sum": string(sum),
		"go.mod": "module example.com/app\n\ngo " + goVersion(t) + "\n\nreplace " + name + " => " + filepath.Dir(mod) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("go", "mod", "tidy")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("shell lines of documents were not run: go mod tidy: %v: %s", err, out)
	}
}

// goVersion returns the version of the language of this module.
func goVersion(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.GoVersion}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// module returns the name of the module, and its go.mod.
func module(t testing.TB, root string) (name, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimPrefix(first, "module "), string(b)
}

// pack writes the files of the module, as the protocol of module proxies wants them.
func pack(root, name, file string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	z := zip.NewWriter(out)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && (d.Name() == ".git" || p == filepath.Join(root, "dist") || isModule(p)):
			return filepath.SkipDir
		case !d.Type().IsRegular() || d.Name() == ".git":
			return nil
		}
		relative, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: path.Join(name+"@"+version, filepath.ToSlash(relative)), Method: zip.Store})
		if err != nil {
			return err
		}
		in, err := os.Open(p)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	})
	if err == nil {
		err = z.Close()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

// isModule reports whether a directory is the root of a module.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
