// Package rpmdb reads the package database of rpm(8) without rpm: Berkeley DB ("Packages"), NDB ("Packages.db") and
// SQLite ("rpmdb.sqlite", with its write-ahead log), through an io.ReaderAt, page by page.
//
// [Open] recognises the format by its content, [DB.Headers] yields one [Header] for each installed package. What is
// damaged is reported between the headers, and reading goes on with whatever can still be read.
//
// The databases are hostile input. Every page is used at most once, so the time is linear in the size of the file whatever
// its pointers say. One header's bytes are held at a time, gathered as they are read and never by the length that something
// claims; a Header takes at most 16 times its bytes. Beside that there is one bit for each page and a word or two for each
// page of a write-ahead log, or as much as the slots of an NDB.
//
// Sources: rpm's lib/header.c, lib/backend/bdb_ro.c, lib/backend/ndb/rpmpkg.c and docs/manual; Berkeley DB's
// dbinc/db_page.h; SQLite's "Database File Format" and "WAL-mode File Format".
package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Errors that Open and Headers wrap.
var (
	// ErrUnknownFormat: the content is none of the formats that rpm has used.
	ErrUnknownFormat = errors.New("not an rpm database")

	// ErrUnsupported: the content is recognised but cannot be read: the B-tree of rpm 5, encryption, a newer version.
	ErrUnsupported = errors.New("unsupported")

	// ErrTooLarge: a header is larger than MaxHeader.
	ErrTooLarge = errors.New("too large")
)

// MaxHeader is the most bytes that one header may have, which is rpm's own limit (headerMaxbytes in lib/header.c).
const MaxHeader = 256 << 20

// A Format is one of rpm's database formats.
type Format string

const (
	BerkeleyDB Format = "Berkeley DB" // rpm 4.0 to 4.16: Packages
	NDB        Format = "NDB"         // SUSE: Packages.db
	SQLite     Format = "SQLite"      // rpm 4.16 and later: rpmdb.sqlite
)

// Options change how a database is read. The zero value is right for a database without a write-ahead log.
type Options struct {
	// WAL is the content of rpmdb.sqlite-wal, nil where there is none. Other formats ignore it.
	WAL *io.SectionReader
}

// A DB is an open database. Its methods may be called from several goroutines at once.
type DB struct {
	format Format
	store  store
}

// A store finds the headers of one format. The records it yields share one buffer: each is valid until the next. An
// error may come with a record, which is then suspect but whole, or alone.
type store interface {
	records(yield func(record, error) bool)
}

// A record is a header as the database keeps it.
type record struct {
	instance uint32 // rpm's number of the header in this database
	blob     []byte // nil beside an error
}

// Open recognises the format of a database of the given size. It reads the first page, and the write-ahead log. The error
// wraps ErrUnknownFormat or ErrUnsupported where that is the reason; what is wrong with a log comes with the headers, which
// are then those of the database without it.
func Open(r io.ReaderAt, size int64, o Options) (*DB, error) {
	if size == 0 {
		return nil, fmt.Errorf("rpmdb: empty file: %w", ErrUnknownFormat)
	}
	var head [512]byte
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("rpmdb: first page: %w", err)
	}
	f := file{r, size}
	db := &DB{format: recognise(head[:n])}
	switch db.format {
	case BerkeleyDB:
		db.store, err = openBDB(f, head[:n])
	case NDB:
		db.store, err = openNDB(f, head[:n])
	case SQLite:
		db.store, err = openSQLite(f, head[:n], o.WAL)
	default:
		err = ErrUnknownFormat
	}
	if err != nil {
		return nil, fmt.Errorf("rpmdb: %w", err)
	}
	return db, nil
}

// recognise names the format that starts with head, or "".
func recognise(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte(sqliteMagic)):
		return SQLite
	case bytes.HasPrefix(head, []byte(ndbMagic)):
		return NDB
	case len(head) < 16:
		return ""
	}
	little, big := binary.LittleEndian.Uint32(head[12:]), binary.BigEndian.Uint32(head[12:])
	if little == bdbHashMagic || big == bdbHashMagic || little == bdbBTreeMagic || big == bdbBTreeMagic {
		return BerkeleyDB
	}
	return ""
}

// Format returns the format of the database.
func (db *DB) Format() Format { return db.format }

// Headers yields the headers in the order of the database. An error says what could not be read, and where; it comes
// alone, with a nil Header, or with a Header that was understood in part. Reading goes on after it.
func (db *DB) Headers() iter.Seq2[*Header, error] {
	return func(yield func(*Header, error) bool) {
		var d decoder
		for rec, err := range db.store.records {
			if rec.blob == nil {
				if !yield(nil, fmt.Errorf("rpmdb: %w", err)) {
					return
				}
				continue
			}
			h, bad := d.decode(rec.blob)
			if h != nil {
				h.Instance = rec.instance
			}
			if err = errors.Join(err, bad); err != nil {
				err = fmt.Errorf("rpmdb: header %d: %w", rec.instance, err)
			}
			if !yield(h, err) {
				return
			}
		}
	}
}
