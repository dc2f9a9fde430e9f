package matcher

import "slices"

// A group has all verdicts about one vulnerability.
type group struct {
	verdicts []verdict
	ids      []string // all identifiers, in any order, with repetitions
}

// A grouper groups verdicts by vulnerability. It reuses its memory from one list to the next.
type grouper struct {
	members  []member
	ids      []string // of members
	sets     disjoint
	seen     map[string]int // first member with each identifier
	number   []int          // number of each root's group, or -1
	counts   []int          // number of identifiers in the set of each root
	groups   []group
	verdicts []verdict // of groups
	names    []string  // of groups
}

// A member is a verdict with those of its identifiers that stand for one vulnerability.
type member struct {
	verdict
	from, to int // in grouper.ids
}

// maxSeen bounds the maps that are reused: the time to clear a map grows with its size.
const maxSeen = 256

// group groups the verdicts that share an identifier, also through others. The groups come in the order of their first
// members, and are valid until the next call. It takes linear time, but for the inverse of Ackermann's function, for any graph
// of aliases.
//
// An advisory with several CVEs is an erratum, which fixes several vulnerabilities at once: it belongs to the group of each
// CVE, and does not make them one. Its other identifiers link nothing.
func (g *grouper) group(list []verdict) []group {
	g.members, g.ids = g.members[:0], g.ids[:0]
	for _, v := range list {
		if cveCount(v.Advisory) < 2 {
			g.add(v, v.ID, v.Aliases...)
			continue
		}
		if isCVE(v.ID) {
			g.add(v, v.ID)
		}
		for _, id := range v.Aliases {
			if isCVE(id) && id != v.ID {
				g.add(v, id)
			}
		}
	}
	g.sets = g.sets.reset(len(g.members))
	if len(g.members) > 1 {
		g.join()
	}
	return g.collect()
}

func (g *grouper) add(v verdict, id string, more ...string) {
	from := len(g.ids)
	g.ids = append(append(g.ids, id), more...)
	g.members = append(g.members, member{v, from, len(g.ids)})
}

// join makes sets of the members that share identifiers.
func (g *grouper) join() {
	if g.seen == nil || len(g.seen) > maxSeen {
		g.seen = make(map[string]int, len(g.ids))
	}
	clear(g.seen)
	for i, m := range g.members {
		for _, id := range g.ids[m.from:m.to] {
			if j, ok := g.seen[id]; ok {
				g.sets.join(i, j)
			} else {
				g.seen[id] = i
			}
		}
	}
}

// collect makes a group of each set: it numbers the sets, counts their members, and fills the groups.
func (g *grouper) collect() []group {
	g.groups = g.groups[:0]
	g.number = slices.Grow(g.number[:0], len(g.members))[:len(g.members)]
	for i := range g.number {
		g.number[i] = -1
	}
	g.verdicts = slices.Grow(g.verdicts[:0], len(g.members))[:len(g.members)]
	g.names = slices.Grow(g.names[:0], len(g.ids))[:len(g.ids)]
	verdicts, names := 0, 0
	g.counts = slices.Grow(g.counts[:0], len(g.members))[:len(g.members)]
	clear(g.counts)
	for i, m := range g.members {
		g.counts[g.sets.root(i)] += m.to - m.from
	}
	for i := range g.members {
		r := g.sets.root(i)
		if g.number[r] >= 0 {
			continue
		}
		g.number[r] = len(g.groups)
		// The group's own part begins here, with room for all its members.
		g.groups = append(g.groups, group{verdicts: g.verdicts[verdicts:verdicts], ids: g.names[names:names]})
		verdicts += g.sets.size[r]
		names += g.counts[r]
	}
	for i := range g.members {
		m := &g.members[i]
		into := &g.groups[g.number[g.sets.root(i)]]
		into.verdicts = append(into.verdicts, m.verdict)
		into.ids = append(into.ids, g.ids[m.from:m.to]...)
	}
	return g.groups
}

// cveCount counts the different CVEs of an advisory, up to two.
func cveCount(a *Advisory) int {
	first := ""
	if isCVE(a.ID) {
		first = a.ID
	}
	for _, id := range a.Aliases {
		switch {
		case !isCVE(id) || id == first:
		case first == "":
			first = id
		default:
			return 2
		}
	}
	if first == "" {
		return 0
	}
	return 1
}

// A disjoint is a partition of numbers: a forest, joined by size.
type disjoint struct{ parent, size []int }

// reset returns n parts of one number each, in the memory of d.
func (d disjoint) reset(n int) disjoint {
	d.parent, d.size = slices.Grow(d.parent[:0], n)[:n], slices.Grow(d.size[:0], n)[:n]
	for i := range n {
		d.parent[i], d.size[i] = i, 1
	}
	return d
}

func (d disjoint) root(i int) int {
	for d.parent[i] != i {
		d.parent[i] = d.parent[d.parent[i]]
		i = d.parent[i]
	}
	return i
}

func (d disjoint) join(i, j int) {
	i, j = d.root(i), d.root(j)
	if i == j {
		return
	}
	if d.size[i] < d.size[j] {
		i, j = j, i
	}
	d.parent[j] = i
	d.size[i] += d.size[j]
}
