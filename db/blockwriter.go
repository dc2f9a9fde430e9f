package db

// A blockWriter collects sorted rows until they fill a block, and encodes them.
type blockWriter struct {
	*textWriter

	rows   []row
	ranges int
	items  int // length of the lists of all advisories; shared lists count several times

	spans, notes, verdicts *subset
}

func newBlockWriter(w *textWriter) *blockWriter {
	return &blockWriter{
		textWriter: w,
		spans:      newSubset(),
		notes:      newSubset(),
		verdicts:   newSubset(),
	}
}

// Raw sizes of blocks. Small blocks make single lookups cheap, and large ones compress better.
const (
	blockMin  = 3 << 10
	blockMax  = 16 << 10
	cutOneIn  = 5 // one package in cutOneIn may begin a block
	rowWeight = 4 // bytes of a row without its strings and lists, approximately
)

// wantsCut reports whether a new block should begin with the next row, which is about package n. same tells whether n is the package of the last
// row.
func (w *blockWriter) wantsCut(n name, same bool) bool {
	if len(w.rows) == 0 || w.size < blockMin {
		return false
	}
	if w.size >= blockMax || w.items >= maxItems/4 {
		return true
	}
	return !same && n.shortHash()%cutOneIn == 0
}

// shortHash is FNV-1a of 32 bits, over the three strings, each followed by a zero byte.
func (n name) shortHash() uint32 {
	h := uint32(2166136261)
	for _, s := range [...]string{n.typ, n.namespace, n.name} {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * 16777619
		}
		h *= 16777619 // xor with zero changes nothing
	}
	return h
}

func samePackage(a, b row) bool {
	return a.name == b.name && a.namespace == b.namespace && a.typ == b.typ
}

// add collects r and the strings and lists that it refers to.
func (w *blockWriter) add(r row) {
	w.rows = append(w.rows, r)
	w.size += rowWeight
	w.addString(r.typ, r.namespace, r.name, r.release)
	n, v := &w.t.notes.items[r.note], &w.t.verdicts.items[r.verdict]
	more, own := &w.t.extras.items[n.extra], &w.t.extras.items[v.extra]
	if w.notes.add(r.note) {
		w.addString(n.id, n.feed, n.summary)
		n.aliases.each(func(id uint32) { w.addString(id) })
		n.urls.each(func(id uint32) { w.addString(id) })
		more.weaknesses.each(func(id uint32) { w.addString(id) })
		w.size += 12 + n.aliases.len() + n.urls.len() + more.weaknesses.len()
	}
	w.ranges += v.spans.len()
	w.items += n.aliases.len() + n.urls.len() + more.weaknesses.len() + own.updates.len() + own.parts.len() + v.severities.len() + v.spans.len() + v.versions.len()
	if !w.verdicts.add(r.verdict) {
		return
	}
	w.size += 7 + v.severities.len() + v.spans.len() + v.versions.len() + own.updates.len() + own.parts.len()
	w.addString(v.reason)
	for _, l := range [...]idList{v.versions, own.updates, own.parts} {
		l.each(func(id uint32) { w.addString(id) })
	}
	w.addSeverities(v.severities)
	v.spans.each(func(id uint32) {
		if w.spans.add(id) {
			s := &w.t.spans.items[id]
			w.addString(s.introduced, s.fixed, s.last, s.repo)
			w.size += 6
		}
	})
}

// encode returns the raw block of the collected rows, and removes them.
func (w *blockWriter) encode() []byte {
	b := w.appendStrings(nil)
	b = w.appendSeverities(b)
	b = w.appendSpans(b)
	b = w.appendNotes(b)
	b = w.appendVerdicts(b)
	b = w.appendRows(b)
	w.rows, w.ranges, w.items = w.rows[:0], 0, 0
	for _, s := range [...]*subset{w.spans, w.notes, w.verdicts} {
		s.reset()
	}
	w.reset()
	return b
}

func (w *blockWriter) appendSpans(b []byte) []byte {
	all := w.t.spans.items
	used := w.spans.used
	b = appendUint(b, uint64(len(used)))
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].introduced) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].fixed) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].last) })
	return column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].repo) })
}

