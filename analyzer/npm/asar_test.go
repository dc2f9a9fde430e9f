package npm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// electron returns an archive with a header and contents, as @electron/asar 3.2.10 writes it: the header is padded to a multiple of 4.
func electron(header, contents string) string {
	padded := header + strings.Repeat("\x00", -len(header)&3)
	var b []byte
	for _, n := range []int{4, len(padded) + 8, len(padded) + 4, len(header)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b) + padded + contents
}

func TestASAR(t *testing.T) {
	const a, b = `{"name": "a", "version": "1.0.0"}`, `{"name": "@s/b", "version": "2.0.0"}`
	file := func(at, size int) string { return fmt.Sprintf(`{"size": %d, "offset": "%d"}`, size, at) }
	first, second := file(0, len(a)), file(len(a), len(b))
	deep := func(n int) string {
		return strings.Repeat(`{"files": {"d": `, n) + "{}" + strings.Repeat("}}", n)
	}
	many := strings.TrimSuffix(strings.Repeat(`"x": {"files": {"package.json": `+file(0, maxManifest)+`}},`, 20), ",")
	for _, c := range []struct {
		name, path, content string
		want                string // packages
		problem             string // in the error or a diagnostic
		large               bool
	}{
		{"packages", "opt/app.asar", electron(`{"files": {"package.json": `+first+`, "node_modules": {"files": {"a": {"files": {"package.json": `+first+
			`, "lib": {"files": {"package.json": `+first+`}}}}, "@s": {"files": {"b": {"files": {"package.json": `+second+`}}}}}}}}`, a+b),
			"a 1.0.0 node_modules/a/package.json, @s/b 2.0.0 node_modules/@s/b/package.json", "", false},
		{"a directory of packages", "opt/node_modules.asar", electron(`{"files": {"a": {"files": {"package.json": `+first+`}}}}`, a), "a 1.0.0 a/package.json", "", false},
		{"a file beside the archive", "opt/app.asar", electron(`{"files": {"node_modules": {"files": {"a": {"files": {"package.json": {"size": 9, "unpacked": true}}}}}}}`, a), "", "", false},
		{"a link", "opt/app.asar", electron(`{"files": {"node_modules": {"files": {"a": {"link": "b"}}}}}`, ""), "", "", false},
		{"names that lead out", "opt/node_modules.asar", electron(`{"files": {"..": {"files": {"package.json": `+first+`}}, "../a": {}, "a": {"files": {"package.json": `+first+`}}}}`, a), "a 1.0.0 a/package.json", "not the name of a file", false},
		{"not in the archive", "opt/node_modules.asar", electron(`{"files": {"a": {"files": {"package.json": {"size": 10, "offset": "99"}}}, "b": {"files": {"package.json": `+first+`}}}}`, a),
			"a 1.0.0 b/package.json", "a/package.json: not in the archive", false},
		{"an offset that overflows", "opt/node_modules.asar", electron(`{"files": {"a": {"files": {"package.json": {"size": 9223372036854775807, "offset": "9223372036854775807"}}}}}`, a), "", "not in the archive", false},
		{"no manifest", "opt/node_modules.asar", electron(`{"files": {"a": {"files": {"package.json": {"size": 3, "offset": "0"}}}}}`, a), "", "a/package.json: ", false},
		{"no archive", "opt/app.asar", "text and more text", "", "not an archive", false},
		{"cut short", "opt/app.asar", electron(`{"files": {}}`, "")[:20], "", "not an archive", false},
		{"no JSON", "opt/app.asar", electron(`{"files": {"a": `, ""), "", "asar", false},
		{"deep", "opt/app.asar", electron(deep(maxDepth), ""), "", "", false},
		{"too deep", "opt/app.asar", electron(deep(maxDepth+1), ""), "", "directories in each other", true},
		{"many large manifests", "opt/node_modules.asar", electron(`{"files": {`+many+`}}`, a+strings.Repeat(" ", maxManifest)), strings.TrimSuffix(strings.Repeat("a 1.0.0 x/package.json, ", 16), ", "), "bytes of package.json", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := New().Analyze(t.Context(), analyzer.NewFile(c.path, 0, []byte(c.content)))
			var got []string
			problems := fmt.Sprint(err)
			if r != nil {
				for _, p := range r.Packages {
					got = append(got, fmt.Sprintf("%s %s %s", strings.TrimPrefix(p.Namespace+"/"+p.Name, "/"), p.Version, p.ArchivePath))
				}
				for _, d := range r.Diagnostics {
					problems += d.Message
				}
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if c.problem == "" && problems != "<nil>" || !strings.Contains(problems, c.problem) || c.large != errors.Is(err, analyzer.ErrTooLarge) {
				t.Errorf("got %s, want %q", problems, c.problem)
			}
		})
	}
}

func FuzzASAR(f *testing.F) {
	f.Add(electron(`{"files": {"node_modules": {"files": {"a": {"files": {"package.json": {"size": 33, "offset": "0"}}}}}}}`, `{"name": "a", "version": "1.0.0"}`))
	f.Fuzz(func(t *testing.T, content string) {
		if r, _ := analyzeASAR(t.Context(), analyzer.NewFile("app.asar", 0, []byte(content))); r != nil {
			checkPackages(t, r.Packages)
		}
	})
}
