package sampletest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
)

// TestAssess lists the findings that tests of other packages rely on.
func TestAssess(t *testing.T) {
	var got []string
	for _, f := range sampletest.Assess(t).Findings {
		got = append(got, fmt.Sprintf("%s %s %s %s", f.ID, f.Subject.Name, f.Severity.Level, f.Fixed))
	}
	slices.Sort(got)
	want := []string{"CVE-2021-23337 lodash high 4.17.21", "CVE-2022-3715 bash negligible ", "CVE-2024-5535 openssl critical 3.0.14-1~deb12u1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
