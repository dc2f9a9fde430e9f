// Package rpmdb reads the package database of rpm(8) without rpm: Berkeley DB ("Packages"), NDB ("Packages.db") and
// SQLite ("rpmdb.sqlite", with its write-ahead log), through an io.ReaderAt, page by page.
//
// [Open] recognises the format by the content. [DB.Headers] yields a [Header] for each installed package. It yields errors
// for damaged parts between the headers and continues with the readable rest.
//
// The databases are hostile input. Each page is used at most once, so the time is linear in the size of the file,
// regardless of its pointers. The package holds the bytes of one header at a time. Their buffer grows with the bytes that are
// read, not with a stated length. A Header takes at most 16 times its bytes. Options.Hold bounds both. In addition the package
// holds one bit for each page and one or two words for each page of a write-ahead log, or the slots of an NDB.
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
	// ErrUnknownFormat reports content that is not in a format of rpm.
	ErrUnknownFormat = errors.New("not an rpm database")

	// ErrUnsupported reports a known format that can't be read: the B-tree of rpm 5, encryption, a newer version.
	ErrUnsupported = errors.New("unsupported")

	// ErrTooLarge reports a header that exceeds MaxHeader.
	ErrTooLarge = errors.New("too large")
)

// MaxHeader is the size of the largest header in bytes. It is rpm's own limit (headerMaxbytes in lib/header.c).
const MaxHeader = 256 << 20

// A Format is one of rpm's database formats.
type Format string

const (
	BerkeleyDB Format = "Berkeley DB" // rpm 4.0 to 4.16: Packages
	NDB        Format = "NDB"         // SUSE: Packages.db
	SQLite     Format = "SQLite"      // rpm 4.16 and later: rpmdb.sqlite
)

// Options configure Open. The zero value is for a database without a write-ahead log.
type Options struct {
	// WAL is the content of rpmdb.sqlite-wal, or nil. Other formats ignore it.
	WAL *io.SectionReader

	// Hold reserves memory for the bytes of the largest header and for the lists of each Header. It is called before they are
	// allocated. An error becomes one of Headers, which then yields the Header without the list. Nil reserves nothing.
	Hold func(n int64) error

	// Details asks for Header.Details.
	Details bool
}

// A DB is an open database. Its methods are safe for concurrent use.
type DB struct {
	format Format
	store  store
	hold   func(n int64) error
	detail bool
}

// A store reads the headers of one format. Its records share a buffer, so a record is valid until the next. An error may
// come alone or with a record, which is then complete but suspect.
type store interface {
	records(yield func(record, error) bool)
}

// A record is the stored form of a header.
type record struct {
	instance uint32 // rpm's number of the header in this database
	blob     []byte // nil if an error comes alone
}

// Open opens a database of size bytes and recognises its format. It reads the first page and the write-ahead log. The error
// may wrap ErrUnknownFormat or ErrUnsupported. Headers reports errors of the log and then reads the database without it.
func Open(r io.ReaderAt, size int64, o Options) (*DB, error) {
	if size == 0 {
		return nil, fmt.Errorf("rpmdb: empty file: %w", ErrUnknownFormat)
	}
	var head [512]byte
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("rpmdb: first page: %w", err)
	}
	if o.Hold == nil {
		o.Hold = func(int64) error { return nil }
	}
	f := file{r: r, size: size, blob: &reservation{hold: o.Hold}}
	db := &DB{format: recognise(head[:n]), hold: o.Hold, detail: o.Details}
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

// recognise returns the format of a file that starts with head, or "".
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

// Headers yields the headers in the order of the database. An error names the unreadable place. It comes with a nil Header,
// or with a Header that was partly decoded. Iteration continues after an error.
func (db *DB) Headers() iter.Seq2[*Header, error] {
	return func(yield func(*Header, error) bool) {
		d := decoder{hold: db.hold, detail: db.detail}
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
