package verify

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// sh runs a shell script in a directory.
func sh(t testing.TB, dir, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &stderr)
	}
	return string(out)
}

// need skips a test without the native tools or the rights that it needs.
func need(t testing.TB, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root: packages cannot be installed")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: nothing to compare with", tool)
		}
	}
}

// changed copies a root and runs a script in the copy.
func changed(t testing.TB, root, script string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	sh(t, "/", fmt.Sprintf("cp -a %s %s", root, dir))
	sh(t, dir, script)
	return dir
}

// compareLines fails the test unless two lists of lines are equal.
func compareLines(t testing.TB, got, want []string) {
	t.Helper()
	got, want = slices.Compact(slices.Sorted(slices.Values(got))), slices.Compact(slices.Sorted(slices.Values(want)))
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("only reported here: %s", row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("only reported by the tool: %s", row)
		}
	}
}

// dpkgLines returns the differences of deb packages in the form of "dpkg --verify": M for a file that is not a regular one, 5 for
// another content, c for configuration files. dpkg follows a link to compare a content; the line then has no 5.
func dpkgLines(r *Result) (lines []string) {
	for _, d := range r.Differences {
		what := ""
		switch {
		case d.Missing:
			what = "missing"
		case d.Attributes&analyzer.AttrType != 0:
			what = "M"
		case d.Attributes&analyzer.AttrContent != 0:
			what = "5"
		default:
			continue
		}
		lines = append(lines, line(what, d))
	}
	return lines
}

func line(what string, d Difference) string {
	flag := "-"
	if d.Config {
		flag = "c"
	}
	return what + " " + flag + " /" + d.Recorded
}

// dpkgVerify returns the lines of "dpkg --verify".
func dpkgVerify(t testing.TB, root string) (lines []string) {
	t.Helper()
	for row := range strings.Lines(sh(t, "/", "dpkg --root="+root+" --verify || true")) {
		row = strings.TrimSpace(row)
		what := "missing"
		if !strings.HasPrefix(row, what) {
			switch {
			case row[1] == 'M':
				what = "M"
			case row[2] == '5':
				what = "5"
			}
		}
		flag := "-"
		if row[10] == 'c' {
			flag = "c"
		}
		name, _, _ := strings.Cut(row[12:], " (")
		lines = append(lines, what+" "+flag+" "+name)
	}
	return lines
}

var realRoot = flag.String("verify.root", "", "the root of a Debian system to compare with dpkg, which takes minutes")

// TestDpkgReal compares each line for a real system.
func TestDpkgReal(t *testing.T) {
	if *realRoot == "" {
		t.Skip("no -verify.root")
	}
	need(t, "dpkg")
	start := time.Now()
	components, image := scanRoot(t, *realRoot)
	files, packed := 0, 0
	for i := range components {
		for range components[i].Recorded.All() {
			files++
		}
		packed += len(components[i].Recorded)
	}
	t.Logf("%d packages, %d files, %d bytes packed, %.1f a file, read in %v", len(components), files, packed, float64(packed)/float64(max(files, 1)), time.Since(start))
	start = time.Now()
	r := Check(components, image)
	t.Logf("checked in %v: %d differences", time.Since(start), len(r.Differences))
	states := make(map[State]int)
	for _, v := range r.Verdicts {
		if states[v.State]++; v.State != Unchanged {
			t.Logf("%+v %s", v, components[v.Component].Name)
		}
	}
	t.Log(states)
	compareLines(t, dpkgLines(r), dpkgVerify(t, *realRoot))
}

