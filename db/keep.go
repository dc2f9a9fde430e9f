package db

import (
	"context"
	"fmt"
	"math"

	"github.com/hullmark/hullmark/matcher"
)

// A Part of a database is what came from one feed, or from some of its inputs.
type Part struct {
	Feed string // Advisory.Feed

	// Ecosystem reports whether the advisories and the coverage of an ecosystem, see [matcher.Key.Ecosystem], belong to the
	// part. If it is nil they all do, and the feed's threats as well, which belong to no other part.
	Ecosystem func(matcher.Key) bool

	// Input reports whether the description of an input belongs to the part; nil: all of the feed's.
	Input func(FeedInfo) bool
}

// Keep adds a part of another database: its advisories and threats, the descriptions of its inputs, and its coverage, with
// their dates. It is what an updater does for a feed that did not change, or that cannot be read. After an error, b holds
// some of the part, and should be given up.
func (b *Builder) Keep(ctx context.Context, old *DB, p Part) error {
	if p.Feed == "" {
		return fmt.Errorf("db: keep: no feed")
	}
	for _, f := range old.root.feeds {
		if f.Name == p.Feed && (p.Input == nil || p.Input(f)) {
			b.AddFeed(f)
		}
	}
	for _, c := range old.root.coverage {
		if c.Feed == p.Feed && p.has(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}) {
			b.AddCoverage(c.Coverage)
		}
	}
	k := keeper{Builder: b, t: b.tables()}
	for at, err := range old.places(old.announce(ctx)) {
		var block *block
		if err == nil {
			block, err = old.scratchBlock(at)
		}
		if err != nil {
			return err
		}
		k.reset(block)
		err = k.rows(&p)
		old.release(block)
		if err != nil {
			return fmt.Errorf("db: block at %d: %w", at.entry().offset, err)
		}
	}
	if p.Ecosystem != nil {
		return nil
	}
	return b.keepThreats(ctx, old, p.Feed)
}

func (p *Part) has(k matcher.Key) bool { return p.Ecosystem == nil || p.Ecosystem(k.Ecosystem()) }

func (b *Builder) keepThreats(ctx context.Context, old *DB, feed string) error {
	for at, err := range old.threatPlaces(old.announce(ctx), feed) {
		var block *threatBlock
		if err == nil {
			block, err = old.threatBlock(at)
		}
		if err != nil {
			return err
		}
		for j, c := range block.cves {
			b.threats = append(b.threats, b.tables().threat(feed, c, block.threat(j, nil)))
		}
	}
	return nil
}

// A keeper copies rows of a block into a builder's tables. What many rows have in common is looked up once.
type keeper struct {
	*Builder
	t    *tables
	from *block

	strings, notes, verdicts []uint32 // of each in the block, its number in t, or notYet
}

const notYet = math.MaxUint32

func (k *keeper) reset(from *block) {
	k.from = from
	for list, n := range map[*[]uint32]int{&k.strings: from.strings(), &k.notes: len(from.notes), &k.verdicts: len(from.verdicts)} {
		*list = resize(*list, n)
		for i := range *list {
			(*list)[i] = notYet
		}
	}
}

func (k *keeper) rows(p *Part) error {
	b := k.from
	for i := range b.packages {
		pkg := &b.packages[i]
		for _, e := range b.entries[pkg.from:pkg.to] {
			if b.str(b.notes[e.note].feed) != p.Feed {
				continue
			}
			for _, r := range b.rows[e.from:e.to] {
				key := matcher.Key{Type: b.str(pkg.typ), Namespace: b.str(pkg.namespace), Release: b.str(r.release), Name: b.str(pkg.name)}
				if !p.has(key) {
					continue
				}
				if k.notes[e.note] == notYet || k.verdicts[r.verdict] == notYet {
					f := found{key, b, &e, r}
					a := f.advisory(nil)
					if err := check(&a); err != nil { // no Builder wrote it
						return fmt.Errorf("%w: %w", ErrCorrupt, err)
					}
					k.notes[e.note], k.verdicts[r.verdict] = k.note(e.note), k.verdict(r.verdict)
				}
				k.Builder.rows = append(k.Builder.rows, row{
					k.string(pkg.typ), k.string(pkg.namespace), k.string(pkg.name), k.string(r.release),
					k.notes[e.note], k.verdicts[r.verdict],
				})
			}
		}
	}
	return nil
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
	defer k.t.forget()
	n := &k.from.notes[i]
	m := note{
		id: k.string(n.id), feed: k.string(n.feed), aliases: k.list(k.from.aliases.at(i)),
		published: n.published, modified: n.modified,
	}
	if !k.Facts {
		m.summary, m.urls = k.string(n.summary), k.list(k.from.urls.at(i))
	}
	return k.t.notes.id(m, k.t.ownNote)
}

func (k *keeper) verdict(i uint32) uint32 {
	defer k.t.forget()
	b := k.from
	v := verdict{status: uint8(b.verdicts[i].status), reason: k.string(b.verdicts[i].reason), versions: k.list(b.versionsOf.at(i))}
	var severities, spans []uint32
	for _, j := range b.severitiesOf.at(i) {
		s := b.severities[j]
		s.source, s.vector, s.word = k.string(s.source), k.string(s.vector), k.string(s.word)
		severities = append(severities, k.t.severities.id(s, nil))
	}
	for _, j := range b.rangesOf.at(i) {
		r := &b.ranges[j]
		spans = append(spans, k.t.spans.id(span{k.string(r.introduced), k.string(r.fixed), k.string(r.last), k.string(r.repo)}, nil))
	}
	v.severities, v.spans = k.t.idList(severities), k.t.idList(spans)
	return k.t.verdicts.id(v, k.t.ownVerdict)
}
