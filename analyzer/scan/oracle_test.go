package scan_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/imagetest"
)

var stacks = flag.Int("stacks", 500, "how many random stacks of layers TestMergeOracle compares")

// The oracle flattens layers the way a runtime unpacks them: into a file system, one layer after the other, and looks at
// the result after each. It knows nothing of deltas and merging.

type oracleEntry struct {
	kind    string // "file", "dir", "symlink", "whiteout", "opaque"
	path    string
	content string // of a file; target of a symlink
}

type oracleNode struct {
	kind     string // "file", "dir", "symlink"
	content  string
	children map[string]*oracleNode
}

func newOracleDir() *oracleNode {
	return &oracleNode{kind: "dir", children: make(map[string]*oracleNode)}
}

// at returns the directory that a path leads to through links, within the root; with make, what is missing is made, also in
// the place of files. It returns nil where there is none, or where links loop.
func (root *oracleNode) at(p string, makeDirs bool) *oracleNode {
	steps := 0
	stack := []*oracleNode{root}
	todo := strings.Split(p, "/")
	for len(todo) > 0 {
		element := todo[0]
		todo = todo[1:]
		n := stack[len(stack)-1]
		switch element {
		case "", ".":
			continue
		case "..":
			stack = stack[:max(len(stack)-1, 1)]
			continue
		}
		child := n.children[element]
		if child != nil && child.kind == "symlink" {
			if steps++; steps > 40 {
				return nil
			}
			if strings.HasPrefix(child.content, "/") {
				stack = stack[:1]
			}
			todo = append(strings.Split(child.content, "/"), todo...)
			continue
		}
		if child == nil || child.kind == "file" {
			if !makeDirs {
				return nil
			}
			child = newOracleDir()
			n.children[element] = child
		}
		stack = append(stack, child)
	}
	return stack[len(stack)-1]
}

func (root *oracleNode) apply(layer []oracleEntry) {
	for _, e := range layer {
		if e.kind != "dir" {
			continue
		}
		if d := root.at(path.Dir(e.path), false); d != nil && d.children[path.Base(e.path)] != nil && d.children[path.Base(e.path)].kind != "dir" {
			d.children[path.Base(e.path)] = newOracleDir()
		}
	}
	for _, e := range layer {
		switch e.kind {
		case "whiteout":
			if d := root.at(path.Dir(e.path), false); d != nil {
				delete(d.children, path.Base(e.path))
			}
		case "opaque":
			if d := root.at(e.path, false); d != nil {
				clear(d.children)
			}
		}
	}
	for _, e := range layer {
		if e.kind == "whiteout" || e.kind == "opaque" {
			continue
		}
		d := root.at(path.Dir(e.path), true)
		if d == nil {
			continue
		}
		base := path.Base(e.path)
		old := d.children[base]
		switch {
		case e.kind == "dir" && old != nil && old.kind == "dir":
		case e.kind == "dir":
			d.children[base] = newOracleDir()
		default:
			d.children[base] = &oracleNode{kind: e.kind, content: e.content}
		}
	}
}

func (n *oracleNode) files(at string, each func(p, content string)) {
	for name, child := range n.children {
		p := path.Join(at, name)
		switch child.kind {
		case "dir":
			child.files(p, each)
		case "file":
			each(p, child.content)
		}
	}
}

// oracle returns what a scan should find: for each package of a visible *.list file, its name, path and layer.
func oracle(layers [][]oracleEntry) []string {
	root := newOracleDir()
	since := make(map[string]int)
	for i, layer := range layers {
		root.apply(layer)
		now := make(map[string]int)
		root.files("", func(p, content string) {
			if !strings.HasSuffix(p, ".list") {
				return
			}
			for name := range strings.FieldsSeq(content) {
				key := name + " " + p
				if old, ok := since[key]; ok {
					now[key] = old
				} else {
					now[key] = i
				}
			}
		})
		since = now
	}
	var want []string
	for key, layer := range since {
		want = append(want, fmt.Sprintf("%s %d", key, layer))
	}
	slices.Sort(want)
	return want
}

