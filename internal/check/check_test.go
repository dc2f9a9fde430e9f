package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/constant"
	"go/format"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/hullmark/hullmark"

const root = "../.."

// run runs the go command at the root of the module and returns its standard output.
func run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil {
		t.Errorf("go %s: %v\n%s%s", strings.Join(args, " "), e, out.String(), err.String())
	}
	return out.String()
}

// sources returns the Go files of the module, relative to the root.
func sources(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") && p != root {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".go") {
			list = append(list, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFormat(t *testing.T) {
	for _, name := range sources(t) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(b); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(b, formatted) {
			t.Errorf("%s is not formatted; run gofmt -w", name)
		}
	}
}

func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	run(t, "vet", "./...")
}

func TestTidy(t *testing.T) {
	if diff := run(t, "mod", "tidy", "-diff"); diff != "" {
		t.Errorf("go.mod is not tidy; run go mod tidy:\n%s", diff)
	}
}

// TestTopLevel checks that the top level has only the agreed directories and files.
func TestTopLevel(t *testing.T) {
	allowed := strings.Fields("analyzer matcher sbom db plugin examples internal go.mod go.sum doc.go README.md LICENSE")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		ignored := strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".test") // as in .gitignore
		if !ignored && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong on the top level", e.Name())
		}
	}
}

type listed struct {
	ImportPath string
	Name       string
	Standard   bool
	Imports    []string
	Deps       []string
}

