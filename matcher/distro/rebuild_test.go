package distro_test

import (
	"testing"

	"github.com/hullmark/hullmark/matcher/distro"
)

func TestRebuilt(t *testing.T) {
	for _, c := range []struct{ id, version, bound, want string }{
		{"centos", "2.4.6-97.el7.centos.5", "97.el7_9.5", "2.4.6-97.el7.5 97.el7.5"},
		{"centos", "2.4.6-97.el7_9.centos.5", "97.el7_9.5", "2.4.6-97.el7_9.5 97.el7_9.5"},
		{"centos", "2.4.6-97.el7_8.3", "97.el7_9.2", ""},
		{"centos", "2.4.6-97.el7.centos", "98.el7", "2.4.6-97.el7 98.el7"},
		{"scientific", "2.4.6-97.sl7.5", "97.el7_9.5", "2.4.6-97.el7.5 97.el7.5"},
		{"scientific", "2.4.6-97.sl7_9.5", "97.el7_9.5", "2.4.6-97.el7_9.5 97.el7_9.5"},
		{"raspbian", "1.2-3+rpi1", "1.2-3+deb11u1", "1.2-3 1.2-3+deb11u1"},
		{"raspbian", "1.2-3+rpi1+deb11u1", "1", "1.2-3+deb11u1 1"},
		{"devuan", "1.2-3+devuan2", "1", "1.2-3 1"},
		{"kali", "1.2-3kali1", "1", "1.2-3 1"},
		{"linuxmint", "1.2-3ubuntu1.1", "1", ""},
		{"pop", "1.2-3ubuntu1pop1", "1", "1.2-3ubuntu1 1"},
		{"sles_sap", "1.2-150500.3", "1", ""},
		{"rhel", "2.4.6-97.el7.centos.5", "1", ""},
		{"debian", "1.2-3", "1", ""},
		{"somelinux", "1.2-3", "1", ""},
	} {
		got := ""
		if v, b, ok := distro.Rebuilt(c.id, c.version, c.bound); ok {
			got = v + " " + b
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.id, c.version, got, c.want)
		}
	}
}
