package db

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"
)

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

// idList returns a list in memory that will be used again; who keeps it has to own it.
func (t *tables) idList(ids []uint32) idList {
	from := len(t.scratch)
	for _, id := range ids {
		t.scratch = binary.AppendUvarint(t.scratch, uint64(id))
	}
	b := t.scratch[from:]
	return idList(unsafe.String(unsafe.SliceData(b), len(b))) // nobody writes there before forget
}

// forget ends the use of lists that nobody owns.
func (t *tables) forget() { t.scratch = t.scratch[:0] }

func (t *tables) own(s string) string     { return t.arena.copy(s) }
func (t *tables) ownList(l idList) idList { return idList(t.arena.copy(string(l))) }
func (t *tables) ownNote(n note) note {
	n.aliases, n.urls = t.ownList(n.aliases), t.ownList(n.urls)
	return n
}
func (t *tables) ownVerdict(v verdict) verdict {
	v.severities, v.spans, v.versions = t.ownList(v.severities), t.ownList(v.spans), t.ownList(v.versions)
	return v
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

// An interner numbers distinct values in the order in which it meets them. It is a hash table that holds numbers only, since
// there are millions of values.
type interner[T comparable] struct {
	items []T
	slots []uint32 // number of an item plus 1, or 0
	seed  maphash.Seed
}

// id returns the number of v. If v is new, own makes what is kept of it; nil keeps v.
func (t *interner[T]) id(v T, own func(T) T) uint32 {
	if len(t.items)*4 >= len(t.slots)*3 {
		t.grow()
	}
	at := t.find(v)
	if n := t.slots[at]; n != 0 {
		return n - 1
	}
	if own != nil {
		v = own(v)
	}
	t.items = append(t.items, v)
	t.slots[at] = uint32(len(t.items))
	return uint32(len(t.items) - 1)
}

// find returns the slot of v, or the free one where it belongs.
func (t *interner[T]) find(v T) uint64 {
	mask := uint64(len(t.slots) - 1)
	at := maphash.Comparable(t.seed, v) & mask
	for t.slots[at] != 0 && t.items[t.slots[at]-1] != v {
		at = (at + 1) & mask
	}
	return at
}

func (t *interner[T]) grow() {
	if t.slots == nil {
		t.seed = maphash.MakeSeed()
	}
	t.slots = make([]uint32, max(64, 2*len(t.slots)))
	for i, v := range t.items {
		t.slots[t.find(v)] = uint32(i + 1)
	}
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
