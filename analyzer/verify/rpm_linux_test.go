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
		text := []byte(".........")
		for i, bit := range [...]analyzer.Attributes{analyzer.AttrSize, analyzer.AttrMode, analyzer.AttrContent, analyzer.AttrDevice, analyzer.AttrTarget,
			analyzer.AttrUser, analyzer.AttrGroup, analyzer.AttrModTime, analyzer.AttrCapabilities} {
			if a&bit != 0 {
				text[i] = "SM5DLUGTP"[i]
			}
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
		{"capabilities added", "setcap cap_sys_admin=ep usr/bin/delta"},
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
