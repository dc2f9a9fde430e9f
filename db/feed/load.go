package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/matcher"
)

// An Input is a feed and the location of its data: the path of a file or directory, or an http or https URL. The data may be
// compressed or an archive; Load recognizes that by content.
type Input struct {
	Feed     Feed
	Location string
	Date     time.Time // date of the data; it replaces the date that the data, the file or the server states
}

// Options change how Load works. The zero value uses the defaults.
type Options struct {
	Client   *http.Client // http.DefaultClient if nil
	Tokens   []Token
	Limits   Limits
	Errors   int            // number of LoadResult.Errors to keep; 20 if 0
	Progress func(Progress) // called from the goroutine that called Load, now and then and at the end
}

// Progress counts what Load has read so far.
type Progress struct {
	Location   string
	Read, Size int64 // bytes of the location; Size is -1 if unknown
	Records    int

	Pause time.Duration // before a request is repeated
	Err   error         // why it is repeated; otherwise nil
}

// A LoadResult counts what Load read.
type LoadResult struct {
	Feed       string
	Location   string
	Date       time.Time // date of the data; zero if unknown
	Estimated  bool      // no one states the date, see Load
	Records    int       // including bad and withdrawn ones
	Withdrawn  int
	Advisories int     // added to the builder
	Elsewhere  int     // advisories dropped because another dataset of the feed covers their ecosystem, see Dataset.Covers
	Bad        int     // records with an Err, and documents that are not records
	Skipped    int     // documents that do not belong to the feed
	Errors     []error // errors of the first bad records, one for each cause
}

// Load adds the data of an input to b: advisories and enrichments, the description of the input, and the ecosystems that it covers.
// The date of the data is the first of these that is known: in.Date, the newest Record.Modified, Last-Modified, or, for a file, an estimate. The
// estimate is the modification time of the file, but not later than the year of the newest CVE identifier: a copy of old data is old.
//
// Load keeps a record with an Err and counts it as bad. In a directory or an archive, it counts a document with an error as one bad
// record. It fails if it cannot read the location to its end, or if the location is a single document with an error. Then b holds a
// part of the data and should be discarded.
func Load(ctx context.Context, b *db.Builder, in Input, o Options) (LoadResult, error) {
	l := newLoader(b, in.Feed, in.Location, o)
	l.fetched = location.IsURL(in.Location)
	if err := l.read(ctx, in.Location); err != nil {
		return l.report, fmt.Errorf("feed: %w", err)
	}
	l.finish(in.Date)
	return l.report, nil
}

// A loader reads locations of one feed.
type loader struct {
	feed       Feed
	o          Options
	b          *db.Builder
	dataset    *Dataset             // keeps only advisories that it covers; all if nil
	records    map[string]bool      // IDs of all records, if not nil
	keys       map[recordKey]bool   // keys of all advisories, if not nil
	byUpdate   bool                 // keys have updates
	causes     map[string]bool      // texts of the errors that the report has
	d          *location.Data       // being read
	ecosystems map[matcher.Key]bool // ecosystems of advisories
	newest     time.Time            // date of the newest record
	modified   time.Time            // of the locations
	year       int                  // of the newest CVE identifier
	fetched    bool                 // from a server, which states the modification time
	info       db.FeedInfo
	report     LoadResult
	secrets    *credmask.Masker // of the URLs and the requests
}

// A recordKey is the vulnerability and the package of an advisory, and an update if that tells advisories apart.
type recordKey struct {
	id, update string
	key        matcher.Key
}

// addKeys adds the keys of an advisory.
func (l *loader) addKeys(a *matcher.Advisory) {
	if !l.byUpdate || len(a.Updates) == 0 {
		l.keys[recordKey{a.ID, "", a.Key}] = true
		return
	}
	for _, u := range a.Updates {
		l.keys[recordKey{a.ID, u, a.Key}] = true
	}
}

func newLoader(b *db.Builder, f Feed, from string, o Options) *loader {
	if o.Errors == 0 {
		o.Errors = 20
	}
	o.Limits = o.Limits.withDefaults()
	l := &loader{feed: f, o: o, b: b, ecosystems: make(map[matcher.Key]bool), causes: make(map[string]bool)}
	l.report.Feed, l.report.Location = f.Name, location.Display(from)
	l.secrets = secretsOf([]string{from})
	return l
}

// read adds the data of a location.
func (l *loader) read(ctx context.Context, name string) error { return l.scrub(l.readData(ctx, name)) }

