package scan

import (
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// own sets Owner of every component whose file belongs to a System component, and returns those of files with packages that are not read. It
// follows both paths through the directory links of the merged image: a package may own lib/x when /lib is a link to usr/lib.
func own(report *analyzer.Report, t *tree) (owned map[string]bool) {
	components := report.Components
	at := make(map[string]int, len(components)) // 1 + the last component that needs an owner, by path
	before := make([]int, len(components))      // and 1 + the one before it with the same path
	wanted := make(map[string]bool)             // base names of their files; few of the files that packages own have one
	for i := range components {
		if c := &components[i]; !c.System {
			before[i], at[c.Path] = at[c.Path], i+1
			wanted[path.Base(c.Path)] = true
		}
	}
	owned = make(map[string]bool)
	for i := range report.Diagnostics {
		if d := &report.Diagnostics[i]; d.Type != "" {
			owned[d.Path] = false
			wanted[path.Base(d.Path)] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	resolved := make(map[string]string) // targets of directories
	for i := range components {
		owner := &components[i]
		if !owner.System {
			continue
		}
		for _, f := range owner.Files {
			name := f[strings.LastIndexByte(f, '/')+1:]
			if !wanted[name] {
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
			if _, ok := owned[f]; ok {
				owned[f] = true
			}
			for k := at[f]; k > 0; k = before[k-1] {
				if c := &components[k-1]; c.Owner == "" || owner.ID < c.Owner {
					c.Owner = owner.ID
				}
			}
		}
	}
	return owned
}
