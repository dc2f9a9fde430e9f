package scan_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
)

// hostileStacks are stacks of layers on which readers disagree, in the form of parseStack.
var hostileStacks = []string{
	// Links of the same layer, of a lower one, of both.
	"link a var/lib\nfile a/x.list p",
	"link a var/lib\ndir var/lib\n--\nfile a/x.list p",
	"link a /var\nlink var/b ../c\nfile a/b/x.list p\n--\nfile c/x.list q\nfile a/b/y.list r",
	"file opt/x.list p\nlink d ../../../opt\n--\nfile d/x.list q",
	"link p q\nlink q p\nfile p/x.list a",
	"link a a/a\nfile a/x.list p",
	"link l0 l1\nlink l1 l2\nlink l2 /l3\n--\nfile l0/x.list p",
	"link a /b\nlink a/c d\nfile a/c/x.list p",
	// A link in the place of a directory, and the reverse.
	"file d/x.list p\nfile e/x.list q\n--\nlink d e\n--\nfile d/y.list r",
	"file d/x.list p\nlink e d\n--\ndir e\nfile e/x.list q",
	"link d e\nfile e/x.list p\n--\ndir d\nopaque d\nfile d/y.list q",
	"link d e\nfile e/x.list p\n--\nopaque d\nfile d/y.list q",
	"file d/x.list p\n--\nfile d q\n--\nfile d/x.list r",
	// Hard links: to a second version, to a lower layer, to one that is replaced later, of links, in chains, to themselves.
	"file x p\nfile x q\nhardlink a.list x",
	"file x p\n--\nhardlink a.list x\nfile x q",
	"file x p\nhardlink a.list x\nfile x q\nhardlink b.list x",
	"file x p\nhardlink a.list x\n--\nwhiteout x\nhardlink c.list a.list",
	"file h0 p\nhardlink h1 h0\nhardlink h2 h1\nhardlink h3.list h2",
	"file opt/x p\nlink l opt\nhardlink a.list l/x\n--\nhardlink l/b.list opt/x",
	"link l.list x.list\nfile x.list p\n--\nhardlink k.list l.list",
	"file x.list p\nhardlink x.list x.list",
	"file x.list p\nhardlink x.list/y.list x.list",
	// Whiteouts and opaque directories, in their own layer, through links, of nothing.
	"file d/x.list p\n--\nfile d/x.list q\nwhiteout d/x.list",
	"file d/x.list p\n--\nwhiteout d\nfile d/x.list q",
	"file d/x.list p\n--\nfile d/y.list q\nopaque d",
	"file d/x.list p\nlink l d\n--\nwhiteout l/x.list",
	"file d/x.list p\nlink l d\n--\nwhiteout l\nfile l/y.list q",
	"file d/x.list p\nlink l /d\n--\nopaque l\n--\nfile l/x.list q",
	"whiteout nothing\nopaque nothing/at/all\nfile nothing/x.list p",
	"file a/b/c/x.list p\n--\nwhiteout a/b/c\nwhiteout a/b\nfile a/b/y.list q\n--\nopaque a",
	// Many versions.
	"file x.list p\nfile x.list q\n--\nfile x.list p q\n--\nfile x.list q r\n--\nwhiteout x.list\n--\nfile x.list p",
}

// parseStack returns the layers that a text describes and a runtime can unpack. A line has the kind of an entry, its path, and the target of a
// link or the packages of a file. A line "--" begins a layer. Other lines count for nothing.
func parseStack(text string) [][]oracleEntry {
	m := newModel()
	m.begin()
	layers, left := make([][]oracleEntry, 1), 64
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "--" && len(layers) < 8 {
			layers = append(layers, nil)
			m.begin()
		}
		kind, rest, _ := strings.Cut(line, " ")
		p, content, _ := strings.Cut(rest, " ")
		if left == 0 || len(line) > 100 || !stackPath(p) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			continue
		}
		switch kind {
		case "file":
			words := strings.FieldsFunc(content, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
			words = slices.DeleteFunc(words, func(w string) bool { return len(w) > 4 }) // the analyzer acts on some
			content = strings.Join(words, "\n") + "\n"
		case "symlink", "link":
			if kind = "symlink"; content == "" {
				continue
			}
		case "hardlink":
			if !stackPath(content) {
				continue
			}
		case "dir", "whiteout", "opaque":
		default:
			continue
		}
		e := oracleEntry{kind, p, content}
		next := m.clone()
		if next.apply(e) != nil {
			continue
		}
		m = next
		left--
		layers[len(layers)-1] = append(layers[len(layers)-1], e)
	}
	return layers
}

// stackPath reports whether a path can be an entry's, and is no whiteout and not at the fixed place of the analyzer.
func stackPath(p string) bool {
	return fs.ValidPath(p) && p != "." && !strings.Contains("/"+p, "/.wh.") && path.Base(p) != "packages"
}

// stackText is the reverse of parseStack.
func stackText(layers [][]oracleEntry) string {
	var texts []string
	for _, layer := range layers {
		var b strings.Builder
		for _, e := range layer {
			fmt.Fprintf(&b, "%s %s %s\n", e.kind, e.path, strings.ReplaceAll(e.content, "\n", " "))
		}
		texts = append(texts, b.String())
	}
	return strings.Join(texts, "--\n")
}

// FuzzMerge compares scans of stacks of layers with a model of a runtime.
func FuzzMerge(f *testing.F) {
	for _, text := range hostileStacks {
		f.Add(text)
	}
	for seed := range uint64(20) {
		f.Add(stackText(randomLayers(rand.New(rand.NewPCG(seed, 7)))))
	}
	f.Fuzz(func(t *testing.T, text string) { checkOracle(t, parseStack(text)) })
}
