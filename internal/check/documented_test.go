package check

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumented checks that every exported declaration of a public package has a doc comment. A comment on a group of
// constants or variables documents them all.
func TestDocumented(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		path := strings.TrimPrefix(p.PkgPath, module+"/")
		if strings.Contains("/"+path, "/internal/") || p.Name == "main" {
			continue
		}
		missing := func(pos token.Pos, name string) {
			t.Errorf("%s: %s has no doc comment", p.Fset.Position(pos), name)
		}
		documented := false
		for _, file := range p.Syntax {
			documented = documented || file.Doc != nil
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !selfExplanatory(d) {
						missing(d.Pos(), d.Name.Name)
					}
				case *ast.GenDecl:
					if d.Doc != nil {
						continue
					}
					for _, s := range d.Specs {
						switch s := s.(type) {
						case *ast.TypeSpec:
							if s.Name.IsExported() && s.Doc == nil {
								missing(s.Pos(), s.Name.Name)
							}
						case *ast.ValueSpec:
							for _, name := range s.Names {
								if name.IsExported() && s.Doc == nil && s.Comment == nil {
									missing(name.Pos(), name.Name)
								}
							}
						}
					}
				}
			}
		}
		if !documented {
			t.Errorf("package %s has no comment", p.PkgPath)
		}
	}
}

// selfExplanatory reports whether f is a method of error or fmt.Stringer, which needs no comment.
func selfExplanatory(f *ast.FuncDecl) bool {
	return f.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "Is", "String"}, f.Name.Name)
}

// TestExamples requires an example of every public package, which go doc shows first.
func TestExamples(t *testing.T) {
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?m)^func Example`)
	for _, p := range all {
		path, ok := strings.CutPrefix(p.ImportPath, module+"/")
		if !ok || strings.Contains("/"+path, "/internal/") || strings.HasPrefix(path, "examples/") || strings.HasPrefix(path, "db/feed/") {
			continue // the feeds have no other use than that of db/feed
		}
		files, err := filepath.Glob(filepath.Join(root, path, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(files, func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && example.Match(text)
		}) {
			t.Errorf("package %s has no example", path)
		}
	}
}
