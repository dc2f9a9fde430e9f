package apk

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

func run(t testing.TB, text string) ([]analyzer.Package, error) {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile("lib/apk/db/installed", 0o644, []byte(text)))
	if r == nil {
		return nil, err
	}
	return r.Packages, diagnostic.Err(r, err)
}

func TestInstalled(t *testing.T) {
	pkgs, err := run(t, `C:Q1CoL1LF25tW7H+v98TRW2vaY6T6I=
P:libcrypto1.1
V:1.1.1l-r0
A:armv7
S:1096
I:2768
T:Crypto library from openssl
U:https://www.openssl.org/
L:OpenSSL
o:openssl
m:Timo Teras <timo.teras@iki.fi>
t:1630046463
c:3c9bcb3d9e4e8d4b0f9cf9c6d7b3b8bbf2a5b0c3
D:so:libc.musl-armv7.so.1 musl>=1.2 !uclibc cmd:sh@edge
p:so:libcrypto.so.1.1=1.1
F:
R:at-root
Z:Q1c8s4WKaHqElMozIwUwFigvPa050=
F:etc
M:0:0:755
F:etc/ssl
R:openssl.cnf
a:0:0:644
Z:Q1qAdtPSjSHgIBKyDq99v3VAmmJ3E=

P:busybox
V:1.33.1-r3
L:MIT BSD-2-Clause GPL2+
o:busybox`)
	if err != nil || len(pkgs) != 2 {
		t.Fatalf("got %+v, error %v", pkgs, err)
	}
	p, q := pkgs[0], pkgs[1]
	for _, c := range []struct{ field, got, want string }{
		{"Type", p.Type, "apk"},
		{"Name", p.Name, "libcrypto1.1"},
		{"Version", p.Version, "1.1.1l-r0"},
		{"Arch", p.Arch, "armv7"},
		{"System", fmt.Sprint(p.System), "true"},
		{"Vendor", p.Vendor, "Timo Teras <timo.teras@iki.fi>"},
		{"Origin", fmt.Sprint(*p.SourcePackage), "{openssl 1.1.1l-r0}"},
		{"Licenses", fmt.Sprintf("%q", p.Licenses), `["OpenSSL"]`},
		{"Files", fmt.Sprintf("%q", p.Files), `["at-root" "etc/ssl/openssl.cnf"]`},
		{"Depends", fmt.Sprintf("%q", p.Depends), `["so:libc.musl-armv7.so.1" "musl" "cmd:sh"]`},
		{"Provides", fmt.Sprintf("%q", p.Provides), `["so:libcrypto.so.1.1"]`},
		{"second Name", q.Name, "busybox"},
		{"second Licenses", fmt.Sprintf("%q", q.Licenses), `["MIT" "BSD-2-Clause" "GPL-2.0-or-later"]`},
		{"second Origin", fmt.Sprint(q.SourcePackage), "<nil>"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.field, c.got, c.want)
		}
	}
}

