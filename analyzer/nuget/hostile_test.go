package nuget

import (
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestLargeInput asks that a file of 5,000 libraries is read in full.
func TestLargeInput(t *testing.T) {
	const n = 5_000
	text := append(hostile.Times(n, `{"runtimeTarget":{"name":"t"},"targets":{"t":{"Q/1":{}`, `,"P.#/1.0.0":{"dependencies":{"A.#":"1.0.0","B":"1.0.0"},"runtime":{"lib/net8.0/P.#.dll":{"assemblyVersion":"1.0.0.0","fileVersion":"1.0.0.0"}}}`, `}},`),
		hostile.Times(n, `"libraries":{"Q/1":{"type":"package"}`, `,"P.#/1.0.0":{"type":"package","serviceable":true,"sha512":"","path":"p.#/1.0.0","hashPath":"p.#.1.0.0.nupkg.sha512"}`, `}}`)...)
	r, err := hostile.Analyze(t, New(), "app/app.deps.json", text, 64<<20)
	if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != n+1 {
		t.Errorf("%d packages, %v, %v", len(r.Packages), r.Diagnostics, err)
	}
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for name, text := range map[string][]byte{
		"libraries":    hostile.Times(1_000_000, `{"libraries":{"a":{}`, `,"#":{}`, "}}"),
		"dependencies": hostile.Times(1_000_000, `{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1":{"dependencies":{"a":""`, `,"#":""`, `}}}},"libraries":{"a/1":{"type":"package"}}}`),
		"targets":      hostile.Times(900_000, `{"targets":{"a":{}`, `,"#":{"":{}}`, "}}"),
	} {
		t.Run(name, func(t *testing.T) { hostile.Refused(t, New(), "app/app.deps.json", text, 256<<20) })
	}
	// Just within the limit:
	text := hostile.Times(50_000, `{"libraries":{"a/1":{"type":"package"}`, `,"#/1":{"type":"package"}`, "}}")
	if r, err := hostile.Analyze(t, New(), "app/app.deps.json", text, 200<<20); err != nil || len(r.Packages) != 50_001 {
		t.Errorf("%d packages, %v", len(r.Packages), err)
	}
}
