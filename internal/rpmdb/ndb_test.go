package rpmdb

import (
	"encoding/binary"
	"testing"
)

func TestDamagedNDB(t *testing.T) {
	le := binary.LittleEndian
	slot := func(n int) int { return 32 + 16*n }
	blob := func(db []byte, n int) int { return ndbBlock * int(le.Uint32(db[slot(n)+8:])) }
	noB := []string{threeHeaders[0], threeHeaders[2]}
	for _, test := range []struct {
		name    string
		damage  func([]byte) []byte
		headers []string
		errs    []string
	}{
		{"none", func(db []byte) []byte { return db }, threeHeaders, nil},
		{"a slot is free", func(db []byte) []byte {
			le.PutUint32(db[slot(1)+8:], 0)
			return db
		}, noB, nil},
		{"a slot without its mark", func(db []byte) []byte {
			db[slot(1)] = 'X'
			return db
		}, noB, []string{"page 0: 1 slots without magic bytes"}},
		{"4 billion pages of slots", func(db []byte) []byte {
			le.PutUint32(db[12:], 1<<32-1)
			return db
		}, threeHeaders, []string{"4294967295 pages of slots, at most 4 fit", "page 1: 256 slots without magic bytes"}},
		{"a blob past the end", func(db []byte) []byte {
			le.PutUint32(db[slot(1)+8:], 1<<31)
			return db
		}, noB, []string{"header 2: blocks 2147483648 to"}},
		{"a blob of 2 GiB", func(db []byte) []byte {
			le.PutUint32(db[slot(2)+12:], 1<<27)
			return db
		}, threeHeaders[:2], []string{"header 3: blocks"}},
		{"a blob of no blocks", func(db []byte) []byte {
			le.PutUint32(db[slot(2)+12:], 0)
			return db
		}, threeHeaders[:2], []string{"header 3: 0 blocks"}},
		{"two slots for one blob", func(db []byte) []byte {
			copy(db[slot(2):], db[slot(1):slot(2)])
			return db
		}, threeHeaders[:2], []string{"header 2: block"}},
		{"a blob within the slots", func(db []byte) []byte {
			le.PutUint32(db[slot(1)+8:], 2)
			return db
		}, noB, []string{"header 2: block 2: in use"}},
		{"the blob of another header", func(db []byte) []byte {
			le.PutUint32(db[slot(1)+4:], 7)
			return db
		}, noB, []string{"header 7: block"}},
		{"a blob without its mark", func(db []byte) []byte {
			db[blob(db, 1)] = 'X'
			return db
		}, noB, []string{"header 2: block 270: no blob"}},
		{"another length", func(db []byte) []byte {
			le.PutUint32(db[blob(db, 1)+12:], 2)
			return db
		}, noB, []string{"header 2: block 270: 2 bytes in 86 blocks"}},
		{"a byte changed", func(db []byte) []byte {
			db[blob(db, 1)+8]++ // the time
			return db
		}, threeHeaders, []string{"header 2: block 270: checksum does not match"}},
		{"cut off", func(db []byte) []byte {
			return db[:blob(db, 2)+100]
		}, threeHeaders[:2], []string{"header 3: blocks"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRead(t, test.damage(buildNDB(three()...)), nil, test.headers, test.errs...)
		})
	}
}
