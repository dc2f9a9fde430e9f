package secrets

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// analyzed returns the result for a file.
func analyzed(t testing.TB, a analyzer.Analyzer, name, content string) *analyzer.Result {
	t.Helper()
	r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		r = new(analyzer.Result)
	}
	return r
}

// rulesOf lists the rules and lines of findings.
func rulesOf(r *analyzer.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s:%d", strings.TrimPrefix(f.Rule, "secrets:"), f.Line))
	}
	return strings.Join(list, " ")
}

// TestRules generates right and wrong examples of every rule.
func TestRules(t *testing.T) {
	a := New(Options{})
	if reason := a.Info().Unavailable; reason != "" {
		t.Fatal(reason)
	}
	if n := len(ruleIDs(t)); n < 80 {
		t.Errorf("%d rules", n)
	}
	for _, id := range ruleIDs(t) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 20 {
			e := exampleOf(t, r, id)
			name := "srv/app/settings.txt"
			if ownDocument().Rule[id].Where == "config" {
				name = "root/.git-credentials"
			}
			got := analyzed(t, a, name, "first line\n"+e.line+"\nlast line\n")
			if rulesOf(got) == "" {
				t.Errorf("%s: example %d: nothing found in %q", id, i, e.line)
				break
			}
			if !strings.Contains(rulesOf(got), id+":") && i == 0 {
				t.Logf("%s: found as %q", id, rulesOf(got))
			}
		}
	}
}
