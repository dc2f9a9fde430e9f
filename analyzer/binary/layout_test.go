package binary

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/runtimes"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/verify"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// program returns a file of an image with a text, and with enough code and zeros to be a program.
func program(name, text string) txtar.File {
	return txtar.File{Name: name, Data: elf(strings.Repeat("\x00", 20000)+text+"\x00", strings.Repeat("\x90", 20000), strings.Repeat("\x00", 100))}
}

func file(name, text string) txtar.File { return txtar.File{Name: name, Data: []byte(text)} }

// scanned returns the names and paths of the generic packages of an image. All ways to scan it must agree.
func scanned(t *testing.T, files []txtar.File) []string {
	t.Helper()
	return listed(t, files, func(c *analyzer.Component) bool { return c.Type == "generic" && !c.Stated }, func(c *analyzer.Component) string { return c.Name + "@" + c.Version })
}

// listed returns the labels, paths and layers of the components of an image that it keeps. All ways to scan it must agree.
func listed(t *testing.T, files []txtar.File, keep func(*analyzer.Component) bool, label func(*analyzer.Component) string) []string {
	t.Helper()
	img, err := imagetest.Txtar(&txtar.Archive{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	var list []string
	cache := scan.NewMemCache(0)
	for _, s := range []scan.Scanner{{Parallel: 1}, {Parallel: 8}, {Parallel: 8, Cache: cache}, {Parallel: 1, Cache: cache}} {
		s.Analyzers = append([]analyzer.Analyzer{New(), Notes(), Scripts(), dpkg.New(), apk.New(), osrelease.New(), runtimes.New()}, verify.All()...)
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
			for i := range report.Components {
				if c := &report.Components[i]; keep(c) {
					text := fmt.Sprintf("%s %s layer %d", label(c), c.Path, c.Layer)
					if c.Nested {
						text += " nested"
					}
					list = append(list, text)
				}
			}
			for _, d := range report.Diagnostics {
				if d.Path != "" {
					t.Error(d)
				}
			}
		} else if string(b) != string(first) {
			t.Errorf("%s\ndiffers from\n%s", b, first)
		}
	}
	return list
}

// sum returns the MD5 sum of a file.
func sum(f txtar.File) string { return fmt.Sprintf("%x", md5.Sum(f.Data)) }

const (
	debian12 = "ID=debian\nVERSION_ID=12\n"
	status   = "Package: curl\nStatus: install ok installed\nMaintainer: Someone <someone@debian.org>\nArchitecture: amd64\nVersion: 7.88.1-10+deb12u5\n\n"
	foreign  = "Package: curl\nStatus: install ok installed\nMaintainer: Acme <ops@acme.example>\nVendor: Acme\nArchitecture: amd64\nVersion: 8.9.0\n\n"
)

// TestLayouts rebuilds the places of the programs in the official images.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		what  string
		files []txtar.File
		want  []string
	}{
		{"python: a small program beside the library", []txtar.File{
			program("0/usr/local/bin/python3.12", "no version"), program("0/usr/local/lib/libpython3.12.so.1.0", "%.80s (%.80s) %.80s\x003.12.4\x00"),
			file("0/usr/local/bin/python3 -> python3.12", ""),
		}, []string{"python@3.12.4 usr/local/lib/libpython3.12.so.1.0 layer 0"}},
		{"python: without a shared library", []txtar.File{program("0/usr/local/bin/python3.13", "%.80s (%.80s) %.80s\x003.13.0\x00")}, []string{"python@3.13.0 usr/local/bin/python3.13 layer 0"}},
		{"node: its header and the program are one package", []txtar.File{
			program("0/usr/local/bin/node", "node.js/v22.4.1"), file("0/usr/local/include/node/node_version.h", "#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 4\n#define NODE_PATCH_VERSION 1\n"),
		}, []string{"node@22.4.1 usr/local/include/node/node_version.h layer 0"}},
		{"ruby", []txtar.File{program("0/usr/local/bin/ruby", "ruby_init"), program("0/usr/local/lib/libruby.so.3.3.3", "ruby 3.3.3 (2024-06-12 revision f1c7b6f435) [x86_64-linux]")}, []string{"ruby@3.3.3 usr/local/lib/libruby.so.3.3.3 layer 0"}},
		{"php: three programs and a module of one version", []txtar.File{
			program("0/usr/local/bin/php", "X-Powered-By: PHP/8.3.9"), program("0/usr/local/bin/php-cgi", "X-Powered-By: PHP/8.3.9"), program("0/usr/local/sbin/php-fpm", "X-Powered-By: PHP/8.3.9"),
			program("0/usr/lib/apache2/modules/libphp.so", "X-Powered-By: PHP/8.3.9"),
		}, []string{"php@8.3.9 usr/lib/apache2/modules/libphp.so layer 0", "php@8.3.9 usr/local/bin/php layer 0"}},
		{"redis: hard links of one program", []txtar.File{
			program("0/usr/local/bin/redis-check-aof", "\x007.2.5\x00c11-builtin\x00"), file("0/usr/local/bin/redis-server => usr/local/bin/redis-check-aof", ""),
		}, []string{"redis@7.2.5 usr/local/bin/redis-check-aof layer 0"}},
		{"nginx", []txtar.File{program("0/usr/sbin/nginx", "nginx version: nginx/1.27.0")}, []string{"nginx@1.27.0 usr/sbin/nginx layer 0"}},
		{"postgres", []txtar.File{program("0/usr/lib/postgresql/16/bin/postgres", "postgres (PostgreSQL) 16.3 (Debian 16.3-1.pgdg120+1)\n"), program("0/usr/lib/postgresql/16/bin/psql", "psql (PostgreSQL) 16.3 (Debian)")}, []string{"postgresql@16.3 usr/lib/postgresql/16/bin/postgres layer 0"}},
		{"httpd", []txtar.File{program("0/usr/local/apache2/bin/httpd", "Apache/2.4.61 (Unix)")}, []string{"httpd@2.4.61 usr/local/apache2/bin/httpd layer 0"}},
		{"openjdk", []txtar.File{file("0/usr/local/openjdk-17/release", "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.11\"\n"), program("0/usr/local/openjdk-17/lib/server/libjvm.so", "OpenJDK")}, []string{"openjdk@17.0.11 usr/local/openjdk-17/release layer 0"}},
		{"busybox: the first name of the program is another one", []txtar.File{program("0/bin/[", "BusyBox v1.36.1 (2024-06-10)"), file("0/bin/busybox => bin/[", "")}, []string{"busybox@1.36.1 bin/[ layer 0"}},
		{"busybox: programs of others are none of it, as copies", []txtar.File{
			program("0/bin/busybox", "BusyBox v1.36.1 (2024-06-10)"), program("0/bin/tar", "BusyBox v1.36.1 (2024-06-10)\x001.22\x00"), program("0/bin/wget", "\x001.21\x00BusyBox v1.36.1 (2024-06-10)"),
			program("0/opt/a/bin/tar", "\x001.34\x00"),
		}, []string{"busybox@1.36.1 bin/busybox layer 0", "tar@1.34 opt/a/bin/tar layer 0"}},
		{"busybox: a symbolic link and a hard link named gzip", []txtar.File{
			program("0/bin/busybox", "BusyBox v1.36.1 (2024-06-10)\x001.12\x00"), file("0/bin/gunzip -> busybox", ""), file("0/bin/gzip => bin/busybox", ""),
		}, []string{"busybox@1.36.1 bin/busybox layer 0"}},
		{"AWS-LC calls itself compatible with OpenSSL", []txtar.File{program("0/opt/aws-lc/bin/openssl", "OpenSSL 1.1.1 (compatible; AWS-LC 1.65.1)")}, []string{"aws-lc@1.65.1 opt/aws-lc/bin/openssl layer 0"}},
		{"a library with the version of OpenSSL that it was compiled with", []txtar.File{program("0/usr/lib/libssh.so.4.9.6", "SSH-2.0-libssh_0.10.6\x00OpenSSL 3.3.2 3 Sep 2024")}, []string{"libssh@0.10.6 usr/lib/libssh.so.4.9.6 layer 0"}},
		{"haproxy with a commit in its version", []txtar.File{program("0/usr/local/sbin/haproxy", "HAProxy version 2.7.3-1065b10, released 2023/02/14")}, []string{"haproxy@2.7.3 usr/local/sbin/haproxy layer 0"}},
		{"a hard link names what its first name does not", []txtar.File{program("0/opt/a/program", "BusyBox v1.36.1"), file("0/opt/a/busybox => opt/a/program", "")}, []string{"busybox@1.36.1 opt/a/busybox layer 0"}},
		{"a later version", []txtar.File{program("0/usr/bin/nginx", "nginx version: nginx/1.25.0"), program("1/usr/bin/nginx", "nginx version: nginx/1.27.0")}, []string{"nginx@1.27.0 usr/bin/nginx layer 1"}},
		{"two versions side by side", []txtar.File{program("0/opt/a/bin/node", "node.js/v18.0.0"), program("0/opt/b/bin/node", "node.js/v20.0.0")}, []string{"node@18.0.0 opt/a/bin/node layer 0", "node@20.0.0 opt/b/bin/node layer 0"}},
		{"a package of the distribution owns the program", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n"), program("0/usr/bin/curl", "libcurl/7.88.1"),
		}, []string{"curl@7.88.1 usr/bin/curl layer 0 nested"}},
		{"a program and its library in one package, and a repeated program in another directory", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n/usr/lib/libcurl.so.4\n"),
			program("0/usr/bin/curl", "libcurl/7.88.1"), program("0/usr/lib/libcurl.so.4", "CLIENT libcurl 7.88.1"), program("0/usr/lib/libcurl.so.3", "CLIENT libcurl 7.88.1"),
		}, []string{"curl@7.88.1 usr/bin/curl layer 0 nested", "curl@7.88.1 usr/lib/libcurl.so.3 layer 0"}},
		{"a program with another digest than the database has", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n/usr/lib/libcurl.so.4\n"),
			file("0/var/lib/dpkg/info/curl.md5sums", strings.Repeat("0", 32)+"  usr/bin/curl\n"+sum(program("", "CLIENT libcurl 7.88.1"))+"  usr/lib/libcurl.so.4\n"),
			program("0/usr/bin/curl", "libcurl/7.88.1"), program("0/usr/lib/libcurl.so.4", "CLIENT libcurl 7.88.1"),
		}, []string{"curl@7.88.1 usr/bin/curl layer 0", "curl@7.88.1 usr/lib/libcurl.so.4 layer 0 nested"}},
		{"a package of an unknown maintainer", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", strings.ReplaceAll(status, "debian.org", "acme.example")), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n"), program("0/usr/bin/curl", "libcurl/7.88.1"),
		}, []string{"curl@7.88.1 usr/bin/curl layer 0"}},
		{"a package in Alpine's database, which names no builder", []txtar.File{
			file("0/etc/os-release", "ID=alpine\nVERSION_ID=3.20.0\n"), file("0/lib/apk/db/installed", "P:busybox\nV:1.36.1-r29\nA:x86_64\nF:bin\nR:busybox\n\n"), program("0/bin/busybox", "BusyBox v1.36.1 (2024-06-10)"),
		}, []string{"busybox@1.36.1 bin/busybox layer 0 nested"}},
		{"a later layer replaces the program of a package", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n"), program("0/usr/bin/curl", "libcurl/7.88.1"),
			program("1/usr/bin/curl", "libcurl/8.9.0"),
		}, []string{"curl@8.9.0 usr/bin/curl layer 1"}},
		{"a third party's package owns the program", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", foreign), file("0/var/lib/dpkg/info/curl.list", "/usr/bin/curl\n"), program("0/usr/bin/curl", "libcurl/8.9.0"),
		}, []string{"curl@8.9.0 usr/bin/curl layer 0"}},
		{"a database cannot own a directory of others", []txtar.File{
			file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", status), file("0/var/lib/dpkg/info/curl.list", "/usr/local/bin/curl\n"), program("0/usr/local/bin/curl", "libcurl/8.9.0"),
		}, []string{"curl@8.9.0 usr/local/bin/curl layer 0"}},
	} {
		if got := scanned(t, c.files); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.what, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
