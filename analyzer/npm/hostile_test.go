package npm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestLargeInput asks that lock files of 20,000 packages, many times those of large applications, are read in full.
func TestLargeInput(t *testing.T) {
	const n = 20_000
	sum := "sha512-" + strings.Repeat("A", 86) + "=="
	for file, text := range map[string][]byte{
		"package-lock.json": hostile.Times(n, `{"packages":{"":{}`, `,"node_modules/p#":{"version":"1.0.#","resolved":"https://registry.example/p#/-/p#-1.0.0.tgz","integrity":"`+sum+
			`","license":"MIT","dependencies":{"a#":"^1","b#":"^2"},"engines":{"node":">=18"}}`, "}}"),
		"app/package-lock.json": hostile.Times(n, `{"dependencies":{"q":{"version":"1"}`, `,"p#":{"version":"1.0.#","resolved":"https://registry.example/p#/-/p#-1.0.0.tgz","integrity":"`+sum+
			`","requires":{"a#":"^1","b#":"^2"}}`, "}}"),
		"yarn.lock":      hostile.Times(n, "# yarn lockfile v1\n\n", "p#@^1.0.0, p#@^1.1.0:\n  version \"1.0.#\"\n  resolved \"https://registry.example/p#/-/p#-1.0.0.tgz\"\n  integrity "+sum+"\n  dependencies:\n    a \"^1\"\n    b \"^2\"\n\n", ""),
		"pnpm-lock.yaml": hostile.Times(n, "lockfileVersion: '9.0'\n\npackages:\n", "\n  p#@1.0.#:\n    resolution: {integrity: "+sum+"}\n    engines: {node: '>=18'}\n    dependencies:\n      a: 1.0.0\n      b: 2.0.0\n", ""),
		"bun.lock":       hostile.Times(n, `{"packages": {`, `"p#":["p#@1.0.#","",{"dependencies":{"a#":"^1","b#":"^2"}},"`+sum+"\"],\n", "}}"),
	} {
		r, err := hostile.Analyze(t, New(), file, text, 100<<20)
		if err != nil || len(r.Diagnostics) != 0 || len(r.Packages) < n {
			t.Errorf("%s: %d packages, %v, %v", file, len(r.Packages), r.Diagnostics, err)
		}
	}
}

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	needs := string(hostile.Times(20_000, "", `,"#":""`, ""))
	for _, test := range []struct {
		name, file string
		text       []byte
	}{
		{"packages", "package-lock.json", hostile.Times(800_000, `{"packages":{"":{}`, `,"node_modules/a#":{"version":"1"}`, "}}")},
		{"names", "package-lock.json", hostile.Times(1_400_000, `{"dependencies":{"a":{}`, `,"a#":{"version":"1"}`, "}}")},
		{"nested", "package-lock.json", hostile.Times(1_400_000, `{"dependencies":{"a":{"version":"1","dependencies":{"b":{}`, `,"a#":{"version":"1"}`, "}}}}")},
		{"one package", "package-lock.json", hostile.Times(2_500_000, `{"packages":{"node_modules/a":{"version":"1","dependencies":{"a":"1"`, `,"#":"1"`, "}}}}")},
		{"installed", "app/node_modules/.package-lock.json", hostile.Times(1_400_000, `{"dependencies":{"a":{}`, `,"a#":{"version":"1"}`, "}}")},
		{"yarn", "yarn.lock", hostile.Times(1_400_000, "", "a#@1:\n  version 1\n\n", "")},
		{"yarn's dependencies", "yarn.lock", hostile.Times(2_000_000, "a@1:\n  version 1\n  dependencies:\n", "    a#: 1\n", "")},
		{"pnpm", "pnpm-lock.yaml", hostile.Times(1_500_000, "packages:\n", "  a#@1.0:\n    {}\n", "")},
		{"pnpm's snapshots", "pnpm-lock.yaml", hostile.Times(1_000_000, "snapshots:\n", "  a#@1.0: {dependencies: {a: 1}}\n", "")},
		{"aliases", "pnpm-lock.yaml", hostile.Times(200, "packages:\n", "  a#@1.0:\n    b: &a [x"+strings.Repeat(",x", 60_000)+"]\n    dependencies: {b: *a"+string(hostile.Times(2000, "", ", a#: *a", ""))+"}\n", "")},
		{"bun", "bun.lock", hostile.Times(1_400_000, `{"packages":{"a":["a@1"]`, `,"a#":["a@1"]`, "}}")},
		{"bun's dependencies", "bun.lock", hostile.Times(200, `{"packages":{"a":["a@1"]`, `,"a#":["a@1",{"dependencies":{"a":""`+needs+`}}]`, "}}")[:maxLock-1<<20]},
		{"bun's workspaces", "bun.lock", hostile.Times(200, `{"workspaces":{"a":{}`, `,"a#":{"dependencies":{"a":""`+needs+`}}`, "}}")[:maxLock-1<<20]},
		{"bun's directories", "bun.lock", fmt.Appendf(nil, `{"packages":{"a%s":["a@1",{"dependencies":{"a":""%s}}]}}`, strings.Repeat("/a", 1000), needs)},
		{"manifest", "node_modules/a/package.json", hostile.Times(600_000, `{"name":"a","version":"1","dependencies":{"a":"1"`, `,"#":"1"`, "}}")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, New(), test.file, test.text, 256<<20) })
	}
}

// TestLarge asks that files just within the limits take little memory.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	needs := string(hostile.Times(20_000, "", `,"#":""`, ""))
	for file, text := range map[string][]byte{
		"package-lock.json":           hostile.Times(150, `{"packages":{"":{}`, `,"node_modules/a#":{"version":"1","dependencies":{"a":""`+needs+`}}`, "}}"),
		"node_modules/a/package.json": hostile.Times(300_000, `{"name":"a","version":"1","dependencies":{"a":"1"`, `,"#":"1"`, "}}"),
	} {
		if r, err := hostile.Analyze(t, New(), file, text, 200<<20); err != nil || len(r.Packages) == 0 {
			t.Errorf("%s: %d packages, %v", file, len(r.Packages), err)
		}
	}
}
