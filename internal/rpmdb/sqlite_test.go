package rpmdb

import (
	"encoding/binary"
	"strings"
	"testing"
)

// Where the pages of buildSQLite(three()...) are: the schema, the root of Packages, the leaf of a and its chain, and so on.
func TestDamagedSQLite(t *testing.T) {
	const page = sqliteTestPage
	be := binary.BigEndian
	sound := buildSQLite(three()...)
	root := page
	leafOf := func(i int) int { // where the leaf of a header is
		n := be.Uint32(sound[root+8:])
		if i < 2 {
			n = be.Uint32(sound[root+int(be.Uint16(sound[root+12+2*i:])):])
		}
		return page * int(n-1)
	}
	cell := func(leaf int) int { return leaf + int(be.Uint16(sound[leaf+8:])) }
	chain := func(leaf int) int { return page * int(be.Uint32(sound[leaf+page-4:])-1) } // the cell fills the page's end
	a, b, c := leafOf(0), leafOf(1), leafOf(2)
	noA, noB, noC := threeHeaders[1:], []string{threeHeaders[0], threeHeaders[2]}, threeHeaders[:2]

	for _, test := range []struct {
		name    string
		damage  func([]byte) []byte
		headers []string
		errs    []string
	}{
		{"none", func(db []byte) []byte { return db }, threeHeaders, nil},
		{"an interior page is its own child", func(db []byte) []byte {
			be.PutUint32(db[root+8:], 2)
			return db
		}, noC, []string{"page 2: used twice"}},
		{"a leaf has two parents", func(db []byte) []byte {
			be.PutUint32(db[root+8:], uint32(b/page+1))
			return db
		}, noC, []string{"used twice"}},
		{"a page of a chain follows itself", func(db []byte) []byte {
			be.PutUint32(db[chain(b):], uint32(chain(b)/page+1))
			return db
		}, noB, []string{"row 2: after"}},
		{"a chain ends early", func(db []byte) []byte {
			be.PutUint32(db[chain(b):], 0)
			return db
		}, noB, []string{"row 2: after"}},
		{"a chain leaves the file", func(db []byte) []byte {
			be.PutUint32(db[chain(b):], 1<<32-1)
			return db
		}, noB, []string{"page 4294967295: of"}},
		{"a row claims 2 GiB", func(db []byte) []byte {
			copy(db[cell(a):], []byte{0x88, 0x80, 0x80, 0x80, 0})
			return db
		}, noA, []string{"2147483648 bytes: too large"}},
		{"a row claims 200 MiB", func(db []byte) []byte {
			copy(db[cell(a):], []byte{0xe4, 0x80, 0x80, 0})
			return db
		}, noA, []string{"page 3: cell 0: row"}},
		{"a number without end", func(db []byte) []byte {
			be.PutUint16(db[b+8:], page-4)
			copy(db[b+page-4:], []byte{0xff, 0xff, 0xff, 0xff})
			return db
		}, noB, []string{"cell 0: truncated"}},
		{"a cell before the index", func(db []byte) []byte {
			be.PutUint16(db[b+8:], 3)
			return db
		}, noB, []string{"cell 0: offset 3"}},
		{"cells overlap", func(db []byte) []byte {
			be.PutUint16(db[root+3:], 200)
			for i := range 200 {
				be.PutUint16(db[root+12+2*i:], page-6)
			}
			return db
		}, nil, append(manyErrors(20, "past the end"), "page 2: cell 20: cells overlap")},
		{"300 cells", func(db []byte) []byte {
			be.PutUint16(db[root+3:], 300)
			return db
		}, nil, []string{"page 2: 300 cells"}},
		{"a page of an index", func(db []byte) []byte {
			db[b] = 0x0a
			return db
		}, noB, []string{"type 10, want a page of a table"}},
		{"no table Packages", func(db []byte) []byte {
			i := strings.Index(string(db[:page]), "Packages")
			copy(db[i:], "Baggages")
			return db
		}, nil, []string{"schema: no table Packages"}},
		{"a number in the column of blobs", func(db []byte) []byte {
			p := cell(a) + 3 // after the length, of two bytes, and the rowid
			copy(db[p:], []byte{3, 0, 1})
			return db
		}, noA, []string{"row 1: no blob"}},
		{"a column past the end", func(db []byte) []byte {
			copy(db[cell(a)+3:], []byte{4, 0, 0xff, 0x7f})
			return db
		}, noA, []string{"record: column 1: truncated"}},
		{"a record without columns", func(db []byte) []byte {
			copy(db[cell(a)+3:], []byte{1})
			return db
		}, noA, []string{"0 columns, want 2"}},
		{"cut off", func(db []byte) []byte { return db[:c] }, noC, []string{"past the end"}},
		{"cut within a page", func(db []byte) []byte { return db[:c+100] }, noC, []string{"past the end"}},
		{"a page size of 1000", func(db []byte) []byte {
			be.PutUint16(db[16:], 1000)
			return db
		}, nil, []string{"page size 1000"}},
		{"255 reserved bytes", func(db []byte) []byte {
			db[20] = 255
			return db
		}, nil, []string{"255 reserved bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRead(t, test.damage(buildSQLite(three()...)), nil, test.headers, test.errs...)
		})
	}
}

