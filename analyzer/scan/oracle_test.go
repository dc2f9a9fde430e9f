package scan_test

import (
	"archive/tar"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

var stacks = flag.Int("stacks", 500, "how many random stacks of layers TestMergeOracle compares")

type oracleEntry struct {
	kind    string // "file", "dir", "symlink", "hardlink", "whiteout", "opaque"
	path    string
	content string // of a file; target of a link
}

// oracle returns what a scan should find: for each package of a visible *.list file, its name, path and layer. spared are packages that the
// scan may find, too: runtimes differ on whether a whiteout hides files of its own layer.
func oracle(layers [][]oracleEntry) (want, spared []string) {
	m := newModel()
	since := make(map[string]int)
	for i, layer := range layers {
		m.begin()
		for _, e := range layer {
			if err := m.apply(e); err != nil {
				panic(err)
			}
		}
		now := make(map[string]int)
		m.root.files("", func(p, content string) {
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
	for key, layer := range since {
		want = append(want, fmt.Sprintf("%s %d", key, layer))
	}
	slices.Sort(want)
	for _, content := range m.spared {
		spared = append(spared, strings.Fields(content)...)
	}
	return want, spared
}

// randomLayers makes a stack of layers that can be unpacked, over few names, so that they meet often.
func randomLayers(rng *rand.Rand) [][]oracleEntry {
	m := newModel()
	layers := make([][]oracleEntry, 1+rng.IntN(4))
	versions := 0
	for i := range layers {
		m.begin()
		for range 1 + rng.IntN(7) {
			e := oracleEntry{path: randomPath(rng)}
			switch rng.IntN(11) {
			case 0:
				e.kind = "dir"
			case 1, 2:
				e.kind, e.content = "symlink", randomTarget(rng)
			case 3:
				e.kind = "whiteout"
			case 4:
				e.kind = "opaque"
			case 5, 6:
				e.kind, e.content = "hardlink", randomPath(rng)
			default:
				e.kind = "file"
				versions++
				e.content = fmt.Sprintf("p%d\n%c\n", versions, rune('p'+rng.IntN(4)))
			}
			next := m.clone()
			if next.apply(e) == nil {
				m = next
				layers[i] = append(layers[i], e)
			}
		}
	}
	return layers
}

func randomPath(rng *rand.Rand) string {
	names := []string{"a", "b", "c.list"}
	p := names[rng.IntN(len(names))]
	for rng.IntN(3) > 0 && strings.Count(p, "/") < 3 {
		p += "/" + names[rng.IntN(len(names))]
	}
	return p
}

func randomTarget(rng *rand.Rand) string {
	switch p := randomPath(rng); rng.IntN(4) {
	case 0:
		return "../" + p
	case 1:
		return "/" + p
	case 2:
		return "../../" + p
	default:
		return p
	}
}

// plainLayers is like randomLayers. As in real layers, a directory comes before
// what is in it, no path comes twice, and nothing lies below a link of the same layer. Entries that go through links of lower layers, which
// only tools write that know nothing of them, have a layer to themselves.
func plainLayers(rng *rand.Rand) [][]oracleEntry {
	layers := make([][]oracleEntry, 1+rng.IntN(5))
	m := newModel()
	for i := range layers {
		m.begin()
		byPath := make(map[string]oracleEntry)
		for range 1 + rng.IntN(6) {
			e := oracleEntry{path: randomPath(rng)}
			switch rng.IntN(10) {
			case 0:
				e.kind = "dir"
			case 1:
				e.kind, e.content = "symlink", randomPath(rng)
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
			if !belowLink(e.path, byPath) && (len(byPath) == 1 || !m.throughLink(e.path)) {
				layers[i] = append(layers[i], e)
			}
		}
		slices.SortFunc(layers[i], func(a, b oracleEntry) int { return strings.Compare(a.path, b.path) })
		layers[i] = slices.DeleteFunc(layers[i], func(e oracleEntry) bool {
			next := m.clone()
			if next.apply(e) != nil {
				return true
			}
			m = next
			return false
		})
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

func (m *model) throughLink(p string) bool {
	at, err := m.rootPath(path.Dir("/" + p))
	return err != nil || at != path.Dir("/"+p)
}

// oracleImage returns an image of layers.
func oracleImage(t *testing.T, layers [][]oracleEntry) v1.Image {
	t.Helper()
	var made []*imagetest.Layer
	number := 0
	for _, layer := range layers {
		l := new(imagetest.Layer)
		for _, e := range layer {
			number++
			h := tar.Header{Name: e.path, Linkname: e.content, Uid: number}
			switch e.kind {
			case "file":
				h.Linkname = ""
				l.Add(h, []byte(e.content))
			case "dir":
				h = tar.Header{Name: e.path + "/", Typeflag: tar.TypeDir, Uid: number}
				l.Add(h, nil)
			case "symlink":
				h.Typeflag = tar.TypeSymlink
				l.Add(h, nil)
			case "hardlink":
				h.Typeflag = tar.TypeLink
				l.Add(h, nil)
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
	return img
}

// scanned returns the packages that a scan finds: name, path and layer.
func scanned(t *testing.T, img v1.Image) (list []string) {
	t.Helper()
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Components {
		list = append(list, fmt.Sprintf("%s %s %d", c.Name, c.Path, c.Layer))
	}
	slices.Sort(list)
	return list
}

func checkOracle(t *testing.T, layers [][]oracleEntry) {
	img := oracleImage(t, layers)
	checkEntries(t, layers, img)
	got := scanned(t, img)
	want, spared := oracle(layers)
	if len(spared) > 0 { // the layers of their versions differ, too
		got, want = withoutLayers(got), withoutLayers(want)
		got = slices.DeleteFunc(got, func(s string) bool {
			name, _, _ := strings.Cut(s, " ")
			return slices.Contains(spared, name) && !slices.Contains(want, s)
		})
	}
	if !slices.Equal(got, want) {
		var b strings.Builder
		for i, layer := range layers {
			for _, e := range layer {
				fmt.Fprintf(&b, "  %d %s %s %q\n", i, e.kind, e.path, e.content)
			}
		}
		t.Errorf("layers\n%sgot\n  %s\nwant\n  %s", b.String(), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// owners reports the owner of every entry, which oracleImage makes the number of the entry.
var owners = analyzer.Func(analyzer.Info{Name: "owners", Version: 1, Patterns: []string{"**"}, Entries: true},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r := analyzer.Record{Kind: "entry", Key: f.Path, Fields: map[string]string{"owner": fmt.Sprint(f.Entry.UID)}}
		return &analyzer.Result{Records: []analyzer.Record{r}}, nil
	})

// listing asks for the list of all entries.
var listing = analyzer.Func(analyzer.Info{Name: "listing", Version: 1, List: true, Patterns: []string{"**"}, Digests: []string{"sha256"}},
	func(context.Context, *analyzer.File) (*analyzer.Result, error) { panic("must not be called") })

// ofFiles returns the paths of a model and their owners: the number of the entry, for a file with hard links that of the last one.
func ofFiles(m *model) (list []string) {
	m.root.marks("", func(p string, n *modelNode) {
		owner := n.mark
		if n.file != nil {
			owner = n.file.mark
		}
		list = append(list, fmt.Sprintf("%s %d", p, owner))
	})
	slices.Sort(list)
	return list
}

// checkEntries compares the visible entries of an image with those of a model of a runtime.
func checkEntries(t *testing.T, layers [][]oracleEntry, img v1.Image) {
	t.Helper()
	m := newModel()
	for _, layer := range layers {
		m.begin()
		for _, e := range layer {
			m.mark++
			if err := m.apply(e); err != nil {
				panic(err)
			}
		}
	}
	if m.unclear { // runtimes differ
		return
	}
	var want, got []string
	m.root.marks("", func(p string, n *modelNode) { want = append(want, fmt.Sprintf("%s %d", p, n.mark)) })
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{owners, listing}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Records {
		got = append(got, fmt.Sprintf("%s %s", r.Path, r.Fields["owner"]))
	}
	var listed []string
	for f := range report.Files.All() {
		listed = append(listed, fmt.Sprintf("%s %d", f.Path, f.UID))
	}
	slices.Sort(listed)
	if wanted := ofFiles(m); !slices.Equal(listed, wanted) {
		t.Errorf("layers\n%slist\n  %s\nwant\n  %s", stackText(layers), strings.Join(listed, "\n  "), strings.Join(wanted, "\n  "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("layers\n%sentries\n  %s\nwant\n  %s", stackText(layers), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func withoutLayers(list []string) []string {
	for i, s := range list {
		list[i] = s[:strings.LastIndexByte(s, ' ')]
	}
	return list
}

// TestMergeOracle compares scans of random stacks of layers with a model of a runtime.
func TestMergeOracle(t *testing.T) {
	for seed := range *stacks {
		checkOracle(t, randomLayers(rand.New(rand.NewPCG(uint64(seed), 7))))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
