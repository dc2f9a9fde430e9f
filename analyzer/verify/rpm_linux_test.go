package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

const spec = `
Name: delta
Version: 1.0
Release: 1
Epoch: 3
Summary: x
License: MIT
BuildArch: noarch
%description
x
%prep
%build
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib %{buildroot}/etc %{buildroot}/usr/share/doc/delta %{buildroot}/var/lib/delta %{buildroot}/usr/share/delta/sub
cd %{buildroot}
echo program >usr/bin/delta
echo su >usr/bin/delta-su
echo net >usr/bin/delta-net
ln usr/bin/delta usr/bin/delta2
echo library >usr/lib/libdelta.so.1
ln -s libdelta.so.1 usr/lib/libdelta.so
echo conf >etc/delta.conf
echo conf >etc/delta-noreplace.conf
echo readme >usr/share/doc/delta/README
echo data >usr/share/delta/data
echo loose >usr/share/delta/loose
echo optional >usr/share/delta/optional
echo skipped >usr/share/doc/delta/skipped
touch var/lib/delta/ghost
echo shared >usr/share/delta/shared
echo big >usr/share/delta/sub/file
%files
%defattr(0644,root,root,0755)
%attr(0755,root,root) /usr/bin/delta
%attr(0755,root,root) /usr/bin/delta2
%attr(4755,root,root) /usr/bin/delta-su
%attr(0755,root,root) %caps(cap_net_raw,cap_net_admin=ep) /usr/bin/delta-net
/usr/lib/libdelta.so.1
/usr/lib/libdelta.so
%config /etc/delta.conf
%config(noreplace) /etc/delta-noreplace.conf
%doc /usr/share/doc/delta/README
%dir /usr/share/delta
%dir /usr/share/delta/sub
%attr(0640,daemon,service) /usr/share/delta/data
%verify(not md5 size mtime) /usr/share/delta/loose
%config(missingok) /usr/share/delta/optional
%dir /var/lib/delta
%ghost %attr(0600,root,root) /var/lib/delta/ghost
/usr/share/delta/shared
/usr/share/delta/sub/file
%package extra
Summary: x
%description extra
x
%files extra
%defattr(0644,root,root,0755)
/usr/share/delta/shared
%dir /usr/share/delta
%doc /usr/share/doc/delta/skipped
`

// rpmRoot builds packages with every kind of file and installs them into an empty root.
func rpmRoot(t testing.TB, digest string) string {
	need(t, "rpm", "rpmbuild", "setcap")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "delta.spec"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, `
mkdir -p root/etc root/dev
printf 'root:x:0:0::/root:/bin/sh\ndaemon:x:12:12::/:/bin/false\n' >root/etc/passwd
printf 'root:x:0:\ndaemon:x:12:\nservice:x:77:\n' >root/etc/group
rpmbuild --quiet -bb --define "_topdir $PWD/top" --define "_rpmdir $PWD" --define '_build_id_links none' --define '__brp_compress %{nil}' \
	--define '_source_filedigest_algorithm `+digest+`' --define '_binary_filedigest_algorithm `+digest+`' --define 'use_source_date_epoch_as_buildtime 0' delta.spec >/dev/null 2>&1
rpm() { command rpm --define '_dbpath /var/lib/rpm' "$@"; }
rpm --root $PWD/root --initdb
rpm --root $PWD/root -i --nodeps --noscripts noarch/delta-1.0-1.noarch.rpm
rpm --root $PWD/root -i --nodeps --noscripts --excludedocs noarch/delta-extra-1.0-1.noarch.rpm
`)
	return filepath.Join(dir, "root")
}

// nothing are the attributes of a file that does not differ, as rpm writes them.
const nothing = "........."

