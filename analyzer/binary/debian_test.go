package binary

import (
	"bufio"
	"cmp"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

var (
	debs   = flag.String("binary.debs", "", "directory of unpacked packages of Debian 12, with a file versions that has lines of a package and dpkg's version")
	root   = flag.String("binary.root", "", "root file system of Debian")
	tables = flag.Bool("binary.table", false, "print what was found")
)

// debian has the package of Debian 12 for each class, by the class or the class and a part of it.
const debian = `
python libpython3.11        node libnode108           perl perl-base           php php8.2-cli
ruby libruby3.1             lua lua5.4                luajit libluajit-5.1-2   rust rustc
rust libstd-rust-1.63       octave octave             ghc ghc                  ocaml ocaml-base
tcl libtcl8.6               gcc gcc-12                gcc cpp-12               bash bash
zsh zsh                     busybox busybox           redis redis-tools        memcached memcached
nginx nginx                 httpd apache2-bin         lighttpd lighttpd        haproxy haproxy
varnish varnish             varnish libvarnishapi3    squid squid              postgresql postgresql-15
pgbouncer pgbouncer         mariadb mariadb-server-core mariadb mariadb-client-core mosquitto mosquitto
exim exim4-daemon-light     postfix postfix           dovecot dovecot-core     bind bind9
bind bind9-libs             unbound unbound           dnsmasq dnsmasq-base     proftpd proftpd-core
vsftpd vsftpd               openssh openssh-server    openssh openssh-client   openvpn openvpn
stunnel stunnel4            coturn coturn             freeradius freeradius    keepalived keepalived
samba samba-libs            openldap slapd            tor tor                  clamav libclamav12
strongswan strongswan-charon    qemu qemu-system-x86      openssl libssl3          glibc libc6
musl musl                   zlib zlib1g               xz liblzma5              zstd libzstd1
lz4 liblz4-1                bzip2 libbz2-1.0          sqlite libsqlite3-0  
curl curl                   curl libcurl4             libpng libpng16-16       libjpeg-turbo libjpeg62-turbo
libtiff libtiff6            libxml2 libxml2           expat libexpat1          libarchive libarchive13
libssh libssh-4             libssh2 libssh2-1         nghttp2 libnghttp2-14    c-ares libc-ares2
gnutls libgnutls30          libgcrypt libgcrypt20     krb5 libkrb5-3           pcre2 libpcre2-8-0
jq jq                       ffmpeg ffmpeg    
ffmpeg libavutil57          imagemagick libmagickcore-6.q16-6 git git          wget wget
rsync rsync                 sudo sudo                 tar tar                  coreutils coreutils
gawk gawk                   make make                 cmake cmake              gnupg gpg
ghostscript libgs10         nmap nmap                 tcpdump tcpdump          socat socat
tmux tmux                   tini tini                 crun crun                chromium chromium
docker docker.io            containerd containerd     runc runc                kubernetes kubernetes-client
prometheus prometheus       influxdb influxdb         skopeo skopeo
erlang erlang-base          swi-prolog swi-prolog-core qt libqt5core5a         qt libqt6core6
util-linux util-linux       util-linux mount          gzip gzip                openldap ldap-utils`

// TestDebian compares what is found in packages of Debian, without dpkg's database, with dpkg's upstream versions. No other class or version may
// be found.
func TestDebian(t *testing.T) {
	if *debs == "" {
		t.Skip("-binary.debs names no packages; .ci/slow binary downloads them")
	}
	versions := make(map[string]string)
	f, err := os.Open(filepath.Join(*debs, "versions"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, v, _ := strings.Cut(s.Text(), " ")
		versions[name] = upstream(v)
	}
	fields := strings.Fields(debian)
	right := make(map[string]bool)
	missed := make(map[string]string)
	for pair := range slices.Chunk(fields, 2) {
		class, pkg := pair[0], pair[1]
		want := versions[pkg]
		if want == "" {
			continue
		}
		found := programsIn(t, filepath.Join(*debs, pkg))
		ok := false
		for _, p := range found {
			switch {
			case p.Name != class && !(p.Name == "gcc" || p.Name == "openldap"):
				t.Errorf("%s: found %s %s", pkg, p.Name, p.Version)
			case p.Version != want && !(class == "qemu" && strings.HasPrefix(p.Version, want+".")): // Debian names the first release of a branch
				t.Errorf("%s: found %s %s, want %s", pkg, p.Name, p.Version, want)
			default:
				ok = true
			}
		}
		if ok {
			right[class] = true
		} else {
			missed[class+" "+pkg] = want
		}
		if *tables {
			t.Logf("%-14s %-22s %-14s %v", class, pkg, want, ok)
		}
	}
	for m, want := range missed {
		t.Logf("missed: %s %s", m, want)
	}
	t.Logf("%d classes found, %d pairs of a class and a package missed", len(right), len(missed))
}

// differs has the classes and packages of Debian whose versions differ, with the reason.
var differs = map[string]bool{}

// TestRoot compares what is found in a root file system of Debian with dpkg's versions of the packages that own the files, and fails on differences. It
// logs files that no package owns. -binary.root names the root.
func TestRoot(t *testing.T) {
	if *root == "" {
		t.Skip("-binary.root names no root file system")
	}
	status, err := os.ReadFile(filepath.Join(*root, "var/lib/dpkg/status"))
	if err != nil {
		t.Fatal(err)
	}
	versions := make(map[string]string)
	for paragraph := range strings.SplitSeq(string(status), "\n\n") {
		field := make(map[string]string)
		for line := range strings.Lines(paragraph) {
			if name, value, ok := strings.Cut(line, ": "); ok {
				field[name] = strings.TrimSpace(value)
			}
		}
		v := field["Version"]
		if _, source, ok := strings.Cut(field["Source"], "("); ok {
			v = strings.TrimSuffix(source, ")")
		}
		versions[field["Package"]] = upstream(v)
	}
	owner := make(map[string]string)
	lists, _ := filepath.Glob(filepath.Join(*root, "var/lib/dpkg/info/*.list"))
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pkg, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".list"), ":")
		for line := range strings.Lines(string(text)) {
			owner[strings.TrimSpace(line)] = pkg
		}
	}
	files := 0
	for _, dir := range []string{"bin", "sbin", "lib", "usr", "opt"} {
		if link, err := os.Lstat(filepath.Join(*root, dir)); err != nil || link.Mode()&os.ModeSymlink != 0 {
			continue
		}
		eachProgram(t, filepath.Join(*root, dir), func(p string, found []analyzer.Package) {
			place := "/" + strings.TrimPrefix(strings.TrimPrefix(p, *root), "/")
			pkg := owner[place]
			if pkg == "" {
				pkg = owner[strings.TrimPrefix(place, "/usr")]
			}
			for _, f := range found {
				files++
				if want := versions[pkg]; pkg == "" {
					t.Logf("%s: %s %s; no package owns it", place, f.Name, f.Version)
				} else if want != f.Version && !differs[f.Name+" "+pkg] {
					t.Errorf("%s: %s %s; owned by %s %s", place, f.Name, f.Version, pkg, want)
				}
			}
		})
	}
	t.Logf("%d programs and libraries found", files)
}

