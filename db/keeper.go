package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// A keeper reads the older database of a builder, and joins it with the new data.
type keeper struct {
	*Builder
	t       *tables // of rows to write. Unlike those of the builder, they are emptied now and then
	parts   []*keptPart
	of      map[coverageKey]*keptPart // nil for data that does not stay
	touched []nameRange               // packages with data that may not stay
	counts  map[coverageKey]*int      // number of advisories that stay or are new
	fresh   *freshRows

	from                     *block   // has the rows that row has copied
	strings, notes, verdicts []uint32 // index in t by index in from, or notYet
	blocks                   [2]block // one may be held by an assembler, while the other is read
	reopened                 block
	decisions                []decision
	run, held                []byte // stored blocks
}

// A coverageKey is an ecosystem and a feed.
type coverageKey struct {
	ecosystem matcher.Key
	feed      string
}

func (c coverageKey) clone() coverageKey {
	e := c.ecosystem
	return coverageKey{
		matcher.Key{Type: strings.Clone(e.Type), Namespace: strings.Clone(e.Namespace), Release: strings.Clone(e.Release)}, strings.Clone(c.feed),
	}
}

// A keptPart is a part and the IDs of its data that does not stay.
type keptPart struct {
	*Part
	gone map[string]bool
}

// A nameRange is the packages from first up to but not including end.
type nameRange struct{ first, end name }

// A decision tells what happens to a row of the older database.
type decision struct {
	stays   bool
	revised *matcher.Advisory // replaces it; nil if it does not change
}

const (
	notYet      = math.MaxUint32
	maxInterned = 1 << 15 // strings in the tables of a keeper before they are emptied
)

func newKeeper(b *Builder) *keeper {
	k := &keeper{
		Builder: b, t: new(tables), of: make(map[coverageKey]*keptPart), counts: make(map[coverageKey]*int), fresh: &freshRows{b.tables(), b.rows},
	}
	k.t.string("")
	for i := range b.parts {
		k.parts = append(k.parts, &keptPart{&b.parts[i], make(map[string]bool)})
	}
	for i := range b.old.root.coverage {
		c := &b.old.root.coverage[i]
		key := coverageKey{ecosystemOf(c), c.Feed}
		k.count(key, c.Advisories)
		if p := k.part(key); p == nil || p.Changed != nil {
			k.touched = append(k.touched, namesOf(key.ecosystem))
		}
	}
	return k
}

// part returns the part that includes the advisories of an ecosystem and a feed, or nil.
func (k *keeper) part(key coverageKey) *keptPart {
	p, known := k.of[key]
	if known {
		return p
	}
	if i := slices.IndexFunc(k.parts, func(p *keptPart) bool { return p.Feed == key.feed && p.has(key.ecosystem) }); i >= 0 {
		p = k.parts[i]
	}
	k.of[key.clone()] = p
	return p
}

// count adds n advisories.
func (k *keeper) count(key coverageKey, n int) {
	c := k.counts[key]
	if c == nil {
		c = new(int)
		k.counts[key.clone()] = c
	}
	*c += n
}

// namesOf returns the packages of an ecosystem, in all of its releases.
func namesOf(e matcher.Key) nameRange {
	any := matcher.Key{Type: e.Type, Namespace: "any"}
	if any.Ecosystem().Namespace == "" { // a language
		return nameRange{name{typ: e.Type}, name{typ: e.Type + "\x00"}}
	}
	return nameRange{name{typ: e.Type, namespace: e.Namespace}, name{typ: e.Type, namespace: e.Namespace + "\x00"}}
}

// anyChanged reports whether data of any package from first to that of last may not stay. A nil last stands for the end of the file.
func (k *keeper) anyChanged(first name, last *indexEntry) bool {
	return k.Facts || slices.ContainsFunc(k.touched, func(r nameRange) bool {
		return first.compare(r.end) < 0 && (last == nil || r.first.compare(last.first) <= 0)
	})
}

// advisories passes the advisories of the older database that stay, and the new ones, to a.
func (k *keeper) advisories(ctx context.Context, a *assembler) error {
	announce := k.old.announce(ctx)
	for i := range k.old.root.pages {
		p, err := k.old.storedPage(i)
		if err == nil {
			err = announce(p.run)
		}
		if err != nil {
			return err
		}
		if a.held != nil { // its block is in the memory of run
			k.held = append(k.held[:0], a.held.stored...)
			a.held.stored = k.held
		}
		k.run = resize(k.run, int(p.run.bytes))
		if err := readAt(k.old.r, k.run, p.start); err != nil {
			return fmt.Errorf("db: blocks at %d: %w", p.start, err)
		}
		for j := range p.page.blocks {
			if err := k.block(a, p, j); err != nil {
				return err
			}
		}
	}
	return k.addFresh(a, nil)
}

