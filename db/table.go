package db

import "encoding/binary"

// The rows of a database are kept the way blocks store them: each fact once, in a table of its kind, and everywhere
// else its number. The builder has one set of tables for everything that it was given, each block has its own.

// A note is what a publisher says of a vulnerability itself, whatever the package.
type note struct {
	id, feed, summary   uint32 // strings
	aliases, urls       idList // of strings
	published, modified int64  // Unix seconds, noTime where unknown
}

// A verdict is what a publisher says of a vulnerability in one package of one release.
type verdict struct {
	status     uint8
	reason     uint32 // string
	severities idList // of severities
	spans      idList // of spans
	versions   idList // of strings
}

// A severity is a matcher.Severity.
type severity struct {
	source, vector, word uint32
	level                uint8
	score                float64
}

// A span is a matcher.Range.
type span struct{ introduced, fixed, last, repo uint32 }

// A row is one advisory.
type row struct {
	typ, namespace, name, release uint32 // strings
	note, verdict                 uint32
}

// An idList is a sequence of numbers as varints, which makes it comparable.
type idList string

func makeList(ids []uint32) idList {
	b := make([]byte, 0, 2*len(ids))
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(id))
	}
	return idList(b)
}

// each calls f with every number of l.
func (l idList) each(f func(uint32)) {
	var v uint32
	var shift uint
	for i := range len(l) {
		v |= uint32(l[i]&0x7f) << shift
		if shift += 7; l[i] < 0x80 {
			f(v)
			v, shift = 0, 0
		}
	}
}

func (l idList) len() int {
	n := 0
	for i := range len(l) {
		if l[i] < 0x80 {
			n++
		}
	}
	return n
}

// An interner numbers distinct values in the order in which it meets them.
type interner[T comparable] struct {
	ids   map[T]uint32
	items []T
}

func (t *interner[T]) id(v T) uint32 {
	id, ok := t.ids[v]
	if !ok {
		if t.ids == nil {
			t.ids = make(map[T]uint32)
		}
		id = uint32(len(t.items))
		t.ids[v] = id
		t.items = append(t.items, v)
	}
	return id
}

// A subset renumbers those members of a table that a block uses, in the order in which it meets them. Emptying it costs
// nothing, so that one serves all blocks.
type subset struct {
	epoch []uint32 // of every member, the block that last met it
	local []uint32 // and its number there
	now   uint32
	used  []uint32 // members met, by their new numbers
}

func newSubset(n int) *subset {
	return &subset{epoch: make([]uint32, n), local: make([]uint32, n), now: 1}
}

// add returns whether the block meets member id for the first time.
func (s *subset) add(id uint32) bool {
	if s.epoch[id] == s.now {
		return false
	}
	s.epoch[id] = s.now
	s.local[id] = uint32(len(s.used))
	s.used = append(s.used, id)
	return true
}

func (s *subset) reset() {
	s.now++
	s.used = s.used[:0]
}

// name returns the package of a row.
func (t *tables) name(r row) name {
	str := t.strings.items
	return name{str[r.typ], str[r.namespace], str[r.name]}
}
