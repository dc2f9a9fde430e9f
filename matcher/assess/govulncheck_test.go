package assess_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/golang"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
)

// vulnerable has the modules that the programs are built from: each function of example.com/Dep has a vulnerability of its own.
const vulnerable = `
-- example.com/Dep@v1.0.0/go.mod --
module example.com/Dep

go 1.21
-- example.com/Dep@v1.0.0/dep.go --
package dep

import "fmt"

//go:noinline
func Linked() { fmt.Println("linked") }

func Inlined(list []string) (n int) {
	for i := range list {
		n += len(list[i]) * i
	}
	return n
}

func InlinedTwice(list []string) int { return Inlined(list) + 1 }

func Vanished() int { return 7 }

func Unused() { fmt.Println("unused") }

func Generic[T any](x T) string { return fmt.Sprint(x) }

func GenericUnused[T any](x T) string { return fmt.Sprint(x, x) }

func Iterate(yield func(int) bool) { yield(1) }

func Closure() func() { return func() { fmt.Println("closure") } }

type Shape interface {
	Area() int
	Edges() int
}

type Square struct{ n int }

type Cube struct{ n int }

//go:noinline
func NewCube(n int) Shape { return &Cube{n} }

func (c *Cube) Area() int  { return 6 * c.n * c.n }
func (c *Cube) Edges() int { return 12 }

func NewSquare(n int) Shape { return &Square{n} }

func (s *Square) Area() int   { return s.n * s.n }
func (s *Square) Edges() int  { return 4 }
func (s *Square) Unused() int { return 5 }

type Point struct{ X, Y int }

func (p Point) Value() int  { fmt.Println(p); return p.X }
func (p Point) Unused() int { return p.Y }

type Base struct{}

func (b *Base) Promoted() { fmt.Println("promoted") }

type List[T any] struct{ all []T }

func (l *List[T]) Add(x T)    { l.all = append(l.all, x); fmt.Println(len(l.all)) }
func (l *List[T]) Remove(x T) { l.all = l.all[1:] }

func Deferred() { fmt.Println("deferred") }

func Variable() { fmt.Println("variable") }

var Hook = Variable

func Uncalled() { fmt.Println("uncalled") }

var Unread = Uncalled

func init() { fmt.Println("init") }
-- example.com/Dep@v1.0.0/sub/sub.go --
package sub

import "fmt"

func Anything() { fmt.Println("anything") }
-- example.com/Dep@v1.0.0/point.v1/point.go --
package point

import "fmt"

//go:noinline
func Escaped() { fmt.Println("escaped") }
-- example.com/Dep@v1.0.0/cmd/tool/main.go --
package main

import (
	"fmt"

	dep "example.com/Dep"
)

//go:noinline
func helper() { fmt.Println("helper") }

func unused() { fmt.Println("unused") }

func main() { helper(); dep.Linked() }
-- app/go.mod --
module example.com/app

go 1.23

require example.com/Dep v1.0.0
-- app/main.go --
package main

import (
	"fmt"
	"os"

	dep "example.com/Dep"
	point "example.com/Dep/point.v1"
)

type embedding struct{ *dep.Base }

type promoter interface{ Promoted() }

func main() {
	dep.Linked()
	fmt.Println(dep.InlinedTwice(os.Args), dep.Generic("x"), dep.Vanished())
	for x := range dep.Iterate {
		fmt.Println(x)
	}
	defer dep.Deferred()
	dep.Closure()()
	shapes := []dep.Shape{dep.NewSquare(2), dep.NewCube(3)}
	fmt.Println(shapes[len(os.Args)-1].Area())
	value := dep.Point{X: 1}.Value
	fmt.Println(value())
	promoter(embedding{}).Promoted()
	new(dep.List[string]).Add("x")
	dep.Hook()
	point.Escaped()
}
-- app/so/main.go --
package main

import "C"

import dep "example.com/Dep"

//export Hello
func Hello() { dep.Linked() }

func main() {}
-- app/embed/main.go --
package main

import (
	_ "embed"

	dep "example.com/Dep"
)

//go:embed program
var program string

func main() { println(len(program), dep.Inlined([]string{program})) }
-- app/none/main.go --
package main

import _ "example.com/Dep/sub"

func main() {}
`

// functions are those with a vulnerability, by the path of their package, and the kinds of parts that an advisory names.
var functions = map[string]string{
	"example.com/Dep": "Linked Inlined InlinedTwice Vanished Unused Generic GenericUnused Iterate Closure NewSquare NewCube Cube.Area Square.Area Square.Edges Square.Unused " +
		"Point.Value Point.Unused Base.Promoted List.Add List.Remove Deferred Variable Uncalled init",
	"example.com/Dep/sub":      "Anything",
	"example.com/Dep/point.v1": "Escaped Unknown",
	"example.com/Dep/cmd/tool": "helper unused main",
	"fmt":                      "Println Sscanf pp.doPrint ss.scanOne",
	"net/http":                 "ListenAndServe",
	"runtime":                  "mallocgc",
}

