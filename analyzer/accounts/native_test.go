package accounts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// passwdText has the lines by which parsers of passwd differ.
const passwdText = "root:x:0:0:root:/root:/bin/bash\n" +
	"# comment\n\n" +
	"plus:x:+0:0::/:/bin/sh\n" +
	"blank:x: 7: 8::/:/bin/sh\n" +
	"zeros:x:0007:010::/:/bin/sh\n" +
	"minus:x:-0:0::/:/bin/sh\n" +
	"wrap:x:-1:1::/:/bin/sh\n" +
	"big:x:4294967295:1::/:/bin/sh\n" +
	"hex:x:0x10:1::/:/bin/sh\n" +
	"none:x::1::/:/bin/sh\n" +
	"tail:x:5 :1::/:/bin/sh\n" +
	"  indented:x:9:9:a,b,c:/home:/bin/zsh\n" +
	"colon:x:11:11::/:/bin/a:b\n" +
	"nofields\n" +
	"last:*:12:12:::"

// TestPasswdNative compares accounts with those that fgetpwent of the C library reads.
func TestPasswdNative(t *testing.T) {
	python := tool(t, "python3", "python3")
	file := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(file, []byte(passwdText), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import ctypes, sys
class P(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("passwd", ctypes.c_char_p), ("uid", ctypes.c_uint), ("gid", ctypes.c_uint),
                ("gecos", ctypes.c_char_p), ("dir", ctypes.c_char_p), ("shell", ctypes.c_char_p)]
c = ctypes.CDLL(None)
c.gnu_get_libc_version
c.fopen.restype = ctypes.c_void_p
c.fgetpwent.restype = ctypes.POINTER(P)
c.fgetpwent.argtypes = [ctypes.c_void_p]
f = c.fopen(sys.argv[1].encode(), b"r")
while True:
    p = c.fgetpwent(f)
    if not p: break
    p = p.contents
    print(p.name.decode(), p.uid, p.gid, p.dir.decode() + "|" + p.shell.decode())
`
	out, err := exec.CommandContext(t.Context(), python, "-c", script, file).CombinedOutput()
	if err != nil {
		t.Skipf("the C library is not glibc: %v %s", err, out)
	}
	r, err := New().Analyze(t.Context(), analyzer.NewFile("etc/passwd", 0o600, []byte(passwdText)))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, rec := range r.Records {
		f := rec.Fields
		fmt.Fprintf(&got, "%s %s %s %s|%s\n", f["name"], f["uid"], f["gid"], f["home"], f["shell"])
	}
	if got.String() != string(out) {
		t.Errorf("got\n%swant\n%s", got.String(), out)
	}
}

// TestHashesNative compares the names of methods with those under which mkpasswd makes hashes.
func TestHashesNative(t *testing.T) {
	mkpasswd := tool(t, "mkpasswd", "whois")
	out, err := exec.CommandContext(t.Context(), mkpasswd, "-m", "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	differs := map[string]string{"bcrypt-a": "bcrypt"} // the older prefix of the same method
	n := 0
	for line := range strings.Lines(string(out)) {
		method, _, ok := strings.Cut(line, " ")
		method = strings.TrimSpace(method)
		if !ok || strings.HasPrefix(method, "Available") || method == "" {
			continue
		}
		hash, err := exec.CommandContext(t.Context(), mkpasswd, "-m", method, "geheim").Output()
		if err != nil {
			t.Logf("left out: %s: %v", method, err)
			continue
		}
		want := method
		if d, ok := differs[method]; ok {
			want = d
		}
		if got := passwordState(strings.TrimSpace(string(hash))); got != want {
			t.Errorf("%s is %s, want %s", hash, got, want)
		}
		if got := passwordState("!" + strings.TrimSpace(string(hash))); got != "locked" {
			t.Errorf("!%s is %s", hash, got)
		}
		n++
	}
	if n < 5 {
		t.Errorf("%d methods", n)
	}
}

// TestLocked has the texts of locked passwords that distributions write.
func TestLocked(t *testing.T) {
	for _, s := range []string{"*", "!", "!!", "!*", "*LK*", "x", "NP", "LOCKED", "!locked"} {
		if got := passwordState(s); got != "locked" {
			t.Errorf("%q is %s", s, got)
		}
	}
}

// TestDoasNative compares the lines that are reported with those that doas refuses.
func TestDoasNative(t *testing.T) {
	doas := tool(t, "doas", "opendoas")
	for _, text := range []string{
		"permit :wheel\n", "permit nopass keepenv root as root\n", "permit nopass setenv { A B=c -D } bob cmd /bin/ls args a \"b c\"\n", "deny bob # why\n",
		"permit persist \\\n  alice\n", "permit\n", "allow bob\n", "permit bob as\n", "permit bob root\n", "permit bob cmd\n", "\n# none\n",
		"permit nopass alice #1 reason\n", "permit setenv {A=b}root\n", "permit nopass setenv { A=\"x # y\" } alice as root cmd \"/bin/a b\" args c \"d # e\"\n",
		"permit nopass alice#x\n", "permit nopass alice cmd a{\n", "permit nopass \\\nbob as root # c \\\ndeny x\n", "permit \"nopass\" bob\n", "permit persist nopass al\n",
		"permit nopass :\"whe el\" cmd /x args\n", "deny nopass al\n", "permit\\ nopass x\n", "permit \"nopass\"\n", "permit as\n", "permit setenv bob\n", "permit \"a\n",
	} {
		file := filepath.Join(t.TempDir(), "doas.conf")
		if err := os.WriteFile(file, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
		out, native := exec.CommandContext(t.Context(), doas, "-C", file).CombinedOutput()
		r, err := New().Analyze(t.Context(), analyzer.NewFile("etc/doas.conf", 0o400, []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if (native != nil) != (len(r.Diagnostics) > 0) {
			t.Errorf("%q: %v, doas: %v %s", text, r.Diagnostics, native, out)
		}
	}
}

// TestNames finds no pattern of Info that Analyze does not read.
func TestNames(t *testing.T) {
	a := New()
	if err := a.Info().Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range a.Info().Patterns {
		name := strings.NewReplacer("**", "root", "*.conf", "a.conf", "*", "a").Replace(p)
		if r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o600, nil)); r == nil || err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	if !slices.Equal(a.Info().Finds, []string{"accounts"}) {
		t.Error(a.Info().Finds)
	}
}