// list returns all packages of the module with their imports.
var list = sync.OnceValues(func() ([]listed, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,Deps", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

const (
	ggcr   = "github.com/google/go-containerregistry/pkg/"
	remote = ggcr + "v1/remote"
)

// importTable lists packages and the packages that they must not import, directly or indirectly. "x/..." is x and all packages
// below.
var importTable = []struct{ who, what string }{
	{"analyzer", "github.com/google/go-containerregistry/..."},
	{"analyzer", "net/http"},
	{"analyzer", "google.golang.org/grpc/..."},
	{"analyzer", module + "/analyzer/scan"},
	{"analyzer/scan", remote},
	{"analyzer/scan", "net/http"},
	{"analyzer/scan", "google.golang.org/grpc/..."},
	{"analyzer/scan", "github.com/hashicorp/..."},
	{"analyzer/image", remote},
	{"analyzer/image", module + "/analyzer/scan"},
	{"analyzer/all", "google.golang.org/..."},
	{"analyzer/all", remote},
	{"analyzer/all", "net/http"},
	{"analyzer/all", module + "/analyzer/source"},
	{"analyzer/all", module + "/analyzer/content"},
	{"analyzer/content", module + "/analyzer/all"},
	{"analyzer/content", module + "/analyzer/source"},
	{"analyzer/content", remote},
	{"analyzer/content", "net/http"},
	{"analyzer/content", "google.golang.org/..."},
	{"analyzer/source", "github.com/docker/docker/..."},
	{"analyzer/source", module + "/matcher/..."},
	{"matcher", module + "/db/..."},
	{"matcher", module + "/sbom"},
	{"matcher", "net/http"},
	{"matcher/version", module + "/analyzer/..."},
	{"matcher/version", module + "/matcher"},
	{"sbom", module + "/db/..."},
	{"sbom", "net/http"},
	{"sbom", "github.com/spdx/..."}, // of tests only
	{"analyzer/diff", module + "/db/..."},
	{"analyzer/diff", module + "/sbom"},
	{"analyzer/diff", "net/http"},
	{"analyzer/merge", module + "/db/..."},
	{"analyzer/merge", module + "/sbom"},
	{"analyzer/merge", "net/http"},
	{"sbom/remote", module + "/db/..."},
	{"sbom/remote", module + "/analyzer/scan"},
	{"sbom/attach", module + "/analyzer"}, // the options of registries are in analyzer/source/registry
	{"sbom/attach", module + "/analyzer/image"},
	{"sbom/attach", module + "/analyzer/scan"},
	{"sbom/attach", module + "/analyzer/source"},
	{"sbom/attach", module + "/sbom"},
	{"db", "net/http"},
	{"db", module + "/sbom"},
	{"db", module + "/analyzer/source"},
	{"db", module + "/db/feed/..."},
	{"db", module + "/db/oci"},
	{"db/jsonlines", "net/http"},
	{"db/jsonlines", module + "/analyzer/source"},
	{"db/oci", module + "/db/feed/..."},
	{"db/oci", module + "/sbom"},
	{"db/oci", module + "/analyzer/source"},
	{"db/catalog", "net/http"},
	{"db/catalog", "database/sql"},
	{"db/catalog", module + "/sbom"},
	{"db/catalog", module + "/analyzer/scan"},
	{"db/catalog", module + "/analyzer/source"},
	{"db/catalog", module + "/db"},
	{"matcher/watch", module + "/db/..."},
	{"matcher/watch", module + "/sbom"},
	{"matcher/watch", "net/http"},
	{"matcher/watch", "database/sql"},
	{"matcher/watch/webhook", module + "/db/..."},
	{"matcher/watch/webhook", module + "/sbom"},
	{"matcher/watch/webhook", "database/sql"},
	{"db/feed", module + "/sbom"},
	{"db/feed", module + "/analyzer/source/..."},
	{"db/feed", client},
	{"db/feed", ggcr + "authn"}, // brings the configuration of docker
	{"analyzer/source", remote},
	{"analyzer/source/registry", module + "/internal/..."},
	{"analyzer", client},
	{"analyzer/scan", client},
	{"analyzer/image", client},
	{"analyzer/all", client},
	{"analyzer/content", client},
	{"analyzer/retrieve", client},
	{"matcher", client},
	{"sbom", client},
	{"plugin", module + "/matcher/..."},
	{"plugin", module + "/sbom"},
	{"plugin", module + "/db/..."},
	{"plugin", module + "/analyzer/source"},
	{"plugin", ggcr + "v1/remote"},
}

// client is the client of registries, for analyzer/source, db/oci and sbom/attach. The base does without it and net/http.
const client = module + "/internal/distribution"

// distros is the table of distributions, which analyzers and internal packages may import.
const distros = "matcher/distro"

// registryOptions are the options of the client.
const registryOptions = "analyzer/source/registry"

// notEcosystems are the packages below analyzer without analyzers of an ecosystem.
var notEcosystems = strings.Fields("diff merge image scan source analyzertest all internal content " + ofContent)

// ofContent are the packages below analyzer with analyzers of content. Only analyzer/content and programs import them.
const ofContent = "accounts files hints history retrieve secrets verify"

// notLeaves are the internal packages of the command that import public ones.
var notLeaves = strings.Fields("internal/starterdb internal/progress")

// testPackages are the internal packages for tests. They may import any package.
const testPackages = "internal/testing/"

func matches(pattern, path string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

func TestImports(t *testing.T) {
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	byPath := make(map[string]listed)
	for _, p := range all {
		byPath[p.ImportPath] = p
	}
	for _, rule := range importTable {
		p, ok := byPath[module+"/"+rule.who]
		if !ok {
			t.Errorf("the import table names %s, which does not exist", rule.who)
		}
		for _, dep := range p.Deps {
			if matches(rule.what, dep) {
				t.Errorf("%s reaches %s", rule.who, dep)
			}
		}
	}
	for _, who := range answering(all) {
		for _, dep := range byPath[module+"/"+who].Deps {
			what := strings.TrimPrefix(dep, module+"/")
			switch {
			case what != "matcher/report" && slices.Contains(answering(all), what):
				t.Errorf("%s reaches %s: these packages meet in matcher/report only", who, what)
			case what == "sbom" || what == "db" || strings.HasPrefix(what, "db/") || dep == "net/http":
				t.Errorf("%s reaches %s", who, dep)
			case matches("cel.dev/...", dep) && who != "matcher/policy":
				t.Errorf("%s reaches %s: only matcher/policy pays for CEL", who, dep)
			}
		}
	}
	for _, p := range all {
		who := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			if who == distros && strings.Contains(imported, ".") {
				t.Errorf("%s imports %s: it imports the standard library only", who, imported)
			}
			what, own := strings.CutPrefix(imported, module+"/")
			if !own {
				continue
			}
			eco := ecosystem(what)
			switch {
			case strings.HasPrefix(who, "examples/") && !strings.HasPrefix(who+"/", "examples/hullmark/") && who != "examples/bench" && strings.HasPrefix(what, "internal/"):
				t.Errorf("%s imports %s: small programs are to be copied, so they use public packages only", who, what)
			case strings.HasPrefix(what, "examples/") && !strings.HasPrefix(who, "examples/"):
				t.Errorf("%s imports %s", who, what)
			case (what == "plugin" || strings.HasPrefix(what, "plugin/")) && !strings.HasPrefix(who, "examples/") && who != "plugin/plugintest":
				t.Errorf("%s imports %s: only programs that choose to use plugins pay for gRPC", who, what)
			case what == "internal/pluginpb" && who != "plugin":
				t.Errorf("%s imports %s: the protocol is package plugin's business", who, what)
			case eco != "" && ecosystem(who) != "" && ecosystem(who) != eco:
				t.Errorf("%s imports %s: ecosystems do not know each other", who, what)
			case eco != "" && ecosystem(who) == "" && who != "analyzer/all" && !strings.HasPrefix(who, "examples/"):
				t.Errorf("%s imports %s: only analyzer/all knows ecosystems", who, what)
			case isContent(what) && !strings.HasPrefix(who, what+"/") && who != "analyzer/content" && !strings.HasPrefix(who, "examples/"):
				t.Errorf("%s imports %s: only analyzer/content knows analyzers of content", who, what)
			case strings.HasPrefix(what, testPackages) && !strings.HasPrefix(who, testPackages) && !strings.HasSuffix(who, "test"):
				t.Errorf("%s imports %s: only tests do", who, what)
			case strings.HasPrefix(who, "internal/") && !strings.HasPrefix(who, testPackages) && !strings.HasPrefix(what, "internal/") && !slices.Contains(notLeaves, who) && what != "analyzer" && what != distros && what != registryOptions:
				t.Errorf("%s imports %s: internal packages are leaves", who, what)
			}
		}
	}
}

// answering returns the packages that make or write an answer: report, what implements its interfaces, assess and every writer.
func answering(all []listed) []string {
	names := []string{"matcher/assess", "matcher/policy", "matcher/report", "matcher/vex"}
	for _, p := range all {
		if path := strings.TrimPrefix(p.ImportPath, module+"/"); strings.HasPrefix(path, "matcher/report/") {
			names = append(names, path)
		}
	}
	return names
}

// isContent reports whether a package has analyzers of content.
func isContent(path string) bool {
	rest, ok := strings.CutPrefix(path, "analyzer/")
	return ok && slices.Contains(strings.Fields(ofContent), rest)
}

// ecosystem returns the ecosystem of a package below analyzer, or "".
func ecosystem(path string) string {
	rest, ok := strings.CutPrefix(path, "analyzer/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	if slices.Contains(notEcosystems, name) {
		return ""
	}
	return name
}

func TestAllHasEveryEcosystem(t *testing.T) {
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p listed) bool { return p.ImportPath == module+"/analyzer/all" })
	if i < 0 {
		t.Fatal("there is no analyzer/all")
	}
	for _, p := range all {
		who := strings.TrimPrefix(p.ImportPath, module+"/")
		if name := ecosystem(who); name != "" && who == "analyzer/"+name && !slices.Contains(all[i].Imports, p.ImportPath) {
			t.Errorf("analyzer/all lacks %s", name)
		}
	}
}

