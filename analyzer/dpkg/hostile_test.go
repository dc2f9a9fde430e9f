package dpkg

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// paragraph is a package like those of Debian, in 335 bytes.
const paragraph = "Package: package-#\nStatus: install ok installed\nPriority: optional\nSection: libs\nMaintainer: A Maintainer <maintainers@example.org>\n" +
	"Architecture: amd64\nVersion: 1.#-1\nDepends: libc6 (>= 2.34), package-# (>= 1.0), other-package\nDescription: a package of an honest size, " +
	"which has a description\n of several lines, as most of them have.\n\n"

const file = "usr/share/package/a-directory/another-directory/file-of-some-length-#.txt\n"

// TestLargeInput asks that databases that an honest image may have are read in full.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	r, err := hostile.Analyze(t, New(), "var/lib/dpkg/status", hostile.Times(200_000, "", paragraph, ""), 160<<20)
	if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != 200_000 {
		t.Errorf("%d packages, %v, %v", len(r.Packages), r.Diagnostics, err)
	}
	for name, body := range map[string]string{"list": "/" + file, "md5sums": "d41d8cd98f00b204e9800998ecf8427e  " + file} {
		r, err := hostile.Analyze(t, New(), "var/lib/dpkg/info/package."+name, hostile.Times(500_000, "", body, ""), 80<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Fragments) != 1 || len(r.Fragments[0].Files) != 500_000 {
			t.Errorf("%s: %d fragments, %v, %v", name, len(r.Fragments), r.Diagnostics, err)
		}
	}
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const head = "Package: p#\nStatus: install ok installed\nVersion: 1\n"
	for _, test := range []struct {
		name, path string
		text       []byte
	}{
		{"packages", "var/lib/dpkg/status", hostile.Times(900_000, "", head+"\n", "")},
		{"dependencies", "var/lib/dpkg/status", hostile.Times(80, "", head+"Depends: "+strings.Repeat("a,", 1<<19-1)+"\n\n", "")},
		{"empty dependencies", "var/lib/dpkg/status", hostile.Times(80, "", head+"Provides: "+strings.Repeat(",", 1<<20-1)+"\n\n", "")},
		{"configuration files", "var/lib/dpkg/status", hostile.Times(80, "", head+"Conffiles:"+strings.Repeat("\n a", 300_000)+"\n\n", "")},
		{"equal files", "var/lib/dpkg/info/p.list", hostile.Times(30_000_000, "", "/a\n", "")},
		{"files", "var/lib/dpkg/info/p.list", hostile.Times(4_000_000, "", "/#\n", "")},
		{"empty lines", "var/lib/dpkg/info/p.md5sums", hostile.Times(90_000_000, "", "\n", "")},
		{"copyright", "usr/share/doc/p/copyright", hostile.Times(2_000_000, "", "License: a#\n\n", "")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, New(), test.path, test.text, 200<<20) })
	}
}
