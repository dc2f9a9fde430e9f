package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A sqliteWalk is a pass over tables of a database.
type sqliteWalk struct {
	*sqlite
	seen     pageSet
	level    [sqliteMaxDepth][]byte // a page for each level of the tree
	overflow []byte
	payload  []byte // payload of a row with overflow pages
}

// A rowFunc receives the rowid and payload of a row, or an error. The payload is valid until it returns. It returns false to
// stop.
type rowFunc func(row int64, payload []byte, err error) bool

// table visits the rows of the table b-tree (section 1.6) below a page in the order of rowids. It returns false if row did.
func (w *sqliteWalk) table(page uint32, depth int, row rowFunc) bool {
	if depth == sqliteMaxDepth {
		return row(0, nil, fmt.Errorf("page %d: deeper than %d levels", page, depth))
	}
	if w.level[depth] == nil {
		w.level[depth] = make([]byte, w.pageSize)
	}
	p, err := w.tablePage(w.level[depth], page)
	if err != nil {
		return row(0, nil, fmt.Errorf("page %d: %w", page, err))
	}
	for i := range p.cells {
		more, err := w.visit(&p, i, depth, row)
		if err != nil {
			more = row(0, nil, fmt.Errorf("page %d: cell %d: %w", page, i, err))
		}
		if !more || err == errOverlap {
			return more
		}
	}
	if p.kind == sqliteInterior {
		return w.table(p.right, depth+1, row)
	}
	return true
}

// visit visits the rows in or below a cell. It returns false if row did.
func (w *sqliteWalk) visit(p *tablePage, i, depth int, row rowFunc) (more bool, err error) {
	off := int(binary.BigEndian.Uint16(p.index[2*i:]))
	if off < p.first || off > len(p.bytes)-4 {
		return true, fmt.Errorf("offset %d", off)
	}
	if p.kind == sqliteInterior {
		if err := p.take(5); err != nil { // a page number and a varint
			return true, err
		}
		return w.table(binary.BigEndian.Uint32(p.bytes[off:]), depth+1, row), nil
	}
	id, payload, err := w.cell(p, off)
	if err != nil {
		return true, err
	}
	return row(id, payload, nil), nil
}

// A tablePage is a page of a table b-tree.
type tablePage struct {
	bytes []byte
	kind  byte
	cells int
	index []byte // offsets of the cells, 2 bytes each
	first int    // the lowest offset that a cell can have
	room  int    // bytes that are not in cells visited so far
	right uint32 // rightmost child of an interior page
}

var errOverlap = errors.New("cells overlap")

// take accounts for a cell of n bytes. Overlapping cells are errors, because they would make the time to read a page exceed
// its size.
func (p *tablePage) take(n int) error {
	if p.room -= n; p.room < 0 {
		return errOverlap
	}
	return nil
}

// tablePage reads a page into buf and parses its header. It returns an error if the page was read before.
func (w *sqliteWalk) tablePage(buf []byte, page uint32) (tablePage, error) {
	p := tablePage{bytes: buf[:w.usable]}
	if err := w.load(buf, page); err != nil {
		return p, err
	}
	head := p.bytes
	if page == 1 {
		head = head[sqliteHeader:]
	}
	size := 8
	switch p.kind = head[0]; p.kind {
	case sqliteInterior:
		size, p.right = 12, binary.BigEndian.Uint32(head[8:])
	case sqliteLeaf:
	default:
		return p, fmt.Errorf("type %d, want a page of a table", p.kind)
	}
	p.cells = int(binary.BigEndian.Uint16(head[3:]))
	if p.room = len(head) - size - 2*p.cells; p.room < 0 {
		return p, fmt.Errorf("%d cells", p.cells)
	}
	p.index = head[size:]
	p.first = len(p.bytes) - p.room
	return p, nil
}

// load reads a page into p. It returns an error if the page was read before.
func (w *sqliteWalk) load(p []byte, page uint32) error {
	place, err := w.read(p, page)
	if err == nil && !w.seen.add(place) {
		err = errPageTwice
	}
	if err != nil {
		return err
	}
	return nil
}