// A tree of a depth that no database has, each page the only child of the one before.
func TestDeepSQLite(t *testing.T) {
	db := buildSQLite(three()...)
	n := len(db) / sqliteTestPage
	binary.BigEndian.PutUint32(db[sqliteTestPage+8:], uint32(n+1))
	for i := range 100 {
		p := make([]byte, sqliteTestPage)
		p[0] = sqliteInterior
		binary.BigEndian.PutUint32(p[8:], uint32(n+i+2))
		db = append(db, p...)
	}
	checkRead(t, db, nil, threeHeaders[:2], "deeper than 20 levels")
}

func TestWAL(t *testing.T) {
	const page = sqliteTestPage
	be := binary.BigEndian
	old := buildSQLite(three()...)
	// The same with a, b and d, but so that only the changed pages, and those beyond the old file, are in the log.
	changed := buildSQLite(buildPackage("a", 0), buildPackage("b", 100), buildPackage("d", 1500))
	var frames []walFrame
	for p := 0; p < len(changed); p += page {
		if p >= len(old) || string(changed[p:p+page]) != string(old[p:p+page]) {
			frames = append(frames, walFrame{uint32(p/page + 1), changed[p : p+page]})
		}
	}
	commit := walTransaction{uint32(len(changed) / page), frames}
	open := walTransaction{0, []walFrame{{2, make([]byte, page)}}} // never committed
	after := []string{threeHeaders[0], threeHeaders[1], "3 d 1500"}
	flip := func(log []byte, off int) []byte {
		log[off] ^= 1
		return log
	}
	frame := walHeader + walFrameHeader + page

	for _, test := range []struct {
		name    string
		log     []byte
		headers []string
		errs    []string
	}{
		{"empty", []byte{}, threeHeaders, nil},
		{"no transaction", buildWAL(be), threeHeaders, nil},
		{"one, big-endian checksums", buildWAL(be, commit), after, nil},
		{"one, little-endian checksums", buildWAL(binary.LittleEndian, commit), after, nil},
		{"one, and an open one", buildWAL(be, commit, open), after, nil},
		{"only an open one", buildWAL(be, open), threeHeaders, nil},
		{"back and forth", buildWAL(be, commit, walTransaction{uint32(len(old) / page), []walFrame{{2, old[page : 2*page]}}},
			commit), after, nil},
		{"cut within the last frame", buildWAL(be, commit)[:walHeader+len(frames)*(walFrameHeader+page)-1], threeHeaders, nil},
		{"a byte of the first page changed", flip(buildWAL(be, commit), frame-1), threeHeaders, nil},
		{"a salt of the first frame changed", flip(buildWAL(be, commit), walHeader+8), threeHeaders, nil},
		{"a byte of the open transaction changed", flip(buildWAL(be, commit, open), walHeader+(len(frames)+1)*(walFrameHeader+page)-1), after, nil},
		{"a byte of the header changed", flip(buildWAL(be, commit), 13), threeHeaders, []string{"write-ahead log: header: checksum"}},
		{"another magic", flip(buildWAL(be, commit), 1), threeHeaders, []string{"write-ahead log: header: not a"}},
		{"another version", flip(buildWAL(be, commit), 7), threeHeaders, []string{"version 3007001: unsupported"}},
		{"another page size", flip(buildWAL(be, commit), 10), threeHeaders, []string{"pages of 768 bytes, but the database has pages of 512"}},
		{"a header cut off", buildWAL(be)[:20], threeHeaders, []string{"header: bytes 0 to 32"}},
		{"4 billion pages after the commit", buildWAL(be, walTransaction{1<<32 - 1, frames}), after, nil},
		{"no page after the commit but one", buildWAL(be, walTransaction{1, frames}), nil, []string{"page 2: of 1 pages"}},
	} {
		t.Run(test.name, func(t *testing.T) { checkRead(t, old, test.log, test.headers, test.errs...) })
	}
}
