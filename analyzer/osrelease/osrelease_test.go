package osrelease

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

func read(t testing.TB, name, text string) (analyzer.Distro, error) {
	t.Helper()
	r, err := New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
	err = diagnostic.Err(r, err)
	if r == nil || r.Distro == nil {
		return analyzer.Distro{}, err
	}
	return *r.Distro, err
}

// TestFiles shows what each kind of file says: ID, VersionID, Codename, and its rank.
func TestFiles(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", "debian 12 bookworm 0"},
		{"usr/lib/os-release", "ID=debian\nVERSION_ID=\"8\"\nVERSION=\"8 (jessie)\"\n", "debian 8 jessie 1"},
		{"etc/os-release", "ID=fedora\nVERSION_ID=30\nVERSION=\"30 (Container Image)\"\nVERSION_CODENAME=\"\"\n", "fedora 30  0"},
		{"etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux buster/sid\"\n", "debian  sid 0"},
		{"etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nVERSION_CODENAME=trixie\n", "debian  trixie 0"},
		{"etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\nDISTRIB_DESCRIPTION=\"Ubuntu 10.04 LTS\"\n", "ubuntu 10.04 lucid 2"},
		{"etc/lsb-release", "DISTRIB_ID=ManjaroLinux\nDISTRIB_RELEASE=rolling\n", "manjaro   2"},
		{"etc/lsb-release", "DISTRIB_ID=\"SUSE LINUX\"\nDISTRIB_RELEASE=11\n", "sles 11  2"},
		{"etc/lsb-release", "DISTRIB_ID=CentOS\nDISTRIB_RELEASE=6.10\nDISTRIB_CODENAME=Final\n", "centos 6 Final 2"},
		{"etc/openwrt_release", "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.0'\n", "openwrt 23.05.0  2"},
		{"etc/alpine-release", "3.19.1\n", "alpine 3.19.1  3"},
		{"etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos 7  3"},
		{"etc/oracle-release", "Oracle Linux Server release 6.10\n", "ol 6.10  3"},
		{"etc/enterprise-release", "Enterprise Linux Enterprise Linux Server release 5.11 (Carthage)\n", "ol 5.11  3"},
		{"etc/redhat-release", "Red Hat Enterprise Linux Server release 6.5 (Santiago)\n", "rhel 6.5  4"},
		{"etc/redhat-release", "Fedora release 30 (Thirty)\n", "fedora 30  4"},
		{"etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn 2018.03  4"},
		{"etc/photon-release", "VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=1526e30ba\n", "photon 4.0  3"},
		{"etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n", "sles 11.4  3"},
		{"etc/SuSE-release", "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n", "opensuse 13.1  3"},
		{"etc/system-release-cpe", "cpe:/o:centos:linux:6:GA\n", "centos 6  5"},
		{"etc/system-release-cpe", "cpe:/o:oracle:linux:8:3:server\n", "ol 8.3  5"},
		{"etc/system-release-cpe", "cpe:2.3:o:amazon:amazon_linux:2\n", "amzn 2  5"},
		{"etc/system-release-cpe", "cpe:/o:some:thing:6\n", "   5"},
		{"etc/redhat-release", "Some Linux release 6 (Thing)\n", "   4"},
		{"etc/debian_version", "12.5\n", "debian 12  6"},
		{"etc/debian_version", "squeeze/sid\n", "debian  sid 6"},
		{"bin/busybox", "\x7fELF BusyBox v%s\x00BusyBox v1.36.1 (2024-01-01)\x00", "busybox 1.36.1  9"},
		{"bin/busybox", "\x7fELF", "   0"},
	} {
		d, err := read(t, c.path, c.text)
		if got := fmt.Sprint(d.ID, " ", d.VersionID, " ", d.Codename, " ", d.Rank); got != c.want || err != nil {
			t.Errorf("%s %q: got %q, error %v; want %q", c.path, c.text, got, err, c.want)
		}
	}
}

// TestQuoting follows os-release(5), which takes its rules from the POSIX shell.
func TestQuoting(t *testing.T) {
	for _, c := range []struct{ line, want, err string }{
		{`NAME=Wolfi`, "Wolfi", ""},
		{`NAME="Alpine Linux"`, "Alpine Linux", ""},
		{`NAME='Arch Linux'`, "Arch Linux", ""},
		{`NAME="a \"b\" \$c \\ \d"`, `a "b" $c \ \d`, ""},
		{`NAME='a \"b'`, `a \"b`, ""},
		{`NAME=a\ b\'c`, "a b'c", ""},
		{`NAME="a"'b'c`, "abc", ""},
		{`NAME="$HOME"`, "$HOME", ""},
		{`NAME=a # comment`, "a", ""},
		{`NAME=a;`, "a", ""},
		{"   NAME=indented", "indented", ""},
		{"NAME=\"crlf\"\r", "crlf", ""},
		{"NAME=", "", ""},
		{"NAME=a\nNAME=b", "b", ""},
		{"NAME=a b", "a b", "line 1: NAME: blank or semicolon outside quotes"},
		{`NAME="a`, "a", "line 1: NAME: quote not closed"},
		{"NAME='a", "a", "line 1: NAME: quote not closed"},
		{"NAME=\xff", "\uFFFD", "line 1: NAME: not UTF-8"},
		{"NAME=a\n<html>", "a", `line 2: not an assignment: "<html>"`},
		{"NAME=a\n1X=b", "a", `line 2: not an assignment: "1X=b"`},
		{"#\n" + strings.Repeat("x", maxLine+1) + "\nNAME=a", "a", "line 2: longer than 16384 bytes"},
	} {
		d, err := read(t, "etc/os-release", c.line)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if d.Name != c.want || msg != c.err {
			t.Errorf("%.60q: got %q, error %q; want %q, error %q", c.line, d.Name, msg, c.want, c.err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"etc/debian_version", "x\n", `line 1: not a release of Debian: "x"`},
		{"etc/alpine-release", "3.1 beta\n", `line 1: not a version: "3.1 beta"`},
		{"etc/redhat-release", "Something else\n", `line 1: not the name and release of a distribution: "Something else"`},
		{"etc/system-release-cpe", "6\n", `line 1: not a CPE name: "6"`},
		{"etc/os-release", strings.Repeat("x\n", 20), "4 more problems"},
	} {
		if _, err := read(t, c.path, c.text); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.path, err, c.want)
		}
	}
}

func FuzzOSRelease(f *testing.F) {
	f.Add("etc/os-release", []byte("ID=debian\nVERSION_ID=\"12\"\nNAME='a'\\''b'\n"))
	f.Add("etc/SuSE-release", []byte("openSUSE 13.1\nVERSION = 13.1\n"))
	f.Add("etc/system-release-cpe", []byte("cpe:/o:oracle:linux:8:3\n"))
	f.Add("bin/busybox", []byte("BusyBox v1.2.3"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		d, _ := read(t, name, string(text))
		for _, s := range append(d.Like, d.ID, d.VersionID, d.Codename, d.Name, d.CPE) {
			if strings.ContainsAny(s, "\n") || len(s) > maxLine+3*len("\uFFFD") && len(s) > 3*maxLine {
				t.Errorf("%q", s)
			}
		}
	})
}
