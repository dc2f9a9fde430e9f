package matcher_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// An image of Linux Mint gets Ubuntu's advisories from a Matcher that has only a Source, and feeds are asked for them.
func TestLinuxMint(t *testing.T) {
	root := fstest.MapFS{
		"etc/os-release": {Data: []byte("ID=linuxmint\nVERSION_ID=\"21.3\"\nPRETTY_NAME=\"Linux Mint 21.3\"\n")},
		"var/lib/dpkg/status": {Data: []byte("Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n" +
			"Version: 3.0.2-0ubuntu1.10\nMaintainer: Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>\n\n")},
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), osrelease.New()}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	ubuntu := matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "22.04"}
	advisory := matcher.Advisory{ID: "CVE-1", Key: ubuntu, Ranges: []matcher.Range{{Fixed: "3.0.2-0ubuntu1.12"}}}
	advisory.Key.Name = "openssl"
	result, err := matcher.Matcher{Source: advisories{advisory}}.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Matches) != 1 || result.Matches[0].ID != "CVE-1" {
		t.Errorf("matches %+v, want one of CVE-1", result.Matches)
	}
	if list := feed.Ecosystems(report); len(list) != 1 || list[0] != ubuntu {
		t.Errorf("feeds are asked for %+v, want %+v", list, ubuntu)
	}
}

// A derivative rebuilds its base's packages under versions with marks of its own, which sort before or after those of the base.
func TestRebuilds(t *testing.T) {
	for _, c := range []struct{ purlType, id, release, version, fixed, want string }{
		{"rpm", "centos", "7", "2.4.6-97.el7.centos.5", "0:2.4.6-97.el7_9.5", ""},
		{"rpm", "centos", "7", "2.4.6-97.el7.centos.6", "0:2.4.6-97.el7_9.5", ""},
		{"rpm", "centos", "7", "2.4.6-97.el7.centos.4", "0:2.4.6-97.el7_9.5", "affected"},
		{"rpm", "centos", "7", "2.4.6-97.el7.centos", "0:2.4.6-97.el7_9.5", "affected"},
		{"rpm", "centos", "7", "2.4.6-98.el7.centos", "0:2.4.6-97.el7_9.5", ""},
		{"rpm", "centos", "7", "2.4.6-97.el7_8.6", "0:2.4.6-97.el7_9.5", "affected"},
		{"rpm", "scientific", "7", "2.4.6-97.sl7.5", "0:2.4.6-97.el7_9.5", ""},
		{"deb", "raspbian", "11", "1.2-3+rpi1", "1.2-3+deb11u1", "uncertain"},
		{"deb", "raspbian", "11", "1.2-3+rpi1+deb11u1", "1.2-3+deb11u1", ""},
		{"deb", "raspbian", "11", "1.2-2+rpi1", "1.2-3", "affected"},
		{"deb", "devuan", "5", "1.2-3+devuan1", "1.2-3+deb12u1", "uncertain"},
	} {
		system := analyzer.Distro{ID: c.id, VersionID: c.release}
		component := analyzer.Component{ID: "a", Package: analyzer.Package{Type: c.purlType, Namespace: c.id, Name: "a", Version: c.version, System: true}}
		report := &analyzer.Report{Distro: &system, Components: []analyzer.Component{component}}
		key := matcher.EcosystemOf(&component, &system)
		key.Name = "a"
		source := advisories{{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: c.fixed}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
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
			t.Errorf("%s of %s before %s: %q, want %q", c.version, c.id, c.fixed, got, c.want)
		}
	}
}

// Packages of every derivative belong to the ecosystem of its base, whoever asks.
func TestDerivatives(t *testing.T) {
	for _, c := range []struct{ purlType, id, version, name, want string }{
		{"rpm", "centos", "7", "CentOS Linux 7 (Core)", "rhel 7"},
		{"rpm", "centos", "9", "CentOS Stream 9", "centos 9"},
		{"rpm", "scientific", "7.9", "Scientific Linux 7.9 (Nitrogen)", "rhel 7"},
		{"rpm", "opensuse", "42.3", "openSUSE Leap 42.3", "opensuse-leap 42.3"},
		{"rpm", "sles_sap", "15.5", "SUSE Linux Enterprise Server for SAP Applications 15 SP5", "sles 15.5"},
		{"rpm", "sle-micro-rancher", "5.4", "SUSE Linux Enterprise Micro for Rancher 5.4", "sle-micro 5.4"},
		{"deb", "devuan", "5", "Devuan GNU/Linux 5 (daedalus)", "debian 12"},
		{"deb", "raspbian", "11", "Raspbian GNU/Linux 11 (bullseye)", "debian 11"},
		{"deb", "kali", "2024.1", "Kali GNU/Linux Rolling", "debian sid"},
		{"deb", "linuxmint", "21.3", "Linux Mint 21.3", "ubuntu 22.04"},
		{"deb", "linuxmint", "6", "LMDE 6 (faye)", "debian 12"},
		{"deb", "elementary", "7.1", "elementary OS 7.1 Horus", "ubuntu 22.04"},
		{"deb", "zorin", "17", "Zorin OS 17.1", "ubuntu 22.04"},
		{"deb", "neon", "22.04", "KDE neon 6.0", "ubuntu 22.04"},
		{"deb", "pop", "22.04", "Pop!_OS 22.04 LTS", "ubuntu 22.04"},
		{"rpm", "rocky", "9.3", "Rocky Linux 9.3 (Blue Onyx)", "rocky 9"}, // which publishes advisories itself
		{"rpm", "openEuler", "22.03", "openEuler 22.03 (LTS-SP2)", "openEuler 22.03"},
		{"rpm", "openeuler", "22.03", "", "openEuler 22.03"}, // of a document
	} {
		d := &analyzer.Distro{ID: c.id, VersionID: c.version, Name: c.name}
		p := analyzer.Component{ID: "1", Package: analyzer.Package{Type: c.purlType, Namespace: c.id, Name: "a", Version: "1", System: true}}
		report := &analyzer.Report{Distro: d, Components: []analyzer.Component{p}}
		key := matcher.EcosystemOf(&p, d)
		if got := key.Namespace + " " + key.Release; got != c.want || key.Type != c.purlType {
			t.Errorf("%s %s belongs to %s %s, want %s", c.id, c.version, key.Type, got, c.want)
			continue
		}
		if list := feed.Ecosystems(report); len(list) != 1 || list[0] != key {
			t.Errorf("%s %s: feeds are asked for %+v, want %+v", c.id, c.version, list, key)
		}
		advisory := matcher.Advisory{ID: "CVE-1", Key: key, Ranges: []matcher.Range{{Fixed: "2"}}}
		advisory.Key.Name = "a"
		far := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		result, err := matcher.Matcher{Source: advisories{advisory}, Now: far}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Matches) != 1 || result.Coverage[0].Release != key.Release {
			t.Errorf("%s %s: %d matches, coverage %+v", c.id, c.version, len(result.Matches), result.Coverage)
		}
		vendor := p
		vendor.Namespace = "vendor.example"
		if key := matcher.EcosystemOf(&vendor, d); !strings.HasPrefix(key.Namespace, "vendor") {
			t.Errorf("%s: a third party's package belongs to %+v", c.id, key)
		}
	}
}
