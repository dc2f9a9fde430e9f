package feed

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// A Feed reads the data of one publisher, or of one format that several publish.
type Feed struct {
	// Name is what Advisory.Feed says: "debian".
	Name string

	// Wants reports whether a document of a directory or an archive holds records, by its slash-separated name without
	// the suffix of a compression: "advisories/2021/x.json". A location that is one document is not asked about.
	Wants func(name string) bool

	// Parse yields the records of one document. See package feed for what its errors mean.
	Parse func(r io.Reader) iter.Seq2[Record, error]

	// Sources are where Update gets the data. A feed that has none reads what it is given only.
	Datasets []Dataset
}

// A Record is one entry of a feed, in its publisher's own unit: what is said of one vulnerability in one source package,
// or one file of an advisory repository.
type Record struct {
	ID         string
	Advisories []matcher.Advisory // none if Withdrawn, or if nothing in it is about a package
	Withdrawn  bool               // its publisher took it back
	Modified   time.Time          // zero where the feed does not say

	// Enrichments describe vulnerabilities themselves, by CVE identifier.
	Enrichments map[string]matcher.Enrichment
}

// A RecordError says what is wrong with one record, or with a part of it. Those after it are not affected.
type RecordError struct {
	ID  string // as far as it is known: "glibc: CVE-2019-9169"
	Err error
}

func (e *RecordError) Error() string {
	if e.ID == "" {
		return "record: " + e.Err.Error()
	}
	return e.ID + ": " + e.Err.Error()
}

func (e *RecordError) Unwrap() error { return e.Err }

// Errorf returns a RecordError of a record.
func Errorf(id, format string, args ...any) error {
	return &RecordError{ID: id, Err: fmt.Errorf(format, args...)}
}

// IsRecord reports whether err is about one record, so that those after it can still be read.
func IsRecord(err error) bool {
	var e *RecordError
	return errors.As(err, &e)
}
