package rpm

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rpmdb"
)

// depends returns what a package needs of others, each name once, in the order of its header.
func depends(h *rpmdb.Header) []string {
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

// maxNesting is how deep boolean dependencies may nest.
const maxNesting = 16

// operands returns the names in a boolean dependency (docs/manual/boolean_dependencies.md of rpm) whose packages may be
// there to fulfil it: both sides of "and", "or" and "with", the first and the last of "if" and "unless" with "else", the
// first of "without". It returns a dependency that does not have this form as it is.
func operands(dependency string) []string {
	names, rest, ok := expression(dependency[1:], nil, 0)
	if !ok || rest != "" {
		return []string{dependency}
	}
	return names
}

// expression reads up to the closing parenthesis of an expression, adds its operands to names, and returns what follows.
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
			_, rest = word(strings.TrimLeft(rest, " ")) // the version that is compared
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

// word cuts s at the first blank, or at the first closing parenthesis that does not belong to the word, as those of
// "libc.so.6()(64bit)" do.
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

// providePaths adds the paths that packages depend on to Provides of the packages that own the files. Where nobody owns a
// path in /bin, /lib or the like, the owner of the same in /usr does, of which it is another name where /usr is merged.
func providePaths(pkgs []analyzer.Package) {
	type owner struct {
		pkg   int
		exact bool
	}
	owners := make(map[string]owner) // of the paths that are needed
	for i := range pkgs {
		for _, name := range pkgs[i].Depends {
			if name[0] == '/' {
				owners[relative(name)] = owner{pkg: -1}
			}
		}
	}
	if len(owners) == 0 {
		return
	}
	for i := range pkgs {
		for _, file := range pkgs[i].Files {
			if o, needed := owners[file]; needed && !o.exact {
				owners[file] = owner{i, true}
			}
			if short, ok := strings.CutPrefix(file, "usr/"); ok {
				if o, needed := owners[short]; needed && o.pkg < 0 {
					owners[short] = owner{pkg: i}
				}
			}
		}
	}
	for i := range pkgs {
		for _, name := range pkgs[i].Depends {
			if name[0] != '/' {
				continue
			}
			if o := owners[relative(name)]; o.pkg >= 0 && !slices.Contains(pkgs[o.pkg].Provides, name) {
				pkgs[o.pkg].Provides = append(pkgs[o.pkg].Provides, name)
			}
		}
	}
}