// rpmLines returns the differences of rpm packages in the form of "rpm -V".
func rpmLines(r *Result) (lines []string) {
	for _, d := range r.Differences {
		flag := " "
		switch {
		case d.Documentation:
			flag = "d"
		case d.Config:
			flag = "c"
		case d.Ghost:
			flag = "g"
		}
		if d.Missing {
			lines = append(lines, "missing   "+flag+" /"+d.Recorded)
			continue
		}
		a := d.Attributes
		if a&analyzer.AttrType != 0 {
			if a &^= analyzer.AttrType; !strings.Contains(d.Detail, "now link") { // rpm ignores modes of links
				a |= analyzer.AttrMode
			}
		}
		text := []byte(nothing)
		for i, bit := range [...]analyzer.Attributes{analyzer.AttrSize, analyzer.AttrMode, analyzer.AttrContent, analyzer.AttrDevice, analyzer.AttrTarget,
			analyzer.AttrUser, analyzer.AttrGroup, analyzer.AttrModTime, analyzer.AttrCapabilities} {
			if a&bit != 0 {
				text[i] = "SM5DLUGTP"[i]
			}
		}
		if string(text) == nothing { // a link in the place of a file of which rpm verifies only the mode
			continue
		}
		lines = append(lines, string(text)+"  "+flag+" /"+d.Recorded)
	}
	return lines
}

// rpmVerify returns the lines of "rpm -Va".
func rpmVerify(t testing.TB, root string) (lines []string) {
	t.Helper()
	for row := range strings.Lines(sh(t, "/", "rpm --define '_dbpath /var/lib/rpm' --root "+root+" -Va --nodeps || true")) {
		row = strings.TrimRight(row, "\n")
		if name, why, ok := strings.Cut(row, " ("); ok && why != "" {
			row = name
		}
		if strings.HasPrefix(row, nothing) { // a file that another package replaced
			continue
		}
		if i := strings.Index(row, " l /"); i > 0 { // a licence
			row = row[:i] + " d /" + row[i+4:]
		}
		lines = append(lines, row)
	}
	return lines
}

