package sbom

import (
	"iter"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// A graph has the dependencies between packages.
type graph struct {
	edges []cyclonedx.Dependency

	// Packages whose analyzer reads dependencies:
	known      []string         // references of those whose dependencies were all found
	unknown    []string         // references of the others
	unresolved map[int][]string // names that were not found, by index of the component
	other      map[int][]string // names without an edge: the package itself, and packages that it owns
}

// graph connects the image with every package without an owner, owners with the packages that they own, and packages with their
// dependencies. A package without a node has unknown dependencies; a node without edges has no dependencies.
func (b *builder) graph() *graph {
	g := &graph{unresolved: make(map[int][]string), other: make(map[int][]string)}
	list := b.report.Components
	owned := make([][]int, len(list))
	stated := make(map[string]bool) // analyzers that read dependencies
	top := make([]string, 0, len(list)+len(b.files)+1)
	if b.distro != "" {
		top = append(top, b.distro)
	}
	for i := range list {
		c := &list[i]
		if len(c.Depends) > 0 {
			stated[c.Analyzer] = true
		}
		if k, ok := b.byID[c.Owner]; ok && c.Owner != "" && k != i {
			owned[k] = append(owned[k], i)
		} else {
			top = append(top, b.components[i])
		}
	}
	for i := range b.files {
		top = append(top, b.files[i].ref)
	}
	g.edges = make([]cyclonedx.Dependency, 1, len(list)+1)
	g.edges[0] = cyclonedx.Dependency{Ref: b.image, Dependencies: &top}
	index := newNameIndex(list)
	for i := range list {
		c := &list[i]
		if !stated[c.Analyzer] && len(owned[i]) == 0 {
			continue
		}
		needs := owned[i]
		for _, name := range c.Depends {
			switch k := index.find(c, name); {
			case k < 0:
				g.unresolved[i] = append(g.unresolved[i], name)
			case k == i:
				g.other[i] = append(g.other[i], name)
			default:
				needs = append(needs, k)
				if list[k].Owner == c.ID {
					g.other[i] = append(g.other[i], name)
				}
			}
		}
		slices.Sort(needs)
		needs = slices.Compact(needs)
		refs := make([]string, len(needs))
		for n, k := range needs {
			refs[n] = b.components[k]
		}
		node := cyclonedx.Dependency{Ref: b.components[i]}
		if len(refs) > 0 {
			node.Dependencies = &refs
		}
		g.edges = append(g.edges, node)
		switch {
		case !stated[c.Analyzer]:
		case len(g.unresolved[i]) > 0:
			g.unknown = append(g.unknown, b.components[i])
		default:
			g.known = append(g.known, b.components[i])
		}
	}
	return g
}

// A nameIndex finds the package for a name in the dependencies of another. A name may belong to several: builds of a system package
// for several architectures, versions of a module in several directories. It means the one of the same architecture, or
// the one in the nearest directory, as Node.js and Python search them, and among these the least deep.
type nameIndex struct {
	list     []analyzer.Component
	own      nameMap // by their names
	provided nameMap // by other names that they answer to
}

// A nameMap has the bearers of names.
type nameMap struct {
	image  map[nameKey]bearer
	scopes map[scopeKey]int // only of names with several bearers
}

// A nameKey is a name of a type.
type nameKey struct {
	kind, name string
}

// A bearer is the component that a name stands for in the whole image.
type bearer struct {
	index   int
	several bool // other components have the same name
}

// A scopeKey is a name within an architecture or a directory.
type scopeKey struct {
	nameKey
	scope string
}

func newNameIndex(list []analyzer.Component) *nameIndex {
	x := &nameIndex{list: list}
	x.own = nameMap{make(map[nameKey]bearer, len(list)), make(map[scopeKey]int)}
	x.provided = nameMap{make(map[nameKey]bearer), make(map[scopeKey]int)}
	for i := range list {
		x.put(x.own, sbomreport.DependName(&list[i].Package), i)
		for _, name := range list[i].Provides {
			x.put(x.provided, name, i)
		}
	}
	return x
}

// put enters a component under a name. Scopes are entered only once a name has a second bearer, which few have.
func (x *nameIndex) put(m nameMap, name string, i int) {
	key := nameKey{x.list[i].Type, name}
	first, ok := m.image[key]
	if !ok {
		m.image[key] = bearer{index: i}
		return
	}
	for _, k := range []int{first.index, i} {
		for scope := range scopesOf(&x.list[k]) {
			scoped := scopeKey{key, scope}
			if old, ok := m.scopes[scoped]; !ok || x.before(k, old) {
				m.scopes[scoped] = k
			}
		}
	}
	if x.before(i, first.index) {
		first.index = i
	}
	m.image[key] = bearer{first.index, true}
}

// before reports whether a name stands for a rather than b in a scope of both.
func (x *nameIndex) before(a, b int) bool {
	p, q := x.list[a].Path, x.list[b].Path
	if d := strings.Count(p, "/") - strings.Count(q, "/"); d != 0 && !x.list[a].System {
		return d < 0
	}
	return a < b
}

// find returns the index of the component for a name in the dependencies of c, or -1.
func (x *nameIndex) find(c *analyzer.Component, name string) int {
	key := nameKey{c.Type, name}
	for _, m := range [...]*nameMap{&x.own, &x.provided} {
		k, ok := m.image[key]
		if !ok {
			continue
		}
		if k.several {
			for scope := range scopesOf(c) {
				if near, ok := m.scopes[scopeKey{key, scope}]; ok {
					return near
				}
			}
		}
		return k.index
	}
	return -1
}

// scopesOf yields the scopes of a component, narrowest first, without the image. For a path these are its directories, at most 64.
func scopesOf(c *analyzer.Component) iter.Seq[string] {
	return func(yield func(string) bool) {
		if c.System {
			if c.Arch != "" {
				yield(c.Arch)
			}
			return
		}
		scope := c.Path
		for range 64 {
			scope = scope[:max(strings.LastIndexByte(scope, '/'), 0)]
			if scope == "" || !yield(scope) {
				return
			}
		}
	}
}