// debRoot installs packages with every kind of file into an empty root.
func debRoot(t testing.TB) string {
	need(t, "dpkg", "dpkg-deb", "dpkg-divert")
	dir := t.TempDir()
	sh(t, dir, `
umask 022
control() { mkdir -p $1/DEBIAN; printf 'Package: %s\nVersion: 1:2.0-1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n' $1 >$1/DEBIAN/control; }
control alpha
mkdir -p alpha/usr/bin alpha/usr/lib alpha/usr/share/doc/alpha alpha/usr/share/alpha alpha/etc/alpha.d alpha/lib
echo program >alpha/usr/bin/alpha; chmod 755 alpha/usr/bin/alpha
ln alpha/usr/bin/alpha alpha/usr/bin/alpha2
echo su >alpha/usr/bin/alpha-su; chmod 4755 alpha/usr/bin/alpha-su
echo library >alpha/usr/lib/libalpha.so.1; ln -s libalpha.so.1 alpha/usr/lib/libalpha.so
echo old >alpha/lib/in-lib
echo licence >alpha/usr/share/doc/alpha/copyright; echo readme >alpha/usr/share/doc/alpha/README
echo data >"alpha/usr/share/alpha/data"; echo blank >"alpha/usr/share/alpha/with a blank"
echo conf >alpha/etc/alpha.conf; echo conf2 >"alpha/etc/alpha.d/two words.conf"
printf '/etc/alpha.conf\n/etc/alpha.d/two words.conf\n' >alpha/DEBIAN/conffiles
control beta
mkdir -p beta/usr/share/alpha beta/usr/share/doc/beta
echo diverted >beta/usr/share/alpha/data; ln -s ../alpha/copyright beta/usr/share/doc/beta/copyright
control gamma
mkdir -p gamma/usr/share/gamma gamma/usr/share/doc
echo gamma >gamma/usr/share/gamma/one; ln -s alpha gamma/usr/share/doc/gamma
for p in alpha beta; do (cd $p; find usr lib -type f 2>/dev/null | xargs -d '\n' md5sum >DEBIAN/md5sums); done
for p in alpha beta gamma; do dpkg-deb --root-owner-group --build $p >/dev/null; done
mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/usr/lib root/etc; touch root/var/lib/dpkg/status; ln -s usr/lib root/lib
dpkg --root=$PWD/root --force-depends -i alpha.deb >/dev/null
dpkg-divert --root $PWD/root --package beta --add --rename --divert /usr/share/alpha/data.alpha /usr/share/alpha/data >/dev/null
dpkg --root=$PWD/root --force-depends -i beta.deb gamma.deb >/dev/null
`)
	return filepath.Join(dir, "root")
}

// TestDpkg changes files in every way that matters to dpkg, and compares each line with those of "dpkg --verify".
func TestDpkg(t *testing.T) {
	root := debRoot(t)
	for _, c := range []struct {
		name, script string
		extra        []string // what dpkg does not report
	}{
		{"as installed", ":", nil},
		{"content", "echo changed >usr/bin/alpha-su; echo changed >usr/lib/libalpha.so.1", nil},
		{"content of the same size and time", "touch -r usr/lib/libalpha.so.1 stamp; printf 'librarY\n' >usr/lib/libalpha.so.1; touch -r stamp usr/lib/libalpha.so.1", nil},
		{"content of one of two hard links", "rm usr/bin/alpha2; echo other >usr/bin/alpha2", nil},
		{"content of both hard links", "echo other >usr/bin/alpha2", nil},
		{"emptied", ": >usr/share/alpha/data", nil},
		{"mode and owner are not recorded", "chmod 777 usr/bin/alpha; chown 5:5 usr/bin/alpha-su", nil},
		{"removed", "rm usr/bin/alpha usr/lib/libalpha.so usr/share/alpha/*blank", nil},
		{"directory removed", "rm -r usr/share/doc", nil},
		{"directory replaced by a file", "rm -r usr/share/doc; echo x >usr/share/doc", nil},
		{"replaced by a link to an equal file", "mv usr/bin/alpha-su usr/bin/real; ln -s real usr/bin/alpha-su", nil},
		{"replaced by a link to another file", "ln -sf alpha usr/bin/alpha-su", nil},
		{"replaced by a dangling link", "ln -sf nowhere usr/bin/alpha-su", nil},
		{"replaced by a device", "rm usr/bin/alpha-su; mknod usr/bin/alpha-su c 1 3", nil},
		{"link replaced by a file", "rm usr/lib/libalpha.so; echo x >usr/lib/libalpha.so", nil},
		{"link leads elsewhere", "ln -sf elsewhere usr/lib/libalpha.so", nil},
		{"directory replaced by a link to an equal one", "mv usr/share/doc usr/share/docs; ln -s docs usr/share/doc", nil},
		{"file in a merged directory", "echo changed >usr/lib/in-lib", nil},
		{"directory link removed", "rm lib", nil},
		{"configuration edited", "echo edited >etc/alpha.conf; echo edited >'etc/alpha.d/two words.conf'", nil},
		{"configuration removed", "rm etc/alpha.conf; rm -r etc/alpha.d", nil},
		{"diverting file changed", "echo changed >usr/share/alpha/data", nil},
		{"diverted file removed", "rm usr/share/alpha/data.alpha", nil},
		{"diverted file changed", "echo changed >usr/share/alpha/data.alpha", []string{"5 - /usr/share/alpha/data.alpha"}},
		{"package without md5sums, for which dpkg hashes itself", "echo changed >usr/share/gamma/one", nil},
		{"package without md5sums, file removed", "rm usr/share/gamma/one", nil},
		{"database without digests", "rm var/lib/dpkg/info/*.md5sums; echo changed >usr/bin/alpha", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := changed(t, root, c.script)
			r := Check(scanRoot(t, dir))
			want := append(dpkgVerify(t, dir), c.extra...)
			compareLines(t, dpkgLines(r), want)
			compareLines(t, dpkgLines(checkImage(t, layered(t, root, dir))), want)
		})
	}
}

