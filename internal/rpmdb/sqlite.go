package rpmdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// The layout follows "Database File Format" in SQLite's documentation (fileformat2.html), whose sections are cited below.
const (
	sqliteMagic = "SQLite format 3\x00"

	sqliteHeader   = 100
	sqliteInterior = 0x05 // table b-tree pages
	sqliteLeaf     = 0x0d
	sqliteMaxDepth = 20 // SQLite's own limit (BTCURSOR_MAX_DEPTH)

	sqliteTable = "Packages" // CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)
)

// A sqlite is an SQLite database and its write-ahead log.
type sqlite struct {
	file     file
	wal      *wal  // nil without a usable log
	walErr   error // why the log is unusable
	pageSize uint32
	usable   uint32 // bytes of a page that SQLite uses
	pages    uint32 // pages of the database

	filePages uint32 // pages in the file
}

// openSQLite reads the database header (section 1.3) and the write-ahead log.
func openSQLite(f file, head []byte, log *io.SectionReader) (*sqlite, error) {
	if len(head) < sqliteHeader {
		return nil, fmt.Errorf("database header: %w", errPastEnd)
	}
	db := &sqlite{file: f, pageSize: uint32(binary.BigEndian.Uint16(head[16:]))}
	if db.pageSize == 1 {
		db.pageSize = 65536
	}
	if s := db.pageSize; s < 512 || s&(s-1) != 0 {
		return nil, fmt.Errorf("database header: page size %d", s)
	}
	db.filePages = uint32(min((f.size+int64(db.pageSize)-1)/int64(db.pageSize), 1<<31))
	db.pages = db.filePages
	if log != nil && log.Size() > 0 {
		var err error
		if db.wal, err = readWAL(log, db.pageSize); err != nil {
			db.walErr = fmt.Errorf("write-ahead log: %w", err)
		}
		if db.wal != nil {
			db.pages = db.wal.pages
		}
	}
	var page [sqliteHeader]byte
	if _, err := db.read(page[:], 1); err != nil { // the log may have a newer header
		return nil, fmt.Errorf("page 1: %w", err)
	}
	db.usable = db.pageSize - uint32(page[20])
	if db.usable < 480 {
		return nil, fmt.Errorf("database header: %d reserved bytes in pages of %d", page[20], db.pageSize)
	}
	if v := page[19]; v > 2 {
		return nil, fmt.Errorf("database header: read version %d: %w", v, ErrUnsupported)
	}
	if e := binary.BigEndian.Uint32(page[56:]); e > 1 {
		return nil, fmt.Errorf("database header: text in encoding %d, not UTF-8: %w", e, ErrUnsupported)
	}
	return db, nil
}

// read fills p with the start of a page after the last transaction. It returns the place of the page: an index of the pages of
// the file, followed by the frames of the log.
func (db *sqlite) read(p []byte, page uint32) (place uint32, err error) {
	if page == 0 || page > db.pages {
		return 0, fmt.Errorf("of %d pages: %w", db.pages, errPastEnd)
	}
	if db.wal != nil {
		if frame, ok := db.wal.frame[page]; ok {
			return db.filePages + frame, db.wal.read(p, frame)
		}
	}
	return page - 1, db.file.read(p, int64(page-1)*int64(db.pageSize))
}

// places returns the number of places. The sizes of the files bound it, unlike the number of pages that a log states.
func (db *sqlite) places() uint32 {
	if db.wal == nil {
		return db.filePages
	}
	return db.filePages + db.wal.frames
}

func (db *sqlite) records(yield func(record, error) bool) {
	if db.walErr != nil && !yield(record{}, db.walErr) {
		return
	}
	db.rows(sqliteTable, 2, func(row int64, r *sqliteRecord, err error) bool {
		rec := record{instance: uint32(row)}
		if err == nil {
			if rec.blob = r.text(1); rec.blob == nil {
				err = fmt.Errorf("row %d: no blob in the second column", row)
			}
		}
		return yield(rec, err)
	})
}

// rows yields the rows of a table with the first columns of each, or errors. The columns are valid until yield returns.
func (db *sqlite) rows(table string, columns int, yield func(row int64, r *sqliteRecord, err error) bool) {
	w := sqliteWalk{sqlite: db, seen: newPageSet(db.places())}

	// The schema is the table at page 1 (section 2.6): type, name, tbl_name, rootpage, sql.
	var root uint32
	more := w.table(1, 0, func(row int64, payload []byte, err error) bool {
		var r sqliteRecord
		if err == nil {
			r, err = parseRecord(payload, 4)
		}
		if err != nil {
			return yield(0, nil, fmt.Errorf("schema: %w", err))
		}
		if string(r.text(0)) != "table" || !strings.EqualFold(string(r.text(1)), table) {
			return true
		}
		root = uint32(r.integer(3))
		return false
	})
	if root == 0 {
		if more {
			yield(0, nil, fmt.Errorf("schema: no table %s", table))
		}
		return
	}
	w.table(root, 0, func(row int64, payload []byte, err error) bool {
		var r sqliteRecord
		if err == nil {
			r, err = parseRecord(payload, columns)
		}
		return yield(row, &r, err)
	})
}