// TestRPM changes files in every way that matters to rpm, and compares each line with those of "rpm -Va".
func TestRPM(t *testing.T) {
	root := rpmRoot(t, "8")
	for _, c := range []struct{ name, script string }{
		{"as installed", ":"},
		{"content", "echo changed >usr/bin/delta-su; echo changed >usr/share/delta/data"},
		{"content of the same size and time", "touch -r usr/bin/delta stamp; printf 'Program\n' >usr/bin/delta; touch -r stamp usr/bin/delta"},
		{"content of one of two hard links", "rm usr/bin/delta2; echo other >usr/bin/delta2; chmod 755 usr/bin/delta2"},
		{"time", "touch -d 2001-01-01 usr/bin/delta usr/share/delta/sub usr/lib/libdelta.so.1 etc/delta.conf"},
		{"time of a shared file", "touch -d 2001-01-01 usr/share/delta/shared"},
		{"content of a shared file", "echo changed >usr/share/delta/shared"},
		{"mode", "chmod 4755 usr/bin/delta; chmod 755 usr/bin/delta-su; chmod 1777 usr/share/delta; chmod 777 usr/lib/libdelta.so.1"},
		{"owner", "chown 5:6 usr/bin/delta; chown 0:0 usr/share/delta/data; chown -h 3:3 usr/lib/libdelta.so; chown 12:12 usr/share/delta/sub"},
		{"owner renumbered", "sed -i s/12/13/ etc/passwd; sed -i s/77/78/ etc/group"},
		{"owner unknown", "printf 'root:x:0:0::/root:/bin/sh\n' >etc/passwd; printf 'root:x:0:\n' >etc/group"},
		{"capabilities removed", "setcap -r usr/bin/delta-net"},
		// Not to usr/bin/delta: tar writes no attributes for a hard link, and a runtime that sets the owner of one removes them.
		{"capabilities added", "setcap cap_sys_admin=ep usr/bin/delta-su"},
		{"capabilities changed", "setcap cap_net_raw=ep usr/bin/delta-net"},
		{"capabilities in another order", "setcap cap_net_admin,cap_net_raw=pe usr/bin/delta-net"},
		{"copied without capabilities", "cp usr/bin/delta-net x; touch -r usr/bin/delta-net x; chmod 755 x; mv x usr/bin/delta-net"},
		{"removed", "rm usr/bin/delta usr/lib/libdelta.so etc/delta.conf usr/share/doc/delta/README usr/share/delta/optional"},
		{"directory removed", "rm -r usr/share/delta var/lib/delta"},
		{"directory replaced by a file", "rm -r usr/share/delta/sub; echo x >usr/share/delta/sub"},
		{"directory replaced by a link to it", "mv usr/share/delta usr/share/real; ln -s real usr/share/delta"},
		{"directory replaced by an absolute link", "mv usr/share/delta/sub usr/share/real; ln -s /usr/share/real usr/share/delta/sub"},
		{"directory replaced by a user's link", "mv usr/share/delta/sub usr/share/real; ln -s ../real usr/share/delta/sub; chown -h 12 usr/share/delta/sub"},
		{"directory replaced by a link to nothing", "rm -r usr/share/delta/sub; ln -s nothing usr/share/delta/sub"},
		{"directory replaced by a link to a file", "rm -r usr/share/delta/sub; ln -s data usr/share/delta/sub"},
		{"file replaced by a link to it", "mv usr/bin/delta-su usr/bin/real; ln -s real usr/bin/delta-su"},
		{"file replaced by a directory", "rm usr/bin/delta-su; mkdir usr/bin/delta-su"},
		{"file replaced by a device", "rm usr/bin/delta-su; mknod usr/bin/delta-su c 1 3"},
		{"file replaced by a pipe", "rm usr/bin/delta-su; mkfifo usr/bin/delta-su"},
		{"link replaced by a file", "rm usr/lib/libdelta.so; cp usr/lib/libdelta.so.1 usr/lib/libdelta.so"},
		{"link leads elsewhere", "ln -sf elsewhere usr/lib/libdelta.so"},
		{"link to the same file with another text", "ln -sf ./libdelta.so.1 usr/lib/libdelta.so"},
		{"configuration edited", "echo edited >etc/delta.conf; echo edited >etc/delta-noreplace.conf"},
		{"configuration with another mode", "chmod 600 etc/delta.conf"},
		{"ghost written", "echo log >var/lib/delta/ghost; chmod 600 var/lib/delta/ghost"},
		{"ghost with another mode", "echo log >var/lib/delta/ghost; chmod 644 var/lib/delta/ghost"},
		{"ghost as a link", "ln -s x var/lib/delta/ghost"},
		{"ghost as a directory", "mkdir -m 600 var/lib/delta/ghost"},
		{"file without verification of its content", "echo edited a lot >usr/share/delta/loose"},
		{"file without verification of its content, other mode", "chmod 600 usr/share/delta/loose"},
		{"documentation that was not installed", "echo mine >usr/share/doc/delta/skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := changed(t, root, c.script)
			r := Check(scanRoot(t, dir))
			want := rpmVerify(t, dir)
			compareLines(t, rpmLines(r), want)
			compareLines(t, rpmLines(checkImage(t, layered(t, root, dir))), want)
		})
	}
}

// TestRPMDigests verifies digests of each algorithm that rpm uses.
func TestRPMDigests(t *testing.T) {
	for number, algorithm := range map[string]string{"1": "md5", "2": "sha1", "10": "sha512"} {
		t.Run(algorithm, func(t *testing.T) {
			dir := changed(t, rpmRoot(t, number), "printf 'Program\n' >usr/bin/delta")
			components, image := scanRoot(t, dir)
			for f := range components[0].Recorded.All() {
				if f.Digest != "" && f.Algorithm != algorithm {
					t.Errorf("%s: %s", f.Path, f.Algorithm)
				}
			}
			compareLines(t, rpmLines(Check(components, image)), rpmVerify(t, dir))
		})
	}
}

