package rpmdb

import (
	"encoding/binary"
	"testing"
)

// Where the pages of buildBDB(LittleEndian, 512, three()...) are: the meta page, the bucket's page 1, and the chains: that
// of a in page 2, of b from 3, of c after that.
func TestDamagedBDB(t *testing.T) {
	const page = 512
	le := binary.LittleEndian
	sound := buildBDB(le, page, three()...)
	lastPage := uint32(len(sound)/page - 1)
	item := func(i int) int { return page + int(le.Uint16(sound[page+bdbPageHeader+2*i:])) }
	chainOf := func(i int) int { return page * int(le.Uint32(sound[item(2*i+1)+4:])) }
	a, b, c := chainOf(0), chainOf(1), chainOf(2)
	onlyA, noB, noA := threeHeaders[:1], []string{threeHeaders[0], threeHeaders[2]}, threeHeaders[1:]
	noC := threeHeaders[:2]

	if a/page != 2 || b/page != 3 || c/page != 6 {
		t.Fatalf("chains at pages %d, %d, %d", a/page, b/page, c/page)
	}
	for _, test := range []struct {
		name    string
		damage  func([]byte) []byte
		headers []string
		errs    []string
	}{
		{"none", func(db []byte) []byte { return db }, threeHeaders, nil},
		{"an overflow page follows itself", func(db []byte) []byte {
			le.PutUint32(db[b+16:], uint32(b/page))
			return db
		}, noB, []string{"header 2: after 486 of 1344 bytes: page 3: used twice"}},
		{"all overflow pages follow themselves", func(db []byte) []byte {
			for p := b; p < len(db); p += page {
				le.PutUint32(db[p+16:], uint32(p/page))
			}
			return db
		}, onlyA, []string{"header 2: after", "header 3: after"}},
		{"the chain of c runs into that of b", func(db []byte) []byte {
			le.PutUint32(db[c+16:], uint32(b/page))
			return db
		}, noC, []string{"header 3: after 486"}},
		{"a header claims 2 GiB", func(db []byte) []byte {
			le.PutUint32(db[item(1)+8:], 1<<31-1)
			return db
		}, noA, []string{"header 1: 2147483647 bytes: too large"}},
		{"a header claims 200 MiB", func(db []byte) []byte {
			le.PutUint32(db[item(1)+8:], 200<<20)
			return db
		}, noA, []string{"header 1: after 192 of 209715200 bytes: page 0"}},
		{"a page claims more bytes than it has", func(db []byte) []byte {
			le.PutUint16(db[b+22:], 511)
			return db
		}, noB, []string{"page 3: 511 bytes, 1344 remain"}},
		{"an overflow page is empty", func(db []byte) []byte {
			le.PutUint16(db[b+22:], 0)
			return db
		}, noB, []string{"page 3: 0 bytes"}},
		{"an overflow page of another type", func(db []byte) []byte {
			db[b+25] = 5
			return db
		}, noB, []string{"page 3: type 5, want an overflow page"}},
		{"a page of another number", func(db []byte) []byte {
			le.PutUint32(db[b+8:], 99)
			return db
		}, noB, []string{"page 3: its header has number 99"}},
		{"cut off after b", func(db []byte) []byte {
			return db[:c]
		}, noC, []string{"6 of 31 pages: past the end", "header 3: after 0 of"}},
		{"the bucket's page follows itself", func(db []byte) []byte {
			le.PutUint32(db[page+16:], 1)
			return db
		}, threeHeaders, []string{"bucket 0: page 1: used twice"}},
		{"the bucket starts at an overflow page", func(db []byte) []byte {
			le.PutUint32(db[4*24:], lastPage)
			return db
		}, noC, []string{"type 7, want a hash page", "header 3: after 11664 of 12144 bytes: page 30: used twice"}},
		{"the bucket starts at the meta page", func(db []byte) []byte {
			le.PutUint32(db[4*24:], 0)
			return db
		}, threeHeaders, []string{"bucket 0: page 0: past the end"}},
		{"the bucket starts past the end", func(db []byte) []byte {
			le.PutUint32(db[4*24:], 1<<31)
			return db
		}, threeHeaders, []string{"bucket 0: page 2147483648: past the end"}},
		{"4 billion pages", func(db []byte) []byte {
			le.PutUint32(db[4*8:], 1<<32-1)
			return db
		}, threeHeaders, []string{"of 4294967296 pages: past the end"}},
		{"4 billion buckets", func(db []byte) []byte {
			le.PutUint32(db[4*18:], 1<<32-1)
			for i := range 32 {
				le.PutUint32(db[4*(24+i):], lastPage+1) // so that each bucket costs little to refuse
			}
			return db
		}, threeHeaders, append([]string{"meta page: 4294967296 buckets in 31 pages"}, manyErrors(31, "past the end")...)},
		{"items overlap", func(db []byte) []byte {
			copy(db[page+bdbPageHeader+4:], db[page+bdbPageHeader:][:4])
			return db
		}, onlyA, []string{"page 1: item 2: offsets"}},
		{"40,000 items", func(db []byte) []byte {
			le.PutUint16(db[page+20:], 40000)
			return db
		}, nil, []string{"page 1: 40000 items, at most 243 fit"}},
		{"a key that is no number", func(db []byte) []byte {
			db[item(0)] = itemOffPage
			return db
		}, noA, []string{"page 1: item 0: key: item of type 3 with 5 bytes"}},
		{"a value of duplicates", func(db []byte) []byte {
			db[item(1)] = 2
			return db
		}, noA, []string{"header 1: item of type 2 with 12 bytes: unsupported"}},
		{"the counter under key 0", func(db []byte) []byte {
			le.PutUint32(db[item(0)+1:], 0)
			return db
		}, noA, nil},
		{"pages of 1000 bytes", func(db []byte) []byte {
			le.PutUint32(db[20:], 1000)
			return db
		}, nil, []string{"page size 1000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRead(t, test.damage(buildBDB(le, page, three()...)), nil, test.headers, test.errs...)
		})
	}
}

// Buckets that the meta page does not count are read, and said.
func TestLostBuckets(t *testing.T) {
	_, want := somePackages(7)
	db := readFile(t, "testdata/hash-le-512")
	if binary.LittleEndian.Uint32(db[4*18:]) == 0 {
		t.Fatal("there is one bucket only")
	}
	binary.LittleEndian.PutUint32(db[4*18:], 0)
	checkRead(t, db, nil, want, "not in any bucket")
}

func manyErrors(n int, text string) []string {
	errs := make([]string, n)
	for i := range errs {
		errs[i] = text
	}
	return errs
}
