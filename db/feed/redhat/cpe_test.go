package redhat

import "testing"

func TestPlatform(t *testing.T) {
	for cpe, want := range map[string]string{
		"cpe:/o:redhat:enterprise_linux:8::baseos": "8", "cpe:/a:redhat:rhel_eus:9.0::appstream": "9", "cpe:/o:redhat:rhel_els:6": "6",
		"cpe:/a:redhat:openshift:4.16::el9": "9/openshift:4.16", "cpe:/a:redhat:jboss_core_services:1": "jboss_core_services:1",
		"cpe:/a:redhat:rhel_software_collections:3::el7": "7", "cpe:/a:other:x:1": "",
	} {
		if got, ok := platformOf(cpe); got.release != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", cpe, got.release, ok, want)
		}
	}
}
