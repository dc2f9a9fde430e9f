package rhel_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/rhel"
)

func TestProducts(t *testing.T) {
	for _, c := range []struct{ cpe, release, lineage string }{
		{"cpe:/o:redhat:enterprise_linux:8::baseos", "8", "8"},
		{"cpe:/o:redhat:rhel:8.3::baseos", "8", "8"},
		{"cpe:/a:redhat:rhel_eus:9.0::appstream", "9", "9/rhel_eus:9.0 9"},
		{"cpe:/o:redhat:rhel_els:6", "6", "6/rhel_els:6 6"},
		{"cpe:/a:redhat:openshift:4.16::el9", "9/openshift:4.16", "9/openshift:4.16 openshift:4.16 9/openshift:4 openshift:4 9/openshift openshift"},
		{"cpe:/a:redhat:jboss_core_services:1", "jboss_core_services:1", "jboss_core_services:1 jboss_core_services"},
		{"cpe:/a:redhat:rhel_software_collections:3::el7", "7", "7"},
		{"cpe:/a:redhat:x:" + strings.Repeat("1.", 99), "x:" + strings.Repeat("1.", 99), "-"},
		{"cpe:/a:other:x:1", "", ""},
		{"cpe:/a:redhat:", "", ""},
		{"cpe:2.3:a:redhat:openshift:4", "", ""},
	} {
		got, ok := rhel.ProductOf(c.cpe)
		if got.Release != c.release || ok != (c.release != "") {
			t.Errorf("%.80s: %q, %v, want %q", c.cpe, got.Release, ok, c.release)
		}
		if !ok {
			continue
		}
		if list := got.Lineage(); strings.Join(list, " ") != c.lineage && c.lineage != "-" || len(list) > 9 {
			t.Errorf("%.80s: lineage %q, want %q", c.cpe, list, c.lineage)
		}
	}
}

func TestReleases(t *testing.T) {
	for _, c := range []struct {
		release, on, minor string
		layered            bool
	}{
		{"9", "9", "", false},
		{"9/rhel_eus:9.2", "9", "9.2", true},
		{"7/rhel_els:7", "7", "", true},
		{"9/openshift:4.16", "9", "", true},
		{"openshift:4.16", "", "", true},
	} {
		if on, minor, layered := rhel.On(c.release), rhel.MinorOf(c.release), rhel.Layered(c.release); on != c.on || minor != c.minor || layered != c.layered {
			t.Errorf("%s: %q, %q, %v", c.release, on, minor, layered)
		}
	}
}
