package analyzer

import "path"

// own sets Owner of every component that lies in a file of a System component. Both paths are followed through the
// directory links of the merged image: a package may own lib/x where /lib is a link to usr/lib.
func own(components []Component, t *tree) {
	at := make(map[string][]int) // components that need an owner, by path
	for i := range components {
		if c := &components[i]; !c.System {
			at[c.Path] = append(at[c.Path], i)
		}
	}
	if len(at) == 0 {
		return
	}
	dirs := make(map[string]string) // where a directory really is
	for i := range components {
		owner := &components[i]
		if !owner.System {
			continue
		}
		for _, f := range owner.Files {
			dir := dirOf(f)
			real, ok := dirs[dir]
			if !ok {
				if real, ok = t.resolve(dir); !ok {
					real = dir
				}
				dirs[dir] = real
			}
			if real != dir {
				f = join(real, path.Base(f))
			}
			for _, k := range at[f] {
				if c := &components[k]; c.Owner == "" || owner.ID < c.Owner {
					c.Owner = owner.ID
				}
			}
		}
	}
}
