package nuget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// TestDeclared asks which packages of a file are installed, and which it only names.
func TestDeclared(t *testing.T) {
	hash := strings.Repeat("A", 86) + "=="
	for _, tt := range []struct {
		name, path, text string
		want             []string
		err              string // part of the error, none if empty
	}{
		{"assets", "app/a.deps.json", `{"runtimeTarget": {"name": "t"}, "targets": {"t": {
			"A/1": {"runtime": {"lib/net8.0/A.dll": {}}}, "B/1": {"native": {"runtimes/b.so": {}}}, "C/1": {"resources": {"de/C.resources.dll": {}}},
			"D/1": {"runtimeTargets": {"runtimes/unix/lib/D.dll": {}}}, "E/1": {"dependencies": {"A": "1"}}, "F/1": {"runtime": {"lib/net8.0/_._": {}}}, "G/1": {}}},
			"libraries": {"A/1": {"type": "package"}, "B/1": {"type": "package"}, "C/1": {"type": "package"}, "D/1": {"type": "package"},
			"E/1": {"type": "package"}, "F/1": {"type": "package"}, "G/1": {"type": "package"}, "H/1": {"type": "package"}}}`,
			[]string{"A@1", "B@1", "C@1", "D@1", "E@1 declared", "F@1 declared", "G@1 declared", "H@1 declared"}, ""},
		{"no target", "app/a.deps.json", `{"libraries": {"A/1": {"type": "package"}}}`, []string{"A@1"}, ""},
		{"a lock file", "src/packages.lock.json", "\xEF\xBB\xBF" + `{"version": 1, "dependencies": {
			"net8.0": {"A": {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "contentHash": "` + hash + `", "dependencies": {"B": "2.0.0"}},
				"B": {"type": "Transitive", "resolved": "2.0.0"}, "shop.core": {"type": "Project"}},
			"net8.0/linux-x64": {"a": {"type": "Direct", "resolved": "1.0.0"}, "B": {"type": "CentralTransitive", "resolved": "2.1.0"}}}}`,
			[]string{"A@1.0.0 declared", "B@2.0.0 declared", "B@2.1.0 declared"}, ""},
		{"a lock file with strange values", "packages.lock.json", `{"dependencies": {"net8.0": {"A": {"type": "Direct"}, "B": {"resolved": "1", "contentHash": "x"}}}}`,
			[]string{"B@1 declared"}, "packages.lock.json: net8.0: no version: \"A\"\npackages.lock.json: B: not a SHA-512: \"x\""},
		{"packages.config", "src/packages.config", "\xEF\xBB\xBF" + `<?xml version="1.0" encoding="utf-8"?><!-- all --><packages>
			<package id="Newtonsoft.Json" version="13.0.1" targetFramework="net48" /><package id="StyleCop" version="6.0" developmentDependency="true"></package></packages>`,
			[]string{"Newtonsoft.Json@13.0.1 declared", "StyleCop@6.0 declared dev"}, ""},
		{"packages.config of another tool", "packages.config", `<configuration><package id="a" version="1"/></configuration>`, nil, ""},
		{"packages.config without versions", "packages.config", `<packages><package id="a"/><package version="1"/></packages>`, nil,
			"packages.config: id \"a\", version \"\"\npackages.config: id \"\", version \"1\""},
		{"packages.config cut short", "packages.config", `<packages><package id="a" version="1"/>`, []string{"a@1 declared"}, "nuget: packages.config: XML syntax error"},
		{"deep", "packages.config", "<packages>" + strings.Repeat("<a>", 1000), nil, "too large"},
	} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(tt.path, 0o644, []byte(tt.text)))
		if r == nil {
			r = new(analyzer.Result)
		}
		err = diagnostic.Err(r, err)
		var got []string
		for _, p := range r.Packages {
			s := p.Name + "@" + p.Version
			if p.Declared {
				s += " declared"
			}
			if p.Dev {
				s += " dev"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(fmt.Sprint(err), tt.err)) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.err)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte(`{"dependencies": {"net8.0": {"A": {"type": "Direct", "resolved": "1.0.0", "contentHash": "AA=="}}}}`))
	f.Add([]byte(`<packages><package id="a" version="1" developmentDependency="true"/></packages>`))
	f.Add([]byte(`{"version": 2, "contentHash": "YQ==", "source": "x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = New().Analyze(t.Context(), analyzer.NewFile("root/.nuget/packages/a/1.0/"+cachedName, 0o644, text))
		for _, parse := range []string{lockName, configName} {
			r, err := New().Analyze(t.Context(), analyzer.NewFile(parse, 0o644, text))
			if r == nil || err != nil {
				continue
			}
			for _, p := range r.Packages {
				if p.Name == "" || p.Version == "" || !p.Declared {
					t.Errorf("%+v", p)
				}
			}
		}
	})
}