// load returns the type-checked packages of the module, without tests.
var load = sync.OnceValues(func() ([]*packages.Package, error) {
	config := &packages.Config{Dir: root, Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedModule}
	return packages.Load(config, "./...")
})

// TestExpressions compiles the regular expressions that programs compile only when they use them.
func TestExpressions(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		for _, file := range p.Syntax {
			ast.Inspect(file, func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok {
					return true
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); !ok || types.ExprString(f) != "lazyregexp.New" {
					return true
				}
				n++
				value := p.TypesInfo.Types[call.Args[0]].Value
				if value == nil {
					t.Errorf("%s: not a constant", p.Fset.Position(call.Pos()))
				} else if _, err := regexp.Compile(constant.StringVal(value)); err != nil {
					t.Errorf("%s: %v", p.Fset.Position(call.Pos()), err)
				}
				return true
			})
		}
	}
	if n < 40 {
		t.Errorf("%d expressions found", n)
	}
}

// TestNoProcessState finds state that scans in one process would share: init functions, changes of package variables, and the
// environment. It also refuses os.Exit, package log and context.Background in libraries.
func TestNoProcessState(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, err := range p.Errors {
			t.Errorf("%s: %v", p.PkgPath, err)
		}
		main := p.Name == "main"
		_, forTests := p.Imports["testing"] // packages for tests may use the environment
		for _, file := range p.Syntax {
			if ast.IsGenerated(file) {
				continue // generated code registers constants
			}
			complain := func(n ast.Node, format string, args ...any) {
				t.Errorf("%s: %s", p.Fset.Position(n.Pos()), fmt.Sprintf(format, args...))
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
					complain(f, "no init functions")
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok != token.DEFINE {
						for _, e := range n.Lhs {
							if v := packageVar(p, e); v != "" {
								complain(n, "package variable %s is changed", v)
							}
						}
					}
				case *ast.IncDecStmt:
					if v := packageVar(p, n.X); v != "" {
						complain(n, "package variable %s is changed", v)
					}
				case *ast.CallExpr:
					if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
						if v := packageVar(p, n.Args[0]); v != "" {
							complain(n, "package variable %s is changed", v)
						}
					}
				case *ast.SelectorExpr:
					switch name := qualified(p, n); {
					case !main && (name == "context.Background" || name == "context.TODO"):
						complain(n, "%s outside main and tests", name)
					case !main && (name == "os.Exit" || strings.HasPrefix(name, "log.")):
						complain(n, "%s in a library", name)
					case !main && !forTests && (name == "os.Getenv" || name == "os.LookupEnv" || name == "os.Setenv"):
						complain(n, "%s in a library", name)
					}
				}
				return true
			})
		}
	}
}

