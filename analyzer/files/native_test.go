//go:build unix

package files

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// TestCapabilitiesOfTools sets capabilities with setcap, stores the file with GNU tar, and expects the attribute to say what setcap was told.
// The text of the analyzer, passed to setcap, makes the same attribute.
func TestCapabilitiesOfTools(t *testing.T) {
	for _, tool := range []string{"setcap", "getcap", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s (Debian: libcap2-bin, tar)", tool)
		}
	}
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("setcap", "cap_net_raw=ep", name).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v: %s: needs a user with cap_setfcap, and a file system with capabilities", err, out)
	}
	for _, c := range []struct{ set, want string }{
		{"cap_net_raw=ep", "cap_net_raw=ep"},
		{"cap_net_raw,cap_net_admin+ep", "cap_net_admin,cap_net_raw=ep"},
		{"cap_net_bind_service=p", "cap_net_bind_service=p"},
		{"cap_sys_admin=i", "cap_sys_admin=i"},
		{"cap_setuid=eip cap_setgid=ep", "cap_setuid=eip cap_setgid=ep"},
		{"cap_chown=ip cap_kill+p", "cap_chown=ip cap_kill=p"},
		{"cap_checkpoint_restore,cap_bpf,cap_perfmon=ep", "cap_perfmon,cap_bpf,cap_checkpoint_restore=ep"},
		{"all=ep", "all=ep"},
		{"all=eip cap_chown-eip", "*"},
		{"=", "="},
	} {
		got := attribute(t, name, c.set)
		decoded, err := decode(got)
		if err != nil {
			t.Errorf("%s: %v", c.set, err)
			continue
		}
		if s := decoded.String(); s != c.want && c.want != "*" {
			t.Errorf("%s: got %s, want %s", c.set, s, c.want)
		}
		if again := attribute(t, name, decoded.String()); again != got {
			t.Errorf("%s: setcap %s makes %x, want %x", c.set, decoded, again, got)
		}
	}
	// setcap -n makes version 3.
	if out, err := exec.Command("setcap", "-n", "1000", "cap_net_raw=ep", name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	decoded, err := decode(stored(t, name))
	if err != nil || decoded.version != 3 || decoded.rootID != 1000 || decoded.String() != "cap_net_raw=ep" {
		t.Errorf("version 3: got %+v, %v", decoded, err)
	}
}

// attribute sets capabilities and returns the attribute.
func attribute(t *testing.T, name, text string) string {
	t.Helper()
	if out, err := exec.Command("setcap", text, name).CombinedOutput(); err != nil {
		t.Fatalf("setcap %s: %v: %s", text, err, out)
	}
	return stored(t, name)
}

// stored returns the attribute as GNU tar stores it.
func stored(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("tar", "--format=pax", "--xattrs", "--xattrs-include=security.capability", "-C", filepath.Dir(name), "-cf", "-", filepath.Base(name)).Output()
	if err != nil {
		t.Fatal(err)
	}
	h, err := tar.NewReader(bytes.NewReader(out)).Next()
	if err != nil {
		t.Fatal(err)
	}
	return h.PAXRecords["SCHILY.xattr."+xattrCapability]
}

// TestFind compares with find(1) on a directory tree with all combinations of the bits that matter.
func TestFind(t *testing.T) {
	if _, err := exec.LookPath("find"); err != nil {
		t.Skip("needs find (Debian: findutils)")
	}
	root := t.TempDir()
	for _, special := range []fs.FileMode{0, fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky, fs.ModeSetuid | fs.ModeSetgid} {
		for _, perm := range []fs.FileMode{0o755, 0o644, 0o744, 0o777, 0o666, 0o602, 0o711, 0o654} {
			name := filepath.Join(root, octal(special|perm))
			if err := os.WriteFile(name+".file", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(name+".dir", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("target", name+".link"); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(name+".fifo", 0o777); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{".file", ".dir", ".fifo"} {
				if err := os.Chmod(name+suffix, special|perm); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	got := make(map[string][]string)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name := filepath.Base(p)
		f := analyzer.NewFile("srv/"+name, info.Mode(), nil)
		f.Entry = &analyzer.Entry{Mode: info.Mode(), UID: os.Getuid(), GID: os.Getgid()}
		r, err := New().Analyze(t.Context(), f)
		if err != nil || r == nil {
			return err
		}
		for _, record := range r.Records {
			got[record.Kind] = append(got[record.Kind], name)
		}
		for _, found := range r.Findings {
			if strings.HasPrefix(found.Rule, "world-writable") {
				got[found.Rule] = append(got[found.Rule], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind, expression := range map[string]string{
		"set-uid":                  "-type f -perm -4000",
		"set-gid":                  "-type f -perm -2000",
		"world-writable-file":      "-type f -perm -0002",
		"world-writable-directory": "-type d -perm -0002 ! -perm -1000",
	} {
		args := append([]string{root, "-mindepth", "1"}, strings.Fields(expression)...)
		out, err := exec.Command("find", append(args, "-printf", "%f\n")...).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		slices.Sort(want)
		slices.Sort(got[kind])
		if len(want) == 0 || !slices.Equal(got[kind], want) {
			t.Errorf("%s: got %q, find %s has %q", kind, got[kind], expression, want)
		}
	}
}
