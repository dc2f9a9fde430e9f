package feed

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// A Feed reads the advisories of one publisher, or of one format that several publishers use.
type Feed struct {
	// Name identifies the feed. It is the Feed of its advisories: "debian".
	Name string

	// Wants reports whether a document of a directory or an archive belongs to the feed. The name is slash-separated and has no
	// suffix of a compression: "advisories/2021/x.json". Load does not call Wants for a location that is a single document.
	Wants func(name string) bool

	// Parse yields the records of one document. An error ends the document: a syntax error, for example, or an unexpected end. A
	// problem of one record is its Err. If the document's name matters, Parse can ask r for it: Load and Update pass a reader with
	// a method Name() string. Records helps to write Parse.
	Parse func(r io.Reader) iter.Seq2[Record, error]

	// Datasets tell Update where the data is. A feed without datasets only reads an Input.
	Datasets []Dataset

	// Discover returns the datasets that an index of the publisher lists, such as those of releases newer than this module. They replace
	// the Datasets with the same names. The Fetcher's Dataset is the first of Datasets. It may be nil.
	Discover func(ctx context.Context, f *Fetcher) ([]Dataset, error)
}

// A Record is one entry of a feed, in the publisher's own unit: the statements about one vulnerability in one source package, for
// example, or one file of an advisory repository.
type Record struct {
	ID         string
	Advisories []matcher.Advisory // none if Withdrawn, or if the entry is not about a package
	Withdrawn  bool               // the publisher has withdrawn the entry
	Modified   time.Time          // zero if the feed has no date

	// Enrichments describe vulnerabilities themselves, by CVE identifier.
	Enrichments map[string]matcher.Enrichment

	// Err reports the parts of the entry that the feed could not understand. The other fields hold the rest.
	Err error
}

// Records returns the records that parse passes to yield, followed by the error that parse returns, if any. If yield returns an error,
// the caller wants no more records, and parse must return.
func Records(parse func(yield func(Record) error) error) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		stopped := false
		err := parse(func(rec Record) error {
			if stopped = stopped || !yield(rec, nil); stopped {
				return errStopped
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Record{}, err)
		}
	}
}

var errStopped = errors.New("the caller wants no more records")
