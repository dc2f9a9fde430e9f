package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An item is a key or a value of a page.
type item struct {
	kind byte
	data []byte // inline: itself; off-page: the number of its first page and its length, 4 bytes each
}

var errDeleted = errors.New("deleted")

// items yields the headers of the page in w.page: keys and values alternate in its index, which follows its header.
func (w *bdbWalk) items(page uint32) bool {
	n := int(w.order.Uint16(w.page[20:]))
	if most := (len(w.page) - bdbPageHeader) / 2; n > most {
		return w.fail(fmt.Errorf("page %d: %d items where %d fit", page, n, most))
	}
	room := len(w.page) - bdbPageHeader - 2*n // what sound items, which do not overlap, have between them
	end := len(w.page)
	for i := 0; i+1 < n; i += 2 {
		key, value, err := w.pair(i, n, end)
		if !w.btree {
			end = w.itemOffset(i + 1)
		}
		if err == errDeleted {
			continue
		}
		if room -= len(key.data) + len(value.data); room < 0 {
			return w.fail(fmt.Errorf("page %d: item %d: items overlap", page, i))
		}
		var rec record
		if err == nil {
			rec, err = w.resolve(key, value)
		}
		if err != nil {
			rec, err = record{}, fmt.Errorf("page %d: item %d: %w", page, i, err)
		} else if rec.instance == 0 {
			continue // rpm keeps the last number given under this key
		}
		if !w.yield(rec, err) {
			return false
		}
	}
	return true
}

// pair returns the key and the value at index i of the page of n items, or errDeleted. The item before ends at end.
func (w *bdbWalk) pair(i, n, end int) (key, value item, err error) {
	k, v := w.itemOffset(i), w.itemOffset(i+1)
	if least := bdbPageHeader + 2*n; k < least || v < least {
		return key, value, fmt.Errorf("offsets %d and %d within the index", k, v)
	}
	if w.btree {
		if key, err = w.leafItem(k); err == nil {
			value, err = w.leafItem(v)
		}
		return key, value, err
	}
	// Items of a hash page fill it from its end, each up to where the one before begins.
	if k >= end || v >= k {
		return key, value, fmt.Errorf("offsets %d and %d do not descend from %d", k, v, end)
	}
	if key, err = hashItem(w.page[k:end]); err == nil {
		value, err = hashItem(w.page[v:k])
	}
	return key, value, err
}

func (w *bdbWalk) itemOffset(i int) int { return int(w.order.Uint16(w.page[bdbPageHeader+2*i:])) }

// hashItem reads an item of a hash page: its type, then the data; or its type, three unused bytes and two numbers.
func hashItem(b []byte) (item, error) {
	switch kind := b[0]; {
	case kind == itemInline:
		return item{kind, b[1:]}, nil
	case kind == itemOffPage && len(b) == 12:
		return item{kind, b[4:]}, nil
	default:
		return item{}, fmt.Errorf("item of type %d with %d bytes: %w", kind, len(b), ErrUnsupported)
	}
}

// leafItem reads the item at an offset of a leaf page of a B-tree: its length (2 bytes), its type, then the data; or two
// unused bytes, its type, an unused byte and two numbers.
func (w *bdbWalk) leafItem(off int) (item, error) {
	b := w.page[off:]
	if len(b) < 3 {
		return item{}, fmt.Errorf("offset %d: past the end of the page", off)
	}
	n := int(w.order.Uint16(b))
	switch kind := b[2]; {
	case kind&0x80 != 0:
		return item{}, errDeleted
	case kind == itemInline && 3+n <= len(b):
		return item{kind, b[3 : 3+n]}, nil
	case kind == itemOffPage && 12 <= len(b):
		return item{kind, b[4:12]}, nil
	default:
		return item{}, fmt.Errorf("offset %d: item of type %d: %w", off, kind, ErrUnsupported)
	}
}

// resolve makes a record of a key and a value.
func (w *bdbWalk) resolve(key, value item) (record, error) {
	if key.kind != itemInline || len(key.data) != 4 {
		return record{}, fmt.Errorf("a key of %d bytes where a number is due", len(key.data))
	}
	rec := record{instance: w.order.Uint32(key.data), blob: value.data}
	if w.btree {
		rec.instance = binary.BigEndian.Uint32(key.data) // so that rpm 5 has the keys in order
	}
	if rec.instance == 0 || value.kind == itemInline {
		return rec, nil
	}
	if err := w.chain(w.order.Uint32(value.data), w.order.Uint32(value.data[4:])); err != nil {
		return rec, fmt.Errorf("header %d: %w", rec.instance, err)
	}
	rec.blob = w.blob
	return rec, nil
}

// chain gathers size bytes from the overflow pages that start at page into w.blob, which grows as pages are found: a
// chain of n pages costs n pages of memory, whatever its length claims.
func (w *bdbWalk) chain(page, size uint32) error {
	if size > MaxHeader {
		return fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	w.blob = w.blob[:0]
	for left := int(size); left > 0; {
		if err := w.load(w.overflow, page); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", len(w.blob), size, err)
		}
		if kind := w.overflow[25]; kind != pageOverflow {
			return fmt.Errorf("page %d: type %d where an overflow page is due", page, kind)
		}
		n := int(w.order.Uint16(w.overflow[22:]))
		if n == 0 || n > left || n > len(w.overflow)-bdbPageHeader {
			return fmt.Errorf("page %d: %d bytes of the %d that are left", page, n, left)
		}
		w.blob = append(w.blob, w.overflow[bdbPageHeader:bdbPageHeader+n]...)
		left -= n
		page = w.order.Uint32(w.overflow[16:])
	}
	return nil
}
