package sbom_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/sbom"
)

// carried returns a report without what the package comment says that documents do not hold.
func carried(r *analyzer.Report) *analyzer.Report {
	out := *r
	out.Components = slices.Clone(r.Components)
	for i := range out.Components {
		c := &out.Components[i]
		c.Files, c.Functions = nil, nil
		c.Depends = nil // names come back as those of the packages they mean: roundTrip asks for the same graph
		if len(c.Qualifiers) == 0 {
			c.Qualifiers = nil
		}
		hashes := make(map[string]string)
		for k, v := range c.Hashes {
			if k != "crc32" {
				v = strings.ToLower(v)
			}
			hashes[k] = v
		}
		c.Hashes = hashes
		empty(&c.Provides, &c.Licenses)
	}
	slices.SortFunc(out.Components, func(a, b analyzer.Component) int { return strings.Compare(a.ID, b.ID) })
	out.Diagnostics = slices.Clone(r.Diagnostics)
	slices.SortFunc(out.Diagnostics, func(a, b analyzer.FileDiagnostic) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if r.Distro != nil {
		d := *r.Distro
		d.Rank = 0
		empty(&d.Like)
		out.Distro = &d
	}
	return &out
}

func empty(lists ...*[]string) {
	for _, l := range lists {
		if len(*l) == 0 {
			*l = nil
		}
	}
}

// sameReport fails the test at the first difference.
func sameReport(t testing.TB, want, got *analyzer.Report) {
	t.Helper()
	want, got = carried(want), carried(got)
	for _, f := range []struct {
		name      string
		want, got any
	}{
		{"image", want.Image, got.Image}, {"distribution", want.Distro, got.Distro}, {"layers", want.Layers, got.Layers},
		{"findings", want.Findings, got.Findings}, {"records", want.Records, got.Records}, {"examined", want.Examined, got.Examined}, {"diagnostics", want.Diagnostics, got.Diagnostics},
		{"number of components", len(want.Components), len(got.Components)},
	} {
		if !reflect.DeepEqual(f.want, f.got) && !(reflect.ValueOf(f.want).Kind() == reflect.Slice && reflect.ValueOf(f.want).Len()+reflect.ValueOf(f.got).Len() == 0) {
			t.Fatalf("%s\nwant %+v\ngot  %+v", f.name, f.want, f.got)
		}
	}
	for i := range want.Components {
		if !reflect.DeepEqual(want.Components[i], got.Components[i]) {
			t.Fatalf("component\nwant %+v\ngot  %+v", want.Components[i], got.Components[i])
		}
	}
}

// roundTrip writes a report in every version and notation, and asks that reading gives it back.
func roundTrip(t *testing.T, report *analyzer.Report) {
	t.Helper()
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		for _, version := range versions {
			if format == sbom.SPDXJSON {
				if version != versions[0] {
					continue
				}
				version = ""
			}
			document := encode(t, report, nil, sbom.Options{Format: format, Version: version})
			got, err := sbom.Decode(bytes.NewReader(document), sbom.Limits{})
			if err != nil {
				t.Fatalf("%v %s: %v", format, version, err)
			}
			sameReport(t, report, got)
			again, err := sbom.Decode(bytes.NewReader(encode(t, got, nil, sbom.Options{Format: format, Version: version})), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, again) {
				t.Errorf("%v %s: what was read is written otherwise", format, version)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	report, _, _ := everything()
	t.Run("everything", func(t *testing.T) { roundTrip(t, report) })
	t.Run("nothing", func(t *testing.T) { roundTrip(t, &analyzer.Report{}) })
	for _, name := range corpus.Images(t) {
		t.Run(name, func(t *testing.T) { roundTrip(t, corpus.ScanImage(t, name, all.All()...)) })
	}
}

// TestDocumentedLosses asks that documents lose what the package comment says, and how.
func TestDocumentedLosses(t *testing.T) {
	long := strings.Repeat("1", 2000)
	report := &analyzer.Report{
		Distro: &analyzer.Distro{ID: "debian", VersionID: "12", Rank: 7},
		Components: []analyzer.Component{
			{ID: "1", Layer: -1, Analyzer: "npm", Path: "a", PURL: "pkg:npm/x@1", Package: analyzer.Package{
				Type: "npm", Name: "x", Version: "1", Files: []string{"f"}, Depends: []string{"z", "alias"}, Qualifiers: map[string]string{"q": "1"},
				Hashes: map[string]string{"SHA256": strings.Repeat("A", 64)}, Vendor: "control \x01 character",
			}},
			{ID: "2", Layer: -1, Analyzer: "npm", Path: "b", PURL: "pkg:npm/y@1", Package: analyzer.Package{Type: "npm", Name: "y", Version: "1", Provides: []string{"alias"}}},
			{ID: "3", Layer: -1, Analyzer: "npm", Path: "c", PURL: "pkg:npm/z@1", Package: analyzer.Package{Type: "npm", Name: "z", Version: "1"}},
			{ID: "4", Layer: -1, Analyzer: "npm", Path: "d", PURL: "pkg:npm/odd", Package: analyzer.Package{Type: "npm", Name: "zz", Version: long}},
		},
	}
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		r, err := sbom.Decode(bytes.NewReader(encode(t, report, nil, sbom.Options{Format: format})), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		x := &r.Components[0]
		for what, ok := range map[string]bool{
			"files":      x.Files == nil,
			"rank":       r.Distro.Rank == 0,
			"depends":    slices.Equal(x.Depends, []string{"y", "z"}),
			"qualifiers": x.Qualifiers == nil,
			"digests":    reflect.DeepEqual(x.Hashes, map[string]string{"sha256": strings.Repeat("a", 64)}),
			"versions":   r.Components[3].Version == long[:1024],
			"characters": (x.Vendor == "control \x01 character") == (format != sbom.CycloneDXXML),
		} {
			if !ok {
				t.Errorf("%v: %s: %+v", format, what, x)
			}
		}
	}
}

// TestForeign reads documents that say the same in the words of several tools.
func TestForeign(t *testing.T) {
	head := `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [%s]}`
	const distro = `{"type": "operating-system", "name": "debian", "version": "12.1"}`
	for name, c := range map[string]struct{ document, want string }{
		"syft": {
			`{"bom-ref": "a", "type": "library", "name": "libssl3", "version": "3.0.11-1", "purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl%401%3A3.0.11"}`,
			"debian 12 | deb debian libssl3 3.0.11-1 amd64 from openssl 1:3.0.11",
		},
		"syft, rpm": {
			`{"bom-ref": "a", "type": "library", "name": "audit-libs", "version": "1:3.0.6-1.cm2", "purl": "pkg:rpm/mariner/audit-libs@3.0.6-1.cm2?arch=x86_64&epoch=1&distro=mariner-2.0&upstream=audit-3.0.6-1.cm2.src.rpm"}`,
			"mariner 2.0 | rpm mariner audit-libs 1:3.0.6-1.cm2 x86_64 from audit 1:3.0.6-1.cm2",
		},
		"trivy": {
			distro + `, {"bom-ref": "a", "type": "library", "name": "bsdutils", "version": "1:2.38.1-5", "purl": "pkg:deb/debian/bsdutils@2.38.1-5?arch=amd64&distro=debian-12.1&epoch=1",
			"properties": [{"name": "aquasecurity:trivy:SrcName", "value": "util-linux"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "2.38.1"}, {"name": "aquasecurity:trivy:SrcRelease", "value": "5"}]}`,
			"debian 12.1 | deb debian bsdutils 1:2.38.1-5 amd64 from util-linux 2.38.1-5",
		},
		"trivy, of SUSE": {
			`{"bom-ref": "o", "type": "operating-system", "name": "sles", "version": "15.3"}, {"bom-ref": "a", "type": "library", "name": "bash", "version": "4.4-19.6.1", "purl": "pkg:rpm/suse/bash@4.4-19.6.1?arch=x86_64&distro=sles-15.3",
			"properties": [{"name": "aquasecurity:trivy:SrcName", "value": "bash"}, {"name": "aquasecurity:trivy:SrcRelease", "value": "19.6.1"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "4.4"}]}`,
			"sles 15.3 | rpm sles bash 4.4-19.6.1 x86_64 from bash 4.4-19.6.1",
		},
		"osv-scalibr": {
			`{"bom-ref": "a", "type": "library", "name": "bash", "version": "5.2.15-2+b7", "purl": "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=bookworm&source=bash&sourceversion=5.2.15-2", "evidence": {"occurrences": [{"location": "var/lib/dpkg/status"}]}}`,
			"debian bookworm | deb debian bash 5.2.15-2+b7 amd64 from bash 5.2.15-2",
		},
		"cdxgen": {
			`{"bom-ref": "a", "type": "library", "group": "debian", "name": "bsdutils", "version": "1:2.38.1-5", "purl": "pkg:deb/debian/bsdutils@1%3A2.38.1-5?arch=amd64&distro=debian-12&distro_name=bookworm&epoch=1"},
			{"bom-ref": "b", "type": "library", "group": "debian", "name": "util-linux", "version": "2.38.1-5", "tags": ["source"], "purl": "pkg:deb/debian/util-linux@2.38.1-5?arch=amd64&distro=debian-12&distro_name=bookworm",
			"evidence": {"identity": [{"field": "purl", "confidence": 0, "methods": [{"technique": "filename", "confidence": 0, "value": "bsdutils"}]}]}}`,
			"debian 12 bookworm | deb debian bsdutils 1:2.38.1-5 amd64 from util-linux 2.38.1-5",
		},
		"trivy, a lock file": {
			`{"bom-ref": "f", "type": "application", "name": "srv/composer.lock", "properties": [{"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}]}, {"bom-ref": "a", "type": "library", "name": "x/y", "purl": "pkg:composer/x/y@1"}],
			"dependencies": [{"ref": "f", "dependsOn": ["a", "nowhere"]}`,
			"composer x y 1 declared in srv/composer.lock",
		},
		"osv-scalibr, Ubuntu": {
			`{"bom-ref": "a", "type": "library", "name": "bash", "purl": "pkg:deb/ubuntu/bash@5?distro=jammy"}`, "ubuntu 22.04 jammy | deb ubuntu bash 5",
		},
		"Alpine, of which trivy gives the version only": {
			`{"bom-ref": "a", "type": "library", "name": "ssl_client", "version": "1.36.1-r0", "purl": "pkg:apk/alpine/ssl_client@1.36.1-r0?arch=x86_64&distro=3.19.1", "properties": [{"name": "syft:metadata:originPackage", "value": "busybox"}]}`,
			"alpine 3.19.1 | apk alpine ssl_client 1.36.1-r0 x86_64 from busybox 1.36.1-r0",
		},
		"a third party's": {
			distro + `, {"bom-ref": "a", "type": "library", "name": "nginx", "version": "1.25", "purl": "pkg:deb/nginx.org/nginx@1.25?arch=amd64&distro=debian-12"}`,
			"debian 12.1 | deb nginx.org nginx 1.25 amd64",
		},
		"a third party's, by its maintainer": {
			distro + `, {"bom-ref": "a", "type": "library", "name": "nodejs", "version": "20.1-1nodesource1", "publisher": "Ivan <ivan@nodesource.com>", "purl": "pkg:deb/debian/nodejs@20.1-1nodesource1?arch=amd64&distro=debian-12"}`,
			"debian 12.1 | deb nodesource.com nodejs 20.1-1nodesource1 amd64",
		},
		"components in components": {
			`{"bom-ref": "a", "type": "application", "name": "app", "purl": "pkg:npm/app@1", "components": [{"bom-ref": "b", "type": "library", "name": "left", "purl": "pkg:npm/left@2"}]}`,
			"npm app 1 | npm left 2",
		},
		"names in normal form": {
			`{"bom-ref": "a", "type": "library", "name": "Flask_Login", "purl": "pkg:pypi/flask-login@1"}, {"bom-ref": "b", "type": "library", "name": "@s/t", "purl": "pkg:npm/%40s/t@1"}, {"bom-ref": "c", "type": "library", "name": "org.x:y", "purl": "pkg:maven/org.x/y@1"}`,
			"maven org.x y 1 | npm @s t 1 | pypi Flask_Login 1",
		},
		"a lock file's": {
			`{"bom-ref": "a", "type": "library", "name": "left", "purl": "pkg:npm/left@1", "properties": [{"name": "syft:location:0:path", "value": "/srv/package-lock.json"}]}`,
			"npm left 1 declared in srv/package-lock.json",
		},
		"an archive in an archive": {
			`{"bom-ref": "a", "type": "library", "name": "y", "purl": "pkg:maven/x/y@1", "properties": [{"name": "syft:location:0:path", "value": "/srv/a.war"}, {"name": "syft:metadata:virtualPath", "value": "/srv/a.war:WEB-INF/lib/y.jar"}]}`,
			"maven x y 1 in srv/a.war ! WEB-INF/lib/y.jar",
		},
		"nothing to match by": {
			`{"bom-ref": "a", "type": "library", "name": "x", "version": "1"}`,
			`generic x 1 | unsupported: packages without a PURL, which can't be matched: 1, such as "x"`,
		},
		"null": {
			`{"bom-ref": "a", "name": "x", "purl": "pkg:npm/x@1", "licenses": null, "properties": null, "components": null, "evidence": null, "supplier": null}`, "npm x 1",
		},
		"one reference for two": {
			`{"bom-ref": "a", "type": "library", "name": "x", "purl": "pkg:npm/x@1"}, {"bom-ref": "a", "type": "library", "name": "x", "purl": "pkg:npm/x@1"}, {"bom-ref": "a", "type": "library", "name": "y", "purl": "pkg:npm/y@1"}`,
			`npm x 1 | npm y 1 | malformed: duplicate packages: 1, such as "a" | malformed: references of several packages: 1, such as "a"`,
		},
		"two distributions": {
			`{"type": "operating-system", "name": "alpine", "version": "3"}, ` + distro, `alpine 3 | unsupported: distributions after the first: 1, such as "debian 12.1"`,
		},
		"a value of the wrong type": {
			`{"bom-ref": "a", "type": "library", "name": 7, "purl": "pkg:npm/x@1", "licenses": [{"license": "MIT"}]}`,
			`npm x 1 | malformed: byte 109: json: cannot unmarshal number into Go value of type string: 1 | malformed: byte 166: json: cannot unmarshal string into Go struct field LicenseChoice.license of type cyclonedx.License: 1`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := sbom.Decode(strings.NewReader(fmt.Sprintf(head, c.document)), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(r); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// summary writes what a report says in one line.
func summary(r *analyzer.Report) string {
	var parts []string
	words := func(s ...string) string {
		return strings.Join(slices.DeleteFunc(s, func(s string) bool { return s == "" }), " ")
	}
	if d := r.Distro; d != nil {
		parts = append(parts, words(d.ID, d.VersionID, d.Codename))
	}
	for i := range r.Components {
		c := &r.Components[i]
		s := words(c.Type, c.Namespace, c.Name, c.Version, c.Arch)
		if c.SourcePackage != nil {
			s += words(" from", c.SourcePackage.Name, c.SourcePackage.Version)
		}
		if c.Declared {
			s += " declared"
		}
		if c.Path != "" && !c.System {
			s += " in " + c.Path
		}
		if c.ArchivePath != "" {
			s += " ! " + c.ArchivePath
		}
		if c.Owner != "" {
			s += " of " + c.Owner
		}
		parts = append(parts, s)
	}
	for _, d := range r.Diagnostics {
		parts = append(parts, fmt.Sprintf("%s: %s", d.Code, d.Message))
	}
	return strings.Join(parts, " | ")
}
