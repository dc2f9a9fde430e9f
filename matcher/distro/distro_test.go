package distro_test

import (
	"testing"

	"github.com/hullmark/hullmark/matcher/distro"
)

// A name in any spelling finds its distribution.
func TestID(t *testing.T) {
	for name, want := range map[string]string{
		"Debian GNU/Linux": "debian", "Ubuntu": "ubuntu", "Pop!_OS": "pop", "LinuxMint": "linuxmint",
		"rocky-linux": "rocky", "rockylinux": "rocky", "Rocky Linux": "rocky", "alma": "almalinux",
		"oraclelinux": "ol", "OracleServer": "ol", "oracle": "ol", "oracle:linux": "ol",
		"redhat": "rhel", "Red Hat": "rhel", "RedHatEnterpriseServer": "rhel", "redhat:enterprise_linux": "rhel",
		"amazon": "amzn", "amazonlinux": "amzn", "amazon:amazon_linux": "amzn",
		"openEuler": "openEuler", "openeuler": "openEuler", "OPENEULER": "openEuler",
		"suse": "sles", "SUSE LINUX": "sles", "suse linux enterprise server": "sles", "suse linux enterprise micro": "sle-micro",
		"opensuse.leap": "opensuse-leap", "opensuse leap": "opensuse-leap", "opensuse.tumbleweed": "opensuse-tumbleweed",
		"cbl-mariner": "mariner", "Azure Linux": "azurelinux", "Photon OS": "photon", "archlinux": "arch", "centos:linux": "centos",
		"Wolfi": "wolfi", "Some Linux": "somelinux", "": "",
	} {
		if got := distro.ID(name); got != want {
			t.Errorf("ID(%q) = %q, want %q", name, got, want)
		}
	}
	if d, ok := distro.Lookup("Red Hat"); !ok || d.ID != "rhel" || d.Type != "rpm" {
		t.Errorf("Lookup: %s %s, %v", d.ID, d.Type, ok)
	}
	if d, ok := distro.Lookup("!"); ok {
		t.Errorf("Lookup of punctuation found %s", d.ID)
	}
}

func TestTitled(t *testing.T) {
	for _, c := range []struct{ line, id, rest string }{
		{"CentOS Linux release 7.9.2009 (Core)", "centos", " Linux release 7.9.2009 (Core)"},
		{"Enterprise Linux Enterprise Linux Server release 5.11", "ol", " Server release 5.11"},
		{"Red Hat Linux release 9 (Shrike)", "", "Red Hat Linux release 9 (Shrike)"},
		{"VMware Photon OS 4.0", "photon", " OS 4.0"},
		{"", "", ""},
	} {
		d, rest, ok := distro.Titled(c.line)
		if d.ID != c.id || rest != c.rest || ok != (c.id != "") {
			t.Errorf("Titled(%q) = %q, %q, %v", c.line, d.ID, rest, ok)
		}
	}
}

