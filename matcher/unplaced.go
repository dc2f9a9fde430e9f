package matcher

import (
	"context"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// Groups are the keys of packages with advisories, by type and name: of Maven artifacts whose group is unknown, and of products
// whose vendor is a wildcard.
type groups map[Key][]Key

// unplaced reports whether a component is a Maven archive whose group is unknown.
func unplaced(c *analyzer.Component) bool { return c.Type == "maven" && c.Namespace == "" && !c.System }

// groupsOf asks a Source that is a Namer for the groups of a report's unplaced components, and for the vendors of products.
func groupsOf(ctx context.Context, source Source, report *analyzer.Report) (groups, error) {
	namer, ok := source.(Namer)
	if !ok {
		return nil, nil
	}
	var keys []Key
	asked := make(groups)
	ask := func(k Key) {
		if asked[k] == nil {
			asked[k] = []Key{}
			keys = append(keys, k)
		}
	}
	for i := range report.Components {
		c := &report.Components[i]
		if unplaced(c) {
			ask(keyOf(c, nil))
		}
		for _, p := range cpeProducts(c) {
			if p.anyVendor() {
				ask(p.key())
			}
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := namer.Named(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("matcher: %w", err)
	}
	for _, k := range found {
		if name := (Key{Type: k.Type, Name: k.Name}); k.Namespace != "" && k.Release == "" && asked[name] != nil {
			asked[name] = append(asked[name], k)
		}
	}
	return asked, nil
}

// lookups returns the lookups of an unplaced component: the only group with advisories about its name, or all of them with a doubt.
func (g groups) lookups(list []lookup, c *analyzer.Component) []lookup {
	keys := g[keyOf(c, nil)]
	if len(keys) == 1 {
		proof := fmt.Sprintf("the archive states no group; of all groups, only %s has advisories about %s", keys[0].Namespace, c.Name)
		return append(list, lookup{key: keys[0], version: c.Version, proof: proof})
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.Namespace)
	}
	doubt := fmt.Sprintf("the archive states no group; advisories about %s are of %s", c.Name, enumerate(names))
	for _, k := range keys {
		list = append(list, lookup{key: k, version: c.Version, doubt: doubt})
	}
	return list
}

// enumerate writes up to four names: "a, b, c, d and 2 more groups".
func enumerate(names []string) string {
	const shown = 4
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more groups", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
