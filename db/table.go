package db

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"
)

// Rows have the form that blocks store: each fact is in a table of its kind once, and rows refer to it by index. A builder has one set of tables
// for all of its data, and each block has its own.

// A note has the facts of a publisher about a vulnerability that do not depend on a package.
type note struct {
	id, feed, summary   uint32 // strings
	aliases, urls       idList // of strings
	extra               uint32 // has the kind and weaknesses
	published, modified int64  // Unix seconds, noTime if unknown
}

// A verdict has the facts of a publisher about a vulnerability in one package of one release.
type verdict struct {
	status     uint8
	reason     uint32 // string
	severities idList // of severities
	spans      idList // of spans
	versions   idList // of strings
	extra      uint32 // has the updates and parts
}

// An extra holds facts that most notes and verdicts lack, to save memory.
type extra struct {
	kind       uint8
	weaknesses idList // of strings
	updates    idList // of strings
	parts      idList // of strings, see appendParts
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

// An idList is a sequence of numbers, as varints. It is comparable.
type idList string

// idList returns a list that is valid until forget. Callers that keep it must copy it with ownList.
func (t *tables) idList(ids []uint32) idList {
	from := len(t.scratch)
	for _, id := range ids {
		t.scratch = binary.AppendUvarint(t.scratch, uint64(id))
	}
	b := t.scratch[from:]
	return idList(unsafe.String(unsafe.SliceData(b), len(b))) // does not change before forget
}

// releaseLists invalidates the lists that idList returned.
func (t *tables) releaseLists() { t.scratch = t.scratch[:0] }

func (t *tables) copyString(s string) string { return t.arena.copy(s) }
func (t *tables) copyList(l idList) idList   { return idList(t.arena.copy(string(l))) }
func (t *tables) copyNote(n note) note {
	n.aliases, n.urls = t.copyList(n.aliases), t.copyList(n.urls)
	return n
}
func (t *tables) copyVerdict(v verdict) verdict {
	v.severities, v.spans, v.versions = t.copyList(v.severities), t.copyList(v.spans), t.copyList(v.versions)
	return v
}

func (t *tables) extra(e extra) uint32 {
	return t.extras.id(e, func(e extra) extra {
		e.weaknesses, e.updates, e.parts = t.copyList(e.weaknesses), t.copyList(e.updates), t.copyList(e.parts)
		return e
	})
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

// An interner numbers distinct values in the order of their first use. It is a hash table that holds only numbers, because there are millions of
// values.
type interner[T comparable] struct {
	items []T
	slots []uint32 // number of an item plus 1, or 0
	seed  maphash.Seed
}

// id returns the number of v. If v is new, it keeps the copy that own returns, or v itself if own is nil.
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

// find returns the slot of v, or a free slot for it.
func (t *interner[T]) find(v T) uint64 {
	mask := uint64(len(t.slots) - 1)
	at := maphash.Comparable(t.seed, v) & mask
	for t.slots[at] != 0 && t.items[t.slots[at]-1] != v {
		at = (at + 1) & mask
	}
	return at
}

// reset removes all values. It keeps the memory.
func (t *interner[T]) reset() {
	clear(t.items)
	t.items = t.items[:0]
	clear(t.slots)
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

// A subset numbers the members of a table that a block uses, in the order of their first use. Emptying it costs nothing, so one subset serves all
// blocks.
type subset struct {
	epoch []uint32 // the last block that used each member
	local []uint32 // and the number of the member there
	now   uint32
	used  []uint32 // members by number
}

func newSubset() *subset { return &subset{now: 1} }

// add reports whether the block uses member id for the first time.
func (s *subset) add(id uint32) bool {
	if n := int(id) + 1; n > len(s.epoch) { // grows with the table
		s.epoch = append(s.epoch, make([]uint32, max(n-len(s.epoch), len(s.epoch)/2, 1024))...)
		s.local = append(s.local, make([]uint32, len(s.epoch)-len(s.local))...)
	}
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

// reset removes everything. Strings stay valid.
func (t *tables) reset() {
	t.strings.reset()
	t.severities.reset()
	t.spans.reset()
	t.notes.reset()
	t.verdicts.reset()
	t.extras.reset()
	t.remarks.reset()
	t.string("")
}

// name returns the package of a row.
func (t *tables) name(r row) name {
	str := t.strings.items
	return name{str[r.typ], str[r.namespace], str[r.name]}
}
