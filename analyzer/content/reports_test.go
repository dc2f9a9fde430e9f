package content_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// suSum is the MD5 of "su\n".
const suSum = "8884c9d863cddfe589ef3d05e5bad71a"

// TestReports scans images with faults that users of other tools reported. Each has a package p with the file usr/bin/su.
func TestReports(t *testing.T) {
	const su, sums = "-- 0/usr/bin/su --\nsu\n", "-- 0/var/lib/dpkg/info/p.md5sums --\n"
	for _, c := range []struct {
		report, right string
		image         string
		want          string // state of the package, problems
	}{
		{"docker/desktop-linux 264, cargo-deb 152", "digests of another algorithm are no MD5: the file was not compared, and did not change", su + sums + strings.Repeat("ab", 32) + "  usr/bin/su\n", "not-verifiable malformed"},
		{"docker/desktop-linux 65", "a line without a separator costs itself, not the package", su + sums + "nothing\n" + suSum + "  usr/bin/su\n", "unchanged malformed"},
		{"jordansissel/fpm 799", "one blank before the path is as good as two", su + sums + suSum + " usr/bin/su\n", "unchanged"},
		{"arthur-ai/arthur-engine 2073", "files of a package with Multi-Arch: same have the architecture in their name",
			su + "-- 0/var/lib/dpkg/info/p:amd64.md5sums --\n" + suSum + "  usr/bin/su\n", "unchanged"},
		{"coreos/rpm-ostree 3827", "the object of the store may be the link, and the name in /usr the file",
			su + "-- 0/sysroot/ostree/repo/objects/ae/82.file => usr/bin/su --\n" + sums + suSum + "  usr/bin/su\n", "unchanged"},
		{"mondoohq/mql 10482", "a link through a link to the store leads to the content",
			"-- 0/sysroot/ostree/repo/objects/a2/69.file --\nsu\n-- 0/usr/lib/su => sysroot/ostree/repo/objects/a2/69.file --\n-- 0/usr/bin/su => usr/lib/su --\n" + sums + suSum + "  usr/bin/su\n", "unchanged"},
		{"bootc-dev/bootc 637 and 1126", "a hard link to a file that the layer lacks: a problem, and the file is missing",
			"-- 0/usr/bin/su => etc/gone --\n" + sums + suSum + "  usr/bin/su\n", "changed refused"},
		{"anchore/stereoscope 670", "a later layer that replaces one name of a file leaves the other alone",
			"-- 0/cache/su --\nsu\n-- 0/usr/bin/su => cache/su --\n-- 1/cache/su --\nother\n" + sums + suSum + "  usr/bin/su\n", "unchanged"},
		{"anchore/stereoscope 670", "nor does one that deletes it", "-- 0/cache/su --\nsu\n-- 0/usr/bin/su => cache/su --\n-- 1/cache/.wh.su --\n" + sums + suSum + "  usr/bin/su\n", "unchanged"},
		{"ostreedev/ostree 925", "equal files of two packages are one file with two names", "-- 0/sysroot/ostree/repo/objects/e3/b0.file --\nsu\n-- 0/usr/bin/su => sysroot/ostree/repo/objects/e3/b0.file --\n" +
			"-- 0/usr/bin/sg => sysroot/ostree/repo/objects/e3/b0.file --\n" + sums + suSum + "  usr/bin/su\n" + suSum + "  usr/bin/sg\n", "unchanged"},
	} {
		list := "p.list"
		if strings.Contains(c.image, "p:amd64") {
			list = "p:amd64.list"
		}
		files := "/usr/bin/su\n"
		if strings.Contains(c.image, "usr/bin/sg") {
			files += "/usr/bin/sg\n"
		}
		img := imageOf(t, "-- 0/etc/debian_version --\n12\n-- 0/var/lib/dpkg/status --\nPackage: p\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\n"+
			"-- 0/var/lib/dpkg/info/"+list+" --\n"+files+c.image)
		report, err := scan.Scanner{Analyzers: append(all.All(), content.All()...)}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range report.Records {
			if r.Kind == "package-verification" {
				got = append(got, r.Fields["state"])
			}
		}
		for _, d := range report.Diagnostics {
			if code := string(d.Code); !slices.Contains(got, code) {
				got = append(got, code)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s: got %q, want %q; %v", c.report, c.right, s, c.want, report.Diagnostics)
		}
		if i := slices.IndexFunc(report.Findings, func(f analyzer.FileFinding) bool { return f.Rule == "verify:changed" }); i >= 0 {
			t.Errorf("%s: %+v", c.report, report.Findings[i])
		}
	}
}