// packageVar returns the name of the package-level variable at the root of an expression such as v.f[i], or "".
func packageVar(p *packages.Package, e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			v, ok := p.TypesInfo.Uses[x].(*types.Var)
			if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				return v.Name()
			}
			return ""
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// qualified returns "package.Name" for a selector of another package, or "".
func qualified(p *packages.Package, s *ast.SelectorExpr) string {
	id, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	name, ok := p.TypesInfo.Uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return name.Imported().Path() + "." + s.Sel.Name
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	e := f.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if index, ok := e.(*ast.IndexExpr); ok {
		e = index.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

// TestNoRegistryHosts checks that committed files don't name hosts of package registries. Fixtures use example hosts.
func TestNoRegistryHosts(t *testing.T) {
	var hosts []string
	for _, parts := range [][]string{
		{"registry", "npmjs", "org"}, {"registry", "yarnpkg", "com"}, {"proxy", "golang", "org"}, {"sum", "golang", "org"},
		{"deb", "debian", "org"}, {"security", "debian", "org"}, {"archive", "ubuntu", "com"}, {"files", "pythonhosted", "org"},
		{"repo1", "maven", "org"}, {"repo", "maven", "apache", "org"}, {"rubygems", "org"}, {"repo", "packagist", "org"},
	} {
		hosts = append(hosts, strings.Join(parts, "."))
	}
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skip("not a git checkout: ", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue // removed but not committed
		}
		for _, host := range hosts {
			if bytes.Contains(b, []byte(host)) {
				t.Errorf("%s names %s", name, host)
			}
		}
	}
}
