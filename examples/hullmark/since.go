package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A former result is what an earlier scan found and showed. A vulnerability is in it if the same source package had it, of
// whatever version and in whatever place: an update that does not fix it does not make it new.
type former struct {
	known map[formerKey]bool
}

type formerKey struct{ id, purlType, namespace, name string }

// readFormer reads the JSON form of a result.
func readFormer(name string) (*former, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var d struct {
		Schema     int
		Components []jsonComponent
		Matches    []struct {
			ID, Component string
			Aliases       []string
		}
	}
	if err := json.NewDecoder(file).Decode(&d); err != nil {
		return nil, fmt.Errorf("%s: %w; it takes what --format json writes", name, err)
	}
	if d.Schema != jsonSchema {
		return nil, fmt.Errorf("%s: %w", name, errors.New("not a result of this version; it takes what --format json writes"))
	}
	keys := make(map[string]formerKey, len(d.Components))
	for i := range d.Components {
		c := &d.Components[i]
		k := formerKey{purlType: c.Type, namespace: c.Namespace, name: c.Name}
		if c.Origin != nil {
			k.name = cmp.Or(c.Origin.Name, c.Name)
		}
		keys[c.ID] = k
	}
	f := &former{known: make(map[formerKey]bool)}
	for _, m := range d.Matches {
		k, ok := keys[m.Component]
		if !ok {
			return nil, fmt.Errorf("%s: match of %s: there is no component %q", name, m.ID, m.Component)
		}
		for _, id := range append(m.Aliases, m.ID) {
			k.id = id
			f.known[k] = true
		}
	}
	return f, nil
}

// has reports whether a match was known.
func (f *former) has(m *matcher.Match, c *analyzer.Component) bool {
	k := formerKey{purlType: c.Type, namespace: c.Namespace, name: c.Name}
	if c.SourcePackage != nil {
		k.name = cmp.Or(c.SourcePackage.Name, c.Name)
	}
	for _, id := range append([]string{m.ID}, m.Aliases...) {
		if k.id = id; f.known[k] {
			return true
		}
	}
	return false
}
