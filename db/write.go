package db

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// WriteTo writes the database of all data added so far, and of the parts of an older database, see [Builder.Keep]. It fails if w fails, or if it
// cannot read the older database.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	buf := bufio.NewWriterSize(w, 256<<10)
	out := &counter{w: buf}
	err := b.write(out)
	if err == nil {
		err = out.failed(buf.Flush())
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
	w := &fileWriter{out: out, enc: enc}
	b.sortRows()
	b.sortEnrichments()
	pages, enrichments, counts, err := w.blocks(b)
	if err != nil {
		return err
	}
	r := root{feeds: b.feedRows(), coverage: b.coverageRows(counts)}
	for i := range pages {
		r.pages = append(r.pages, pages[i].pageEntry)
		if _, err := out.Write(pages[i].stored); err != nil {
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

// encode returns a piece to write at the end of the file, and its stored form, which is valid until the next call.
func (w *fileWriter) encode(raw []byte) (piece, []byte) {
	w.buf = w.enc.EncodeAll(raw, w.buf[:0])
	return piece{offset: w.out.n, stored: len(w.buf), raw: len(raw), hash: sha256.Sum256(w.buf)}, w.buf
}

// put writes one piece and returns its place.
func (w *fileWriter) put(raw []byte) (piece, error) {
	p, stored := w.encode(raw)
	_, err := w.out.Write(stored)
	return p, err
}

// blocks writes all blocks. It returns the pages that describe them, and the number of advisories of each ecosystem and feed.
func (w *fileWriter) blocks(b *Builder) (pages []storedPage, enrichments []enrichmentPage, counts map[coverageKey]*int, err error) {
	if b.old != nil {
		return w.keep(b)
	}
	b.mergeRows()
	t := b.tables()
	text := newTextWriter(t)
	a := &assembler{fileWriter: w, blocks: newBlockWriter(text)}
	for _, r := range b.rows {
		if err := a.prepareFor(t.name(r)); err != nil {
			return nil, nil, nil, err
		}
		a.add(r)
	}
	if pages, err = a.finish(); err != nil {
		return nil, nil, nil, err
	}
	e := &enrichmentAssembler{fileWriter: w, blocks: &enrichmentWriter{textWriter: text}}
	for i := range b.enrichments {
		r := &b.enrichments[i]
		if err := e.prepareFor(t.strings.items[r.feed], r.cve); err != nil {
			return nil, nil, nil, err
		}
		e.blocks.add(r)
	}
	enrichments, err = e.finish()
	return pages, enrichments, b.counts(), err
}

// keep is blocks for a builder with parts of an older database.
func (w *fileWriter) keep(b *Builder) (pages []storedPage, enrichments []enrichmentPage, counts map[coverageKey]*int, err error) {
	k := newKeeper(b)
	text := newTextWriter(k.t)
	a := &assembler{fileWriter: w, blocks: newBlockWriter(text), keeper: k}
	if err := k.advisories(b.reading, a); err != nil {
		return nil, nil, nil, err
	}
	if pages, err = a.finish(); err != nil {
		return nil, nil, nil, err
	}
	e := &enrichmentAssembler{fileWriter: w, blocks: &enrichmentWriter{textWriter: text}, keeper: k}
	if err := k.enrichments(b.reading, e); err != nil {
		return nil, nil, nil, err
	}
	enrichments, err = e.finish()
	for _, p := range k.parts {
		if p.Done != nil {
			p.Done(len(p.gone))
			p.Done = nil // WriteTo may be called again
		}
	}
	return pages, enrichments, k.counts, err
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

// sortRows sorts rows in the order of the file.
func (b *Builder) sortRows() {
	t := b.tables()
	rank := ranks(t.strings.items)
	slices.SortFunc(b.rows, func(x, y row) int {
		nx, ny := &t.notes.items[x.note], &t.notes.items[y.note]
		return cmp.Or(
			cmp.Compare(rank[x.typ], rank[y.typ]),
			cmp.Compare(rank[x.namespace], rank[y.namespace]),
			cmp.Compare(rank[x.name], rank[y.name]),
			cmp.Compare(rank[nx.id], rank[ny.id]),
			cmp.Compare(rank[nx.feed], rank[ny.feed]),
			cmp.Compare(rank[x.release], rank[y.release]),
		)
	})
}

// identical reports whether rows have feed, ID and key in common.
func (t *tables) identical(x, y row) bool {
	nx, ny := &t.notes.items[x.note], &t.notes.items[y.note]
	return samePackage(x, y) && x.release == y.release && nx.id == ny.id && nx.feed == ny.feed
}

// mergeRows merges rows with the same feed, ID and key.
func (b *Builder) mergeRows() {
	t := b.tables()
	out := b.rows[:0]
	for i := 0; i < len(b.rows); {
		n := 1
		for i+n < len(b.rows) && t.identical(b.rows[i], b.rows[i+n]) {
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

// counts returns the number of advisories of each ecosystem and feed.
func (b *Builder) counts() map[coverageKey]*int {
	counts := make(map[coverageKey]*int)
	str := b.t.strings.items
	for _, r := range b.rows {
		k := matcher.Key{Type: str[r.typ], Namespace: str[r.namespace], Release: str[r.release]}
		at := coverageKey{k.Ecosystem(), str[b.t.notes.items[r.note].feed]}
		if counts[at] == nil {
			counts[at] = new(int)
		}
		*counts[at]++
	}
	return counts
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

// coverageRows returns a row for every ecosystem and feed, from added coverage and from the counts of advisories.
func (b *Builder) coverageRows(counts map[coverageKey]*int) []CoverageInfo {
	rows := make(map[coverageKey]*CoverageInfo)
	at := func(p coverageKey) *CoverageInfo {
		c := rows[p]
		if c == nil {
			c = &CoverageInfo{Coverage: matcher.Coverage{
				Type: p.ecosystem.Type, Namespace: p.ecosystem.Namespace, Release: p.ecosystem.Release, Feed: p.feed,
			}}
			rows[p] = c
		}
		return c
	}
	for _, c := range b.coverage {
		k := matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
		r := at(coverageKey{k.Ecosystem(), c.Feed})
		r.Date = earliest(r.Date, seconds(c.Date))
		r.EndOfLife = r.EndOfLife || c.EndOfLife
	}
	dates := make(map[string]time.Time)
	for _, f := range b.feeds {
		dates[f.Name] = earliest(dates[f.Name], seconds(f.Date))
	}
	for p, n := range counts {
		if *n > 0 {
			at(p).Advisories = *n
		}
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
	return n, c.failed(err)
}

// failed describes an error of w.
func (c *counter) failed(err error) error {
	if err != nil {
		return fmt.Errorf("db: write: %w", err)
	}
	return nil
}
