package scan

import (
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// own sets Owner of every component whose file belongs to a System component, and returns the files with a NotRead that belong to one. It
// follows both paths through the directory links of the merged image: a package may own lib/x when /lib is a link to usr/lib.
func own(report *analyzer.Report, t *tree) (owned map[string]bool) {
	components := report.Components
	at := make(map[string][]int)    // components that need an owner, by path
	wanted := make(map[string]bool) // base names of their files; few of the files that packages own have one
	for i := range components {
		if c := &components[i]; !c.System {
			at[c.Path] = append(at[c.Path], i)
			wanted[path.Base(c.Path)] = true
		}
	}
	for i := range report.Diagnostics {
		if d := &report.Diagnostics[i]; d.Code == analyzer.NotRead {
			at[d.Path] = append(at[d.Path], -1)
			wanted[path.Base(d.Path)] = true
		}
	}
	if len(at) == 0 {
		return nil
	}
	owned = make(map[string]bool)
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
			for _, k := range at[f] {
				if k < 0 {
					owned[f] = true
				} else if c := &components[k]; c.Owner == "" || owner.ID < c.Owner {
					c.Owner = owner.ID
				}
			}
		}
	}
	return owned
}
