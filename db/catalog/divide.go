package catalog

import (
	"hash/fnv"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// Limits of groups of components. A group ends after a component whose name has a certain hash, so that a change of one component changes
// one chunk. Groups of an SBOM without layers are small: the packages of a base image lie between those of the application.
const (
	meanLayered, mostLayered     = 1024, 8192
	meanUnlayered, mostUnlayered = 16, 64
)

// A group is some of the components of a report that become one chunk.
type group struct {
	layer      int
	mixed      bool // the components are of several layers
	components []int
}

// groupsOf divides the components of a report.
func groupsOf(report *analyzer.Report, subjects []matcher.Subject) []group {
	ids := make(map[string]bool, len(report.Components))
	for i := range report.Components {
		ids[report.Components[i].ID] = true
	}
	if len(ids) < len(report.Components) || ids[""] { // matches refer to components by their IDs, and the last one of an ID counts
		g := group{mixed: true}
		for i := range report.Components {
			g.components = append(g.components, i)
		}
		return []group{g}
	}
	type key struct {
		layer     int
		ecosystem matcher.Key // without layers
		owned     bool        // likewise
	}
	open := make(map[key]int) // index of the group of a key
	var list []group
	for i := range report.Components {
		c := &report.Components[i]
		k, mean, most := key{layer: c.Layer}, uint32(meanLayered), mostLayered
		if c.Layer < 0 {
			k.ecosystem, k.owned = matcher.EcosystemOf(c, report.Distro), subjects[i].Owner != nil
			mean, most = meanUnlayered, mostUnlayered
		}
		n, ok := open[k]
		if !ok {
			n = len(list)
			open[k] = n
			list = append(list, group{layer: c.Layer})
		}
		list[n].components = append(list[n].components, i)
		h := fnv.New32a()
		h.Write([]byte(c.Type + "\x00" + c.Namespace + "\x00" + c.Name))
		if h.Sum32()%mean == 0 || len(list[n].components) >= most {
			delete(open, k)
		}
	}
	slices.SortStableFunc(list, func(a, b group) int { return a.layer - b.layer })
	return list
}

// chunkOf returns the chunk of a group.
func chunkOf(report *analyzer.Report, subjects []matcher.Subject, g *group) *chunk {
	c := &chunk{Layered: g.mixed, Components: make([]analyzer.Component, 0, len(g.components))}
	own := make(map[string]bool, len(g.components))
	names := make(map[string]bool)
	for _, i := range g.components {
		own[report.Components[i].ID] = true
		names[report.Components[i].Analyzer] = true
	}
	seen := make(map[string]bool)
	for _, i := range g.components {
		k, s := report.Components[i], &subjects[i]
		c.Distro, c.System, c.Crowd = s.Distro, s.System, max(c.Crowd, s.Crowd)
		if s.Owner != nil && !own[k.Owner] && !seen[k.Owner] {
			seen[k.Owner] = true
			o := *s.Owner
			o.ID = k.Owner
			c.Owners = append(c.Owners, o)
		}
		if !g.mixed {
			k.Layer = 0
		}
		c.Components = append(c.Components, k)
	}
	for _, x := range report.Examined {
		if names[x.Analyzer] {
			c.Analyzers = append(c.Analyzers, analyzerVersion{x.Analyzer, x.Version})
		}
	}
	return c
}
