package cargo

import (
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestHostile asks that programs that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for name, text := range map[string][]byte{
		"crates":       hostile.Times(2_000_000, `{"packages":[{}`, `,{}`, "]}"),
		"dependencies": hostile.Times(3_000_000, `{"packages":[{"name":"a","version":"1","dependencies":[0`, `,0`, "]}]}"),
		"too much":     hostile.Times(9_000_000, "", " ", ""),
	} {
		t.Run(name, func(t *testing.T) {
			hostile.Refused(t, New(), "usr/bin/a", elfWith(sectionName, deflate(t, string(text))), 256<<20)
		})
	}
}

// TestLargeInput asks that a program of 10,000 crates is read in full.
func TestLargeInput(t *testing.T) {
	const n = 10_000
	text := hostile.Times(n, `{"packages":[{"name":"a","version":"1.0.0","root":true}`, `,{"name":"crate-#","version":"1.0.#","source":"crates.io","dependencies":[0,1,2,3,#]}`, "]}")
	r, err := hostile.Analyze(t, New(), "usr/bin/a", elfWith(sectionName, deflate(t, string(text))), 64<<20)
	if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) != n+1 {
		t.Errorf("%d packages, %v, %v", len(r.Packages), r.Diagnostics, err)
	}
}

// TestHostileTables asks that tables of PE and Mach-O programs, which the analyzer does not need, take no memory.
func TestHostileTables(t *testing.T) {
	for name, program := range hostile.Programs() {
		t.Run(name, func(t *testing.T) {
			if r, err := hostile.Analyze(t, New(), "usr/bin/a", program, 32<<20); len(r.Packages) > 0 {
				t.Errorf("%d packages, %v", len(r.Packages), err)
			}
		})
	}
}