// randomLayers makes a stack of layers over few names, so that they meet often. As in real layers, a directory comes before
// what is in it, no path comes twice, and nothing lies below a link of the same layer. Entries that go through links of lower layers, which
// only tools write that know nothing of them, have a layer to themselves.
func randomLayers(rng *rand.Rand) [][]oracleEntry {
	names := []string{"a", "b", "c.list"}
	randomPath := func() string {
		p := names[rng.IntN(len(names))]
		for rng.IntN(3) > 0 && strings.Count(p, "/") < 3 {
			p += "/" + names[rng.IntN(len(names))]
		}
		return p
	}
	layers := make([][]oracleEntry, 1+rng.IntN(5))
	root := newOracleDir()
	for i := range layers {
		byPath := make(map[string]oracleEntry)
		for range 1 + rng.IntN(6) {
			e := oracleEntry{path: randomPath()}
			switch rng.IntN(10) {
			case 0:
				e.kind = "dir"
			case 1:
				e.kind, e.content = "symlink", randomPath()
				if rng.IntN(3) == 0 {
					e.content = "../" + e.content
				} else if rng.IntN(2) == 0 {
					e.content = "/" + e.content
				}
			case 2, 3:
				e.kind = "whiteout"
			case 4:
				e.kind = "opaque"
			default:
				e.kind = "file"
				for range 1 + rng.IntN(3) {
					e.content += string(rune('p'+rng.IntN(4))) + "\n"
				}
			}
			byPath[e.path] = e
		}
		for _, e := range byPath {
			if !belowLink(e.path, byPath) && (len(byPath) == 1 || !root.throughLink(e.path)) {
				layers[i] = append(layers[i], e)
			}
		}
		slices.SortFunc(layers[i], func(a, b oracleEntry) int { return strings.Compare(a.path, b.path) })
		root.apply(layers[i])
	}
	return layers
}

func belowLink(p string, layer map[string]oracleEntry) bool {
	for p = path.Dir(p); p != "."; p = path.Dir(p) {
		if layer[p].kind == "symlink" {
			return true
		}
	}
	return false
}

func (root *oracleNode) throughLink(p string) bool {
	n := root
	for element := range strings.SplitSeq(path.Dir(p), "/") {
		if n = n.children[element]; n == nil {
			return false
		}
		if n.kind == "symlink" {
			return true
		}
	}
	return false
}

func checkOracle(t *testing.T, layers [][]oracleEntry) {
	var made []*imagetest.Layer
	for _, layer := range layers {
		l := new(imagetest.Layer)
		for _, e := range layer {
			switch e.kind {
			case "file":
				l.File(e.path, e.content)
			case "dir":
				l.Dir(e.path + "/")
			case "symlink":
				l.Symlink(e.path, e.content)
			case "whiteout":
				l.File(path.Join(path.Dir(e.path), ".wh."+path.Base(e.path)), "")
			case "opaque":
				l.File(e.path+"/.wh..wh..opq", "")
			}
		}
		made = append(made, l)
	}
	img, err := imagetest.Image(made...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Components {
		got = append(got, fmt.Sprintf("%s %s %d", c.Name, c.Path, c.Layer))
	}
	slices.Sort(got)
	if want := oracle(layers); !slices.Equal(got, want) {
		var b strings.Builder
		for i, layer := range layers {
			for _, e := range layer {
				fmt.Fprintf(&b, "  %d %s %s %q\n", i, e.kind, e.path, e.content)
			}
		}
		t.Errorf("layers\n%sgot\n  %s\nwant\n  %s", b.String(), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestMergeOracle compares scans of random stacks of layers with a naive flattening.
func TestMergeOracle(t *testing.T) {
	for seed := range *stacks {
		checkOracle(t, randomLayers(rand.New(rand.NewPCG(uint64(seed), 7))))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) { checkOracle(t, randomLayers(rand.New(rand.NewPCG(a, b)))) })
}
