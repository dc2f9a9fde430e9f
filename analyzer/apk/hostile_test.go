package apk

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

const installed = "lib/apk/db/installed"

// TestLargeInput asks that a database with 200,000 packages is read in full, and a package with 500,000 files.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const body = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:package-#\nV:1.#-r0\nA:x86_64\nT:a package\nL:MIT\no:package\nm:A Maintainer <m@example.org>\n" +
		"D:so:libc.musl-x86_64.so.1 package-#\np:cmd:program-#=1.0-r0\nF:usr/bin\nR:program-#\na:0:0:755\n\n"
	r, err := hostile.Analyze(t, New(), installed, hostile.Times(200_000, "", body, ""), 160<<20)
	if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != 200_000 {
		t.Errorf("%d packages, %v, %v", len(r.Packages), r.Diagnostics, err)
	}
	const files = "F:usr/share/package/a-directory/another-directory/directory-#\nR:file-of-some-length.txt\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	r, err = hostile.Analyze(t, New(), installed, hostile.Times(500_000, "P:p\nV:1-r0\n", files, ""), 160<<20)
	if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != 1 || len(r.Packages[0].Files) != 500_000 {
		t.Errorf("%d packages, %v, %v", len(r.Packages), r.Diagnostics, err)
	}
}

// TestHostile asks that databases that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	long := strings.Repeat("d", 1<<20-9)
	for name, text := range map[string][]byte{
		"packages":         hostile.Times(1_000_000, "", "P:p#\nV:1\n\n", ""),
		"long directory":   hostile.Times(10_000_000, "P:p\nV:1\nF:"+long+"\n", "R:a\n", ""),
		"long directories": hostile.Times(80, "P:p\nV:1\n", "F:"+long+"\nR:a\nR:b\n", ""),
		"files":            hostile.Times(8_000_000, "P:p\nV:1\n", "F:\nR:#\n", "")[:maxSize],
		"dependencies":     hostile.Times(80, "", "P:p#\nV:1\nD:"+strings.Repeat("a ", 1<<19-1)+"\n\n", ""),
		"conflicts":        hostile.Times(80, "", "P:p#\nV:1\np:"+strings.Repeat("! ", 1<<19-1)+"\n\n", ""),
	} {
		t.Run(name, func(t *testing.T) { hostile.Refused(t, New(), installed, text, 256<<20) })
	}
}
