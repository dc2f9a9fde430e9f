package db

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// WriteTo writes the database of all data added so far. It fails only if w fails.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	out := &counter{w: w}
	err := b.write(out)
	if err != nil {
		err = fmt.Errorf("db: write: %w", err)
	}
	return out.n, err
}

func (b *Builder) write(out *counter) error {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return err
	}
	defer enc.Close()
	if _, err := io.WriteString(out, magic); err != nil {
		return err
	}
	t := b.tables()
	b.sortRows() // may add strings
	b.sortEnrichments()
	r := root{feeds: b.feedRows(), coverage: b.coverageRows()}
	w := &fileWriter{out: out, enc: enc}
	text := newTextWriter(t, ranks(t.strings.items))
	pages, err := w.advisories(b.rows, newBlockWriter(text))
	if err != nil {
		return err
	}
	enrichments, err := w.enrichments(b.enrichments, &enrichmentWriter{textWriter: text})
	if err != nil {
		return err
	}
	for i := range pages {
		if err := w.page(&r, &pages[i]); err != nil {
			return err
		}
	}
	for i := range enrichments {
		if err := w.enrichmentPage(&r, &enrichments[i]); err != nil {
			return err
		}
	}
	p, err := w.put(r.append(nil))
	if err != nil {
		return err
	}
	f := footer{offset: p.offset, stored: uint32(p.stored), raw: uint32(p.raw), hash: p.hash}
	_, err = out.Write(f.append(nil))
	return err
}

// A fileWriter writes pieces of a file, each a zstd frame.
type fileWriter struct {
	out *counter
	enc *zstd.Encoder
	buf []byte
}

// put writes one piece and returns its place.
func (w *fileWriter) put(raw []byte) (piece, error) {
	w.buf = w.enc.EncodeAll(raw, w.buf[:0])
	p := piece{offset: w.out.n, stored: len(w.buf), raw: len(raw), hash: sha256.Sum256(w.buf)}
	_, err := w.out.Write(w.buf)
	return p, err
}

// advisories writes the blocks of sorted rows, and returns the pages that describe them.
func (w *fileWriter) advisories(rows []row, blocks *blockWriter) (pages []page, err error) {
	t := blocks.t
	begin := 0 // first row of the page
	flushPage := func(end int) {
		if begin < end {
			pages[len(pages)-1].filter = newFilterOf(t, rows[begin:end])
			begin = end
		}
	}
	done := 0 // rows written
	flush := func() error {
		first := blocks.rows[0]
		e := indexEntry{
			first:      t.name(first),
			continues:  done > 0 && samePackage(rows[done-1], first),
			advisories: len(blocks.rows),
			ranges:     blocks.ranges,
		}
		if n := len(pages); n == 0 || !e.continues && wantsPage(len(pages[n-1].blocks), e.first.hash()) {
			flushPage(done)
			pages = append(pages, page{})
		}
		done += len(blocks.rows)
		e.piece, err = w.put(blocks.encode())
		p := &pages[len(pages)-1]
		p.blocks = append(p.blocks, e)
		return err
	}
	for _, r := range rows {
		if blocks.wantsCut(r) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		blocks.add(r)
	}
	if len(blocks.rows) > 0 {
		err = flush()
	}
	flushPage(len(rows))
	return pages, err
}

// enrichments writes the blocks of sorted rows, and returns the pages that describe them.
func (w *fileWriter) enrichments(rows []enrichmentRow, blocks *enrichmentWriter) (pages []enrichmentPage, err error) {
	flush := func() error {
		first := &blocks.rows[0]
		e := enrichmentEntry{first: first.cve, rows: len(blocks.rows)}
		feed := blocks.t.strings.items[first.feed]
		if n := len(pages); n == 0 || pages[n-1].feed != feed || wantsPage(len(pages[n-1].blocks), uint64(first.cve)*0x9e3779b97f4a7c15) {
			pages = append(pages, enrichmentPage{feed: feed})
		}
		e.piece, err = w.put(blocks.encode())
		p := &pages[len(pages)-1]
		p.blocks = append(p.blocks, e)
		return err
	}
	for i := range rows {
		if blocks.wantsCut(&rows[i]) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		blocks.add(&rows[i])
	}
	if len(blocks.rows) > 0 {
		err = flush()
	}
	return pages, err
}

// page writes a page and adds it to the root.
func (w *fileWriter) page(r *root, p *page) (err error) {
	e := pageEntry{first: p.blocks[0].first, run: run{blocks: len(p.blocks)}}
	for _, b := range p.blocks {
		e.bytes += int64(b.stored)
		e.advisories += b.advisories
		e.ranges += b.ranges
	}
	e.piece, err = w.put(p.append(nil))
	r.pages = append(r.pages, e)
	return err
}

