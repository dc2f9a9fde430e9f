package scan

import (
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// setComponentOwners sets Owner of every component and finding whose file belongs to a System component, and returns those of files with packages that are not read. It
// follows both paths through the directory links of the merged image: a package may own lib/x when /lib is a link to usr/lib.
func setComponentOwners(report *analyzer.Report, t *tree) (owned map[string]bool) {
	components := report.Components
	at := make(map[string]int, len(components)) // 1 + the last component that needs an owner, by path
	before := make([]int, len(components))      // and 1 + the one before it with the same path
	var wanted nameSet                          // base names of their files; few of the files that packages own have one
	for i := range components {
		if c := &components[i]; !c.System || c.Stated {
			before[i], at[c.Path] = at[c.Path], i+1
			wanted.add(path.Base(c.Path))
		}
	}
	found := make(map[string][]int) // findings by path
	for i := range report.Findings {
		if f := &report.Findings[i]; !f.Hidden && f.Path != "" {
			found[f.Path] = append(found[f.Path], i)
			wanted.add(path.Base(f.Path))
		}
	}
	owned = make(map[string]bool)
	for i := range report.Diagnostics {
		if d := &report.Diagnostics[i]; d.Type != "" {
			owned[d.Path] = false
			wanted.add(path.Base(d.Path))
		}
	}
	if wanted.names == nil {
		return nil
	}
	eachOwned(components, t, wanted.has, func(f string, i int) {
		owner := &components[i]
		if _, ok := owned[f]; ok {
			owned[f] = true
		}
		for _, k := range found[f] {
			if o := &report.Findings[k].Owner; *o == "" || owner.ID < *o {
				*o = owner.ID
			}
		}
		for k := at[f]; k > 0; k = before[k-1] {
			if c := &components[k-1]; c.Owner == "" || owner.ID < c.Owner {
				c.Owner = owner.ID
			}
		}
	})
	return owned
}

// eachOwned calls fn for the files of System components whose base name is wanted, at their places in the image.
func eachOwned(components []analyzer.Component, t *tree, wanted func(name string) bool, fn func(path string, component int)) {
	resolved := make(map[string]string) // targets of directories
	for i := range components {
		owner := &components[i]
		if !owner.System || owner.Stated {
			continue
		}
		for _, f := range owner.Files {
			name := f[strings.LastIndexByte(f, '/')+1:]
			if !wanted(name) {
				continue
			}
			dir := dirOf(f)
			real, ok := resolved[dir]
			if !ok {
				if real, ok = t.resolve(dir); !ok {
					real = dir
				}
				resolved[dir] = real
			}
			if real != dir {
				f = join(real, name)
			}
			fn(f, i)
		}
	}
}

// A nameSet is a set of names that most look-ups don't find. Most of these end without a hash.
type nameSet struct {
	names map[string]bool
	like  [1 << 12]bool // names with this length and this first byte
}

func (s *nameSet) add(name string) {
	if s.names == nil {
		s.names = make(map[string]bool)
	}
	s.names[name] = true
	s.like[shape(name)] = true
}

func (s *nameSet) has(name string) bool { return s.like[shape(name)] && s.names[name] }

// shape returns 6 bits of the length of a name and 6 of its first byte.
func shape(name string) int {
	if name == "" {
		return 0
	}
	return len(name)&63<<6 | int(name[0])&63
}
