package check

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// stableModules lists the modules below v1 whose types the public API may mention. Hullmark is built on them.
var stableModules = []string{
	"github.com/google/go-containerregistry",
	"github.com/hashicorp/go-plugin",
	"github.com/Masterminds/semver/v3",
	"github.com/package-url/packageurl-go",
	"github.com/CycloneDX/cyclonedx-go",
}

// apiExceptions lists the findings of TestAPITypes that are right, with the reason.
var apiExceptions = map[string]string{
	"analyzer.Package.Qualifiers: map[string]string":        "data: the qualifiers of a PURL",
	"analyzer.Package.Hashes: map[string]string":            "data: checksums by algorithm",
	"sbom/attach.Attachment.Annotations: map[string]string": "data: the annotations of an OCI descriptor",
	"sbom/attach.Push: map[string]string":                   "data: the annotations of an OCI descriptor",
	"analyzer.Entry.Xattrs: map[string]string":              "extended attributes have any names and values",
	"analyzer.Record.Fields: map[string]string":             "kinds of records have fields of their own, which analyzers document",
	"plugin/plugintest.TB.Errorf: any":                      "a method of testing.TB, which would bring testing into programs",
	"plugin/plugintest.TB.Logf: any":                        "a method of testing.TB, which would bring testing into programs",
}

// TestAPITypes refuses exported declarations that mention types of internal packages or of modules below v1, parameters and
// fields of type any, and map[string]string, which is data without names or checks.
func TestAPITypes(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	modules := make(map[string]*packages.Module)
	packages.Visit(all, nil, func(p *packages.Package) { modules[p.PkgPath] = p.Module })
	found := make(map[string]string) // finding to position
	for _, p := range all {
		path := strings.TrimPrefix(p.PkgPath, module+"/")
		if strings.Contains("/"+path, "/internal/") || p.Name == "main" {
			continue
		}
		check := func(name string, n ast.Node) {
			for _, problem := range refused(p, modules, n) {
				found[path+"."+name+": "+problem] = p.Fset.Position(n.Pos()).String()
			}
		}
		for _, file := range p.Syntax {
			for _, d := range file.Decls {
				eachExported(d, check)
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(found)) {
		if apiExceptions[f] == "" {
			t.Errorf("%s: %s", found[f], f)
		}
	}
	for f := range apiExceptions {
		if found[f] == "" {
			t.Errorf("the exception %q is not needed", f)
		}
	}
}

// eachExported calls f with the name and the type of each exported function, type, field, method, constant and variable that
// d declares.
func eachExported(d ast.Decl, f func(name string, n ast.Node)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			name := d.Name.Name
			if d.Recv != nil {
				name = strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*") + "." + name
			}
			f(name, d.Type)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					eachMember(s, f)
				}
			case *ast.ValueSpec:
				for i, name := range s.Names {
					switch {
					case !name.IsExported():
					case s.Type != nil:
						f(name.Name, s.Type)
					case i < len(s.Values):
						f(name.Name, s.Values[i])
					}
				}
			}
		}
	}
}

// eachMember calls f with each exported field or method of a type, or with the type if it has no members.
func eachMember(s *ast.TypeSpec, f func(name string, n ast.Node)) {
	var members *ast.FieldList
	switch x := s.Type.(type) {
	case *ast.StructType:
		members = x.Fields
	case *ast.InterfaceType:
		members = x.Methods
	default:
		f(s.Name.Name, s.Type)
		return
	}
	for _, m := range members.List {
		if len(m.Names) == 0 {
			f(s.Name.Name, m.Type) // embedded
		}
		for _, name := range m.Names {
			if name.IsExported() {
				f(s.Name.Name+"."+name.Name, m.Type)
			}
		}
	}
}

// refused returns what is wrong with an exported type or value.
func refused(p *packages.Package, modules map[string]*packages.Module, n ast.Node) []string {
	var list []string
	if e, ok := n.(ast.Expr); ok && isAny(e) {
		list = append(list, "any")
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.Field:
			if isAny(n.Type) {
				list = append(list, "any")
			}
		case *ast.MapType:
			if types.ExprString(n) == "map[string]string" {
				list = append(list, "map[string]string")
			}
		case *ast.Ident:
			if pkg := foreign(p, n); pkg != "" {
				list = append(list, foreignProblem(modules, pkg)...)
			}
		}
		return true
	})
	return list
}

// foreign returns the path of the package that declares the object or its type, or "" if n is a package name or local.
func foreign(p *packages.Package, n *ast.Ident) string {
	o := p.TypesInfo.Uses[n]
	if o == nil || o.Pkg() == nil || o.Pkg() == p.Types {
		return ""
	}
	if _, ok := o.(*types.PkgName); ok {
		return ""
	}
	return o.Pkg().Path()
}

// foreignProblem reports an internal package, or one of a module below v1.
func foreignProblem(modules map[string]*packages.Module, pkg string) []string {
	if rest, ok := strings.CutPrefix(pkg, module+"/"); ok {
		if strings.Contains("/"+rest+"/", "/internal/") {
			return []string{rest}
		}
		return nil
	}
	m := modules[pkg]
	if m == nil || !strings.HasPrefix(m.Version, "v0.") || slices.Contains(stableModules, m.Path) {
		return nil
	}
	return []string{fmt.Sprintf("%s %s", m.Path, m.Version)}
}

// isAny reports whether a parameter or field has type any, interface{} or a list of them.
func isAny(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ellipsis:
		return isAny(x.Elt)
	case *ast.ArrayType:
		return isAny(x.Elt)
	case *ast.MapType:
		return isAny(x.Value)
	case *ast.Ident:
		return x.Name == "any"
	case *ast.InterfaceType:
		return len(x.Methods.List) == 0
	}
	return false
}