// block passes the rows of block j of a page, and the new rows before the last of them, to a.
func (k *keeper) block(a *assembler, p *storedPage, j int) error {
	e := &p.page.blocks[j]
	c := &copied{written: written{indexEntry: *e, from: p, i: j}, stored: k.run[e.offset-p.start:][:e.stored]}
	if sha256.Sum256(c.stored) != e.hash {
		return fmt.Errorf("db: block at %d: %w", e.offset, errHash)
	}
	if j+1 < len(p.page.blocks) {
		c.next = &p.page.blocks[j+1]
	} else if p.page.next != nil {
		c.next = &indexEntry{first: *p.page.next}
	}
	if !k.anyChanged(e.first, c.next) && !k.fresh.before(c.next) {
		return a.hold(c)
	}
	b := &k.blocks[0]
	if a.held != nil && a.held.block == b {
		b = &k.blocks[1]
	}
	if err := k.decodeTo(b, c); err != nil {
		return err
	}
	first, last, changes := k.decide(b)
	if !changes && k.fresh.compare(&last) > 0 {
		if err := k.addFresh(a, &first); err != nil {
			return err
		}
		c.block = b
		return a.hold(c)
	}
	i := 0
	for f := range b.all {
		if err := k.addRow(a, f, k.decisions[i]); err != nil {
			return err
		}
		i++
	}
	return nil
}

// decide decides about every row of a block. It returns the first and the last row, and whether the block changes.
func (k *keeper) decide(b *block) (first, last found, changes bool) {
	if k.Facts {
		changes = len(b.notes.urls.refs) > 0 || slices.ContainsFunc(b.notes.summary, func(s uint32) bool { return b.str(s) != "" })
	}
	k.decisions = k.decisions[:0]
	for f := range b.all {
		key := coverageKey{f.key.Ecosystem(), b.str(b.notes.feed[f.note])}
		d := decision{stays: true}
		p := k.part(key)
		switch {
		case p == nil:
			d.stays = false
		case p.Changed != nil && p.Changed(f.id()):
			d = p.decide(&f)
		}
		if !d.stays {
			k.count(key, -1)
		}
		changes = changes || !d.stays || d.revised != nil
		if len(k.decisions) == 0 {
			first = f
		}
		last = f
		k.decisions = append(k.decisions, d)
	}
	return first, last, changes
}

// decide decides about a row that newer data may be about.
func (p *keptPart) decide(f *found) decision {
	var text copier
	g := *f
	for _, s := range []*string{&g.key.Type, &g.key.Namespace, &g.key.Release, &g.key.Name} {
		*s = text.copy(*s)
	}
	a := g.advisory(&text)
	was := a
	switch {
	case p.Stays == nil || !p.Stays(&a):
		p.gone[was.ID] = true
		return decision{}
	case compare(was, a) == 0:
		return decision{stays: true}
	}
	a.Key, a.ID, a.Feed = was.Key, was.ID, was.Feed
	sortLists(&a)
	return decision{true, &a}
}

// addRow passes a row of the older database, and the new rows before it, to a.
func (k *keeper) addRow(a *assembler, f found, d decision) error {
	if err := k.addFresh(a, &f); err != nil {
		return err
	}
	if !d.stays {
		return nil // a new row of the same identity comes next
	}
	same := k.fresh.compare(&f) == 0
	if !same && d.revised == nil {
		return a.addOld(f)
	}
	m := f.advisory(new(copier))
	if d.revised != nil {
		m = *d.revised
	}
	if k.Facts {
		m.Summary, m.URLs = "", nil
	}
	if same {
		m = merge(append(k.fresh.take(), m))
	}
	return a.addNew(&m)
}

// addFresh passes the new rows before a row of the older database to a. It passes all if the row is nil.
func (k *keeper) addFresh(a *assembler, f *found) error {
	for len(k.fresh.rows) > 0 && (f == nil || k.fresh.compare(f) < 0) {
		as := k.fresh.take()
		m := as[0]
		if len(as) > 1 {
			m = merge(as)
		}
		k.count(coverageKey{m.Key.Ecosystem(), m.Feed}, 1)
		if err := a.addNew(&m); err != nil {
			return err
		}
	}
	return nil
}

// A freshRows is the sorted rows of a builder that have not been written.
type freshRows struct {
	t    *tables
	rows []row
}

// before reports whether there is a row about a package before the first one of a block, or about that one. A nil block stands for the end of the
// file.
func (r *freshRows) before(next *indexEntry) bool {
	return len(r.rows) > 0 && (next == nil || r.t.name(r.rows[0]).compare(next.first) <= 0)
}

// compare compares the next row with one of the older database, in the order of the file. It returns 1 if there is no next row.
func (r *freshRows) compare(f *found) int {
	if len(r.rows) == 0 {
		return 1
	}
	x, str := r.rows[0], r.t.strings.items
	n := &r.t.notes.items[x.note]
	return cmp.Or(
		r.t.name(x).compare(nameOf(f.key)), strings.Compare(str[n.id], f.id()),
		strings.Compare(str[n.feed], f.b.str(f.b.notes.feed[f.note])), strings.Compare(str[x.release], f.key.Release),
	)
}

