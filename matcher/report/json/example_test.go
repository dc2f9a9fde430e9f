package json_test

import (
	"bytes"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

func Example() {
	a := report.New(
		&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/lodash@4.17.20", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}}}},
		&matcher.Result{Matches: []matcher.Match{{ID: "CVE-2021-23337", Component: "1", Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}}}},
		report.Options{Name: "app:1"})
	var b bytes.Buffer
	if err := json.Write(&b, a); err != nil {
		fmt.Println(err)
	}
	read, err := json.Read(&b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range read.Findings {
		fmt.Println(read.Name, f.ID, f.Severity.Level)
	}
	// Output: app:1 CVE-2021-23337 high
}
