package assess_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// A gate in a build: the image must have no vulnerability of high severity.
func Example() {
	pipeline := assess.Pipeline{
		Scanner: scan.Scanner{Analyzers: all.All()},
		Source:  debian, // such as a db.DB
		Gate:    report.Gate{FailOn: matcher.High},
	}
	answer, err := pipeline.FS(context.Background(), files)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range answer.Findings {
		fmt.Printf("%s %s %s, %s, fixed in %q\n", f.ID, f.Subject.Name, f.Subject.Version, f.Severity.Level, f.Fixed)
	}
	for _, f := range answer.Failures {
		fmt.Println("failed:", f.Text)
	}
	// Output:
	// CVE-2026-0001 openssl 1.1.1-1, high, fixed in "1.1.1-2"
	// CVE-2026-0002 tar 1.34, low, fixed in ""
	// failed: 1 vulnerability is high or worse
}
