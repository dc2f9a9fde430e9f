package db

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

// AddEnrichment adds the enrichment of a CVE, "CVE-2019-9169", by a feed. The identifier may also be that of an exploit without a CVE,
// "EDB-16929". A lookup joins the enrichments of all feeds: the earliest day, the highest probability, and all exploits, severities,
// weaknesses and aliases. The database keeps probabilities in units of 1/100,000, as FIRST publishes them, and days without the time.
func (b *Builder) AddEnrichment(feed, cve string, t matcher.Enrichment) error {
	id, err := checkEnrichment(feed, cve, &t)
	if err != nil {
		return fmt.Errorf("db: enrichment of %.80q: %w", cve, err)
	}
	if b.Facts {
		t.Title = ""
	}
	b.enrichments = append(b.enrichments, b.tables().enrichment(feed, id, mergeEnrichments(matcher.Enrichment{}, t)))
	return nil
}

func checkEnrichment(feed, id string, t *matcher.Enrichment) (cve, error) {
	c, ok := parseCVE(id)
	if !ok {
		return 0, errors.New("neither a CVE identifier nor that of an exploit")
	}
	if feed == "" {
		return 0, errors.New("no feed")
	}
	for _, p := range []float64{t.EPSS, t.Percentile} {
		if math.IsNaN(p) || p < 0 || p > 1 {
			return 0, fmt.Errorf("probability %v", p)
		}
	}
	size := len(feed)
	for _, list := range [][]string{t.Exploits, t.Weaknesses, t.Aliases, {t.Title}} {
		for _, s := range list {
			size += len(s) + 8
		}
	}
	for _, s := range t.Severities {
		if err := checkSeverity(&s); err != nil {
			return 0, err
		}
		size += len(s.Source) + len(s.Vector) + len(s.Word) + 8
	}
	if size > maxString {
		return 0, fmt.Errorf("%d bytes: %w", size, limit.ErrExceeded)
	}
	return c, nil
}

// mergeEnrichments is commutative and associative, so the order of feeds does not matter.
func mergeEnrichments(a, b matcher.Enrichment) matcher.Enrichment {
	m := matcher.Enrichment{
		Exploited:  earliest(a.Exploited, b.Exploited),
		Ransomware: a.Ransomware || b.Ransomware,
		EPSS:       max(a.EPSS, b.EPSS),
		Percentile: max(a.Percentile, b.Percentile),
		Exploits:   sorted(slices.Concat(a.Exploits, b.Exploits)),
		Weaknesses: sorted(slices.Concat(a.Weaknesses, b.Weaknesses)),
		Aliases:    sorted(slices.Concat(a.Aliases, b.Aliases)),
		Title:      max(a.Title, b.Title),
	}
	if n := len(a.Severities) + len(b.Severities); n > 0 {
		m.Severities = slices.Concat(a.Severities, b.Severities)
		slices.SortFunc(m.Severities, compareSeverities)
		m.Severities = slices.Compact(m.Severities)
	}
	return m
}

// An enrichmentRow is the enrichment of one vulnerability by one feed.
type enrichmentRow struct {
	feed uint32 // string
	cve  cve
	estimate
	exploited  int32 // days since the Unix epoch, or noDay
	ransomware bool

	severities idList // of severities
	remark     uint32
}

// A remark has facts that most enrichments lack, to save memory.
type remark struct {
	exploits, weaknesses, aliases idList // of sorted strings
	title                         uint32 // string
}

func (t *tables) remark(r remark) uint32 {
	return t.remarks.id(r, func(r remark) remark {
		r.exploits, r.weaknesses, r.aliases = t.copyList(r.exploits), t.copyList(r.weaknesses), t.copyList(r.aliases)
		return r
	})
}

// An estimate is a probability and its percentile, in units of 1/100,000.
type estimate struct{ epss, percentile uint32 }

func (e estimate) compare(f estimate) int {
	return cmp.Or(cmp.Compare(e.epss, f.epss), cmp.Compare(e.percentile, f.percentile))
}

const (
	probabilityUnit = 100_000 // of probabilities
	secondsOfDay    = 24 * 60 * 60
	noDay           = math.MinInt32
	maxDay          = 3_000_000 // from the Unix epoch: the year 10183
)

// dayOf returns the day of a time. The format bounds it to maxDay in either direction.
func dayOf(t time.Time) int32 {
	if t.IsZero() {
		return noDay
	}
	return int32(min(max(math.Floor(float64(t.Unix())/secondsOfDay), -maxDay), maxDay))
}

func timeOfDay(day int32) time.Time {
	if day == noDay {
		return time.Time{}
	}
	return unixTime(int64(day) * secondsOfDay)
}

// enrichment adds an enrichment with sorted lists to the tables.
func (t *tables) enrichment(feed string, id cve, m matcher.Enrichment) enrichmentRow {
	defer t.releaseLists()
	ids := make([]uint32, 0, 8)
	for _, s := range m.Severities {
		ids = append(ids, t.severity(s))
	}
	return enrichmentRow{
		feed: t.string(feed), cve: id,
		estimate:   estimate{fixedPoint(m.EPSS), fixedPoint(m.Percentile)},
		exploited:  dayOf(m.Exploited),
		ransomware: m.Ransomware,
		remark:     t.remark(remark{t.list(m.Exploits), t.list(m.Weaknesses), t.list(m.Aliases), t.string(m.Title)}),
		severities: t.copyList(t.idList(ids)),
	}
}

func fixedPoint(p float64) uint32 { return uint32(math.Round(p * probabilityUnit)) }

// enrichmentOf is the inverse of enrichment.
func (t *tables) enrichmentOf(r *enrichmentRow) matcher.Enrichment {
	more := &t.remarks.items[r.remark]
	m := matcher.Enrichment{
		Exploited:  timeOfDay(r.exploited),
		Ransomware: r.ransomware,
		EPSS:       float64(r.epss) / probabilityUnit,
		Percentile: float64(r.percentile) / probabilityUnit,
		Exploits:   t.lookup(more.exploits),
		Weaknesses: t.lookup(more.weaknesses),
		Aliases:    t.lookup(more.aliases),
		Title:      t.strings.items[more.title],
	}
	r.severities.each(func(id uint32) { m.Severities = append(m.Severities, t.severityOf(id)) })
	return m
}

// sortEnrichments sorts rows by feed and identifier, and merges those that have both in common.
func (b *Builder) sortEnrichments() {
	t := b.tables()
	str := t.strings.items
	same := func(x, y enrichmentRow) int {
		return cmp.Or(cmp.Compare(str[x.feed], str[y.feed]), cmp.Compare(x.cve, y.cve))
	}
	slices.SortFunc(b.enrichments, same)
	out := b.enrichments[:0]
	for _, r := range b.enrichments {
		if n := len(out) - 1; n >= 0 && same(out[n], r) == 0 {
			if out[n] != r {
				out[n] = t.enrichment(str[r.feed], r.cve, mergeEnrichments(t.enrichmentOf(&out[n]), t.enrichmentOf(&r)))
			}
			continue
		}
		out = append(out, r)
	}
	clear(b.enrichments[len(out):])
	b.enrichments = out
}
