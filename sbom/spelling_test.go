package sbom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

// A CPE beside a PURL counts if the type has no advisories.
func TestCPEBesidePURL(t *testing.T) {
	const cpe = "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"
	for purl, want := range map[string]string{
		"pkg:generic/openssl@3.0.11": cpe, "pkg:yocto/meta/openssl@3.0.11": cpe, "pkg:github/openssl/openssl@3.0.11": cpe,
		"pkg:npm/openssl@3.0.11": "", "pkg:gradle/a/openssl@3.0.11": "", "pkg:deb/debian/openssl@3.0.11": "",
	} {
		doc := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","name":"openssl","version":"3.0.11","cpe":%q,"purl":%q}]}`, cpe, purl)
		report, err := sbom.Decode(strings.NewReader(doc), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Components[0].Qualifiers["cpe"]; got != want {
			t.Errorf("%s: %q", purl, got)
		}
	}
}

// Packages get the key of their advisories, in the spelling of any tool.
func TestSpelling(t *testing.T) {
	for _, c := range []struct{ system, purl, want string }{
		{`"name":"amazon","version":"2 (Karoo)"`, "pkg:rpm/amazon/curl@1-1?distro=amazon-2%20%28Karoo%29", "rpm amzn 2"},
		{`"name":"amazon","version":"AMI release 2018.03"`, "pkg:rpm/amazon/curl@1-1?distro=amazon-AMI%20release%202018.03", "rpm amzn 2018"},
		{``, "pkg:rpm/amazon/curl@1-1?distro=amazon-2%20%28Karoo%29", "rpm amzn 2"},
		{``, "pkg:rpm/rocky-linux/curl@1-1?distro=rocky-linux-8.6", "rpm rocky 8"},
		{``, "pkg:rpm/oraclelinux/curl@1-1?distro=oraclelinux-8", "rpm ol 8"},
		{``, "pkg:rpm/openEuler/curl@1-1?distro=openEuler-22.03-LTS-SP1", "rpm openEuler 22.03"},
		{``, "pkg:rpm/openSUSE/curl@1-1?distro=opensuse-15.5", "rpm opensuse-leap 15.5"},
		{``, "pkg:rpm/suse/curl@1-1?distro=SUSE%20Linux%20Enterprise%20Server%2015%20SP5", "rpm sles 15.5"},
		{`"name":"Ubuntu","version":"mantic"`, "pkg:deb/ubuntu/curl@1-1?distro=ubuntu-mantic", "deb ubuntu 23.10"},
		{``, "pkg:alpine/alpine/curl@1-r1?distro=alpine-v3.18", "apk alpine 3.18"},
		{``, "pkg:gradle/com.example/lib@1", "maven  "},
		{``, "pkg:pip/django@1", "pypi  "},
	} {
		system := ""
		if c.system != "" {
			system = `{"type":"operating-system","bom-ref":"os",` + c.system + `},`
		}
		name := c.purl[strings.LastIndexByte(strings.SplitN(c.purl, "@", 2)[0], '/')+1 : strings.IndexByte(c.purl, '@')]
		doc := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[%s{"type":"library","bom-ref":"p","name":%q,"version":"1-1","purl":%q}]}`,
			system, name, c.purl)
		report, err := sbom.Decode(strings.NewReader(doc), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		k := matcher.EcosystemOf(&report.Components[0], report.Distro)
		if got := k.Type + " " + k.Namespace + " " + k.Release; got != c.want {
			t.Errorf("%s: %q, want %q", c.purl, got, c.want)
		}
	}
}
