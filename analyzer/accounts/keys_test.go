package accounts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// TestKeysNative compares type, size, fingerprint and comment of keys with those that ssh-keygen shows.
func TestKeysNative(t *testing.T) {
	keygen := tool(t, "ssh-keygen", "openssh-client")
	dir := t.TempDir()
	for i, args := range []string{"-t ed25519", "-t rsa -b 1024", "-t rsa -b 2048", "-t rsa -b 3000", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t dsa"} {
		file := filepath.Join(dir, fmt.Sprint(i))
		cmd := append(strings.Fields(args), "-q", "-N", "", "-C", "me and \"you\"", "-f", file)
		if out, err := exec.CommandContext(t.Context(), keygen, cmd...).CombinedOutput(); err != nil {
			t.Logf("left out: %s: %v %s", args, err, out) // newer versions make no DSA keys
			continue
		}
		public, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), keygen, "-l", "-f", file+".pub").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, options := range []string{"", "restrict ", `command="echo \"a b\", c",from="10.0.0.0/8,!10.1.0.1"` + "\t"} {
			r, err := New().Analyze(t.Context(), analyzer.NewFile("root/.ssh/authorized_keys", 0o600, []byte(options+string(public))))
			if err != nil || len(r.Records) != 1 || len(r.Diagnostics) > 0 {
				t.Fatalf("%s: %v %v", public, r, err)
			}
			f := r.Records[0].Fields
			got := fmt.Sprintf("%s %s %s", f["bits"], f["fingerprint"], f["comment"])
			if want, _, _ := strings.Cut(string(out), " ("); got != want || !strings.HasPrefix(string(public), f["type"]+" ") || f["options"] != strings.TrimSpace(options) {
				t.Errorf("%s: got %s, want %s; type %s, options %s", args, got, want, f["type"], f["options"])
			}
		}
	}
}

func TestAuthorizedKeys(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3cRVsbQ8C5k1u6w0x9r0Zf4c9u1n0g7y8Jk2l3m4n5"
	for _, c := range []struct{ name, text, want string }{
		{"a comment, a blank line", "# a\n\n \t" + key + "\n", "3"},
		{"options with quotes, commas, blanks and an escaped quote", `from="1.*,2.*",command="a \"b c\" d" ` + key + "\n", `1 from="1.*,2.*",command="a \"b c\" d"`},
		{"tabs between the fields", "no-pty\t" + strings.ReplaceAll(key, " ", "\t") + "\tme\n", "1 no-pty"},
		{"the value of a variable is secret", `environment="A=b,c",no-pty,Environment="TOKEN=x=y" ` + key + "\n", `1 environment="A=***",no-pty,Environment="TOKEN=***"`},
		{"without a newline, with CR", key + "\r\n" + key, "1 / 2"},
		{"a placeholder", "ssh-rsa AAAAB3...\n", "! line 1: not a key: unknown type"},
		{"a key that is cut short", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA\n", `! line 1: not a key: unknown type`},
		{"a type that its data do not have", "ssh-rsa " + strings.Fields(key)[1] + "\n", `! line 1: not a key: unknown type`},
		{"a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\n", `! line 1: not a key: unknown type`},
	} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("home/a/.ssh/authorized_keys2", 0o600, []byte(c.text)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rec := range r.Records {
			got = append(got, strings.TrimSpace(fmt.Sprint(rec.Line, " ", rec.Fields["options"])))
		}
		for _, d := range r.Diagnostics {
			got = append(got, "! "+d.String())
		}
		if s := strings.Join(got, " / "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
}
