package rpm

import (
	"iter"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

// depends returns the distinct names that a package requires of others, in the order of its header.
func depends(h *rpmdb.Header, m *membudget.Meter) []string {
	const entry = 64 // bytes of one in a map
	size := entry * int64(len(h.Provides)+len(h.Requires)+1)
	if m.Bytes(size) != nil {
		return nil
	}
	defer m.Free(size)
	seen := make(map[string]bool, len(h.Provides)+len(h.Requires)+1)
	seen[h.Name] = true
	for _, name := range h.Provides {
		seen[name] = true
	}
	var names []string
	for _, require := range h.Requires {
		if require == "" || strings.HasPrefix(require, "rpmlib(") {
			continue
		}
		if require[0] != '(' {
			if !seen[require] {
				seen[require] = true
				names = append(names, require)
			}
			continue
		}
		for _, name := range operands(require) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return slices.Clip(names)
}

// maxNesting is the deepest nesting of boolean dependencies.
const maxNesting = 16

// operands returns the names in a boolean dependency (docs/manual/boolean_dependencies.md of rpm) that can satisfy it: both
// sides of "and", "or" and "with", the first and last of "if" and "unless" with "else", and the first of "without". It returns
// a malformed dependency unchanged.
func operands(dependency string) []string {
	names, rest, ok := expression(dependency[1:], nil, 0)
	if !ok || rest != "" {
		return []string{dependency}
	}
	return names
}

// expression reads an expression after its opening parenthesis, appends its operands to names, and returns the rest of s.
func expression(s string, names []string, depth int) (all []string, rest string, ok bool) {
	if depth == maxNesting {
		return nil, "", false
	}
	for needed := true; ; {
		s = strings.TrimLeft(s, " ")
		if strings.HasPrefix(s, "(") {
			inner, rest, ok := expression(s[1:], names, depth+1)
			if !ok {
				return nil, "", false
			}
			if s = rest; needed {
				names = inner
			}
		} else {
			name, rest := word(s)
			if name == "" {
				return nil, "", false
			}
			if s = rest; needed {
				names = append(names, name)
			}
		}
		operator, rest := word(strings.TrimLeft(s, " "))
		if strings.Trim(operator, "<=>") == "" && operator != "" {
			_, rest = word(strings.TrimLeft(rest, " ")) // the compared version
			operator, rest = word(strings.TrimLeft(rest, " "))
		}
		switch s = rest; operator {
		case "and", "or", "with", "else":
			needed = true
		case "if", "unless", "without":
			needed = false
		case "":
			rest, ok = strings.CutPrefix(s, ")")
			return names, rest, ok
		default:
			return nil, "", false
		}
	}
}

// word splits s at the first blank or unmatched closing parenthesis. The parentheses of "libc.so.6()(64bit)" are matched.
func word(s string) (first, rest string) {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				return s[:i], s[i:]
			}
		case ' ':
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// providePaths adds required paths to Provides of the packages that own the files. If no package owns a path such as /bin/sh,
// the owner of /usr/bin/sh provides it, because with a merged /usr both name one file.
func providePaths(pkgs []analyzer.Package, m *membudget.Meter) {
	owners := make(pathOwners)
	for i := range pkgs {
		for name := range paths(pkgs[i].Depends) {
			if m.Bytes(requiredPath) != nil {
				return
			}
			owners[relative(name)] = pathOwner{pkg: -1}
		}
	}
	if len(owners) == 0 {
		return
	}
	type provided struct {
		pkg  int
		name string
	}
	known := make(map[provided]bool) // paths in Provides
	for i := range pkgs {
		for name := range paths(pkgs[i].Provides) {
			if m.Bytes(requiredPath) == nil {
				known[provided{i, name}] = true
			}
		}
		owners.add(i, pkgs[i].Files)
	}
	for i := range pkgs {
		for name := range paths(pkgs[i].Depends) {
			if o := owners[relative(name)]; o.pkg >= 0 && !known[provided{o.pkg, name}] {
				known[provided{o.pkg, name}] = true
				pkgs[o.pkg].Provides = append(pkgs[o.pkg].Provides, name)
			}
		}
	}
}

// requiredPath is the memory in bytes of a path in both maps of providePaths and in Provides.
const requiredPath = 256

// pathOwners has the owners of required paths, by path.
type pathOwners map[string]pathOwner

type pathOwner struct {
	pkg   int // -1 without an owner
	exact bool
}

// add makes a package the owner of the required paths among its files.
func (o pathOwners) add(pkg int, files []string) {
	for _, file := range files {
		if owner, needed := o[file]; needed && !owner.exact {
			o[file] = pathOwner{pkg, true}
		}
		if short, ok := strings.CutPrefix(file, "usr/"); ok {
			if owner, needed := o[short]; needed && owner.pkg < 0 {
				o[short] = pathOwner{pkg: pkg}
			}
		}
	}
}

// paths yields the absolute paths among the names of dependencies.
func paths(names []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range names {
			if name[0] == '/' && !yield(name) {
				return
			}
		}
	}
}
