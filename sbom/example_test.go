package sbom_test

import (
	"fmt"
	"os"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/sbom"
)

func ExampleEncode() {
	report := &analyzer.Report{Components: []analyzer.Component{{
		Package: analyzer.Package{Type: "pypi", Name: "six", Version: "1.16.0", Licenses: []string{"MIT"}},
		ID:      "c0ffee0123456789", PURL: "pkg:pypi/six@1.16.0",
	}}}
	if err := sbom.Encode(os.Stdout, report, nil, sbom.Options{Name: "/srv/root"}); err != nil {
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
