package vex_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/vex"
)

// A statement is recorded, and written as OpenVEX.
func ExampleDocument_Add() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d := vex.NewDocument("Security Team", now)
	err := d.Add(vex.Statement{
		Vulnerability: "CVE-2021-23337", Products: []vex.Product{{Name: "registry.example/shop:1", Parts: []string{"pkg:npm/lodash@4.17.20"}}},
		Status: matcher.NotAffected, Justification: "vulnerable_code_not_in_execute_path",
		Time: now, Expires: now.AddDate(0, 6, 0),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := d.Write(os.Stdout, "OpenVEX"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "@context": "https://openvex.dev/ns/v0.2.0",
	//   "@id": "urn:uuid:8418d50d-e5d9-8873-93ea-882cc5aae77c",
	//   "author": "Security Team",
	//   "timestamp": "2026-01-01T00:00:00Z",
	//   "version": 1,
	//   "statements": [
	//     {
	//       "vulnerability": {
	//         "name": "CVE-2021-23337"
	//       },
	//       "timestamp": "2026-01-01T00:00:00Z",
	//       "products": [
	//         {
	//           "@id": "pkg:oci/shop?repository_url=registry.example%2Fshop&tag=1",
	//           "subcomponents": [
	//             {
	//               "@id": "pkg:npm/lodash@4.17.20"
	//             }
	//           ]
	//         }
	//       ],
	//       "status": "not_affected",
	//       "status_notes": "Expires: 2026-07-01T00:00:00Z",
	//       "justification": "vulnerable_code_not_in_execute_path"
	//     }
	//   ]
	// }
}

func Example() {
	scanned := &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", PURL: "pkg:npm/lodash@4.17.20", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}},
	}}
	result := &matcher.Result{Matches: []matcher.Match{{ID: "CVE-2021-23337", Component: "1"}}}

	document, err := vex.Read(strings.NewReader(`{
		"@context": "https://openvex.dev/ns/v0.2.0",
		"@id": "https://vex.example/app",
		"author": "Security Team",
		"timestamp": "2026-01-01T00:00:00Z",
		"statements": [{
			"vulnerability": {"name": "CVE-2021-23337"},
			"products": [{"@id": "pkg:npm/lodash"}],
			"status": "not_affected",
			"justification": "vulnerable_code_not_in_execute_path"
		}]
	}`), "app.vex.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	result, usages := vex.Documents{document}.Apply(scanned, result, nil)
	m := &result.Matches[0]
	fmt.Println(m.ID, m.Suppressed(), m.Analysis.Justification)
	fmt.Println(&usages[0])
	// Output:
	// CVE-2021-23337 true vulnerable_code_not_in_execute_path
	// app.vex.json: OpenVEX, 1 statement: decides 1 match, suppresses 1 of them
}