// records returns a record in the form of the Go vulnerability database for each function.
func records() map[string]string {
	list := make(map[string]string)
	for pkg, names := range functions {
		module := "stdlib"
		if strings.HasPrefix(pkg, "example.com/Dep") {
			module = "example.com/Dep"
		}
		for name := range strings.FieldsSeq(names) {
			id := "GO-" + strings.ReplaceAll(pkg, "/", "_") + "." + name
			list[id] = fmt.Sprintf(`{"schema_version":"1.3.1","id":%q,"modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":%q,"ecosystem":"Go"},`+
				`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"ecosystem_specific":{"imports":[{"path":%q,"symbols":[%q]}]}}]}`, id, module, pkg, name)
		}
	}
	return list
}

// TestGovulncheck compares the evidence of functions with that of govulncheck, which reads the functions of a program and the trees of inlined
// ones. Both miss Vanished, which the compiler turned into a constant (golang/go#58509). Inlined is the report golang/go#51412, and the
// stripped programs are golang/go#57764. We find four more:
//
//   - Generic and List.Add, which govulncheck does not recognise with type arguments
//   - Closure, which the compiler inlined into main.main. It left no code but that of the function that it returns, main.main.Closure.func1
//   - init, which is init.0 in a program
func TestGovulncheck(t *testing.T) {
	corpus.Slow(t)
	b := newBuilder(t)
	plain := b.build(t, "", ".")
	of := func(names ...string) (ids []string) {
		for _, n := range names {
			ids = append(ids, "GO-example.com_Dep."+n)
		}
		return ids
	}
	more := of("Generic", "List.Add", "Closure", "init")
	all := union(b.govulncheck(t, plain), more)
	for _, id := range of("Linked", "Inlined", "InlinedTwice", "Cube.Area", "Point.Value", "Base.Promoted", "Deferred", "Variable") {
		if !slices.Contains(all, id) {
			t.Fatalf("govulncheck finds %q, but not %s", all, id)
		}
	}
	var module []string
	for id := range records() {
		if strings.HasPrefix(id, "GO-example.com_Dep") {
			module = append(module, id)
		}
	}
	for _, tt := range []struct {
		name, env string
		args      string
		cgo       bool
		more      []string // beside those of govulncheck
		want      []string // nil asks govulncheck
	}{
		{name: "plain", args: ".", more: more},
		{name: "-trimpath", args: "-trimpath .", more: more},
		{name: "without inlining", args: "-gcflags=all=-l .", more: more},
		{name: "without optimization", args: "-gcflags=all=-N .", more: more},
		// govulncheck reports every vulnerability of the modules of stripped programs. They have the same names.
		{name: "stripped", args: "-ldflags=-s\u00a0-w .", want: all},
		{name: "PIE", args: "-buildmode=pie .", more: more},
		{name: "stripped PIE", args: "-buildmode=pie -ldflags=-s\u00a0-w -trimpath .", want: all},
		{name: "C", args: ".", cgo: true, more: more},
		{name: "the linker of C", args: "-ldflags=-linkmode=external .", cgo: true, more: more},
		{name: "PIE by the linker of C", args: "-ldflags=-linkmode=external -buildmode=pie .", cgo: true, more: more},
		{name: "a shared library", args: "-buildmode=c-shared ./so", cgo: true, more: of("init")},
		{name: "no function of the module, as if all had other names", args: "./none", more: module},
		{name: "a frozen FIPS 140 module", args: ".", env: "GOFIPS140=v1.0.0", more: more},
		{name: "a main package", args: "example.com/Dep/cmd/tool", more: of("init")},
		{name: "arm64", args: ".", env: "GOARCH=arm64", more: more},
		{name: "32 bits", args: ".", env: "GOARCH=386", more: more},
		{name: "big-endian", args: ".", env: "GOARCH=s390x", more: more},
		{name: "Windows", args: ".", env: "GOOS=windows", more: more},
		{name: "macOS", args: ".", env: "GOOS=darwin GOARCH=arm64", more: more},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := "CGO_ENABLED=0 " + tt.env
			if tt.cgo {
				if _, err := exec.LookPath("gcc"); err != nil {
					t.Skip("needs a C compiler")
				}
				env = "CGO_ENABLED=1 " + tt.env
			}
			program := b.build(t, env, strings.Fields(strings.ReplaceAll(tt.args, "\u00a0", "\x00"))...)
			want := tt.want
			if want == nil {
				want = union(b.govulncheck(t, program), tt.more)
			}
			b.compare(t, program, want)
		})
	}
	t.Run("embedded in another program", func(t *testing.T) {
		content, err := os.ReadFile(plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, "app/embed/program"), content, 0o644); err != nil {
			t.Fatal(err)
		}
		program := b.build(t, "", "./embed")
		b.compare(t, program, union(b.govulncheck(t, program), of("init")))
	})
	// garble replaces the paths of packages. govulncheck then finds no vulnerability in them, which proves nothing.
	for _, tt := range []struct{ name, old, new string }{
		{"all of the module", "example.com/Dep", "bXk3Zt9_vQw1LmR"},
		{"one package of the module", "example.com/Dep/point%2ev1", "bXk3Zt9_vQw1LmRaaBbCcDdEe0"},
	} {
		t.Run("rewritten: "+tt.name, func(t *testing.T) {
			b.compare(t, rewritten(t, plain, tt.old, tt.new), slices.Sorted(maps.Keys(records())))
		})
	}
}

