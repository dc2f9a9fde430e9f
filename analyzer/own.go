package analyzer

import "path"

// own sets Owner of every component that lies in a file of a System component. Both paths are followed through the
// directory links of the merged image: a package may own lib/x where /lib is a link to usr/lib.
func own(components []Component, t *tree) {
	at := make(map[string][]int)    // components that need an owner, by path
	wanted := make(map[string]bool) // the directories of these
	for i := range components {
		if c := &components[i]; !c.System {
			at[c.Path] = append(at[c.Path], i)
			wanted[dirOf(c.Path)] = true
		}
	}
	if len(at) == 0 {
		return
	}
	resolved := make(map[string]string) // where a directory really is
	for i := range components {
		owner := &components[i]
		if !owner.System {
			continue
		}
		dir, real, candidates := "", "", false
		for _, f := range owner.Files {
			if d := dirOf(f); d != dir { // files mostly come in order
				var ok bool
				if real, ok = resolved[d]; !ok {
					if real, ok = t.resolve(d); !ok {
						real = d
					}
					resolved[d] = real
				}
				dir, candidates = d, wanted[real]
			}
			if !candidates {
				continue
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
