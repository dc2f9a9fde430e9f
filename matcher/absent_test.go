package matcher_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/symbols"
	"github.com/hullmark/hullmark/matcher"
)

// TestAbsent matches a module of a program that has the functions Parse and T.M of its package html. Advisories are about the same vulnerability.
func TestAbsent(t *testing.T) {
	functions := &analyzer.Functions{
		Linked:  symbols.Pack([]symbols.Hash{symbols.In("html").Named("Parse"), symbols.In("html").Named("T.M"), symbols.In("html").Named("T")}),
		Inlined: symbols.Pack([]symbols.Hash{symbols.In(symbols.Any).Named("Moved")}),
	}
	part := func(path string, names ...string) matcher.Part { return matcher.Part{Path: path, Symbols: names} }
	const html, http2 = "Example.org/net/html", "example.org/net/http2"
	for _, tt := range []struct {
		name      string
		functions *analyzer.Functions
		parts     [][]matcher.Part // of each advisory
		detail    string           // "" if the vulnerability may be in the program
	}{
		{"present", functions, [][]matcher.Part{{part(html, "Parse")}}, ""},
		{"a present method", functions, [][]matcher.Part{{part(html, "T.M")}}, ""},
		{"a type with a present method", functions, [][]matcher.Part{{part(html, "T")}}, ""},
		{"one is present", functions, [][]matcher.Part{{part(html, "Render", "Parse")}}, ""},
		{"absent", functions, [][]matcher.Part{{part(html, "Render", "T.N")}}, "GO-0 names: Example.org/net/html.Render, Example.org/net/html.T.N"},
		{"another package", functions, [][]matcher.Part{{part(http2, "Parse", "A", "B", "C")}}, "GO-0 names: example.org/net/http2.A, example.org/net/http2.B, example.org/net/http2.C and 1 more"},
		{"perhaps moved", functions, [][]matcher.Part{{part(http2, "Moved")}}, ""},
		{"two packages", functions, [][]matcher.Part{{part(http2, "A"), part(html, "Parse")}}, ""},
		{"a package without functions", functions, [][]matcher.Part{{part(http2, "A"), part(html)}}, ""},
		{"a package of another module", functions, [][]matcher.Part{{part("example.org/network", "A")}}, ""},
		{"no package", functions, [][]matcher.Part{{part("", "A")}}, ""},
		{"no parts", functions, [][]matcher.Part{nil}, ""},
		{"another advisory without parts", functions, [][]matcher.Part{{part(http2, "A")}, nil}, "GO-0 names: example.org/net/http2.A"},
		{"another advisory with a present one", functions, [][]matcher.Part{{part(http2, "A")}, {part(html, "Parse")}}, ""},
		{"functions for another system", functions, [][]matcher.Part{{{Path: http2, Symbols: []string{"A"}, Systems: []string{"linux"}}, {Path: html, Symbols: []string{"B"}, Systems: []string{"windows"}}}},
			"GO-0 names: Example.org/net/html.B, example.org/net/http2.A"},
		{"unknown functions", nil, [][]matcher.Part{{part(http2, "A")}}, ""},
		{"no functions", &analyzer.Functions{}, [][]matcher.Part{{part(http2, "A")}}, ""},
		{"damaged functions", &analyzer.Functions{Linked: functions.Linked[:len(functions.Linked)-1]}, [][]matcher.Part{{part(http2, "A")}}, ""},
	} {
		c := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "golang", Namespace: "example.org", Name: "net", Version: "v1.0.0", Functions: tt.functions}}
		found := &analyzer.Report{Components: []analyzer.Component{c}, Image: analyzer.ImageInfo{Platform: "linux/amd64"}}
		var source advisories
		for i, parts := range tt.parts {
			source = append(source, matcher.Advisory{ID: "GO-" + string(rune('0'+i)), Aliases: []string{"CVE-2026-0001"}, Key: matcher.Key{Type: "golang", Namespace: "example.org", Name: "net"}, Parts: parts})
		}
		m := matcher.Matcher{Source: source}
		result, err := m.Match(t.Context(), found)
		if err != nil {
			t.Fatal(err)
		}
		list, err := m.Explain(t.Context(), found, "CVE-2026-0001")
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Matches) != 1 || len(list) != len(tt.parts) {
			t.Fatalf("%s: %v, %v", tt.name, result.Matches, list)
		}
		a := result.Matches[0].Analysis
		outcome := list[0].Outcome
		switch {
		case tt.detail == "" && (a != nil || outcome != matcher.OutcomeAffected):
			t.Errorf("%s: %+v, %s", tt.name, a, outcome)
		case tt.detail == "":
		case a == nil || a.Status != matcher.NotAffected || a.Evidence != matcher.EvidenceSymbols || !strings.HasSuffix(a.Detail, " "+tt.detail):
			t.Errorf("%s: %+v", tt.name, a)
		case outcome != matcher.OutcomeNotPresent || list[0].Evidence != a.Detail:
			t.Errorf("%s: explained as %+v", tt.name, list[0])
		}
	}
}
