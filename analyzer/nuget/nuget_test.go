package nuget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func TestParseDeps(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
		err        string // part of the error, none if empty
	}{
		{"a byte order mark", "\xEF\xBB\xBF" + `{"libraries": {"A/1.0": {"type": "package"}}}`, []string{"A@1.0"}, ""},
		{"kinds", `{"libraries": {"A/1": {"type": "package"}, "B/1": {"type": "project"}, "C/1": {"type": "reference"}, "runtimepack.D/1": {"type": "runtimepack"}, "E/1": {}}}`,
			[]string{"A@1", "D@1"}, ""},
		{"for the compiler", `{"runtimeTarget": {"name": "t"}, "targets": {"t": {"A/1": {"compileOnly": true}}, "u": {"B/1": {"compileOnly": true}}}, "libraries": {"A/1": {"type": "package"}, "B/1": {"type": "package"}}}`,
			[]string{"B@1"}, ""},
		{"keys", `{"libraries": {"A": {"type": "package"}, "/1": {"type": "package"}, "B/": {"type": "package"}, "C/1": {"type": "package"}}}`, []string{"C@1"},
			"deps.json: libraries: not ID/version: \"/1\"\ndeps.json: libraries: not ID/version: \"A\"\ndeps.json: libraries: not ID/version: \"B/\""},
		{"a digest that is none", `{"libraries": {"A/1": {"type": "package", "sha512": "sha512-AAAA"}}}`, []string{"A@1"}, `deps.json: A/1: not a SHA-512: "AAAA"`},
		{"empty", `{}`, nil, ""},
		{"cut short", `{"libraries": {`, nil, "nuget: deps.json: unexpected end of JSON input"},
		{"something else", `[]`, nil, "nuget: deps.json: "},
		{"deep", strings.Repeat("[", 1_000_000), nil, "nuget: deps.json: "},
	} {
		r, err := parseDeps(withoutMark([]byte(tt.text)), nil)
		if r == nil {
			r = new(analyzer.Result)
		}
		err = diagnostic.Err(r, err)
		var got []string
		for _, p := range r.Packages {
			got = append(got, p.Name+"@"+p.Version)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.err)
		}
	}
}

func FuzzDeps(f *testing.F) {
	f.Add([]byte(`{"runtimeTarget": {"name": "t"}, "targets": {"t": {"A/1": {"dependencies": {"B": "1"}}}}, "libraries": {"A/1": {"type": "package", "sha512": "sha512-"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseDeps(text, nil)
		if err != nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" || p.Type != typeNuGet {
				t.Errorf("%+v", p)
			}
		}
	})
}

func BenchmarkDeps(b *testing.B) {
	var targets, libraries strings.Builder
	for i := range 300 {
		fmt.Fprintf(&targets, `,"Example.Library%d/1.0.%d":{"dependencies":{"Example.Library1":"1.0.1"},"runtime":{"lib/net8.0/Example.dll":{"assemblyVersion":"1.0.0.0","fileVersion":"1.0.0.0"}}}`, i, i)
		fmt.Fprintf(&libraries, `,"Example.Library%d/1.0.%d":{"type":"package","serviceable":true,"sha512":"sha512-%s==","path":"x/1"}`, i, i, strings.Repeat("A", 86))
	}
	f := analyzer.NewFile("app/x.deps.json", 0o644, []byte(`{"runtimeTarget":{"name":"t"},"targets":{"t":{`+targets.String()[1:]+`}},"libraries":{`+libraries.String()[1:]+`}}`))
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := analyze(b.Context(), f); err != nil || len(r.Packages) != 300 {
			b.Fatal(err)
		}
	}
}
