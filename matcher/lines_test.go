package matcher_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestLines matches packages of which one release of a distribution has several lines of versions. An advisory about one line says
// nothing about another: the installed version decides, or the match is uncertain.
func TestLines(t *testing.T) {
	euler := &analyzer.Distro{ID: "openEuler", VersionID: "22.03", Name: "openEuler 22.03 (LTS-SP1)"}
	older := &analyzer.Distro{ID: "openEuler", VersionID: "20.03", Name: "openEuler 20.03 (LTS-SP1)"}
	rocky, rocky10 := &analyzer.Distro{ID: "rocky", VersionID: "9.4"}, &analyzer.Distro{ID: "rocky", VersionID: "10.1"}
	amazon := &analyzer.Distro{ID: "amzn", VersionID: "2"}
	debian := &analyzer.Distro{ID: "debian", VersionID: "12"}
	suse := &analyzer.Distro{ID: "sles", VersionID: "12.3"}
	ubuntu := &analyzer.Distro{ID: "ubuntu", VersionID: "24.04"}
	jammy := &analyzer.Distro{ID: "ubuntu", VersionID: "22.04"}
	buster := &analyzer.Distro{ID: "debian", VersionID: "10"}
	fixed := func(versions ...string) (list []matcher.Range) {
		for _, v := range versions {
			list = append(list, matcher.Range{Fixed: v})
		}
		return list
	}
	for _, c := range []struct {
		what            string
		distro          *analyzer.Distro
		name, version   string
		source, sources string // source package and its version, or ""
		advisory        matcher.Advisory
		want            string // "affected", "uncertain" or ""
	}{
		{"the own service pack's fix is above", euler, "curl", "7.79.1-12.oe2203sp1", "", "",
			matcher.Advisory{Ranges: fixed("7.79.1-15.oe2203sp1", "7.79.1-20.oe2203sp2")}, "affected"},
		{"the own service pack's fix is installed", euler, "curl", "7.79.1-15.oe2203sp1", "", "",
			matcher.Advisory{Ranges: fixed("7.79.1-20.oe2203sp2", "7.79.1-15.oe2203sp1")}, ""},
		{"another service pack's fix is above", euler, "curl", "7.79.1-15.oe2203sp1", "", "",
			matcher.Advisory{Ranges: fixed("7.79.1-20.oe2203sp2")}, "uncertain"},
		{"another service pack's fix is below", euler, "curl", "7.79.1-25.oe2203sp1", "", "",
			matcher.Advisory{Ranges: fixed("7.79.1-20.oe2203sp2")}, ""},
		{"a rebuild without a mark", euler, "curl", "7.79.1-15", "", "",
			matcher.Advisory{Ranges: fixed("7.79.1-20.oe2203sp2")}, "affected"},
		{"service packs that share a mark", older, "curl", "7.71.1-9.oe1", "", "",
			matcher.Advisory{Ranges: fixed("7.71.1-10.oe1")}, "affected"},

		{"EPEL on a rebuild of RHEL", rocky, "htop", "3.3.0-3.el9", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "epel", Release: "9"}, Ranges: fixed("3.3.0-5.el9")}, "affected"},
		{"EPEL's package, fixed", rocky, "htop", "3.3.0-5.el9", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "epel", Release: "9"}, Ranges: fixed("3.3.0-5.el9")}, ""},
		{"EPEL's package, an advisory of the distribution", rocky, "htop", "3.3.0-3.el9", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "rocky", Release: "9"}, Ranges: fixed("3.3.0-5.el9")}, ""},
		{"EPEL 10, the own minor release", rocky10, "htop", "3.3.0-3.el10_1", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "epel", Release: "10"}, Ranges: fixed("3.3.0-5.el10_0", "3.3.0-5.el10_1")}, "affected"},
		{"EPEL 10, another minor release", rocky10, "htop", "3.3.0-5.el10_0", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "epel", Release: "10"}, Ranges: fixed("3.3.0-5.el10_0", "3.3.0-5.el10_1")}, ""},
		{"EPEL 10, a fix of another minor release", rocky10, "htop", "3.3.0-5.el10_0", "", "",
			matcher.Advisory{Key: matcher.Key{Namespace: "epel", Release: "10"}, Ranges: fixed("3.3.0-5.el10_1")}, "uncertain"},

		// https://github.com/anchore/grype-db/pull/149
		{"an extra's line", amazon, "kernel", "5.10.205-195.807.amzn2", "", "",
			matcher.Advisory{Reason: "ALAS2KERNEL-5.10-2024-049", Ranges: []matcher.Range{{Introduced: "5.10", Fixed: "5.10.209-198.812.amzn2"}}}, "affected"},
		{"a version below an extra's line", amazon, "kernel", "4.14.336-257.562.amzn2", "", "",
			matcher.Advisory{Reason: "ALAS2KERNEL-5.10-2024-049", Ranges: []matcher.Range{{Introduced: "5.10", Fixed: "5.10.209-198.812.amzn2"}}}, ""},
		{"an extra without a number, a version like its own", amazon, "docker", "20.10.7-3.amzn2", "", "",
			matcher.Advisory{Reason: "ALAS2DOCKER-2022-020", Ranges: fixed("20.10.13-2.amzn2")}, "affected"},
		{"an extra without a number, a version of another line", amazon, "libreoffice", "1:5.3.6.1-21.amzn2", "", "",
			matcher.Advisory{Reason: "ALAS2LIBREOFFICE-2021-001", Ranges: fixed("1:6.4.7.2-5.amzn2")}, "uncertain"},
		{"the core repository", amazon, "libreoffice", "1:5.3.6.1-21.amzn2", "", "",
			matcher.Advisory{Reason: "ALAS2-2021-1701", Ranges: fixed("1:6.4.7.2-5.amzn2")}, "affected"},
		{"NVIDIA's repository", amazon, "nvidia-container-toolkit", "1.13.5-1", "", "",
			matcher.Advisory{Reason: "ALAS2023NVIDIA-2025-003", Ranges: fixed("1.17.8-1")}, "affected"},

		// https://github.com/future-architect/vuls/issues/2024
		{"SUSE's kernel for Teradata, and the fix of the others", suse, "kernel-default", "4.4.140-96.126.TDC.1", "", "",
			matcher.Advisory{Ranges: fixed("4.4.180-94.156.1")}, ""},
		{"SUSE's kernel for Teradata", suse, "kernel-default", "4.4.140-96.90.TDC.1", "", "",
			matcher.Advisory{Key: matcher.Key{Name: "teradata/kernel-default"}, Ranges: fixed("4.4.140-96.97.TDC.1")}, "affected"},

		{"Debian's signed kernel", debian, "linux-image-6.1.0-18-amd64", "6.1.76-1", "linux-signed-amd64", "6.1.76+1",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}, Ranges: fixed("6.1.82-1")}, "affected"},
		{"Debian's signed kernel, fixed", debian, "linux-image-6.1.0-18-amd64", "6.1.82-1", "linux-signed-amd64", "6.1.82+1",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}, Ranges: fixed("6.1.82-1")}, ""},
		{"Debian's signed kernel of a newer line", debian, "linux-image-6.1.0-0.deb11.17-amd64", "6.1.69-1~deb11u1", "linux-signed-6.1-amd64", "6.1.69+1~deb11u1",
			matcher.Advisory{Key: matcher.Key{Name: "linux-6.1"}, Ranges: fixed("6.1.76-1~deb11u1")}, "affected"},
		{"a backport of a signed kernel", debian, "linux-image-6.12.9+bpo-amd64", "6.12.9-1~bpo12+1", "linux-signed-amd64", "6.12.9+1~bpo12+1",
			matcher.Advisory{Key: matcher.Key{Name: "linux", Release: "13"}, Ranges: fixed("6.12.10-1")}, "affected"},
		{"Ubuntu's signed kernel of a flavour", ubuntu, "linux-image-6.8.0-1008-aws", "6.8.0-1008.8", "linux-signed-aws", "6.8.0-1008.8",
			matcher.Advisory{Key: matcher.Key{Name: "linux-aws"}, Ranges: fixed("6.8.0-1009.9")}, "affected"},
		// https://github.com/wazuh/wazuh/issues/27591, 31587 and 39056
		{"Ubuntu's newer kernel, fixed", jammy, "linux-image-6.8.0-51-generic", "6.8.0-51.52~22.04.1", "linux-signed-hwe-6.8", "6.8.0-51.52~22.04.1",
			matcher.Advisory{Key: matcher.Key{Name: "linux-hwe-6.8"}, Ranges: fixed("6.8.0-40.40~22.04.3")}, ""},
		{"Ubuntu's newer kernel", jammy, "linux-image-6.8.0-39-generic", "6.8.0-39.39~22.04.1", "linux-signed-hwe-6.8", "6.8.0-39.39~22.04.1",
			matcher.Advisory{Key: matcher.Key{Name: "linux-hwe-6.8"}, Ranges: fixed("6.8.0-40.40~22.04.3")}, "affected"},
		{"Ubuntu's newer kernel, and the release's own", jammy, "linux-image-6.8.0-51-generic", "6.8.0-51.52~22.04.1", "linux-signed-hwe-6.8", "6.8.0-51.52~22.04.1",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}}, ""},
		{"modules of Ubuntu's newer kernel", jammy, "linux-modules-6.8.0-39-generic", "6.8.0-39.39~22.04.1", "linux-hwe-6.8", "6.8.0-39.39~22.04.1",
			matcher.Advisory{Key: matcher.Key{Name: "linux-hwe-6.8"}, Ranges: fixed("6.8.0-40.40~22.04.3")}, "affected"},
		// The packages of linux-meta have no code. Their versions have another form: 6.8.0.39.39 is above 6.8.0-40.40.
		{"Ubuntu's meta package", jammy, "linux-image-generic", "5.15.0.101.98", "linux-meta", "5.15.0.101.98",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}, Ranges: fixed("5.15.0-102.112")}, ""},
		{"Ubuntu's FIPS kernel, and the release's own", jammy, "linux-image-5.15.0-73-fips", "5.15.0-73.80+fips1", "linux-signed-fips", "5.15.0-73.80+fips1",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}, Ranges: fixed("5.15.0-75.82")}, ""},

		{"Debian's LTS", buster, "openssl", "1.1.1n-0+deb10u3", "", "", matcher.Advisory{Ranges: fixed("1.1.1n-0+deb10u6")}, "affected"},
		{"a build of Debian's ELTS, after the last fix of LTS", buster, "openssl", "1.1.1n-0+deb10u7", "", "", matcher.Advisory{Ranges: fixed("1.1.1n-0+deb10u6")}, ""},
		{"Debian's newer kernel in LTS, and the release's own", buster, "linux-image-5.10-amd64", "5.10.216-1~deb10u1", "linux-5.10", "5.10.216-1~deb10u1",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}}, ""},
		{"Debian's newer kernel in LTS", buster, "linux-image-5.10.0-0.deb10.29-amd64", "5.10.216-1~deb10u1", "linux-signed-5.10-amd64", "5.10.216+1~deb10u1",
			matcher.Advisory{Key: matcher.Key{Name: "linux-5.10"}, Ranges: fixed("5.10.218-1~deb10u1")}, "affected"},

		{"another flavour of Ubuntu's kernel", ubuntu, "linux-image-6.8.0-1008-aws", "6.8.0-1008.8", "linux-signed-aws", "6.8.0-1008.8",
			matcher.Advisory{Key: matcher.Key{Name: "linux"}, Ranges: fixed("6.8.0-2000.1")}, ""},

		// https://github.com/wazuh/wazuh/issues/36985
		{"a backport, fixed where it comes from", debian, "curl", "8.14.1-2~bpo12+1", "", "",
			matcher.Advisory{Key: matcher.Key{Release: "13"}, Ranges: fixed("8.14.1-2")}, ""},
		{"a backport, not fixed where it comes from", debian, "curl", "8.14.1-1~bpo12+1", "", "",
			matcher.Advisory{Key: matcher.Key{Release: "13"}, Ranges: fixed("8.14.1-2")}, "affected"},
		{"a backport, and its release's own package", debian, "curl", "8.14.1-2~bpo12+1", "", "",
			matcher.Advisory{Key: matcher.Key{Release: "12"}}, ""},
		{"a security update", debian, "curl", "7.88.1-10+deb12u4", "", "",
			matcher.Advisory{Ranges: fixed("7.88.1-10+deb12u5")}, "affected"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := analyzer.Package{Type: "rpm", Namespace: c.distro.ID, Name: c.name, Version: c.version, System: true, Arch: "x86_64"}
			if c.distro.ID == "debian" || c.distro.ID == "ubuntu" {
				p.Type = "deb"
			}
			if c.source != "" {
				p.SourcePackage = &analyzer.SourcePackage{Name: c.source, Version: c.sources}
			}
			report := &analyzer.Report{Distro: c.distro, Components: []analyzer.Component{{ID: "a", Package: p}}}
			a := c.advisory
			a.ID = "CVE-1"
			key := matcher.EcosystemOf(&analyzer.Component{Package: analyzer.Package{Type: p.Type, Namespace: p.Namespace, Version: "1", System: true}}, c.distro)
			key.Name = c.name
			if a.Key.Name != "" {
				key.Name = a.Key.Name
			}
			if a.Key.Release != "" {
				key.Release = a.Key.Release
			}
			if strings.HasPrefix(c.what, "EPEL") {
				report.Components[0].Namespace, key.Namespace = "fedora", a.Key.Namespace
			}
			a.Key = key
			result, err := matcher.Matcher{Source: advisories{a}}.Match(t.Context(), report)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, m := range result.Matches {
				if got = "affected"; m.Uncertain != "" {
					got = "uncertain"
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestBackportCoverage expects the row of the release that a backport comes from, so that a gate sees if there is no data.
func TestBackportCoverage(t *testing.T) {
	for version, want := range map[string]string{
		"1-1": "12", "1-1~bpo12+1": "13", "1-1~bpo11+2": "12", "1-1~bpo70+1": "8", "1-1~bpo": "12", "1-1~bpox": "12",
		"1-1~bpo99999999999999999999+1": "12",
	} {
		c := &analyzer.Component{Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "a", Version: version, System: true}}
		if got := matcher.EcosystemOf(c, &analyzer.Distro{ID: "debian", VersionID: "12"}).Release; got != want {
			t.Errorf("%s: release %s, want %s", version, got, want)
		}
	}
}
