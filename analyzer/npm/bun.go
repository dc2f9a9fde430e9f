package npm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// bunNeeds holds the dependencies of a package or workspace. Only workspaces have DevDependencies.
type bunNeeds struct {
	Dependencies         map[string]lenient
	OptionalDependencies map[string]lenient
	PeerDependencies     map[string]lenient
	DevDependencies      map[string]lenient
	OptionalPeers        []string
}

// A bunPackage is a package in the tree.
type bunPackage struct {
	key   string
	needs []string // names of dependencies, which may be aliases
	index int      // in the result, or -1
}

// parseBun reads bun.lock. Each package is a tuple with its path in the tree, "parent/name", as the key. The tuple begins with
// "name@version", or "name@" and the source. Depending on the source, the registry, an object with the dependencies, and the
// integrity hash follow.
func parseBun(source []byte, m *membudget.Meter) (*analyzer.Result, error) {
	if err := m.Bytes(int64(len(source))); err != nil {
		return nil, fmt.Errorf("npm: bun.lock: %w", err)
	}
	b := bunReader{Reader: jsonstream.NewLimited(plainJSON(source), maxValue), m: m}
	var bad diagnostic.List
	err := b.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return errNotObject
		case key == "workspaces":
			return b.Members(b.workspace)
		case key == "packages":
			return b.Members(b.entry)
		}
		return b.Skip()
	})
	if m.Err() == nil {
		only, full := developmentOnly(b.workspaces, b.found)
		err = cmp.Or(err, full)
		for _, p := range b.found {
			if p.index >= 0 {
				b.packages[p.index].Dev = only[p.key]
			}
		}
	}
	return result(b.packages, &bad, "bun.lock", err)
}

// A bunReader reads the members of bun.lock.
type bunReader struct {
	*jsonstream.Reader
	m          *membudget.Meter
	workspaces []bunNeeds
	found      []bunPackage
	packages   []analyzer.Package
}

func (b *bunReader) workspace(string) error {
	var w bunNeeds
	from := b.Offset()
	if err := b.Value(&w); err != nil {
		return err
	}
	b.workspaces = append(b.workspaces, w)
	return b.m.Bytes(decodedRatio * (b.Offset() - from))
}

// entry reads the package at a path of the tree.
func (b *bunReader) entry(path string) error {
	var raw json.RawMessage
	if err := b.Value(&raw); err != nil {
		return err
	}
	if len(path) > maxKey {
		b.Note(fmt.Errorf("a key of more than %d bytes", maxKey))
		return nil
	}
	p, needs, err := parseBunTuple(raw)
	if err != nil {
		b.Note(fmt.Errorf("%.200q: %w", path, err))
	}
	node := bunPackage{key: path, needs: needs.all(), index: -1}
	if err := b.m.Bytes(bunNode*int64(1+len(node.needs)) + int64(len(path)+len(raw))); err != nil {
		return err
	}
	if p.Name != "" {
		node.index = len(b.packages)
		if b.packages, err = b.m.Append(b.packages, p); err != nil {
			return err
		}
	}
	b.found = append(b.found, node)
	return nil
}

const (
	bunNode      = 256 // bytes of a package or a dependency in the graph
	decodedRatio = 16  // bytes of an object of strings for each byte of its text
)

// parseBunTuple reads the tuple of a package, and its dependencies. The result for a directory of the application has no Name.
func parseBunTuple(raw json.RawMessage) (p analyzer.Package, needs bunNeeds, err error) {
	var tuple []json.RawMessage
	var spec string
	if err := json.Unmarshal(raw, &tuple); err != nil || len(tuple) == 0 {
		return p, needs, errors.New("not a tuple")
	}
	if err := json.Unmarshal(tuple[0], &spec); err != nil {
		return p, needs, errors.New("the tuple does not begin with a name")
	}
	for _, element := range tuple[1:] {
		if element[0] == '{' {
			if err = json.Unmarshal(element, &needs); err != nil {
				err = fmt.Errorf("dependencies: %w", err)
			}
			break
		}
	}
	name, reference, _ := splitSpec(spec)
	if isLocal(reference) {
		return p, needs, err
	}
	version, source := reference, ""
	if strings.Contains(reference, ":") {
		version, source = "", reference
	}
	located, e := newDeclared(name, version, source)
	if e != nil {
		return p, needs, errors.Join(err, e)
	}
	p = located
	p.Depends = needs.names()
	var integrity string
	if json.Unmarshal(tuple[len(tuple)-1], &integrity) == nil {
		setIntegrity(&p, integrity)
	}
	return p, needs, err
}

