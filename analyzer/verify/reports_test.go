package verify

import (
	"crypto/md5"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// debImage returns the answers of the analyzer for the files of a dpkg database, and an image with the given files.
func debImage(t *testing.T, database map[string]string, m memory) ([]analyzer.Component, Image) {
	t.Helper()
	var fragments []analyzer.Package
	image := m.image()
	for _, name := range sortedKeys(database) {
		r := analyze(t, newDpkg(), name, database[name])
		fragments = append(fragments, r.Fragments...)
		for _, record := range r.Records {
			image.Records = append(image.Records, analyzer.FileRecord{Record: record, Path: name})
		}
	}
	return components(fragments...), image
}

func sortedKeys(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func md5Line(name, text string) string { return fmt.Sprintf("%x  %s\n", md5.Sum([]byte(text)), name) }

// lines returns each difference: severity, path, and what differs.
func lines(r *Result) (list []string) {
	for _, d := range r.Differences {
		what := d.Attributes.String()
		if d.Missing {
			what = "missing"
		}
		severity := d.Severity
		if severity == "" {
			severity = "expected"
		}
		list = append(list, severity+" "+d.Path+" "+what)
	}
	return list
}

// TestReports recreates public reports about verification. Each says what is right.
func TestReports(t *testing.T) {
	hard := recorded("usr/bin/one", 0o755, "program")
	hard2 := recorded("usr/bin/two", 0o755, "program")
	one, two := content(0o755, "program"), content(0o755, "program")
	two.Link = "usr/bin/one"
	slim := map[string]string{
		"var/lib/dpkg/info/p.md5sums": md5Line("usr/bin/p", "p") + md5Line("usr/share/doc/p/README.gz", "r") + md5Line("usr/share/doc/p/copyright", "c") +
			md5Line("usr/share/games/p/level", "l") + md5Line("opt/p/help/de", "h"),
		"etc/dpkg/dpkg.cfg.d/docker": "# no documentation\npath-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\npath-exclude=/opt/*/help/*\n",
		"etc/dpkg/dpkg.cfg":          "no-debsig\nlog /var/log/dpkg.log\n",
	}
	for _, c := range []struct {
		report, right string
		components    func(t *testing.T) ([]analyzer.Component, Image)
		want          []string
	}{
		{"SUSE/machinery 673", "a file that a link replaced differs, although the link leads to equal content", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(hard), memory{"usr/bin/one": symlink("../libexec/one"), "usr/libexec/one": one}.image()
		}, []string{"medium usr/bin/one type,target"}},
		{"ComplianceAsCode/content 788 and 14858", "ghosts that are missing or have another mode need nobody's attention", func(*testing.T) ([]analyzer.Component, Image) {
			history := recorded("root/.bash_history", 0o600, "")
			history.Ghost, history.Optional = true, true
			history.Attributes = analyzer.AttrMode | analyzer.AttrUser | analyzer.AttrGroup
			rules := history
			rules.Path = "etc/audit/rules.d/audit.rules"
			return rpmOf(rules, history), memory{"etc/audit/rules.d/audit.rules": content(0o640, "-D")}.image()
		}, []string{"expected etc/audit/rules.d/audit.rules mode"}},
		{"CentOS/container-pipeline-service 283", "files that the base image's maker removed are missing, which matters little", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(recorded("usr/lib/systemd/system/getty.target", 0o644, "x"), recorded("usr/share/man/man1/systemd.1.gz", 0o644, "x")), memory{}.image()
		}, []string{"low usr/lib/systemd/system/getty.target missing", "expected usr/share/man/man1/systemd.1.gz missing"}},
		{"anchore/syft 5019", "each name of a hard link counts as a file of its package", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(hard, hard2), memory{"usr/bin/one": one, "usr/bin/two": two}.image()
		}, nil},
		{"Metaswitch/rpmoci 131", "copies in place of hard links are equal", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(hard, hard2), memory{"usr/bin/one": one, "usr/bin/two": content(0o755, "program")}.image()
		}, nil},
		{"anchore/syft 192", "a digest of extended attributes behind a mode is not an error", func(t *testing.T) ([]analyzer.Component, Image) {
			r := analyze(t, newAPK(), "lib/apk/db/installed", "P:java\nV:8\nF:bin\nR:policytool\na:0:0:755:Q1JaDEHQHBbizhEzoWK1YxuraNU/4=\nZ:"+q1("x")+"\n")
			if len(r.Diagnostics) > 0 {
				t.Error(r.Diagnostics)
			}
			return components(r.Fragments...), memory{"bin/policytool": content(0o755, "x")}.image()
		}, nil},
		{"chainguard-dev/go-apk 101", "attributes that a package records for a link mean nothing", func(t *testing.T) ([]analyzer.Component, Image) {
			r := analyze(t, newAPK(), "lib/apk/db/installed", "P:p\nV:8\nF:bin\nR:link\na:0:0:777:Q1JaDEHQHBbizhEzoWK1YxuraNU/4=\nZ:"+q1("target")+"\n")
			return components(r.Fragments...), memory{"bin/link": symlink("target")}.image()
		}, nil},
		{"jordansissel/fpm 799", "one blank between digest and path is read, although dpkg refuses the file", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{"var/lib/dpkg/info/p.md5sums": strings.Replace(md5Line("opt/p/a", "a")+md5Line("opt/p/b", "b"), "  ", " ", -1)},
				memory{"opt/p/a": content(0o644, "a"), "opt/p/b": content(0o644, "B")})
		}, []string{"low opt/p/b content"}},
		{"docker/desktop-linux 264", "an .md5sums with SHA-256 has no digest to compare", func(t *testing.T) ([]analyzer.Component, Image) {
			list, image := debImage(t, map[string]string{
				"var/lib/dpkg/info/p.md5sums": strings.Repeat("0", 64) + " DEBIAN/control\n" + strings.Repeat("1", 64) + " opt/docker-desktop/Docker Desktop\n",
				"var/lib/dpkg/info/p.list":    "/.\n/opt\n/opt/docker-desktop\n/opt/docker-desktop/Docker Desktop\n",
			}, memory{"opt": dir(0o755), "opt/docker-desktop": dir(0o755), "opt/docker-desktop/Docker Desktop": content(0o755, "x")})
			if v := Check(list, image).Verdicts[0]; v.State != NotVerifiable || v.NoDigest != 1 {
				t.Errorf("docker/desktop-linux 264: %+v", v)
			}
			return list, image
		}, nil},
		{"jordansissel/fpm 104 and CollaboraOnline/online 4410", "paths of an .md5sums that are not in the .list are not the package's", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/info/p.md5sums": md5Line("Cython/Runtime/refnanny.pyx", "a") + md5Line("DEBIAN/control", "c") + md5Line("usr/lib/cython", "x"),
				"var/lib/dpkg/info/p.list":    "/.\n/usr\n/usr/lib\n/usr/lib/cython\n",
			}, memory{"usr/lib/cython": content(0o644, "y")})
		}, []string{"low usr/lib/cython content"}},
		{"tcurdt/jdeb 169 and rustdesk/rustdesk 10356", "paths may begin with ./ or a slash", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{"var/lib/dpkg/info/p.md5sums": md5Line("./opt/a", "a") + md5Line("/opt/b", "b")},
				memory{"opt/a": content(0o644, "a"), "opt/b": content(0o644, "B")})
		}, []string{"low opt/b content"}},
		{"tianon/docker-brew-ubuntu-core 230", "a filter's files and links are left out; links that lead to them are not missing", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/info/p.md5sums":  md5Line("usr/share/doc/singular/html/a.html", "a"),
				"var/lib/dpkg/info/p.list":     "/.\n/usr/share/doc/singular/html/a.html\n/usr/share/singular/html\n",
				"etc/dpkg/dpkg.cfg.d/excludes": "path-exclude=/usr/share/doc/*\n",
			}, memory{"usr/share/singular/html": symlink("../doc/singular/html")})
		}, []string{"expected usr/share/doc/singular/html/a.html missing"}},
		{"debuerreotype/docker-debian-artifacts 10", "a link in the place of a directory of documentation is excluded", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/info/perl-base.list": "/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/perl-base\n",
				"etc/dpkg/dpkg.cfg.d/docker":       "path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n",
			}, memory{"usr/share/doc": dir(0o755)})
		}, []string{"expected usr/share/doc/perl-base missing"}},
		{"debuerreotype/docker-debian-artifacts 199", "packages may have files below /lib and below /usr/lib", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{"var/lib/dpkg/info/p.md5sums": md5Line("lib/x86_64-linux-gnu/libbz2.so.1.0.4", "bz2") + md5Line("usr/lib/x86_64-linux-gnu/libz.so.1", "z")},
				memory{"lib": symlink("usr/lib"), "usr/lib/x86_64-linux-gnu/libbz2.so.1.0.4": content(0o644, "evil"), "usr/lib/x86_64-linux-gnu/libz.so.1": content(0o644, "z")})
		}, []string{"medium usr/lib/x86_64-linux-gnu/libbz2.so.1.0.4 content"}},
		{"anchore/syft 3912", "digests are in info although the packages are in status.d", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/info/p.md5sums":        md5Line("usr/bin/p", "p"),
				"var/lib/dpkg/status.d/base.md5sums": md5Line("usr/bin/base", "b"),
			}, memory{"usr/bin/p": content(0o755, "P"), "usr/bin/base": content(0o755, "b")})
		}, []string{"medium usr/bin/p content"}},
		{"CentOS/container-pipeline-service 246", "places of mounts differ in every image", func(*testing.T) ([]analyzer.Component, Image) {
			proc, run, tmp := recorded("proc", fs.ModeDir|0o555, ""), recorded("run/lock", fs.ModeDir|0o755, ""), recorded("tmp", fs.ModeDir|fs.ModeSticky|0o777, "")
			return rpmOf(recorded("dev/console", fs.ModeDevice|fs.ModeCharDevice|0o600, ""), proc, run, recorded("sys", fs.ModeDir|0o555, ""), tmp),
				memory{"proc": dir(0o755), "sys": dir(0o555), "tmp": dir(0o777)}.image()
		}, []string{"expected dev/console missing", "expected proc mode", "expected run/lock missing", "medium tmp mode"}},
		{"abrt/abrt 1454", "a directory in /run is gone after a restart", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(recorded("var/run/abrt", fs.ModeDir|0o755, "")), memory{"run": dir(0o755), "var/run": symlink("../run")}.image()
		}, []string{"expected var/run/abrt missing"}},
		{"redhat-openshift-ecosystem/openshift-preflight 846", "a module that a command of a Dockerfile replaced has other content", func(*testing.T) ([]analyzer.Component, Image) {
			const name = "usr/lib/python3.6/site-packages/requests/__init__.py"
			return rpmOf(recorded(name, 0o644, "requests 2.20.0-2.1.el8_1")), memory{name: content(0o644, "requests 2.20.0")}.image()
		}, []string{"low usr/lib/python3.6/site-packages/requests/__init__.py content,size"}},
		{"redhat-openshift-ecosystem/openshift-preflight 1127", "packages of two architectures share files", func(*testing.T) ([]analyzer.Component, Image) {
			shared := recorded("usr/share/gcc-8/python/libstdcxx/v6/xmethods.py", 0o644, "x")
			list := append(rpmOf(recorded("usr/lib/libstdc++.so.6", 0o755, "32"), shared), rpmOf(recorded("usr/lib64/libstdc++.so.6", 0o755, "64"), shared)...)
			list[0].Arch, list[1].Arch = "i686", "x86_64"
			return list, memory{"usr/lib/libstdc++.so.6": content(0o755, "32"), "usr/lib64/libstdc++.so.6": content(0o755, "64"), shared.Path: late(content(0o644, "x"))}.image()
		}, nil},
		{"rpm-software-management/rpm 1789", "a file whose group was made after it has root's, as rpm says", func(*testing.T) ([]analyzer.Component, Image) {
			shadow := recorded("etc/shadow", 0o440, "x")
			shadow.Group, shadow.Config = "shadow", true
			image := memory{"etc/shadow": content(0o440, "x")}.image()
			image.Groups = map[string]int{"root": 0, "shadow": 42}
			return rpmOf(shadow), image
		}, []string{"low etc/shadow group"}},
		{"chainguard-dev/apko 558", "a database without digests verifies no content", func(t *testing.T) ([]analyzer.Component, Image) {
			r := analyze(t, newAPK(), "lib/apk/db/installed", "P:busybox\nV:1.36.0-r0\nF:bin\nF:tmp\nM:0:0:0777\nR:busybox\na:0:0:0755\n")
			return components(r.Fragments...), memory{"tmp": dir(0o777), "tmp/busybox": content(0o755, "x")}.image()
		}, nil},
		{"openwrt/openwrt 16794", "apk-tools 3 wrote whole SHA-256 digests", func(t *testing.T) ([]analyzer.Component, Image) {
			r := analyze(t, newAPK(), "lib/apk/db/installed", "P:openssl\nV:3\nF:etc\nF:etc/init.d\nR:openssl\na:0:0:755\nZ:"+q2("script")+"\n")
			return components(r.Fragments...), memory{"etc": dir(0o755), "etc/init.d": dir(0o755), "etc/init.d/openssl": content(0o755, "Script")}.image()
		}, []string{"medium etc/init.d/openssl content"}},
		{"gliderlabs/docker-alpine 56", "links have mode 777, but nobody can write to them", func(t *testing.T) ([]analyzer.Component, Image) {
			r := analyze(t, newAPK(), "lib/apk/db/installed", "P:p\nV:8\nF:bin\nR:sh\na:0:0:755\nZ:"+q1("/bin/busybox")+"\n")
			return components(r.Fragments...), memory{"bin/sh": symlink("/bin/busybox")}.image()
		}, nil},
		{"wazuh/wazuh-packages 4", "a file that a program rewrites differs, if its package does not call it configuration", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/info/p.md5sums": md5Line("var/ossec/etc/client.keys", ""),
				"var/lib/dpkg/status":         "Package: p\nStatus: install ok installed\nVersion: 1\nConffiles:\n /etc/ossec.conf " + md5Line("", "a")[:32] + "\n",
			}, memory{"var/ossec/etc/client.keys": content(0o644, "key"), "etc/ossec.conf": content(0o644, "b")})
		}, []string{"expected etc/ossec.conf content", "low var/ossec/etc/client.keys content"}},
		{"SUSE/machinery 2153 and ReproNim/reproman 138", "a diverted file is unchanged at its other path", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/diversions":                      "/usr/bin/strip\n/usr/bin/strip.single\nbinutils-multiarch\n",
				"var/lib/dpkg/info/binutils.md5sums":           md5Line("usr/bin/strip", "single"),
				"var/lib/dpkg/info/binutils-multiarch.md5sums": md5Line("usr/bin/strip", "multi"),
			}, memory{"usr/bin/strip": content(0o755, "multi"), "usr/bin/strip.single": content(0o755, "single")})
		}, nil},
		{"debuerreotype/debuerreotype 51", "a diversion of an administrator moves the file of every package", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{
				"var/lib/dpkg/diversions":           "/sbin/initctl\n/sbin/initctl.distrib\n:\n",
				"var/lib/dpkg/info/upstart.md5sums": md5Line("sbin/initctl", "initctl"),
			}, memory{"sbin/initctl": symlink("/bin/true"), "sbin/initctl.distrib": content(0o755, "initctl")})
		}, nil},
		{"images without documentation", "paths that dpkg was told not to unpack are excluded; others are missing", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, slim, memory{"usr/bin/p": content(0o755, "p")})
		}, []string{
			"expected opt/p/help/de missing", "expected usr/share/doc/p/README.gz missing", "expected usr/share/doc/p/copyright missing",
			"low usr/share/games/p/level missing",
		}},
		{"distroless images", "status.d has the digests", func(t *testing.T) ([]analyzer.Component, Image) {
			return debImage(t, map[string]string{"var/lib/dpkg/status.d/libc6.md5sums": md5Line("lib/x86_64-linux-gnu/libc.so.6", "libc")},
				memory{"lib/x86_64-linux-gnu/libc.so.6": content(0o755, "evil")})
		}, []string{"medium lib/x86_64-linux-gnu/libc.so.6 content"}},
		{"merged /usr", "a package's bin/sh is at usr/bin/sh", func(*testing.T) ([]analyzer.Component, Image) {
			return rpmOf(recorded("bin/sh", 0o755, "sh")), memory{"bin": symlink("usr/bin"), "usr/bin/sh": content(0o755|fs.ModeSetuid, "sh")}.image()
		}, []string{"high usr/bin/sh mode"}},
	} {
		list, image := c.components(t)
		if got := lines(Check(list, image)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %s: got %q, want %q", c.report, c.right, got, c.want)
		}
	}
}

