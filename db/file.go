package db

import (
	"fmt"
	"os"
)

// A File is a database in a file of the file system.
type File struct {
	*DB
	f *os.File
}

// OpenFile opens the database in the named file; see [Open]. A file that is replaced by renaming another over it stays
// readable as it was until Close.
func OpenFile(name string) (*File, error) { return openFile(name, nil) }

// OpenSignedFile opens the database in the named file if it is signed as t demands; see [OpenSigned].
func OpenSignedFile(name string, t SignaturePolicy) (*File, error) { return openFile(name, &t) }

func openFile(name string, t *SignaturePolicy) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("db: %w", err)
	}
	d, err := open(f, fi.Size(), t)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("db: %s: %w", name, err)
	}
	return &File{d, f}, nil
}

// Close closes the file, after which blocks can no longer be read.
func (f *File) Close() error { return f.f.Close() }