// moreDebRoot installs packages of two architectures that share files, aliases of a merged /usr, excluded paths, diversions of an
// administrator, alternatives and statoverrides, and configuration files in every state.
func moreDebRoot(t testing.TB) string {
	need(t, "dpkg", "dpkg-deb", "dpkg-divert", "dpkg-statoverride", "update-alternatives")
	dir := t.TempDir()
	sh(t, dir, `
umask 022
control() { mkdir -p $1/DEBIAN; printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMulti-Arch: %s\nMaintainer: A <a@example.org>\nDescription: x\n' $2 $3 $4 $5 >$1/DEBIAN/control; }
build() { (cd $1; find usr bin opt -type f 2>/dev/null | xargs -rd '\n' md5sum >DEBIAN/md5sums); dpkg-deb --root-owner-group --build $1 >/dev/null; }
for arch in amd64 i386; do
control lib-$arch lib 1 $arch same
mkdir -p lib-$arch/usr/lib/$arch lib-$arch/usr/share/lib
echo $arch >lib-$arch/usr/lib/$arch/liba.so.1; ln -s liba.so.1 lib-$arch/usr/lib/$arch/liba.so; echo shared >lib-$arch/usr/share/lib/shared
build lib-$arch
done
control tool tool 1 all no
mkdir -p tool/bin tool/usr/bin tool/usr/share/doc/tool tool/usr/share/man/man1 tool/usr/share/locale/de tool/opt/tool tool/etc/tool tool/usr/lib/python3
echo sh >tool/bin/tool-sh; ln -s tool-sh tool/bin/tool-link; echo awk >tool/usr/bin/tool-awk; ln -s /etc/alternatives/x tool/usr/bin/absolute
echo copyright >tool/usr/share/doc/tool/copyright; echo readme >tool/usr/share/doc/tool/README; echo man >tool/usr/share/man/man1/tool.1; echo de >tool/usr/share/locale/de/x
echo opt >tool/opt/tool/file; : >tool/opt/tool/empty; echo py >tool/usr/lib/python3/tool.py
for n in keep edit gone old moved; do echo $n >tool/etc/tool/$n; echo /etc/tool/$n >>tool/DEBIAN/conffiles; done
build tool
cp -r tool tool2; sed -i 's/^Version: 1/Version: 2/' tool2/DEBIAN/control
rm tool2/etc/tool/old tool2/etc/tool/moved; printf '/etc/tool/keep\n/etc/tool/edit\n/etc/tool/gone\n' >tool2/DEBIAN/conffiles
echo new >tool2/etc/tool/edit; echo new >tool2/etc/tool/keep
build tool2
control meta meta 1 all no; mkdir -p meta/usr/share/doc; ln -s tool meta/usr/share/doc/meta; build meta; rm meta.deb; rm meta/DEBIAN/md5sums; dpkg-deb --root-owner-group --build meta >/dev/null
control taken taken 1 all no; mkdir -p taken/usr/share/taken; echo old >taken/usr/share/taken/file; echo rest >taken/usr/share/taken/rest; build taken
control taker taker 1 all no; echo 'Replaces: taken' >>taker/DEBIAN/control; mkdir -p taker/usr/share/taken; echo new >taker/usr/share/taken/file; build taker
control gone gone 1 all no; mkdir -p gone/etc gone/usr/bin; echo c >gone/etc/gone.conf; echo /etc/gone.conf >gone/DEBIAN/conffiles; echo g >gone/usr/bin/gone; build gone
mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/usr/bin root/etc/dpkg/dpkg.cfg.d; touch root/var/lib/dpkg/status; ln -s usr/bin root/bin
printf 'path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\npath-exclude=/usr/share/man/*\npath-exclude /usr/share/locale/*\n' >root/etc/dpkg/dpkg.cfg.d/docker
echo i386 >root/var/lib/dpkg/arch
d() { dpkg --root=$PWD/root --force-all --path-exclude='/usr/share/doc/*' --path-include='/usr/share/doc/*/copyright' --path-exclude='/usr/share/man/*' --path-exclude='/usr/share/locale/*' "$@" >/dev/null 2>&1; }
dpkg-divert --root $PWD/root --local --no-rename --divert /usr/bin/tool-awk.distrib --add /usr/bin/tool-awk >/dev/null
d --add-architecture i386 || true
d -i lib-amd64.deb; d -i lib-i386.deb; d -i tool.deb
echo mine >root/etc/tool/edit; rm root/etc/tool/gone
d --force-confold -i tool2.deb; d -i meta.deb; d -i gone.deb; d -r gone; d -i taken.deb; d -i taker.deb
dpkg-statoverride --root $PWD/root --force-all --add --update root root 4755 /bin/tool-sh 2>/dev/null || true
ln -s tool-awk.distrib root/usr/bin/tool-awk
`)
	return filepath.Join(dir, "root")
}

