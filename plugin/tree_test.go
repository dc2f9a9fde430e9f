package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const manifestText = `{"name": "x", "version": "1", "command": "x.py", "patterns": ["**/x"]}`

// script writes a plugin with a module beside it.
func script(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"x.py": "#!/usr/bin/python3\nimport lib\n", "lib/__init__.py": "", "lib/a.py": "a", "plugin.json": manifestText} {
		put(t, dir, name, text)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestDigest(t *testing.T) {
	dir := script(t)
	whole, err := Digest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Digest(filepath.Join(dir, "x.py")); got != whole || err != nil {
		t.Errorf("the script has the digest %s, %v, its directory %s", got, err, whole)
	}
	put(t, dir, "bin/x", "\x7fELF")
	sum := sha256.Sum256([]byte("\x7fELF"))
	if got, err := Digest(filepath.Join(dir, "bin/x")); got != hex.EncodeToString(sum[:]) || err != nil {
		t.Errorf("an executable has the digest %s, %v", got, err)
	}
}

// TestDigestFormat keeps the digest as it is documented: users pin it.
func TestDigestFormat(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names there have no line feed")
	}
	dir := t.TempDir()
	put(t, dir, "b", "1")
	put(t, dir, "a/c d", "2")
	put(t, dir, "a\nb", "3")
	sum := func(text string) string {
		h := sha256.Sum256([]byte(text))
		return hex.EncodeToString(h[:])
	}
	want := sum(sum("2") + "  a/c d\n" + sum("3") + "  \"a\\nb\"\n" + sum("1") + "  b\n")
	if got, err := Digest(dir); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestDigestChanges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dir string)
		same   bool
		err    string
	}{
		{"nothing", func(*testing.T, string) {}, true, ""},
		{"a module", func(t *testing.T, dir string) { put(t, dir, "lib/a.py", "b") }, false, ""},
		{"one more file", func(t *testing.T, dir string) { put(t, dir, "lib/b.py", "") }, false, ""},
		{"compiled code, which Python would run", func(t *testing.T, dir string) { put(t, dir, "lib/__pycache__/a.cpython-311.pyc", "x") }, false, ""},
		{"a new name", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "lib/a.py"), filepath.Join(dir, "lib/b.py")); err != nil {
				t.Fatal(err)
			}
		}, false, ""},
		{"the form of plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.ReplaceAll(manifestText, ", ", ",\n"))
		}, true, ""},
		{"the digest in plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.Replace(manifestText, "{", `{"digest": "sha256:00", `, 1))
		}, true, ""},
		{"arguments in plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.Replace(manifestText, "{", `{"args": ["-c"], `, 1))
		}, false, ""},
		{"permissions in plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.Replace(manifestText, "{", `{"system": true, `, 1))
		}, false, ""},
		{"no types instead of all", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.Replace(manifestText, "{", `{"types": [], `, 1))
		}, false, ""},
		{"an unknown field in plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", strings.Replace(manifestText, "{", `{"colour": "red", `, 1))
		}, false, "unknown field"},
		{"a huge plugin.json", func(t *testing.T, dir string) {
			put(t, dir, "plugin.json", manifestText+strings.Repeat(" ", maxManifest))
		}, false, "plugin.json: more than 1048576 bytes"},
		{"a link in the directory", func(t *testing.T, dir string) { symlink(t, "a.py", dir, "lib/b.py") }, false, ""},
		{"a link to a file outside", func(t *testing.T, dir string) { symlink(t, "../../x", dir, "lib/b.py") }, false, "lib/b.py: a link to ../../x, which is not in the directory"},
		{"an absolute link", func(t *testing.T, dir string) { symlink(t, filepath.Join(dir, "x.py"), dir, "b.py") }, false, "not in the directory"},
		{"a link to nothing", func(t *testing.T, dir string) { symlink(t, "none", dir, "b.py") }, false, "not in the directory"},
		{"a link to itself", func(t *testing.T, dir string) { symlink(t, "b.py", dir, "b.py") }, false, "not in the directory"},
		{"a socket", func(t *testing.T, dir string) {
			l, err := net.Listen("unix", filepath.Join(dir, "s"))
			if err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { l.Close() })
		}, false, "s is neither a file nor a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := script(t)
			before, err := Digest(dir)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(t, dir)
			after, err := Digest(dir)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), dir) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || (before == after) != tt.same {
				t.Errorf("%s and %s, %v", before, after, err)
			}
		})
	}
}

func symlink(t *testing.T, target, dir, name string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func TestDigestLimits(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "123")
	put(t, dir, "b/c", "45")
	for _, tt := range []struct {
		limits treeLimits
		err    string
	}{
		{treeLimits{2, 5}, ""},
		{treeLimits{1, 5}, "more than 1 files"},
		{treeLimits{2, 4}, "too many bytes"},
		{treeLimits{2, 2}, "too many bytes"},
	} {
		_, err := treeDigest(dir, tt.limits)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%+v: error %v, want %q", tt.limits, err, tt.err)
		}
	}
}

// FuzzManifest checks that the digest of a manifest depends on its meaning only: it stays if the manifest is written anew.
func FuzzManifest(f *testing.F) {
	for _, text := range []string{
		manifestText, `{}`, `null`, `{"digest": "sha256:00", "DIGEST": "x"}`, `{"types": []}`, `{"name": "\ud800"}`, manifestText + " {}", `{"args": [null]}`,
	} {
		f.Add([]byte(text))
	}
	digest := func(t *testing.T, text []byte) (string, error) {
		dir := t.TempDir()
		put(t, dir, manifestName, string(text))
		return Digest(dir)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		got, digestErr := digest(t, text)
		if (err == nil) != (digestErr == nil) {
			t.Fatalf("manifest: %v, digest: %v", err, digestErr)
		}
		if err != nil {
			return
		}
		m.Digest = "sha256:" + got
		again, err := json.MarshalIndent(m, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := digest(t, again); err != nil || other != got {
			t.Errorf("%s, %v with the manifest %s, want %s", other, err, again, got)
		}
	})
}
