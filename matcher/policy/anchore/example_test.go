package anchore_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

func ExampleRead() {
	bundle := `{
	  "id": "b", "version": "1_0",
	  "policies": [{"id": "p", "version": "1_0", "rules": [
	    {"id": "no-telnet", "gate": "packages", "trigger": "blacklist", "action": "STOP", "params": [{"name": "name", "value": "telnetd"}]}
	  ]}],
	  "mappings": [{"name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_ids": ["p"]}]
	}`
	b, err := anchore.Read(strings.NewReader(bundle), "bundle.json", anchore.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := b.Evaluate(context.Background(), report.PolicyInput{
		Reference: "registry.example/app:1", Now: time.Now(), Result: new(matcher.Result),
		Report: &analyzer.Report{Components: []analyzer.Component{{ID: "1", Package: analyzer.Package{Type: "deb", Name: "telnetd", Version: "0.17"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Action, v.Decisions[0].Rule, v.Decisions[0].Message)
	// Output: stop no-telnet Package is blacklisted: telnetd
}

func ExampleGates() {
	for _, g := range anchore.Gates() {
		for _, t := range g.Triggers {
			if t.ID != "" {
				fmt.Println(g.Name, t.Name, t.ID)
			}
		}
	}
	// Output:
	// always always always
	// malware scans SCANNER+SIGNATURE+MD5 of the path
	// retrieved_files content_regex RULE-ID+file://PATH
	// vulnerabilities package VULNERABILITY+PACKAGE
}
