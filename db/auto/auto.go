package auto

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/filelock"
	"github.com/hullmark/hullmark/matcher"
)

// A Database is a file of advisories that grows with the images that need it. Several processes may use one file at once.
type Database struct {
	// File is the database. Open makes it and its directory. It keeps the times of updates in FILE.state beside it.
	File string

	// Feeds are fetched if they have advisories for an image. Those that describe vulnerabilities of all ecosystems are fetched for every
	// image, so leave out those that are not worth it.
	Feeds []feed.Feed

	// Renew is the age at which Open asks publishers for changes: 24 hours if 0, never if negative.
	Renew time.Duration

	// Offline fetches nothing.
	Offline bool

	// Update has the options of updates. Open sets its For, and ignores Only and Inputs. Without a Client, connections that take more
	// than 5 seconds fail; without Limits.Retry.Attempts, there are 3.
	Update feed.UpdateOptions

	// Fetching, if not nil, is called before an update, with the ecosystems to fetch. Fetched is called after it. If the former file was
	// of no use, so that Open began anew, Fetched gets the reason first, with an empty result.
	Fetching func(ecosystems []matcher.Key)
	Fetched  func(r feed.UpdateResult, err error)
}

const (
	defaultRenew = 24 * time.Hour
	retryPause   = 10 * time.Minute // between attempts to renew data
	missingPause = time.Minute      // between attempts to fetch missing data
	dialTimeout  = 5 * time.Second
)

// A Source is an open [Database].
type Source struct {
	*db.DB

	Renewed time.Time // when the data for the report was last compared with its publishers'; zero if a part of it never was
	Err     error     // why a part of the data was not fetched or renewed, by this Open or the last one that tried; nil otherwise

	missing []matcher.Coverage
}

// Coverage implements [matcher.Source]. It marks feeds that have advisories and could not be fetched.
func (s *Source) Coverage(ctx context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	rows, err := s.DB.Coverage(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, m := range s.missing {
		i := slices.IndexFunc(rows, func(c matcher.Coverage) bool { return ecosystemOf(c) == ecosystemOf(m) })
		switch {
		case i < 0: // not asked for
		case rows[i].Feed == "":
			rows[i] = m
		default:
			rows = append(rows, m)
		}
	}
	return rows, nil
}

// Open opens the database with the advisories for a report. It fetches those that the file lacks or that are due, and waits if another
// process fetches. Errors of fetching are those of Source.Err, unless the file does not exist after all: then Open returns them, with fs.ErrNotExist.
func (d *Database) Open(ctx context.Context, found *analyzer.Report) (*Source, error) {
	s, err := d.open(ctx, feed.Ecosystems(found))
	if err != nil {
		return nil, fmt.Errorf("auto: %w", err)
	}
	return s, nil
}

func (d *Database) open(ctx context.Context, ecosystems []matcher.Key) (*Source, error) {
	now := cmp.Or(d.Update.Now, time.Now())
	was := d.readState()
	err := was.err(ecosystems)
	if due := d.due(was, ecosystems, now); len(due) > 0 {
		was, err = d.fetch(ctx, ecosystems, now)
		if ctx.Err() != nil {
			return nil, err
		}
	}
	file, e := db.OpenFile(d.File)
	if e != nil {
		if errors.Is(e, fs.ErrNotExist) && err != nil {
			e = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return nil, e
	}
	s := &Source{DB: file, Err: err}
	first := true
	for _, k := range ecosystems {
		if !d.publishes(k) {
			continue
		}
		x := was.of(k)
		if first || x.Renewed.Before(s.Renewed) {
			s.Renewed = x.Renewed
		}
		first = false
		for _, name := range x.Missing {
			s.missing = append(s.missing, matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release, Feed: name, Missing: true})
		}
	}
	return s, nil
}

// Unfetched returns a source without advisories, for a program that goes on without a database. Its coverage marks all feeds that have
// advisories for a report as missing. [matcher.Join] joins it with another source.
func (d *Database) Unfetched(found *analyzer.Report) matcher.Source {
	var u unfetched
	for _, k := range feed.Ecosystems(found) {
		for _, f := range d.Feeds {
			if slices.ContainsFunc(f.Datasets, func(s feed.Dataset) bool { return !s.Optional && covers(s.Covers, k) }) {
				u = append(u, matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release, Feed: f.Name, Missing: true})
			}
		}
	}
	return u
}

type unfetched []matcher.Coverage

func (unfetched) Advisories(context.Context, []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(func(matcher.Advisory, error) bool) {}
}

func (u unfetched) Coverage(_ context.Context, keys []matcher.Key) (rows []matcher.Coverage, _ error) {
	for _, c := range u {
		if slices.ContainsFunc(keys, func(k matcher.Key) bool { return k.Ecosystem() == ecosystemOf(c) }) {
			rows = append(rows, c)
		}
	}
	return rows, nil
}

// due returns the ecosystems to fetch.
func (d *Database) due(was *state, ecosystems []matcher.Key, now time.Time) []matcher.Key {
	if d.Offline {
		return nil
	}
	renew := cmp.Or(d.Renew, defaultRenew)
	return slices.DeleteFunc(slices.Clone(ecosystems), func(k matcher.Key) bool {
		x := was.of(k)
		switch {
		case !d.publishes(k):
			return true
		case len(x.Missing) > 0:
			return within(now, x.Tried, missingPause)
		case x.Renewed.IsZero():
			return false
		case renew < 0:
			return true
		}
		return within(now, x.Renewed, renew) || within(now, x.Tried, min(renew, retryPause))
	})
}

