package rpmdb

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"strings"
)

// Builders of headers and databases, just enough of each format for what tests do to them.

// A value is a field of a header to be built: a string, []string, uint32, []uint32, uint64 or []byte.
type value struct {
	tag  Tag
	data any
}

// i18n is a string with translations.
type i18n []string

// buildHeader returns a header whose region holds the first values; the others are added after it, as at installation.
func buildHeader(region []value, added ...value) []byte {
	var index, data []byte
	put := binary.BigEndian.AppendUint32
	entry := func(v value) {
		kind, count, align := typeString, 1, 1
		var b []byte
		texts := func(list []string) {
			count = len(list)
			b = []byte(strings.Join(list, "\x00") + "\x00")
		}
		switch d := v.data.(type) {
		case string:
			b = []byte(d + "\x00")
		case []string:
			kind = typeStringArray
			texts(d)
		case i18n:
			kind = typeI18NString
			texts(d)
		case uint32:
			kind, align, b = typeInt32, 4, put(nil, d)
		case []uint32:
			kind, align, count = typeInt32, 4, len(d)
			for _, n := range d {
				b = put(b, n)
			}
		case uint64:
			kind, align, b = typeInt64, 8, binary.BigEndian.AppendUint64(nil, d)
		case []byte:
			kind, count, b = typeBin, len(d), d
		default:
			panic(fmt.Sprintf("%T", d))
		}
		for len(data)%align != 0 {
			data = append(data, 0)
		}
		index = put(put(put(put(index, uint32(v.tag)), uint32(kind)), uint32(len(data))), uint32(count))
		data = append(data, b...)
	}
	for _, v := range region {
		entry(v)
	}
	size := 16 * (len(region) + 1)
	regionEntry := put(put(put(put(nil, uint32(tagHeaderImmutable)), uint32(typeBin)), uint32(len(data))), 16)
	data = put(put(put(put(data, uint32(tagHeaderImmutable)), uint32(typeBin)), uint32(-size)), 16)
	for _, v := range added {
		entry(v)
	}
	index = append(regionEntry, index...)
	return append(append(put(put(nil, uint32(len(index)/16)), uint32(len(data))), index...), data...)
}

// buildPackage returns the header of a package with n files.
func buildPackage(name string, n int) []byte {
	v := []value{
		{tagName, name}, {tagVersion, "1.0"}, {tagRelease, "1"}, {tagArch, "noarch"}, {tagLicense, "MIT"},
		{tagSourceRPM, name + "-1.0-1.src.rpm"},
	}
	if n > 0 {
		var bases []string
		for i := range n {
			bases = append(bases, fmt.Sprintf("file%d", i))
		}
		v = append(v, value{tagDirIndexes, make([]uint32, n)}, value{tagBaseNames, bases},
			value{tagDirNames, []string{"/usr/share/" + name + "/"}})
	}
	return buildHeader(v, value{tagInstallTime, uint32(1700000000)})
}

// buildNDB returns an NDB with headers under the numbers 1, 2, ...
func buildNDB(headers ...[]byte) []byte {
	put := binary.LittleEndian.AppendUint32
	b := put(put(put(append([]byte(ndbMagic), 0, 0, 0, 0), 1), 1), uint32(len(headers)+1))
	b = append(b, make([]byte, 12)...)
	var blobs []byte
	for i, h := range headers {
		blob := append(put(put(put([]byte(ndbBlobMagic), uint32(i+1)), 0), uint32(len(h))), h...)
		for (len(blob)+ndbBlobTail)%ndbBlock != 0 {
			blob = append(blob, 0)
		}
		blob = append(put(put(blob, adler32.Checksum(blob)), uint32(len(h))), ndbTailMagic...)
		b = put(put(put(append(b, ndbSlotMagic...), uint32(i+1)), uint32((ndbPage+len(blobs))/ndbBlock)), uint32(len(blob)/ndbBlock))
		blobs = append(blobs, blob...)
	}
	for len(b) < ndbPage {
		b = append(append(b, ndbSlotMagic...), make([]byte, 12)...)
	}
	return append(b, blobs...)
}

// buildBDB returns a Berkeley DB hash of one bucket with headers under the numbers 1, 2, ..., all of them off-page: page 1
// is the bucket's, and the chain of each header follows that of the one before.
func buildBDB(order binary.AppendByteOrder, pageSize int, headers ...[]byte) []byte {
	room := pageSize - bdbPageHeader
	page := func(n, next, entries, free, kind int) []byte {
		b := order.AppendUint32(make([]byte, 8), uint32(n))
		b = order.AppendUint32(append(b, 0, 0, 0, 0), uint32(next))
		b = order.AppendUint16(order.AppendUint16(b, uint16(entries)), uint16(free))
		return append(b, 0, byte(kind))
	}
	var chains []byte
	var items [][]byte
	next := 2
	for i, h := range headers {
		items = append(items, order.AppendUint32([]byte{itemInline}, uint32(i+1)))
		items = append(items, order.AppendUint32(order.AppendUint32([]byte{itemOffPage, 0, 0, 0}, uint32(next)), uint32(len(h))))
		for len(h) > 0 {
			n := min(len(h), room)
			follow := next + 1
			if n == len(h) {
				follow = 0
			}
			p := append(page(next, follow, 1, n, pageOverflow), h[:n]...)
			chains = append(chains, append(p, make([]byte, pageSize-len(p))...)...)
			h = h[n:]
			next++
		}
	}
	bucket := append(page(1, 0, len(items), 0, pageHash), make([]byte, room)...)
	end := pageSize
	for i, item := range items {
		end -= len(item)
		copy(bucket[end:], item)
		copy(bucket[bdbPageHeader+2*i:], order.AppendUint16(nil, uint16(end)))
	}
	meta := make([]byte, pageSize)
	put := func(i int, v uint32) { copy(meta[4*i:], order.AppendUint32(nil, v)) }
	put(3, bdbHashMagic)
	put(4, 9)
	put(5, uint32(pageSize))
	meta[25] = 8 // P_HASHMETA
	put(8, uint32(next-1))
	put(24, 1) // bucket 0 is page 1
	return append(append(meta, bucket...), chains...)
}
