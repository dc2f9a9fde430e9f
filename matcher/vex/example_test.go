package vex_test

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/vex"
)

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
