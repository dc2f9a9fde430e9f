package scan_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

// lists is an analyzer for tests. A line of a file *.list is a package: "name version" and "key=value" for the rest; "!" in
// front of a line makes it a fragment; "panic", "error TEXT" and "distro ID VERSION" do what they say.
var lists = analyzer.Func(
	analyzer.Info{Name: "list", Version: 1, Patterns: []string{"**/*.list", "etc/packages"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		var r analyzer.Result
		for n, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
			fragment := strings.HasPrefix(line, "!")
			fields := strings.Fields(strings.TrimPrefix(line, "!"))
			if len(fields) == 0 {
				continue
			}
			switch fields[0] {
			case "panic":
				panic("as the test wishes")
			case "error":
				r.Diagnostics = append(r.Diagnostics, analyzer.Diagnostic{Line: n + 1, Message: strings.Join(fields[1:], " ")})
				continue
			case "distro":
				r.Distro = &analyzer.Distro{ID: fields[1], VersionID: fields[2]}
				continue
			}
			p := analyzer.Package{Type: "generic"}
			for n, field := range fields {
				key, value, ok := strings.Cut(field, "=")
				switch {
				case !ok && n == 0:
					p.Name = field
				case !ok:
					p.Version = field
				case key == "system":
					p.System = true
				case key == "file":
					p.Files = append(p.Files, value)
				case key == "license":
					p.Licenses = append(p.Licenses, value)
				case key == "arch":
					p.Arch = value
				case key == "namespace":
					p.Namespace = value
				case key == "dev":
					p.Dev = true
				case key == "inside":
					p.ArchivePath = value
				}
			}
			if fragment {
				r.Fragments = append(r.Fragments, p)
			} else {
				r.Packages = append(r.Packages, p)
			}
		}
		return &r, nil
	})

// journaled reads a database together with its journal.
var journaled = analyzer.Func(
	analyzer.Info{Name: "journaled", Version: 1, Patterns: []string{"**/data.db"}, Siblings: []string{"data.db-journal"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		name := strings.TrimSpace(string(b))
		if j := f.Sibling("data.db-journal"); j != nil {
			b, err := j.Bytes()
			if err != nil {
				return nil, err
			}
			name += "+" + strings.TrimSpace(string(b))
		}
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: name, Version: "1"}}}, nil
	})

// contents looks at nothing but the content of a file.
var contents = analyzer.Func(
	analyzer.Info{Name: "contents", Version: 1, Patterns: []string{"bin/*"}, ContentOnly: true},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: strings.TrimSpace(string(b)), Version: "1"}}}, nil
	})

func TestImages(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", lists, journaled, contents)
}
