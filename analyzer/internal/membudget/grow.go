package membudget

import (
	"math"

	"github.com/hullmark/hullmark/analyzer"
)

// Grow returns a list with room for one more package, and counts the room but no strings, lists or maps. The first read bytes
// of a text gave those in the list, and size bytes are all of it: a full list moves to where it has room for as many packages as
// the text is likely to have, at most 4 times as many. Moving needs memory for both lists. Grow counts both, so databases of
// half the limit can be read.
func (m *Meter) Grow(list []analyzer.Package, read, size int) ([]analyzer.Package, error) {
	n := int64(len(list))
	if len(list) < cap(list) {
		return list, nil
	}
	least := 2*n + 1
	if n > 256 {
		least = n + n/4
	}
	likely := int64(float64(n) * float64(size) / float64(max(read, 1)) * 1.05)
	want := max(min(likely, 4*n, m.left()/PackageSize), least)
	if err := m.Bytes(want * PackageSize); err != nil {
		return list, err
	}
	larger := append(make([]analyzer.Package, 0, want), list...)
	m.Free(int64(cap(list)) * PackageSize)
	return larger, nil
}

// left returns how many bytes the limit leaves.
func (m *Meter) left() int64 {
	if m == nil || m.limit == 0 {
		return math.MaxInt64
	}
	return m.limit - m.held + m.room
}
