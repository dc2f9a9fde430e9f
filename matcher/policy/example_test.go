package policy_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

func Example() {
	document, err := policy.Load(strings.NewReader(`
version: 1
policies:
  - name: production
    otherwise: go
    rules:
      - name: severe
        on: match
        when: match.severity >= HIGH && match.fixed != ""
        action: stop
        message: update ${package.name} to ${match.fixed} for ${match.id}
allow:
  - name: accepted
    entries:
      - {vulnerability: CVE-2020-8203, reason: not reachable, expires: 2026-12-31}
default: {policies: [production], allow: [accepted]}
`), "policy.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	high := matcher.Severity{Level: matcher.High}
	verdict, err := document.Evaluate(context.Background(), report.PolicyInput{
		Reference: "registry.example/app:1",
		Report: &analyzer.Report{Components: []analyzer.Component{
			{ID: "1", PURL: "pkg:npm/lodash@4.17.15", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.15"}},
		}},
		Result: &matcher.Result{Matches: []matcher.Match{
			{ID: "CVE-2021-23337", Component: "1", Fixed: "4.17.21", Severity: high},
			{ID: "CVE-2020-8203", Component: "1", Fixed: "4.17.19", Severity: high},
		}},
		Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verdict.Action)
	for _, d := range verdict.Decisions {
		fmt.Printf("%s: %s", d.Action, d.Message)
		if d.Allowed != nil {
			fmt.Printf(" (allowed until %s: %s)", d.Allowed.Expires.Format(time.DateOnly), d.Allowed.Reason)
		}
		fmt.Println()
	}
	// Output:
	// stop
	// stop: update lodash to 4.17.21 for CVE-2021-23337
	// go: update lodash to 4.17.19 for CVE-2020-8203 (allowed until 2026-12-31: not reachable)
}
