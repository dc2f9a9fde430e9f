package sbom_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/sbom"
)

// TestSPDX has SPDX's own library read and check what is written.
func TestSPDX(t *testing.T) {
	check := func(t *testing.T, document []byte, packages int) {
		t.Helper()
		doc, err := json.Read(bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		if err := spdxlib.ValidateDocument(doc); err != nil {
			t.Error(err)
		}
		if len(doc.Packages) != packages {
			t.Errorf("%d packages, want %d", len(doc.Packages), packages)
		}
		// What the JSON schema of 2.3 asks for beyond that, and the library does not check.
		for _, p := range doc.Packages {
			if !slices.Contains([]string{"OTHER", "LIBRARY", "CONTAINER", "OPERATING_SYSTEM", "FILE"}, p.PrimaryPackagePurpose) {
				t.Errorf("%s: purpose %q", p.PackageName, p.PrimaryPackagePurpose)
			}
			for _, c := range p.PackageChecksums {
				if !slices.Contains([]string{"MD5", "SHA1", "SHA256", "SHA384", "SHA512"}, string(c.Algorithm)) {
					t.Errorf("%s: algorithm %q", p.PackageName, c.Algorithm)
				}
			}
			for _, r := range p.PackageExternalReferences {
				if !slices.Contains([]string{"SECURITY", "PACKAGE-MANAGER"}, r.Category) || strings.ContainsAny(r.Locator, " \t\n") {
					t.Errorf("%s: reference %+v", p.PackageName, r)
				}
			}
		}
		for _, r := range doc.Relationships {
			if !slices.Contains([]string{"DESCRIBES", "CONTAINS", "DEPENDS_ON"}, r.Relationship) {
				t.Errorf("relation %q", r.Relationship)
			}
		}
	}
	r, m, o := everything()
	o.Format = sbom.SPDXJSON
	t.Run("everything", func(t *testing.T) { check(t, encode(t, r, m, o), 1+1+len(r.Components)+6) }) // files with findings or records
	for _, name := range corpus.Images(t) {
		t.Run(name, func(t *testing.T) {
			r := corpus.ScanImage(t, name, all.All()...)
			files := make(map[string]bool)
			for _, f := range r.Findings {
				files[f.Path] = true
			}
			check(t, encode(t, r, nil, o), 1+1+len(r.Components)+len(files))
		})
	}
}

// TestSPDXForeign reads SPDX of other tools and of version 3.
func TestSPDXForeign(t *testing.T) {
	for name, c := range map[string]struct{ document, want string }{
		"syft": {`{"spdxVersion": "SPDX-2.3", "packages": [
			{"SPDXID": "SPDXRef-a", "name": "libssl3", "versionInfo": "3", "supplier": "Person: A (a@b.example)", "licenseDeclared": "MIT AND LicenseRef-1", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3@3?distro=debian-12&upstream=openssl"}]},
			{"SPDXID": "SPDXRef-b", "name": "flask", "sourceInfo": "acquired package info from installed python package manifest file: /usr/lib/python3/dist-packages/x/METADATA, /y", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/flask@1"}]},
			{"SPDXID": "SPDXRef-root", "name": "img", "primaryPackagePurpose": "CONTAINER", "versionInfo": "sha256:0011"}],
			"hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-1", "name": "odd"}],
			"relationships": [{"spdxElementId": "SPDXRef-a", "relatedSpdxElement": "SPDXRef-b", "relationshipType": "OTHER", "comment": "ownership-by-file-overlap: x"}, {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-root", "relationshipType": "DESCRIBES"}]}`,
			"debian 12 | deb debian libssl3 3 from openssl 3 | pypi flask 1 in usr/lib/python3/dist-packages/x/METADATA of a"},
		"trivy": {`{"spdxVersion": "SPDX-2.3", "packages": [
			{"SPDXID": "SPDXRef-o", "name": "debian", "versionInfo": "12.5", "primaryPackagePurpose": "OPERATING-SYSTEM"},
			{"SPDXID": "SPDXRef-f", "name": "srv/composer.lock", "primaryPackagePurpose": "APPLICATION", "annotations": [{"annotator": "Tool: trivy-1", "comment": "Class: lang-pkgs"}]},
			{"SPDXID": "SPDXRef-c", "name": "x/y", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:composer/x/y@1"}]},
			{"SPDXID": "SPDXRef-a", "name": "bsdutils", "versionInfo": "1:2.38.1-5", "sourceInfo": "built package from: util-linux 2.38.1-5", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/bsdutils@2.38.1-5?epoch=1&distro=debian-12.5"}]}],
			"relationships": [{"spdxElementId": "SPDXRef-f", "relatedSpdxElement": "SPDXRef-c", "relationshipType": "CONTAINS"}]}`,
			"debian 12.5 | composer x y 1 declared in srv/composer.lock | deb debian bsdutils 1:2.38.1-5 from util-linux 2.38.1-5"},
		"3.0": {`{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
			{"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
			{"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:sbom"]},
			{"type": "software_Package", "spdxId": "urn:a", "name": "libssl3", "software_packageVersion": "3", "suppliedBy": "urn:who", "software_packageUrl": "pkg:deb/debian/libssl3@3?distro=debian-12&upstream=openssl", "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "00"}]},
			{"type": "software_Package", "spdxId": "urn:b", "name": "libc6", "software_packageVersion": "2", "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:deb/debian/libc6@2?distro=debian-12"}]},
			{"type": "Organization", "spdxId": "urn:who", "name": "Who"},
			{"type": "simplelicensing_LicenseExpression", "spdxId": "urn:l", "simplelicensing_licenseExpression": "MIT"},
			{"type": "Relationship", "spdxId": "urn:1", "from": "urn:a", "relationshipType": "hasDeclaredLicense", "to": ["urn:l"]},
			{"type": "Relationship", "spdxId": "urn:2", "from": "urn:a", "relationshipType": "dependsOn", "to": "urn:b"}]}`,
			"debian 12 | deb debian libc6 2 | deb debian libssl3 3 from openssl 3"},
		"in a statement": {`{"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "x", "digest": {"sha256": "00"}}], "predicateType": "https://cyclonedx.org/bom", "predicate": {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"bom-ref": "a", "name": "a", "purl": "pkg:npm/a@1"}]}}`,
			"npm a 1"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := sbom.Decode(strings.NewReader(c.document), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(r); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			switch name {
			case "syft":
				if k := r.Components[0]; k.Vendor != "A <a@b.example>" || strings.Join(k.Licenses, "|") != "MIT|odd" || r.Image.Digest != "sha256:0011" {
					t.Errorf("%+v %v", k, r.Image)
				}
			case "3.0":
				if k := r.Components[1]; k.Vendor != "Who" || strings.Join(k.Licenses, "|") != "MIT" || k.Hashes["sha256"] != "00" || strings.Join(k.Depends, " ") != "libc6" {
					t.Errorf("%+v", k)
				}
			case "in a statement":
				if r.Image.Digest != "sha256:00" {
					t.Error(r.Image)
				}
			}
		})
	}
}