// The excluded paths have their reason, and copyright files do not.
func TestExcluded(t *testing.T) {
	list := filters([]analyzer.FileRecord{
		{Record: analyzer.Record{Kind: kindPathFilter, Key: "/usr/share/doc/*", Line: 1, Fields: map[string]string{"action": "exclude"}}, Path: "etc/dpkg/dpkg.cfg.d/docker"},
		{Record: analyzer.Record{Kind: kindPathFilter, Key: "/usr/share/doc/*/copyright", Line: 2, Fields: map[string]string{"action": "include"}}, Path: "etc/dpkg/dpkg.cfg.d/docker"},
		{Record: analyzer.Record{Kind: kindPathFilter, Key: "/usr/lib/[!a-y]?", Line: 1, Fields: map[string]string{"action": "exclude"}}, Path: "etc/dpkg/dpkg.cfg"},
		{Record: analyzer.Record{Kind: kindPathFilter, Key: "/usr/lib/[", Line: 2, Fields: map[string]string{"action": "exclude"}}, Path: "etc/dpkg/dpkg.cfg"},
	})
	for name, want := range map[string]bool{
		"usr/share/doc/p/a/b": true, "usr/share/doc/p": true, "usr/share/doc": false, "usr/share/doc/p/copyright": false, "usr/share/doc/p/q/copyright": false,
		"usr/lib/zz": true, "usr/lib/az": false, "usr/lib/z/": true, "usr/lib/zzz": false,
	} {
		if got := excluded(list, name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Records of dpkg's databases, and diagnostics of lines that dpkg does not write.
func TestDpkgRecords(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"var/lib/dpkg/diversions", "/a\n/a.x\np\n/b\n/b.x\n:\n", "[{diversion a 1 map[package:p to:a.x]} {diversion b 4 map[to:b.x]}] []"},
		{"var/lib/dpkg/diversions", "/a\n/a.x\n", `[] [line 1: not a diversion: "/a"]`},
		{"var/lib/dpkg/statoverride", "root #5 4755 /a b\n\nx /y\n", `[{stat-override a b 1 map[group:#5 mode:4755 user:root]}] [line 3: not a user, group, mode and path: "x /y"]`},
		{"etc/dpkg/dpkg.cfg.d/x", "path-exclude \"/a\"\n#path-exclude /b\n  path-include=/c\npath-exclude\n", "[{path-filter /a 1 map[action:exclude]} {path-filter /c 3 map[action:include]}] []"},
	} {
		r := analyze(t, newDpkg(), c.name, c.text)
		if got := fmt.Sprint(r.Records, r.Diagnostics); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Only packages with files have configuration files to verify, and obsolete ones count only if the package still lists them.
func TestConffiles(t *testing.T) {
	digest := md5Line("", "a")[:32]
	r := analyze(t, newDpkg(), "var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2\nConffiles:\n"+
		" /etc/a "+digest+"\n /etc/two words "+digest+" obsolete\n /etc/new newconffile\n /etc/bad x\nDescription: x\n /etc/no "+digest+"\n\n"+
		"Package: b\nStatus: deinstall ok config-files\nVersion: 1\nConffiles:\n /etc/b "+digest+"\n")
	if got := fmt.Sprint(r.Diagnostics); got != `[line 9: not a configuration file and its digest: "/etc/bad x"]` {
		t.Error(got)
	}
	if len(r.Fragments) != 1 || r.Fragments[0].Name != "a" || r.Fragments[0].Version != "1:2" || r.Fragments[0].Arch != "amd64" {
		t.Fatalf("%+v", r.Fragments)
	}
	var got []string
	for f := range r.Fragments[0].Recorded.All() {
		got = append(got, fmt.Sprintf("%s %t %t %s", f.Path, f.Config, f.Optional, f.Attributes))
	}
	if want := []string{"etc/a true false type,content", "etc/new true false ", "etc/two words true true type,content"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
