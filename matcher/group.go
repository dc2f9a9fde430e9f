package matcher

// A group is all that is said of one vulnerability.
type group struct {
	verdicts []verdict
	ids      []string // all identifiers, in no order, some of them several times
}

// groupAliases puts the verdicts together that are about one vulnerability: those that share an identifier, also through
// others. The groups come in the order of their first members. Time is linear but for the inverse of Ackermann's function,
// whatever graph the aliases make.
//
// An advisory that goes by several CVEs is an erratum, which fixes several vulnerabilities at once: it belongs to the group
// of each CVE, and does not make them one. Its other identifiers link nothing.
func groupAliases(list []verdict) []group {
	if len(list) == 1 && cveCount(list[0].Advisory) < 2 {
		return []group{{list, append([]string{list[0].ID}, list[0].Aliases...)}}
	}
	var members []member
	for _, v := range list {
		if cveCount(v.Advisory) < 2 {
			members = append(members, member{v, append([]string{v.ID}, v.Aliases...)})
			continue
		}
		if isCVE(v.ID) {
			members = append(members, member{v, []string{v.ID}})
		}
		for _, id := range v.Aliases {
			if isCVE(id) && id != v.ID {
				members = append(members, member{v, []string{id}})
			}
		}
	}
	sets := newDisjoint(len(members))
	seen := make(map[string]int)
	for i, m := range members {
		for _, id := range m.ids {
			if j, ok := seen[id]; ok {
				sets.join(i, j)
			} else {
				seen[id] = i
			}
		}
	}
	var groups []group
	at := make(map[int]int)
	for i, m := range members {
		r := sets.root(i)
		g, ok := at[r]
		if !ok {
			g = len(groups)
			at[r] = g
			groups = append(groups, group{})
		}
		groups[g].verdicts = append(groups[g].verdicts, m.verdict)
		groups[g].ids = append(groups[g].ids, m.ids...)
	}
	return groups
}

// A member is a verdict under those of its identifiers that are one vulnerability.
type member struct {
	verdict
	ids []string
}

// cveCount returns how many different CVEs an advisory goes by, counting to two.
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

// A disjoint is a set of numbers in disjoint parts: a forest, joined by size.
type disjoint struct{ parent, size []int }

func newDisjoint(n int) disjoint {
	d := disjoint{make([]int, n), make([]int, n)}
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
