package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestImport: every SBOM of a tree is submitted once, another run skips those that are imported, and failures are counted.
func TestImport(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File)
		c := s.Client(t, "team")
		dir := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			name = filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		document := func(n int) string {
			return fmt.Sprintf(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "left", "version": "1.%d.0", "purl": "pkg:npm/left@1.%d.0"}]}`, n, n)
		}
		for n := range 20 {
			write(fmt.Sprintf("team%d/app%d.cdx.json", n%3, n), document(n))
		}
		write("copy.json", document(3))
		write("readme.txt", "no SBOM")
		write("bad/broken.json", "{")
		run := func(wantOut string, wantCode int) string {
			t.Helper()
			var out, errs bytes.Buffer
			env := map[string]string{"FLEET_SERVER": s.URL, "FLEET_TOKEN": c.Secret}
			p := &program{stdout: &out, stderr: &errs, getenv: func(name string) string { return env[name] }}
			if code := p.run(t.Context(), []string{"import", "--parallel", "3", dir}); code != wantCode || out.String() != wantOut {
				t.Errorf("exit code %d, %s%s, want %d, %s", code, &out, &errs, wantCode, wantOut)
			}
			return errs.String()
		}
		if errs := run("20 imported, 1 skipped, 1 failed\n", 3); !strings.Contains(errs, "broken.json: malformed") {
			t.Errorf("%s", errs)
		}
		write("new.json", document(100))
		run("1 imported, 21 skipped, 1 failed\n", 3)
		if err := os.Remove(filepath.Join(dir, "bad", "broken.json")); err != nil {
			t.Fatal(err)
		}
		run("0 imported, 22 skipped, 0 failed\n", 0)
		var page struct{ Items []any }
		if c.Get("/v1/images?limit=1000&state=analyzed", &page); len(page.Items) != 21 {
			t.Errorf("%d images", len(page.Items))
		}
	})
}