// programsIn returns the packages in the files of a directory.
func programsIn(t *testing.T, dir string) (found []analyzer.Package) {
	eachProgram(t, dir, func(_ string, list []analyzer.Package) { found = append(found, list...) })
	return found
}

// eachProgram calls fn for the files of a directory in which something is found.
func eachProgram(t *testing.T, dir string, fn func(file string, found []analyzer.Package)) {
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !(programs{}).Wants(p) {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		var head [4]byte
		if f.ReadAt(head[:], 0); string(head[:]) != "\x7fELF" {
			return nil
		}
		info, err := f.Stat()
		if err != nil {
			return err
		}
		reader := newReader(classes(), p, info.Size())
		reader.matched = func(c *class, text []byte) {
			if *tables {
				t.Logf("sample %s %s %q", c.name, filepath.Base(p), text)
			}
		}
		r, err := stream.Read(reader, f, info.Size())
		if err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if r != nil {
			fn(p, r.Packages)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// upstream returns the version that a project gave its release: 3.3.3 of "1:3.3.3+dfsg-2+deb12u1".
func upstream(v string) string {
	if _, rest, ok := strings.Cut(v, ":"); ok {
		v = rest
	}
	if i := strings.LastIndexByte(v, '-'); i > 0 {
		v = v[:i]
	}
	if _, really, ok := strings.Cut(v, "+really"); ok {
		v = really
	}
	v = strings.Replace(v, "~beta", "-beta", 1)
	for _, mark := range []string{"+", "~", ".dfsg"} {
		v, _, _ = strings.Cut(v, mark)
	}
	return cmp.Or(map[string]string{"6.9.11.60": "6.9.11-60", "10.0.0": "10.00"}[v], v)
}
