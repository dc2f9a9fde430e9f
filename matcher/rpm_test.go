package matcher_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher"
)

func rpm(name, version, module string) analyzer.Component {
	c := analyzer.Component{ID: name, Package: analyzer.Package{Type: "rpm", Namespace: "rocky", Name: name, Version: version, System: true}}
	if module != "" {
		c.Qualifiers = map[string]string{"rpmmod": module}
	}
	return c
}

// verdict matches one component of Rocky Linux 8 and says what came of it.
func verdict(t *testing.T, m matcher.Matcher, c analyzer.Component) string {
	t.Helper()
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "rocky", VersionID: "8.9"}, Components: []analyzer.Component{c}}
	result, err := m.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case len(result.Matches) == 0:
		return "not affected"
	case len(result.Matches) > 1:
		return "several matches"
	case result.Matches[0].Uncertain != "":
		return "uncertain"
	}
	return "affected"
}

// Bounds of RPM advisories, as feeds write them: some without epoch, some without release.
func TestRPMBounds(t *testing.T) {
	for _, c := range []struct {
		name, version string
		bound         matcher.Range
		want          string
	}{
		{"below the fix", "1.2-1.el8", matcher.Range{Fixed: "1.2-2.el8"}, "affected"},
		{"at the fix", "1.2-2.el8", matcher.Range{Fixed: "1.2-2.el8"}, "not affected"},
		{"no epoch is epoch 0", "0:1.2-1.el8", matcher.Range{Fixed: "1.2-2.el8"}, "affected"},
		{"a fix with an epoch is above all without", "9-1.el8", matcher.Range{Fixed: "1:1.2-2.el8"}, "affected"},
		{"epoch left out of the fix", "1:1.2-1.el8", matcher.Range{Fixed: "1.2-2.el8"}, "uncertain"},
		{"epoch left out of the fix, but past it with any", "1:1.3-1.el8", matcher.Range{Fixed: "1.2-2.el8"}, "not affected"},
		{"fixed in a version, so in its first release", "1.2-1.el8", matcher.Range{Fixed: "1.2"}, "not affected"},
		{"introduced in a version, so in its first release", "1.2-1.el8", matcher.Range{Introduced: "1.2", Fixed: "1.3"}, "affected"},
		{"last affected in all releases of a version", "1.2-7.el8", matcher.Range{LastAffected: "1.2"}, "affected"},
		{"last affected in one release", "1.2-7.el8", matcher.Range{LastAffected: "1.2-6.el8"}, "not affected"},
		{"after the last affected", "1.2.1-1.el8", matcher.Range{LastAffected: "1.2"}, "not affected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := matcher.Key{Type: "rpm", Namespace: "rocky", Release: "8", Name: "a"}
			source := advisories{{ID: "CVE-1", Key: key, Ranges: []matcher.Range{c.bound}}}
			if got := verdict(t, matcher.Matcher{Source: source}, rpm("a", c.version, "")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Documents may leave out the epoch, the release and the architecture of a package: https://github.com/anchore/grype/issues/1031.
func TestPartialRPM(t *testing.T) {
	for _, c := range []struct {
		name, purl, version string
		key                 string
		bound               matcher.Range
		want                string
	}{
		{"no epoch, past the fix with any", "pkg:rpm/rocky/a", "1.12.8-18.el8", "a", matcher.Range{Fixed: "1:1.12.8-10.el8"}, "uncertain"},
		{"no epoch, below the fix with any", "pkg:rpm/rocky/a", "1.12.8-9.el8", "a", matcher.Range{Fixed: "1:1.12.8-10.el8"}, "affected"},
		{"no epoch, introduced with one", "pkg:rpm/rocky/a", "1.3-1.el8", "a", matcher.Range{Introduced: "1:1.2-1.el8"}, "uncertain"},
		{"epoch 0", "pkg:rpm/rocky/a?epoch=0", "1.12.8-18.el8", "a", matcher.Range{Fixed: "1:1.12.8-10.el8"}, "affected"},
		{"no release", "pkg:rpm/rocky/a", "1.12.8", "a", matcher.Range{Fixed: "1.12.8-10.el8"}, "uncertain"},
		{"neither", "pkg:rpm/rocky/a", "1.12.8", "a", matcher.Range{Fixed: "1:1.12.8-10.el8"}, "uncertain"},
		{"no release, below", "pkg:rpm/rocky/a", "1.12.7", "a", matcher.Range{Fixed: "1.12.8-10.el8"}, "affected"},
		{"no architecture", "pkg:rpm/rocky/a", "1.2-1.el8", rpmname.Flavour("aarch64", "a"), matcher.Range{Fixed: "1.2-2.el8"}, "uncertain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			component := rpm("a", c.version, "")
			component.PURL = c.purl
			source := advisories{{ID: "CVE-1", Key: matcher.Key{Type: "rpm", Namespace: "rocky", Release: "8", Name: c.key}, Ranges: []matcher.Range{c.bound}}}
			if got := verdict(t, matcher.Matcher{Source: source}, component); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Documents may leave out the epoch of other packages of a distribution, too, and their release.
func TestPartialDeb(t *testing.T) {
	for _, c := range []struct{ purl, version, fixed, want string }{
		{"pkg:deb/debian/a", "8.2-1", "2:8.1-1", "uncertain"},
		{"pkg:deb/debian/a", "8.0-1", "2:8.1-1", "affected"},
		{"pkg:deb/debian/a?epoch=0", "8.2-1", "2:8.1-1", "affected"},
		{"pkg:deb/debian/a", "8.1", "8.1-2", "uncertain"},
		{"pkg:deb/debian/a", "1:8.1-1", "2:8.1-1", "affected"},
		{"pkg:deb/debian/a", "2:8.2-1", "2:8.1-1", "not affected"},
	} {
		component := rpm("a", c.version, "")
		component.Type, component.PURL = "deb", c.purl
		source := advisories{{ID: "CVE-1", Key: matcher.Key{Type: "deb", Namespace: "rocky", Release: "8", Name: "a"}, Ranges: []matcher.Range{{Fixed: c.fixed}}}}
		if got := verdict(t, matcher.Matcher{Source: source}, component); got != c.want {
			t.Errorf("%s %s, fixed in %s: %s, want %s", c.purl, c.version, c.fixed, got, c.want)
		}
	}
}

// The platform of a gem is not part of its version: https://github.com/google/osv-scanner/issues/2898.
func TestGemPlatform(t *testing.T) {
	source := advisories{{ID: "CVE-1", Key: matcher.Key{Type: "gem", Name: "a"}, Ranges: []matcher.Range{{Fixed: "1.19.3"}}}}
	for version, want := range map[string]int{
		"1.19.3-x86_64-linux-gnu": 0, "1.19.3-java": 0, "1.19.2-java": 1, "1.19.2-x86_64-linux-musl": 1, "1.19.3-rc1": 1, "1.19.3": 0,
	} {
		report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Type: "gem", Name: "a", Version: version}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Matches) != want || want == 1 && (result.Matches[0].Uncertain != "" || result.Matches[0].Fixed != "1.19.3") {
			t.Errorf("%s: %+v", version, result.Matches)
		}
	}
}

// A package of a module's stream, and advisories of this stream, of another one, and of none.
func TestModules(t *testing.T) {
	const (
		installed = "1:1.16.1-1.module+el8.3.0+1+a"
		label     = "nginx:1.16:8030020201124104955:229f0a1c"
		fix       = "1:1.16.1-2.module+el8.4.0+543+b"
	)
	for _, c := range []struct {
		name     string
		module   string // of the advisory
		fixed    string
		packaged analyzer.Component
		want     string
	}{
		{"this stream", "nginx:1.16", fix, rpm("nginx", installed, label), "affected"},
		{"this stream, with its build", "nginx:1.16:9:abc", fix, rpm("nginx", installed, label), "affected"},
		{"this stream, fixed", "nginx:1.16", fix, rpm("nginx", fix, label), "not affected"},
		{"another stream", "nginx:1.20", fix, rpm("nginx", installed, label), "not affected"},
		{"no stream said", "", fix, rpm("nginx", installed, label), "uncertain"},
		{"no stream said, but past the fix", "", fix, rpm("nginx", fix, label), "not affected"},
		{"stream of the package unknown", "", fix, rpm("nginx", installed, ""), "uncertain"},
		{"package of no stream, fix of one", "", fix, rpm("nginx", "1:1.14-1.el8", ""), "uncertain"},
		{"package of no stream, advisory of one", "nginx:1.16", fix, rpm("nginx", "1:1.14-1.el8", ""), "not affected"},
		{"fixed in a later build", "nginx:1.16/", "8040020210000000000", rpm("nginx", installed, label), "affected"},
		{"fixed in this build", "nginx:1.16/", "8030020201124104955", rpm("nginx", installed, label), "not affected"},
		{"build of another stream", "nginx:1.20/", "8040020210000000000", rpm("nginx", installed, label), "not affected"},
		{"build of the package unknown", "nginx:1.16/", "8040020210000000000", rpm("nginx", installed, "nginx:1.16"), "uncertain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := matcher.Key{Type: "rpm", Namespace: "rocky", Release: "8", Name: rpmname.Module(c.module, "nginx")}
			if stream, ok := strings.CutSuffix(c.module, "/"); ok {
				key.Name, _ = rpmname.Stream(stream)
			}
			source := advisories{{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: c.fixed}}}}
			if got := verdict(t, matcher.Matcher{Source: source}, c.packaged); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A package of Oracle Linux, and advisories of one flavour only.
func TestFlavours(t *testing.T) {
	build := func(version, arch string) analyzer.Component {
		c := rpm("openssl", version, "")
		c.Arch = arch
		return c
	}
	for _, c := range []struct {
		name     string
		flavour  string // of the advisory
		fixed    string
		packaged analyzer.Component
		want     string
	}{
		{"ksplice of ksplice", "ksplice", "2:1.1.1g-15.ksplice1.el8", build("2:1.1.1g-11.ksplice1.el8", "x86_64"), "affected"},
		{"ksplice, fixed", "ksplice", "2:1.1.1g-15.ksplice1.el8", build("2:1.1.1g-15.ksplice1.el8", "x86_64"), "not affected"},
		{"plain, fix of ksplice", "ksplice", "2:1.1.1g-15.ksplice1.el8", build("1:1.1.1g-11.el8", "x86_64"), "not affected"},
		{"ksplice, fix of plain", "", "3:1.1.1g-15.el8", build("2:1.1.1g-11.ksplice1.el8", "x86_64"), "not affected"},
		{"fips of fips", "fips", "10:1.8.5-7.el8_6_fips", build("10:1.8.5-6.el8_6_fips", "x86_64"), "affected"},
		{"fips, fix of plain", "", "11:1.8.5-7.el8_6", build("10:1.8.5-6.el8_6_fips", "x86_64"), "not affected"},
		{"this architecture", "aarch64", "1.1.1g-15.el8", build("1.1.1g-11.el8", "aarch64"), "affected"},
		{"another architecture", "aarch64", "1.1.1g-15.el8", build("1.1.1g-11.el8", "x86_64"), "not affected"},
		{"all architectures", "", "1.1.1g-15.el8", build("1.1.1g-11.el8", "x86_64"), "affected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := matcher.Key{Type: "rpm", Namespace: "rocky", Release: "8", Name: rpmname.Flavour(c.flavour, "openssl")}
			source := advisories{{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: c.fixed}}}}
			if got := verdict(t, matcher.Matcher{Source: source}, c.packaged); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A package that has a version of its own, and advisories that name its source package, whose epoch nobody knows.
func TestSourceEpoch(t *testing.T) {
	for _, c := range []struct{ name, of, source, fixed, want string }{
		{"perl-Errno", "0:1.28-421.el8", "5.26.3-421.el8", "4:5.26.3-419.el8", "not affected"},
		{"perl-Errno", "0:1.28-416.el8", "5.26.3-416.el8", "4:5.26.3-419.el8", "affected"},
		{"perl-libs", "4:5.26.3-416.el8", "4:5.26.3-416.el8", "4:5.26.3-419.el8", "affected"},
		{"perl-libs", "4:5.26.3-416.el8", "4:5.26.3-416.el8", "3:5.26.3-419.el8", "not affected"},
	} {
		key := matcher.Key{Type: "rpm", Namespace: "rocky", Release: "8", Name: "perl"}
		source := advisories{{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: c.fixed}}}}
		p := rpm(c.name, c.of, "")
		p.SourcePackage = &analyzer.SourcePackage{Name: "perl", Version: c.source}
		if got := verdict(t, matcher.Matcher{Source: source}, p); got != c.want {
			t.Errorf("%s %s of %s, fixed in %s: %s, want %s", c.name, c.of, c.source, c.fixed, got, c.want)
		}
	}
}
