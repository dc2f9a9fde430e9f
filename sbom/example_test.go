package sbom_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

func ExampleEncode() {
	scanned := &analyzer.Report{Components: []analyzer.Component{{
		Package: analyzer.Package{Type: "pypi", Name: "six", Version: "1.16.0", Licenses: []string{"MIT"}},
		ID:      "c0ffee0123456789", PURL: "pkg:pypi/six@1.16.0",
	}}}
	if err := sbom.Encode(os.Stdout, &report.Assessment{Report: scanned}, sbom.Options{Name: "/srv/root"}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
	//   "bomFormat": "CycloneDX",
	//   "specVersion": "1.6",
	//   "serialNumber": "urn:uuid:35cfb73d-1422-8a1b-bb8a-3ef4b39ab64a",
	//   "version": 1,
	//   "metadata": {
	//     "component": {
	//       "bom-ref": "image",
	//       "type": "file",
	//       "name": "/srv/root"
	//     }
	//   },
	//   "components": [
	//     {
	//       "bom-ref": "c0ffee0123456789",
	//       "type": "library",
	//       "name": "six",
	//       "version": "1.16.0",
	//       "licenses": [
	//         {
	//           "license": {
	//             "id": "MIT",
	//             "acknowledgement": "declared"
	//           }
	//         }
	//       ],
	//       "purl": "pkg:pypi/six@1.16.0"
	//     }
	//   ],
	//   "dependencies": [
	//     {
	//       "ref": "image",
	//       "dependsOn": [
	//         "c0ffee0123456789"
	//       ]
	//     }
	//   ],
	//   "compositions": [
	//     {
	//       "aggregate": "unknown",
	//       "assemblies": [
	//         "image"
	//       ]
	//     }
	//   ]
	// }
}

// What another tool wrote says in its own words from which source package a package was built, which is what advisories
// of Debian name.
func ExampleDecode() {
	const document = `{
	  "bomFormat": "CycloneDX", "specVersion": "1.5",
	  "components": [
	    {"bom-ref": "1", "type": "operating-system", "name": "debian", "version": "12.5"},
	    {"bom-ref": "2", "type": "library", "name": "libssl3", "version": "3.0.11-1",
	     "purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12.5",
	     "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
	                    {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.11"},
	                    {"name": "aquasecurity:trivy:SrcRelease", "value": "1"}]},
	    {"bom-ref": "3", "type": "library", "name": "vendored", "version": "1"}
	  ]
	}`
	scanned, err := sbom.Decode(strings.NewReader(document), sbom.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(scanned.Distro.ID, scanned.Distro.VersionID)
	for _, c := range scanned.Components {
		fmt.Println(c.Type, c.Name, c.Version, c.SourcePackage)
	}
	for _, d := range scanned.Diagnostics {
		fmt.Println(d.Code, d.Message)
	}
	// Output:
	// debian 12.5
	// deb libssl3 3.0.11-1 &{openssl 3.0.11-1}
	// generic vendored 1 <nil>
	// unsupported packages without a PURL, which can't be matched: 1, such as "vendored"
}
