package osrelease

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestNative compares values with those that a POSIX shell has after sourcing the file, which os-release(5) is made for.
func TestNative(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh: nothing to compare with")
	}
	files := append(corpus.Glob(t, "fixtures/os-release/*/*/os-release"), "/etc/os-release", writeLines(t))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Logf("left out: %v", err)
			continue
		}
		if strings.Contains(string(text), "\r") {
			continue // the shell keeps it in the value
		}
		var bad diagnostic.List
		values := assignments(text, &bad)
		if list := bad.Diagnostics(); len(list) > 0 {
			t.Errorf("%s: %v", file, list)
		}
		for name, value := range values {
			out, err := exec.CommandContext(t.Context(), shell, "-c", `. "$1" && eval printf %s "\"\${$2}\""`, "sh", file, name).Output()
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if string(out) != value {
				t.Errorf("%s: %s = %q, the shell has %q", file, name, value, out)
			}
		}
	}
}

// writeLines writes a file of quotings and returns its path.
func writeLines(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "os-release")
	text := strings.Join([]string{
		`A=plain`, `B="double quotes"`, `C='single quotes'`, `D="a \"b\" \$c \\ \d \` + "`" + `"`, `E='a \"b'`, `F=a\ b\'c`,
		`G="a"'b'c\d`, `H=a # comment`, `I=a;`, `  J=indented`, `K=`, `L=""`, `M=a#b`, `N=""'x y'""`, `# O=comment`, ``, `P="ü 日本"`,
	}, "\n")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
