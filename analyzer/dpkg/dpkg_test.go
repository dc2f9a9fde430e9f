package dpkg

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// run analyzes one file.
func run(t testing.TB, name, text string) (*analyzer.Result, error) {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
	if r == nil {
		r = &analyzer.Result{}
	}
	return r, diagnostic.Err(r, err)
}

func TestStatus(t *testing.T) {
	r, err := run(t, "var/lib/dpkg/status", `Package: libc6
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~) | libcrypt0,
 libgcc-s1
Pre-Depends: dpkg:any (>= 1.15)
Provides: libc6-2.36 (= 2.36-9), libc
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
 /etc/my file 00000000000000000000000000000000 obsolete
Description: GNU C Library
 Version: not a field
 .
 Status: neither

Package: perl-base
STATUS: install ok installed
version: 5.36.0-7+b1
Source: perl (5.36.0-7)

Package: gone
Status: deinstall ok config-files
Version: 1

Package: virtual
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Packages) != 2 {
		t.Fatalf("got %d packages: %+v", len(r.Packages), r.Packages)
	}
	p := r.Packages[0]
	for _, c := range []struct{ field, got, want string }{
		{"Type", p.Type, "deb"},
		{"Namespace", p.Namespace, ""},
		{"Name", p.Name, "libc6"},
		{"Version", p.Version, "2.36-9+deb12u4"},
		{"Arch", p.Arch, "amd64"},
		{"Vendor", p.Vendor, "GNU Libc Maintainers <debian-glibc@lists.debian.org>"},
		{"Origin", fmt.Sprint(*p.SourcePackage), "{glibc 2.36-9+deb12u4}"},
		{"Depends", fmt.Sprint(p.Depends), "[dpkg libgcc-s1 libcrypt1 libcrypt0]"},
		{"Provides", fmt.Sprint(p.Provides), "[libc6-2.36 libc]"},
		{"Files", fmt.Sprintf("%q", p.Files), `["etc/ld.so.conf.d/x86_64-linux-gnu.conf" "etc/my file"]`},
		{"second Origin", fmt.Sprint(*r.Packages[1].SourcePackage), "{perl 5.36.0-7}"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.field, c.got, c.want)
		}
	}
	if !p.System {
		t.Error("not a System package")
	}
}

// TestInstalled asks for what dpkg-query lists as installed, and what dpkg left half done.
func TestInstalled(t *testing.T) {
	for _, c := range []struct {
		status string
		want   bool
	}{
		{"install ok installed", true},
		{"deinstall reinstreq installed", true},
		{"purge ok installed", true},
		{"hold ok triggers-pending", true},
		{"install ok triggers-awaited", true},
		{"install ok unpacked", true},
		{"install ok half-configured", true},
		{"install reinstreq half-installed", true},
		{"install ok config-files", false},
		{"unknown ok not-installed", false},
	} {
		r, err := run(t, "var/lib/dpkg/status", "Package: x\nStatus: "+c.status+"\nVersion: 1\n")
		if got := len(r.Packages) == 1; got != c.want || err != nil {
			t.Errorf("%q: installed = %t, error %v; want %t", c.status, got, err, c.want)
		}
	}
}

func TestStatusD(t *testing.T) {
	r, err := run(t, "var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\nArchitecture: amd64\n\nPackage: y\nStatus: deinstall ok config-files\nVersion: 2\n")
	if err != nil || len(r.Packages) != 1 || r.Packages[0].Name != "base-files" {
		t.Errorf("got %+v, error %v; want base-files alone, for which no Status is asked", r.Packages, err)
	}
	if r, err := run(t, "var/lib/dpkg/status.d/base.preinst", "#!/bin/sh\nPackage: x\n"); err != nil || len(r.Packages) != 0 {
		t.Errorf("a maintainer script gave %+v, error %v", r.Packages, err)
	}
}

func TestFragments(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"var/lib/dpkg/info/libc6:amd64.list", "/.\n/etc\n/etc/ld.so.conf\n/usr/share/a b\n", `deb libc6 amd64 ["etc" "etc/ld.so.conf" "usr/share/a b"]`},
		{"var/lib/dpkg/info/python3.11.list", "/usr/bin/python3.11\r\n", `deb python3.11  ["usr/bin/python3.11"]`},
		{"var/lib/dpkg/info/empty.list", "/.\n", ``},
		{"var/lib/dpkg/info/libstdc++6:arm64.md5sums", "00000000000000000000000000000000  usr/lib/a b\n00000000000000000000000000000000 *./x\n", `deb libstdc++6 arm64 ["usr/lib/a b" "x"]`},
		{"var/lib/dpkg/status.d/tzdata.md5sums", "00000000000000000000000000000000  usr/x\n", `deb tzdata  ["usr/x"]`},
		{"usr/lib/opkg/info/busybox.list", "/bin/ash\n/bin/busybox\t0100755\n", `opkg busybox  ["bin/ash" "bin/busybox"]`},
	} {
		r, err := run(t, c.path, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		got := ""
		for _, p := range r.Fragments {
			got += fmt.Sprintf("%s %s %s %q", p.Type, p.Name, p.Arch, p.Files)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.path, got, c.want)
		}
	}
}

func TestOpkg(t *testing.T) {
	r, err := run(t, "usr/lib/opkg/status", "Package: libopenssl3\nVersion: 3.0.12-1\nDepends: libc\nStatus: install user installed\nArchitecture: x86_64\nSource: package/libs/openssl\nInstalled-Time: 1\n")
	if err != nil || len(r.Packages) != 1 {
		t.Fatalf("got %+v, error %v", r.Packages, err)
	}
	if p := r.Packages[0]; p.Type != "opkg" || p.SourcePackage == nil || *p.SourcePackage != (analyzer.SourcePackage{Name: "openssl", Version: "3.0.12-1"}) {
		t.Errorf("got %+v from %+v", p, p.SourcePackage)
	}
}

// TestMalformed asks that a bad line costs as little as can be, and is named.
func TestMalformed(t *testing.T) {
	const installed = "Status: install ok installed\n"
	for _, c := range []struct{ name, text, names, err string }{
		{"no colon", "Package: a\n" + installed + "nonsense\nVersion: 1\n\nPackage: b\n" + installed + "Version: 2\n", "a b", "line 3: no colon"},
		{"continuation of a bad line", "Package: a\nnonsense\n more of it\n" + installed + "Version: 1\n", "a", "line 2: no colon"},
		{"continuation of nothing", "  x\nPackage: a\n" + installed + "Version: 1\n", "a", "line 1: continuation without a field"},
		{"blank in a name", "Package: a\nNot a name: x\n" + installed + "Version: 1\n", "a", `line 2: not the name of a field: "Not a name"`},
		{"field twice", "Package: a\nVersion: 1\nVersion: 2\n" + installed, "a", "line 3: duplicate Version"},
		{"no Package", installed + "Version: 1\n", "", "line 1: no Package"},
		{"no Version", "\n\nPackage: a\n" + installed, "", "line 3: a: no Version"},
		{"not a version", "Package: a\nVersion: 1 #\n" + installed, "", `line 1: a: not a version: "1 #"`},
		{"unknown state", "Package: a\nVersion: 1\nStatus: install ok gone\n", "", `line 1: a: unknown Status: "install ok gone"`},
		{"CR LF", "Package: a\r\nVersion: 1\r\nStatus: install ok installed\r\n\r\nPackage: b\r\nVersion: 1\r\nStatus: install ok installed\r\n", "a b", ""},
		{"blanks between", "Package: a\nVersion: 1\n" + installed + " \t\nPackage: b\nVersion: 1\n" + installed, "a b", ""},
		{"no last line end", "Package: a\n" + installed + "Version: 1", "a", ""},
		{"too many", strings.Repeat("x\n", 100), "", "84 more problems"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := run(t, "var/lib/dpkg/status", c.text)
			var names []string
			for _, p := range r.Packages {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != c.names {
				t.Errorf("found %q, want %q", got, c.names)
			}
			msg := ""
			if err != nil {
				lines := strings.Split(err.Error(), "\n")
				msg = lines[len(lines)-1]
			}
			if msg != c.err {
				t.Errorf("error %q, want %q", msg, c.err)
			}
		})
	}
}

// TestLongLines asks that values of any size cost no memory of their own.
func TestLongLines(t *testing.T) {
	text := []byte("Package: a\nStatus: install ok installed\nVersion: 1\nDepends: ")
	text = append(text, strings.Repeat("x", 100<<20)...)
	f := analyzer.NewFile("var/lib/dpkg/status", 0o644, append(text, '\n'))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := New().Analyze(t.Context(), f)
	runtime.ReadMemStats(&after)
	if err := diagnostic.Err(r, err); len(r.Packages) != 1 || err == nil || !strings.HasPrefix(err.Error(), "line 4: Depends is longer than") {
		t.Errorf("got %d packages, error %v", len(r.Packages), err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("allocated %d bytes", n)
	}
}

func BenchmarkStatus(b *testing.B) {
	const stanza = `Package: libexample%d
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 131
Maintainer: Example Maintainers <pkg-example@lists.debian.org>
Architecture: amd64
Multi-Arch: same
Source: example (1.2.3-4)
Version: 1.2.3-4+b%d
Depends: libc6 (>= 2.34), libgcc-s1 (>= 3.0), libstdc++6 (>= 11), zlib1g (>= 1:1.1.4)
Breaks: libexample0 (<< 1.2), libexample-old (<< 1)
Description: example library, shared objects
 This package contains the shared objects of a library that does what
 examples do: it is as long as the descriptions of real packages are, which
 is the greatest part of a database, and none of what is looked for.
 .
 It goes on for a second paragraph.
Homepage: https://example.org/

`
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, stanza, i, i)
	}
	f := analyzer.NewFile("var/lib/dpkg/status", 0o644, []byte(text.String()))
	a := New()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Analyze(b.Context(), f); err != nil || len(r.Packages) != 5000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	var text strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&text, "/usr/share/locale/xx/LC_MESSAGES/file%d.mo\n", i)
	}
	f := analyzer.NewFile("var/lib/dpkg/info/x.list", 0o644, []byte(text.String()))
	a := New()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Analyze(b.Context(), f); err != nil || len(r.Fragments[0].Files) != 10000 {
			b.Fatal(err)
		}
	}
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nVersion: 1\nSource: b (2)\nDepends: c (>= 1) | d, e\n\n"), false)
	f.Add([]byte("x\n y\n: z\nPackage: a\n\tb\nConffiles:\n /etc/x 0\n"), true)
	const head = "Package: p#\nStatus: install ok installed\nVersion: 1\n"
	for _, body := range []string{
		head + "\n", head + "Depends: " + strings.Repeat("a,", 50) + "\n\n", head + "Provides: " + strings.Repeat(",|(", 50) + "\n\n",
		head + "Conffiles:" + strings.Repeat("\n a", 50) + "\n\n", head + head + "\n", "Version: 1\n\n", head + strings.Repeat(" x\n", 50) + "\n",
		head + "Source: (((\nMaintainer: \x00\n" + strings.Repeat("\r\n", 20), head + "Status: deinstall ok config-files\n\n",
	} {
		f.Add(hostile.Times(20, "", body, ""), false)
		f.Add(hostile.Times(2, "\n\n", body, head), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, split bool) {
		r, _ := parseStatus(text, typeDeb, split, nil)
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("nameless package: %+v", p)
			}
			if slices.Contains(p.Files, "") || slices.Contains(p.Depends, "") {
				t.Errorf("empty file or dependency: %+v", p)
			}
		}
	})
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("/.\n/etc\n/etc/a b\n"))
	f.Add([]byte("00000000000000000000000000000000  usr/x\nnonsense\n"))
	for _, body := range []string{"/a\n", "/#\n", "\n", "/../..//./x#\n", "/" + strings.Repeat("d/", 300) + "\n", "\x00\r\n", "d41d8cd98f00b204e9800998ecf8427e  /#\n", strings.Repeat("0", 32) + "  \n"} {
		f.Add(hostile.Times(50, "", body, ""))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		files, _ := parseMD5Sums(text, new(diagnostic.List), nil)
		list, _ := parseList(text, nil)
		for _, name := range append(files, list...) {
			if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "\n") {
				t.Errorf("not a path: %q", name)
			}
		}
	})
}
