package rpmdb

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"io"
	"strings"
	"testing"
)

// A countingReader counts the bytes that are read.
type countingReader struct {
	r io.ReaderAt
	n int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// fuzzRead reads a database and checks what must hold of any: every byte is read a bounded number of times, and what was
// understood is bounded by what was read.
func fuzzRead(t *testing.T, content, wal []byte) {
	r := &countingReader{r: bytes.NewReader(content)}
	o := Options{Details: true}
	if wal != nil {
		o.WAL = section(wal)
	}
	db, err := Open(r, int64(len(content)), o)
	if err != nil {
		return
	}
	size := 0
	for h, err := range db.Headers() {
		if h == nil && err == nil {
			t.Fatal("neither a header nor an error")
		}
		if h == nil {
			continue
		}
		if h.Name == "" || h.Version == "" || h.Release == "" {
			t.Fatalf("no package: %+v", h)
		}
		if h.Details != nil && len(h.Details) != len(h.Files) {
			t.Fatalf("%d files, details of %d", len(h.Files), len(h.Details))
		}
		for _, list := range [][]string{h.Files, h.Provides, h.Requires} {
			for _, s := range list {
				size += len(s)
			}
		}
	}
	if all := int64(len(content) + len(wal)); r.n > 4*all+4096 || int64(size) > 64*all+1<<20 {
		t.Fatalf("%d bytes: %d were read, into %d", all, r.n, size)
	}
}

// hostileHeaders are headers that take more memory than they have bytes, or say what their data lacks.
func hostileHeaders() [][]byte {
	required := []value{{tagName, "p"}, {tagVersion, "1"}, {tagRelease, "1"}}
	with := func(v ...value) []byte { return buildHeader(append(required, v...)) }
	claim := func(at int, n uint32) []byte { // replaces a number of the index
		b := buildPackage("claims", 3)
		binary.BigEndian.PutUint32(b[at:], n)
		return b
	}
	none := make([]string, 200)
	return [][]byte{
		with(value{tagBaseNames, none}, value{tagDirIndexes, make([]uint32, 200)}, value{tagDirNames, []string{"/" + strings.Repeat("d", 2000)}}),
		with(value{tagBaseNames, []string{"a"}}, value{tagDirIndexes, []uint32{1 << 31}}, value{tagDirNames, none}),
		with(value{tagBaseNames, none}, value{tagDirIndexes, []uint32{0}}),
		with(value{tagProvideName, none}, value{tagRequireName, none}, value{tagOldFileNames, none}),
		buildHeader([]value{{tagName, uint32(1)}, {tagVersion, []byte{0}}, {tagRelease, i18n{}}}),
		buildHeader(nil),
		claim(0, 1<<31), claim(4, 1<<31), claim(8+16+8, 1<<31-1), claim(8+16+8, 1<<32-1), claim(8+16+12, 1<<31), claim(8+16*9+12, 1<<30), claim(8+4, 6),
	}
}

// addDamaged adds a database, and copies with a word of its first ones that claims much or leads back.
func addDamaged(f *testing.F, db []byte) {
	f.Add(db)
	words := []string{"\xff\xff\xff\x7f", "\x01\x00\x00\x00", "\x00\x00\x00\x01"}
	for i := range min(len(db), 160) / 4 {
		bad := bytes.Clone(db)
		copy(bad[4*i:], words[i%len(words)])
		f.Add(bad)
	}
}

func FuzzBerkeleyDB(f *testing.F) {
	f.Add(readFile(f, "testdata/hash-le-512"))
	f.Add(readFile(f, "testdata/hash-be-512"))
	addDamaged(f, buildBDB(binary.LittleEndian, 1024, three()...))
	addDamaged(f, buildBDB(binary.BigEndian, 512, hostileHeaders()...))
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, content, nil) })
}

func FuzzNDB(f *testing.F) {
	addDamaged(f, buildNDB(three()...))
	addDamaged(f, buildNDB(hostileHeaders()...))
	f.Add(buildNDB())
	f.Fuzz(func(t *testing.T, content []byte) {
		fixChecksums(content)
		fuzzRead(t, content, nil)
	})
}

// fixChecksums makes the checksums of the blobs of an NDB right, so that fuzzing gets past them.
func fixChecksums(db []byte) {
	for off := 0; off+ndbBlock <= len(db); off += ndbBlock {
		if string(db[off:off+4]) != ndbBlobMagic {
			continue
		}
		n := int64(binary.LittleEndian.Uint32(db[off+12:]))
		size := (n + ndbBlobHead + ndbBlobTail + ndbBlock - 1) / ndbBlock * ndbBlock
		if int64(off)+size > int64(len(db)) {
			continue
		}
		blob := db[off : int64(off)+size]
		binary.LittleEndian.PutUint32(blob[size-ndbBlobTail:], adler32.Checksum(blob[:size-ndbBlobTail]))
	}
}

func FuzzSQLite(f *testing.F) {
	f.Add(readFile(f, "testdata/vacuum.sqlite"))
	addDamaged(f, buildSQLite(three()...))
	addDamaged(f, buildSQLite(hostileHeaders()...))
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, content, nil) })
}

func FuzzWAL(f *testing.F) {
	base := readFile(f, "testdata/vacuum.sqlite")
	addDamaged(f, readFile(f, "testdata/vacuum.sqlite-wal"))
	f.Fuzz(func(t *testing.T, wal []byte) {
		fixWAL(wal)
		fuzzRead(t, base, wal)
	})
}

// fixWAL makes the salts and checksums of a write-ahead log right, so that fuzzing gets past them.
func fixWAL(wal []byte) {
	if len(wal) < walHeader {
		return
	}
	be := binary.BigEndian
	sum := walSum{order: binary.LittleEndian}
	if wal[3]&1 != 0 {
		sum.order = be
	}
	put := func(p []byte) {
		be.PutUint32(p, sum.a)
		be.PutUint32(p[4:], sum.b)
	}
	sum.add(wal[:24])
	put(wal[24:])
	const size = walFrameHeader + sqliteTestPage
	for off := walHeader; off+size <= len(wal); off += size {
		frame := wal[off : off+size]
		copy(frame[8:16], wal[16:24])
		sum.add(frame[:8])
		sum.add(frame[walFrameHeader:])
		put(frame[16:])
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(buildPackage("fuzz", 20))
	for _, h := range hostileHeaders() {
		f.Add(h)
	}
	f.Add(buildHeader([]value{
		{tagName, "n"}, {tagVersion, "1"}, {tagRelease, "1"}, {tagSummary, i18n{"a", "b"}}, {tagLongSize, uint64(1)},
		{tagOldFileNames, []string{"/a"}}, {tagRequireName, []string{"x"}}, {TagSigMD5, []byte{1}},
	}))
	f.Add(buildHeader([]value{
		{tagName, "n"}, {tagVersion, "1"}, {tagRelease, "1"}, {tagBaseNames, []string{"a", "b"}}, {tagDirNames, []string{"/"}}, {tagDirIndexes, []uint32{0, 0}},
		{tagFileSizes, []uint32{1, 2}}, {tagFileMtimes, []uint32{1, 2}}, {tagFileDigests, []string{"00", ""}}, {tagFileFlags, []uint32{1}},
	}))
	f.Fuzz(func(t *testing.T, blob []byte) {
		h, err := (&decoder{detail: true}).decode(blob)
		if h == nil && err == nil {
			t.Fatal("neither a header nor an error")
		}
	})
}
