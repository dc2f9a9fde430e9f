package runtimes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/runtimes"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

func Test(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", runtimes.New())
}

func Example() {
	f := analyzer.NewFile("opt/java/openjdk/release", 0o644, []byte("IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.9\"\n"))
	r, err := runtimes.New().Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range r.Packages {
		fmt.Println(p.Name, p.Version, p.Vendor)
	}
	// Output:
	// openjdk 17.0.9 Eclipse Adoptium
}

// TestHostile requires that documents that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	for name, text := range map[string][]byte{
		"packages":   hostile.Times(2_000_000, `{"spdxVersion":"SPDX-2.3","packages":[{}`, `,{}`, "]}"),
		"references": hostile.Times(500_000, `{"spdxVersion":"SPDX-2.3","documentDescribes":["a"`, `,"a#"`, "]}"),
		"components": hostile.Times(300_000, `{"bomFormat":"CycloneDX","components":[{"purl":"pkg:a/b"}`, `,{"purl":"pkg:a/b"}`, "]}"),
		"depth":      []byte(strings.Repeat(`{"bomFormat":"CycloneDX","components":[`, 10_000)),
		"hashes":     hostile.Times(250_000, `{"bomFormat":"CycloneDX","components":[{"purl":"pkg:a/b","hashes":[{"alg":"a","content":"b"}`, `,{"alg":"a#","content":"b"}`, "]}]}"),
		"licenses":   hostile.Times(350_000, `{"bomFormat":"CycloneDX","components":[{"purl":"pkg:a/b","licenses":[{}`, `,{"expression":"MIT"}`, "]}]}"),
	} {
		t.Run(name, func(t *testing.T) {
			hostile.Refused(t, runtimes.New(), "opt/bitnami/a/.spdx-a.spdx", text, 192<<20)
		})
	}
}

func Fuzz(f *testing.F) {
	f.Add("opt/java/release", []byte("JAVA_VERSION=\"17.0.9\"\n"))
	f.Add("usr/include/node/node_version.h", []byte("#define NODE_MAJOR_VERSION 20\n"))
	f.Add("opt/bitnami/a/.spdx-a.spdx", []byte(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"}]}`))
	f.Add("sbom.json", []byte(`{"bomFormat":"CycloneDX","components":[{"purl":"pkg:cargo/a@1","cpe":"cpe:2.3:a:b:c","hashes":[{"alg":"SHA-1","content":"a"}],"licenses":[{"license":{"id":"MIT"}}],"components":[{}]}]}`))
	f.Add("a/wp-includes/version.php", []byte("<?php\n$wp_version = '6.1';\n"))
	f.Add("a/wp-content/plugins/b/b.php", []byte("<?php\n/*\nPlugin Name: B\nVersion: 1.0\n*/"))
	f.Add("a/elixir/ebin/elixir.app", []byte(`{application,elixir,[{vsn,"1.17.2"}]}.`))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		_, _ = runtimes.New().Analyze(t.Context(), analyzer.NewFile(name, 0o644, content))
	})
}