// cell reads the cell at an offset of a leaf page: the length of the payload, the rowid, and the payload. A long payload
// continues in overflow pages, and the cell ends with the number of the first.
func (w *sqliteWalk) cell(p *tablePage, off int) (row int64, payload []byte, err error) {
	b := p.bytes[off:]
	size, n := varint(b)
	id, m := varint(b[n:])
	if n == 0 || m == 0 {
		return 0, nil, errors.New("truncated")
	}
	row, b = int64(id), b[n+m:]
	if size > MaxHeader+64 {
		return row, nil, fmt.Errorf("row %d: %d bytes: %w", row, size, ErrTooLarge)
	}
	// Section 1.6 defines the part of a payload in the page.
	here, over, u := int(size), 0, int(w.usable)
	if most := u - 35; here > most {
		least := (u-12)*32/255 - 23
		if here = least + (here-least)%(u-4); here > most {
			here = least
		}
		over = 4
	}
	if here+over > len(b) {
		return row, nil, fmt.Errorf("row %d: truncated", row)
	}
	if err := p.take(n + m + here + over); err != nil || over == 0 {
		return row, b[:here], err
	}
	if err := w.file.blob.reserve(int64(size)); err != nil {
		return row, nil, fmt.Errorf("row %d: %w", row, err)
	}
	w.payload = append(w.payload[:0], b[:here]...)
	if err := w.chain(binary.BigEndian.Uint32(b[here:]), int(size)); err != nil {
		return row, nil, fmt.Errorf("row %d: %w", row, err)
	}
	return row, w.payload, nil
}

// chain extends w.payload to size bytes from the overflow pages (section 1.7) that start at page.
func (w *sqliteWalk) chain(page uint32, size int) error {
	if w.overflow == nil {
		w.overflow = make([]byte, w.pageSize)
	}
	for len(w.payload) < size {
		if err := w.load(w.overflow, page); err != nil {
			return fmt.Errorf("after %d of %d bytes: page %d: %w", len(w.payload), size, page, err)
		}
		n := min(int(w.usable)-4, size-len(w.payload))
		w.payload = append(w.payload, w.overflow[4:4+n]...)
		page = binary.BigEndian.Uint32(w.overflow)
	}
	return nil
}

// varint reads a variable-length integer (section 1.6) and returns its length in bytes, or 0 if b is too short.
func varint(b []byte) (v uint64, n int) {
	for i, c := range b[:min(len(b), 9)] {
		if i == 8 {
			return v<<8 | uint64(c), 9
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

const maxColumns = 7

// A sqliteRecord holds the first columns of a row (section 2.1).
type sqliteRecord struct {
	serial [maxColumns]uint64
	value  [maxColumns][]byte
}

// parseRecord reads the first columns of a payload, which has the length of its header, the serial types, and the values.
func parseRecord(payload []byte, columns int) (r sqliteRecord, err error) {
	size, n := varint(payload)
	if n == 0 || size > uint64(len(payload)) {
		return r, errors.New("record: truncated header")
	}
	head, body := payload[n:max(n, int(size))], payload[size:]
	for i := range columns {
		serial, n := varint(head)
		if n == 0 {
			return r, fmt.Errorf("record: %d columns, want %d", i, columns)
		}
		head = head[n:]
		size := serialSize(serial)
		if size > uint64(len(body)) {
			return r, fmt.Errorf("record: column %d: truncated", i)
		}
		r.serial[i], r.value[i], body = serial, body[:size:size], body[size:]
	}
	return r, nil
}

// serialSize returns the length of a value of a serial type.
func serialSize(t uint64) uint64 {
	if t >= 12 {
		return (t - 12) / 2
	}
	return [12]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0}[t]
}

// text returns a text or blob column, or nil for other types.
func (r *sqliteRecord) text(i int) []byte {
	if r.serial[i] < 12 {
		return nil
	}
	return r.value[i]
}

// integer returns an integer column, or 0 for other types.
func (r *sqliteRecord) integer(i int) int64 {
	switch t := r.serial[i]; {
	case t == 9:
		return 1
	case t == 0 || t > 6 || len(r.value[i]) == 0:
		return 0
	}
	v := int64(int8(r.value[i][0]))
	for _, c := range r.value[i][1:] {
		v = v<<8 | int64(c)
	}
	return v
}
