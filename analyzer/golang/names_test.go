package golang

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/symbols"
)

// hashed are functions whose hashes TestNames looks for, as package and name.
var hashed = strings.Fields("http2:Parse http2:Transport http2:Transport.RoundTrip :Root :T.M cmd/x:run v2:F net/http:Get crypto/internal/fips140/aes:New *:Parse *:T.M *:M *:T *:New")

func testHomes() *moduleIndex {
	info := &debug.BuildInfo{
		GoVersion: "go1.24.1", Path: "example.org/app/cmd/x", Main: debug.Module{Path: "example.org/app"},
		Deps: []*debug.Module{
			{Path: "example.org/net", Replace: &debug.Module{Path: "example.org/fork", Version: "v1.0.0"}}, {Path: "example.org/net/sub"}, {Path: "gopkg.in/yaml.v3"},
		},
	}
	return newHomes(info, make([]analyzer.Package, 5)) // with stdlib, which comes first
}

// TestNames gives names in the form of the linker, and asks in which module they are: stdlib, net, sub, yaml, app, none, or unknown; and as what
// functions.
func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, module, functions string }{
		{"example.org/net/http2.Parse", "net", "http2:Parse"},
		{"example.org/net/http2.(*Transport).RoundTrip", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.Transport.RoundTrip", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.Transport.RoundTrip-fm", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.(*Transport).RoundTrip.func1", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.(*Transport).RoundTrip.func1.gowrap2", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.(*Transport[go.shape.string]).RoundTrip", "net", "http2:Transport http2:Transport.RoundTrip"},
		{"example.org/net/http2.Parse[go.shape.struct { example.com/a.b/c.T }]", "net", "http2:Parse"},
		{"example.org/net/http2.Parse[...].func1", "net", "http2:Parse"},
		{"example.org/net/http2.Parse-range1", "net", "http2:Parse"},
		{"example.org/net.Root", "net", ":Root"},
		{"example.org/net/sub.Root", "sub", ":Root"},
		{"gopkg.in/yaml%2ev3.Root", "yaml", ":Root"},
		{"main.run", "app", "cmd/x:run"},
		{"example.org/app.T.M", "app", ":T.M"},
		{"net/http.Get", "stdlib", "net/http:Get"},
		{"crypto/internal/fips140/v1.0.0-c2097c7c/aes.New", "stdlib", "crypto/internal/fips140/aes:New"},

		// Functions that were inlined: the package of the second is unknown.
		{"main.main.Parse.func1", "app", "*:Parse"},
		{"main.run.func2.Parse.func1", "app", "cmd/x:run *:Parse"},
		{"main.main.(*T).M.func1", "app", "*:T.M"},
		{"main.main.T.M.func1", "app", "*:T.M *:T *:M"},
		{"main.main.Parse-range1", "app", ""}, // main.Parse, a method
		{"main.main.Parse-range1.func2", "app", "*:Parse"},

		// Names without a module.
		{"type:.eq.example.org/net.T", "none", ""},
		{"go:buildid", "none", ""},
		{"_rt0_amd64_linux", "none", ""},
		{"x_cgo_munmap.cold", "none", ""},
		{"net(.text)", "none", ""},
		{"", "none", ""},

		// Names of garble, and of packages that build information leaves out.
		{"qXz9_aB.Parse", "unknown", ""},
		{"qXz9_aB.(*kY).Z1", "unknown", ""},
		{"example.net/other.F", "unknown", ""},
		{"plugin/unnamed-1a2b3c.main", "unknown", ""},
	} {
		h := testHomes()
		module := "none"
		if !h.add([]byte(tt.name), false) {
			module = "unknown"
		}
		var found []string
		sets := map[string][]symbols.Hash{"*": h.inlined}
		for i, list := range h.hashes {
			if list != nil {
				module = [...]string{"stdlib", "net", "sub", "yaml", "app"}[i]
				sets[""] = list
			}
		}
		for _, name := range hashed {
			path, function, _ := strings.Cut(name, ":")
			list := sets[""]
			if path == symbols.Any {
				list = h.inlined
			}
			if slices.Contains(list, symbols.In(path).Named(function)) {
				found = append(found, name)
			}
		}
		want := strings.Fields(tt.functions)
		slices.Sort(found)
		slices.Sort(want)
		if module != tt.module || !slices.Equal(found, want) {
			t.Errorf("%s: %s %q, want %s %q", tt.name, module, found, tt.module, want)
		}
	}
}

// FuzzNames asks that any name is read, and that its hashes do not depend on names before.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"main.main.(*T).M.func1", "a/b%2.c", "example.org/net.(*T", "example.org/net.T[a.]b].M", "main.-range", "example.org/net..func1", "main.(*).x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		once, twice := testHomes(), testHomes()
		ok := once.add([]byte(name), false)
		twice.add([]byte("main.main"), false)
		before := len(twice.hashes[4])
		if twice.add([]byte(name), false) != ok {
			t.Fatalf("%q: not always %v", name, ok)
		}
		twice.hashes[4] = twice.hashes[4][before:]
		for i := range once.hashes {
			if !slices.Equal(once.hashes[i], twice.hashes[i]) {
				t.Errorf("%q: module %d has other hashes", name, i)
			}
		}
	})
}
