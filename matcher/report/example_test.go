package report_test

import (
	"fmt"

	"github.com/hullmark/hullmark/matcher/report"
)

func Example() {
	found, result := scanned() // by a scan.Scanner and a matcher.Matcher
	v := report.New(found, result, report.Options{Name: "registry.example/team/app:1.2"})
	for i := range v.Findings {
		f := &v.Findings[i]
		fmt.Println(f.Severity.Level, f.ID, f.Subject.Name, f.Word())
		if i == 1 {
			break
		}
	}
	for _, h := range v.Hidden {
		fmt.Println(len(h.Findings), "hidden:", h.Reason.Text)
	}
	// Output:
	// medium CVE-2023-5678 openssl fix available
	// negligible CVE-2005-2541 tar unimportant
	// 1 hidden: not affected by a VEX statement
}
