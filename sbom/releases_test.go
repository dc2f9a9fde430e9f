package sbom_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

// TestReleases reads documents about several images, of several releases or distributions. Each package has the ecosystem that it states, also
// after the report is written and read again.
func TestReleases(t *testing.T) {
	pkg := func(purls ...string) string {
		var list []string
		for i, p := range purls {
			list = append(list, fmt.Sprintf(`{"bom-ref": "%d", "type": "library", "name": "x", "purl": "%s"}`, i, p))
		}
		return strings.Join(list, ", ")
	}
	system := func(id, version string) string {
		return `{"type": "operating-system", "name": "` + id + `", "version": "` + version + `"}, `
	}
	for _, c := range []struct{ what, document, want string }{
		{"two releases", pkg("pkg:deb/debian/a@1?distro=debian-11", "pkg:deb/debian/b@1?distro=debian-12", "pkg:deb/debian/c@1?distro=debian-12"),
			"a debian 11, b debian 12, c debian 12"},
		{"two releases, the first is that of the document", system("debian", "11") + pkg("pkg:deb/debian/a@1?distro=debian-11", "pkg:deb/debian/b@1?distro=debian-12", "pkg:deb/debian/c@1"),
			"a debian 11, b debian 12, c debian 11"},
		{"a codename", system("debian", "12") + pkg("pkg:deb/debian/a@1?distro=bullseye", "pkg:deb/debian/b@1?distro=bookworm"), "a debian 11, b debian 12"},
		{"a point release", system("debian", "12") + pkg("pkg:deb/debian/a@1?distro=debian-12.4"), "a debian 12"},
		{"two distributions", pkg("pkg:apk/alpine/a@1-r0?distro=alpine-3.19.1", "pkg:deb/ubuntu/b@1?distro=ubuntu-24.04", "pkg:deb/ubuntu/c@1?distro=ubuntu-24.04"),
			"a alpine 3.19, b ubuntu 24.04, c ubuntu 24.04"},
		{"github.com/aquasecurity/trivy/issues/6482: a cluster's nodes", system("bottlerocket", "1.19.2") + system("ubuntu", "22.04") + pkg("pkg:deb/ubuntu/a@1?distro=ubuntu-22.04", "pkg:deb/ubuntu/b@1"),
			"a ubuntu 22.04, b ubuntu 22.04"},
		{"two distributions, stated as operating systems", system("alpine", "3.19.1") + system("ubuntu", "24.04") + pkg("pkg:apk/alpine/a@1-r0", "pkg:deb/ubuntu/b@1"),
			"a alpine 3.19, b ubuntu 24.04"},
		{"one of two releases", system("alpine", "3.19.1") + system("ubuntu", "24.04") + system("ubuntu", "22.04") + pkg("pkg:deb/ubuntu/b@1"), "b ubuntu"},
		{"a base beside its derivative", system("linuxmint", "21.3") + pkg("pkg:deb/ubuntu/a@1?distro=ubuntu-22.04", "pkg:deb/linuxmint/b@1?distro=linuxmint-21.3"), "a ubuntu 22.04, b ubuntu 22.04"},
		{"RHEL", pkg("pkg:rpm/redhat/a@1-1.el8?distro=rhel-8.6", "pkg:rpm/redhat/b@1-1.el9?distro=rhel-9.2", "pkg:rpm/redhat/c@1-1.el9?distro=redhat-9"), "a rhel 8, b rhel 9, c rhel 9"},
		{"a third party's package", pkg("pkg:deb/debian/a@1?distro=debian-11", "pkg:deb/docker/b@1?distro=debian-12", "pkg:deb/debian/c@1?distro=debian-12"),
			"a debian 11, b docker 12, c debian 12"},
	} {
		t.Run(c.what, func(t *testing.T) {
			text := `{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [` + c.document + `]}`
			r, err := sbom.Decode(strings.NewReader(text), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			ecosystems := func() string {
				byName := make(map[string]string)
				for i := range r.Components {
					k := matcher.EcosystemOf(&r.Components[i], r.Distro)
					byName[r.Components[i].Name] = strings.TrimSpace(r.Components[i].Name + " " + k.Namespace + " " + k.Release)
				}
				var list []string
				for _, name := range []string{"a", "b", "c"} {
					if byName[name] != "" {
						list = append(list, byName[name])
					}
				}
				return strings.Join(list, ", ")
			}
			if got := ecosystems(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for _, d := range r.Diagnostics {
				if strings.Contains(d.Message, "packages of other distributions") && !strings.Contains(c.what, "one of two") {
					t.Errorf("%+v", d)
				}
			}
			first := r
			for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.SPDXJSON} {
				if r, err = sbom.Decode(bytes.NewReader(encode(t, first, nil, sbom.Options{Format: format})), sbom.Limits{}); err != nil {
					t.Fatal(err)
				}
				if got := ecosystems(); got != c.want {
					t.Errorf("%v: read again: %s, want %s", format, got, c.want)
				}
				for i := range r.Components {
					if !reflect.DeepEqual(r.Components[i].Qualifiers, first.Components[i].Qualifiers) {
						t.Errorf("%v: qualifiers %v, want %v", format, r.Components[i].Qualifiers, first.Components[i].Qualifiers)
					}
				}
			}
		})
	}
}
