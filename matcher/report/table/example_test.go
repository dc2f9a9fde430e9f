package table_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/table"
)

func Example() {
	a := report.New(
		&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/lodash@4.17.20", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}}}},
		&matcher.Result{Matches: []matcher.Match{{ID: "CVE-2021-23337", Component: "1", Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}}}},
		report.Options{Name: "app:1"})
	var b bytes.Buffer
	if err := table.Write(&b, a, table.Options{Width: 100}); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, "CVE-") {
			fmt.Print(line)
		}
	}
	// Output: high      CVE-2021-23337  4.17.21   https://nvd.nist.gov/vuln/detail/CVE-2021-23337
}
