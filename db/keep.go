package db

import (
	"context"
	"fmt"
	"math"

	"github.com/hullmark/hullmark/matcher"
)

// Keep adds data of one feed from another database, with its dates: advisories and coverage of the ecosystems for which ecosystem returns true,
// see [matcher.Key.Ecosystem], and descriptions of inputs for which input returns true. A nil ecosystem means all ecosystems and also the
// enrichments of the feed; a nil input means all inputs. An updater calls Keep for a feed that has not changed or that it cannot read. After an
// error, b holds some of the data and should be discarded.
func (b *Builder) Keep(ctx context.Context, old *DB, feed string, ecosystem func(matcher.Key) bool, input func(FeedInfo) bool) error {
	p := part{feed, ecosystem}
	if feed == "" {
		return fmt.Errorf("db: keep: no feed")
	}
	for _, f := range old.root.feeds {
		if f.Name == feed && (input == nil || input(f)) {
			b.AddFeed(f)
		}
	}
	for _, c := range old.root.coverage {
		if c.Feed == feed && p.has(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}) {
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
	if ecosystem != nil {
		return nil
	}
	return b.keepEnrichments(ctx, old, feed)
}

// A part is the data of a feed in some ecosystems.
type part struct {
	feed      string
	ecosystem func(matcher.Key) bool // all if nil
}

func (p *part) has(k matcher.Key) bool { return p.ecosystem == nil || p.ecosystem(k.Ecosystem()) }

func (b *Builder) keepEnrichments(ctx context.Context, old *DB, feed string) error {
	for at, err := range old.enrichmentPlaces(old.announce(ctx), feed) {
		var block *enrichmentBlock
		if err == nil {
			block, err = old.enrichmentBlock(at)
		}
		if err != nil {
			return err
		}
		for j, c := range block.cves {
			e := block.enrichment(j, nil)
			if b.Facts {
				e.Title = ""
			}
			b.enrichments = append(b.enrichments, b.tables().enrichment(feed, c, e))
		}
	}
	return nil
}

// A keeper copies rows of blocks into the tables of a builder. It copies data that several rows share only once.
type keeper struct {
	*Builder
	t    *tables
	from *block

	strings, notes, verdicts []uint32 // index in t by index in the block, or notYet
}

const notYet = math.MaxUint32

func (k *keeper) reset(from *block) {
	k.from = from
	for list, n := range map[*[]uint32]int{&k.strings: from.strings(), &k.notes: len(from.notes.id), &k.verdicts: len(from.verdicts.status)} {
		*list = resize(*list, n)
		for i := range *list {
			(*list)[i] = notYet
		}
	}
}

func (k *keeper) rows(p *part) error {
	b := k.from
	for f := range b.all {
		if b.str(b.notes.feed[f.note]) != p.feed || !p.has(f.key) {
			continue
		}
		if k.notes[f.note] == notYet || k.verdicts[f.verdict] == notYet {
			a := f.advisory(nil)
			if err := check(&a); err != nil { // a Builder did not write it
				return fmt.Errorf("%w: %w", ErrCorrupt, err)
			}
			k.notes[f.note], k.verdicts[f.verdict] = k.note(f.note), k.verdict(f.verdict)
		}
		key := &f.key
		k.Builder.rows = append(k.Builder.rows, row{
			k.t.string(key.Type), k.t.string(key.Namespace), k.t.string(key.Name), k.t.string(key.Release),
			k.notes[f.note], k.verdicts[f.verdict],
		})
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
	n := &k.from.notes
	m := note{
		id: k.string(n.id[i]), feed: k.string(n.feed[i]), aliases: k.list(n.aliases.at(i)),
		published: n.published[i], modified: n.modified[i],
		extra: k.t.extra(extra{kind: uint8(n.kind[i]), weaknesses: k.list(n.weaknesses.at(i))}),
	}
	if !k.Facts {
		m.summary, m.urls = k.string(n.summary[i]), k.list(n.urls.at(i))
	}
	return k.t.notes.id(m, k.t.ownNote)
}

func (k *keeper) verdict(i uint32) uint32 {
	defer k.t.forget()
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
	return k.t.verdicts.id(v, k.t.ownVerdict)
}
