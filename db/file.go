package db

import (
	"fmt"
	"io"

	"github.com/hullmark/hullmark/internal/atomicfile"
)

// OpenFile opens the database in a file, see [Open]. If another file replaces the file by renaming, the database stays readable. The caller
// must close the database.
func OpenFile(name string) (*DB, error) { return openFile(name, nil) }

// OpenSignedFile is OpenFile for a database that satisfies the policy, see [OpenSigned].
func OpenSignedFile(name string, p SignaturePolicy) (*DB, error) { return openFile(name, &p) }

func openFile(name string, p *SignaturePolicy) (*DB, error) {
	f, err := atomicfile.Open(name)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("db: %w", err)
	}
	d, err := open(f, fi.Size(), p)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("db: %s: %w", name, err)
	}
	return d, nil
}

// Close closes the reader of the database if it is an [io.Closer], such as a file. Lookups then fail.
func (d *DB) Close() error {
	if c, ok := d.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