func TestReleaseOf(t *testing.T) {
	for _, c := range []struct{ id, version, codename, want string }{
		{"debian", "12", "bookworm", "12"},
		{"debian", "", "jessie", "8"},
		{"debian", "", "sid", "sid"},
		{"debian", "12.5", "", "12"},
		{"debian", "", "someday", "someday"},
		{"debian", "", "unstable", "sid"},
		{"debian", "3.1", "", "3.1"},
		{"raspbian", "11", "bullseye", "11"},
		{"ubuntu", "22.04", "jammy", "22.04"},
		{"ubuntu", "", "jammy", "22.04"},
		{"Rocky Linux", "9.3", "", "9"},
		{"sles", "15.9", "", "15.9"},
		{"elementary", "0.4.1", "", "0.4"},
		{"elementary", "8.0", "", "8"},
		{"unheard-of", "1.2", "", "1"},
		{"amzn", "2018.03", "", "2018"},
		{"alpine", "3.19.1", "", "3.19"},
		{"alpine", "v3.19", "", "3.19"},
		{"alpine", "3.22_alpha20250108", "", "edge"},
		{"alpine", "edge", "", "edge"},
		{"rocky", "9.3", "", "9"},
		{"rhel", "8.10", "Ootpa", "8"},
		{"amzn", "2023", "", "2023"},
		{"arch", "", "", ""},
		{"wolfi", "20230201", "", ""},
		{"openeuler", "22.03", "", "22.03"},
		{"openEuler", "22.03 (LTS-SP1)", "", "22.03"},
		{"openEuler", "22.03-LTS-SP1", "", "22.03"},
		{"amazon", "2 (Karoo)", "", "2"},
		{"amazon", "AMI release 2018.03", "", "2018"},
		{"rocky", "8.5 (Green Obsidian)", "", "8"},
		{"debian", "11 (bullseye)", "", "11"},
		{"debian", "trixie/sid", "", "13"},
		{"debian", "BOOKWORM", "", "12"},
		{"ubuntu", "Mantic Minotaur", "", "23.10"},
		{"ubuntu", "22.04.3 LTS (Jammy Jellyfish)", "", "22.04.3"},
		{"ubuntu", "22.04-LTS", "", "22.04"},
		{"sles", "15-SP5", "", "15.5"},
		{"sles", "15 SP5-LTSS", "", "15.5"},
		{"sles", "15.5", "", "15.5"},
		{"sles", "15 SP", "", "15"},
		{"centos", "8-stream", "", "8"},
		{"alpine", " v3.19 ", "", "3.19"},
		{"alpine", "   ", "3.18", "3.18"},
		{"", "1", "", ""},
	} {
		if got := distro.ReleaseOf(c.id, c.version, c.codename); got != c.want {
			t.Errorf("ReleaseOf(%q, %q, %q) = %q, want %q", c.id, c.version, c.codename, got, c.want)
		}
	}
}

func TestBaseOf(t *testing.T) {
	for _, c := range []struct{ id, version, codename, name, want string }{
		{"centos", "7", "", "CentOS Linux 7 (Core)", "rhel 7"},
		{"centos", "9", "", "CentOS Stream 9", ""},
		{"scientific", "7.9", "", "", "rhel 7"},
		{"raspbian", "11", "", "", "debian 11"},
		{"raspbian", "", "bookworm", "", "debian 12"},
		{"raspbian", "", "", "", ""},
		{"devuan", "5", "", "", "debian 12"},
		{"devuan", "", "excalibur", "", "debian 13"},
		{"kali", "2024.1", "kali-rolling", "", "debian sid"},
		{"linuxmint", "21.3", "virginia", "Linux Mint 21.3", "ubuntu 22.04"},
		{"linuxmint", "6", "faye", "LMDE 6 (faye)", "debian 12"},
		{"linuxmint", "99", "", "", ""},
		{"elementary", "0.4.1", "", "", "ubuntu 16.04"},
		{"elementary", "7.1", "", "", "ubuntu 22.04"},
		{"zorin", "17", "", "", "ubuntu 22.04"},
		{"neon", "22.04", "", "", "ubuntu 22.04"},
		{"pop", "22.04", "jammy", "", "ubuntu 22.04"},
		{"opensuse", "42.3", "", "", "opensuse-leap 42.3"},
		{"opensuse", "13.1", "", "", ""},
		{"sles_sap", "15.5", "", "", "sles 15.5"},
		{"sle-micro-rancher", "5.4", "", "", "sle-micro 5.4"},
		{"amzn", "2", "", "", ""},
		{"debian", "12", "", "", ""},
		{"unheard-of", "1", "", "", ""},
	} {
		got := ""
		if base, release, ok := distro.BaseOf(c.id, c.version, c.codename, c.name); ok {
			got = base + " " + release
		}
		if got != c.want {
			t.Errorf("BaseOf(%s %s) = %q, want %q", c.id, c.version, got, c.want)
		}
	}
}
