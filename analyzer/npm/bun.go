package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/problem"
)

// bunNeeds holds the dependencies of a package or workspace. Only workspaces have DevDependencies.
type bunNeeds struct {
	Dependencies         map[string]lenient
	OptionalDependencies map[string]lenient
	PeerDependencies     map[string]lenient
	DevDependencies      map[string]lenient
	OptionalPeers        []string
}

// A bunPackage holds the tuple of a package.
type bunPackage struct {
	analyzer.Package
	key   string
	needs bunNeeds
}

// parseBun reads bun.lock. Each package is a tuple with its path in the tree, "parent/name", as the key. The tuple begins with
// "name@version", or "name@" and the source. Depending on the source, the registry, an object with the dependencies, and the
// integrity hash follow.
func parseBun(source []byte) (*analyzer.Result, error) {
	r := jsonstream.New(plainJSON(source))
	var workspaces []bunNeeds
	var found []bunPackage
	var bad problem.List
	err := r.Document(bad.Add, func(open json.Delim, key string) error {
		switch {
		case open == '[':
			return errNotObject
		case key == "workspaces":
			return r.Members(func(string) error {
				var w bunNeeds
				err := r.Value(&w)
				workspaces = append(workspaces, w)
				return err
			})
		case key == "packages":
			return r.Members(func(path string) error {
				var raw json.RawMessage
				if err := r.Value(&raw); err != nil {
					return err
				}
				if len(path) > maxKey {
					r.Note(fmt.Errorf("a key of more than %d bytes", maxKey))
					return nil
				}
				p, err := parseBunTuple(raw)
				if err != nil {
					r.Note(fmt.Errorf("%.200q: %w", path, err))
				}
				p.key = path
				found = append(found, p)
				return nil
			})
		}
		return r.Skip()
	})
	only := developmentOnly(workspaces, found)
	var packages []analyzer.Package
	for _, p := range found {
		if p.Name != "" {
			p.Dev = only[p.key]
			packages = append(packages, p.Package)
		}
	}
	return result(packages, &bad, "bun.lock", err)
}

// parseBunTuple reads the tuple of a package. The result for a directory of the application has no Name.
func parseBunTuple(raw json.RawMessage) (p bunPackage, err error) {
	var tuple []json.RawMessage
	var spec string
	if err := json.Unmarshal(raw, &tuple); err != nil || len(tuple) == 0 {
		return p, errors.New("not a tuple")
	}
	if err := json.Unmarshal(tuple[0], &spec); err != nil {
		return p, errors.New("the tuple does not begin with a name")
	}
	for _, element := range tuple[1:] {
		if element[0] == '{' {
			if err = json.Unmarshal(element, &p.needs); err != nil {
				err = fmt.Errorf("dependencies: %w", err)
			}
			break
		}
	}
	name, reference, _ := splitSpec(spec)
	if isLocal(reference) {
		return p, err
	}
	version, source := reference, ""
	if strings.Contains(reference, ":") {
		version, source = "", reference
	}
	located, e := newDeclared(name, version, source)
	if e != nil {
		return p, errors.Join(err, e)
	}
	p.Package = located
	p.Depends = p.needs.names()
	var integrity string
	if json.Unmarshal(tuple[len(tuple)-1], &integrity) == nil {
		setIntegrity(&p.Package, integrity)
	}
	return p, err
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

// developmentOnly returns the keys of packages that workspaces need for development only.
func developmentOnly(workspaces []bunNeeds, packages []bunPackage) map[string]bool {
	keys := make(map[string]bool, len(packages))
	for _, p := range packages {
		keys[p.key] = true
	}
	depends := make(graph, len(packages))
	for _, p := range packages {
		for _, list := range []map[string]lenient{p.needs.Dependencies, p.needs.OptionalDependencies, p.needs.PeerDependencies} {
			for name := range list {
				depends[p.key] = append(depends[p.key], bunResolve(keys, p.key, name))
			}
		}
	}
	var production, development []string
	for _, w := range workspaces {
		for _, list := range []map[string]lenient{w.Dependencies, w.OptionalDependencies, w.PeerDependencies} {
			for name := range list {
				production = append(production, name)
			}
		}
		for name := range w.DevDependencies {
			development = append(development, name)
		}
	}
	return depends.developmentOnly(production, development)
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
	maxKey     = 4096 // longest key of a package, in bytes
	maxNesting = 64   // levels of a key that bunResolve tries
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
			for end < len(rest) && rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(rest))
			comma = -1
		case c == '/' && len(rest) > 1 && (rest[1] == '/' || rest[1] == '*'):
			mark, length := "\n", 0
			if rest[1] == '*' {
				mark, length = "*/", 2
			}
			if end = bytes.Index(rest[2:], []byte(mark)); end < 0 {
				end = len(rest)
			} else {
				end += 2 + length
			}
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
