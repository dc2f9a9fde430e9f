package rpmdb

import "encoding/binary"

// A sqliteBuilder makes SQLite databases of 512-byte pages.
type sqliteBuilder struct{ pages [][]byte }

const sqliteTestPage = 512

// page adds a page and returns its number.
func (b *sqliteBuilder) page() (uint32, []byte) {
	p := make([]byte, sqliteTestPage)
	b.pages = append(b.pages, p)
	return uint32(len(b.pages)), p
}

func appendVarint(b []byte, v uint64) []byte {
	var tmp [9]byte
	i := len(tmp)
	for first := true; first || v > 0; first = false {
		i--
		if tmp[i] = byte(v & 0x7f); !first {
			tmp[i] |= 0x80
		}
		v >>= 7
	}
	return append(b, tmp[i:]...)
}

// buildRecord makes the payload of a row of strings, blobs, integers below 128 and nil.
func buildRecord(columns ...any) []byte {
	var types, body []byte
	for _, c := range columns {
		switch c := c.(type) {
		case nil:
			types = append(types, 0)
		case int:
			types, body = append(types, 1), append(body, byte(c))
		case string:
			types, body = appendVarint(types, uint64(13+2*len(c))), append(body, c...)
		case []byte:
			types, body = appendVarint(types, uint64(12+2*len(c))), append(body, c...)
		}
	}
	n := len(types) + 1
	if n > 127 {
		panic("too many columns")
	}
	return append(append([]byte{byte(n)}, types...), body...)
}

// leaf fills a page with rows, which must fit. Long payloads go to overflow pages.
func (b *sqliteBuilder) leaf(p []byte, head int, first uint64, rows ...[]byte) {
	end := len(p)
	p[head] = sqliteLeaf
	binary.BigEndian.PutUint16(p[head+3:], uint16(len(rows)))
	for i, payload := range rows {
		cell := appendVarint(appendVarint(nil, uint64(len(payload))), first+uint64(i))
		if len(payload) <= sqliteTestPage-35 {
			cell = append(cell, payload...)
		} else {
			least := (sqliteTestPage-12)*32/255 - 23
			here := least + (len(payload)-least)%(sqliteTestPage-4)
			if here > sqliteTestPage-35 {
				here = least
			}
			next, over := b.page()
			cell = binary.BigEndian.AppendUint32(append(cell, payload[:here]...), next)
			for rest := payload[here:]; ; {
				if rest = rest[copy(over[4:], rest):]; len(rest) == 0 {
					break
				}
				next, p := b.page()
				binary.BigEndian.PutUint32(over, next)
				over = p
			}
		}
		end -= len(cell)
		copy(p[end:], cell)
		binary.BigEndian.PutUint16(p[head+8+2*i:], uint16(end))
	}
	binary.BigEndian.PutUint16(p[head+5:], uint16(end))
}

// buildSQLite returns a database whose table Packages has, below an interior page, which is page 2, a leaf for each header.
func buildSQLite(headers ...[]byte) []byte {
	b := new(sqliteBuilder)
	_, first := b.page()
	copy(first, sqliteMagic)
	binary.BigEndian.PutUint16(first[16:], sqliteTestPage)
	first[18], first[19] = 1, 1
	first[59] = 1 // UTF-8
	root, interior := b.page()
	b.leaf(first, sqliteHeader, 1, buildRecord("table", "Packages", "Packages", int(root), "CREATE TABLE Packages (hnum, blob)"))

	interior[0] = sqliteInterior
	end := len(interior)
	for i, h := range headers {
		child, leaf := b.page()
		b.leaf(leaf, 0, uint64(i+1), buildRecord(nil, h))
		if i == len(headers)-1 {
			binary.BigEndian.PutUint32(interior[8:], child)
			continue
		}
		cell := appendVarint(binary.BigEndian.AppendUint32(nil, child), uint64(i+1))
		end -= len(cell)
		copy(interior[end:], cell)
		binary.BigEndian.PutUint16(interior[12+2*i:], uint16(end))
		binary.BigEndian.PutUint16(interior[3:], uint16(i+1))
	}
	if len(headers) == 0 {
		child, leaf := b.page()
		b.leaf(leaf, 0, 1)
		binary.BigEndian.PutUint32(interior[8:], child)
	}
	binary.BigEndian.PutUint32(first[28:], uint32(len(b.pages)))
	var file []byte
	for _, p := range b.pages {
		file = append(file, p...)
	}
	return file
}

// buildWAL returns a write-ahead log of transactions, each of which sets pages of a database of a number of pages.
func buildWAL(order binary.ByteOrder, transactions ...walTransaction) []byte {
	put := binary.BigEndian.AppendUint32
	magic := uint32(walMagic)
	if order == binary.BigEndian {
		magic++
	}
	log := put(put(put(put(nil, magic), walVersion), sqliteTestPage), 0)
	log = append(log, "saltsalt"...)
	sum := walSum{order: order}
	sum.add(log)
	log = put(put(log, sum.a), sum.b)
	for _, t := range transactions {
		for i, f := range t.frames {
			size := uint32(0)
			if i == len(t.frames)-1 {
				size = t.pages
			}
			head := put(put(nil, f.page), size)
			sum.add(head)
			sum.add(f.content)
			log = append(append(log, head...), "saltsalt"...)
			log = append(put(put(log, sum.a), sum.b), f.content...)
		}
	}
	return log
}

type walTransaction struct {
	pages  uint32 // of the database once it is committed; 0: it is not
	frames []walFrame
}

type walFrame struct {
	page    uint32
	content []byte
}