// union returns the elements of two lists, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// rewritten returns a copy of a program with other names of functions.
func rewritten(t *testing.T, program, old, name string) string {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	s := f.Section(".gopclntab")
	table := content[s.Offset : s.Offset+s.Size]
	if len(old) != len(name) || !bytes.Contains(table, []byte(old)) {
		t.Fatal("nothing to rewrite")
	}
	copy(table, bytes.ReplaceAll(table, []byte(old), []byte(name)))
	out := filepath.Join(t.TempDir(), "rewritten")
	if err := os.WriteFile(out, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return out
}

// A builder builds programs, and asks govulncheck about them.
type builder struct {
	dir, tool string
	source    advisories
}

func newBuilder(t *testing.T) *builder {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	b := &builder{dir: t.TempDir()}
	b.tool = filepath.Join(b.dir, "govulncheck")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", b.tool, "golang.org/x/vuln/cmd/govulncheck")
	build.Dir = "testdata/govulncheck"
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("govulncheck is not in the module cache (go mod download in testdata/govulncheck): nothing to compare with\n%s", out)
	}
	write := func(name, text string) {
		name = filepath.Join(b.dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var module bytes.Buffer
	archive := zip.NewWriter(&module)
	const proxy = "proxy/example.com/!dep/@v/"
	for _, f := range txtar.Parse([]byte(vulnerable)).Files {
		if strings.HasPrefix(f.Name, "app/") {
			write(f.Name, string(f.Data))
			continue
		}
		w, err := archive.Create(f.Name)
		if err == nil {
			_, err = w.Write(f.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, "/go.mod") {
			write(proxy+"v1.0.0.mod", string(f.Data))
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	write(proxy+"v1.0.0.zip", module.String())
	write(proxy+"v1.0.0.info", `{"Version":"v1.0.0"}`)
	for id, text := range records() {
		write("records/"+id+".json", text)
		for r, err := range osv.Feed().Parse(strings.NewReader(text)) {
			if err != nil || r.Err != nil || len(r.Advisories) != 1 {
				t.Fatal(err, r)
			}
			b.source = append(b.source, r.Advisories[0])
		}
	}
	return b
}

func (b *builder) build(t *testing.T, env string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "\x00", " ")
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", out}, args...)...)
	cmd.Dir = filepath.Join(b.dir, "app")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -modcacherw -buildvcs=false", "GOPROXY=file://"+b.dir+"/proxy", "GONOSUMDB=*", "GONOSUMCHECK=1", "GOMODCACHE="+b.dir+"/modules", "CGO_ENABLED=0")
	cmd.Env = append(cmd.Env, strings.Fields(env)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// govulncheck returns the identifiers of the vulnerabilities whose functions govulncheck finds in a program.
func (b *builder) govulncheck(t *testing.T, program string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.tool, "-mode=binary", "-format=json", "-db=file://"+b.dir+"/records", program)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found := make(map[string]bool)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Finding *struct {
				OSV   string
				Trace []struct{ Function string }
			}
		}
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if f := m.Finding; f != nil && f.Trace[0].Function != "" {
			found[f.OSV] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// compare requires that the vulnerabilities of a program are those in want, whether the scan reads an image or a file system.
func (b *builder) compare(t *testing.T, program string, want []string) {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	img, err := imagetest.Image(new(imagetest.Layer).File("usr/bin/program", string(content)))
	if err != nil {
		t.Fatal(err)
	}
	for _, passes := range []int{1, 2} { // one pass reads all of the program
		p := assess.Pipeline{Scanner: scan.Scanner{Analyzers: []analyzer.Analyzer{golang.New()}, Limits: scan.Limits{Passes: passes}}, Source: b.source}
		a, err := p.Image(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		known := 0
		for i := range a.Result.Matches {
			m := &a.Result.Matches[i]
			if known++; m.Analysis == nil {
				got = append(got, m.ID)
			} else if !m.Suppressed() || m.Analysis.Justification != "vulnerable_code_not_present" || m.Analysis.Evidence != matcher.EvidenceSymbols {
				t.Errorf("%s: %+v", m.ID, m.Analysis)
			}
		}
		slices.Sort(got)
		if known == 0 || len(a.Report.Diagnostics) > 0 {
			t.Errorf("%d vulnerabilities, %v", known, a.Report.Diagnostics)
		}
		if !slices.Equal(got, want) {
			without := func(list, others []string) []string {
				return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(others, id) })
			}
			t.Errorf("%d passes: of %d, unexpected %q, missing %q", passes, known, without(got, want), without(want, got))
		}
	}
}