const moreSpec = `
Name: epsilon
Version: %{number}
Release: 1
Summary: x
License: MIT
%description
x
%prep
%build
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib/modules/%{number} %{buildroot}/etc/eps.d %{buildroot}/usr/share/doc/eps %{buildroot}/usr/share/eps/de %{buildroot}/var/lib/eps %{buildroot}/srv/net %{buildroot}/run/eps %{buildroot}/usr/share/licenses/eps
cd %{buildroot}
echo kernel >usr/lib/modules/%{number}/vmlinuz
echo both >usr/bin/eps
: >usr/share/eps/empty
echo blank >"usr/share/eps/with a blank"
echo odd >'usr/share/eps/odd[1]*?'
printf 'umlaut' >usr/share/eps/größe
echo lang >usr/share/eps/de/messages
echo net >srv/net/data
echo stranger >usr/share/eps/stranger
echo run >run/eps/pid
echo licence >usr/share/licenses/eps/COPYING
echo verify >usr/share/eps/only-mode
echo verify >usr/share/eps/not-owner
echo verify >usr/share/eps/not-mode
echo conf >etc/eps.d/conf
ln -s conf etc/eps.d/link
ln -s nothing usr/share/eps/loose-link
echo sgid >usr/bin/eps-sgid
echo caps >usr/bin/eps-caps
%files
%defattr(0644,root,root,0755)
/usr/lib/modules/%{number}/vmlinuz
%attr(0755,root,root) /usr/bin/eps
%dir /usr/share/eps
/usr/share/eps/empty
"/usr/share/eps/with a blank"
/usr/share/eps/odd*
/usr/share/eps/gr*
%lang(de) /usr/share/eps/de/messages
/srv/net/data
%attr(0640,nobodyknows,nogroupknows) /usr/share/eps/stranger
%attr(0755,root,root) %dir /run/eps
%ghost /run/eps/pid
%license /usr/share/licenses/eps/COPYING
%verify(mode) /usr/share/eps/only-mode
%verify(not user group) /usr/share/eps/not-owner
%verify(not mode) /usr/share/eps/not-mode
%config(noreplace) /etc/eps.d/conf
%config /etc/eps.d/link
%verify(not link) /usr/share/eps/loose-link
%attr(2755,root,root) /usr/bin/eps-sgid
%attr(0755,root,root) %caps(cap_net_bind_service=+eip) /usr/bin/eps-caps
%attr(1777,root,root) %dir /var/lib/eps
%attr(0666,root,root) %dev(c,1,3) /usr/share/eps/null
%package other
Summary: x
%description other
x
%files other
%defattr(0644,root,root,0755)
%attr(0755,root,root) /usr/bin/eps
%dir /run/eps
`

// moreRoot installs two versions of a package, files that replace others, and what options of rpm leave out.
func moreRoot(t testing.TB) string {
	need(t, "rpm", "rpmbuild", "setcap")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "epsilon.spec"), []byte(moreSpec), 0o644); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, `
mkdir -p root/etc root/dev
printf 'root:x:0:0::/root:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\n' >root/etc/group
for number in 1 2; do
sed "s/echo both/echo both $number/" epsilon.spec >$number.spec
rpmbuild --quiet -bb --define "number $number" --define "_topdir $PWD/top$number" --define "_rpmdir $PWD" --define '_build_id_links none' --define '__brp_compress %{nil}' \
	--define 'use_source_date_epoch_as_buildtime 0' $number.spec >$number.log 2>&1 || { cat $number.log >&2; exit 1; }
done
arch=$(rpm -E %_arch)
rpm() { command rpm --define '_dbpath /var/lib/rpm' --define '_netsharedpath /srv/net' --define '_install_langs en' "$@"; }
rpm --root $PWD/root --initdb
rpm --root $PWD/root -i --nodeps --noscripts $arch/epsilon-1-1.*.rpm
rpm --root $PWD/root -i --nodeps --noscripts --replacefiles $arch/epsilon-2-1.*.rpm
rpm --root $PWD/root -i --nodeps --noscripts --replacefiles $arch/epsilon-other-1-1.*.rpm
`)
	return filepath.Join(dir, "root")
}

