package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The layout follows dbinc/db_page.h of Berkeley DB 4 and 5 (struct _dbmeta33, _hashmeta33, PAGE, HOFFPAGE). The order of
// buckets follows rpm's lib/backend/bdb_ro.c.
const (
	bdbHashMagic  = 0x00061561
	bdbBTreeMagic = 0x00053162

	bdbPageHeader = 26

	pageHashOld  = 2  // P_HASH_UNSORTED
	pageOverflow = 7  // P_OVERFLOW
	pageHash     = 13 // P_HASH

	itemInline  = 1 // H_KEYDATA
	itemOffPage = 3 // H_OFFPAGE

	bdbMetaChecksum = 0x01 // DBMETA_CHKSUM
)

// A bdb is a Berkeley DB hash of headers by number.
type bdb struct {
	file      file
	order     binary.ByteOrder // byte order of the machine that wrote the file
	pageSize  uint32
	pages     uint32 // pages in the file, including the meta page
	lastPage  uint32 // last page according to the meta page
	maxBucket uint32
	spares    [32]uint32
}

// openBDB reads the meta page.
func openBDB(f file, head []byte) (*bdb, error) {
	if len(head) < 512 {
		return nil, fmt.Errorf("meta page: %w", errPastEnd)
	}
	db := &bdb{file: f, order: binary.LittleEndian}
	if magic := db.order.Uint32(head[12:]); magic != bdbHashMagic && magic != bdbBTreeMagic {
		db.order = binary.BigEndian
	}
	if db.order.Uint32(head[12:]) == bdbBTreeMagic {
		// rpm 5 has other headers and versions, which may end in a "distepoch".
		return nil, fmt.Errorf("rpm 5's B-tree of Berkeley DB: %w", ErrUnsupported)
	}
	word := func(i int) uint32 { return db.order.Uint32(head[4*i:]) }

	if v := word(4); v < 8 || v > 10 {
		return nil, fmt.Errorf("meta page: Berkeley DB version %d: %w", v, ErrUnsupported)
	}
	db.pageSize = word(5)
	if s := db.pageSize; s < 512 || s > 65536 || s&(s-1) != 0 {
		return nil, fmt.Errorf("meta page: page size %d", s)
	}
	if head[24] != 0 || head[26]&bdbMetaChecksum != 0 {
		return nil, fmt.Errorf("meta page: encrypted or checksummed pages: %w", ErrUnsupported)
	}
	db.lastPage = word(8)
	db.pages = uint32(min(f.size/int64(db.pageSize), int64(db.lastPage)+1, 1<<32-1))
	db.maxBucket = word(18)
	for i := range db.spares {
		db.spares[i] = word(24 + i)
	}
	return db, nil
}

// A bdbWalk is a pass over a bdb.
type bdbWalk struct {
	*bdb
	yield    func(record, error) bool
	seen     pageSet
	page     []byte // current page of items
	overflow []byte // current overflow page
	blob     []byte // value from a chain of overflow pages
	broken   bool   // a reported error explains unreachable pages of items
}

func (db *bdb) records(yield func(record, error) bool) {
	w := bdbWalk{
		bdb: db, yield: yield, seen: newPageSet(db.pages),
		page: make([]byte, db.pageSize), overflow: make([]byte, db.pageSize),
	}
	if db.pages <= db.lastPage {
		w.broken = true
		if !w.fail(fmt.Errorf("%d of %d pages: %w", db.pages, int64(db.lastPage)+1, errPastEnd)) {
			return
		}
	}
	if w.buckets() {
		w.sweep()
	}
}

func (w *bdbWalk) fail(err error) bool { return w.yield(record{}, err) }

// load reads a page into p. It returns an error if the page was read before.
func (w *bdbWalk) load(p []byte, page uint32) error {
	if page == 0 || page >= w.pages {
		return fmt.Errorf("page %d: %w", page, errPastEnd)
	}
	if !w.seen.add(page) {
		return fmt.Errorf("page %d: %w", page, errPageTwice)
	}
	if err := w.file.read(p, int64(page)*int64(w.pageSize)); err != nil {
		return fmt.Errorf("page %d: %w", page, err)
	}
	if n := w.order.Uint32(p[8:]); n != page {
		return fmt.Errorf("page %d: its header has number %d", page, n)
	}
	return nil
}

var errPageTwice = errors.New("used twice: the pages form a cycle or have two owners")

// buckets follows the chain of pages of each bucket of a hash. It returns false if the caller stopped.
func (w *bdbWalk) buckets() bool {
	last := w.maxBucket
	if last >= w.pages && last >= w.lastPage {
		w.broken, last = true, w.pages-1
		if !w.fail(fmt.Errorf("meta page: %d buckets in %d pages", int64(w.maxBucket)+1, w.pages)) {
			return false
		}
	}
	for bucket := uint32(0); bucket <= min(last, w.pages); bucket++ {
		for page, first := w.bucketPage(bucket), true; first || page != 0; first = false {
			if page >= w.pages && page <= w.lastPage {
				break // truncated, which records reported
			}
			err := w.load(w.page, page)
			if kind := w.page[25]; err == nil && kind != pageHash && kind != pageHashOld {
				err = fmt.Errorf("page %d: type %d, want a hash page", page, kind)
			}
			if err != nil {
				w.broken = true
				if !w.fail(fmt.Errorf("bucket %d: %w", bucket, err)) {
					return false
				}
				break
			}
			if !w.items(page) {
				return false
			}
			page = w.order.Uint32(w.page[16:])
		}
	}
	return true
}

// bucketPage returns the first page of a bucket. The number of buckets grows by doubling. The pages of a doubling are
// consecutive and begin at the page in spares.
func (w *bdbWalk) bucketPage(bucket uint32) uint32 {
	doubling := 0
	for b := bucket; b != 0; b >>= 1 {
		doubling++
	}
	if doubling >= len(w.spares) {
		return ^uint32(0)
	}
	return bucket + w.spares[doubling]
}

// sweep reads the pages of items that are in no chain. Such pages exist only if a chain or the number of buckets is damaged.
func (w *bdbWalk) sweep() {
	head := w.overflow[:bdbPageHeader]
	for page := uint32(1); page < w.pages; page++ {
		if w.seen.has(page) {
			continue
		}
		if err := w.file.read(head, int64(page)*int64(w.pageSize)); err != nil {
			w.fail(fmt.Errorf("page %d: %w", page, err))
			return
		}
		number, items, kind := w.order.Uint32(head[8:]), w.order.Uint16(head[20:]), head[25]
		if number != page || items == 0 || kind != pageHash && kind != pageHashOld {
			continue
		}
		if !w.broken {
			w.broken = true
			if !w.fail(fmt.Errorf("page %d: not in any bucket", page)) {
				return
			}
		}
		err := w.load(w.page, page)
		if err != nil && !w.fail(err) || err == nil && !w.items(page) {
			return
		}
	}
}