func (l *loader) readData(ctx context.Context, name string) error {
	d, err := location.Open(ctx, name, newClient(&l.o, l.secrets, nil), l.o.Limits.location())
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

func (l *loader) document(ctx context.Context, doc location.Document) error {
	for rec, err := range l.feed.Parse(doc) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", l.d.Name(), err)
		}
		if err != nil && doc.Member == "" {
			return fmt.Errorf("%s: %s: %w", l.d.Name(), l.feed.Name, err)
		}
		if err != nil {
			rec.Err = err
		}
		l.record(doc, rec)
	}
	return nil
}

func (l *loader) record(doc location.Document, rec Record) {
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
	l.dated(rec.ID)
	var errs recordlimit.Errors
	errs.Add(rec.Err)
	for _, a := range rec.Advisories {
		if l.dataset != nil && !l.dataset.covers(a.Key.Ecosystem()) {
			l.report.Elsewhere++
			continue
		}
		l.dated(a.ID)
		if l.records != nil {
			l.records[a.ID] = true
		}
		if l.keys != nil {
			l.addKeys(&a)
		}
		if err := l.b.Add(a); err != nil {
			errs.Add(err)
			continue
		}
		l.report.Advisories++
		l.ecosystems[a.Key.Ecosystem()] = true
	}
	for cve, t := range rec.Enrichments {
		if err := l.b.AddEnrichment(l.report.Feed, cve, t); err != nil {
			errs.Add(err)
		}
	}
	if err := errs.Err(); err != nil {
		l.countBad(doc, rec.ID, err)
	}
	if l.o.Progress != nil && l.report.Records%256 == 0 {
		l.o.Progress(l.progress())
	}
}

// replaces reports whether an increment has an advisory in place of a former one. If db.Builder has joined the former one from several, it
// removes the updates that the increment has.
func (l *loader) replaces(a *matcher.Advisory) bool {
	switch {
	case !l.records[a.ID]:
		return false
	case l.keys == nil:
		return true
	case !l.byUpdate || len(a.Updates) == 0:
		return l.keys[recordKey{a.ID, "", a.Key}]
	}
	a.Updates = slices.DeleteFunc(slices.Clone(a.Updates), func(u string) bool { return l.keys[recordKey{a.ID, u, a.Key}] })
	return len(a.Updates) == 0
}

// countBad counts a bad record. It keeps the first error of each cause, with the names of document and record.
func (l *loader) countBad(doc location.Document, id string, err error) {
	l.report.Bad++
	if len(l.report.Errors) == l.o.Errors {
		return
	}
	cause := shorten(err).Error()
	if l.causes[cause] {
		return
	}
	l.causes[cause] = true
	for _, name := range []string{id, doc.Member} {
		if name != "" {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}
	l.report.Errors = append(l.report.Errors, l.scrub(shorten(err)))
}

// maxErrorText bounds the bytes of an error that LoadResult keeps.
const maxErrorText = 8 << 10

// shorten cuts an error that quotes a long text of the document.
func shorten(err error) error {
	text := err.Error()
	switch {
	case len(text) <= maxErrorText:
		return err
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s...: %w", strings.ToValidUTF8(text[:maxErrorText], ""), ErrTooLarge)
	}
	return errors.New(strings.ToValidUTF8(text[:maxErrorText], "") + "...")
}

func (l *loader) progress() Progress {
	p := Progress{Location: l.report.Location, Size: -1, Records: l.report.Records}
	if l.d != nil { // nil if an increment only deletes records
		p.Read, p.Size = l.d.Read(), l.d.Size
	}
	return p
}

// dated notes the year of a CVE identifier.
func (l *loader) dated(id string) {
	if rest, ok := strings.CutPrefix(id, "CVE-"); ok && len(rest) > 4 && rest[4] == '-' {
		if year, err := strconv.Atoi(rest[:4]); err == nil && year > l.year {
			l.year = year
		}
	}
}

// estimate returns the date of data if neither the caller nor a record states one.
func (l *loader) estimate() time.Time {
	t := l.modified
	if l.fetched {
		return t
	}
	if end := time.Date(l.year, time.December, 31, 0, 0, 0, 0, time.UTC); l.year > 0 && t.After(end) {
		t = end
	}
	return t
}

// finish describes the data to the builder. A date that is not zero replaces the date of the data.
func (l *loader) finish(date time.Time) {
	r := &l.report
	for _, t := range []time.Time{date, l.newest, l.estimate()} {
		if r.Date.IsZero() && !t.IsZero() {
			r.Date = t.UTC()
		}
	}
	r.Estimated = date.IsZero() && l.newest.IsZero() && !l.fetched
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
