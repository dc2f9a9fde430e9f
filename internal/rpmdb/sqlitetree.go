package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A sqliteWalk is one pass over tables of a database.
type sqliteWalk struct {
	*sqlite
	seen     pageSet
	level    [sqliteMaxDepth][]byte // a page for each level of the tree
	overflow []byte
	payload  []byte // a row gathered from a chain
}

// A rowFunc is given each row: its rowid and its payload, valid until it returns, or an error. It returns false to stop.
type rowFunc func(row int64, payload []byte, err error) bool

// table visits the rows of the table b-tree (section 1.6) below a page, in the order of their rowids.
func (w *sqliteWalk) table(page uint32, depth int, row rowFunc) bool {
	if depth == sqliteMaxDepth {
		return row(0, nil, fmt.Errorf("page %d: deeper than %d levels", page, depth))
	}
	if w.level[depth] == nil {
		w.level[depth] = make([]byte, w.pageSize)
	}
	p := w.level[depth]
	if err := w.load(p, page); err != nil {
		return row(0, nil, err)
	}
	head := 0
	if page == 1 {
		head = sqliteHeader
	}
	kind, cells := p[head], int(binary.BigEndian.Uint16(p[head+3:]))
	index := head + 8
	if kind == sqliteInterior {
		index += 4
	}
	if kind != sqliteInterior && kind != sqliteLeaf {
		return row(0, nil, fmt.Errorf("page %d: type %d where a page of a table is due", page, kind))
	}
	room := int(w.usable) - index - 2*cells // what sound cells, which do not overlap, have between them
	if room < 0 {
		return row(0, nil, fmt.Errorf("page %d: %d cells", page, cells))
	}
	for i := range cells {
		off := int(binary.BigEndian.Uint16(p[index+2*i:]))
		var err error
		if off < index+2*cells || off > int(w.usable)-4 {
			err = fmt.Errorf("offset %d", off)
		} else if kind == sqliteInterior {
			if room -= 5; room >= 0 { // a page number and a varint
				if !w.table(binary.BigEndian.Uint32(p[off:]), depth+1, row) {
					return false
				}
				continue
			}
			err = errOverlap
		} else {
			var id int64
			var payload []byte
			var local int
			if id, payload, local, err = w.cell(p[off:w.usable]); err == nil {
				if room -= local; room >= 0 {
					if !row(id, payload, nil) {
						return false
					}
					continue
				}
				err = errOverlap
			}
		}
		if !row(0, nil, fmt.Errorf("page %d: cell %d: %w", page, i, err)) {
			return false
		}
		if err == errOverlap {
			return true
		}
	}
	if kind == sqliteInterior {
		return w.table(binary.BigEndian.Uint32(p[head+8:]), depth+1, row)
	}
	return true
}

var errOverlap = errors.New("cells overlap")

// load reads a page that nothing has used yet.
func (w *sqliteWalk) load(p []byte, page uint32) error {
	place, err := w.read(p, page)
	if err == nil && !w.seen.add(place) {
		err = errPageTwice
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", page, err)
	}
	return nil
}

// cell reads the cell of a leaf page that b starts with: the length of the payload, the rowid, the payload or, of a long
// one, its beginning and the number of an overflow page. It returns how many bytes of the page the cell takes.
func (w *sqliteWalk) cell(b []byte) (row int64, payload []byte, local int, err error) {
	size, n := varint(b)
	id, m := varint(b[n:])
	if n == 0 || m == 0 {
		return 0, nil, 0, errors.New("cut off")
	}
	row, b = int64(id), b[n+m:]
	if size > MaxHeader+64 {
		return row, nil, 0, fmt.Errorf("row %d: %d bytes: %w", row, size, ErrTooLarge)
	}
	// Section 1.6: how much of a payload stays in the page.
	here, u := int(size), int(w.usable)
	if most := u - 35; here > most {
		least := (u-12)*32/255 - 23
		if here = least + (here-least)%(u-4); here > most {
			here = least
		}
		if here+4 > len(b) {
			return row, nil, 0, fmt.Errorf("row %d: cut off", row)
		}
		next := binary.BigEndian.Uint32(b[here:])
		w.payload = append(w.payload[:0], b[:here]...)
		if err := w.chain(next, int(size)); err != nil {
			return row, nil, 0, fmt.Errorf("row %d: %w", row, err)
		}
		return row, w.payload, n + m + here + 4, nil
	}
	if here > len(b) {
		return row, nil, 0, fmt.Errorf("row %d: cut off", row)
	}
	return row, b[:here], n + m + here, nil
}

// chain extends w.payload to size bytes from the overflow pages (section 1.7) that start at page.
func (w *sqliteWalk) chain(page uint32, size int) error {
	if w.overflow == nil {
		w.overflow = make([]byte, w.pageSize)
	}
	for len(w.payload) < size {
		if err := w.load(w.overflow, page); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", len(w.payload), size, err)
		}
		n := min(int(w.usable)-4, size-len(w.payload))
		w.payload = append(w.payload, w.overflow[4:4+n]...)
		page = binary.BigEndian.Uint32(w.overflow)
	}
	return nil
}

// varint reads a variable-length integer (section 1.6) and returns how many bytes it takes, 0 where b is too short.
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

// A sqliteRecord is the first columns of a row (section 2.1).
type sqliteRecord struct {
	serial [5]uint64
	value  [5][]byte
}

// parseRecord reads the first columns of a payload: the length of its header, the serial types, the values.
func parseRecord(payload []byte, columns int) (r sqliteRecord, err error) {
	size, n := varint(payload)
	if n == 0 || size > uint64(len(payload)) {
		return r, errors.New("record: header cut off")
	}
	head, body := payload[n:max(n, int(size))], payload[size:]
	for i := range columns {
		serial, n := varint(head)
		if n == 0 {
			return r, fmt.Errorf("record: %d columns where %d are due", i, columns)
		}
		head = head[n:]
		size := serialSize(serial)
		if size > uint64(len(body)) {
			return r, fmt.Errorf("record: column %d: cut off", i)
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

// text returns a column that is a text or a blob, else nil.
func (r *sqliteRecord) text(i int) []byte {
	if r.serial[i] < 12 {
		return nil
	}
	return r.value[i]
}

// integer returns a column that is an integer, else 0.
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
