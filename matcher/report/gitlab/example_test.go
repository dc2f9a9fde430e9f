package gitlab_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
)

func Example() {
	v := report.New(
		&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/lodash@4.17.20", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}}}},
		&matcher.Result{Matches: []matcher.Match{{ID: "CVE-2021-23337", Component: "1", Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}}}},
		report.Options{Name: "app:1"})
	var b bytes.Buffer
	if err := gitlab.Write(&b, v); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(b.String(), `"solution": "Update lodash from 4.17.20 to 4.17.21."`))
	// Output: true
}
