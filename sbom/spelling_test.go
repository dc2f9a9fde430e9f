package sbom_test

import (
	"bytes"
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

// Most documents state the release of a distribution for each package. Some do for one only, which decides.
func TestReleaseOfSomePackages(t *testing.T) {
	for _, c := range []struct{ purls, want string }{
		{"pkg:rpm/redhat/a@1-1?distro=rhel-8 pkg:rpm/redhat/b@1-1 pkg:rpm/redhat/c@1-1", "rhel 8"},
		{"pkg:rpm/redhat/a@1-1 pkg:rpm/redhat/b@1-1?distro=rhel-9.4 pkg:rpm/redhat/c@1-1?distro=rhel-9.4 pkg:rpm/redhat/d@1-1?distro=rhel-8", "rhel 9.4"},
		{"pkg:deb/debian/a@1-1 pkg:deb/debian/b@1-1", "debian "},
		{"pkg:deb/debian/a@1-1 pkg:deb/debian/b@1-1 pkg:apk/alpine/c@1-r0?distro=alpine-3.18", "debian "},
	} {
		var list []string
		for i, purl := range strings.Fields(c.purls) {
			list = append(list, fmt.Sprintf(`{"type":"library","bom-ref":"%d","name":"%c","version":"1-1","purl":%q}`, i, 'a'+i, purl))
		}
		report, err := sbom.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[`+strings.Join(list, ",")+`]}`), sbom.Limits{})
		if err != nil || report.Distro == nil {
			t.Fatal(report, err)
		}
		if got := report.Distro.ID + " " + report.Distro.VersionID; got != c.want {
			t.Errorf("%s: %s, want %s", c.purls, got, c.want)
		}
	}
}

// A recipe of Yocto is several products, and the only package that its document describes. Documents of both versions of SPDX have no PURL.
// Our own documents keep all names.
func TestYocto(t *testing.T) {
	const names = "cpe:2.3:*:haxx:curl:8.5.0:*:*:*:*:*:*:* cpe:2.3:*:*:libcurl:8.5.0:*:*:*:*:*:*:*"
	cpe := strings.Fields(names)
	for name, doc := range map[string]string{
		"2.2": fmt.Sprintf(`{"spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "packages": [{"SPDXID": "SPDXRef-Recipe", "name": "curl", "versionInfo": "8.5.0", "externalRefs": [
			{"referenceCategory": "SECURITY", "referenceLocator": %q, "referenceType": "http://spdx.org/rdf/references/cpe23Type"},
			{"referenceCategory": "SECURITY", "referenceLocator": %[1]q, "referenceType": "http://spdx.org/rdf/references/cpe23Type"},
			{"referenceCategory": "SECURITY", "referenceLocator": %[2]q, "referenceType": "http://spdx.org/rdf/references/cpe23Type"}]}],
			"relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-Recipe", "relationshipType": "DESCRIBES"}]}`, cpe[0], cpe[1]),
		"3.0": fmt.Sprintf(`{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:p"]},
			{"type": "software_Package", "spdxId": "urn:p", "name": "curl", "software_packageVersion": "8.5.0", "software_primaryPurpose": "specification", "externalIdentifier": [
			{"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": %q}, {"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": %q}]}]}`, cpe[0], cpe[1]),
	} {
		report, err := sbom.Decode(strings.NewReader(doc), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Components) != 1 || report.Components[0].Name != "curl" || report.Components[0].Version != "8.5.0" || report.Components[0].Qualifiers["cpe"] != names {
			t.Fatalf("%s: %+v", name, report.Components)
		}
		for _, typ := range []string{"generic", "yocto"} {
			c := &report.Components[0]
			c.Type, c.Analyzer = typ, "test"
			if typ == "yocto" {
				c.PURL = "pkg:yocto/curl@8.5.0"
			}
			for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
				again, err := sbom.Decode(bytes.NewReader(encode(t, report, nil, sbom.Options{Format: format})), sbom.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if got := again.Components[0]; got.Type != typ || got.PURL != c.PURL || got.Qualifiers["cpe"] != names {
					t.Errorf("%s, %s, %v: %+v", name, typ, format, got)
				}
			}
		}
	}
}

// The kernel is a package, whatever type a document gives it: https://github.com/anchore/grype/issues/2365.
func TestKernel(t *testing.T) {
	const name = "cpe:2.3:o:linux:linux_kernel:6.6.16:*:*:*:*:*:*:*"
	report, err := sbom.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
		{"type":"operating-system","bom-ref":"os","name":"debian","version":"12"}, {"type":"operating-system","bom-ref":"k","name":"linux","version":"6.6.16","cpe":"`+name+`"}]}`), sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Distro == nil || report.Distro.ID != "debian" || len(report.Components) != 1 || report.Components[0].Qualifiers["cpe"] != name {
		t.Errorf("%+v, %+v", report.Distro, report.Components)
	}
}

// A package has a bounded number of CPE names, and a diagnostic if it states more.
func TestManyCPEs(t *testing.T) {
	var refs []string
	for i := range 40 {
		refs = append(refs, fmt.Sprintf(`{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:v:p%d:1:*:*:*:*:*:*:*"}`, i))
	}
	report, err := sbom.Decode(strings.NewReader(`{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "SPDXRef-p", "name": "p", "externalRefs": [`+strings.Join(refs, ",")+`]}]}`), sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(report.Components[0].Qualifiers["cpe"])); n != 32 || len(report.Diagnostics) != 1 || !strings.Contains(report.Diagnostics[0].Message, "CPE names") {
		t.Errorf("%d names, %+v", n, report.Diagnostics)
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
