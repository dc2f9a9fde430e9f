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
