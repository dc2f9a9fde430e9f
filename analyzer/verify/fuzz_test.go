package verify

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// checkFragments checks what must hold of any answer: packages have names, paths are relative and clean, digests have a length.
func checkFragments(t *testing.T, list []analyzer.Package, size int) {
	t.Helper()
	for _, p := range list {
		if p.Name == "" || p.Recorded == "" {
			t.Fatalf("%+v", p)
		}
		if len(p.Recorded) > 16*size+1024 {
			t.Fatalf("%d bytes from %d", len(p.Recorded), size)
		}
		for f := range p.Recorded.All() {
			if f.Path == "" || strings.HasPrefix(f.Path, "/") {
				t.Fatalf("path %q", f.Path)
			}
			if f.Attributes&analyzer.AttrContent != 0 && f.Digest == "" {
				t.Fatalf("%q: no digest", f.Path)
			}
		}
	}
}

func fuzzText(f *testing.F, a analyzer.Analyzer, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
		if r == nil {
			t.Fatalf("no result: %v", err)
		}
		if len(r.Diagnostics) > diagnostic.Max+1 {
			t.Fatalf("%d diagnostics", len(r.Diagnostics))
		}
		checkFragments(t, r.Fragments, len(text))
		for _, record := range r.Records {
			if record.Key == "" && record.Kind != kindDiversion {
				t.Fatalf("%+v", record)
			}
		}
	})
}

const sums = "d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n"

func FuzzList(f *testing.F) {
	fuzzText(f, newDpkg(), "var/lib/dpkg/info/p.list", "/.\n/usr\n/usr/bin\n/usr/bin/a\n", "//a//b/../../c\n\n.\r\n", "/a\n/a\n/"+strings.Repeat("x", 5000))
}

func FuzzMD5Sums(f *testing.F) {
	fuzzText(f, newDpkg(), "var/lib/dpkg/info/p.md5sums", sums+sums, strings.Replace(sums, "  ", " *", 1), sums[:34]+"\n", sums[:33]+"\n", "x"+sums[1:], sums[:32])
}

func FuzzConffiles(f *testing.F) {
	fuzzText(f, newDpkg(), "var/lib/dpkg/status",
		"Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n /etc/a b d41d8cd98f00b204e9800998ecf8427e obsolete\n /etc/c newconffile\n\n",
		"Conffiles:\n /\n  \nPackage: a\nstatus: installed\nConffiles:\n x\n / d41d8cd98f00b204e9800998ecf8427e\n /x d41d\n", " x\n:\n\n")
}

func FuzzDiversions(f *testing.F) {
	fuzzText(f, newDpkg(), "var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n", "/a\n/b\n", "\n\n\n/\n/\n:\n")
}

func FuzzOverrides(f *testing.F) {
	fuzzText(f, newDpkg(), "var/lib/dpkg/statoverride", "root messagebus 4754 /usr/lib/dbus/launcher\n", "root #5 2755 /a b\n\nx\n")
}

func FuzzConfig(f *testing.F) {
	fuzzText(f, newDpkg(), "etc/dpkg/dpkg.cfg.d/docker", "path-exclude /usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n# x\nlog /x\n", "path-exclude=\n--path-exclude \"/a\"\n=\n")
}

func FuzzInstalled(f *testing.F) {
	fuzzText(f, newAPK(), "lib/apk/db/installed", installedText, "P:a\nV:1\nR:x\nZ:Q1\nF:\nM:\na:\nZ:\nR:\nZ:X2\n\n", "F:a\nF:b\nM:0:0:1777\nF:b\n\nP:x\nV:1\nF:b\nR:c\na:1:2:3:4\nZ:00\n")
}

func FuzzCapabilities(f *testing.F) {
	f.Add("cap_net_raw,cap_net_admin=ep", "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	f.Add("=ep cap_chown-e all+i cap_kill=p+e-p", "\x00\x00\x00\x03"+strings.Repeat("\x00", 20))
	f.Add("=", "\x00\x00\x00\x01"+strings.Repeat("\xff", 8))
	f.Fuzz(func(t *testing.T, text, xattr string) {
		if c, ok := parseCapabilities(text); ok && c == (capabilities{}) != sameCapabilities(text, "") {
			t.Fatalf("%q: %+v", text, c)
		}
		if c, ok := decodeCapabilities(xattr); ok {
			const known = 1<<41 - 1
			if got, ok := parseCapabilities(capabilityText(xattr)); !ok || got.permitted != c.permitted&known || got.inheritable != c.inheritable&known {
				t.Fatalf("%q: %q is %+v, want %+v", xattr, capabilityText(xattr), got, c)
			}
		}
	})
}

// FuzzLinks resolves links of a hostile image: they end, and never leave the root.
func FuzzLinks(f *testing.F) {
	f.Add("a\x00b\nb\x00a\n", "a/x")
	f.Add("lib\x00usr/lib\nusr/lib\x00../real\n", "lib/x")
	f.Add("a\x00../../../b\nb\x00/c/d/..\n", "a/y")
	f.Add("a\x00a/a\n", "a/a/a")
	f.Fuzz(func(t *testing.T, table, name string) {
		l := links{targets: make(map[string]string)}
		for row := range strings.SplitSeq(table, "\n") {
			if from, to, ok := strings.Cut(row, "\x00"); ok {
				l.targets[from] = to
			}
		}
		if strings.Contains(name, "..") {
			return
		}
		for range 2 {
			if got := l.parent(name); strings.HasPrefix(got, "../") || len(got) > len(name)+maxPath+1 {
				t.Fatalf("%q: %q", name, got)
			}
		}
	})
}