// TestMalformed asks that a bad line costs as little as can be, and is named.
func TestMalformed(t *testing.T) {
	for _, c := range []struct{ name, text, names, err string }{
		{"not a field", "P:a\nnonsense\nV:1\n\nP:b\nV:1\n", "a b", `line 2: not a field: "nonsense"`},
		{"no name", "V:1\n\nP:b\nV:1\n\n", "b", "line 1: no P, the name"},
		{"no version", "\nP:a\n\n", "", "line 2: a: no V, the version"},
		{"attribute before any file", "P:a\nV:1\na:0:0:644\nF:x\nZ:Q1\nR:y\nZ:Q1\n", "a", "line 5: attribute without a file"},
		{"file before any directory", "P:a\nV:1\nR:x\n", "a", "line 3: file without a directory"},
		{"name twice", "P:a\nV:1\nP:b\n", "a", "line 3: duplicate P"},
		{"unknown field", "P:a\nV:1\nX:y\n", "a", ""},
		{"CR LF", "P:a\r\nV:1\r\n\r\nP:b\r\nV:2\r\n", "a b", ""},
		{"200 KiB line", "P:a\nV:1\nD:" + strings.Repeat("so:x ", 40<<10) + "\n", "a", ""},
		{"too long", "P:a\nV:1\nD:" + strings.Repeat("x", maxValue+1) + "\n", "a", "line 3: D is longer than 1048576 bytes"},
		{"too many", strings.Repeat("x\n", 20), "", "4 more problems"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pkgs, err := run(t, c.text)
			var names []string
			for _, p := range pkgs {
				names = append(names, p.Name)
				if strings.ContainsAny(p.Version, "\r\n") {
					t.Errorf("version %q", p.Version)
				}
			}
			if got := strings.Join(names, " "); got != c.names {
				t.Errorf("found %q, want %q", got, c.names)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func TestBinaryForm(t *testing.T) {
	if _, err := run(t, "ADB.idb\x00\x01"); !errors.Is(err, analyzer.ErrUnsupported) {
		t.Errorf("error %v, want one that is ErrUnsupported", err)
	}
}

// TestLongLine asks that a line of any size costs no memory of its own.
func TestLongLine(t *testing.T) {
	text := []byte("P:a\nV:1\nT:" + strings.Repeat("x", 100<<20))
	f := analyzer.NewFile("lib/apk/db/installed", 0o644, text)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := New().Analyze(t.Context(), f)
	runtime.ReadMemStats(&after)
	if err != nil || len(r.Packages) != 1 || len(r.Diagnostics) != 1 {
		t.Errorf("%d packages, %v, error %v", len(r.Packages), r.Diagnostics, err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("allocated %d bytes", n)
	}
}

func BenchmarkInstalled(b *testing.B) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "C:Q1CoL1LF25tW7H+v98TRW2vaY6T6I=\nP:package%d\nV:1.2.%d-r0\nA:x86_64\nS:4096\nI:8192\nT:An example\n"+
			"U:https://example.org/\nL:MIT\no:source%d\nm:A Maintainer <a@example.org>\nD:so:libc.musl-x86_64.so.1 so:libz.so.1\np:so:lib%d.so.1=1.0\nF:usr\nF:usr/lib\n", i, i, i/2, i)
		for k := range 40 {
			fmt.Fprintf(&text, "R:file%d.so\na:0:0:755\nZ:Q1qAdtPSjSHgIBKyDq99v3VAmmJ3E=\n", k)
		}
		text.WriteByte('\n')
	}
	f := analyzer.NewFile("lib/apk/db/installed", 0o644, []byte(text.String()))
	a := New()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Analyze(b.Context(), f); err != nil || len(r.Packages) != 500 {
			b.Fatal(err)
		}
	}
}

func FuzzInstalled(f *testing.F) {
	f.Add([]byte("P:a\nV:1\nL:MIT BSD\nD:x>1 !y\nF:etc\nR:a\na:0:0:1\nZ:Q1\n\nP:b\r\nV:2\r\n"))
	f.Add([]byte("R:x\nF:\nR:/y\nM:0\nADB."))
	for _, body := range []string{
		"P:p#\nV:1\n\n", "P:p\nV:1\nF:" + strings.Repeat("d/", 100) + "\n" + strings.Repeat("R:a\n", 20) + "\n", "F:#\nR:\nR:..\nF:/../..\nR:/\n",
		"P:p#\nV:1\nD:" + strings.Repeat("a ", 50) + "\n\n", "P:p#\nV:1\np:" + strings.Repeat("! <= @ ", 20) + "\n\n", "P:p\nP:q\nV:1\nV:2\n\n", "M:\na:\nZ:\n\n", "P:p\r\nV:1\r\n\r\n",
	} {
		f.Add(hostile.Times(20, "", body, ""))
		f.Add(hostile.Times(2, "P:cut\nV", body, "P:"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parseInstalled(text, nil)
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("nameless package: %+v", p)
			}
		}
	})
}
