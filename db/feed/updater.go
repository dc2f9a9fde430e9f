package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/matcher"
)

// An updater is one call of Update.
type updater struct {
	o         UpdateOptions
	file, dir string
	feeds     []Feed
	jobs      []*job
	old       *db.DB // nil for a new database
	infos     []db.FeedInfo
	mu        sync.Mutex // for Progress
	written   bool
}

// A job is a dataset to fetch.
type job struct {
	feed    *Feed
	dataset *Dataset
	input   bool         // the URLs are those of UpdateOptions.Inputs
	date    time.Time    // of the data, as UpdateOptions.Inputs state it
	was     *db.FeedInfo // describes the data in the database; nil for a new database
	got     Fetched
	loaded  *loader
	report  DatasetResult
	secrets *credmask.Masker // of the URLs and the requests
}

func (j *job) url() string {
	if u, err := url.Parse(j.dataset.URLs[0]); err == nil && location.IsURL(j.dataset.URLs[0]) {
		return u.Redacted()
	}
	return ""
}

func (j *job) fail(err error) { j.report.Err = err }

// renewed reports whether the job has new data.
func (j *job) renewed() bool { return !j.report.Unchanged && j.report.Err == nil }

func (u *updater) run(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(u.o.Parallel)
	for _, j := range u.jobs {
		g.Go(func() error {
			u.fetch(ctx, j)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !slices.ContainsFunc(u.jobs, (*job).renewed) {
			return u.nothing()
		}
		b := &db.Builder{Facts: u.o.Facts}
		good, err := u.build(ctx, b)
		if err != nil {
			return err
		}
		if good {
			return u.write(ctx, b)
		}
	}
}

// nothing returns the error of an update that has no dataset to read: none if a dataset is unchanged.
func (u *updater) nothing() error {
	var errs []error
	for _, j := range u.jobs {
		if j.report.Unchanged {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", j.report.Dataset, j.report.Err))
	}
	return errors.Join(errs...)
}

// spool returns the directory for the downloads of a job.
func (u *updater) spool(j *job) string {
	return spoolPath(u.dir, j.feed.Name+"/of "+url.PathEscape(j.dataset.Name))
}

// fetch downloads the data of a job.
func (u *updater) fetch(ctx context.Context, j *job) {
	for i := range u.infos {
		if url := j.url(); u.infos[i].Name == j.feed.Name && u.infos[i].URL == url && url != "" {
			j.was = &u.infos[i]
			j.report.Date = j.was.Date
		}
	}
	j.secrets = secretsOf(j.dataset.URLs)
	f := &Fetcher{
		Dataset: *j.dataset, Now: u.o.Now, dir: u.spool(j), mirror: u.o.Mirror, tokens: u.o.Tokens, used: make(map[string]bool),
		client: newClient(&u.o.Options, j.secrets, func(pause time.Duration, reason error) {
			u.progress(Progress{Location: j.report.Dataset, Size: -1, Pause: pause, Err: reason})
		}),
		tell: func(read, size int64) { u.progress(Progress{Location: j.report.Dataset, Read: read, Size: size}) },
	}
	if j.input {
		f.mirror = ""
	}
	if j.was != nil && !u.o.Fresh {
		f.Fingerprint, f.Date = j.was.Fingerprint, j.was.Date
	}
	fetch := j.dataset.Fetch
	if fetch == nil {
		fetch = fetchURLs
	}
	got, err := fetch(ctx, f)
	for _, err := range got.Missing {
		j.report.Missing = append(j.report.Missing, scrubbed(j.secrets, err))
	}
	switch {
	case err == nil && len(got.Locations) == 0 && !got.Increment:
		j.fail(errors.New("fetch returned no data"))
	case err == nil && got.Increment && f.Fingerprint == "":
		j.fail(errors.New("fetch returned changes to a state that is not in the database"))
	case err == nil:
		if err = f.sweep(); err != nil {
			j.fail(err)
		}
		j.got = got
	case errors.Is(err, ErrUnchanged) && j.was != nil:
		j.report.Unchanged = true
	default:
		j.fail(scrubbed(j.secrets, err))
	}
}

// fetchURLs is the Fetch of a dataset without one.
func fetchURLs(ctx context.Context, f *Fetcher) (Fetched, error) {
	return f.GetAll(ctx, f.Dataset.URLs)
}

func (u *updater) progress(p Progress) {
	if u.o.Progress != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.o.Progress(p)
	}
}

// build reads the downloaded data into b, and the data to keep. If it cannot read a dataset, it marks the dataset as kept and returns
// false, and b is useless.
func (u *updater) build(ctx context.Context, b *db.Builder) (bool, error) {
	good := true
	for _, j := range u.jobs {
		if !j.renewed() {
			continue
		}
		if err := u.read(ctx, b, j); ctx.Err() != nil {
			return false, ctx.Err()
		} else if err != nil {
			j.report.LoadResult = LoadResult{Feed: j.feed.Name, Location: j.report.Dataset}
			if j.was != nil {
				j.report.Date = j.was.Date
			}
			j.fail(err)
			good = false
			if err := errors.Join(os.RemoveAll(u.spool(j)), os.RemoveAll(u.spool(j)+".state")); err != nil {
				return false, err
			}
		}
	}
	if !good || u.old == nil {
		return good, nil
	}
	return true, u.keep(ctx, b)
}

// read adds the downloaded data of a dataset.
func (u *updater) read(ctx context.Context, b *db.Builder, j *job) error {
	o := u.o.Options
	o.Progress = u.progress
	l := newLoader(b, *j.feed, j.report.Dataset, o)
	l.dataset, l.secrets = j.dataset, j.secrets
	l.fetched = location.IsURL(cmp.Or(u.o.Mirror, j.dataset.URLs[0]))
	if j.input {
		l.fetched = location.IsURL(j.dataset.URLs[0])
	}
	if j.got.Increment {
		l.records = make(map[string]bool)
		if l.byUpdate = j.got.Additive; j.got.Partial || j.got.Additive {
			l.keys = make(map[recordKey]bool)
		}
		for _, id := range j.got.Deleted {
			l.records[id] = true
		}
	}
	for _, name := range j.got.Locations {
		if !filepath.IsAbs(name) {
			name = spoolPath(u.spool(j), name)
		}
		if err := l.read(ctx, name); err != nil {
			return err
		}
	}
	l.info.URL, l.info.Fingerprint = j.url(), j.got.Fingerprint
	j.loaded = l
	switch n := l.report.Records - l.report.Bad; {
	case j.got.Increment:
	case n == 0:
		return fmt.Errorf("no good records, %d bad ones", l.report.Bad)
	case j.was != nil && !u.o.MayShrink && 4*n < 3*(j.was.Records-j.was.Bad):
		return fmt.Errorf("%w: from %d records to %d", ErrShrunk, j.was.Records-j.was.Bad, n)
	}
	if j.got.Increment && j.was != nil {
		return nil // the Done of keeper.unchanged finishes it
	}
	u.finish(j)
	return nil
}

// finish describes a dataset to the builder.
func (u *updater) finish(j *job) {
	date := j.date
	if date.IsZero() {
		date = j.got.Date
	}
	j.loaded.finish(date)
	for _, c := range j.dataset.Covers { // all of its advisories may be withdrawn
		if k := c.Ecosystem(); k == (matcher.Key{Type: c.Type}) {
			j.loaded.b.AddCoverage(coverage(k, j.feed.Name, j.loaded.report.Date))
		}
	}
	j.report.LoadResult = j.loaded.report
}

// write writes the file.
func (u *updater) write(ctx context.Context, b *db.Builder) error {
	name := filepath.Join(u.dir, "new.db")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if fi, err := os.Stat(u.file); err == nil {
		if err := f.Chmod(fi.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := b.WriteTo(f); err != nil {
		return err
	}
	if err := errors.Join(ctx.Err(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if u.old != nil {
		u.old.Close() // some systems do not replace an open file
	}
	if err := atomicfile.Rename(name, u.file); err != nil {
		return err
	}
	u.written = true
	return nil
}

// clean removes all downloads but those of datasets that failed.
func (u *updater) clean() {
	os.Remove(filepath.Join(u.dir, "new.db"))
	for _, j := range u.jobs {
		if j.report.Unchanged || u.written && j.renewed() {
			os.RemoveAll(u.spool(j))
			os.RemoveAll(u.spool(j) + ".state")
		}
	}
	removeEmpty(u.dir)
}

// removeEmpty removes a directory and its subdirectories, except those that contain files.
func removeEmpty(dir string) {
	var dirs []string
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, name)
		}
		return nil
	})
	for _, name := range slices.Backward(dirs) {
		os.Remove(name) // fails if it is not empty
	}
}
