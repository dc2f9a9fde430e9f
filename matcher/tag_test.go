package matcher_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// An action's tag may move within its releases: https://github.com/aquasecurity/trivy/issues/3994.
func TestMovingTag(t *testing.T) {
	source := advisories{{ID: "CVE-1", Key: matcher.Key{Type: "github", Namespace: "a", Name: "b"}, Ranges: []matcher.Range{{Fixed: "46.0.1"}}}}
	for version, want := range map[string]string{
		"v45.0.7": "affected", "v46.0.1": "", "v45": "affected", "v46": "uncertain", "46": "uncertain", "v46.0": "uncertain", "v47": "", "v4": "affected", "main": "uncertain",
	} {
		report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Type: "github", Namespace: "a", Name: "b", Version: version}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range result.Matches {
			if got = "affected"; m.Uncertain != "" {
				got = "uncertain"
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}