func (w *blockWriter) appendNotes(b []byte) []byte {
	all := w.t.notes.items
	more := func(id uint32) *extra { return &w.t.extras.items[all[id].extra] }
	used := w.notes.used
	b = appendUint(b, uint64(len(used)))
	prev := int64(0)
	b = column(b, used, func(b []byte, id uint32) []byte {
		this := int64(w.strings.local[all[id].id])
		b = appendInt(b, this-prev)
		prev = this
		return b
	})
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].feed) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].summary) })
	b = column(b, used, func(b []byte, id uint32) []byte { return appendSeconds(b, all[id].published) })
	b = column(b, used, func(b []byte, id uint32) []byte { return appendSeconds(b, all[id].modified) })
	b = w.lists(b, used, func(id uint32) idList { return all[id].aliases }, w.ascending)
	b = w.lists(b, used, func(id uint32) idList { return all[id].urls }, w.plain)
	b = column(b, used, func(b []byte, id uint32) []byte { return append(b, more(id).kind) })
	return w.lists(b, used, func(id uint32) idList { return more(id).weaknesses }, w.ascending)
}

func (w *blockWriter) appendVerdicts(b []byte) []byte {
	all := w.t.verdicts.items
	own := func(id uint32) *extra { return &w.t.extras.items[all[id].extra] }
	used := w.verdicts.used
	b = appendUint(b, uint64(len(used)))
	b = column(b, used, func(b []byte, id uint32) []byte { return append(b, all[id].status) })
	b = column(b, used, func(b []byte, id uint32) []byte { return w.str(b, all[id].reason) })
	b = w.lists(b, used, func(id uint32) idList { return all[id].severities }, w.severityList)
	newest := newestFirst{}
	b = w.lists(b, used, func(id uint32) idList { return all[id].spans }, func(b []byte, l idList) []byte {
		l.each(func(id uint32) { b = newest.append(b, w.spans.local[id]) })
		return b
	})
	b = w.lists(b, used, func(id uint32) idList { return all[id].versions }, w.ascending)
	b = w.lists(b, used, func(id uint32) idList { return own(id).updates }, w.ascending)
	return w.lists(b, used, func(id uint32) idList { return own(id).parts }, w.plain)
}

func (w *blockWriter) appendRows(b []byte) []byte {
	var packages, entries []int // first rows
	for i, r := range w.rows {
		newPackage := i == 0 || !samePackage(w.rows[i-1], r)
		if newPackage {
			packages = append(packages, len(entries))
		}
		if newPackage || w.rows[i-1].note != r.note {
			entries = append(entries, i)
		}
	}
	first := func(entry int) row { return w.rows[entries[entry]] }
	b = appendUint(b, uint64(len(packages)))
	b = column(b, packages, func(b []byte, p int) []byte { return w.str(b, first(p).typ) })
	b = column(b, packages, func(b []byte, p int) []byte { return w.str(b, first(p).namespace) })
	b = column(b, packages, func(b []byte, p int) []byte { return w.str(b, first(p).name) })
	b = lengths(b, packages, len(entries))
	newest := newestFirst{}
	b = column(b, entries, func(b []byte, i int) []byte { return newest.append(b, w.notes.local[w.rows[i].note]) })
	b = lengths(b, entries, len(w.rows))
	b = column(b, w.rows, func(b []byte, r row) []byte { return w.str(b, r.release) })
	newest = newestFirst{}
	return column(b, w.rows, func(b []byte, r row) []byte { return newest.append(b, w.verdicts.local[r.verdict]) })
}

// lengths appends the lengths of the parts that begin at starts. The last part ends at end.
func lengths(b []byte, starts []int, end int) []byte {
	for i, s := range starts {
		next := end
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		b = appendUint(b, uint64(next-s))
	}
	return b
}

// newestFirst encodes a reference as its distance from the newest row that the column has named.
type newestFirst struct{ next uint32 }

func (n *newestFirst) append(b []byte, ref uint32) []byte {
	b = appendUint(b, uint64(n.next-ref))
	if ref == n.next {
		n.next++
	}
	return b
}
