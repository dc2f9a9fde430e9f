package rpmdb

import "fmt"

// An item is a key or a value in a page.
type item struct {
	kind byte
	data []byte // inline: the content; off-page: the number of the first page and the length, 4 bytes each
}

// items yields the headers in w.page. Keys and values alternate in the index, which follows the page header. It returns
// false if the caller stopped.
func (w *bdbWalk) items(page uint32) bool {
	n := int(w.order.Uint16(w.page[20:]))
	if most := (len(w.page) - bdbPageHeader) / 2; n > most {
		return w.fail(fmt.Errorf("page %d: %d items, at most %d fit", page, n, most))
	}
	for i, end := 0, len(w.page); i+1 < n; i += 2 {
		// Items fill the page from its end. Each ends where the one before begins.
		k, v := w.itemOffset(i), w.itemOffset(i+1)
		if k >= end || v >= k || v < bdbPageHeader+2*n {
			return w.fail(fmt.Errorf("page %d: item %d: offsets %d and %d do not descend from %d", page, i, k, v, end))
		}
		rec, err := w.pair(w.page[k:end], w.page[v:k])
		end = v
		if err != nil {
			rec, err = record{}, fmt.Errorf("page %d: item %d: %w", page, i, err)
		} else if rec.instance == 0 {
			continue // under this key rpm keeps the last assigned number
		}
		if !w.yield(rec, err) {
			return false
		}
	}
	return true
}

func (w *bdbWalk) itemOffset(i int) int { return int(w.order.Uint16(w.page[bdbPageHeader+2*i:])) }

// parseItem reads an item: a type and the data, or a type, three unused bytes and two numbers.
func parseItem(b []byte) (item, error) {
	switch kind := b[0]; {
	case kind == itemInline:
		return item{kind, b[1:]}, nil
	case kind == itemOffPage && len(b) == 12:
		return item{kind, b[4:]}, nil
	default:
		return item{}, fmt.Errorf("item of type %d with %d bytes: %w", kind, len(b), ErrUnsupported)
	}
}

// pair returns the record of a key and a value.
func (w *bdbWalk) pair(k, v []byte) (record, error) {
	key, err := parseItem(k)
	if err != nil {
		return record{}, fmt.Errorf("key: %w", err)
	}
	if key.kind != itemInline || len(key.data) != 4 {
		return record{}, fmt.Errorf("a key of %d bytes, want a number of 4", len(key.data))
	}
	rec := record{instance: w.order.Uint32(key.data)}
	value, err := parseItem(v)
	if err == nil && value.kind == itemOffPage {
		err = w.chain(w.order.Uint32(value.data), w.order.Uint32(value.data[4:]))
		value.data = w.blob
	}
	if err != nil {
		return rec, fmt.Errorf("header %d: %w", rec.instance, err)
	}
	rec.blob = value.data
	return rec, nil
}

// chain reads size bytes from the overflow pages that start at page into w.blob. The buffer grows page by page, so a chain
// of n pages costs n pages of memory, regardless of the stated size.
func (w *bdbWalk) chain(page, size uint32) error {
	if size > MaxHeader {
		return fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	if err := w.file.blob.reserve(int64(size)); err != nil {
		return err
	}
	w.blob = w.blob[:0]
	for left := int(size); left > 0; {
		if err := w.load(w.overflow, page); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", len(w.blob), size, err)
		}
		if kind := w.overflow[25]; kind != pageOverflow {
			return fmt.Errorf("page %d: type %d, want an overflow page", page, kind)
		}
		n := int(w.order.Uint16(w.overflow[22:]))
		if n == 0 || n > left || n > len(w.overflow)-bdbPageHeader {
			return fmt.Errorf("page %d: %d bytes, %d remain", page, n, left)
		}
		w.blob = append(w.blob, w.overflow[bdbPageHeader:bdbPageHeader+n]...)
		left -= n
		page = w.order.Uint32(w.overflow[16:])
	}
	return nil
}
