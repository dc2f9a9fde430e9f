package check

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
)

// TestAPI compares the exported declarations of every public package with golden files, so that reviewers see each change of
// the API. Run it with -update to accept one.
func TestAPI(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		path := strings.TrimPrefix(p.PkgPath, module+"/")
		if p.PkgPath == module || strings.Contains("/"+path, "/internal/") || strings.HasPrefix(path, "examples/") {
			continue
		}
		t.Run(strings.ReplaceAll(path, "/", "."), func(t *testing.T) {
			var decls []string
			for _, file := range p.Syntax {
				for _, d := range file.Decls {
					decls = append(decls, exported(t, p.Fset, d)...)
				}
			}
			slices.Sort(decls)
			golden.Check(t, filepath.Join("testdata", "api", strings.ReplaceAll(path, "/", ".")+".txt"), []byte(strings.Join(decls, "\n")+"\n"))
		})
	}
}

// exported returns the exported specifications of a declaration, without bodies and comments.
func exported(t *testing.T, fset *token.FileSet, d ast.Decl) []string {
	show := func(n any) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, fset, n); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() || !exportedReceiver(d) {
			return nil
		}
		f := *d
		f.Doc, f.Body = nil, nil
		return []string{show(&f)}
	case *ast.GenDecl:
		var list []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					c := *s
					c.Doc, c.Comment, c.Type = nil, nil, exportedType(s.Type)
					list = append(list, "type "+show(&c))
				}
			case *ast.ValueSpec:
				c := *s
				c.Doc, c.Comment = nil, nil
				if slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
					if d.Tok == token.VAR && c.Type != nil {
						c.Values = nil
					}
					list = append(list, d.Tok.String()+" "+show(&c))
				}
			}
		}
		return list
	}
	return nil
}

// exportedType returns a struct type with its exported fields only, and any type without comments.
func exportedType(e ast.Expr) ast.Expr {
	strip := func(fields *ast.FieldList, all bool) *ast.FieldList {
		kept := &ast.FieldList{Opening: 1, Closing: 1}
		for _, f := range fields.List {
			c := *f
			c.Doc, c.Comment = nil, nil
			if all || len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
				kept.List = append(kept.List, &c)
			}
		}
		return kept
	}
	switch x := e.(type) {
	case *ast.StructType:
		return &ast.StructType{Fields: strip(x.Fields, false)}
	case *ast.InterfaceType:
		return &ast.InterfaceType{Methods: strip(x.Methods, true)}
	}
	return e
}
