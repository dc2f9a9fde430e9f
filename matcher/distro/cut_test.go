package distro_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher/distro"
)

func TestCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"debian-12", "debian 12"},
		{"debian-bullseye", "debian bullseye"},
		{"debian11", "debian 11"},
		{"Debian GNU/Linux 12 (bookworm)", "debian 12 (bookworm)"},
		{"ubuntu-mantic", "ubuntu mantic"},
		{"ubuntu:22.04", "ubuntu 22.04"},
		{"rocky-linux-8.6", "rocky 8.6"},
		{"red-hat-enterprise-linux-8", "rhel 8"},
		{"redhat-8.6", "rhel 8.6"},
		{"oraclelinux-8", "ol 8"},
		{"ol8", "ol 8"},
		{"amazon-2 (Karoo)", "amzn 2 (Karoo)"},
		{"amazon-AMI release 2018.03", "amzn release 2018.03"},
		{"amzn2", "amzn 2"},
		{"openeuler-22.03-LTS-SP1", "openEuler 22.03-LTS-SP1"},
		{"SUSE Linux Enterprise Server 15 SP5", "sles 15 SP5"},
		{"sles-15-sp5", "sles 15-sp5"},
		{"opensuse-leap-15.5", "opensuse-leap 15.5"},
		{"opensuse-tumbleweed-20240101", "opensuse-tumbleweed 20240101"},
		{"cbl-mariner-2.0", "mariner 2.0"},
		{"centos-stream-9", "centos-stream 9"},
		{"alpine-v3.18", "alpine v3.18"},
		{"wolfi", "wolfi "},
		{"bookworm", ""},
		{"12", ""},
		{"some-12", ""},
		{"", ""},
		{"-", ""},
		{"debian-" + strings.Repeat("1", 200), ""},
	} {
		got := ""
		if id, version, ok := distro.Cut(c.text); ok {
			got = id + " " + version
		}
		if got != c.want {
			t.Errorf("Cut(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
