package scan

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestNodeTable compares a table with a map, over random additions and removals.
func TestNodeTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parents := make([]node, 5)
	table, model := newNodeTable(), make(map[place]*node)
	for step := range 200_000 {
		p := place{&parents[r.IntN(len(parents))], fmt.Sprint(r.IntN(10 + step/100))}
		got, want := table.find(p.parent, p.name), model[p]
		if got != want || table.count != len(model) {
			t.Fatalf("step %d: found %v, want %v; %d nodes, want %d", step, got, want, table.count, len(model))
		}
		switch {
		case want == nil && r.IntN(3) > 0:
			n := &node{parent: p.parent, name: p.name}
			table.add(n)
			model[p] = n
		case want != nil && r.IntN(2) > 0:
			table.remove(want)
			table.remove(want)
			delete(model, p)
		}
	}
	for p, n := range model {
		if table.find(p.parent, p.name) != n {
			t.Errorf("%s is lost", p.name)
		}
		table.remove(n)
	}
	if table.count != 0 || table.find(&parents[0], "0") != nil {
		t.Errorf("%d nodes are left", table.count)
	}
}
