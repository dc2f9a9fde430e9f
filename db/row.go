package db

import (
	"github.com/hullmark/hullmark/matcher"
)

// tables has the data that rows refer to.
type tables struct {
	strings    interner[string]
	severities interner[severity]
	spans      interner[span]
	notes      interner[note]
	verdicts   interner[verdict]
	extras     interner[extra]
	remarks    interner[remark]

	arena   copier // of strings and lists
	scratch []byte // of lists that the tables may already have
}

// row adds an advisory to the tables.
func (t *tables) row(a *matcher.Advisory) row {
	defer t.releaseLists()
	v := verdict{
		status: uint8(a.Status), reason: t.string(a.Reason), versions: t.list(a.Versions),
		extra: t.extra(extra{updates: t.list(a.Updates), parts: t.list(appendParts(nil, a.Parts))}),
	}
	ids := make([]uint32, 0, 8)
	for _, s := range a.Severities {
		ids = append(ids, t.severity(s))
	}
	v.severities = t.idList(ids)
	ids = ids[:0]
	for _, r := range a.Ranges {
		ids = append(ids, t.spans.id(span{
			t.string(r.Introduced), t.string(r.Fixed), t.string(r.LastAffected), t.string(r.Repo),
		}, nil))
	}
	v.spans = t.idList(ids)
	n := note{
		id: t.string(a.ID), feed: t.string(a.Feed), summary: t.string(a.Summary),
		aliases: t.list(a.Aliases), urls: t.list(a.URLs), extra: t.extra(extra{kind: uint8(a.Kind), weaknesses: t.list(a.Weaknesses)}),
		published: a.Published.Unix(), modified: a.Modified.Unix(),
	}
	return row{
		t.string(a.Key.Type), t.string(a.Key.Namespace), t.string(a.Key.Name), t.string(a.Key.Release),
		t.notes.id(n, t.copyNote), t.verdicts.id(v, t.copyVerdict),
	}
}

func (t *tables) string(s string) uint32 {
	return t.strings.id(s, t.copyString) // a copy, because s may be a part of a large document
}

func (t *tables) list(ss []string) idList {
	ids := make([]uint32, len(ss))
	for i, s := range ss {
		ids[i] = t.string(s)
	}
	return t.idList(ids)
}

// advisory is the inverse of row.
func (t *tables) advisory(r row) matcher.Advisory {
	str := t.strings.items
	n, v := &t.notes.items[r.note], &t.verdicts.items[r.verdict]
	more, own := &t.extras.items[n.extra], &t.extras.items[v.extra]
	a := matcher.Advisory{
		ID:         str[n.id],
		Aliases:    t.lookup(n.aliases),
		Key:        matcher.Key{Type: str[r.typ], Namespace: str[r.namespace], Release: str[r.release], Name: str[r.name]},
		Versions:   t.lookup(v.versions),
		Kind:       matcher.Kind(more.kind),
		Status:     matcher.Status(v.status),
		Reason:     str[v.reason],
		Updates:    t.lookup(own.updates),
		Weaknesses: t.lookup(more.weaknesses),
		Parts:      partsOf(t.lookup(own.parts)),
		Summary:    str[n.summary],
		URLs:       t.lookup(n.urls),
		Feed:       str[n.feed],
		Published:  unixTime(n.published),
		Modified:   unixTime(n.modified),
	}
	v.spans.each(func(id uint32) {
		s := &t.spans.items[id]
		a.Ranges = append(a.Ranges, matcher.Range{
			Introduced: str[s.introduced], Fixed: str[s.fixed], LastAffected: str[s.last], Repo: str[s.repo],
		})
	})
	v.severities.each(func(id uint32) { a.Severities = append(a.Severities, t.severityOf(id)) })
	return a
}

func (t *tables) severity(s matcher.Severity) uint32 {
	return t.severities.id(severity{t.string(s.Source), t.string(s.Vector), t.string(s.Word), uint8(s.Level), s.Score}, nil)
}

// severityOf is the inverse of severity.
func (t *tables) severityOf(id uint32) matcher.Severity {
	s, str := &t.severities.items[id], t.strings.items
	return matcher.Severity{
		Source: str[s.source], Level: matcher.Level(s.level), Score: s.score, Vector: str[s.vector], Word: str[s.word],
	}
}

func (t *tables) lookup(l idList) []string {
	var ss []string
	l.each(func(id uint32) { ss = append(ss, t.strings.items[id]) })
	return ss
}
