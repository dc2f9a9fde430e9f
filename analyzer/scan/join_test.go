package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A counting analyzer names in each *.part the number of all that are visible.
type counting struct {
	analyzer.Analyzer
	join func(facts []analyzer.Fact) []analyzer.Joined
}

func (c counting) Join(_ context.Context, facts []analyzer.Fact) []analyzer.Joined {
	return c.join(facts)
}

func keepFact(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	b, err := f.Bytes()
	return &analyzer.Result{Fact: append([]byte(nil), b...), Packages: []analyzer.Package{{Type: "generic", Name: f.Path, Version: "alone"}}}, err
}

func TestJoin(t *testing.T) {
	base := analyzer.Func(analyzer.Info{Name: "counting", Version: 1, Patterns: []string{"**/*.part"}}, keepFact)
	count := func(facts []analyzer.Fact) (joined []analyzer.Joined) {
		for i, f := range facts {
			if i > 0 && facts[i-1].Path >= f.Path {
				panic("not sorted")
			}
			if string(f.Data) == "leave" {
				joined = append(joined, analyzer.Joined{
					Diagnostics: []analyzer.Diagnostic{{Code: "no-parent", Line: 3, Message: "two"}, {Code: "No code", Message: "three"}},
					Err:         fmt.Errorf("one: %w", analyzer.ErrUnsupported),
				})
				continue
			}
			joined = append(joined, analyzer.Joined{Result: &analyzer.Result{
				Packages: []analyzer.Package{{Type: "generic", Name: f.Path, Version: fmt.Sprint(len(facts))}},
			}})
		}
		return append(joined, analyzer.Joined{Err: errors.New("of no file")})
	}
	img, err := imagetest.Image(
		new(imagetest.Layer).File("a/b.part", "1").File("a-b.part", "1").File("gone.part", "1").File("none.part", ""),
		new(imagetest.Layer).File("a/b.part", "1").File("a-b.part", "2").File(".wh.gone.part", "").File("z.part", "leave"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		a    analyzer.Analyzer
		want string
	}{
		{"joined", counting{base, count}, `
			a-b.part 3, layer 1
			a/b.part 3, layer 0
			none.part alone, layer 0
			z.part alone, layer 1
			no-parent 1 z.part: two
			malformed 1 z.part: three
			unsupported 1 z.part: one: unsupported`},
		{"panic", counting{base, func([]analyzer.Fact) []analyzer.Joined { panic("lost") }}, `
			a-b.part alone, layer 0
			a/b.part alone, layer 0
			none.part alone, layer 0
			z.part alone, layer 1
			panic -1 : join: lost`},
		{"no Joiner", base, `
			a-b.part alone, layer 0
			a/b.part alone, layer 0
			none.part alone, layer 0
			z.part alone, layer 1
			unsupported -1 : the analyzer returns facts, but does not join them`},
	} {
		cache := scan.NewMemCache(0)
		for _, way := range []string{"cold", "cached"} {
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{tt.a}, Cache: cache}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, c := range report.Components {
				fmt.Fprintf(&got, "\n\t\t\t%s %s, layer %d", c.Path, c.Version, c.Layer)
			}
			for _, d := range report.Diagnostics {
				fmt.Fprintf(&got, "\n\t\t\t%s %d %s: %s", d.Code, d.Layer, d.Path, d.Message)
			}
			if got.String() != tt.want {
				t.Errorf("%s, %s: %s\nwant%s", tt.name, way, got.String(), tt.want)
			}
		}
	}
}
