package all_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// TestMatch matches packages as the analyzers give them, of distributions as os-release(5) of their images names them, against
// what publishers say: keys, releases, sources, modules, flavours, architectures and epochs must meet.
func TestMatch(t *testing.T) {
	dir := corpus.Dir(t)
	type pkg struct {
		spec string // "[source] name version [arch] [rpmmod=...]"
		want string // "CVE is in", "CVE is out", "CVE is uncertain", separated by ", "; with a fix, "CVE is in, fixed in 1.2"
	}
	for _, tt := range []struct {
		feed, sample string
		distro       analyzer.Distro
		typ          string
		packages     []pkg
	}{
		{"alpine", "alpine/secdb-yaml-2020-06-08", analyzer.Distro{ID: "alpine", VersionID: "3.10.3"}, "apk", []pkg{
			{"busybox ssl_client 1.30.1-r1", "CVE-2019-5747 in 1.30.1-r2"},
			{"busybox busybox 1.30.1-r2", "CVE-2019-5747 out"},
		}},
		{"wolfi", "apk-secdb-vendors/vunnel/wolfi/test-fixtures/input/secdb/security.json", analyzer.Distro{ID: "wolfi", VersionID: "20230201"}, "apk", []pkg{
			{"curl libcurl-openssl4 7.85.0-r0", "CVE-2022-42916 in 7.86.0-r0"},
			{"coreutils coreutils 9.1-r0", "CVE-2016-2781 out"},
		}},
		{"amazon", "amazon/updateinfo/updateinfo_1_item.xml.gz", analyzer.Distro{ID: "amzn", VersionID: "2"}, "rpm", []pkg{
			{"kernel kernel 4.9.70-1.amzn2 x86_64", "CVE-2017-5754 in 0:4.9.76-38.79.amzn2"},
			{"kernel kernel 4.9.76-38.79.amzn2 x86_64", "CVE-2017-5754 out"},
		}},
		{"amazon", "amazon/updateinfo/updateinfo_AL2023.xml.gz", analyzer.Distro{ID: "amzn", VersionID: "2023"}, "rpm", []pkg{
			{"rsyslog rsyslog 8.2204.0-1.amzn2023.0.1 x86_64", "CVE-2022-24903 in 0:8.2204.0-3.amzn2023.0.2"},
		}},
		{"rocky", "rocky/updateinfo/updateinfo.xml", analyzer.Distro{ID: "rocky", VersionID: "8.5"}, "rpm", []pkg{
			{"lz4 lz4-libs 1.8.3-2.el8 x86_64", "CVE-2021-3520 in 0:1.8.3-3.el8_4"},
			{"lz4 lz4 1.8.3-3.el8_4 x86_64", "CVE-2021-3520 out"},
			{"rubygem-bson rubygem-bson 4.3.0-1.module+el8.1.0+1+a x86_64 rpmmod=ruby:2.6:8010020:1a", "CVE-2019-8324 in 0:4.3.0-2.module+el8.4.0+592+03ff458a"},
			{"rubygem-bson rubygem-bson 4.3.0-1.module+el8.1.0+1+a x86_64 rpmmod=ruby:2.5:8010020:1a", "CVE-2019-8324 out"},
		}},
		{"oracle", "oracle/vunnel-fixtures/mock_ksplice_data", analyzer.Distro{ID: "ol", VersionID: "8.3"}, "rpm", []pkg{
			{"openssl openssl-libs 2:1.1.1g-11.ksplice1.el8 x86_64", "CVE-2021-3449 in 2:1.1.1g-15.ksplice1.el8_3"},
			{"openssl openssl-libs 1:1.1.1g-11.el8 x86_64", "CVE-2021-3449 out"},
		}},
		{"oracle", "oracle/vunnel-fixtures/mock_per_arch_data", analyzer.Distro{ID: "ol", VersionID: "7.9"}, "rpm", []pkg{
			{"rsyslog rsyslog 8.24.0-57.0.1.el7_9.3 x86_64", "CVE-2022-24903 out"},
			{"rsyslog rsyslog 8.24.0-57.0.1.el7_9.3 aarch64", "CVE-2022-24903 in 0:8.24.0-57.0.4.el7_9.3"},
			{"rsyslog rsyslog 8.24.0-57.0.1.el7 x86_64", "CVE-2022-24903 in 0:8.24.0-57.0.1.el7_9.3"},
		}},
		{"redhat", "redhat/csaf-vex-claircore/cve-2023-38545.json", analyzer.Distro{ID: "rhel", VersionID: "9.2"}, "rpm", []pkg{
			{"curl libcurl-minimal 7.76.1-23.el9_2.2 x86_64", "CVE-2023-38545 in 7.76.1-23.el9_2.4"},
			{"curl libcurl-minimal 7.76.1-23.el9_2.4 x86_64", "CVE-2023-38545 out"},
			{"curl libcurl-minimal 7.76.1-23.el9_2.9 x86_64", "CVE-2023-38545 out"},
			{"curl libcurl-minimal 7.76.1-26.el9 x86_64", "CVE-2023-38545 in 7.76.1-26.el9_3.2"},
			{"curl curl 7.76.1-14.el9_0.9 x86_64", "CVE-2023-38545 out"},
			{"curl curl 7.76.1-29.el9_4 x86_64", "CVE-2023-38545 out"},
		}},
		{"redhat", "redhat/csaf-vex-claircore/cve-2023-38545.json", analyzer.Distro{ID: "rhel", VersionID: "8.8"}, "rpm", []pkg{
			{"curl curl 7.61.1-30.el8 x86_64", "CVE-2023-38545 out"},
		}},
		{"redhat", "redhat/oval-v1", analyzer.Distro{ID: "rhel", VersionID: "8.1"}, "rpm", []pkg{
			{"nodejs nodejs 1:10.16.3-2.module+el8.0.0+4214+49953fda x86_64 rpmmod=nodejs:12:80:1a", "CVE-2019-16775 in 1:12.14.1-1.module+el8.1.0+5466+30f75629"},
			{"nodejs nodejs 1:10.16.3-2.module+el8.0.0+4214+49953fda x86_64 rpmmod=nodejs:10:80:1a", "CVE-2019-16777 out"},
			{"firefox firefox 60.5.1-1.el8 x86_64", "CVE-2018-18506 in 0:60.6.1-1.el8"},
		}},
		{"suse", "suse/oval/suse_truncated.xml", analyzer.Distro{ID: "sles", VersionID: "15.1"}, "rpm", []pkg{
			{"kernel-default kernel-default 4.12.14-195.1 x86_64", "CVE-2021-29154 in 4.12.14-197.89.2"},
			{"kernel-default kernel-default 4.12.14-197.89.2 x86_64", "CVE-2021-29154 out"},
		}},
		{"suse", "suse/cvrf/cvrf-opensuse-su-2018-1633-1.xml", analyzer.Distro{ID: "opensuse-leap", VersionID: "15.0"}, "rpm", []pkg{
			{"glibc glibc 2.26-lp150.10.1 x86_64", "CVE-2018-11237 in 2.26-lp150.11.3.2"},
		}},
		{"photon", "photon/vunnel-fixtures/cve_data_photon4.0.json", analyzer.Distro{ID: "photon", VersionID: "4.0"}, "rpm", []pkg{
			{"curl curl-libs 7.86.0-1.ph4 x86_64", "CVE-2023-38545 in 7.88.1-4.ph4"},
			{"httpd httpd 2.4.57-1.ph4 x86_64", "CVE-2023-44487 out"},
			{"python3 python3-libs 3.10.11-1.ph4 x86_64", "CVE-2023-50447 in"},
		}},
		{"azurelinux", "azure/azurelinux-3.0-oval.xml.zst", analyzer.Distro{ID: "azurelinux", VersionID: "3.0"}, "rpm", []pkg{
			{"oath-toolkit liboath 2.6.7-2.azl3 x86_64", "CVE-2024-47191 in 0:2.6.7-3.azl3"},
		}},
		{"azurelinux", "azure/vunnel-fixtures", analyzer.Distro{ID: "mariner", VersionID: "2.0"}, "rpm", []pkg{
			{"mysql mysql 8.0.32-1.cm2 x86_64", "CVE-2023-21980 in 0:8.0.33-1.cm2"},
			{"golang golang 1.18.8-1.cm2 x86_64", "CVE-2023-29404 out"},
			{"glibc glibc 2.35-3.cm2 x86_64", "CVE-2023-0687 out"},
		}},
		{"ubuntu", "ubuntu/vunnel-fixtures/osv/cve/2021", analyzer.Distro{ID: "ubuntu", VersionID: "18.04", Codename: "bionic"}, "deb", []pkg{
			{"wayland libwayland-client0 1.16.0-1ubuntu1.1~18.04.3", "CVE-2021-3782 in 1.16.0-1ubuntu1.1~18.04.4"},
		}},
		{"ubuntu", "ubuntu/vunnel-fixtures/osv/cve/2021", analyzer.Distro{ID: "ubuntu", VersionID: "16.04"}, "deb", []pkg{
			{"wayland libwayland-client0 1.12.0-1~ubuntu16.04.3", "CVE-2021-3782 in 1.12.0-1~ubuntu16.04.3+esm1"},
			{"wayland libwayland-client0 1.12.0-1~ubuntu16.04.3+esm1", "CVE-2021-3782 out"},
		}},
		{"bottlerocket", "bottlerocket/updateinfo.xml.gz", analyzer.Distro{ID: "bottlerocket", VersionID: "1.19.2"}, "rpm", []pkg{
			{"glibc glibc 1:2.38-1.br1 x86_64", "CVE-2025-15281 in 1:2.43-1.1773716061.e2e9d7a9.br1"},
		}},
		{"echo", "apk-secdb-vendors/vunnel/echo/test-fixtures/input/echo-advisories/data.json", analyzer.Distro{ID: "echo", VersionID: "1"}, "deb", []pkg{
			{"nginx nginx 1.20.0", "CVE-2021-3618 in 1.21.0"},
		}},
		{"openeuler", "openeuler/cvrf-openEuler-SA-2022-1693.xml", analyzer.Distro{ID: "openEuler", VersionID: "20.03"}, "rpm", []pkg{
			{"python-XStatic-jquery-ui python3-XStatic-jquery-ui 1.12.0-1.oe1 noarch", "CVE-2021-41183 in 1.12.1.1-2.oe1"},
		}},
	} {
		t.Run(tt.feed+" "+tt.distro.ID+" "+tt.distro.VersionID+" "+filepath.Base(tt.sample), func(t *testing.T) {
			feeds := all.Feeds()
			i := slices.IndexFunc(feeds, func(f feed.Feed) bool { return f.Name == tt.feed })
			if i < 0 {
				t.Fatal("no such feed")
			}
			d, _ := feedtest.Build(t, feed.Input{Feed: feeds[i], Location: filepath.Join(dir, "feeds", filepath.FromSlash(tt.sample))})
			for _, p := range tt.packages {
				c := component(tt.typ, tt.distro.ID, p.spec)
				result, err := matcher.Matcher{Source: d}.Match(t.Context(), &analyzer.Report{Distro: &tt.distro, Components: []analyzer.Component{c}})
				if err != nil {
					t.Fatal(err)
				}
				id, rest, _ := strings.Cut(p.want, " ")
				got := "out"
				if i := slices.IndexFunc(result.Matches, func(m matcher.Match) bool { return m.ID == id }); i >= 0 {
					m := result.Matches[i]
					got = strings.TrimSpace("in " + m.Fixed)
					if m.Uncertain != "" {
						got = "uncertain: " + m.Uncertain
					}
				}
				if got != rest {
					t.Errorf("%s: %s is %s, want %s", p.spec, id, got, rest)
				}
				if len(result.Coverage) == 0 || result.Coverage[0].Feed != tt.feed {
					t.Errorf("%s: coverage %+v", p.spec, result.Coverage)
				}
			}
		})
	}
}

// component reads "source name version arch rpmmod=...".
func component(typ, namespace, spec string) analyzer.Component {
	w := strings.Fields(spec)
	c := analyzer.Component{ID: w[1], Package: analyzer.Package{Type: typ, Namespace: namespace, Name: w[1], Version: w[2], System: true}}
	c.SourcePackage = &analyzer.SourcePackage{Name: w[0], Version: w[2]}
	for _, s := range w[3:] {
		if mod, ok := strings.CutPrefix(s, "rpmmod="); ok {
			c.Qualifiers = map[string]string{"rpmmod": mod}
		} else {
			c.Arch = s
		}
	}
	return c
}
