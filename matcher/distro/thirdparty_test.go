package distro

import "testing"

func TestDebThirdParty(t *testing.T) {
	for _, c := range []struct{ version, maintainer, origin, vendor, want string }{
		{"2.36-9", "GNU Libc Maintainers <debian-glibc@lists.debian.org>", "", "", ""},
		{"1.0-1", "A Person <someone@gmail.com>", "", "", ""},
		{"1.0-1", "A Person <someone@corp.example>", "debian", "", ""},
		{"1.2-3ubuntu1+esm1", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>", "Ubuntu", "", ""},
		{"12.5-1~bpo12+1", "Somebody <x@debian.org>", "", "", ""},
		{"5:20.10.7~3-0~debian-buster", "Docker <support@docker.com>", "", "", "docker.com"},
		{"15.6-1.pgdg120+2", "Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>", "", "", "postgresql.org"},
		{"1.24.0-1~bookworm", "NGINX Packaging <nginx-packaging@f5.com>", "", "", "nginx.org"},
		{"3.11.9-1~ppa1", "A Person <someone@ubuntu.com>", "", "", "launchpad.net"},
		{"528.0.0-0", "Google Cloud CLI Authors <https://code.google.com/p/google-cloud-sdk/>", "", "", "cloud.google.com"},
		{"8.3.0-1+0~20231124.18+debian12~1.gbp2aab9e", "Debian PHP Maintainers <team+pkg-php@tracker.debian.org>", "", "", "sury.org"},
		{"6:7.2.3-1rl1~bookworm1", "Redis Ltd. <redis@redis.io>", "", "", "redis.io"},
		{"1.8.0-1~jammy", "Tools <tools@tools.example>", "", "", "tools.example"},
		{"1.8.0-1+trixie2", "Debian Team <team@lists.debian.org>", "", "", "local"},
		{"1.8.0-1ubuntu0.22.04.1", "A Person <someone@corp.example>", "", "", ""},
		{"2:1.0~buzz-lightyear-1", "A Person <someone@corp.example>", "", "", ""},
		{"1.0", "Jane <jane@tools.example>", "", "Tools, Inc.", "tools.example"},
		{"1.0", "", "", "Tools, Inc.", "tools-inc"},
		{"1.0", "Jane <jane@tools.example>", "Tools Repository", "", "tools-repository"},
		{"1.0", "<root@4f1d0c9a>", "", "", "local"},
		{"1.0", "<root@4f1d0c9a>", "", "none", "local"},
	} {
		if got := DebThirdParty(c.version, c.maintainer, c.origin, c.vendor); got != c.want {
			t.Errorf("DebThirdParty(%q, %q, %q, %q) = %q, want %q", c.version, c.maintainer, c.origin, c.vendor, got, c.want)
		}
	}
}

func TestRPMThirdParty(t *testing.T) {
	for _, c := range []struct{ id, vendor, want string }{
		{"rhel", "Red Hat, Inc.", ""},
		{"rhel", "Red Hat, Inc. <http://bugzilla.redhat.com/bugzilla>", ""},
		{"rhel", "", ""},
		{"rhel", "Fedora Project", "fedora"},
		{"fedora", "Fedora Project", ""},
		{"rocky", "Elastic", "elastic"},
		{"rocky", "Remi's RPM repository <https://rpms.example/>", "remi-s-rpm-repository-https-rpms.example"},
		{"rocky", "Red Hat, Inc.", "rhel"},
		{"centos", "Red Hat, Inc.", ""},
		{"opensuse-leap", "SUSE LLC <https://www.suse.com/>", ""},
		{"opensuse-leap", "obs://build.example/home:someone", "obs-build.example-home-someone"},
		{"anolis", "Somebody", ""},
		{"no such distribution", "Somebody", ""},
	} {
		if got := RPMThirdParty(c.id, c.vendor); got != c.want {
			t.Errorf("RPMThirdParty(%q, %q) = %q, want %q", c.id, c.vendor, got, c.want)
		}
	}
}