// names returns the sorted names of the packages that are required at run time.
func (n *bunNeeds) names() []string {
	var names []string
	optional := make(map[string]bool, len(n.OptionalPeers))
	for _, name := range n.OptionalPeers {
		optional[name] = true
	}
	for _, list := range []map[string]lenient{n.Dependencies, n.OptionalDependencies, n.PeerDependencies} {
		for name, specifier := range list {
			if target := aliased(name, string(specifier)); validName(target) && !optional[name] {
				names = append(names, target)
			}
		}
	}
	return sortedSet(names)
}

// all returns the names of the dependencies that are not for development only, which may be aliases.
func (n *bunNeeds) all() []string {
	names := make([]string, 0, len(n.Dependencies)+len(n.OptionalDependencies)+len(n.PeerDependencies))
	for _, list := range []map[string]lenient{n.Dependencies, n.OptionalDependencies, n.PeerDependencies} {
		names = slices.AppendSeq(names, maps.Keys(list))
	}
	return names
}

// developmentOnly returns the keys of packages that workspaces need for development only. The error is of a tree that is so deep
// that finding the packages in it would take long.
func developmentOnly(workspaces []bunNeeds, packages []bunPackage) (map[string]bool, error) {
	keys := make(map[string]bool, len(packages))
	for _, p := range packages {
		keys[p.key] = true
	}
	depends := make(graph, len(packages))
	work := 0
	for _, p := range packages {
		for _, name := range p.needs {
			if work += len(p.key) * (1 + strings.Count(p.key, "/")); work > maxWork {
				return nil, fmt.Errorf("dependencies in deep directories: %w", analyzer.ErrTooLarge)
			}
			depends[p.key] = append(depends[p.key], bunResolve(keys, p.key, name))
		}
	}
	var production, development []string
	for _, w := range workspaces {
		production = append(production, w.all()...)
		for name := range w.DevDependencies {
			development = append(development, name)
		}
	}
	return depends.developmentOnly(production, development), nil
}

// bunResolve returns the key of the package that Node.js loads when the package at key from requires name. It looks below from,
// then beside it, and so on up the tree.
func bunResolve(keys map[string]bool, from, name string) string {
	for depth := 0; depth < maxNesting; depth++ {
		if key := from + "/" + name; keys[key] {
			return key
		}
		slash := strings.LastIndexByte(from, '/')
		if slash < 0 {
			break
		}
		from = from[:slash]
	}
	return name
}

const (
	maxKey     = 4096    // longest key of a package, in bytes
	maxNesting = 64      // levels of a key that bunResolve tries
	maxWork    = 1 << 28 // bytes of keys that all calls of bunResolve together look at
)

// plainJSON returns a copy of source with spaces for comments and trailing commas, which bun's dialect of JSON allows.
func plainJSON(source []byte) []byte {
	out := bytes.Clone(source)
	comma := -1 // the last comma, if only space and comments follow it
	for i := 0; i < len(out); {
		rest := out[i:]
		end := 1
		switch c := rest[0]; {
		case c == '"':
			end = stringEnd(rest)
			comma = -1
		case c == '/' && len(rest) > 1 && (rest[1] == '/' || rest[1] == '*'):
			end = commentEnd(rest)
			for k := range rest[:end] {
				if rest[k] != '\n' {
					rest[k] = ' '
				}
			}
		case c == ',':
			comma = i
		case c == ']' || c == '}':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			comma = -1
		}
		i += end
	}
	return out
}

// stringEnd returns the length of the string at the beginning of a text.
func stringEnd(text []byte) int {
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	return min(end+1, len(text))
}

// commentEnd returns the length of the comment at the beginning of a text, without the end of its line.
func commentEnd(text []byte) int {
	mark, length := "\n", 0
	if text[1] == '*' {
		mark, length = "*/", 2
	}
	if end := bytes.Index(text[2:], []byte(mark)); end >= 0 {
		return end + 2 + length
	}
	return len(text)
}