// take returns and removes the next rows, which have feed, ID and key in common.
func (r *freshRows) take() []matcher.Advisory {
	n := 1
	for n < len(r.rows) && r.t.identical(r.rows[0], r.rows[n]) {
		n++
	}
	as := make([]matcher.Advisory, n, n+1)
	for i := range as {
		as[i] = r.t.advisory(r.rows[i])
	}
	r.rows = r.rows[n:]
	return as
}

func (f *found) id() string { return f.b.str(f.b.notes.id[f.note]) }

// decode returns the decoded form of a block.
func (k *keeper) decode(c *copied) (*block, error) {
	if c.block != nil {
		return c.block, nil
	}
	return &k.reopened, k.decodeTo(&k.reopened, c)
}

func (k *keeper) decodeTo(b *block, c *copied) error {
	if k.from == b {
		k.from = nil
	}
	return k.old.decodeStored(b, place{c.from.page, c.i}, c.stored)
}

// reread reads a block that has been copied.
func (k *keeper) reread(w *written) (*block, error) {
	b := new(block)
	return b, k.old.decode(b, place{w.from.page, w.i})
}

// trim empties the tables if they are large.
func (k *keeper) trim() {
	if len(k.t.strings.items) > maxInterned {
		k.t.reset()
		k.from = nil
	}
}

// row copies a row into the tables. It copies data that several rows share only once.
func (k *keeper) row(f found) (row, error) {
	if k.from != f.b {
		k.from = f.b
		k.strings = fillNotYet(k.strings, f.b.strings())
		k.notes = fillNotYet(k.notes, len(f.b.notes.id))
		k.verdicts = fillNotYet(k.verdicts, len(f.b.verdicts.status))
	}
	if k.notes[f.note] == notYet || k.verdicts[f.verdict] == notYet {
		a := f.advisory(nil)
		if err := check(&a); err != nil { // a Builder did not write it
			return row{}, fmt.Errorf("db: %w: advisory %.80q: %w", ErrCorrupt, a.ID, err)
		}
		k.notes[f.note], k.verdicts[f.verdict] = k.note(f.note), k.verdict(f.verdict)
	}
	return row{
		k.t.string(f.key.Type), k.t.string(f.key.Namespace), k.t.string(f.key.Name), k.t.string(f.key.Release), k.notes[f.note], k.verdicts[f.verdict],
	}, nil
}

// fillNotYet returns a list of n elements notYet, in the same memory if it suffices.
func fillNotYet(list []uint32, n int) []uint32 {
	list = resize(list, n)
	for i := range list {
		list[i] = notYet
	}
	return list
}

func (k *keeper) string(i uint32) uint32 {
	if k.strings[i] == notYet {
		k.strings[i] = k.t.string(k.from.str(i))
	}
	return k.strings[i]
}

func (k *keeper) list(refs []uint32) idList {
	ids := make([]uint32, len(refs))
	for i, r := range refs {
		ids[i] = k.string(r)
	}
	return k.t.idList(ids)
}

func (k *keeper) note(i uint32) uint32 {
	defer k.t.releaseLists()
	n := &k.from.notes
	m := note{
		id: k.string(n.id[i]), feed: k.string(n.feed[i]), aliases: k.list(n.aliases.at(i)),
		published: n.published[i], modified: n.modified[i],
		extra: k.t.extra(extra{kind: uint8(n.kind[i]), weaknesses: k.list(n.weaknesses.at(i))}),
	}
	if !k.Facts {
		m.summary, m.urls = k.string(n.summary[i]), k.list(n.urls.at(i))
	}
	return k.t.notes.id(m, k.t.copyNote)
}

func (k *keeper) verdict(i uint32) uint32 {
	defer k.t.releaseLists()
	b, all := k.from, &k.from.verdicts
	v := verdict{
		status: uint8(all.status[i]), reason: k.string(all.reason[i]), versions: k.list(all.versions.at(i)),
		extra: k.t.extra(extra{updates: k.list(all.updates.at(i)), parts: k.list(all.parts.at(i))}),
	}
	var severities, spans []uint32
	for _, j := range all.severities.at(i) {
		s := &b.severities
		severities = append(severities, k.t.severities.id(severity{
			k.string(s.source[j]), k.string(s.vector[j]), k.string(s.word[j]), uint8(s.level[j]), s.score[j],
		}, nil))
	}
	for _, j := range all.ranges.at(i) {
		r := &b.ranges
		spans = append(spans, k.t.spans.id(span{
			k.string(r.introduced[j]), k.string(r.fixed[j]), k.string(r.last[j]), k.string(r.repo[j]),
		}, nil))
	}
	v.severities, v.spans = k.t.idList(severities), k.t.idList(spans)
	return k.t.verdicts.id(v, k.t.copyVerdict)
}
