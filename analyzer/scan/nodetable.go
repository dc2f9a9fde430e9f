package scan

import "hash/maphash"

// A nodeTable finds nodes by their parents and names. A slot takes 8 bytes, a quarter of those of a map with these keys.
type nodeTable struct {
	seed  maphash.Seed
	slots []*node // a power of two, with free ones at the end of each run
	count int
}

func newNodeTable() nodeTable { return nodeTable{seed: maphash.MakeSeed()} }

type place struct {
	parent *node
	name   string
}

// slot returns where the search for a place begins.
func (t *nodeTable) slot(parent *node, name string) int {
	return int(maphash.Comparable(t.seed, place{parent, name}) & uint64(len(t.slots)-1))
}

func (t *nodeTable) next(i int) int { return (i + 1) & (len(t.slots) - 1) }

// find returns the child of a node with a name, or nil.
func (t *nodeTable) find(parent *node, name string) *node {
	if t.count == 0 {
		return nil
	}
	for i := t.slot(parent, name); t.slots[i] != nil; i = t.next(i) {
		if n := t.slots[i]; n.parent == parent && n.name == name {
			return n
		}
	}
	return nil
}

// add adds a node that the table lacks.
func (t *nodeTable) add(n *node) {
	if 4*t.count >= 3*len(t.slots) {
		old := t.slots
		t.slots = make([]*node, max(2*len(old), 64))
		for _, n := range old {
			if n != nil {
				t.put(n)
			}
		}
	}
	t.put(n)
	t.count++
}

func (t *nodeTable) put(n *node) {
	i := t.slot(n.parent, n.name)
	for t.slots[i] != nil {
		i = t.next(i)
	}
	t.slots[i] = n
}

// remove removes a node, if the table has it, and moves those after it that would not be found any more.
func (t *nodeTable) remove(n *node) {
	if t.count == 0 {
		return
	}
	i := t.slot(n.parent, n.name)
	for t.slots[i] != n {
		if t.slots[i] == nil {
			return
		}
		i = t.next(i)
	}
	t.count--
	for k := t.next(i); ; k = t.next(k) {
		m := t.slots[k]
		if m == nil {
			break
		}
		// m may move to i if its search begins at or before i.
		if mask := len(t.slots) - 1; (k-t.slot(m.parent, m.name))&mask >= (k-i)&mask {
			t.slots[i] = m
			i = k
		}
	}
	t.slots[i] = nil
}
