package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// An Input is a feed and where to find its data.
type Input struct {
	Feed     Feed
	Location string    // see Open
	Date     time.Time // of the data, if not zero: instead of what the data, the file or the server says
}

// Options change how Load works. The zero value is fine.
type Options struct {
	Client   *http.Client // nil: http.DefaultClient
	Limits   Limits
	Errors   int            // messages of bad records to keep; 0 means 20
	Progress func(Progress) // called now and then from the goroutine that called Load, and at the end
}

// Progress says how far Load has come.
type Progress struct {
	Location   string
	Read, Size int64 // bytes of the location; Size is -1 where unknown
	Records    int
}

// A LoadResult says what Load did.
type LoadResult struct {
	Feed       string
	Location   string
	Date       time.Time // of the data; zero where nobody says
	Records    int       // read: bad and withdrawn ones too
	Withdrawn  int
	Advisories int     // handed to the builder
	Elsewhere  int     // advisories of ecosystems that another source of the feed covers, see Source.Covers
	Bad        int     // records that were not understood, or not in full; a document that is no records is one
	Skipped    int     // documents that are none of the feed's
	Errors     []error // of the first bad ones
}

// Load adds what an input holds to b: its advisories, its description, and the ecosystems that it covers. The date of the
// data is, in this order, the one of in, that of the record modified last, and that of the file or Last-Modified.
//
// It fails if the location cannot be opened or read to its end, or if its only document is not of the feed's format; b
// then holds a part of the data, and should be given up.
func Load(ctx context.Context, b *db.Builder, in Input, o Options) (LoadResult, error) {
	l := newLoader(b, in.Feed, in.Location, o)
	if err := l.read(ctx, in.Location); err != nil {
		return l.report, err
	}
	l.finish(in.Date)
	return l.report, nil
}

// A loader reads locations of one feed.
type loader struct {
	feed       Feed
	o          Options
	b          *db.Builder
	source     *Dataset             // whose advisories are taken; nil: all
	records    map[string]bool      // IDs of all records, if not nil
	d          *Data                // what is read
	ecosystems map[matcher.Key]bool // of advisories
	newest     time.Time            // of the records
	modified   time.Time            // of the locations
	info       db.FeedInfo
	report     LoadResult
}

func newLoader(b *db.Builder, f Feed, location string, o Options) *loader {
	if o.Errors == 0 {
		o.Errors = 20
	}
	l := &loader{feed: f, o: o, b: b, ecosystems: make(map[matcher.Key]bool)}
	l.report.Feed, l.report.Location = f.Name, location
	return l
}

// read adds what a location holds.
func (l *loader) read(ctx context.Context, location string) error {
	d, err := Open(ctx, location, l.o.Client, l.o.Limits)
	if err != nil {
		return err
	}
	defer d.Close()
	l.d = d
	for doc, err := range d.Documents(l.feed.Wants) {
		if err == nil {
			err = l.document(ctx, doc)
		}
		if err != nil {
			return err
		}
	}
	l.report.Skipped += d.Skipped
	if d.Modified.After(l.modified) {
		l.modified = d.Modified
	}
	l.info.URL, l.info.Fingerprint = d.URL, d.Fingerprint
	return nil
}

func (l *loader) document(ctx context.Context, doc Document) error {
	for rec, err := range l.feed.Parse(named{doc.Reader, cmp.Or(doc.Name, path.Base(l.d.Location))}) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("feed: %s: %w", l.d.name(), err)
		}
		if err != nil {
			if doc.Name == "" && !IsRecord(err) {
				return fmt.Errorf("feed: %s: %w", l.d.name(), err)
			}
			l.bad(doc, err)
		}
		l.record(doc, rec)
	}
	return nil
}

// named is a reader whose document has a name.
type named struct {
	io.Reader
	name string
}

// NameOf returns the name of the document that r, which Load or Update gave to a Feed's Parse, reads: slash-separated within a
// directory or an archive, else the last element of the location. It is "" for any other reader. Feeds need it where a
// document does not say itself what it is about: "cbl-mariner-2.0-oval.xml".
func NameOf(r io.Reader) string {
	n, _ := r.(named)
	return n.name
}

// Named returns r, of which NameOf gives a name.
func Named(r io.Reader, name string) io.Reader { return named{r, name} }

func (l *loader) record(doc Document, rec Record) {
	l.report.Records++
	if rec.Withdrawn {
		l.report.Withdrawn++
	}
	if rec.Modified.After(l.newest) {
		l.newest = rec.Modified
	}
	if l.records != nil {
		l.records[rec.ID] = true
	}
	var errs []error
	for _, a := range rec.Advisories {
		if l.source != nil && !l.source.covers(a.Key.Ecosystem()) {
			l.report.Elsewhere++
			continue
		}
		if l.records != nil {
			l.records[a.ID] = true
		}
		if err := l.b.Add(a); err != nil {
			errs = append(errs, err)
			continue
		}
		l.report.Advisories++
		l.ecosystems[a.Key.Ecosystem()] = true
	}
	for cve, t := range rec.Enrichments {
		if err := l.b.AddEnrichment(l.report.Feed, cve, t); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		l.bad(doc, &RecordError{ID: rec.ID, Err: err})
	}
	if l.o.Progress != nil && l.report.Records%256 == 0 {
		l.o.Progress(l.progress())
	}
}

func (l *loader) bad(doc Document, err error) {
	l.report.Bad++
	if len(l.report.Errors) < l.o.Errors {
		if doc.Name != "" {
			err = fmt.Errorf("%s: %w", doc.Name, err)
		}
		l.report.Errors = append(l.report.Errors, err)
	}
}

func (l *loader) progress() Progress {
	p := Progress{Location: l.report.Location, Size: -1, Records: l.report.Records}
	if l.d != nil { // nil where all that is new is that something was deleted
		p.Read, p.Size = l.d.Read(), l.d.Size
	}
	return p
}

// finish describes what was read to the builder. The date is one that somebody knows better, if not zero.
func (l *loader) finish(date time.Time) {
	r := &l.report
	for _, t := range []time.Time{date, l.newest, l.modified} {
		if r.Date.IsZero() && !t.IsZero() {
			r.Date = t.UTC()
		}
	}
	l.info.Name, l.info.Date = r.Feed, r.Date
	l.info.Records, l.info.Withdrawn, l.info.Bad = l.info.Records+r.Records, r.Withdrawn, r.Bad
	l.b.AddFeed(l.info)
	for k := range l.ecosystems {
		l.b.AddCoverage(coverage(k, r.Feed, r.Date))
	}
	if l.o.Progress != nil {
		l.o.Progress(l.progress())
	}
}

func coverage(ecosystem matcher.Key, feed string, date time.Time) matcher.Coverage {
	return matcher.Coverage{Type: ecosystem.Type, Namespace: ecosystem.Namespace, Release: ecosystem.Release, Feed: feed, Date: date}
}