// TestDpkgRemovedPackages is like TestDpkg. dpkg also verifies what is left of removed packages, and takes digests in upper case for others.
func TestDpkgRemovedPackages(t *testing.T) {
	root := moreDebRoot(t)
	for _, c := range []struct {
		name, script string
		extra        []string // not reported by dpkg
		not          []string // reported by dpkg only
	}{
		{"as installed", ":", nil, nil},
		{"file that another package took", "echo x >usr/share/taken/file", nil, nil},
		{"file of two architectures", "echo x >usr/share/lib/shared", nil, nil},
		{"file of two architectures removed", "rm usr/share/lib/shared", nil, nil},
		{"library of one architecture", "echo x >usr/lib/i386/liba.so.1", nil, nil},
		{"alias of a merged directory", "echo x >usr/bin/tool-sh; rm usr/bin/tool-link", nil, nil},
		{"alias became a directory", "rm bin; mkdir bin; mv usr/bin/tool-sh usr/bin/tool-link bin", nil, nil},
		{"excluded file installed by hand", "mkdir -p usr/share/doc/tool; echo x >usr/share/doc/tool/README", nil, nil},
		{"file that the filter includes", "rm -r usr/share/doc", nil, nil},
		{"link to nothing leads elsewhere", "ln -sf /bin/tool-sh usr/bin/absolute", nil, nil},
		{"link to nothing removed", "rm usr/bin/absolute", nil, nil},
		{"diverted file", "echo x >usr/bin/tool-awk.distrib", []string{"5 - /usr/bin/tool-awk.distrib"}, nil},
		{"diverted file removed", "rm usr/bin/tool-awk.distrib", nil, nil},
		{"file in place of the diverted one", "rm usr/bin/tool-awk; echo evil >usr/bin/tool-awk", nil, nil},
		{"empty file written", "echo x >opt/tool/empty", nil, nil},
		{"configuration", "echo x >etc/tool/keep; rm etc/tool/edit", nil, nil},
		{"obsolete configuration", "rm etc/tool/old; echo x >etc/tool/moved", nil, nil},
		{"configuration became a link", "ln -sf keep etc/tool/edit", nil, nil},
		{"configuration of a removed package", "rm etc/gone.conf", nil, []string{"missing c /etc/gone.conf"}},
		{"directory above became a file", "rm -r opt/tool; echo x >opt/tool", nil, nil},
		{"link loop", "rm -r opt/tool; ln -s tool opt/tool", nil, nil},
		{"upper case digests", "sed -i 's/^[0-9a-f]*/\\U&/' var/lib/dpkg/info/tool.md5sums; echo x >opt/tool/file", nil, []string{"5 - /bin/tool-sh", "5 - /opt/tool/empty", "5 - /usr/lib/python3/tool.py", "5 - /usr/share/doc/tool/copyright"}},
		{"list without directories", "grep -v '/tool$' var/lib/dpkg/info/tool.list >x || true; mv x var/lib/dpkg/info/tool.list; rm -r opt", nil, nil},
		{"digests of files that the list lacks", "grep -v opt/tool/file var/lib/dpkg/info/tool.list >x; mv x var/lib/dpkg/info/tool.list; echo x >opt/tool/file", nil, nil},
		{"no lists", "rm var/lib/dpkg/info/*.list", []string{"5 - /usr/share/taken/file", "5 c /etc/tool/edit", "missing - /usr/share/doc/tool/README", "missing - /usr/share/locale/de/x", "missing - /usr/share/man/man1/tool.1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := changed(t, root, c.script)
			want := append(dpkgVerify(t, dir), c.extra...)
			want = slices.DeleteFunc(want, func(row string) bool { return slices.Contains(c.not, row) })
			compareLines(t, dpkgLines(Check(scanRoot(t, dir))), want)
			compareLines(t, dpkgLines(checkImage(t, layered(t, root, dir))), want)
		})
	}
}
