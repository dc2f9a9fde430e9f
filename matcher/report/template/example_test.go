package template_test

import (
	"fmt"
	"os"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/template"
)

func Example() {
	v := report.New(
		&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/lodash@4.17.20", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20"}}}},
		&matcher.Result{Matches: []matcher.Match{{ID: "CVE-2021-23337", Component: "1", Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}}}},
		report.Options{Name: "app:1"})
	t, err := template.Parse("list", "{{range .Findings}}{{csv .ID .Subject.Name .Fixed}}\n{{end}}")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := t.Write(os.Stdout, v); err != nil {
		fmt.Println(err)
	}
	// Output: CVE-2021-23337,lodash,4.17.21
}
