package assess_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// keys finds a secret in every file *.key, and knows an account.
var keys = analyzer.Func(analyzer.Info{Name: "keys", Version: 1, Patterns: []string{"**/*.key"}, Finds: []string{"secrets"}, Data: "rules 7"}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	return &analyzer.Result{
		Findings: []analyzer.Finding{{Rule: "keys:private", Title: "a private key", Severity: "high", Line: 1}},
		Records:  []analyzer.Record{{Kind: "key", Key: f.Path}},
	}, nil
})

// TestFiles requires that a scan's findings in files fail the gate and the presets that count severities, unless a person decided
// otherwise, and that a scan without the analyzer does not look as if nothing was found.
func TestFiles(t *testing.T) {
	root := fstest.MapFS{"opt/app.key": {Data: []byte("x")}}
	for name, f := range files {
		root[name] = f
	}
	text, err := policy.Preset("severity")
	if err != nil {
		t.Fatal(err)
	}
	severity, err := policy.Load(strings.NewReader(text), "severity")
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline()
	p.Scanner.Analyzers = append(p.Scanner.Analyzers, keys)
	p.Gate = report.Gate{FailOn: matcher.Critical, AllowUncovered: true}
	for _, test := range []struct {
		name     string
		failOn   matcher.Level
		policy   report.Policy
		ignore   report.Ignore
		exclude  report.Exclusion
		failures string
		shown    int
		examined string
	}{
		{"critical", matcher.Critical, nil, report.Ignore{}, report.Exclusion{}, "", 1, "secrets (keys with rules 7)"},
		{"high", matcher.High, nil, report.Ignore{ID: "CVE-2026-0001"}, report.Exclusion{}, "findings", 1, "secrets (keys with rules 7)"},
		{"a policy", matcher.Unknown, severity, report.Ignore{}, report.Exclusion{}, "policy", 1, "secrets (keys with rules 7)"},
		{"ignored", matcher.Critical, nil, report.Ignore{ID: "keys:private", Path: "opt"}, report.Exclusion{}, "", 0, "secrets (keys with rules 7)"},
		{"excluded file", matcher.High, nil, report.Ignore{ID: "CVE-2026-0001"}, report.Exclusion{Path: "*.key", Origin: "--exclude"}, "", 0, "secrets (keys with rules 7)"},
		{"skipped analyzer", matcher.High, nil, report.Ignore{ID: "CVE-2026-0001"}, report.Exclusion{Analyzer: "keys", Origin: "--skip"}, "", 0, "not on all files: keys (left out by --skip keys)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := p
			p.Gate.FailOn, p.Policy = test.failOn, test.policy
			if test.ignore.ID != "" {
				p.View.Ignore = []report.Ignore{test.ignore}
			}
			if test.exclude != (report.Exclusion{}) {
				p.Exclude = []report.Exclusion{test.exclude}
			}
			a, err := p.FS(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range a.Failures {
				codes = append(codes, string(f.Code))
			}
			if got := strings.Join(codes, " "); got != test.failures || len(a.FileFindings) != test.shown || !strings.Contains(a.Examined(), test.examined) {
				t.Errorf("fails by %q, %d shown, %s; want %q, %d, %s", got, len(a.FileFindings), a.Examined(), test.failures, test.shown, test.examined)
			}
			excluded := 0
			for _, e := range a.Excluded {
				excluded += e.Findings + e.Records
			}
			if len(a.FileFindings)+a.HiddenCount+excluded < 1 {
				t.Error("the finding is gone")
			}
		})
	}
	a, err := pipeline().FS(t.Context(), root)
	if err != nil || !strings.Contains(a.Examined(), "not looked for: accounts") || !strings.Contains(a.Examined(), "secrets") {
		t.Errorf("%s, %v", a.Examined(), err)
	}
}
