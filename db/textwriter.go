package db

import (
	"slices"
	"strings"
)

// A textWriter collects the strings and severities of a block, and encodes them.
type textWriter struct {
	t    *tables
	size int // estimate of the raw length of the block; it does not depend on numbers in t

	strings, severities *subset
}

func newTextWriter(t *tables) *textWriter {
	return &textWriter{t: t, strings: newSubset(), severities: newSubset()}
}

func (w *textWriter) reset() {
	w.size = 0
	w.strings.reset()
	w.severities.reset()
}

func (w *textWriter) addString(ids ...uint32) {
	for _, id := range ids {
		if w.strings.add(id) {
			w.size += len(w.t.strings.items[id]) + 2
		}
	}
}

func (w *textWriter) addSeverities(l idList) {
	l.each(func(id uint32) {
		if w.severities.add(id) {
			s := &w.t.severities.items[id]
			w.addString(s.source, s.vector, s.word)
			w.size += 6
		}
	})
}

func (w *textWriter) appendStrings(b []byte) []byte {
	str := w.t.strings.items
	used := slices.Clone(w.strings.used)
	slices.SortFunc(used, func(x, y uint32) int { return strings.Compare(str[x], str[y]) })
	if len(used) == 0 || str[used[0]] != "" {
		used = slices.Insert(used, 0, emptyString)
	}
	total := 0
	for i, id := range used {
		w.strings.local[id] = uint32(i)
		total += len(str[id])
	}
	used = used[1:]
	b = appendUint(b, uint64(len(used)))
	b = appendUint(b, uint64(total))
	prev := ""
	shared := make([]int, len(used))
	for i, id := range used {
		shared[i] = commonPrefix(prev, str[id], 255)
		b = appendUint(b, uint64(shared[i]))
		prev = str[id]
	}
	for i, id := range used {
		b = appendUint(b, uint64(len(str[id])-shared[i]))
	}
	for i, id := range used {
		b = append(b, str[id][shared[i]:]...)
	}
	return b
}

func commonPrefix(a, b string, most int) int {
	n := min(len(a), len(b), most)
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// str appends a reference to string id.
func (w *textWriter) str(b []byte, id uint32) []byte {
	return appendUint(b, uint64(w.strings.local[id]))
}

func (w *textWriter) appendSeverities(b []byte) []byte {
	all := w.t.severities.items
	used := w.severities.used
	b = appendUint(b, uint64(len(used)))
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].source) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].vector) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].word) })
	b = column(b, used, func(b []byte, id uint32) []byte { return append(b, all[id].level) })
	return column(b, used, func(b []byte, id uint32) []byte { return appendFloat(b, all[id].score) })
}

// column appends the encoding of every item by f.
func column[T any](b []byte, items []T, f func([]byte, T) []byte) []byte {
	for _, v := range items {
		b = f(b, v)
	}
	return b
}

// lists appends the lengths of all lists, and then their contents.
func (w *textWriter) lists(b []byte, used []uint32, of func(uint32) idList, content func([]byte, idList) []byte) []byte {
	b = column(b, used, func(b []byte, id uint32) []byte { return appendUint(b, uint64(of(id).len())) })
	return column(b, used, func(b []byte, id uint32) []byte { return content(b, of(id)) })
}

// ascending appends the differences of the sorted strings of l.
func (w *textWriter) ascending(b []byte, l idList) []byte {
	prev := uint32(0)
	l.each(func(id uint32) {
		this := w.strings.local[id]
		b = appendUint(b, uint64(this-prev))
		prev = this
	})
	return b
}

func (w *textWriter) plain(b []byte, l idList) []byte {
	l.each(func(id uint32) { b = w.str(b, id) })
	return b
}

func (w *textWriter) severityList(b []byte, l idList) []byte {
	l.each(func(id uint32) { b = appendUint(b, uint64(w.severities.local[id])) })
	return b
}