// within reports whether t is in the time before now. A time after now is of a clock that was wrong.
func within(now, t time.Time, span time.Duration) bool {
	return !t.After(now) && now.Sub(t) < span
}

// publishes reports whether any feed has advisories for the distribution or language of an ecosystem.
func (d *Database) publishes(k matcher.Key) bool {
	for i := range d.Feeds {
		for _, s := range d.Feeds[i].Datasets {
			for _, c := range s.Covers {
				if c.Type == k.Type && c.Namespace == k.Namespace {
					return true
				}
			}
		}
	}
	return false
}

// fetch updates the file, unless another process has done so in the meantime.
func (d *Database) fetch(ctx context.Context, ecosystems []matcher.Key, now time.Time) (*state, error) {
	fail := func(err error) (*state, error) { return d.readState(), err }
	if err := os.MkdirAll(filepath.Dir(d.File), 0o777); err != nil {
		return fail(err)
	}
	unlock, err := filelock.Lock(ctx, d.File+".renew", d.Update.Waiting)
	if err != nil {
		return fail(err)
	}
	defer unlock()
	if err := d.discard(); err != nil {
		return fail(err)
	}
	is := d.readState()
	if len(is.Ecosystems) == 0 {
		os.Remove(d.stateFile()) // it may be that of a file that someone removed
	}
	due := d.due(is, ecosystems, now)
	if len(due) == 0 {
		return is, is.err(ecosystems)
	}
	if d.Fetching != nil {
		d.Fetching(due)
	}
	r, err := feed.Update(ctx, d.File, d.Feeds, d.options(due, now))
	if err == nil && !slices.ContainsFunc(r.Datasets, renewed) { // Update has not read the file
		err = d.verify(ctx)
	}
	if errors.Is(err, db.ErrCorrupt) && ctx.Err() == nil {
		if e := d.remove(err); e != nil {
			return fail(e)
		}
		is, due = new(state), ecosystems
		r, err = feed.Update(ctx, d.File, d.Feeds, d.options(due, now))
	}
	if d.Fetched != nil {
		d.Fetched(r, err)
	}
	if ctx.Err() != nil {
		return is, err
	}
	if e := d.note(ctx, is, due, now, &r, err); e != nil {
		return is, e
	}
	return is, is.err(ecosystems)
}

// renewed reports whether an update has read a dataset.
func renewed(r feed.DatasetResult) bool { return !r.Unchanged && r.Err == nil }

// verify checks the whole file.
func (d *Database) verify(ctx context.Context) error {
	f, err := db.OpenFile(d.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Verify(ctx)
}

// options returns the options of an update.
func (d *Database) options(due []matcher.Key, now time.Time) feed.UpdateOptions {
	o := d.Update
	o.For, o.Only, o.Inputs, o.Now = due, nil, nil, now
	o.Limits.Retry.Attempts = cmp.Or(o.Limits.Retry.Attempts, 3)
	o.Limits.Retry.Pause = cmp.Or(o.Limits.Retry.Pause, 300*time.Millisecond)
	if standard, ok := http.DefaultTransport.(*http.Transport); ok && o.Client == nil {
		t := standard.Clone()
		t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
		o.Client = &http.Client{Transport: t}
	}
	return o
}

// discard removes a file that nothing can be kept of, such as a damaged one. Publishers have all of it.
func (d *Database) discard() error {
	f, err := db.OpenFile(d.File)
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case !errors.Is(err, db.ErrCorrupt) && !errors.Is(err, db.ErrNotDatabase) && !errors.Is(err, db.ErrOutdated):
		return err
	}
	return d.remove(err)
}

// remove removes the file for a reason. The state of a file that does not exist does not count.
func (d *Database) remove(reason error) error {
	if d.Fetched != nil {
		d.Fetched(feed.UpdateResult{}, fmt.Errorf("%w; beginning anew", reason))
	}
	if err := os.Remove(d.stateFile()); err != nil && !errors.Is(err, fs.ErrNotExist) { // first, since it describes the file
		return err
	}
	return os.Remove(d.File)
}

// note writes down the result of an update.
func (d *Database) note(ctx context.Context, is *state, due []matcher.Key, now time.Time, r *feed.UpdateResult, failure error) error {
	rows, err := d.coverage(ctx, due)
	if err != nil {
		return err
	}
	for _, k := range due {
		x := is.of(k)
		x.Tried, x.Missing, x.Error = now.UTC(), nil, ""
		fail := func(err error) {
			if x.Error == "" {
				x.Error = err.Error()
			}
		}
		asked := false
		for i := range r.Datasets {
			s := &r.Datasets[i]
			if !covers(s.Covers, k) {
				continue
			}
			asked = true
			if s.Err == nil {
				continue
			}
			fail(fmt.Errorf("%s: %w", s.Dataset, s.Err))
			name := datasetFeed(s)
			if !slices.ContainsFunc(rows, func(c matcher.Coverage) bool { return ecosystemOf(c) == k && c.Feed == name }) {
				x.Missing = append(x.Missing, name)
			}
		}
		if !asked && len(r.Fallbacks) > 0 { // the index may have a dataset for it
			fail(r.Fallbacks[0])
		}
		if failure != nil {
			fail(failure)
		}
		if x.Error == "" {
			x.Renewed = now.UTC()
		}
		is.set(k, x)
	}
	return d.writeState(is)
}

// coverage returns the rows of the file, none if it does not exist.
func (d *Database) coverage(ctx context.Context, ecosystems []matcher.Key) ([]matcher.Coverage, error) {
	f, err := db.OpenFile(d.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Coverage(ctx, ecosystems)
}

func ecosystemOf(c matcher.Coverage) matcher.Key {
	return matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
}
