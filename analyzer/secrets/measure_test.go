package secrets_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/secrets"
	corpus "github.com/hullmark/hullmark/internal/planted"
)

func TestMeasure(t *testing.T) {
	set, err := corpus.New(1)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{secrets.New(secrets.Options{})}}.Scan(t.Context(), set.Image)
	if err != nil {
		t.Fatal(err)
	}
	s := set.Score(report, "secrets")
	found, all := 0, 0
	for _, name := range slices.Sorted(maps.Keys(s.ByFormat)) {
		c := s.ByFormat[name]
		if c.Found > 0 {
			found, all = found+c.Found, all+c.Planted
		}
		if c.Found < c.Planted {
			t.Logf("%-30s %d of %d %v", name, c.Found, c.Planted, c.Rules)
		}
	}
	t.Logf("formats with a finding: %d of %d, %.3f; recall of all %.3f", found, all, float64(found)/float64(all), s.Recall(nil))
	for _, name := range slices.Sorted(maps.Keys(s.ByCarrier)) {
		c := s.ByCarrier[name]
		t.Logf("%-30s %d of %d", name, c.Found, c.Planted)
	}
	kinds := map[string]int{}
	for _, f := range s.False {
		kinds[f.Kind+" "+f.Rule]++
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("false: %s: %d", k, kinds[k])
	}
	fmt.Println(len(s.Mismarked), s.Extra)
}
