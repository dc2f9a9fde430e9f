package db

import (
	"slices"
	"sort"

	"github.com/hullmark/hullmark/matcher"
)

// The columns that a block of enrichments may have. It omits empty ones.
const (
	saysEstimates = 1 << iota
	saysExploited
	saysExploits
	saysSeverities
	saysWeaknesses
	saysAliases
	saysTitles
	saysAll = 1<<iota - 1
)

// An enrichmentWriter collects sorted enrichments of one feed until they fill a block, and encodes them.
type enrichmentWriter struct {
	*textWriter
	rows []enrichmentRow
}

// Raw sizes of blocks of enrichments. They are smaller than blocks of advisories, because the identifiers in a lookup are far apart.
const (
	enrichmentsMin     = 1 << 10
	enrichmentsMax     = 6 << 10
	enrichmentWeight   = 4  // bytes of an enrichment without its strings and lists, approximately
	enrichmentCutOneIn = 64 // one enrichment in enrichmentCutOneIn may begin a block
)

// remark returns the remark of a row.
func (w *enrichmentWriter) remark(r *enrichmentRow) *remark { return &w.t.remarks.items[r.remark] }

// wantsCut reports whether a new block should begin with the next row, the enrichment of c by a feed.
func (w *enrichmentWriter) wantsCut(feed string, c cve) bool {
	n := len(w.rows)
	switch {
	case n == 0:
		return false
	case w.t.strings.items[w.rows[n-1].feed] != feed || w.size >= enrichmentsMax:
		return true
	}
	return w.size >= enrichmentsMin && (c.year()*31+c.number())%enrichmentCutOneIn == 0
}

func (w *enrichmentWriter) add(r *enrichmentRow) {
	w.rows = append(w.rows, *r)
	more := w.remark(r)
	w.size += enrichmentWeight + more.exploits.len() + r.severities.len() + more.weaknesses.len() + more.aliases.len()
	w.addString(more.title)
	for _, l := range [...]idList{more.exploits, more.weaknesses, more.aliases} {
		l.each(func(id uint32) { w.addString(id) })
	}
	w.addSeverities(r.severities)
}

// encode returns the raw block of the collected rows, and removes them.
func (w *enrichmentWriter) encode() []byte {
	b := w.appendStrings(nil)
	b = w.appendSeverities(b)
	says := byte(0)
	var estimates []estimate
	for i := range w.rows {
		r := &w.rows[i]
		more := w.remark(r)
		says |= flag(r.estimate != estimate{}, saysEstimates) | flag(r.exploited != noDay || r.ransomware, saysExploited) |
			flag(more.exploits != "", saysExploits) | flag(r.severities != "", saysSeverities) | flag(more.weaknesses != "", saysWeaknesses) |
			flag(more.aliases != "", saysAliases) | flag(more.title != emptyString, saysTitles)
		estimates = append(estimates, r.estimate)
	}
	b = append(b, says)
	b = appendUint(b, uint64(len(w.rows)))
	prev := cve(0)
	b = column(b, w.rows, func(b []byte, r enrichmentRow) []byte {
		b = appendUint(b, uint64(r.cve.year()-prev.year()))
		prev = r.cve
		return b
	})
	prev = 0
	b = column(b, w.rows, func(b []byte, r enrichmentRow) []byte {
		n := r.cve.number()
		if r.cve.year() == prev.year() {
			n -= prev.number()
		}
		prev = r.cve
		return appendUint(b, uint64(n))
	})
	if says&saysEstimates != 0 {
		b = w.appendEstimates(b, estimates)
	}
	if says&saysExploited != 0 {
		b = column(b, w.rows, func(b []byte, r enrichmentRow) []byte { return appendDay(b, r.exploited) })
		b = column(b, w.rows, func(b []byte, r enrichmentRow) []byte { return append(b, flag(r.ransomware, 1)) })
	}
	of := func(list func(*enrichmentRow) idList) func(uint32) idList {
		return func(i uint32) idList { return list(&w.rows[i]) }
	}
	all := make([]uint32, len(w.rows))
	for i := range all {
		all[i] = uint32(i)
	}
	if says&saysExploits != 0 {
		b = w.lists(b, all, of(func(r *enrichmentRow) idList { return w.remark(r).exploits }), w.ascending)
	}
	if says&saysSeverities != 0 {
		b = w.lists(b, all, of(func(r *enrichmentRow) idList { return r.severities }), w.severityList)
	}
	if says&saysWeaknesses != 0 {
		b = w.lists(b, all, of(func(r *enrichmentRow) idList { return w.remark(r).weaknesses }), w.ascending)
	}
	if says&saysAliases != 0 {
		b = w.lists(b, all, of(func(r *enrichmentRow) idList { return w.remark(r).aliases }), w.ascending)
	}
	if says&saysTitles != 0 {
		b = column(b, w.rows, func(b []byte, r enrichmentRow) []byte { return w.str(b, w.remark(&r).title) })
	}
	w.rows = w.rows[:0]
	w.reset()
	return b
}

// appendEstimates appends the distinct estimates and, for each row, the index of its estimate.
func (w *enrichmentWriter) appendEstimates(b []byte, all []estimate) []byte {
	table := slices.Clone(all)
	slices.SortFunc(table, estimate.compare)
	table = slices.Compact(table)
	b = appendUint(b, uint64(len(table)))
	prev := estimate{}
	b = column(b, table, func(b []byte, e estimate) []byte {
		b = appendUint(b, uint64(e.epss-prev.epss))
		prev = e
		return b
	})
	prev = estimate{}
	b = column(b, table, func(b []byte, e estimate) []byte {
		b = appendInt(b, int64(e.percentile)-int64(prev.percentile))
		prev = e
		return b
	})
	return column(b, all, func(b []byte, e estimate) []byte {
		i, _ := slices.BinarySearchFunc(table, e, estimate.compare)
		return appendUint(b, uint64(i))
	})
}