// TestRPMSharedFiles is like TestRPM for packages that share and replace files of others, with devices, pipes and owners that the image lacks.
func TestRPMSharedFiles(t *testing.T) {
	root := moreRoot(t)
	for _, c := range []struct{ name, script string }{
		{"as installed", ":"},
		{"replaced file changed", "echo changed >usr/bin/eps"},
		{"replaced file removed", "rm usr/bin/eps"},
		{"replaced file with another time", "touch -d 2001-01-01 usr/bin/eps"},
		{"file of one version", "echo changed >usr/lib/modules/1/vmlinuz; rm usr/lib/modules/2/vmlinuz"},
		{"emptied", ": >'usr/share/eps/with a blank'"},
		{"empty file written", "echo x >usr/share/eps/empty"},
		{"odd names", "echo x >'usr/share/eps/odd[1]*?'; rm usr/share/eps/gr*"},
		{"owner that is unknown", "chown 5:5 usr/share/eps/stranger"},
		{"owner that exists now", "echo nobodyknows:x:7:7:::/bin/false >>etc/passwd; echo nogroupknows:x:7: >>etc/group"},
		{"owner that exists now, set", "echo nobodyknows:x:7:7:::/bin/false >>etc/passwd; echo nogroupknows:x:7: >>etc/group; chown 7:7 usr/share/eps/stranger"},
		{"owner with two names", "printf 'other:x:7:7::/:\nnobodyknows:x:7:7::/:\n' >>etc/passwd; printf 'a:x:7:\nnogroupknows:x:7:\n' >>etc/group; chown 7:7 usr/share/eps/stranger"},
		{"name with two numbers", "printf 'nobodyknows:x:7:7::/:\nnobodyknows:x:8:8::/:\n' >>etc/passwd; printf 'nogroupknows:x:7:\nnogroupknows:x:8:\n' >>etc/group; chown 8:8 usr/share/eps/stranger"},
		{"no names at all", "rm etc/passwd etc/group; chown 9:9 usr/share/eps/empty"},
		{"directories with other modes", "chmod 700 run/eps; chmod 777 var/lib/eps"},
		{"run removed", "rm -r run"},
		{"ghost written", "echo 1 >run/eps/pid; chmod 600 run/eps/pid; chown 5 run/eps/pid"},
		{"licence removed", "rm usr/share/licenses/eps/COPYING"},
		{"only the mode is verified", "echo longer than before >usr/share/eps/only-mode; chown 5:5 usr/share/eps/only-mode"},
		{"only the mode is verified, other mode", "chmod 600 usr/share/eps/only-mode"},
		{"only the mode is verified, a link", "ln -sf empty usr/share/eps/only-mode"},
		{"the owner is not verified", "chown 5:5 usr/share/eps/not-owner"},
		{"the mode is not verified", "chmod 4777 usr/share/eps/not-mode"},
		{"the mode is not verified, a link", "ln -sf empty usr/share/eps/not-mode"},
		{"the mode is not verified, a directory", "rm usr/share/eps/not-mode; mkdir usr/share/eps/not-mode"},
		{"configuration link", "ln -sf elsewhere etc/eps.d/link"},
		{"configuration became a link", "ln -sf link etc/eps.d/conf"},
		{"link without verification", "ln -sf elsewhere usr/share/eps/loose-link"},
		{"link without verification became a file", "rm usr/share/eps/loose-link; echo x >usr/share/eps/loose-link"},
		{"set-gid lost", "chmod 755 usr/bin/eps-sgid"},
		{"capabilities of which some are lost", "setcap cap_net_bind_service=+ep usr/bin/eps-caps"},
		{"capabilities with an owner", "chown 5 usr/bin/eps-caps"},
		{"device with another number", "rm usr/share/eps/null; mknod -m 666 usr/share/eps/null c 1 5"},
		{"device of another kind", "rm usr/share/eps/null; mknod -m 666 usr/share/eps/null b 1 3"},
		{"device became a file", "rm usr/share/eps/null; echo x >usr/share/eps/null"},
		{"file became a device", "rm usr/share/eps/empty; mknod -m 644 usr/share/eps/empty c 1 3"},
		{"shared directory", "mv run/eps run/real; ln -s real run/eps"},
		{"directories above are links", "mv usr/share usr/lib/data; ln -s lib/data usr/share; mv run var/run; ln -s var/run run"},
		{"link loop", "rm -r usr/share/eps; ln -s eps usr/share/eps"},
		{"file below a file", "rm -r usr/share/eps; echo x >usr/share/eps"},
		{"language file", "mkdir -p usr/share/eps/de; echo x >usr/share/eps/de/messages"},
		{"net-shared file", "mkdir -p srv/net; echo x >srv/net/data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := changed(t, root, c.script)
			want := rpmVerify(t, dir)
			compareLines(t, rpmLines(Check(scanRoot(t, dir))), want)
			compareLines(t, rpmLines(checkImage(t, layered(t, root, dir))), want)
		})
	}
}
