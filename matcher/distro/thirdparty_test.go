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