func (w *fileWriter) enrichmentPage(r *root, p *enrichmentPage) (err error) {
	e := enrichmentPageEntry{feed: p.feed, first: p.blocks[0].first, run: run{blocks: len(p.blocks)}}
	for _, b := range p.blocks {
		e.bytes += int64(b.stored)
		e.rows += b.rows
	}
	e.piece, err = w.put(p.append(nil))
	r.enrichments = append(r.enrichments, e)
	return err
}

// newFilterOf returns a filter of the packages of sorted rows.
func newFilterOf(t *tables, rows []row) filter {
	packages := 0
	for i, r := range rows {
		if i == 0 || !samePackage(rows[i-1], r) {
			packages++
		}
	}
	f := newFilter(packages)
	for i, r := range rows {
		if i == 0 || !samePackage(rows[i-1], r) {
			f.add(t.name(r))
		}
	}
	return f
}

// sortRows sorts rows, and merges those with the same feed, ID and key.
func (b *Builder) sortRows() {
	t := b.tables()
	rank := ranks(t.strings.items)
	same := func(x, y row) int {
		nx, ny := &t.notes.items[x.note], &t.notes.items[y.note]
		return cmp.Or(
			cmp.Compare(rank[x.typ], rank[y.typ]),
			cmp.Compare(rank[x.namespace], rank[y.namespace]),
			cmp.Compare(rank[x.name], rank[y.name]),
			cmp.Compare(rank[nx.id], rank[ny.id]),
			cmp.Compare(rank[nx.feed], rank[ny.feed]),
			cmp.Compare(rank[x.release], rank[y.release]),
		)
	}
	slices.SortFunc(b.rows, same)
	out := b.rows[:0]
	for i := 0; i < len(b.rows); {
		n := 1
		for i+n < len(b.rows) && same(b.rows[i], b.rows[i+n]) == 0 {
			n++
		}
		r := b.rows[i]
		if n > 1 {
			as := make([]matcher.Advisory, n)
			for j, r := range b.rows[i : i+n] {
				as[j] = t.advisory(r)
			}
			m := merge(as)
			r = t.row(&m)
		}
		out = append(out, r)
		i += n
	}
	b.rows = out
}

// ranks returns the position of each string in the order of bytes.
func ranks(strings []string) []uint32 {
	order := make([]uint32, len(strings))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return cmp.Compare(strings[x], strings[y]) })
	rank := make([]uint32, len(strings))
	for i, id := range order {
		rank[id] = uint32(i)
	}
	return rank
}

func (b *Builder) feedRows() []FeedInfo {
	feeds := slices.Clone(b.feeds)
	for i := range feeds {
		feeds[i].Date = seconds(feeds[i].Date)
	}
	slices.SortFunc(feeds, func(x, y FeedInfo) int {
		return cmp.Or(
			cmp.Compare(x.Name, y.Name), cmp.Compare(x.URL, y.URL), cmp.Compare(x.Fingerprint, y.Fingerprint),
			x.Date.Compare(y.Date), cmp.Compare(x.Records, y.Records), cmp.Compare(x.Withdrawn, y.Withdrawn),
			cmp.Compare(x.Bad, y.Bad),
		)
	})
	return feeds
}

// coverageRows returns a row for every ecosystem and feed, from added coverage and from the rows themselves.
func (b *Builder) coverageRows() []CoverageInfo {
	type place struct {
		ecosystem matcher.Key
		feed      string
	}
	rows := make(map[place]*CoverageInfo)
	at := func(k matcher.Key, feed string) *CoverageInfo {
		p := place{k.Ecosystem(), feed}
		c := rows[p]
		if c == nil {
			c = &CoverageInfo{Coverage: matcher.Coverage{
				Type: p.ecosystem.Type, Namespace: p.ecosystem.Namespace, Release: p.ecosystem.Release, Feed: feed,
			}}
			rows[p] = c
		}
		return c
	}
	for _, c := range b.coverage {
		r := at(matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}, c.Feed)
		r.Date = earliest(r.Date, seconds(c.Date))
		r.EndOfLife = r.EndOfLife || c.EndOfLife
	}
	dates := make(map[string]time.Time)
	for _, f := range b.feeds {
		dates[f.Name] = earliest(dates[f.Name], seconds(f.Date))
	}
	str := b.t.strings.items
	for _, r := range b.rows {
		k := matcher.Key{Type: str[r.typ], Namespace: str[r.namespace], Release: str[r.release]}
		at(k, str[b.t.notes.items[r.note].feed]).Advisories++
	}
	out := make([]CoverageInfo, 0, len(rows))
	for p, c := range rows {
		if c.Date.IsZero() {
			c.Date = dates[p.feed]
		}
		out = append(out, *c)
	}
	slices.SortFunc(out, func(x, y CoverageInfo) int {
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.Namespace, y.Namespace),
			cmp.Compare(x.Release, y.Release), cmp.Compare(x.Feed, y.Feed))
	})
	return out
}

func seconds(t time.Time) time.Time { return unixTime(t.Unix()) }

// A counter counts the bytes that are written to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