// appendDay appends 0 for noDay, and otherwise the zigzag form of day plus 1.
func appendDay(b []byte, day int32) []byte {
	if day == noDay {
		return append(b, 0)
	}
	return appendUint(b, uint64(uint32(day<<1^day>>31))+1)
}

// An enrichmentBlock is a decoded block of enrichments.
type enrichmentBlock struct {
	texts
	says      byte
	cves      []cve
	estimates []estimate // of rows
	exploited []int32
	ransom    []bool

	exploits, severitiesOf, weaknesses, aliases lists
	titles                                      []uint32
}

// parse decodes a raw block, and checks every reference.
func (b *enrichmentBlock) parse(raw []byte) error {
	s := b.scanner(raw)
	b.parseStrings(s)
	b.parseSeverities(s)
	b.says = byte(s.below(saysAll + 1))
	b.parseCVEs(s)
	n := len(b.cves)
	if b.says&saysEstimates != 0 {
		b.parseEstimates(s)
	}
	if b.says&saysExploited != 0 {
		b.exploited, b.ransom = make([]int32, n), make([]bool, n)
		for i := range n {
			b.exploited[i] = s.day()
		}
		for i := range n {
			b.ransom[i] = s.below(2) == 1
		}
	}
	if b.says&saysExploits != 0 {
		b.exploits = s.ascending(n, b.strings())
	}
	if b.says&saysSeverities != 0 {
		b.severitiesOf = s.lists(n, len(b.severities.source))
	}
	if b.says&saysWeaknesses != 0 {
		b.weaknesses = s.ascending(n, b.strings())
	}
	if b.says&saysAliases != 0 {
		b.aliases = s.ascending(n, b.strings())
	}
	if b.says&saysTitles != 0 {
		b.titles = s.column(n, b.strings())
	}
	return s.end()
}

func (b *enrichmentBlock) parseCVEs(s *scanner) {
	b.cves = make([]cve, s.count(2))
	year := uint32(0)
	for i := range b.cves {
		year += s.below(maxYear + 1 - int(year))
		b.cves[i] = makeCVE(year, 0)
	}
	prev := cve(0)
	for i := range b.cves {
		c := &b.cves[i]
		if c.year() == prev.year() {
			*c += cve(prev.number())
		}
		*c += cve(s.below(maxNumber + 1 - int(c.number())))
		if i > 0 && *c <= prev {
			s.fail(errValue)
		}
		prev = *c
	}
}

func (b *enrichmentBlock) parseEstimates(s *scanner) {
	table := make([]estimate, s.count(2))
	prev := uint32(0)
	for i := range table {
		prev += s.below(probabilityUnit + 1 - int(prev))
		table[i].epss = prev
	}
	percentile := int64(0)
	for i := range table {
		if percentile += s.int(); percentile < 0 || percentile > probabilityUnit {
			s.fail(errValue)
			return
		}
		table[i].percentile = uint32(percentile)
	}
	b.estimates = make([]estimate, len(b.cves))
	for i := range b.estimates {
		if at := s.below(len(table)); s.err == nil {
			b.estimates[i] = table[at]
		}
	}
}

// day is the inverse of appendDay.
func (s *scanner) day() int32 {
	v := s.below(2*maxDay + 2)
	if v == 0 {
		return noDay
	}
	return int32((v-1)>>1) ^ -int32((v-1)&1)
}

// named reports whether a row has a string among its exploits or aliases.
func (b *enrichmentBlock) named(i, name uint32) bool {
	return b.says&saysExploits != 0 && slices.Contains(b.exploits.at(i), name) ||
		b.says&saysAliases != 0 && slices.Contains(b.aliases.at(i), name)
}

// find returns the row of an identifier, or -1.
func (b *enrichmentBlock) find(c cve) int {
	i := sort.Search(len(b.cves), func(i int) bool { return b.cves[i] >= c })
	if i == len(b.cves) || b.cves[i] != c {
		return -1
	}
	return i
}

// enrichment returns the enrichment of a row. The copier copies its strings; if text is nil, they share memory with the block.
func (b *enrichmentBlock) enrichment(i int, text *copier) matcher.Enrichment {
	var t matcher.Enrichment
	str := func(i uint32) string { return text.copy(b.str(i)) }
	if b.says&saysEstimates != 0 {
		t.EPSS = float64(b.estimates[i].epss) / probabilityUnit
		t.Percentile = float64(b.estimates[i].percentile) / probabilityUnit
	}
	if b.says&saysExploited != 0 {
		t.Exploited, t.Ransomware = timeOfDay(b.exploited[i]), b.ransom[i]
	}
	if b.says&saysExploits != 0 {
		t.Exploits = gather(b.exploits.at(uint32(i)), str)
	}
	if b.says&saysSeverities != 0 {
		t.Severities = gather(b.severitiesOf.at(uint32(i)), func(i uint32) matcher.Severity { return b.severity(i, str) })
	}
	if b.says&saysWeaknesses != 0 {
		t.Weaknesses = gather(b.weaknesses.at(uint32(i)), str)
	}
	if b.says&saysAliases != 0 {
		t.Aliases = gather(b.aliases.at(uint32(i)), str)
	}
	if b.says&saysTitles != 0 {
		t.Title = str(b.titles[i])
	}
	return t
}
